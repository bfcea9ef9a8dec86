/* SPDX-License-Identifier: Apache-2.0 */
/* kernels: the same 64 KB again and again, and the best time; see kernels.h. */
#include "bench/kernels.h"

#include "bench/cpu_time.h"
#include "proto/base/hash.h"
#include "worker/simd/scan.h"

#include <string.h>

enum { BYTES = 1 << 16, ROUNDS = 50, REPEATS = 8, TABLE_GROUPS = 1 << 12 };

static uint8_t in[BYTES], out[BYTES];
static uint32_t hashes[BYTES];
static uint8_t table[TABLE_GROUPS * SCAN_GROUP_BYTES];
static volatile size_t sink;

/* --- what is timed ------------------------------------------------------------------------------------------------ */

static void run_memcpy(const struct scan_ops *ops)
{
    (void)ops;
    memcpy(out, in, BYTES);
    sink += out[0];
}

static void run_xxh3(const struct scan_ops *ops)
{
    (void)ops;
    sink += hash64(span_of(in, BYTES), 0);
}

static void run_dashes(const struct scan_ops *ops)
{
    sink += ops->dashes(in, BYTES, '\n');
}

static void run_census(const struct scan_ops *ops)
{
    struct scan_census c;
    ops->census(in, BYTES, &c);
    sink += c.longest;
}

static void run_base64(const struct scan_ops *ops)
{
    bool bad = false;
    sink += ops->base64(in, BYTES, out, BYTES, &bad);
}

static void run_qp(const struct scan_ops *ops)
{
    bool bad = false;
    sink += ops->qp(in, BYTES, out, BYTES, &bad);
}

static void run_utf8(const struct scan_ops *ops)
{
    sink += ops->utf8(in, BYTES);
}

static void run_plain(const struct scan_ops *ops)
{
    sink += ops->plain(in, BYTES);
}

static void run_white(const struct scan_ops *ops)
{
    for (size_t i = 0; i < BYTES; i += 64) sink += ops->white(in + i, BYTES - i);
}

static void run_among(const struct scan_ops *ops)
{
    struct scan_set dot = scan_set_of(".");
    for (size_t i = 0; i < BYTES; i += 64) sink += ops->among(in + i, BYTES - i, &dot);
}

static void run_lower(const struct scan_ops *ops)
{
    ops->lower(in, BYTES, out);
    sink += out[0];
}

static void run_fold(const struct scan_ops *ops)
{
    bool space = true;
    sink += ops->fold(in, BYTES, out, BYTES, &space);
}

static void run_words(const struct scan_ops *ops)
{
    bool space = true;
    size_t wrote;
    ops->words(in, BYTES, out, BYTES, &space, &wrote);
    sink += wrote;
}

static void run_tally(const struct scan_ops *ops)
{
    struct scan_tally t;
    ops->tally(in, BYTES, &t);
    sink += t.lower;
}

static void run_grams(const struct scan_ops *ops)
{
    ops->grams(in, BYTES - 3, 1, hashes);
    sink += hashes[0];
}

/* Hashed and looked up in a table that is in cache. */
static void run_weigh(const struct scan_ops *ops)
{
    struct scan_weights w;
    ops->grams(in, BYTES - 3, 1, hashes);
    ops->weigh(table, TABLE_GROUPS - 1, hashes, BYTES - 3, &w);
    sink += (size_t)w.joint;
}

enum input { TEXT, JAPANESE, BASE64, QP, QP_JAPANESE };

static const struct {
    const char *name, *piece;
} INPUTS[] = {
    [TEXT] = {"lines of English", "Lines of plain text, as most of them are in mail, end after some seventy.\r\n"},
    [JAPANESE] = {"Japanese", "吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。\r\n"},
    [BASE64] = {"base64", "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9wcXJzdHV2d3h5ejAxMjM0\r\n"},
    [QP] = {"quoted, few", "Lines of text with an escape =3D in them, as HTML has, and a soft line end=\r\n"},
    [QP_JAPANESE] = {"quoted, all", "=E5=90=BE=E8=BC=A9=E3=81=AF=E7=8C=AB=E3=81=A7=E3=81=82=E3=82=8B=E3=80=82=\r\n"},
};

static const struct {
    const char *name;
    void (*run)(const struct scan_ops *);
    enum input input;
    bool plain; /* the same whatever the variant */
} KERNELS[] = {
    {"memcpy", run_memcpy, TEXT, true},       {"xxh3", run_xxh3, TEXT, true},
    {"dashes", run_dashes, TEXT, false},      {"census", run_census, TEXT, false},
    {"plain", run_plain, TEXT, false},        {"white", run_white, TEXT, false},
    {"white", run_white, JAPANESE, false},    {"among", run_among, TEXT, false},
    {"lower", run_lower, TEXT, false},        {"fold", run_fold, TEXT, false},
    {"words", run_words, TEXT, false},        {"tally", run_tally, TEXT, false},
    {"utf8", run_utf8, TEXT, false},          {"utf8", run_utf8, JAPANESE, false},
    {"base64", run_base64, BASE64, false},    {"qp", run_qp, QP, false},
    {"qp", run_qp, QP_JAPANESE, false},       {"grams", run_grams, TEXT, false},
    {"grams, weigh", run_weigh, TEXT, false},
};

/* --- measuring ---------------------------------------------------------------------------------------------------- */

static double best_s(void (*run)(const struct scan_ops *), const struct scan_ops *ops)
{
    double best = 1e9;
    for (int i = 0; i < ROUNDS; i++) {
        double begun = cpu_thread_s();
        for (int k = 0; k < REPEATS; k++) run(ops);
        double s = (cpu_thread_s() - begun) / REPEATS;
        if (s < best) best = s;
    }
    return best;
}

void kernels_measure(void (*got)(const struct kernel_speed *, void *to), void *to)
{
    for (size_t i = 0; i < sizeof table; i++) table[i] = (uint8_t)(i * 2654435761u >> 13);
    for (size_t k = 0; k < sizeof KERNELS / sizeof *KERNELS; k++) {
        const char *piece = INPUTS[KERNELS[k].input].piece;
        size_t n = strlen(piece);
        for (size_t i = 0; i < BYTES; i++) in[i] = i < BYTES / n * n ? (uint8_t)piece[i % n] : '\n';
        const struct scan_ops *ops;
        for (size_t v = 0; (ops = scan_variant(v)) && !(KERNELS[k].plain && v); v++) {
            if (!cpu_has(ops->level)) continue;
            struct kernel_speed s = {.kernel = KERNELS[k].name, .input = INPUTS[KERNELS[k].input].name};
            s.variant = KERNELS[k].plain ? "" : cpu_level_name(ops->level);
            s.ns_per_byte = best_s(KERNELS[k].run, ops) * 1e9 / BYTES;
            got(&s, to);
        }
    }
}

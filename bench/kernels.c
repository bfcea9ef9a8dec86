/* SPDX-License-Identifier: Apache-2.0 */
/* kernels: the same pieces again and again, and the fifth best time; see kernels.h. */
#include "bench/kernels.h"

#include "bench/cpu_time.h"
#include "proto/base/hash.h"
#include "worker/mime/walk.h"
#include "worker/simd/scan.h"
#include "worker/text/html.h"
#include "worker/token/feature.h"

#include <stdlib.h>
#include <string.h>

enum { ROUNDS = 50, BYTES_A_ROUND = 1 << 18, TABLE_GROUPS = 1 << 12, VIEW_BYTES = 4000 };

static uint8_t out[KERNEL_PIECE_MAX + 64];
static uint32_t hashes[KERNEL_PIECE_MAX + 16];
static uint8_t table[TABLE_GROUPS * SCAN_GROUP_BYTES];
static struct arena arena;
static struct scan_room room;
static volatile size_t sink;

/* --- what is timed ------------------------------------------------------------------------------------------------ */

static void run_memcpy(const struct scan_ops *ops, span in)
{
    (void)ops;
    memcpy(out, in.p, in.n);
    sink += out[0];
}

static void run_xxh3(const struct scan_ops *ops, span in)
{
    (void)ops;
    sink += hash64(in, 0);
}

static void run_dashes(const struct scan_ops *ops, span in)
{
    for (size_t i = 0; i < in.n;) { /* as the walk: from one such line to the one behind it */
        i += ops->dashes(in.p + i, in.n - i, '\n');
        i += span_find(span_from(in, i), '\n') + 1;
    }
}

static void run_census(const struct scan_ops *ops, span in)
{
    struct scan_census c;
    ops->census(in.p, in.n, &c);
    sink += c.longest;
}

static void run_base64(const struct scan_ops *ops, span in)
{
    bool bad = false;
    sink += ops->base64(in.p, in.n, out, sizeof out, &bad);
}

static void run_qp(const struct scan_ops *ops, span in)
{
    bool bad = false;
    sink += ops->qp(in.p, in.n, out, sizeof out, &bad);
}

static void run_utf8(const struct scan_ops *ops, span in)
{
    sink += ops->utf8(in.p, in.n);
}

static void run_plain(const struct scan_ops *ops, span in)
{
    for (size_t i = 0; i < in.n; i++) i += ops->plain(in.p + i, in.n - i); /* as its callers, behind what stopped it */
}

static void run_white(const struct scan_ops *ops, span in)
{
    for (size_t i = 0; i < in.n; i += 64) sink += ops->white(in.p + i, in.n - i);
}

static void run_among(const struct scan_ops *ops, span in)
{
    struct scan_set marks = scan_set_of("<>&=\"'/");
    for (size_t i = 0; i < in.n; i += 64) sink += ops->among(in.p + i, in.n - i, &marks);
}

static void run_pick(const struct scan_ops *ops, span in)
{
    struct scan_set letters = scan_set_of("0123456789abcdefghijklmnopqrstuvwxyz");
    sink += ops->pick(in.p, in.n, &letters, out);
}

static void run_samples(const struct scan_ops *ops, span in)
{
    if (in.n >= 8) sink += ops->samples(in.p, in.n - 7, 62, hashes);
}

static void run_lower(const struct scan_ops *ops, span in)
{
    ops->lower(in.p, in.n, out);
    sink += out[0];
}

static void run_fold(const struct scan_ops *ops, span in)
{
    bool space = true;
    sink += ops->fold(in.p, in.n, out, sizeof out, &space);
}

static void run_words(const struct scan_ops *ops, span in)
{
    unsigned space = 1;
    size_t wrote;
    for (size_t i = 0; i < in.n; i++) i += ops->words(in.p + i, in.n - i, out, sizeof out, &space, &wrote);
    sink += wrote;
}

static void run_tally(const struct scan_ops *ops, span in)
{
    struct scan_tally t;
    ops->tally(in.p, in.n, &t);
    sink += t.lower;
}

static size_t grams(const struct scan_ops *ops, span in)
{
    size_t n = in.n < 4 ? 0 : in.n - 3;
    ops->grams(in.p, n, 1, hashes);
    return n;
}

static void run_grams(const struct scan_ops *ops, span in)
{
    sink += grams(ops, in);
}

/* Hashed and looked up in a table that is in cache. */
static void run_weigh(const struct scan_ops *ops, span in)
{
    struct scan_weights w;
    const struct scan_list list = {hashes, grams(ops, in)};
    ops->weigh(table, TABLE_GROUPS - 1, &list, 1, &w);
    sink += (size_t)w.joint;
}

/* Hashed and looked up among 16-bit cells that are in cache. */
static void run_cells(const struct scan_ops *ops, span in)
{
    sink += (size_t)ops->cells((const int16_t *)table + 1, TABLE_GROUPS - 1, hashes, grams(ops, in), 0);
}

/* As views of 4-grams look at a text: hashed, each once, and looked up. */
static void score(const struct scan_ops *ops, span in, bool weigh)
{
    for (; in.n > 3; in = span_from(in, VIEW_BYTES)) {
        size_t n = ops->distinct(hashes, grams(ops, span_head(in, VIEW_BYTES)), &room);
        struct scan_weights w = {.joint = (int32_t)n};
        const struct scan_list list = {hashes, n};
        if (weigh) ops->weigh(table, TABLE_GROUPS - 1, &list, 1, &w);
        sink += (size_t)w.joint;
    }
}

static void run_distinct(const struct scan_ops *ops, span in)
{
    score(ops, in, false);
}

static void run_score(const struct scan_ops *ops, span in)
{
    score(ops, in, true);
}

/* A layer of a net. */
static void run_dots(const struct scan_ops *ops, span in)
{
    static const float x[31] = {1, -2, 3, -4};
    float sums[KERNEL_PIECE_MAX / 4 / 32];
    ops->dots((const float *)(const void *)in.p, in.n / 4 / 32, 32, x, 31, sums);
    sink += sums[0] > 0;
}

/* Of a word for each 6 bytes, about as many as texts have. */
static void run_pairs(const struct scan_ops *ops, span in)
{
    static uint32_t pairs[(KERNEL_PIECE_MAX / 6 + SCAN_PAIRS_STEP) * (1 + SCAN_PAIRS)];
    ops->pairs(hashes + SCAN_PAIRS, in.n / 6, pairs);
    sink += pairs[0];
}

/* --- what is built on kernels ------------------------------------------------------------------------------------- */

/* A header block split into its fields. */
static void run_header(const struct scan_ops *ops, span in)
{
    struct mail m = {.raw = in};
    scan = ops;
    walk_mail(&m, &arena);
    sink += m.header_count;
}

static void run_html(const struct scan_ops *ops, span in)
{
    struct text visible, hidden, other;
    struct html_shape shape = {0};
    struct url_list urls;
    uint64_t odd = 0;
    scan = ops;
    text_init(&visible, &arena, KERNEL_PIECE_MAX);
    text_init(&hidden, &arena, KERNEL_PIECE_MAX);
    text_init(&other, &arena, KERNEL_PIECE_MAX);
    url_list_init(&urls, &arena, MAIL_URLS_MAX);
    html_read(in, &visible, &hidden, &other, &urls, &shape, &odd);
    sink += shape.tags;
}

/* Words, and pairs of them, of a text in normal form. */
static void run_tokens(const struct scan_ops *ops, span in)
{
    struct mail m = {.text = in, .folded.text = in};
    struct features f;
    scan = ops;
    features_extract_views(&m, &arena, 1u << VIEW_TEXT, &f);
    sink += features_count(&f);
}

static const struct {
    const char *name;
    void (*run)(const struct scan_ops *, span);
    enum kernel_input input;
    bool plain; /* the same whatever the variant */
} KERNELS[] = {
    {"memcpy", run_memcpy, KERNEL_MAIL, true},
    {"xxh3", run_xxh3, KERNEL_MAIL, true},
    {"dashes", run_dashes, KERNEL_MAIL, false},
    {"census", run_census, KERNEL_MAIL, false},
    {"fields", run_header, KERNEL_HEADER, false},
    {"base64", run_base64, KERNEL_BASE64, false},
    {"qp", run_qp, KERNEL_QP, false},
    {"qp", run_qp, KERNEL_QP_ALL, false},
    {"plain", run_plain, KERNEL_TEXT, false},
    {"utf8", run_utf8, KERNEL_TEXT, false},
    {"utf8", run_utf8, KERNEL_WIDE_TEXT, false},
    {"white", run_white, KERNEL_TEXT, false},
    {"white", run_white, KERNEL_WIDE_TEXT, false},
    {"words", run_words, KERNEL_TEXT, false},
    {"among", run_among, KERNEL_HTML, false},
    {"html", run_html, KERNEL_HTML, false},
    {"pick", run_pick, KERNEL_TEXT, false},
    {"samples", run_samples, KERNEL_TEXT, false},
    {"lower", run_lower, KERNEL_TEXT, false},
    {"fold", run_fold, KERNEL_TEXT, false},
    {"tally", run_tally, KERNEL_TEXT, false},
    {"tokens", run_tokens, KERNEL_TEXT, false},
    {"tokens", run_tokens, KERNEL_WIDE_TEXT, false},
    {"grams", run_grams, KERNEL_TEXT, false},
    {"grams, weigh", run_weigh, KERNEL_TEXT, false},
    {"grams, cells", run_cells, KERNEL_TEXT, false},
    {"grams, distinct", run_distinct, KERNEL_TEXT, false},
    {"grams scored", run_score, KERNEL_TEXT, false},
    {"pairs", run_pairs, KERNEL_TEXT, false},
    {"dots", run_dots, KERNEL_WEIGHTS, false},
};

enum { KERNEL_COUNT = sizeof KERNELS / sizeof *KERNELS };

/* --- measuring ---------------------------------------------------------------------------------------------------- */

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

/* The fifth best of the rounds: on a virtual machine the clock slips now and then, and the best of all is one of these. */
static double fifth_best_s(size_t kernel, const struct scan_ops *ops, const struct kernel_pieces *in)
{
    double took[ROUNDS];
    size_t repeats = BYTES_A_ROUND / in->bytes + 1;
    for (int i = 0; i < ROUNDS; i++) {
        double begun = cpu_thread_s();
        for (size_t k = 0; k < repeats; k++) {
            for (size_t p = 0; p < in->n; p++) {
                arena_reset(&arena);
                KERNELS[kernel].run(ops, in->v[p]);
            }
        }
        took[i] = (cpu_thread_s() - begun) / (double)repeats;
    }
    qsort(took, ROUNDS, sizeof *took, by_size);
    return took[4];
}

/* The scalar variant first: the others are told by it. */
static void measure(size_t k, const struct kernel_pieces *in, void (*got)(const struct kernel_speed *, void *to),
                    void *to)
{
    struct kernel_speed s = {KERNELS[k].name, KERNEL_INPUT_NAME[KERNELS[k].input], "", 0, 0};
    size_t variants = 0;
    while (scan_variant(variants)) variants++;
    double scalar = 0;
    for (size_t v = variants; v-- > 0;) {
        const struct scan_ops *ops = scan_variant(v);
        if (!cpu_has(ops->level)) continue;
        double seconds = fifth_best_s(k, ops, in);
        if (ops->level == CPU_SCALAR) scalar = seconds;
        s.ns_per_byte = seconds * 1e9 / (double)in->bytes;
        if (!KERNELS[k].plain) s.variant = cpu_level_name(ops->level), s.times_scalar = scalar / seconds;
        got(&s, to);
        if (KERNELS[k].plain) return;
    }
}

bool kernels_measure(const struct kernel_inputs *inputs, void (*got)(const struct kernel_speed *, void *to), void *to)
{
    const struct scan_ops *chosen = scan;
    if (arena_open(&arena, MAIL_ARENA_BYTES) != ERR_OK) return false;
    mail_init();
    for (size_t i = 0; i < sizeof table; i++) table[i] = (uint8_t)(i * 2654435761u >> 13);
    for (size_t k = 0; k < KERNEL_COUNT; k++) {
        const struct kernel_pieces *in = &inputs->of[KERNELS[k].input];
        if (in->n) measure(k, in, got, to);
    }
    scan = chosen;
    mail_close();
    arena_close(&arena);
    return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_hostile: `furui bench hostile`: what the worst mail costs to read.
 *
 * Each mail is read as a worker reads it (mail_read, features_extract, an arena of MAIL_ARENA_BYTES). CPU time of the
 * thread, the best of some readings, since a mail costs what it costs and all else is the machine's. */
#include "bench/commands.h"
#include "bench/cpu_time.h"
#include "bench/hostile.h"
#include "bench/mails.h"
#include "proto/base/json.h"
#include "proto/cli/cli.h"
#include "worker/simd/scan.h"
#include "worker/token/feature.h"

#include <assert.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>

static int hostile_run(int argc, char **argv);

const struct verb verb_bench_hostile = {
    .name = "hostile",
    .summary = "the reader on hostile mails: CPU time a MB, memory",
    .help =
        "usage: furui bench hostile [OPTION…] [FILE|DIR|MBOX…]\n"
        "\n"
        "furui bench hostile makes hostile mails (nests, storms, garbage, mutations of the mails named) and reads each "
        "in\n"
        "this process: milliseconds of CPU per MB, best of three, and arena used. A mail under 64 KB counts as 64 KB.\n"
        "\n"
        "options:\n"
        "  --count N         mails (10000)\n"
        "  --seed N          which: the same number, the same mails (1)\n"
        "  --only CLASS      of one class; its number in the table shows which mail was worst\n"
        "  --number N        one mail of that class\n"
        "  --keep DIR        write the worst of each class to DIR\n"
        "  --json            one JSON object\n"
        "\n"
        "exit status: 0 all within 20 ms per MB and the arena; 1 some not; 64 wrong usage; 66 no mail in FILE\n",
    .run = hostile_run,
};

enum {
    TARGET_MS_PER_MB = 20,
    COUNTED_BYTES = 1 << 16, /* smaller mails count as large as that: a floor of 1.3 ms each */
    READINGS = 3,
    MORE_READINGS = 8, /* of one that looks too slow, before we believe it */
};

struct plan {
    long count, seed, number;
    const char *only, *keep;
    bool json;
};

struct tally {
    size_t mails;
    uint64_t bytes;
    double ms;     /* of all */
    double worst;  /* ms per MB */
    size_t number; /* of that mail */
    size_t arena;  /* the most that was used */
    size_t full;   /* mails for which the arena did not suffice */
};

static double ms_per_mb(double ms, size_t bytes)
{
    return ms * 1e6 / (double)(bytes < COUNTED_BYTES ? COUNTED_BYTES : bytes);
}

static double read_once(span raw, struct arena *a, bool *full_out)
{
    static struct features f;
    struct mail m;
    arena_reset(a);
    double begun = cpu_thread_s();
    mail_read(&m, raw, NULL, a);
    features_extract(&m, a, &f);
    double ms = (cpu_thread_s() - begun) * 1e3;
    *full_out = a->full;
    return ms;
}

static double measure(span raw, struct arena *a, struct tally *t)
{
    bool full;
    a->high = 0;
    double best = read_once(raw, a, &full);
    for (int i = 1; i < READINGS || (i < MORE_READINGS && ms_per_mb(best, raw.n) > TARGET_MS_PER_MB); i++) {
        double ms = read_once(raw, a, &full);
        if (ms < best) best = ms;
    }
    t->mails++;
    t->bytes += raw.n;
    t->ms += best;
    t->full += full;
    if (a->high > t->arena) t->arena = a->high;
    return ms_per_mb(best, raw.n);
}

static bool keep(const struct plan *p, size_t class, span mail)
{
    char path[4096], name[64];
    snprintf(name, sizeof name, "%s", hostile_name(class));
    for (char *c = name; *c; c++)
        if (*c == ' ') *c = '-';
    snprintf(path, sizeof path, "%s/%s.eml", p->keep, name);
    FILE *f = fopen(path, "wb");
    bool ok = f && fwrite(mail.p, 1, mail.n, f) == mail.n;
    if (f) ok = fclose(f) == 0 && ok;
    if (!ok) cli_fail(CLI_IO, "bench", "%s: %s", path, strerror(errno));
    return ok;
}

/* Read all mails of one class; their share of all. */
static bool run_class(const struct plan *p, size_t class, size_t mails, const struct mails *own, struct arena *a,
                      struct tally *t)
{
    struct hostile h = {0};
    bool ok = true;
    size_t first = p->number >= 0 ? (size_t)p->number : 0;
    for (size_t i = first; i < first + mails && ok; i++) {
        hostile_make(class, (uint64_t)p->seed + i, own->v, own->n, HOSTILE_BYTES_MAX, &h);
        span mail = span_of(h.p, h.n);
        double cost = measure(mail, a, t);
        if (cost < t->worst && i > first) continue;
        t->worst = cost;
        t->number = i;
        if (p->keep) ok = keep(p, class, mail);
    }
    hostile_close(&h);
    return ok;
}

/* --- what came out ------------------------------------------------------------------------------------------------ */

static void show_text(const struct tally *all, const struct tally *class)
{
    printf("%-18s %6s %9s %9s %9s %7s %9s\n", "class", "mails", "mean KB", "ms/MB", "worst", "number", "arena KB");
    for (size_t i = 0; i <= hostile_count(); i++) {
        const struct tally *t = i < hostile_count() ? &class[i] : all;
        if (!t->mails) continue;
        printf("%-18s %6zu %9.1f %9.2f %9.2f %7zu %9zu%s\n", i < hostile_count() ? hostile_name(i) : "all", t->mails,
               (double)t->bytes / 1e3 / (double)t->mails, t->ms * 1e6 / (double)t->bytes, t->worst, t->number,
               t->arena / 1024, t->full ? " full" : "");
    }
}

static void show_json(const struct tally *all, const struct tally *class)
{
    struct json j;
    json_init(&j);
    json_open_object(&j, NULL);
    for (size_t i = 0; i <= hostile_count(); i++) {
        const struct tally *t = i < hostile_count() ? &class[i] : all;
        if (!t->mails) continue;
        json_open_object(&j, i < hostile_count() ? hostile_name(i) : "all");
        json_uint(&j, "mails", t->mails);
        json_uint(&j, "bytes", t->bytes);
        json_num(&j, "ms_per_mb", t->ms * 1e6 / (double)t->bytes, 3);
        json_num(&j, "worst_ms_per_mb", t->worst, 3);
        json_uint(&j, "worst_number", t->number);
        json_uint(&j, "arena_bytes", t->arena);
        json_uint(&j, "arena_full", t->full);
        json_close_object(&j);
    }
    json_close_object(&j);
    puts(j.buf);
    json_close(&j);
}

static int run(const struct plan *p, const struct mails *own)
{
    struct arena a;
    const char *simd = scan_init();
    if (simd) return cli_fail(CLI_UNAVAILABLE, "bench", "%s", simd);
    if (arena_open(&a, MAIL_ARENA_BYTES) != ERR_OK) return cli_fail(CLI_UNAVAILABLE, "bench", "no memory for an arena");
    struct tally all = {0}, *class = calloc(hostile_count(), sizeof *class);
    assert(class && "out of memory");
    mail_init();
    size_t classes = p->only ? 1 : hostile_count(), mails = (size_t)p->count;
    bool ok = true;
    size_t done = 0;
    for (size_t i = 0; i < hostile_count() && ok; i++) {
        if (p->only && strcmp(p->only, hostile_name(i)) != 0) continue;
        struct tally *t = &class[i];
        size_t share = p->number >= 0 ? 1 : mails * (done + 1) / classes - mails * done / classes;
        done++;
        ok = run_class(p, i, share, own, &a, t);
        all.mails += t->mails;
        all.bytes += t->bytes;
        all.ms += t->ms;
        all.full += t->full;
        if (t->worst > all.worst) all.worst = t->worst, all.number = t->number;
        if (t->arena > all.arena) all.arena = t->arena;
    }
    int status = CLI_IO;
    if (ok && !all.mails) status = cli_fail(CLI_USAGE, "bench", "no class \"%s\"", p->only ? p->only : "");
    if (ok && all.mails) {
        (p->json ? show_json : show_text)(&all, class);
        status = all.worst > TARGET_MS_PER_MB || all.full ? 1 : CLI_OK;
    }
    mail_close();
    arena_close(&a);
    free(class);
    return status;
}

static bool options(int argc, char **argv, struct plan *p)
{
    static const struct option OPTIONS[] = {
        {"count", required_argument, NULL, 'c'},
        {"seed", required_argument, NULL, 's'},
        {"only", required_argument, NULL, 'o'},
        {"number", required_argument, NULL, 'n'},
        {"keep", required_argument, NULL, 'k'},
        {"json", no_argument, NULL, 'j'},
        {0},
    };
    optind = 1;
    for (int c; (c = getopt_long(argc, argv, "", OPTIONS, NULL)) != -1;) {
        bool ok = c != '?';
        switch (c) {
        case 'o': p->only = optarg; break;
        case 'k': p->keep = optarg; break;
        case 'j': p->json = true; break;
        case 'c': ok = cli_number("bench", "--count", optarg, 1, 100000000, &p->count); break;
        case 's': ok = cli_number("bench", "--seed", optarg, 0, INT32_MAX, &p->seed); break;
        case 'n': ok = cli_number("bench", "--number", optarg, 0, 100000000, &p->number); break;
        }
        if (!ok) return false;
    }
    return true;
}

static int hostile_run(int argc, char **argv)
{
    struct plan p = {.count = 10000, .seed = 1, .number = -1};
    if (!options(argc, argv, &p)) return cli_usage("bench");
    struct mails own = {0};
    int status = mails_from_paths(&own, argv + optind) ? run(&p, &own) : CLI_NO_INPUT;
    mails_close(&own);
    return status;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_live: `furui bench live`: what the live model learns from reports, without a service around it.
 *
 * Each mail of an index is judged by bundle and live model, then reported with its label, as bench/feedback/immediate
 * does through the service; here in this process, in seconds, to see what a change of the model brings. */
#include "bench/commands.h"
#include "bench/cpu_time.h"
#include "models/corpus/each.h"
#include "models/eval/judge.h"
#include "models/figures/metrics.h"
#include "models/live/state/learn.h"
#include "proto/base/json.h"
#include "proto/cli/cli.h"
#include "proto/config.h"
#include "worker/score/livesum.h"

#include <getopt.h>
#include <math.h>
#include <stdlib.h>

static int live_run(int argc, char **argv);

const struct verb verb_bench_live = {
    .name = "live",
    .summary = "the live model: 1-ROCA% when each verdict is followed by a report",
    .help = "usage: furui bench live [OPTION…] --index INDEX\n"
            "\n"
            "furui bench live judges each mail of an index by a bundle and the live model, then reports it with its "
            "label to\n"
            "the live model (a trusted reporter), in this process: 1-ROCA% of both together and of the bundle alone, "
            "spam\n"
            "caught at 0.05% and 0.01% of the ham, ham called spam, CPU time of a report.\n"
            "\n"
            "options:\n"
            "  --index INDEX     the mails, in their order\n"
            "  --exclude LIST    line numbers of mails that are left out of the figures\n"
            "  --bundle B        judge by this model (default: the starter bundle, as furuid's). One that was trained\n"
            "                    on the same mails has nothing left to learn\n"
            "  --samples N       one in N mails is shown to the model unlabelled (100; 0: none)\n"
            "  --flip PERCENT    so many labels are told wrong (0)\n"
            "  --bits N          log2 of cells (20)\n"
            "  --json            one JSON object\n"
            "\n"
            "exit status: 0 done; 64 wrong usage; 65 a bad bundle; 66 no such index or mail\n",
    .run = live_run,
};

enum { BAD_BUNDLE = 65, MAILS_A_SECOND = 100, TAKEN = 2 };

static const double SPAM_AT = 2.1972245773362196; /* log-odds of spam_at, 0.9 */

struct plan {
    const char *index, *exclude, *bundle;
    long samples, flip, bits;
    bool json;
};

struct run {
    const struct plan *plan;
    struct mail_index x;
    struct model *model;
    struct learn learn;
    struct scored *both, *alone; /* owned */
    size_t n, ham_called_spam[TAKEN];
    double report_s;
    uint32_t *hashes; /* owned: of the mail at hand */
    size_t cap;
};

static int by_value(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* A record as a worker would make it. */
static bool make_record(struct run *r, const struct features *f, uint64_t number, struct feedback *out)
{
    size_t all = features_count(f);
    if (all > r->cap) {
        uint32_t *more = realloc(r->hashes, all * sizeof *more);
        if (!more) return false;
        r->hashes = more;
        r->cap = all;
    }
    uint32_t *to = r->hashes;
    for (unsigned v = 0; v < VIEW_COUNT; v++) {
        const struct feature_list *from = &f->view[v];
        if (!(livesum_views(r->model) >> v & 1)) continue;
        if (from->n) memcpy(to, from->v, from->n * sizeof *to);
        qsort(to, from->n, sizeof *to, by_value);
        out->view[v] = (struct feedback_view){to, from->n < FEEDBACK_VIEW_MAX ? from->n : FEEDBACK_VIEW_MAX};
        to += from->n;
    }
    out->view_count = VIEW_COUNT;
    out->learns = true;
    out->features = FEATURE_VERSION;
    out->digest[0] = out->digest[1] = number + 1;
    return true;
}

static enum err one(void *arg, size_t i, const struct mail *m, const struct features *f, char *fault)
{
    struct run *r = arg;
    const struct index_entry *e = &r->x.entry[i];
    struct feedback record = {.kind = FEEDBACK_REPORT};
    struct scores s;
    int64_t now_ms = (int64_t)(i + 1) * 1000 / MAILS_A_SECOND;
    (void)m;
    model_score(r->model, f, &s);
    if (!make_record(r, f, i, &record)) {
        snprintf(fault, INDEX_FAULT_BYTES, "%s", err_str(ERR_MEMORY));
        return ERR_MEMORY;
    }
    record.score = s.score;
    if (r->plan->samples && i % (size_t)r->plan->samples == 0) learn_sample(&r->learn, &record, now_ms);
    double z = s.score + learn_score(&r->learn, &record);
    if (!e->excluded) {
        r->both[r->n] = (struct scored){z, e->spam};
        r->alone[r->n++] = (struct scored){s.score, e->spam};
        r->ham_called_spam[0] += !e->spam && z >= SPAM_AT;
        r->ham_called_spam[1] += !e->spam && s.score >= SPAM_AT;
    }
    bool flipped = judge_flips((double)r->plan->flip / 100, 0, e->path, e->line);
    struct voices_effect said = {.has_now = true, .now = {.spam = e->spam != flipped, .learn = 1}};
    double begun = cpu_thread_s();
    learn_report(&r->learn, &record, &said, now_ms);
    r->report_s += cpu_thread_s() - begun;
    return ERR_OK;
}

static void show(const struct run *r, const struct metrics *both, const struct metrics *alone)
{
    double us = r->x.n ? r->report_s * 1e6 / (double)r->x.n : 0;
    if (!r->plan->json) {
        printf("%-12s %9s %9s %9s %14s\n", "", "1-ROCA%", "at 0.05%", "at 0.01%", "ham as spam");
        printf("%-12s %9.4f %9.2f %9.2f %14zu\n", "with live", both->roca_pct, 100 * both->caught[1],
               100 * both->caught[2], r->ham_called_spam[0]);
        printf("%-12s %9.4f %9.2f %9.2f %14zu\n", "bundle alone", alone->roca_pct, 100 * alone->caught[1],
               100 * alone->caught[2], r->ham_called_spam[1]);
        printf("%zu mails, %.0f us of CPU a report\n", r->x.n, us);
        return;
    }
    struct json j;
    json_init(&j);
    json_open_object(&j, NULL);
    json_uint(&j, "mails", r->x.n);
    json_num(&j, "roca_pct", both->roca_pct, 5);
    json_num(&j, "caught_0_05", 100 * both->caught[1], 3);
    json_num(&j, "caught_0_01", 100 * both->caught[2], 3);
    json_uint(&j, "ham_called_spam", r->ham_called_spam[0]);
    json_num(&j, "roca_pct_bundle", alone->roca_pct, 5);
    json_uint(&j, "ham_called_spam_bundle", r->ham_called_spam[1]);
    json_num(&j, "us_per_report", us, 1);
    json_close_object(&j);
    puts(j.buf);
    json_close(&j);
}

static int measure(const struct plan *p, struct run *r)
{
    struct config defaults;
    char fault[INDEX_FAULT_BYTES + MODEL_FAULT_MAX];
    enum err e = index_open(p->index, &r->x, fault);
    if (e == ERR_OK && p->exclude) e = index_exclude(&r->x, p->exclude, fault);
    if (e != ERR_OK) return cli_fail(CLI_NO_INPUT, "bench", "%s", fault);
    config_init(&defaults);
    e = model_open(p->bundle ? p->bundle : defaults.bundle, &r->model, fault);
    config_close(&defaults);
    if (e != ERR_OK) return cli_fail(BAD_BUNDLE, "bench", "%s", fault);
    r->both = malloc((r->x.n + 1) * sizeof *r->both);
    r->alone = malloc((r->x.n + 1) * sizeof *r->alone);
    if (!r->both || !r->alone || learn_open(&r->learn, (unsigned)p->bits) != ERR_OK)
        return cli_fail(CLI_IO, "bench", "%s", err_str(ERR_MEMORY));
    e = each_mail(&r->x, NULL, "learning", true, one, r, fault);
    if (e != ERR_OK) return cli_fail(CLI_NO_INPUT, "bench", "%s", fault);
    struct metrics both, alone;
    metrics_compute(r->both, r->n, SPAM_AT, &both);
    metrics_compute(r->alone, r->n, SPAM_AT, &alone);
    show(r, &both, &alone);
    return CLI_OK;
}

static int live_run(int argc, char **argv)
{
    static const struct option LONG[] = {
        {"index", required_argument, NULL, 'i'},  {"exclude", required_argument, NULL, 'x'},
        {"bundle", required_argument, NULL, 'b'}, {"samples", required_argument, NULL, 's'},
        {"flip", required_argument, NULL, 'f'},   {"bits", required_argument, NULL, 'n'},
        {"json", no_argument, NULL, 'j'},         {0}};
    struct plan p = {.samples = 100, .bits = 20};
    struct run r = {.plan = &p};
    bool good = true;
    for (int c; (c = getopt_long(argc, argv, "", LONG, NULL)) != -1;) {
        switch (c) {
        case 'i': p.index = optarg; break;
        case 'x': p.exclude = optarg; break;
        case 'b': p.bundle = optarg; break;
        case 's': good = good && cli_number("bench", "--samples", optarg, 0, 1000000, &p.samples); break;
        case 'f': good = good && cli_number("bench", "--flip", optarg, 0, 100, &p.flip); break;
        case 'n':
            good = good && cli_number("bench", "--bits", optarg, LIVETABLE_BITS_MIN, LIVETABLE_BITS_MAX, &p.bits);
            break;
        case 'j': p.json = true; break;
        default: good = false;
        }
    }
    if (good && (!p.index || optind < argc)) {
        cli_fail(CLI_USAGE, "bench", p.index ? "what is '%s'?" : "which mails? --index INDEX", argv[optind]);
        good = false;
    }
    if (!good) return cli_usage("bench");
    int status = measure(&p, &r);
    free(r.both);
    free(r.alone);
    free(r.hashes);
    if (r.learn.head) learn_close(&r.learn);
    model_close(r.model);
    index_close(&r.x);
    return status;
}

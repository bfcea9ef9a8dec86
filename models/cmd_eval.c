/* SPDX-License-Identifier: Apache-2.0 */
/* furui eval: how good the verdicts are, by the figures of the TREC spam track. */
#include "models/commands.h"
#include "models/judge.h"
#include "models/metrics.h"
#include "models/trust.h"
#include "proto/base/clock.h"
#include "proto/base/json.h"
#include "proto/config.h"
#include "worker/text/domain.h"

#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static const char help[] =
    "usage: furui eval --index INDEX [--bundle BUNDLE] [--exclude LIST] [--scores FILE] [--json]\n"
    "       furui eval --index INDEX --protocol immediate [--exclude LIST] [--scores FILE] [--json]\n"
    "\n"
    "Judge labelled mail and show how good the verdicts are.\n"
    "\n"
    "  -i, --index INDEX      lines of 'spam PATH' or 'ham PATH', paths relative to INDEX\n"
    "  -b, --bundle BUNDLE    judge by this model (default: the starter bundle, as furuid's)\n"
    "  -p, --protocol NAME    immediate: start knowing nothing; judge each mail, then learn it, in the index's order\n"
    "                         (TREC spam track)\n"
    "  -x, --exclude LIST     line numbers of INDEX, one a line, to leave out of the figures, not out of learning\n"
    "      --spam-at P        from which probability a mail is called spam (default 0.9)\n"
    "      --unsure-at P      from which it is called unsure (default 0.5)\n"
    "  -s, --scores FILE      write 'LABEL PATH LOG-ODDS' for each mail, in the index's order\n" TRUST_HELP
    "  -j, --json             figures as one JSON object\n"
    "\n"
    "1-ROCA% is the chance, in percent, that a ham scores above a spam; the interval is a 95% bootstrap. lam% is the\n"
    "logistic mean of both error rates at log-odds 0. 'caught' is the share of spam above a threshold that calls so\n"
    "much ham spam and no more.\n"
    "Exit status: 0 done, 64 wrong usage, 65 a bad bundle, 66 an index or mail cannot be read, 74 FILE cannot be "
    "written.\n"
    "\n"
    "example: furui eval --index corpus/index --protocol immediate\n";

struct options {
    const char *index, *bundle, *exclude, *scores;
    bool immediate, json;
    double spam_at, unsure_at;
    struct trust trust;
};

enum { OPT_SPAM_AT = 256, OPT_UNSURE_AT };
/* Fewer rounds over a large corpus, so that the interval takes a second or two. */
enum { BOOTSTRAP_ROUNDS = 1000, BOOTSTRAP_MAILS = 100000000, BOOTSTRAP_SEED = 1 };

static bool probability(const char *option, const char *text, double *out)
{
    char *end;
    double p = strtod(text, &end);
    if (end == text || *end || !(p >= 0 && p <= 1)) {
        cli_fail(CLI_USAGE, "eval", "%s takes a probability, not '%s'", option, text);
        return false;
    }
    *out = p;
    return true;
}

static int parse(int argc, char **argv, struct options *o)
{
    static const struct option list[] = {
        {"index", required_argument, NULL, 'i'},
        {"bundle", required_argument, NULL, 'b'},
        {"protocol", required_argument, NULL, 'p'},
        {"exclude", required_argument, NULL, 'x'},
        {"scores", required_argument, NULL, 's'},
        {"json", no_argument, NULL, 'j'},
        {"spam-at", required_argument, NULL, OPT_SPAM_AT},
        {"unsure-at", required_argument, NULL, OPT_UNSURE_AT},
        TRUST_OPTIONS,
        {0},
    };
    *o = (struct options){.spam_at = 0.9, .unsure_at = 0.5};
    optind = 1;
    for (int c; (c = getopt_long(argc, argv, "i:b:p:x:s:j", list, NULL)) != -1;) switch (c) {
        case 'i': o->index = optarg; break;
        case 'b': o->bundle = optarg; break;
        case 'p':
            if (strcmp(optarg, "immediate") != 0)
                return cli_fail(CLI_USAGE, "eval", "no protocol '%s'; there is: immediate", optarg);
            o->immediate = true;
            break;
        case 'x': o->exclude = optarg; break;
        case 's': o->scores = optarg; break;
        case 'j': o->json = true; break;
        case OPT_SPAM_AT:
            if (!probability("--spam-at", optarg, &o->spam_at)) return CLI_USAGE;
            break;
        case OPT_UNSURE_AT:
            if (!probability("--unsure-at", optarg, &o->unsure_at)) return CLI_USAGE;
            break;
        case TRUST_OPT_HOST:
        case TRUST_OPT_OWN:
            if (!trust_option(&o->trust, "eval", c, optarg)) return CLI_USAGE;
            break;
        default: return cli_usage("eval");
        }
    if (optind < argc) return cli_fail(CLI_USAGE, "eval", "unexpected argument '%s'", argv[optind]);
    if (!o->index) return cli_fail(CLI_USAGE, "eval", "no --index");
    if (o->immediate && o->bundle) return cli_fail(CLI_USAGE, "eval", "give either --bundle or --protocol");
    if (o->unsure_at > o->spam_at) return cli_fail(CLI_USAGE, "eval", "--unsure-at is over --spam-at");
    return CLI_OK;
}

/* What the default thresholds make of the mails: [label][ham, unsure, spam]. */
struct calls {
    size_t n[2][3];
};

static void count_calls(const struct options *o, const struct judged *d, struct calls *c)
{
    *c = (struct calls){0};
    for (size_t i = 0; i < d->n; i++) {
        if (d->v[i].excluded) continue;
        double p = 1 / (1 + exp(-d->v[i].score));
        c->n[d->v[i].spam][p >= o->spam_at ? 2 : p >= o->unsure_at ? 1 : 0]++;
    }
}

static int write_scores(FILE *f, const char *path, const struct judged *d)
{
    for (size_t i = 0; i < d->n; i++)
        fprintf(f, "%s %s %.6f\n", d->v[i].spam ? "spam" : "ham", d->v[i].path, d->v[i].score);
    if (fflush(f) || ferror(f)) return cli_fail(CLI_IO, "eval", "%s: %s", path, strerror(errno));
    return CLI_OK;
}

static double share(size_t part, size_t all)
{
    return all ? 100.0 * (double)part / (double)all : NAN;
}

static void show_text(const struct metrics *m, struct metrics_interval roca, const struct calls *c, size_t excluded,
                      double seconds, size_t mails)
{
    printf("mails            %zu (%zu ham, %zu spam", m->ham + m->spam, m->ham, m->spam);
    if (excluded) printf("; %zu more left out", excluded);
    printf(")\n");
    if (m->ham && m->spam) {
        printf("1-ROCA%%          %.4f (95%% interval %.4f to %.4f)\n", m->roca_pct, roca.low, roca.high);
        printf("lam%%             %.3f\n", m->lam_pct);
        for (unsigned i = 0; i < METRICS_POINTS; i++)
            printf("spam caught      %.2f%% when %g%% of ham is called spam\n", 100 * m->caught[i],
                   100 * METRICS_FPR[i]);
    }
    if (m->ham)
        printf("ham called       ham %.2f%%, unsure %.2f%%, spam %.2f%%\n", share(c->n[0][0], m->ham),
               share(c->n[0][1], m->ham), share(c->n[0][2], m->ham));
    if (m->spam)
        printf("spam called      ham %.2f%%, unsure %.2f%%, spam %.2f%%\n", share(c->n[1][0], m->spam),
               share(c->n[1][1], m->spam), share(c->n[1][2], m->spam));
    printf("calibration      expected error %.4f, log loss %.4f\n", m->ece, m->log_loss);
    printf("time             %.1f s, %.0f mails/s\n", seconds, (double)mails / (seconds > 0 ? seconds : 1e-9));
}

static void show_json(const struct metrics *m, struct metrics_interval roca, const struct calls *c, size_t excluded,
                      double seconds)
{
    struct json j;
    json_init(&j);
    json_open_object(&j, NULL);
    json_uint(&j, "mails", m->ham + m->spam);
    json_uint(&j, "ham", m->ham);
    json_uint(&j, "spam", m->spam);
    json_uint(&j, "excluded", excluded);
    json_num(&j, "roca_pct", m->roca_pct, 6);
    json_num(&j, "roca_low_pct", roca.low, 6);
    json_num(&j, "roca_high_pct", roca.high, 6);
    json_num(&j, "lam_pct", m->lam_pct, 6);
    json_num(&j, "caught_at_0.1_pct", 100 * m->caught[0], 4);
    json_num(&j, "caught_at_0.05_pct", 100 * m->caught[1], 4);
    json_num(&j, "caught_at_0.01_pct", 100 * m->caught[2], 4);
    json_num(&j, "ham_called_ham_pct", share(c->n[0][0], m->ham), 4);
    json_num(&j, "ham_called_unsure_pct", share(c->n[0][1], m->ham), 4);
    json_num(&j, "ham_called_spam_pct", share(c->n[0][2], m->ham), 4);
    json_num(&j, "spam_called_ham_pct", share(c->n[1][0], m->spam), 4);
    json_num(&j, "spam_called_unsure_pct", share(c->n[1][1], m->spam), 4);
    json_num(&j, "spam_called_spam_pct", share(c->n[1][2], m->spam), 4);
    json_num(&j, "calibration_error", m->ece, 6);
    json_num(&j, "log_loss", m->log_loss, 6);
    json_num(&j, "seconds", seconds, 3);
    json_close_object(&j);
    puts(j.buf);
    json_close(&j);
}

static int show(const struct options *o, const struct judged *d, double seconds)
{
    struct scored *s = malloc(d->n * sizeof *s);
    if (!s) return cli_fail(CLI_UNAVAILABLE, "eval", "%s", err_str(ERR_MEMORY));
    size_t n = 0;
    for (size_t i = 0; i < d->n; i++)
        if (!d->v[i].excluded) s[n++] = (struct scored){d->v[i].score, d->v[i].spam};
    struct metrics m;
    struct calls c;
    metrics_compute(s, n, 0, &m);
    size_t rounds = n > BOOTSTRAP_MAILS / BOOTSTRAP_ROUNDS ? BOOTSTRAP_MAILS / n : BOOTSTRAP_ROUNDS;
    struct metrics_interval roca = metrics_bootstrap(s, n, rounds > 100 ? rounds : 100, BOOTSTRAP_SEED);
    count_calls(o, d, &c);
    if (o->json)
        show_json(&m, roca, &c, d->n - n, seconds);
    else
        show_text(&m, roca, &c, d->n - n, seconds, d->n);
    free(s);
    return CLI_OK;
}

static int judge(const struct options *o, const struct mail_index *x, struct judged *out)
{
    char fault[JUDGE_FAULT_BYTES];
    struct mail_context c = trust_context(&o->trust);
    struct judge_mails mails = {x, &o->index, 1, &c};
    if (o->immediate) {
        if (judge_immediate(&mails, out, fault)) return cli_fail(CLI_NO_INPUT, "eval", "%s", fault);
        return CLI_OK;
    }
    struct config defaults;
    struct model *m;
    config_init(&defaults);
    enum err e = model_open(o->bundle ? o->bundle : defaults.bundle, &m, fault);
    config_close(&defaults);
    if (e) return cli_fail(COMMANDS_BAD_DATA, "eval", "%s", fault);
    e = judge_by_model(m, &mails, out, fault);
    model_close(m);
    return e ? cli_fail(CLI_NO_INPUT, "eval", "%s", fault) : CLI_OK;
}

static int run(int argc, char **argv)
{
    struct options o;
    int status = parse(argc, argv, &o);
    if (status) return status;
    domain_init();
    char fault[INDEX_FAULT_BYTES];
    struct mail_index x;
    if (index_open(o.index, &x, fault)) return cli_fail(CLI_NO_INPUT, "eval", "%s", fault);
    struct judged d = {0};
    FILE *scores = NULL;
    int64_t start = clock_us();
    if (o.exclude && index_exclude(&x, o.exclude, fault)) status = cli_fail(CLI_NO_INPUT, "eval", "%s", fault);
    if (!status && o.scores && !(scores = fopen(o.scores, "w"))) /* now, not after the work */
        status = cli_fail(CLI_IO, "eval", "%s: %s", o.scores, strerror(errno));
    if (!status) status = judge(&o, &x, &d);
    if (!status && scores) status = write_scores(scores, o.scores, &d);
    if (!status) status = show(&o, &d, (double)(clock_us() - start) / 1e6);
    if (scores) fclose(scores);
    judged_close(&d);
    index_close(&x);
    return status;
}

const struct verb verb_eval = {"eval", "measure a model on labelled mail", help, run};

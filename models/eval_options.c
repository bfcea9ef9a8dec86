/* SPDX-License-Identifier: Apache-2.0 */
/* eval_options: getopt_long, and what each option may hold; see eval_options.h. */
#define _GNU_SOURCE
#include "models/eval_options.h"

#include "models/train_run.h"
#include "proto/cli/cli.h"

#include <getopt.h>
#include <math.h>
#include <stdlib.h>
#include <time.h>

enum {
    OPT_SPAM_AT = 256,
    OPT_UNSURE_AT,
    OPT_FOLDS,
    OPT_UNTIL,
    OPT_FLIP,
    OPT_AS_IS,
    OPT_HAM,
    OPT_SPAM,
    OPT_HTML,
    OPT_COMPARE
};

/* A share as "5%" or "0.05", in [0, 1]; NaN when it is none. */
static double share(const char *text)
{
    char *end;
    double v = strtod(text, &end);
    if (end == text) return NAN;
    if (*end == '%') {
        v /= 100;
        end++;
    }
    return !*end && v >= 0 && v <= 1 ? v : NAN;
}

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

static bool protocol(const char *text, struct judge_plan *p)
{
    static const struct {
        const char *name;
        enum judge_way way;
        long least, most; /* of N; 0 0: there is none */
    } LIST[] = {{"immediate", JUDGE_IMMEDIATE, 0, 0},
                {"delayed", JUDGE_DELAYED, 0, JUDGE_LATE_MAX},
                {"first", JUDGE_FIRST, 1, INT32_MAX},
                {"active", JUDGE_ACTIVE, 1, INT32_MAX},
                {"partial", JUDGE_PARTIAL, 0, 0}};
    size_t n = strcspn(text, ":"), i = 0, all = sizeof LIST / sizeof *LIST;
    const char *rest = text[n] ? text + n + 1 : NULL;
    while (i < all && (strlen(LIST[i].name) != n || memcmp(LIST[i].name, text, n) != 0)) i++;
    if (i == all) {
        cli_fail(CLI_USAGE, "eval", "no protocol '%s'; there are: immediate, delayed:N, first:N, partial:P%%, active:N",
                 text);
        return false;
    }
    p->way = LIST[i].way;
    if (p->way == JUDGE_PARTIAL) {
        p->share = rest ? share(rest) : NAN;
        if (p->share > 0 && p->share < 1) return true;
        cli_fail(CLI_USAGE, "eval", "--protocol: '%s' names no share of the addresses, as partial:50%% does", text);
        return false;
    }
    if (!LIST[i].most == !rest) {
        long v = 0;
        if (rest && !cli_number("eval", "--protocol", rest, LIST[i].least, LIST[i].most, &v)) return false;
        p->n = (size_t)v;
        return true;
    }
    cli_fail(CLI_USAGE, "eval", rest ? "--protocol: %s takes no number" : "--protocol: %s needs a number: %s:N",
             LIST[i].name, LIST[i].name);
    return false;
}

/* YYYY-MM-DD, or with THH:MM or THH:MM:SS behind it, and a Z or not: UTC. */
static bool moment(const char *text, int64_t *out)
{
    static const char *const FORM[] = {"%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"};
    for (size_t i = 0; i < sizeof FORM / sizeof *FORM; i++) {
        struct tm t = {0};
        const char *end = strptime(text, FORM[i], &t);
        if (!end || (*end && (i == 0 || strcmp(end, "Z") != 0))) continue;
        struct tm same = t;
        *out = (int64_t)timegm(&same);
        return same.tm_mday == t.tm_mday && same.tm_mon == t.tm_mon && t.tm_year >= 70;
    }
    return false;
}

static bool until(const char *text, struct judge_plan *p)
{
    p->share = share(text);
    if (p->share > 0 && p->share < 1) {
        p->way = JUDGE_SHARE;
        return true;
    }
    p->way = JUDGE_UNTIL;
    if (moment(text, &p->until)) return true;
    cli_fail(CLI_USAGE, "eval",
             "--train-until takes a share between 0%% and 100%%, a day YYYY-MM-DD or a time YYYY-MM-DDTHH:MM, not '%s'",
             text);
    return false;
}

static bool flip(const char *text, struct judge_plan *p)
{
    p->flip = share(text);
    if (p->flip >= 0) return true;
    cli_fail(CLI_USAGE, "eval", "--flip takes a share as 5%% or 0.05, not '%s'", text);
    return false;
}

static bool add_index(const char *path, struct eval_options *o)
{
    if (o->indexes == EVAL_INDEXES_MAX) {
        cli_fail(CLI_USAGE, "eval", "more than %d indexes", EVAL_INDEXES_MAX);
        return false;
    }
    o->index[o->indexes++] = path;
    return true;
}

/* A place joins the one before it, if that is of the other label; a name serves for both. */
static bool add_place(const char *path, bool spam, struct eval_options *o)
{
    const char **last = o->indexes ? o->place[o->indexes - 1] : NULL;
    if ((!last || last[spam] || !last[!spam]) && !add_index(path, o)) return false;
    o->place[o->indexes - 1][spam] = path;
    return true;
}

/* A list belongs to the index before it, or to the first. */
static bool add_exclude(const char *path, struct eval_options *o)
{
    const char **to = &o->exclude[o->indexes ? o->indexes - 1 : 0];
    if (*to) {
        cli_fail(CLI_USAGE, "eval", "two lists to exclude for one index: '%s' and '%s'", *to, path);
        return false;
    }
    *to = path;
    return true;
}

/* The ways to judge, of which one is chosen. */
struct ways {
    bool protocol, folds, until;
    bool training; /* an option of it was given */
};

static bool take(int c, struct eval_options *o, struct ways *w)
{
    long v;
    switch (c) {
    case 'i': return add_index(optarg, o);
    case 'x': return add_exclude(optarg, o);
    case OPT_HAM:
    case OPT_SPAM: return add_place(optarg, c == OPT_SPAM, o);
    case 'b': o->bundle = optarg; return true;
    case 's': o->scores = optarg; return true;
    case 'j': o->json = true; return true;
    case 'p': w->protocol = true; return protocol(optarg, &o->plan);
    case OPT_FOLDS:
        w->folds = true;
        o->plan.way = JUDGE_FOLDS;
        if (!cli_number("eval", "--folds", optarg, 2, JUDGE_FOLDS_MAX, &v)) return false;
        o->plan.n = (size_t)v;
        return true;
    case OPT_UNTIL: w->until = true; return until(optarg, &o->plan);
    case OPT_FLIP: return flip(optarg, &o->plan);
    case OPT_HTML: o->html = optarg; return true;
    case OPT_COMPARE: o->compare[0] = optarg; return true;
    case OPT_AS_IS: o->as_is = true; return true;
    case OPT_SPAM_AT: return probability("--spam-at", optarg, &o->spam_at);
    case OPT_UNSURE_AT: return probability("--unsure-at", optarg, &o->unsure_at);
    case TRAIN_OPT_BITS:
    case TRAIN_OPT_EPOCHS:
    case TRAIN_OPT_HALF_LIFE:
    case TRAIN_OPT_THREADS: w->training = true; return train_option(&o->plan.fit, "eval", c, optarg);
    case TRUST_OPT_HOST:
    case TRUST_OPT_OWN: return trust_option(&o->trust, "eval", c, optarg);
    default: cli_usage("eval"); return false;
    }
}

/* Why these do not go together; NULL when they do. */
static const char *clash(const struct eval_options *o, const struct ways *w)
{
    bool places = false, learns = o->plan.way != JUDGE_BY_MODEL, trains = w->folds || w->until;
    for (size_t i = 0; i < o->indexes; i++) {
        bool place = o->place[i][0] || o->place[i][1];
        places = places || place;
        if (place && o->exclude[i]) return "--exclude names lines of an --index; --ham and --spam have none";
    }
    if (o->compare[0] && (o->bundle || o->scores || w->protocol || trains))
        return "--compare judges by its own two; not with --bundle, --protocol, --folds, --train-until or --scores";
    if (!o->indexes && !o->compare[0]) return "no --index, --ham or --spam";
    if (o->bundle && w->protocol) return "give either --bundle or --protocol";
    if ((o->bundle != NULL) + w->protocol + w->folds + w->until > 1)
        return "give one of --bundle, --protocol, --folds, --train-until";
    if (o->plan.flip > 0 && !learns)
        return "--flip: a bundle that is given learns nothing; use it with --protocol, --folds or --train-until";
    if (w->training && !trains)
        return "--half-life, --table-bits, --epochs and --threads say how --folds and --train-until train";
    if (places && (w->protocol || o->plan.way == JUDGE_SHARE))
        return "only an --index tells the order of arrival; with --ham and --spam take --folds or --train-until DATE";
    if (o->unsure_at > o->spam_at) return "--unsure-at is over --spam-at";
    return NULL;
}

int eval_options(int argc, char **argv, struct eval_options *o)
{
    static const struct option list[] = {
        {"index", required_argument, NULL, 'i'},
        {"bundle", required_argument, NULL, 'b'},
        {"protocol", required_argument, NULL, 'p'},
        {"folds", required_argument, NULL, OPT_FOLDS},
        {"train-until", required_argument, NULL, OPT_UNTIL},
        {"flip", required_argument, NULL, OPT_FLIP},
        {"exclude", required_argument, NULL, 'x'},
        {"as-is", no_argument, NULL, OPT_AS_IS},
        {"compare", required_argument, NULL, OPT_COMPARE},
        {"scores", required_argument, NULL, 's'},
        {"html", required_argument, NULL, OPT_HTML},
        {"json", no_argument, NULL, 'j'},
        {"spam-at", required_argument, NULL, OPT_SPAM_AT},
        {"unsure-at", required_argument, NULL, OPT_UNSURE_AT},
        {"ham", required_argument, NULL, OPT_HAM},
        {"spam", required_argument, NULL, OPT_SPAM},
        TRAIN_OPTIONS,
        TRUST_OPTIONS,
        {0},
    };
    struct ways w = {0};
    *o = (struct eval_options){.spam_at = 0.9, .unsure_at = 0.5};
    fit_plan_init(&o->plan.fit);
    optind = 1;
    for (int c; (c = getopt_long(argc, argv, "i:b:p:x:s:j", list, NULL)) != -1;)
        if (!take(c, o, &w)) return CLI_USAGE;
    o->plan.fit.quiet = true;
    o->plan.fit.trust = o->trust;
    if (o->compare[0] && optind == argc)
        return cli_fail(CLI_USAGE, "eval", "--compare takes two: bundles, or files that --scores wrote");
    if (o->compare[0]) o->compare[1] = argv[optind++];
    if (optind < argc) return cli_fail(CLI_USAGE, "eval", "unexpected argument '%s'", argv[optind]);
    const char *wrong = clash(o, &w);
    return wrong ? cli_fail(CLI_USAGE, "eval", "%s", wrong) : CLI_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* furui eval: how good the verdicts are, by the figures of the TREC spam track. */
#include "models/commands.h"
#include "models/eval_compare.h"
#include "models/eval_show.h"
#include "models/report/report_html.h"
#include "models/train_run.h"
#include "proto/base/clock.h"
#include "proto/base/replace.h"
#include "proto/config.h"
#include "worker/score/bundle.h"
#include "worker/text/domain.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static const char help[] =
    "usage: furui eval INPUT… [--bundle BUNDLE] [OPTION]…\n"
    "       furui eval INPUT… --protocol NAME [OPTION]…\n"
    "       furui eval INPUT… --folds K [OPTION]…\n"
    "       furui eval INPUT… --train-until DATE|SHARE [OPTION]…\n"
    "       furui eval --compare A B [INPUT…] [OPTION]…\n"
    "\n"
    "Judge labelled mail and show how good the verdicts are.\n"
    "\n"
    "INPUT is, as often as wanted, each a source of its own:\n"
    "  -i, --index INDEX     lines of 'spam PATH' or 'ham PATH', paths relative to INDEX, in order of arrival\n"
    "      --ham PATH --spam PATH\n"
    "                        two places, or one: a directory of mails, a Maildir, an mbox, or a mail\n"
    "\n"
    "By what:\n"
    "  -b, --bundle BUNDLE   by this model (default: the starter bundle, as furuid's). Mail that it was\n"
    "                        trained on says nothing about other mail: --folds and --train-until keep them apart\n"
    "  -p, --protocol NAME   by a filter that starts knowing nothing and learns in the index's order:\n"
    "        immediate         each mail is judged, then learnt\n"
    "        delayed:N         its label comes N mails later\n"
    "        first:N           labels come for the first N mails only\n"
    "        partial:P%        labels come for mails to some addresses only, P% of them\n"
    "        active:N          the filter asks for N labels where it is unsure\n"
    "      --folds K         by K models, each trained without one part of the mails; equal bodies are in one part\n"
    "      --train-until WHEN\n"
    "                        by a model trained on mail before WHEN, a day or time (2026-11-22, or\n"
    "                        2026-11-22T12:00, UTC) or a share of each index (80%); the rest is judged\n"
    "      --compare A B     by two bundles, and say whether one is better, how sure that is, and which mails get\n"
    "                        another verdict; A and B may also be files that --scores wrote, without an INPUT\n"
    "      --flip P%         learn the wrong label for P% of the mails, the same ones each time; none is judged by it\n"
    "      --as-is           read other filters' verdicts and sites' marks in the header as any other field\n"
    "Of what:\n"
    "  -x, --exclude LIST    line numbers of the INDEX before it, one a line, to leave out of the figures, not out of\n"
    "                        learning\n"
    "      --spam-at P       from which probability a mail is called spam (default 0.9)\n"
    "      --unsure-at P     from which it is called unsure (default 0.5)\n" TRUST_HELP
    "How models of --folds and --train-until are trained:\n" TRAIN_HELP "How it is shown:\n"
    "  -s, --scores FILE     write 'LABEL PATH LOG-ODDS' for each mail judged, in order\n"
    "      --html FILE       write a page with figures, plots and the mails that cost most; it needs nothing else\n"
    "  -j, --json            figures as one JSON object\n"
    "\n"
    "1-ROCA% is the chance, in percent, that a ham scores above a spam; the interval is a 95% bootstrap. lam% is the\n"
    "logistic mean of both error rates at log-odds 0. 'missed' is the share of spam below a threshold that calls so\n"
    "much ham spam and no more. '-' stands where mails of one label tell nothing. Languages and kinds of mail are\n"
    "told apart by rule (docs/measuring.md).\n"
    "Exit status: 0 done, 64 wrong usage, 65 a bad bundle, or mails that cannot be trained on, 66 an index or mail\n"
    "cannot be read, 74 a file cannot be written.\n"
    "\n"
    "example: furui eval --index corpus/index --protocol immediate\n";

static int status_of(enum err e)
{
    switch (e) {
    case ERR_MODEL:
    case ERR_VERSION: return COMMANDS_BAD_DATA;
    case ERR_MEMORY: return CLI_UNAVAILABLE;
    case ERR_CLOSED: return CLI_IO;
    default: return CLI_NO_INPUT;
    }
}

/* A file's name may hold the end of a line, and what follows would pass for a score. */
static void print_scores(FILE *f, const void *arg)
{
    const struct judged *d = arg;
    for (size_t i = 0; i < d->n && !ferror(f); i++) {
        fputs(d->v[i].spam ? "spam " : "ham ", f);
        for (const char *c = d->v[i].path; *c; c++)
            if ((uint8_t)*c < ' ' || *c == 0x7F)
                fprintf(f, "\\x%02x", (uint8_t)*c);
            else
                fputc(*c, f);
        fprintf(f, " %.6f\n", d->v[i].score);
    }
}

/* Was the bundle trained on as many ham and spam as these indexes hold? Its manifest has the counts. */
static bool trained_alike(const char *path, const struct mail_index *x, size_t indexes)
{
    static const span KEY[2] = {SPAN("mails.ham"), SPAN("mails.spam")};
    size_t have[2] = {0, 0};
    unsigned alike = 0;
    char want[24], fault[BUNDLE_FAULT_BYTES];
    struct bundle b;
    span key, value;
    for (size_t i = 0; i < indexes; i++) {
        have[0] += x[i].n - x[i].spam;
        have[1] += x[i].spam;
    }
    if (bundle_open(path, BUNDLE_ANY_FEATURES, &b, fault)) return false;
    for (size_t at = 0; bundle_manifest_next(&b, &at, &key, &value);)
        for (unsigned label = 0; label < 2; label++) {
            snprintf(want, sizeof want, "%zu", have[label]);
            alike += span_eq(key, KEY[label]) && span_eq(value, span_cstr(want));
        }
    bundle_close(&b);
    return alike == 2;
}

static int judge_all(const struct eval_options *o, const struct mail_index *x, struct judged *out)
{
    char fault[JUDGE_FAULT_BYTES];
    struct mail_context c = trust_context(&o->trust);
    struct judge_mails mails = {x, o->index, o->indexes, &c};
    struct model *m = NULL;
    bool alike = false;
    if (o->plan.way == JUDGE_BY_MODEL) {
        struct config defaults;
        config_init(&defaults);
        const char *path = o->bundle ? o->bundle : defaults.bundle;
        enum err e = model_open(path, &m, fault);
        alike = !e && trained_alike(path, x, o->indexes);
        config_close(&defaults);
        if (e) return cli_fail(COMMANDS_BAD_DATA, "eval", "%s", fault);
    }
    enum err e = judge(&o->plan, m, &mails, out, fault);
    if (m && !e) snprintf(out->model, sizeof out->model, "%s", model_id(m));
    if (!e) out->trained_alike = alike;
    model_close(m);
    return e ? cli_fail(status_of(e), "eval", "%s", fault) : CLI_OK;
}

static int write_page(const struct eval_options *o, const struct judged *d)
{
    char way[EVAL_WAY], fault[REPLACE_FAULT_BYTES];
    struct markup m = {0};
    struct report_about about = {.spam_at = o->spam_at, .unsure_at = o->unsure_at};
    eval_way(o, way);
    if (o->plan.way == JUDGE_BY_MODEL) about.model = o->bundle ? span_cstr(o->bundle) : SPAN("the starter bundle");
    about.protocol = span_cstr(way);
    int status = CLI_OK;
    enum err e = report_html(&m, d, &about);
    if (e)
        status = cli_fail(status_of(e), "eval", "%s", err_str(e));
    else if (replace_write(o->html, span_of(m.buf, m.n), fault))
        status = cli_fail(CLI_IO, "eval", "%s", fault);
    markup_close(&m);
    return status;
}

static int open_indexes(const struct eval_options *o, struct mail_index *x)
{
    char fault[INDEX_FAULT_BYTES];
    for (size_t i = 0; i < o->indexes; i++) {
        const char *const *place = o->place[i];
        enum err e = place[0] || place[1] ? index_open_places(place[0], place[1], &x[i], fault)
                                          : index_open(o->index[i], &x[i], fault);
        if (!e && o->exclude[i]) e = index_exclude(&x[i], o->exclude[i], fault);
        if (!e) e = index_check(&x[i], 0, fault);
        if (e) return cli_fail(CLI_NO_INPUT, "eval", "%s", fault);
        x[i].as_is = o->as_is;
    }
    return CLI_OK;
}

/* What is written must not replace what is read. */
static int check_places(const struct eval_options *o)
{
    const char *to[] = {o->scores, o->html};
    for (size_t k = 0; k < sizeof to / sizeof *to; k++) {
        bool read =
            replace_same(to[k], o->bundle) || replace_same(to[k], o->compare[0]) || replace_same(to[k], o->compare[1]);
        for (size_t i = 0; !read && i < o->indexes; i++)
            read = replace_same(to[k], o->index[i]) || replace_same(to[k], o->exclude[i]) ||
                   replace_same(to[k], o->place[i][0]) || replace_same(to[k], o->place[i][1]);
        if (read) return cli_fail(CLI_USAGE, "eval", "%s: is read; what is written would replace it", to[k]);
    }
    return CLI_OK;
}

static int run(int argc, char **argv)
{
    struct eval_options o;
    int status = eval_options(argc, argv, &o);
    if (!status) status = check_places(&o);
    if (status) return status;
    domain_init();
    signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is told like a full disk */
    struct mail_index x[EVAL_INDEXES_MAX] = {0};
    struct judged d = {0};
    int64_t start = clock_us();
    status = open_indexes(&o, x);
    char fault[REPLACE_FAULT_BYTES]; /* places are tried now, not after the work */
    if (!status && o.html && replace_place(o.html, fault)) status = cli_fail(CLI_IO, "eval", "%s", fault);
    if (!status && o.scores && replace_text_place(o.scores, fault)) status = cli_fail(CLI_IO, "eval", "%s", fault);
    if (!status && o.compare[0]) {
        status = eval_compare(&o, x, judge_all);
        goto done;
    }
    if (!status) status = judge_all(&o, x, &d);
    if (!status && o.scores && replace_text(o.scores, print_scores, &d, fault))
        status = cli_fail(CLI_IO, "eval", "%s", fault);
    if (!status) {
        enum err e = eval_show(&o, &d, (double)(clock_us() - start) / 1e6);
        if (e) status = cli_fail(status_of(e), "eval", "%s", err_str(e));
    }
    if (!status && o.html) status = write_page(&o, &d);
done:
    judged_close(&d);
    for (size_t i = 0; i < o.indexes; i++) index_close(&x[i]);
    return status;
}

const struct verb verb_eval = {.name = "eval", .summary = "measure a model on labelled mail", .help = help, .run = run};

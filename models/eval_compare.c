/* SPDX-License-Identifier: Apache-2.0 */
/* eval_compare: brings both sides to one list of mails, then compares and shows; see eval_compare.h. */
#include "models/eval_compare.h"

#include "models/commands.h"
#include "models/eval/scores_file.h"
#include "models/report/compare_show.h"
#include "models/train_run.h"
#include "proto/base/replace.h"
#include "worker/score/bundle.h"

#include <stdio.h>
#include <stdlib.h>

struct side {
    const char *path;
    bool bundle;
    struct judged judged;      /* by a bundle */
    struct scores_file scores; /* or by whoever wrote these */
};

static bool is_bundle(const char *path)
{
    return train_begins(path, BUNDLE_MAGIC);
}

static int fill(struct side *s, const struct eval_options *o, const struct mail_index *x, eval_judge_fn *by_bundle)
{
    if (s->bundle) {
        struct eval_options by = *o;
        by.bundle = s->path;
        int status = by_bundle(&by, x, &s->judged);
        s->judged.source = o->index; /* not of `by`, which ends here */
        return status;
    }
    char fault[INDEX_FAULT_BYTES];
    if (!scores_file_open(s->path, o->indexes ? NULL : o->exclude[0], &s->scores, fault)) return CLI_OK;
    return cli_fail(CLI_NO_INPUT, "eval", "--compare: neither a bundle nor a file of scores: %s", fault);
}

/* The mails of the indexes, not judged. */
static bool list_mails(const struct eval_options *o, const struct mail_index *x, struct judged *out)
{
    size_t all = 0;
    for (size_t i = 0; i < o->indexes; i++) all += x[i].n;
    *out = (struct judged){.v = calloc(all + 1, sizeof *out->v), .source = o->index, .sources = o->indexes};
    for (size_t i = 0; out->v && i < o->indexes; i++)
        for (size_t k = 0; k < x[i].n; k++) {
            const struct index_entry *e = &x[i].entry[k];
            out->v[out->n++] = (struct judged_mail){.path = e->path,
                                                    .line = e->line,
                                                    .source = (uint32_t)i,
                                                    .spam = e->spam,
                                                    .excluded = e->excluded,
                                                    .language = JUDGED_OTHER,
                                                    .kind = JUDGED_PLAIN};
        }
    return out->v != NULL;
}

/* Give the scores of a file what `mails` knows of each mail. */
static int join(struct side *s, const struct judged *mails, const char *whose)
{
    struct judged *d = &s->scores.judged;
    size_t i = 0;
    for (; i < d->n && i < mails->n; i++) {
        struct judged_mail *v = &d->v[i];
        const struct judged_mail *m = &mails->v[i];
        if (v->spam != m->spam || strcmp(v->path, m->path) != 0)
            return cli_fail(CLI_NO_INPUT, "eval",
                            "--compare: %s:%u: the mail is '%s %.200s', but '%s %.200s' in %s; both sides must be of "
                            "the same mails in the same order",
                            s->path, v->line, v->spam ? "spam" : "ham", v->path, m->spam ? "spam" : "ham", m->path,
                            whose);
        double score = v->score;
        *v = *m;
        v->score = score;
    }
    if (d->n != mails->n)
        return cli_fail(CLI_NO_INPUT, "eval", "--compare: %s has %zu mails, but %s has %zu", s->path, d->n, whose,
                        mails->n);
    d->source = mails->source;
    d->sources = mails->sources;
    return CLI_OK;
}

/* Both sides on the same mails: those of a bundle that judged them, of the indexes, or of A's file. */
static int join_both(struct side s[2], const struct eval_options *o, const struct mail_index *x)
{
    struct judged list = {0};
    const struct judged *mails = s[0].bundle ? &s[0].judged : s[1].bundle ? &s[1].judged : NULL;
    const char *whose = o->indexes ? o->index[0] : s[0].path;
    if (!mails && o->indexes) {
        if (!list_mails(o, x, &list)) return cli_fail(CLI_UNAVAILABLE, "eval", "%s", err_str(ERR_MEMORY));
        mails = &list;
    }
    if (!mails) mails = &s[0].scores.judged;
    int status = CLI_OK;
    for (int k = 0; !status && k < 2; k++)
        if (!s[k].bundle && mails != &s[k].scores.judged) status = join(&s[k], mails, whose);
    judged_close(&list);
    return status;
}

static int show(const struct eval_options *o, const struct side s[2])
{
    struct compare c;
    struct compare_about about = {{span_cstr(s[0].path), span_cstr(s[1].path)}, s[0].bundle || s[1].bundle};
    const struct judged *d[2];
    for (int k = 0; k < 2; k++) d[k] = s[k].bundle ? &s[k].judged : &s[k].scores.judged;
    enum err e = compare_open(&c, d[0], d[1], o->spam_at, o->unsure_at);
    if (e) return cli_fail(CLI_UNAVAILABLE, "eval", "%s", err_str(e));
    int status = CLI_OK;
    if (o->html) {
        struct markup m = {0};
        char fault[REPLACE_FAULT_BYTES];
        if ((e = compare_html(&m, &c, &about)))
            status = cli_fail(CLI_UNAVAILABLE, "eval", "%s", err_str(e));
        else if (replace_write(o->html, span_of(m.buf, m.n), fault))
            status = cli_fail(CLI_IO, "eval", "%s", fault);
        markup_close(&m);
    }
    if (!status) (o->json ? compare_json : compare_text)(stdout, &c, &about);
    compare_close(&c);
    return status;
}

int eval_compare(const struct eval_options *o, const struct mail_index *x, eval_judge_fn *by_bundle)
{
    struct side s[2] = {{.path = o->compare[0]}, {.path = o->compare[1]}};
    int status = CLI_OK;
    for (int k = 0; k < 2; k++) s[k].bundle = is_bundle(s[k].path);
    if ((s[0].bundle || s[1].bundle) && !o->indexes)
        return cli_fail(CLI_USAGE, "eval", "--compare: a bundle judges the mails of an --index; there is none");
    for (int k = 1; !status && k >= 0; k--) /* files of scores are read, and found wrong, at once */
        if (!s[k].bundle) status = fill(&s[k], o, x, by_bundle);
    for (int k = 0; !status && k < 2; k++)
        if (s[k].bundle) status = fill(&s[k], o, x, by_bundle);
    if (!status) status = join_both(s, o, x);
    if (!status) status = show(o, s);
    for (int k = 0; k < 2; k++) {
        judged_close(&s[k].judged);
        scores_file_close(&s[k].scores);
    }
    return status;
}

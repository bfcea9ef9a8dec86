/* SPDX-License-Identifier: Apache-2.0 */
/* judge: what each_mail calls, by a bundle or by a filter that learns; see judge.h. */
#include "models/judge.h"

#include "models/describe.h"
#include "models/each.h"
#include "models/online.h"

#include <stdio.h>
#include <stdlib.h>

struct judging {
    struct judged_mail *v; /* of the index at hand */
    const struct model *model;
    struct online *online;
};

/* All but scores. */
static enum err open_judged(const struct judge_mails *mails, struct judged *out, char *fault_out)
{
    size_t n = 0;
    for (size_t s = 0; s < mails->sources; s++) n += mails->index[s].n;
    *out = (struct judged){.v = calloc(n ? n : 1, sizeof *out->v), .source = mails->source, .sources = mails->sources};
    if (!out->v) {
        snprintf(fault_out, JUDGE_FAULT_BYTES, "%s", err_str(ERR_MEMORY));
        return ERR_MEMORY;
    }
    for (size_t s = 0; s < mails->sources; s++)
        for (size_t i = 0; i < mails->index[s].n; i++) {
            const struct index_entry *e = &mails->index[s].entry[i];
            out->v[out->n++] = (struct judged_mail){
                .path = e->path, .line = e->line, .source = (uint32_t)s, .spam = e->spam, .excluded = e->excluded};
        }
    return ERR_OK;
}

static enum err each_source(const struct judge_mails *mails, struct judging *j, struct judged *out, const char *what,
                            bool in_order, each_fn *fn, char *fault_out)
{
    enum err e = open_judged(mails, out, fault_out);
    j->v = out->v;
    for (size_t s = 0; !e && s < mails->sources; s++) {
        e = each_mail(&mails->index[s], mails->context, what, in_order, fn, j, fault_out);
        j->v += mails->index[s].n;
    }
    return e;
}

static void describe(struct judged_mail *v, const struct mail *m)
{
    v->language = (uint8_t)describe_language(m);
    v->kind = (uint8_t)describe_kind(m);
}

static enum err score_one(void *arg, size_t i, const struct mail *m, const struct features *f, char *fault)
{
    (void)fault;
    struct judging *j = arg;
    struct scores s;
    model_score(j->model, f, &s);
    j->v[i].score = s.score;
    describe(&j->v[i], m);
    return ERR_OK;
}

enum err judge_by_model(const struct model *m, const struct judge_mails *mails, struct judged *out, char *fault_out)
{
    struct judging j = {.model = m};
    return each_source(mails, &j, out, "judging", false, score_one, fault_out);
}

static enum err score_and_learn(void *arg, size_t i, const struct mail *m, const struct features *f, char *fault)
{
    struct judging *j = arg;
    struct parts p;
    j->v[i].score = online_score(j->online, f, &p);
    describe(&j->v[i], m);
    enum err e = online_learn(j->online, f, &p, j->v[i].score, j->v[i].spam);
    if (e) snprintf(fault, INDEX_FAULT_BYTES, "%s", err_str(e));
    return e;
}

enum err judge_immediate(const struct judge_mails *mails, struct judged *out, char *fault_out)
{
    struct online online;
    struct judging j = {.online = &online};
    *out = (struct judged){0};
    enum err e = online_open(&online);
    if (e) {
        snprintf(fault_out, JUDGE_FAULT_BYTES, "%s", err_str(e));
        return e;
    }
    e = each_source(mails, &j, out, "judging and learning", true, score_and_learn, fault_out);
    online_close(&online);
    return e;
}

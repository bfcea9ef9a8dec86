/* SPDX-License-Identifier: Apache-2.0 */
/* judge: by an open model; what all ways share; see judge.h. */
#include "models/eval/judge_steps.h"

#include "models/eval/describe.h"
#include "proto/base/hash.h"
#include "proto/base/random.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum err judge_fault(char *fault_out, enum err e, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(fault_out, JUDGE_FAULT_BYTES, format, args);
    va_end(args);
    return e;
}

enum err judged_open(const struct judge_mails *mails, struct judged *out, char *fault_out)
{
    size_t n = 0;
    for (size_t s = 0; s < mails->sources; s++) n += mails->index[s].n;
    *out = (struct judged){.v = calloc(n ? n : 1, sizeof *out->v), .source = mails->source, .sources = mails->sources};
    if (!out->v) return judge_fault(fault_out, ERR_MEMORY, "%s", err_str(ERR_MEMORY));
    for (size_t s = 0; s < mails->sources; s++)
        for (size_t i = 0; i < mails->index[s].n; i++) {
            const struct index_entry *e = &mails->index[s].entry[i];
            out->v[out->n++] = (struct judged_mail){
                .path = e->path, .line = e->line, .source = (uint32_t)s, .spam = e->spam, .excluded = e->excluded};
        }
    return ERR_OK;
}

void judged_describe(struct judged_mail *v, const struct mail *m)
{
    v->language = (uint8_t)describe_language(m);
    v->kind = (uint8_t)describe_kind(m);
}

bool judge_flips(double flip, uint32_t source, const char *path, uint32_t line)
{
    if (flip <= 0) return false;
    uint64_t state = hash64(span_cstr(path), (uint64_t)source << 32 | line);
    return (double)(random_next(&state) >> 11) * 0x1p-53 < flip;
}

struct by_model {
    const struct model *model;
    struct judged_mail *v; /* of the index at hand */
};

static enum err score_one(void *arg, size_t i, const struct mail *m, const struct features *f, char *fault)
{
    (void)fault;
    struct by_model *b = arg;
    struct scores s;
    model_score(b->model, f, &s);
    b->v[i].score = s.score;
    judged_describe(&b->v[i], m);
    return ERR_OK;
}

enum err judge_by_model(const struct model *m, const struct judge_mails *mails, struct judged *out, char *fault_out)
{
    enum err e = judged_open(mails, out, fault_out);
    struct by_model b = {m, out->v};
    for (size_t s = 0; !e && s < mails->sources; s++) {
        e = each_mail(&mails->index[s], mails->context, "judging", false, score_one, &b, fault_out);
        b.v += mails->index[s].n;
    }
    return e;
}

enum err judge(const struct judge_plan *p, const struct model *model, const struct judge_mails *mails,
               struct judged *out, char *fault_out)
{
    *out = (struct judged){0};
    switch (p->way) {
    case JUDGE_IMMEDIATE:
    case JUDGE_DELAYED:
    case JUDGE_FIRST:
    case JUDGE_PARTIAL:
    case JUDGE_ACTIVE: return judge_online(p, mails, out, fault_out);
    case JUDGE_FOLDS:
    case JUDGE_SHARE:
    case JUDGE_UNTIL: return judge_batch(p, mails, out, fault_out);
    default: return judge_by_model(model, mails, out, fault_out);
    }
}

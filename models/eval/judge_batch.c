/* SPDX-License-Identifier: Apache-2.0 */
/* judge_batch: models trained as `furui train` does on some of the mails judge the others.
 *
 * A part of an index is an index: entries are chosen, nothing is copied, and each model is trained and thrown away
 * before the next, so that memory is that of one training. */
#define _GNU_SOURCE
#include "models/eval/judge_steps.h"

#include "models/corpus/arrival.h"
#include "models/corpus/gather.h"
#include "proto/base/random.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { HELD_NEVER = UINT32_MAX };
static const uint64_t FOLD_SEED = 0x666f6c6473;

static const int64_t NO_DATE = INT64_MIN;

struct batch {
    const struct judge_plan *plan;
    const struct judge_mails *mails;
    struct judged *out;
    struct judged *all; /* every mail, for its source, line and label */
    uint32_t *fold;     /* owned; [all->n]: who judges it, while models of all others learn it; HELD_NEVER: nobody */
    uint64_t *body;     /* owned; [all->n]; for folds */
    int64_t *time;      /* owned; [all->n]; for days; or NO_DATE */
    size_t base;        /* of the index at hand, in all */
    char *fault;
};

static enum err note(void *arg, size_t i, const struct mail *m, const struct features *f, char *fault)
{
    (void)f, (void)fault;
    struct batch *b = arg;
    b->body[b->base + i] = corpus_body(m);
    if (!arrival_time(m, &b->time[b->base + i])) b->time[b->base + i] = NO_DATE;
    return ERR_OK;
}

static enum err read_facts(struct batch *b)
{
    enum err e = ERR_OK;
    for (size_t s = 0; !e && s < b->mails->sources; s++) {
        e = each_mail(&b->mails->index[s], b->mails->context, "reading mails", false, note, b, b->fault);
        b->base += b->mails->index[s].n;
    }
    return e;
}

/* --- who judges what ---------------------------------------------------------------------------------------------- */

struct card {
    uint64_t key; /* of the body */
    size_t mail;
};

static int by_key(const void *a, const void *b)
{
    const struct card *x = a, *y = b;
    if (x->key != y->key) return x->key < y->key ? -1 : 1;
    return (x->mail > y->mail) - (x->mail < y->mail);
}

enum err judge_deal(const uint64_t *body, const struct judged_mail *v, size_t n, size_t k, uint32_t *fold_out,
                    size_t *bodies_out)
{
    struct card *card = malloc((n + 1) * sizeof *card);
    if (!card) return ERR_MEMORY;
    for (size_t i = 0; i < n; i++) {
        uint64_t state = body[i] ^ FOLD_SEED;
        card[i] = (struct card){random_next(&state), i};
    }
    qsort(card, n, sizeof *card, by_key);
    *bodies_out = 0;
    for (unsigned spam = 0; spam < 2; spam++)
        for (size_t i = 0, next; i < n; i = next) {
            for (next = i + 1; next < n && card[next].key == card[i].key;) next++;
            if (v[card[i].mail].spam != spam) continue; /* the first of equal ones speaks for all */
            for (size_t j = i; j < next; j++) fold_out[card[j].mail] = (uint32_t)(*bodies_out % k);
            ++*bodies_out;
        }
    free(card);
    return ERR_OK;
}

static enum err deal(struct batch *b)
{
    size_t bodies, k = b->plan->n;
    enum err e = read_facts(b);
    if (e) return e;
    e = judge_deal(b->body, b->all->v, b->all->n, k, b->fold, &bodies);
    if (e) return judge_fault(b->fault, e, "%s", err_str(e));
    if (bodies >= k) return ERR_OK;
    return judge_fault(b->fault, ERR_MODEL, "%zu different mail%s for %zu folds", bodies, bodies == 1 ? "" : "s", k);
}

/* Of each index the first share is learnt. */
static void split_by_share(struct batch *b)
{
    for (size_t s = 0, at = 0; s < b->mails->sources; s++) {
        size_t n = b->mails->index[s].n, learnt = (size_t)(b->plan->share * (double)n);
        for (size_t i = 0; i < n; i++) b->fold[at++] = i < learnt ? HELD_NEVER : 0;
    }
}

/* What came before a moment is learnt. A mail without a date came when the one before it in its index did. */
static enum err split_by_time(struct batch *b)
{
    enum err e = read_facts(b);
    for (size_t s = 0, at = 0; !e && s < b->mails->sources; s++) {
        size_t n = b->mails->index[s].n, dated = 0;
        int64_t now = 0;
        for (size_t i = 0; i < n; i++)
            if (b->time[at + i] != NO_DATE && dated++ == 0) now = b->time[at + i];
        for (size_t i = 0; i < n; i++, at++) {
            if (b->time[at] != NO_DATE) now = b->time[at];
            b->fold[at] = now < b->plan->until ? HELD_NEVER : 0;
        }
        if (!dated) e = judge_fault(b->fault, ERR_MODEL, "%.300s: no mail has a date", b->mails->source[s]);
    }
    return e;
}

/* --- a model for some, a verdict for the others ------------------------------------------------------------------- */

/* A part of the mails: learnt by the model of a fold, or judged by it. */
struct part {
    struct mail_index *index; /* owned, and their entries */
    size_t sources, n;
};

static void close_part(struct part *p)
{
    for (size_t s = 0; p->index && s < p->sources; s++) free(p->index[s].entry);
    free(p->index);
    *p = (struct part){0};
}

static enum err open_part(const struct batch *b, uint32_t fold, bool held, struct part *out)
{
    *out = (struct part){.sources = b->mails->sources};
    out->index = calloc(out->sources, sizeof *out->index);
    if (!out->index) return ERR_MEMORY;
    for (size_t s = 0, at = 0; s < out->sources; s++) {
        const struct mail_index *from = &b->mails->index[s];
        struct mail_index *to = &out->index[s];
        *to = *from;
        to->n = to->spam = to->excluded = 0;
        to->entry = malloc((from->n + 1) * sizeof *to->entry);
        if (!to->entry) return ERR_MEMORY;
        for (size_t i = 0; i < from->n; i++, at++) {
            if ((b->fold[at] == fold) != held) continue;
            struct index_entry *x = &to->entry[to->n++];
            *x = from->entry[i];
            if (!held) x->spam = x->spam != judge_flips(b->plan->flip, (uint32_t)s, x->path, x->line);
            to->spam += x->spam;
            to->excluded += x->excluded;
        }
        out->n += to->n;
    }
    return ERR_OK;
}

static enum err train(const struct batch *b, const struct part *learnt, const char *path)
{
    struct corpus c = {0};
    enum err e = ERR_OK;
    for (size_t s = 0; !e && s < learnt->sources; s++)
        if (learnt->index[s].n) e = corpus_add_index(&c, &learnt->index[s], b->mails->context, b->fault);
    if (!e) {
        e = fit_bundle(&c, &b->plan->fit, path, NULL, b->fault);
        if (e == ERR_IO) e = ERR_CLOSED; /* not an index's fault */
    }
    corpus_close(&c);
    return e;
}

/* Train on what the fold leaves, judge the fold; `path` is where the model may lie meanwhile. */
static enum err judge_fold(const struct batch *b, uint32_t fold, const char *path, struct judged *out)
{
    struct part learnt = {0}, held = {0};
    struct model *m;
    enum err e = open_part(b, fold, false, &learnt);
    if (!e) e = open_part(b, fold, true, &held);
    if (e) judge_fault(b->fault, e, "%s", err_str(e));
    if (!e && !learnt.n) e = judge_fault(b->fault, ERR_MODEL, "no mail to train on");
    if (!e && !held.n) e = judge_fault(b->fault, ERR_MODEL, "no mail is left to judge");
    if (!e) e = train(b, &learnt, path);
    if (!e) e = model_open(path, &m, b->fault);
    if (!e) {
        struct judge_mails mails = {held.index, b->mails->source, b->mails->sources, b->mails->context};
        e = judge_by_model(m, &mails, out, b->fault);
        model_close(m);
    }
    unlink(path);
    close_part(&learnt);
    close_part(&held);
    return e;
}

/* Each mail of all->v is learnt once or more by models that do not judge it. */
static void count_learnt(const struct batch *b)
{
    for (size_t i = 0; i < b->all->n; i++) {
        const struct judged_mail *v = &b->all->v[i];
        if (b->plan->way != JUDGE_FOLDS && b->fold[i] != HELD_NEVER) continue;
        b->out->learnt++;
        b->out->flipped += judge_flips(b->plan->flip, v->source, v->path, v->line);
    }
}

static enum err judge_folds(const struct batch *b, const char *path)
{
    enum err e = ERR_OK;
    char why[JUDGE_FAULT_BYTES];
    for (uint32_t f = 0; !e && f < b->plan->n; f++) {
        struct judged part = {0};
        e = judge_fold(b, f, path, &part);
        if (e) {
            memcpy(why, b->fault, sizeof why);
            judge_fault(b->fault, e, "fold %u of %zu: %.900s", f + 1, b->plan->n, why);
        }
        for (size_t i = 0, at = 0; !e && i < b->all->n; i++)
            if (b->fold[i] == f) b->out->v[i] = part.v[at++];
        judged_close(&part);
    }
    return e;
}

static enum err judge_parts(struct batch *b)
{
    const char *tmp = getenv("TMPDIR");
    char folder[512], path[560];
    snprintf(folder, sizeof folder, "%.480s/furui-eval.XXXXXX", tmp && *tmp ? tmp : "/tmp");
    if (!mkdtemp(folder)) return judge_fault(b->fault, ERR_CLOSED, "%s: %s", folder, strerror(errno));
    snprintf(path, sizeof path, "%s/bundle", folder);
    enum err e = ERR_OK;
    if (b->plan->way == JUDGE_FOLDS) {
        e = judge_folds(b, path);
    } else {
        judged_close(b->out);
        e = judge_fold(b, 0, path, b->out);
    }
    rmdir(folder);
    if (!e) count_learnt(b);
    return e;
}

enum err judge_batch(const struct judge_plan *p, const struct judge_mails *mails, struct judged *out, char *fault_out)
{
    struct judged all = {0};
    struct batch b = {.plan = p, .mails = mails, .out = out, .all = &all, .fault = fault_out};
    enum err e = judged_open(mails, &all, fault_out);
    if (!e) e = judged_open(mails, out, fault_out);
    b.fold = calloc(all.n + 1, sizeof *b.fold);
    b.body = calloc(all.n + 1, sizeof *b.body);
    b.time = calloc(all.n + 1, sizeof *b.time);
    if (!e && !(b.fold && b.body && b.time)) e = judge_fault(fault_out, ERR_MEMORY, "%s", err_str(ERR_MEMORY));
    if (!e && p->way == JUDGE_FOLDS) e = deal(&b);
    if (!e && p->way == JUDGE_UNTIL) e = split_by_time(&b);
    if (!e && p->way == JUDGE_SHARE) split_by_share(&b);
    if (!e) e = judge_parts(&b);
    free(b.fold);
    free(b.body);
    free(b.time);
    judged_close(&all);
    return e;
}

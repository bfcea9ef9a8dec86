/* SPDX-License-Identifier: Apache-2.0 */
/* fit_learn: learners over all folds but one, frozen; see fit_steps.h. */
#include "models/train/fit_steps.h"

#include "worker/score/table.h"

#include <stdlib.h>

enum { TELL_EVERY = 64 };            /* mails between two looks at the progress bar */
static const double LEAST_MAILS = 2; /* a feature of fewer is left out of the frozen table */

/* Between sources a bundle stands on what the linear models of views make of mail like none that they learnt. That
 * changes with the order in which they learn, since the first mails move them most: so they learn in several orders,
 * and the weights are averaged. They also learn faster, and their strongest weights, which are those of what is common,
 * are not cut off. The joint model, which nothing weighs, learns nothing. */
enum { BETWEEN_ORDERS = 3 };
static const double BETWEEN_RATE = 0.04, BETWEEN_REACH = 30;

unsigned fit_passes(const struct fit *t)
{
    return t->plan->epochs * (t->by_source ? BETWEEN_ORDERS : 1);
}

/* Learn mail i; its words are counted the first time. */
static void learn_mail(const struct fit *t, struct learner *l, unsigned epoch, bool count, size_t i)
{
    const bool spam = t->c->mail[i]->spam;
    uint32_t room[DROPOUT_SHAPE_MAX];
    struct features m;
    struct parts p;
    vocabulary_features(&t->words, i, &m);
    if (t->numbers.n && dropout_turn(t->c->mail[i], epoch)) dropout_apply(&t->numbers, &m, room);
    learner_score_linear(l, &m, &p);
    for (unsigned k = 0; k < PART_BAYES; k++) p.v[k] += t->given[t->c->source[i]];
    if (count)
        learner_learn(l, &m, &p, spam, (double)t->age[i]);
    else
        learner_learn_linear(l, &m, &p, spam, (double)t->age[i]);
}

/* All passes over the mails outside fold `f`, in an order that begins with mail `first` of t->order. */
static void learn_mails(struct fit *t, struct learner *l, unsigned f, size_t first, bool count)
{
    const size_t n = t->c->n;
    for (unsigned epoch = 0; epoch < t->plan->epochs; epoch++)
        for (size_t k = 0; k < n; k++) {
            if (k % TELL_EVERY == 0) fit_tell(t, n - k < TELL_EVERY ? n - k : TELL_EVERY);
            const size_t i = t->order[(first + k) % n];
            if (t->fold[i] != f) learn_mail(t, l, epoch, count && epoch == 0, i);
        }
}

/* Learn in each order from the beginning; the views' weights are the mean of those of all orders. ERR_MEMORY. */
static enum err learn_orders(struct fit *t, struct learner *l, unsigned f)
{
    const size_t cells = (size_t)l->mask + 1;
    float *sum = calloc(cells, sizeof *sum);
    if (!sum) return ERR_MEMORY;
    l->rate = (struct learner_rate){.joint = 0, .view = BETWEEN_RATE};
    l->reach = BETWEEN_REACH;
    for (unsigned o = 0; o < BETWEEN_ORDERS; o++) {
        for (size_t i = 0; i < cells; i++)
            l->cell[i].joint = l->cell[i].joint_g = l->cell[i].view = l->cell[i].view_g = 0;
        learn_mails(t, l, f, t->c->n * o / BETWEEN_ORDERS, o == 0);
        for (size_t i = 0; i < cells; i++) sum[i] += l->cell[i].view;
    }
    for (size_t i = 0; i < cells; i++) l->cell[i].view = sum[i] / BETWEEN_ORDERS;
    free(sum);
    return ERR_OK;
}

enum err fit_table(struct fit *t, unsigned f, span *table_out)
{
    struct learner l;
    enum err e = learner_open(&l, t->words.bits);
    if (e) return e;
    if (t->by_source)
        e = learn_orders(t, &l, f);
    else
        learn_mails(t, &l, f, 0, true);
    unsigned views = t->by_source ? 0 : (1u << VIEW_COUNT) - 1;
    if (t->by_source) /* the table's room is for what is weighed */
        for (unsigned i = 0; i < PORTABLE; i++) views |= 1u << portable[i].view;
    if (!e) e = learner_freeze(&l, t->words.word, t->words.n, views, t->plan->table_bits, LEAST_MAILS, table_out);
    learner_close(&l);
    return e;
}

enum err fit_judge(struct fit *t, unsigned f)
{
    span section;
    const char *why;
    struct table table;
    enum err e = fit_table(t, f, &section);
    if (e) return e;
    e = table_load(section, &table, &why);
    for (size_t i = 0; !e && i < t->c->n; i++) {
        if (t->fold[i] != f) continue;
        uint32_t room[DROPOUT_SHAPE_MAX];
        struct parts p;
        struct features m;
        corpus_features(t->c, i, &m);
        if (t->numbers.n && dropout_turn(t->c->mail[i], 0)) dropout_apply(&t->facts, &m, room);
        table_score(&table, &m, &p);
        part_squash_all(&p);
        part_inputs(&p, &m, t->x + i * PART_INPUTS);
    }
    free((void *)section.p);
    return e;
}

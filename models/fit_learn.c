/* SPDX-License-Identifier: Apache-2.0 */
/* fit_learn: learners over all folds but one, frozen; see fit_steps.h. */
#include "models/fit_steps.h"

#include "worker/score/table.h"

#include <stdlib.h>

enum { TELL_EVERY = 64 };            /* mails between two looks at the progress bar */
static const double LEAST_MAILS = 2; /* a feature of fewer is left out of the frozen table */

/* Learn mail i in one of the passes. */
static void learn_mail(const struct fit *t, struct learner *l, unsigned epoch, size_t i)
{
    const bool spam = t->c->mail[i]->spam;
    uint32_t room[DROPOUT_SHAPE_MAX];
    struct features m;
    struct parts p;
    vocabulary_features(&t->words, i, &m);
    if (t->numbers.n && dropout_turn(t->c->mail[i], epoch)) dropout_apply(&t->numbers, &m, room);
    if (epoch > 0) {
        learner_repeat(l, &m, spam, (double)t->age[i]);
        return;
    }
    learner_score_linear(l, &m, &p);
    learner_learn(l, &m, &p, spam, (double)t->age[i]);
}

enum err fit_table(struct fit *t, unsigned f, span *table_out)
{
    struct learner l;
    enum err e = learner_open(&l, t->words.bits);
    if (e) return e;
    const size_t n = t->c->n;
    for (unsigned epoch = 0; epoch < t->plan->epochs; epoch++)
        for (size_t k = 0; k < n; k++) {
            if (k % TELL_EVERY == 0) fit_tell(t, n - k < TELL_EVERY ? n - k : TELL_EVERY);
            if (t->fold[t->order[k]] != f) learn_mail(t, &l, epoch, t->order[k]);
        }
    unsigned views = t->by_source ? 0 : (1u << VIEW_COUNT) - 1;
    if (t->by_source) /* the table's room is for what is weighed */
        for (unsigned i = 0; i < PORTABLE; i++) views |= 1u << portable[i];
    e = learner_freeze(&l, t->words.word, t->words.n, views, t->plan->table_bits, LEAST_MAILS, table_out);
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
        part_inputs(&p, &m, t->x + i * PART_INPUTS);
    }
    free((void *)section.p);
    return e;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* fit_learn: learners over all folds but one, frozen; see fit_steps.h. */
#include "models/fit_steps.h"

#include "models/learner.h"
#include "worker/score/table.h"

#include <stdlib.h>

enum { CELL_BITS = 25 };
static const double LEAST_MAILS = 2; /* a feature of fewer is left out of the frozen table */

enum err fit_table(struct fit *t, unsigned f, span *table_out)
{
    struct learner l;
    enum err e = learner_open(&l, CELL_BITS);
    if (e) return e;
    const struct corpus *c = t->c;
    progress_start(&t->bar, f < t->folds ? "training without a fold" : "training on all", c->n * t->plan->epochs);
    for (unsigned epoch = 0; epoch < t->plan->epochs; epoch++)
        for (size_t k = 0; k < c->n; k++) {
            const struct corpus_mail *m = c->mail[t->order[k]];
            progress_at(&t->bar, epoch * c->n + k);
            if (t->fold[t->order[k]] == f) continue;
            struct parts p;
            learner_score_linear(&l, &m->f, &p);
            if (epoch == 0)
                learner_learn(&l, &m->f, &p, m->spam, 1);
            else
                learner_repeat(&l, &m->f, m->spam, 1);
        }
    progress_end(&t->bar);
    for (size_t k = 0; k < c->n; k++) t->chosen[k] = t->fold[k] == f ? NULL : &c->mail[k]->f;
    unsigned views = t->by_source ? 0 : (1u << VIEW_COUNT) - 1;
    if (t->by_source) /* the table's room is for what is weighed */
        for (unsigned i = 0; i < PORTABLE; i++) views |= 1u << portable[i];
    e = learner_freeze(&l, t->chosen, c->n, views, t->plan->table_bits, LEAST_MAILS, table_out);
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
        struct parts p;
        table_score(&table, &t->c->mail[i]->f, &p);
        part_inputs(&p, &t->c->mail[i]->f, t->x + i * PART_INPUTS);
    }
    free((void *)section.p);
    return e;
}

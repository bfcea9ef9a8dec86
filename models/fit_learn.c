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
            const size_t i = t->order[k];
            const bool spam = c->mail[i]->spam;
            progress_at(&t->bar, epoch * c->n + k);
            if (t->fold[i] == f) continue;
            struct parts p;
            struct features m;
            corpus_features(c, i, &m);
            learner_score_linear(&l, &m, &p);
            if (epoch == 0)
                learner_learn(&l, &m, &p, spam, (double)t->age[i]);
            else
                learner_repeat(&l, &m, spam, (double)t->age[i]);
        }
    progress_end(&t->bar);
    struct features *all = malloc(c->n * sizeof *all);
    const struct features **chosen = malloc(c->n * sizeof *chosen);
    if (!all || !chosen) e = ERR_MEMORY;
    for (size_t k = 0; !e && k < c->n; k++) {
        corpus_features(c, k, &all[k]);
        chosen[k] = t->fold[k] == f ? NULL : &all[k];
    }
    unsigned views = t->by_source ? 0 : (1u << VIEW_COUNT) - 1;
    if (t->by_source) /* the table's room is for what is weighed */
        for (unsigned i = 0; i < PORTABLE; i++) views |= 1u << portable[i];
    if (!e) e = learner_freeze(&l, chosen, c->n, views, t->plan->table_bits, LEAST_MAILS, table_out);
    learner_close(&l);
    free(all);
    free(chosen);
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
        struct features m;
        corpus_features(t->c, i, &m);
        table_score(&table, &m, &p);
        part_inputs(&p, &m, t->x + i * PART_INPUTS);
    }
    free((void *)section.p);
    return e;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* cells: a linear model that is learnt while it serves, one cell a hashed feature.
 *
 * Adaptive regularisation of weights with a diagonal (AROW; Crammer, Kulesza, Dredze, NIPS 2009), on what a bundle
 * leaves unsaid: margins here are added to the bundle's. Eight models share the cells, one of all views together and
 * one of each view, as models/online/arow.h has them for whole corpora; here what they say is summed up in one number a
 * cell, which is what workers read (proto/livetable.h). Features that mail of all kinds is full of are known well, and
 * hardly move (cells_meet). Formulas: docs/feedback.md, "The live model". Nothing but calls decides: the same calls
 * give the same cells, byte by byte. */
#ifndef FURUI_STATE_CELLS_H
#define FURUI_STATE_CELLS_H

#include "proto/base/err.h"
#include "proto/feedback.h"
#include "proto/livetable.h"

enum { CELLS_VIEWS = 7 };

/* Log-odds that a margin of 1 is worth. */
#define CELLS_SCALE 30.0

/* Weights; what their inverse variances have gained over the 1 that they begin with. `view` is weighed as it counts. */
struct cell {
    float joint, joint_sure, view, view_sure;
};

struct cells {
    struct cell *cell; /* owned; 1 << bits of them, touched as they are used */
    uint32_t mask;
};

/* What is known of one mail. */
struct cells_mail {
    const struct feedback_view *view; /* CELLS_VIEWS of them */
    uint32_t tenant;                  /* livetable_tenant; 0: everybody's cells */
};

struct cells_margins {
    double joint, view[CELLS_VIEWS];
};

/* How far each model is moved, and how much surer it gets. */
struct cells_step {
    float joint, joint_sure, view[CELLS_VIEWS], view_sure[CELLS_VIEWS];
};

/* ERR_MEMORY. bits: LIVETABLE_BITS_MIN to LIVETABLE_BITS_MAX. */
enum err cells_open(struct cells *c, unsigned bits);
void cells_close(struct cells *c);

/* Add what the cells say of a mail to *m. */
void cells_score(const struct cells *c, const struct cells_mail *f, struct cells_margins *m);

/* Log-odds of spam that margins come to (livetable_told). */
double cells_log_odds(const struct cells_margins *m);

/* The step that moves each model so that its margin makes up for its loss, as far as it is not sure of its weights:
 * > 0 in `loss` towards spam, < 0 towards ham. */
void cells_plan(const struct cells *c, const struct cells_mail *f, const struct cells_margins *loss,
                struct cells_step *out);

/* Take a step. What it brought is added to *gained, unless that is NULL: margins in place of steps. */
void cells_learn(struct cells *c, const struct cells_mail *f, const struct cells_step *s, struct cells_step *gained);

/* Take back what steps brought this mail: its margins lose what they gained, whatever was learnt in the same cells
 * since. */
void cells_unlearn(struct cells *c, const struct cells_mail *f, const struct cells_step *gained);

/* A mail of the traffic that is taken for ham: its features are surer afterwards. */
void cells_meet(struct cells *c, const struct cells_mail *f);

/* Weights fade to `weight` of what they were, what is sure of them to `sure`. */
void cells_fade(struct cells *c, double weight, double sure);

/* What a cell adds to the log-odds of a mail that has its feature alone in its view: as it is published. */
static inline float cells_weight(const struct cell *c)
{
    static const float JOINT = (float)(CELLS_SCALE * 5.0 / 13.2 * 0.3779644730092272); /* its share, and 1/√7 */
    return JOINT * c->joint + (float)CELLS_SCALE * c->view;
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* arow: linear models that doubt a label when they are sure of the other one, and move what they know little of.
 *
 * Adaptive regularisation of weights with a diagonal (Crammer, Kulesza, Dredze, NIPS 2009): each weight has a variance,
 * which falls as it is used, and a step in proportion to it. The hinge loss turns back where a mail is far on the wrong
 * side (a ramp; Collobert, Sinz, Weston, Bottou, ICML 2006), so that a wrong label teaches little and a very wrong one
 * nothing. docs/scoring.md, "Two experts". */
#ifndef FURUI_ONLINE_AROW_H
#define FURUI_ONLINE_AROW_H

#include "proto/base/err.h"
#include "worker/token/feature.h"

struct arow_cell {
    float joint, joint_sure; /* weight; what its inverse variance has gained over the 1 it begins with */
    float view, view_sure;
};

struct arow {
    struct arow_cell *cell; /* owned; 1 << bits of them */
    uint32_t mask;
    double learnt[2]; /* ham, spam */
};

/* What the models say of a mail: about -1 for ham, 1 for spam. */
struct arow_margins {
    double joint, view[VIEW_COUNT];
};

/* ERR_MEMORY. 1 << bits cells of 16 bytes; pages are touched only when used. */
enum err arow_open(struct arow *a, unsigned bits);
void arow_close(struct arow *a);

void arow_score(const struct arow *a, const struct features *f, struct arow_margins *out);

/* Learn one mail. `before`: what arow_score said of it just now. */
void arow_learn(struct arow *a, const struct features *f, const struct arow_margins *before, bool spam);

/* Learn a mail once more, which counts as no further label. Scores it first. */
void arow_repeat(struct arow *a, const struct features *f, bool spam);

#endif

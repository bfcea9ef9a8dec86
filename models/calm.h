/* SPDX-License-Identifier: Apache-2.0 */
/* calm: the linear models of a learner once more, with steps so small that a wrong label hardly moves them.
 *
 * Quick weights follow what is new and also whoever mislabels; small steps average wrong labels away and are late with
 * what is new. Which of both is right for a stream shows in the stream (models/online.h). A calm weight has no history
 * of its own: it is scaled by the gradients of the learner's weight beside it, half the memory for the same figures.
 * docs/scoring.md, "Two paces". */
#ifndef FURUI_MODELS_CALM_H
#define FURUI_MODELS_CALM_H

#include "models/learner.h"

struct calm_cell {
    float joint, view;
};

struct calm {
    struct calm_cell *cell; /* owned; as many as the learner has */
    size_t bytes;
};

/* ERR_MEMORY. 8 bytes for each cell of `l`; pages are touched only when used. */
enum err calm_open(struct calm *c, const struct learner *l);
void calm_close(struct calm *c);

/* Score one mail: the linear parts; the others of `out` stay as they are. */
void calm_score(const struct calm *c, const struct learner *l, const struct features *f, struct parts *out);

/* Learn one mail, which `l` has learnt just now. `before`: what calm_score said of it. */
void calm_learn(struct calm *c, const struct learner *l, const struct features *f, const struct parts *before,
                bool spam);

#endif

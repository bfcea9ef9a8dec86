/* SPDX-License-Identifier: Apache-2.0 */
/* fusion: weighs the parts while learning mail by mail: an online logistic regression over their squashed log-odds.
 *
 * It starts as their plain mean (Lynam and Cormack, "On-line spam filter fusion", SIGIR 2006: averaging log-odds is the
 * safe fusion) and moves away from it only as far as errors pull. The net of a bundle cannot do this: it is trained on
 * a whole batch. */
#ifndef FURUI_MODELS_FUSION_H
#define FURUI_MODELS_FUSION_H

#include "worker/score/part.h"

struct fusion {
    double w[PART_COUNT], g[PART_COUNT], bias;
};

void fusion_init(struct fusion *u);
double fusion_score(const struct fusion *u, const struct parts *p);
void fusion_learn(struct fusion *u, const struct parts *p, double score, bool spam);

#endif

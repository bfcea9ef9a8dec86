/* SPDX-License-Identifier: Apache-2.0 */
/* weigh: a verdict's score shared out to the features it came from.
 *
 * The score is a smooth function of the parts; its integrated gradients (Sundararajan, Taly, Yan, ICML 2017) along the
 * line from "no opinion" give each part a share, and the shares add up to the score. A part is a sum over features, so
 * its share goes to them by what each brought in (share.h).
 * docs/scoring.md. */
#ifndef FURUI_SCORE_WEIGH_H
#define FURUI_SCORE_WEIGH_H

#include "worker/score/model.h"
#include "worker/score/share.h"

struct weighing {
    struct scores scores;
    struct weighed *v; /* heaviest first, by magnitude */
    size_t n;
    double base; /* the score of a mail with these numbers of shape and no known feature */
    double sum;  /* of all weights; scores.score - base - sum is what the steps of the integral leave over */
    bool cut;    /* the arena had no room for all: `v` and `sum` lack some */
    struct {
        size_t features, known; /* what the mail has in this view; those of it that the model knows */
        double sum;             /* of their weights */
    } view[VIEW_COUNT];
    float number[NUMBER_COUNT];
};

/* Weigh all features of a mail. Reads its features again with names kept: several times the cost of model_score.
 * Everything lives in the arena. Cannot fail. */
void model_weigh(const struct model *m, const struct mail *mail, struct arena *a, struct weighing *out);

/* "head-gram", "text"...: as docs/scoring.md names the views. Static. */
const char *view_word(enum feature_view view);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* part: the opinions that are fused: one number each, in log-odds.
 *
 * One linear model over all views (joint), one for each view, and a Bayes score for each view. The joint one is the
 * best at home; the views' own are what still stands when a mail comes from elsewhere. docs/scoring.md. */
#ifndef FURUI_SCORE_PART_H
#define FURUI_SCORE_PART_H

#include "worker/token/feature.h"

enum part {
    PART_JOINT,
    PART_VIEW,                           /* VIEW_COUNT of them */
    PART_BAYES = PART_VIEW + VIEW_COUNT, /* VIEW_COUNT of them */
    PART_COUNT = PART_BAYES + VIEW_COUNT
};

struct parts {
    double v[PART_COUNT];
};

/* What the fusion is fed: each part squashed, then the numbers of a mail's shape. */
enum { PART_INPUTS = PART_COUNT + NUMBER_COUNT };

/* From PART_KNEE on a part grows by its logarithm only: no single opinion outvotes all others, yet order is kept. */
#define PART_KNEE 6.0
double part_squash(double x);
void part_squash_all(struct parts *p);

/* Bayes, from the sum of votes and the sum of their magnitudes: few votes count for little, many do not add up as if
 * they were independent. */
double part_bayes(double sum, double magnitude);

/* One token's vote: its smoothed log-odds, weighed by confidence (EDDC; Siefkes et al. 2004).
 *
 *   spam, ham    mails of each kind that hold it
 *   spams, hams  mails of each kind in all; both > 0 */
double part_vote(double spam, double ham, double spams, double hams);

/* Both of squashed parts: the fusion's row; the mean of those from `from` to `to`, which is what a verdict reports as
 * one score of many views. */
void part_inputs(const struct parts *p, const struct features *f, float x_out[PART_INPUTS]);
double part_mean(const struct parts *p, unsigned from, unsigned to);

#endif

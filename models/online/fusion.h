/* SPDX-License-Identifier: Apache-2.0 */
/* fusion: one score from what many models say, where there is no batch to train a net on: weighted means; and one from
 * two such scores.
 *
 * Averaging log-odds is the safe fusion (Lynam and Cormack, "On-line spam filter fusion", SIGIR 2006), and here it beat
 * every learnt one that was tried, on both labelled sets: an online logistic regression over the parts follows the few
 * mislabelled mails, since nothing else makes an error any more. docs/scoring.md, "Fusion", has the weights. */
#ifndef FURUI_ONLINE_FUSION_H
#define FURUI_ONLINE_FUSION_H

#include "models/online/arow.h"
#include "worker/score/part.h"

/* Log-odds of spam by a learner's parts. */
double fusion_score(const struct parts *p);

/* The same, with a little of the margins. */
double fusion_quick(const struct parts *p, const struct arow_margins *m);

/* Log-odds of spam by the margins, with a little of the Bayes parts; the linear parts are not looked at. */
double fusion_steady(const struct parts *p, const struct arow_margins *m);

/* Log-odds of spam by two opinions, of which the first is right with probability `share`: the mixture of what each
 * says, at the scale of the mean. Where both are sure of the same it is as sure; where one is not, it is less. */
double fusion_mix(double first, double second, double share);

#endif

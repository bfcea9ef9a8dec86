/* SPDX-License-Identifier: Apache-2.0 */
/* resample: the bootstrap of figures that depend on the order of scores, for one filter or for two at once.
 *
 * Ham and spam are drawn with replacement, each among themselves (as metrics_bootstrap does). Of two filters, both are
 * given the same draws: what a mail's ease or trouble does to both falls out of their difference (Efron and Tibshirani,
 * "An Introduction to the Bootstrap", 1993, chapter 8). docs/measuring.md. */
#ifndef FURUI_FIGURES_RESAMPLE_H
#define FURUI_FIGURES_RESAMPLE_H

#include "models/figures/judged.h"
#include "models/figures/metrics.h"

/* Figures of one draw. */
struct resample_draw {
    double roca_pct;
    double missed[METRICS_POINTS]; /* 1 - caught of struct metrics */
};

/* How many rounds `n` mails are worth: 2000, fewer over large corpora, never under 400. */
size_t resample_rounds(size_t n);

/* Draw `rounds` times from the mails that count (not excluded).
 *
 *   b            judged the same mails in the same order as `a`, or NULL
 *   a_out,b_out  [rounds]; b_out may be NULL with b
 *
 * The same seed gives the same draws. False when there is only one class, and nothing was written. O(rounds * n). */
bool resample(const struct judged *a, const struct judged *b, size_t rounds, uint64_t seed, struct resample_draw *a_out,
              struct resample_draw *b_out);

/* Two-sided: the chance of a difference at least as far from 0, if there were none. 1 when nothing ever differs. */
double resample_p(const double *difference, size_t n);

/* 95% intervals of `missed` in one judged list; NaN with one class. */
void resample_missed(const struct judged *d, struct metrics_interval out[METRICS_POINTS]);

#endif

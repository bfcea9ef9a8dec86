/* SPDX-License-Identifier: Apache-2.0 */
/* curve: what plots of scores show, as numbers: the ROC curve, the reliability of p, how scores are spread.
 *
 * docs/measuring.md says what each is. Nothing here knows of pages or pixels. */
#ifndef FURUI_FIGURES_CURVE_H
#define FURUI_FIGURES_CURVE_H

#include "models/figures/metrics.h"

/* A threshold's two errors, as shares in [0, 1]. */
struct curve_point {
    double ham;  /* ham at or above the threshold: called spam */
    double spam; /* spam below it: missed */
};

/* The ROC curve of s[n], sorted by metrics_compute: one point for each distinct score and one above all, from the
 * highest threshold (0, 1) to the lowest (1, 0). Both classes have mails. out[n + 1]; returns how many points. O(n). */
size_t curve_roc(const struct scored *s, size_t n, struct curve_point *out);

/* Both errors when a score at or above `threshold` is called spam. NaN for a class without mails. */
struct curve_point curve_at(const struct scored *s, size_t n, double threshold);

enum { CURVE_BINS = 15, CURVE_TAILS = 14, CURVE_TAIL_END = 14 };

/* Mails whose p lies in one bin. */
struct curve_bin {
    size_t n, spam;
    double p;                       /* their mean p */
    double share;                   /* of spam among them; NaN when there are none */
    struct metrics_interval within; /* 95% Wilson interval of the share */
};

/* Bins of equal width in p: those of the calibration error. */
void curve_reliability(const struct scored *s, size_t n, struct curve_bin out[CURVE_BINS]);

/* Bins of equal width in log-odds, from -CURVE_TAIL_END to CURVE_TAIL_END, the outermost without an end: most mails lie
 * where p is nearly 0 or 1, and the bins above tell nothing of them. */
void curve_tails(const struct scored *s, size_t n, struct curve_bin out[CURVE_TAILS]);

/* How many of s[n] have a score in each of `bins` bins of equal width from `low` to `high`; what lies outside is
 * counted in the first and the last. out[2][bins]: ham, spam. */
void curve_spread(const struct scored *s, size_t n, double low, double high, size_t bins, size_t *out);

/* 95% interval of a share of which `part` of `all` were seen (Wilson, JASA 22, 1927); NaN when `all` is 0. */
struct metrics_interval curve_wilson(size_t part, size_t all);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* metrics: how good a list of scores is: ROC area, spam caught at a fixed cost in ham, calibration.
 *
 * Definitions are those of the TREC spam track (Cormack and Lynam, "TREC 2005 Spam Track Overview") where it has one;
 * docs/measuring.md has every formula, bench/accuracy/roca an independent second implementation. */
#ifndef FURUI_FIGURES_METRICS_H
#define FURUI_FIGURES_METRICS_H

#include "proto/base/span.h"

struct scored {
    double score; /* log-odds of spam where calibration is asked for; else anything that grows with it; not NaN */
    bool spam;
};

enum { METRICS_POINTS = 3 };
/* Shares of ham that may be called spam: 0.1%, 0.05%, 0.01%. */
extern const double METRICS_FPR[METRICS_POINTS];

struct metrics {
    size_t spam, ham;
    double roca_pct; /* 1-ROCA%: 100 * P(a ham scores above a spam), ties count half; NaN: one class only */
    double lam_pct;  /* logistic average of the two misclassification rates at `threshold`, percent */
    double ham_missed, spam_missed; /* shares misclassified at `threshold`, in [0, 1] */
    double caught[METRICS_POINTS];  /* share of spam above a threshold that lets through floor(FPR * ham) ham at most */
    double ece;                     /* expected calibration error over 15 bins of equal width in p, in [0, 1] */
    double brier;                   /* mean squared error of p */
    double log_loss;                /* mean cross-entropy, nats */
};

/* All figures of s[n], which is sorted in place. `threshold`: a score at or above it is called spam (0 for log-odds).
 * O(n log n). Rates over an empty class are NaN. */
void metrics_compute(struct scored *s, size_t n, double threshold, struct metrics *out);

struct metrics_interval {
    double low, high;
};

/* The 2.5% and 97.5% points of value[n], which is sorted in place. n > 0. */
struct metrics_interval metrics_interval_of(double *value, size_t n);

/* 95% bootstrap interval of 1-ROCA% (percentile method, spam and ham drawn each on its own, `rounds` times, e.g. 1000);
 * NaN when it has no meaning. The same seed gives the same interval. s[n] is sorted in place. O(rounds * n). */
struct metrics_interval metrics_bootstrap(struct scored *s, size_t n, size_t rounds, uint64_t seed);

/* floor(fpr * ham): how many of so many ham that rate is. */
size_t metrics_ham_at(size_t ham, double fpr);

/* Share of spam that scores above all but floor(fpr * ham) of the ham. s[n] sorted by metrics_compute. */
double metrics_caught(const struct scored *s, size_t n, double fpr);

#endif

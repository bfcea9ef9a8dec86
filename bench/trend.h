/* SPDX-License-Identifier: Apache-2.0 */
/* trend: does a series of samples go up or down, or only about?
 *
 * The slope of least squares. Its standard error takes into account that memory and latency stay for a while where
 * they are: neighbouring samples say partly the same, so there are fewer than it seems: n (1-r)/(1+r), with r the
 * correlation of each residual with the next; Student's t for so many says what is noise (Santer et al., J. Geophys.
 * Res. 105, 2000). */
#ifndef FURUI_BENCH_TREND_H
#define FURUI_BENCH_TREND_H

#include <stdbool.h>
#include <stddef.h>

struct trend {
    double slope;   /* of a sample to the next */
    double error;   /* standard error of that; infinite when the samples are too few or too much alike to say */
    double freedom; /* degrees of freedom: samples that count, less 2 */
};

/* y[n]; zeros and an infinite error for n < 3. */
struct trend trend_of(const double *y, size_t n);

/* The slope, in units of the largest that may be chance: 0.3 is noise, 5 is growth, -5 the opposite. */
double trend_growth(const struct trend *t);

/* May the slope be chance? Of series that go nowhere 1 of 20 is told to go somewhere; of such as
 * walk at random, where each sample keeps all that the last one had, 1 of 4. */
bool trend_is_noise(const struct trend *t);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* trend: see trend.h. */
#include "bench/trend.h"

#include <math.h>

struct trend trend_of(const double *y, size_t n)
{
    struct trend t = {0, INFINITY};
    if (n < 3) return t;
    double mean_x = (double)(n - 1) / 2, sum = 0, sxx = 0, sxy = 0;
    for (size_t i = 0; i < n; i++) sum += y[i] - y[0]; /* of what never moves, exactly 0 */
    double mean_y = y[0] + sum / (double)n;
    for (size_t i = 0; i < n; i++) {
        double x = (double)i - mean_x;
        sxx += x * x;
        sxy += x * (y[i] - mean_y);
    }
    t.slope = sxy / sxx;
    double squares = 0, products = 0, last = 0;
    for (size_t i = 0; i < n; i++) {
        double residual = y[i] - mean_y - t.slope * ((double)i - mean_x);
        squares += residual * residual;
        products += residual * last;
        last = residual;
    }
    double r = squares > 0 ? products / squares : 0;
    if (r < 0) r = 0;
    double effective = (double)n * (1 - r) / (1 + r);
    t.error = squares <= 0 ? 0 : effective > 2 ? sqrt(squares / (effective - 2) / sxx) : INFINITY;
    return t;
}

bool trend_is_noise(const struct trend *t)
{
    return fabs(t->slope) <= 2 * t->error;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* trend: see trend.h. */
#include "bench/trend.h"

#include <math.h>

struct trend trend_of(const double *y, size_t n)
{
    struct trend t = {0, INFINITY, 0};
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
    t.freedom = (double)n * (1 - r) / (1 + r) - 2;
    if (squares <= 0)
        t.error = 0;
    else if (t.freedom > 0)
        t.error = sqrt(squares / t.freedom / sxx);
    return t;
}

/* The 97.5 % point of Student's t, by its expansion (Abramowitz and Stegun 26.7.5): within 3 % from 2 degrees on. */
static double t_975(double freedom)
{
    double z = 1.959964, z3 = z * z * z, z5 = z3 * z * z, z7 = z5 * z * z, f = freedom;
    if (f < 2) return INFINITY;
    return z + (z3 + z) / (4 * f) + (5 * z5 + 16 * z3 + 3 * z) / (96 * f * f) +
           (3 * z7 + 19 * z5 + 17 * z3 - 15 * z) / (384 * f * f * f);
}

double trend_growth(const struct trend *t)
{
    return t->slope == 0 ? 0 : t->slope / (t_975(t->freedom) * t->error);
}

bool trend_is_noise(const struct trend *t)
{
    return fabs(trend_growth(t)) <= 1;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* fixmath: exp and log from additions, multiplications and divisions only.
 *
 * e^x = 2^k e^r with |r| <= ln2 / 2, e^r by its Taylor series to r^13 (the rest is below 4e-18); ln x = k ln2 + 2
 * atanh(s), s = (m - 1) / (m + 1) with m in [sqrt 1/2, sqrt 2), to s^21. Muller, "Elementary Functions". */
#include "proto/base/fixmath.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

/* ln2 in two parts: the first has 21 zero bits at its end, so that k times it is exact. */
static const double LN2_HIGH = 0x1.62e42fee00000p-1, LN2_LOW = 0x1.a39ef35793c76p-33;
static const double LN2_INVERSE = 0x1.71547652b82fep+0;

/* 2^k, k in [-1022, 1023]. */
static double power_of_two(int k)
{
    uint64_t bits = (uint64_t)(k + 1023) << 52;
    double v;
    memcpy(&v, &bits, sizeof v);
    return v;
}

double fix_exp(double x)
{
    if (x != x) return x;
    if (x < -708.0) return 0.0;
    if (x > 709.0) x = 709.0;
    int k = (int)(x * LN2_INVERSE + (x < 0 ? -0.5 : 0.5));
    double r = (x - k * LN2_HIGH) - k * LN2_LOW;
    /* 1/13! down to 1/0!: Horner's order is fixed by C. */
    static const double INVERSE_FACTORIAL[] = {
        1.0 / 6227020800.0,
        1.0 / 479001600.0,
        1.0 / 39916800.0,
        1.0 / 3628800.0,
        1.0 / 362880.0,
        1.0 / 40320.0,
        1.0 / 5040.0,
        1.0 / 720.0,
        1.0 / 120.0,
        1.0 / 24.0,
        1.0 / 6.0,
        0.5,
        1.0,
        1.0,
    };
    double sum = INVERSE_FACTORIAL[0];
    for (int i = 1; i < 14; i++) sum = sum * r + INVERSE_FACTORIAL[i];
    return sum * power_of_two(k); /* k is -1021 to 1023 */
}

double fix_log(double x)
{
    if (x != x) return x;
    if (x <= 0.0) return -745.2;
    uint64_t bits;
    int k = 0;
    if (x < 0x1p-1022) x *= 0x1p54, k = -54;
    memcpy(&bits, &x, sizeof bits);
    k += (int)(bits >> 52) - 1023;
    bits = (bits & 0xFFFFFFFFFFFFFu) | (uint64_t)1023 << 52;
    double m;
    memcpy(&m, &bits, sizeof m);
    if (m > 1.4142135623730951) m *= 0.5, k++;
    double s = (m - 1.0) / (m + 1.0), square = s * s, sum = 0.0;
    for (int i = 21; i >= 3; i -= 2) sum = (sum + 1.0 / i) * square;
    return k * LN2_HIGH + (2.0 * s + (2.0 * s * sum + k * LN2_LOW));
}

double fix_sigmoid(double x)
{
    if (x >= 0) return 1.0 / (1.0 + fix_exp(-x));
    double e = fix_exp(x);
    return e / (1.0 + e);
}

double fix_logit(double p)
{
    if (p < 1e-300) p = 1e-300;
    if (p > 1.0 - 0x1p-53) p = 1.0 - 0x1p-53;
    return fix_log(p / (1.0 - p));
}

double fix_softplus(double x)
{
    return x > 0 ? x + fix_log(1 + fix_exp(-x)) : fix_log(1 + fix_exp(x));
}

double fix_tanh(double x)
{
    /* Near zero 1 - e^-2x loses digits; the series of tanh does not. */
    double a = fabs(x);
    if (a < 0.02) {
        double s = x * x;
        return x * (1.0 + s * (-1.0 / 3.0 + s * (2.0 / 15.0 + s * (-17.0 / 315.0 + s * (62.0 / 2835.0)))));
    }
    double e = fix_exp(-2.0 * a), t = (1.0 - e) / (1.0 + e);
    return x < 0 ? -t : t;
}

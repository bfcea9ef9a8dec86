/* SPDX-License-Identifier: Apache-2.0 */
/* fixmath: exp, log and what scores need of them, with the same bits on every machine.
 *
 * The C library picks a variant of exp and log by the CPU (with or without fused multiply-add) and changes them between
 * releases; a verdict must depend on neither. Plain double operations in a fixed order, which IEEE 754 defines to the
 * bit; relative error below 1e-13, more than any score needs. Method: argument reduction and Taylor/atanh series
 * (Muller, "Elementary Functions", chapters 3 and 11). */
#ifndef FURUI_BASE_FIXMATH_H
#define FURUI_BASE_FIXMATH_H

/* e^x; 0 below -708, e^709 above 709 (never infinite), NaN for NaN. */
double fix_exp(double x);

/* Natural logarithm; x is positive and finite: -745.2 for 0 and below, so that a sum of logs stays a number. */
double fix_log(double x);

/* 1 / (1 + e^-x), accurate at both ends. */
double fix_sigmoid(double x);

/* log(p / (1 - p)); p is clipped to [1e-300, 1 - 2^-53]. */
double fix_logit(double p);

/* log(1 + e^x), accurate at both ends: what a prediction of x log-odds for the wrong class costs. */
double fix_softplus(double x);

/* tanh(x). */
double fix_tanh(double x);

#endif

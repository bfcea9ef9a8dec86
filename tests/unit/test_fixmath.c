/* SPDX-License-Identifier: Apache-2.0 */
/* test_fixmath: our exp and log agree with the C library's to 1e-13, over the whole range and at its ends. */
#include "proto/base/fixmath.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static uint64_t state64 = 1;

static double uniform(double low, double high)
{
    state64 = state64 * 6364136223846793005u + 1442695040888963407u;
    return low + (high - low) * (double)(state64 >> 11) * 0x1p-53;
}

static void near(const char *what, double x, double got, double want)
{
    if (fabs(got - want) > 1e-13 * fabs(want)) fail_msg("%s(%.17g) = %.17g, not %.17g", what, x, got, want);
}

static void agrees_with_libm(void **state)
{
    (void)state;
    for (int i = 0; i < 200000; i++) {
        double x = uniform(-700, 700), y = uniform(-3, 3), p = exp(uniform(-690, 0));
        near("exp", x, fix_exp(x), exp(x));
        near("exp", y, fix_exp(y), exp(y));
        near("tanh", y, fix_tanh(y), tanh(y));
        near("tanh", y / 100, fix_tanh(y / 100), tanh(y / 100));
        near("sigmoid", y * 10, fix_sigmoid(y * 10), 1 / (1 + exp(-y * 10)));
        near("log", fabs(y), fix_log(fabs(y)), log(fabs(y)));
        near("log", exp(x), fix_log(exp(x)), log(exp(x)));
        if (p < 0.4) near("logit", p, fix_logit(p), log(p / (1 - p)));
    }
}

static void ends_are_finite(void **state)
{
    (void)state;
    assert_true(fix_exp(0) == 1.0 && fix_log(1) == 0.0 && fix_tanh(0) == 0.0 && fix_sigmoid(0) == 0.5);
    assert_true(fix_exp(-1000) == 0.0 && fix_exp(-INFINITY) == 0.0);
    assert_true(isfinite(fix_exp(1000)) && isfinite(fix_exp(INFINITY)) && isnan(fix_exp(NAN)));
    near("exp", 709, fix_exp(709), exp(709));
    near("exp", -708, fix_exp(-708), exp(-708));
    assert_true(fix_log(0) == -745.2 && fix_log(-1) == -745.2 && isnan(fix_log(NAN)));
    near("log", 5e-324, fix_log(5e-324), log(5e-324));
    near("log", 1.79e308, fix_log(1.79e308), log(1.79e308));
    assert_true(fix_tanh(1000) == 1.0 && fix_tanh(-INFINITY) == -1.0);
    assert_true(fix_sigmoid(INFINITY) == 1.0 && fix_sigmoid(-INFINITY) == 0.0);
    assert_true(isfinite(fix_logit(0)) && isfinite(fix_logit(1)) && fix_logit(0.5) == 0.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(agrees_with_libm), cmocka_unit_test(ends_are_finite)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

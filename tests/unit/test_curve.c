/* SPDX-License-Identifier: Apache-2.0 */
/* test_curve: points of the ROC curve, bins and intervals equal plain counts over all mails. */
#include "models/figures/curve.h"

#include "proto/base/fixmath.h"
#include "proto/base/random.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static uint64_t rng = 3;

static uint32_t below(uint32_t n)
{
    return (uint32_t)((random_next(&rng) >> 32) * n >> 32);
}

static void near(const char *what, double got, double want, double within)
{
    if (isnan(want) != isnan(got) || fabs(got - want) > within) fail_msg("%s is %.12g, not %.12g", what, got, want);
}

enum { MAILS = 200 };

static size_t make(struct scored *s, struct metrics *m)
{
    size_t n = 2 + below(MAILS - 2);
    uint32_t levels = 1 + below(40);
    for (size_t i = 0; i < n; i++) {
        s[i].spam = i < 2 ? i : below(2); /* both classes */
        s[i].score = (double)below(levels) / 4 - (s[i].spam ? 3 : 6);
    }
    metrics_compute(s, n, 0, m);
    return n;
}

static struct curve_point plain_point(const struct scored *s, size_t n, double threshold)
{
    double ham = 0, spam = 0, called = 0, missed = 0;
    for (size_t i = 0; i < n; i++) {
        s[i].spam ? spam++ : ham++;
        if (!s[i].spam && s[i].score >= threshold) called++;
        if (s[i].spam && s[i].score < threshold) missed++;
    }
    return (struct curve_point){called / ham, missed / spam};
}

static void a_point_for_each_threshold(void **state)
{
    (void)state;
    for (int round = 0; round < 200; round++) {
        struct scored s[MAILS];
        struct curve_point c[MAILS + 1];
        struct metrics m;
        size_t n = make(s, &m), points = curve_roc(s, n, c), k = 1;
        assert_true(c[0].ham == 0 && c[0].spam == 1 && c[points - 1].ham == 1 && c[points - 1].spam == 0);
        for (size_t i = n; i-- > 0;) {
            if (i && s[i - 1].score == s[i].score) continue;
            struct curve_point want = plain_point(s, n, s[i].score), at = curve_at(s, n, s[i].score);
            near("ham called spam", c[k].ham, want.ham, 1e-12);
            near("spam missed", c[k].spam, want.spam, 1e-12);
            near("at the threshold", at.ham, want.ham, 1e-12);
            near("at the threshold", at.spam, want.spam, 1e-12);
            k++;
        }
        assert_int_equal(k, points);
        /* The area under "spam missed over ham called spam", by trapezoids, is 1-ROCA. */
        double area = 0;
        for (size_t i = 1; i < points; i++) area += (c[i].ham - c[i - 1].ham) * (c[i].spam + c[i - 1].spam) / 2;
        near("1-ROCA%", 100 * area, m.roca_pct, 1e-9);
    }
}

static void bins_hold_every_mail_and_add_up_to_the_calibration_error(void **state)
{
    (void)state;
    for (int round = 0; round < 200; round++) {
        struct scored s[MAILS];
        struct curve_bin bin[CURVE_BINS];
        struct metrics m;
        size_t n = make(s, &m), all = 0;
        double error = 0;
        curve_reliability(s, n, bin);
        for (int b = 0; b < CURVE_BINS; b++) {
            all += bin[b].n;
            if (!bin[b].n) {
                assert_true(isnan(bin[b].p) && isnan(bin[b].share));
                continue;
            }
            assert_true(bin[b].p >= (double)b / CURVE_BINS - 1e-12 && bin[b].p <= (b + 1.0) / CURVE_BINS + 1e-12);
            assert_true(bin[b].within.low <= bin[b].share && bin[b].share <= bin[b].within.high);
            error += (double)bin[b].n * fabs(bin[b].p - bin[b].share);
        }
        assert_int_equal(all, n);
        near("calibration error", error / (double)n, m.ece, 1e-9);
    }
    struct scored ends[] = {{-800, false}, {800, true}};
    struct curve_bin bin[CURVE_BINS];
    curve_reliability(ends, 2, bin);
    assert_true(bin[0].n == 1 && bin[CURVE_BINS - 1].n == 1);
}

static void tails_are_told_apart(void **state)
{
    (void)state;
    struct scored s[] = {{-800, false}, {-14.5, false}, {-12.1, true}, {-12, false}, {-0.1, false},
                         {0, true},     {13.9, true},   {14, true},    {800, false}};
    struct curve_bin bin[CURVE_TAILS];
    curve_tails(s, 9, bin);
    const size_t n[CURVE_TAILS] = {3, 1, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 3};
    for (int b = 0; b < CURVE_TAILS; b++) assert_int_equal(bin[b].n, n[b]);
    assert_int_equal(bin[0].spam, 1);
    near("mean p", bin[0].p, (fix_sigmoid(-14.5) + fix_sigmoid(-12.1)) / 3, 1e-15);
    near("share", bin[CURVE_TAILS - 1].share, 2.0 / 3, 1e-12);
}

static void scores_outside_are_counted_at_the_ends(void **state)
{
    (void)state;
    struct scored s[] = {{-INFINITY, true}, {-1, false}, {-0.5, false}, {0, true},
                         {0.99, true},      {1, true},   {1e300, false}};
    size_t count[2][4];
    curve_spread(s, 7, -1, 1, 4, count[0]);
    const size_t want[2][4] = {{1, 1, 0, 1}, {1, 0, 1, 2}};
    for (int label = 0; label < 2; label++)
        for (int b = 0; b < 4; b++) assert_int_equal(count[label][b], want[label][b]);
}

static void intervals_of_shares(void **state)
{
    (void)state;
    static const struct {
        size_t part, all;
        double low, high;
    } KNOWN[] = {{0, 10, 0, 0.2775327998628892},
                 {10, 10, 0.7224672001371107, 1},
                 {15, 148, 0.0623863995307363, 0.16048724172330803}};
    for (size_t i = 0; i < sizeof KNOWN / sizeof *KNOWN; i++) {
        struct metrics_interval w = curve_wilson(KNOWN[i].part, KNOWN[i].all);
        near("low", w.low, KNOWN[i].low, 1e-12);
        near("high", w.high, KNOWN[i].high, 1e-12);
    }
    assert_true(isnan(curve_wilson(0, 0).low));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_point_for_each_threshold),
        cmocka_unit_test(bins_hold_every_mail_and_add_up_to_the_calibration_error),
        cmocka_unit_test(tails_are_told_apart),
        cmocka_unit_test(scores_outside_are_counted_at_the_ends),
        cmocka_unit_test(intervals_of_shares),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

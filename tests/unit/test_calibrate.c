/* SPDX-License-Identifier: Apache-2.0 */
/* test_calibrate: calibration beside its formula (docs/scoring.md) in its plainest form; that it always rises, and that
 * damaged lines are refused. */
#include "models/train/calibrate.h"
#include "tests/unit/toy_mails.h"
#include "worker/score/calib.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void calibration_rises_and_holds(void **state)
{
    (void)state;
    enum { ROWS = 5000 };
    static struct calibrate_row rows[ROWS];
    span section;
    struct calib c;
    const char *why;
    for (size_t i = 0; i < ROWS; i++) {
        /* True log-odds are half the score. */
        double score = (double)(random32() % 20001) / 1000 - 10;
        rows[i] = (struct calibrate_row){score, 1, random32() % 100000 < 100000 / (1 + exp(-score / 2))};
    }
    assert_int_equal(calibrate_fit(rows, ROWS, &section), ERR_OK);
    assert_int_equal(calib_load(section, &c, &why), ERR_OK);
    double last = -INFINITY;
    for (double x = -30; x < 30; x += 0.1) {
        assert_true(calib_at(&c, x) > last);
        last = calib_at(&c, x);
        if (fabs(x) < 5) assert_true(fabs(last - x / 2) < 0.8);
    }
    for (size_t n = 0; n < section.n; n++) assert_int_equal(calib_load(span_of(section.p, n), &c, &why), ERR_MODEL);
    free((void *)section.p);
    for (size_t i = 0; i < ROWS; i++) rows[i].spam = true;
    assert_int_equal(calibrate_fit(rows, ROWS, &section), ERR_MODEL);
}

/* docs/scoring.md, "Calibration", with pools in a list. */
struct pool {
    double weight, spam, score;
};

static int by_plain_score(const void *a, const void *b)
{
    const struct calibrate_row *x = a, *y = b;
    return (x->score > y->score) - (x->score < y->score);
}

static size_t plain_calibration(const struct calibrate_row *rows, size_t n, double *x, double *y)
{
    struct pool pool[41] = {{0}};
    double all = 0, seen = 0;
    size_t pools = 0, points = 0;
    for (size_t i = 0; i < n; i++) all += rows[i].weight;
    for (size_t i = 0; i < n; i++) {
        struct pool *p = &pool[pools];
        p->weight += rows[i].weight;
        p->spam += rows[i].spam * rows[i].weight;
        p->score += rows[i].score * rows[i].weight;
        seen += rows[i].weight;
        bool level = i + 1 < n && rows[i + 1].score == rows[i].score;
        if (i + 1 < n && (level || seen < all * (double)(pools + 1) / 40 || pools == 39)) continue;
        for (pools++; pools > 1; pools--) {
            struct pool *last = &pool[pools - 1], *before = last - 1;
            if (last->spam / last->weight > before->spam / before->weight) break;
            *before =
                (struct pool){before->weight + last->weight, before->spam + last->spam, before->score + last->score};
            *last = (struct pool){0};
        }
    }
    for (size_t i = 0; i < pools; i++) {
        double half = all / (double)n / 2, at = pool[i].score / pool[i].weight;
        double odds = log((pool[i].spam + half) / (pool[i].weight - pool[i].spam + half));
        if (points && (at <= x[points - 1] || odds <= y[points - 1])) continue;
        x[points] = at;
        y[points++] = odds;
    }
    return points;
}

static void calibration_equals_the_plain_reference(void **state)
{
    (void)state;
    enum { FITS = 60, ROWS = 700 };
    static struct calibrate_row rows[ROWS];
    for (unsigned fit = 0; fit < FITS; fit++) {
        for (size_t i = 0; i < ROWS; i++) {
            double score = (double)(random32() % (fit % 2 ? 200 : 20001)) / (fit % 2 ? 10 : 1000) - 10;
            bool spam = random32() % 100000 < 100000 / (1 + exp(-score));
            rows[i] = (struct calibrate_row){score, fit % 3 ? 1 : 0.5 + random32() % 8, spam};
        }
        span section;
        struct calib c;
        const char *why;
        double x[40], y[40];
        assert_int_equal(calibrate_fit(rows, ROWS, &section), ERR_OK);
        assert_int_equal(calib_load(section, &c, &why), ERR_OK);
        qsort(rows, ROWS, sizeof *rows, by_plain_score);
        size_t points = plain_calibration(rows, ROWS, x, y);
        assert_int_equal(points, c.knots);
        for (size_t i = 0; i < points; i++)
            if (fabs(x[i] - c.x[i]) > 1e-9 || fabs(y[i] - c.y[i]) > 1e-9)
                fail_msg("fit %u, point %zu: (%g, %g), not (%g, %g)", fit, i, c.x[i], c.y[i], x[i], y[i]);
        free((void *)section.p);
    }
}

/* Whatever it is fitted to: scores of any size, ties, one score for all, labels against the order, odd weights. */
static void calibration_always_rises(void **state)
{
    (void)state;
    enum { FITS = 400, MOST = 300, PROBES = 400 };
    static struct calibrate_row rows[MOST];
    for (unsigned fit = 0; fit < FITS; fit++) {
        size_t n = 2 + random32() % (MOST - 1);
        double size = pow(10, (int)(random32() % 8) - 3), lean = (int)(random32() % 3) - 1;
        for (size_t i = 0; i < n; i++) {
            double score = ((double)random32() * 0x1p-31 - 1) * size;
            if (fit % 3 == 0) score = floor(score / size * 3) * size;
            if (fit % 10 == 0) score = size;
            bool spam = (double)random32() * 0x1p-32 < 1 / (1 + exp(-lean * score / size * 3));
            rows[i] = (struct calibrate_row){score, fit % 4 ? 1 : pow(10, (int)(random32() % 7) - 3), i < 2 ? i : spam};
        }
        span section;
        struct calib c;
        const char *why;
        assert_int_equal(calibrate_fit(rows, n, &section), ERR_OK);
        if (calib_load(section, &c, &why) != ERR_OK) fail_msg("fit %u: %s", fit, why);
        double last = -INFINITY;
        for (int k = -PROBES; k <= PROBES; k++) {
            double got = calib_at(&c, k * size * 2 / PROBES);
            if (!(got > last)) fail_msg("fit %u: falls at %g", fit, k * size * 2 / PROBES);
            last = got;
        }
        free((void *)section.p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calibration_rises_and_holds),
        cmocka_unit_test(calibration_equals_the_plain_reference),
        cmocka_unit_test(calibration_always_rises),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* test_figures: a slice's figures are those of its mails alone, counted here one by one. */
#include "models/figures/figures.h"
#include "proto/base/random.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

enum { MAILS = 400, SOURCES = 3 };
static const char *const SOURCE[SOURCES] = {"a", "b", "c"};

static uint64_t dice = 3;

static size_t below(size_t n)
{
    return (size_t)(random_next(&dice) >> 33) % n;
}

static size_t slice_of(const struct judged_mail *v, enum figures_by by)
{
    const size_t of[FIGURES_BYS] = {0, v->source, v->language, v->kind};
    return of[by];
}

/* 1-ROCA%, share of spam missed with no ham called spam, expected error: from their definitions. */
static void plain(const struct judged *d, enum figures_by by, size_t slice, double *roca, double *missed, double *ece)
{
    double pairs = 0, wrong = 0, top = -INFINITY, spam = 0, below_top = 0, n = 0, sum = 0;
    for (size_t i = 0; i < d->n; i++) {
        const struct judged_mail *a = &d->v[i];
        if (a->excluded || slice_of(a, by) != slice) continue;
        n++;
        if (!a->spam && a->score > top) top = a->score;
        for (size_t k = 0; k < d->n; k++) {
            const struct judged_mail *b = &d->v[k];
            if (b->excluded || slice_of(b, by) != slice || a->spam || !b->spam) continue;
            pairs++;
            wrong += a->score > b->score ? 1 : a->score == b->score ? 0.5 : 0;
        }
    }
    for (int bin = 0; bin < 15; bin++) {
        double p = 0;
        for (size_t i = 0; i < d->n; i++) {
            const struct judged_mail *a = &d->v[i];
            double q = 1 / (1 + exp(-a->score));
            if (!a->excluded && slice_of(a, by) == slice && q >= bin / 15.0 && q < (bin + 1) / 15.0) p += q - a->spam;
        }
        sum += fabs(p);
    }
    for (size_t i = 0; i < d->n; i++) {
        const struct judged_mail *a = &d->v[i];
        if (a->excluded || slice_of(a, by) != slice || !a->spam) continue;
        spam++;
        below_top += a->score <= top;
    }
    *roca = pairs > 0 ? 100 * wrong / pairs : NAN;
    *missed = pairs > 0 ? below_top / spam : NAN;
    *ece = n > 0 ? sum / n : NAN;
}

static void near(const char *what, double got, double want)
{
    if (!(fabs(got - want) < 1e-9) && !(isnan(got) && isnan(want))) fail_msg("%s: %.12g, not %.12g", what, got, want);
}

static void slices_are_counted_alone(void **state)
{
    (void)state;
    struct judged_mail v[MAILS];
    struct judged d = {.v = v, .n = MAILS, .source = SOURCE, .sources = SOURCES};
    for (size_t i = 0; i < MAILS; i++) {
        bool spam = below(3) == 0;
        v[i] = (struct judged_mail){.source = (uint32_t)below(2), /* the third has none */
                                    .score = ((double)below(60) - 40) / 8 + (spam ? 3 : 0),
                                    .spam = spam,
                                    .excluded = below(10) == 0,
                                    .language = (uint8_t)below(3),
                                    .kind = (uint8_t)below(2)};
        if (v[i].language == JUDGED_LATIN) v[i].spam = true; /* one label */
    }
    for (enum figures_by by = FIGURES_ALL; by < FIGURES_BYS; by++)
        for (size_t s = 0; s < figures_slices(&d, by); s++) {
            struct figures f;
            size_t n[2] = {0, 0}, called[2][CALLS] = {{0}};
            double roca, missed, ece;
            assert_int_equal(figures_of(&d, by, s, 0.9, 0.5, &f), ERR_OK);
            for (size_t i = 0; i < MAILS; i++) {
                if (v[i].excluded || slice_of(&v[i], by) != s) continue;
                n[v[i].spam]++;
                double p = 1 / (1 + exp(-v[i].score));
                called[v[i].spam][p >= 0.9 ? CALLED_SPAM : p >= 0.5 ? CALLED_UNSURE : CALLED_HAM]++;
            }
            assert_int_equal(f.m.ham, n[0]);
            assert_int_equal(f.m.spam, n[1]);
            assert_memory_equal(f.called, called, sizeof called);
            plain(&d, by, s, &roca, &missed, &ece);
            near("1-ROCA%", f.m.roca_pct, roca);
            near("missed", 1 - f.m.caught[2], missed);
            near("calibration", f.m.ece, ece);
            assert_true(isnan(roca) ? isnan(f.roca.low) : f.roca.low <= roca && roca <= f.roca.high);
            assert_non_null(figures_name(&d, by, s));
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(slices_are_counted_alone)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

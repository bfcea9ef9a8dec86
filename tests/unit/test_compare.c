/* SPDX-License-Identifier: Apache-2.0 */
/* test_compare: McNemar's p equals a count of all outcomes, each bootstrap round a resampled list that metrics.h
 * judges, Holm's rule and the sentence what the hand worked out. */
#include "models/figures/compare.h"

#include "models/figures/resample.h"
#include "proto/base/random.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static uint64_t rng = 1;

static uint32_t below(uint32_t n)
{
    return (uint32_t)((random_next(&rng) >> 32) * n >> 32);
}

static void near(const char *what, double got, double want, double within)
{
    if (isnan(want) != isnan(got) || fabs(got - want) > within) fail_msg("%s is %.12g, not %.12g", what, got, want);
}

/* Of all 2^n ways in which n mails can fall to A or to B: the share at least as uneven. */
static double counted(unsigned a, unsigned b)
{
    unsigned n = a + b, uneven = 0;
    for (unsigned way = 0; way < 1u << n; way++) {
        int gap = 2 * __builtin_popcount(way) - (int)n;
        uneven += abs(gap) >= abs((int)a - (int)b);
    }
    return (double)uneven / (double)(1u << n);
}

static void mcnemar_equals_a_count_of_all_outcomes(void **state)
{
    (void)state;
    struct mcnemar t;
    for (unsigned n = 0; n <= 14; n++)
        for (unsigned a = 0; a <= n; a++) {
            mcnemar_test(a, n - a, &t);
            near("exact p", t.p, counted(a, n - a), 1e-12);
        }
    static const struct {
        size_t a, b;
        double chi2, p;
    } KNOWN[] = {{10, 25, 5.6, 0.017960477526078766},
                 {79, 54, 4.330827067669173, 0.037428055124063025},
                 {0, 5, 3.2, 0.07363827012030266},
                 {3, 3, 0, 1}};
    for (size_t i = 0; i < sizeof KNOWN / sizeof *KNOWN; i++) {
        mcnemar_test(KNOWN[i].a, KNOWN[i].b, &t);
        near("chi2", t.chi2, KNOWN[i].chi2, 1e-9);
        near("p of chi2", t.chi2_p, KNOWN[i].p, 1e-9);
    }
    mcnemar_test(0, 0, &t);
    assert_true(t.p == 1 && isnan(t.chi2));
    mcnemar_test(50000, 50000, &t); /* no overflow, no more than certainty */
    near("exact p", t.p, 1, 1e-9);
    mcnemar_test(49000, 51000, &t);
    near("exact p of many", t.p, t.chi2_p, 1e-12);
    assert_true(t.p > 0 && t.p < 1e-9);
}

enum { MAILS = 60 };
static const char *const SOURCE[] = {"index"};

struct pair {
    struct judged_mail a[MAILS], b[MAILS];
    struct judged ja, jb;
};

static void make(struct pair *p, size_t n, uint32_t levels)
{
    for (size_t i = 0; i < n; i++) {
        bool spam = below(3) > 0;
        p->a[i] = (struct judged_mail){
            .path = "m", .spam = spam, .excluded = below(10) == 0, .score = (double)below(levels) / 4 - (spam ? 0 : 2)};
        p->b[i] = p->a[i];
        p->b[i].score = (double)below(levels) / 4 - (spam ? 0 : 2);
    }
    p->ja = (struct judged){.v = p->a, .n = n, .source = SOURCE, .sources = 1};
    p->jb = (struct judged){.v = p->b, .n = n, .source = SOURCE, .sources = 1};
}

/* One round, the long way: the mails that are drawn, as a list, and metrics.h's figures of it. */
static void plain_round(const struct pair *p, uint64_t *seed, struct metrics *a, struct metrics *b)
{
    size_t which[2][MAILS], of[2] = {0, 0}, n = 0;
    for (size_t i = 0; i < p->ja.n; i++)
        if (!p->a[i].excluded) which[p->a[i].spam][of[p->a[i].spam]++] = i;
    struct scored sa[MAILS], sb[MAILS];
    for (int spam = 0; spam < 2; spam++)
        for (size_t k = 0; k < of[spam]; k++, n++) {
            size_t at = (random_next(seed) >> 32) * of[spam] >> 32;
            size_t mail = which[spam][spam ? of[1] - 1 - at : at]; /* resample.c lists spam from its end */
            sa[n] = (struct scored){p->a[mail].score, spam};
            sb[n] = (struct scored){p->b[mail].score, spam};
        }
    metrics_compute(sa, n, 0, a);
    metrics_compute(sb, n, 0, b);
}

static void the_bootstrap_equals_resampled_lists(void **state)
{
    (void)state;
    enum { ROUNDS = 50 };
    struct resample_draw a[ROUNDS], b[ROUNDS];
    for (int round = 0; round < 30; round++) {
        struct pair p;
        make(&p, 20 + below(MAILS - 20), 2 + below(20));
        uint64_t seed = (uint64_t)round;
        if (!resample(&p.ja, &p.jb, ROUNDS, seed, a, b)) continue;
        for (int r = 0; r < ROUNDS; r++) {
            struct metrics ma, mb;
            plain_round(&p, &seed, &ma, &mb);
            near("1-ROCA% of A", a[r].roca_pct, ma.roca_pct, 1e-9);
            near("1-ROCA% of B", b[r].roca_pct, mb.roca_pct, 1e-9);
            for (int k = 0; k < METRICS_POINTS; k++) {
                near("missed by A", a[r].missed[k], 1 - ma.caught[k], 1e-12);
                near("missed by B", b[r].missed[k], 1 - mb.caught[k], 1e-12);
            }
        }
    }
}

static void the_p_of_a_bootstrap(void **state)
{
    (void)state;
    double v[99];
    for (int i = 0; i < 99; i++) v[i] = 1;
    near("p, all on one side", resample_p(v, 99), 0.02, 1e-12);
    for (int i = 0; i < 4; i++) v[i] = -1;
    near("p, four on the other", resample_p(v, 99), 0.1, 1e-12);
    for (int i = 0; i < 99; i++) v[i] = 0;
    near("p, never a difference", resample_p(v, 99), 1, 1e-12);
    for (int i = 0; i < 99; i++) v[i] = 98 - i;
    struct metrics_interval w = metrics_interval_of(v, 99);
    assert_true(w.low == 2 && w.high == 96);
}

/* `n` ham at -4 and `n` spam at 4 by both, but A has `lost` spam at -1 (called ham) and B `raised` ham at 5. */
static void make_known(struct pair *p, size_t n, size_t lost, size_t raised)
{
    for (size_t i = 0; i < 2 * n; i++) {
        bool spam = i >= n;
        size_t k = spam ? i - n : i;
        double score = (spam ? 4 : -4) + (double)k * 0.01;
        p->a[i] = (struct judged_mail){.path = "m", .spam = spam, .score = spam && k < lost ? -1 : score};
        p->b[i] = (struct judged_mail){.path = "m", .spam = spam, .score = !spam && k < raised ? 5 : score};
    }
    p->ja = (struct judged){.v = p->a, .n = 2 * n, .source = SOURCE, .sources = 1};
    p->jb = (struct judged){.v = p->b, .n = 2 * n, .source = SOURCE, .sources = 1};
}

static void the_decision_names_the_better(void **state)
{
    (void)state;
    static const struct {
        size_t lost, raised;
        enum compare_better better;
        const char *starts;
    } CASE[] = {{0, 0, COMPARE_NEITHER, "No difference"},
                {2, 0, COMPARE_NEITHER, "No significant difference"},
                {20, 0, COMPARE_B, "B is significantly better"},
                {0, 20, COMPARE_A, "A is significantly better"},
                {20, 12, COMPARE_MIXED, "Significant differences, but not all in favour of one"}};
    for (size_t i = 0; i < sizeof CASE / sizeof *CASE; i++) {
        struct pair p;
        struct compare c;
        char sentence[COMPARE_SENTENCE];
        make_known(&p, 30, CASE[i].lost, CASE[i].raised);
        assert_int_equal(compare_open(&c, &p.ja, &p.jb, 0.9, 0.5), ERR_OK);
        compare_sentence(&c, sentence);
        if (c.better != CASE[i].better || strncmp(sentence, CASE[i].starts, strlen(CASE[i].starts)) != 0)
            fail_msg("case %zu: %d, %s", i, (int)c.better, sentence);
        assert_int_equal(c.flips, CASE[i].lost + CASE[i].raised);
        assert_int_equal(c.at_spam[COMPARE_SPAM].only_b, CASE[i].lost);
        assert_int_equal(c.at_spam[COMPARE_HAM].only_a, CASE[i].raised);
        assert_int_equal(c.at_unsure[COMPARE_BOTH].only_a, CASE[i].raised);
        assert_int_equal(c.moved[1][CALLED_HAM][CALLED_SPAM], CASE[i].lost);
        assert_int_equal(c.moved[0][CALLED_HAM][CALLED_SPAM], CASE[i].raised);
        for (size_t k = 0; k < c.flips; k++) assert_true(compare_worse(&c, c.flip[k]) == (k < CASE[i].raised));
        compare_close(&c);
    }
}

/* The rule in its own words, on the findings of random pairs. */
static void holm_corrects_for_the_number_of_findings(void **state)
{
    (void)state;
    for (int round = 0; round < 40; round++) {
        struct pair p;
        struct compare c;
        make(&p, 8 + below(MAILS - 8), 20);
        assert_int_equal(compare_open(&c, &p.ja, &p.jb, 0.7, 0.4), ERR_OK);
        for (int i = 0; i < FINDINGS; i++) {
            /* Plainly: the largest of (tests - smaller ones) * p over all p up to this one. */
            double want = NAN;
            size_t tests = 0;
            for (int k = 0; k < FINDINGS; k++) tests += !isnan(c.finding[k].p);
            for (int k = 0; k < FINDINGS && !isnan(c.finding[i].p); k++) {
                if (!(c.finding[k].p <= c.finding[i].p)) continue;
                size_t smaller = 0;
                for (int j = 0; j < FINDINGS; j++) smaller += c.finding[j].p < c.finding[k].p;
                double v = fmin(1, (double)(tests - smaller) * c.finding[k].p);
                if (!(v <= want)) want = v;
            }
            near("corrected p", c.finding[i].holm, want, 1e-12);
        }
        compare_close(&c);
    }
}

static void one_class_and_no_mail_are_no_trouble(void **state)
{
    (void)state;
    for (int kind = 0; kind < 3; kind++) {
        struct pair p;
        struct compare c;
        char sentence[COMPARE_SENTENCE];
        make_known(&p, 12, 5, 5);
        for (size_t i = 0; i < p.ja.n; i++) p.a[i].excluded = p.b[i].excluded = kind == 2 || p.a[i].spam == (kind == 0);
        assert_int_equal(compare_open(&c, &p.ja, &p.jb, 0.9, 0.5), ERR_OK);
        compare_sentence(&c, sentence);
        assert_true(isnan(c.roca.p) && isnan(c.missed[0].within.low));
        assert_int_equal(c.flips, kind == 2 ? 0 : 5);
        assert_true(isnan(c.finding[FINDING_HAM].p) == (kind != 0));
        assert_true(isnan(c.finding[FINDING_SPAM].p) == (kind != 1));
        compare_close(&c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mcnemar_equals_a_count_of_all_outcomes),
        cmocka_unit_test(the_bootstrap_equals_resampled_lists),
        cmocka_unit_test(the_p_of_a_bootstrap),
        cmocka_unit_test(the_decision_names_the_better),
        cmocka_unit_test(holm_corrects_for_the_number_of_findings),
        cmocka_unit_test(one_class_and_no_mail_are_no_trouble),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* test_metrics: figures equal those worked out by hand, and those of a reference that counts every pair.
 *
 * Random lists have few distinct scores, so that ties are the rule. */
#include "models/figures/metrics.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static uint64_t rng = 1;

static uint32_t below(uint32_t n)
{
    rng = rng * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((rng >> 33) % n);
}

static void near(const char *what, double got, double want, double within)
{
    if (isnan(want) != isnan(got) || fabs(got - want) > within) fail_msg("%s is %.12g, not %.12g", what, got, want);
}

static double plain_roca(const struct scored *s, size_t n)
{
    double wrong = 0, pairs = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < n; k++) {
            if (s[i].spam || !s[k].spam) continue; /* i: ham, k: spam */
            pairs++;
            wrong += s[i].score > s[k].score ? 1 : s[i].score == s[k].score ? 0.5 : 0;
        }
    return pairs > 0 ? 100 * wrong / pairs : NAN;
}

/* The best share of spam over all thresholds that let through at most fpr of the ham. */
static double plain_caught(const struct scored *s, size_t n, double fpr)
{
    double best = 0, hams = 0, spams = 0;
    for (size_t i = 0; i < n; i++) s[i].spam ? spams++ : hams++;
    for (size_t t = 0; t < n; t++) {
        double ham = 0, spam = 0;
        for (size_t i = 0; i < n; i++)
            if (s[i].score >= s[t].score) s[i].spam ? spam++ : ham++;
        if (ham <= fpr * hams + 1e-9 && spam / spams > best) best = spam / spams;
    }
    return hams > 0 && spams > 0 ? best : NAN;
}

static void equals_the_plain_reference(void **state)
{
    (void)state;
    for (int round = 0; round < 300; round++) {
        size_t n = below(round < 100 ? 12 : 250);
        struct scored s[250];
        uint32_t levels = 1 + below(40);
        for (size_t i = 0; i < n; i++) {
            s[i].spam = below(3) > 0;
            s[i].score = (double)below(levels) / 3 - (s[i].spam ? 0 : 4);
        }
        double want = plain_roca(s, n), caught[] = {plain_caught(s, n, 0.1), plain_caught(s, n, 0)};
        struct metrics m;
        metrics_compute(s, n, 0, &m);
        near("1-ROCA%", m.roca_pct, want, 1e-9);
        near("caught at 10%", metrics_caught(s, n, 0.1), caught[0], 1e-12);
        near("caught at 0%", metrics_caught(s, n, 0), caught[1], 1e-12);
        near("caught at 0.01%", m.caught[2], caught[1], 1e-12);
    }
}

static void equals_what_the_hand_worked_out(void **state)
{
    (void)state;
    struct metrics m;
    /* Of 2 ham and 3 spam, pairs: ham 0.5 is above spam -1 and level with spam 0.5: 1.5 of 6 pairs are wrong. */
    struct scored a[] = {{2, true}, {0.5, true}, {-1, true}, {0.5, false}, {-3, false}};
    metrics_compute(a, 5, 0, &m);
    near("1-ROCA%", m.roca_pct, 25, 1e-12);
    near("ham missed", m.ham_missed, 0.5, 1e-12);
    near("spam missed", m.spam_missed, 1.0 / 3, 1e-12);
    near("caught", m.caught[0], 1.0 / 3, 1e-12);
    near("caught at 50%", metrics_caught(a, 5, 0.5), 1, 1e-12);
    /* logit((1 + .5) / 3) = 0 and logit((1 + .5) / 4) = log(.375 / .625); their mean is -0.255413. */
    near("lam%", m.lam_pct, 43.6491673, 1e-6);

    /* Calibration: two mails at p = 0.5, one spam; two at p = 0.8807971, both spam. */
    struct scored c[] = {{0, true}, {0, false}, {2, true}, {2, true}};
    metrics_compute(c, 4, 0, &m);
    near("ECE", m.ece, 2 * (1 - 0.8807970779778823) / 4, 1e-12);
    near("Brier", m.brier, (0.25 + 0.25 + 2 * 0.0142093366) / 4, 1e-9);
    near("log loss", m.log_loss, (2 * 0.6931471806 + 2 * 0.1269280110) / 4, 1e-9);
    near("1-ROCA%", m.roca_pct, 100 * 0.5 / 3, 1e-9);

    /* Perfect, upside down, all level, one class, nothing. */
    struct scored p[] = {{1, true}, {-1, false}};
    metrics_compute(p, 2, 0, &m);
    near("1-ROCA%", m.roca_pct, 0, 0);
    near("caught", m.caught[2], 1, 0);
    struct scored u[] = {{-1, true}, {1, false}};
    metrics_compute(u, 2, 0, &m);
    near("1-ROCA%", m.roca_pct, 100, 0);
    near("caught", m.caught[2], 0, 0);
    struct scored l[] = {{1, true}, {1, false}, {1, true}};
    metrics_compute(l, 3, 0, &m);
    near("1-ROCA%", m.roca_pct, 50, 0);
    struct scored o[] = {{1, true}, {INFINITY, true}, {-INFINITY, true}};
    metrics_compute(o, 3, 0, &m);
    assert_true(isnan(m.roca_pct) && isnan(m.caught[0]) && isnan(m.lam_pct) && isnan(m.ham_missed));
    near("spam missed", m.spam_missed, 1.0 / 3, 1e-12);
    metrics_compute(NULL, 0, 0, &m);
    assert_true(isnan(m.roca_pct) && isnan(m.ece) && m.spam == 0 && m.ham == 0);
}

/* 0.05% of 2,000 ham is one whole ham, whatever floating point makes of the product. */
static void a_whole_ham_is_allowed(void **state)
{
    (void)state;
    for (size_t hams = 2000; hams <= 40000; hams += 2000) {
        struct scored *s = calloc(hams + 100, sizeof *s);
        for (size_t i = 0; i < hams + 100; i++)
            s[i] = i < hams ? (struct scored){(double)i, false} : (struct scored){(double)hams - 1.5, true};
        struct metrics m;
        metrics_compute(s, hams + 100, 0, &m);
        near("caught at 0.05%", m.caught[1], 1, 0);
        near("caught at 0.01%", m.caught[2], hams >= 10000 ? 1 : 0, 0);
        free(s);
    }
}

static void the_interval_holds_what_it_should(void **state)
{
    (void)state;
    enum { N = 400, TRIES = 200 };
    struct scored s[N];
    int inside = 0;
    /* Ham uniform in [0, 1), spam in [0.2, 1.2): the true value is 100 * 0.8^2 / 2 = 32. */
    for (int t = 0; t < TRIES; t++) {
        for (int i = 0; i < N; i++) s[i] = (struct scored){below(1 << 20) * 0x1p-20 + (i % 2 ? 0.2 : 0), i % 2};
        struct metrics_interval b = metrics_bootstrap(s, N, 200, (uint64_t)t);
        assert_true(b.low <= b.high);
        inside += b.low <= 32 && 32 <= b.high;
    }
    print_message("the true value lay inside in %d of %d\n", inside, TRIES);
    assert_true(inside > TRIES * 0.89 && inside <= TRIES * 0.99);
    struct metrics_interval a = metrics_bootstrap(s, N, 300, 7), b = metrics_bootstrap(s, N, 300, 7);
    assert_true(a.low == b.low && a.high == b.high);
    assert_true(isnan(metrics_bootstrap(s, 0, 10, 7).low));
    for (int i = 0; i < N; i++) s[i].spam = true;
    assert_true(isnan(metrics_bootstrap(s, N, 10, 7).low));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_the_plain_reference),
        cmocka_unit_test(equals_what_the_hand_worked_out),
        cmocka_unit_test(a_whole_ham_is_allowed),
        cmocka_unit_test(the_interval_holds_what_it_should),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

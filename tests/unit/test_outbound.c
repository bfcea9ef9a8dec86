/* SPDX-License-Identifier: Apache-2.0 */
/* test_outbound: a user's bursts against the user's own history: the plain reference, and what comes of lives made up.
 *
 * A life is days of sending at a steady rate, summed up minute by minute as the store does, then hours of something
 * else. */
#include "worker/rep/outbound.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <cmocka.h>

static const struct record_lives LIVES = {.minutes = {360, 21 * 1440}};

static double reference(double now, double weeks, double allowed, double times, double limit)
{
    double usual = weeks * 360 / (21 * 1440);
    return fmax(0, fmin(limit, log((now + allowed) / (usual + allowed) / times)));
}

static void follows_the_formula(void **state)
{
    static const double T[] = {0, 1, 25, 400, 1e4, 1e7};
    (void)state;
    for (int i = 0; i < 6; i++)
        for (int k = 0; k < 6; k++) {
            struct record m = {0}, r = {0}, n = {0};
            struct outbound got;
            m.sum[RECORD_FAST][SUM_VOLUME] = T[i], m.sum[RECORD_SLOW][SUM_VOLUME] = T[k];
            m.sum[RECORD_FAST][SUM_SPAM] = T[k] / 2, m.sum[RECORD_SLOW][SUM_SPAM] = T[i];
            r.sum[RECORD_FAST][SUM_VOLUME] = T[i] * 2, r.sum[RECORD_SLOW][SUM_VOLUME] = T[k] * 3;
            n.sum[RECORD_FAST][SUM_VOLUME] = T[i] / 9, n.sum[RECORD_SLOW][SUM_VOLUME] = T[k] / 9;
            double a = reference(T[i], T[k], 30, 4, 2), b = reference(T[k] / 2, T[i], 2, 2, 3);
            double c = reference(T[i] * 2, T[k] * 3, 60, 4, 3), d = reference(T[i] / 9, T[k] / 9, 2, 2, 1.5);
            outbound_score(&m, &r, &n, &LIVES, &got);
            assert_true(fabs(got.by_sign[OUT_MAILS] - a) < 1e-9 && fabs(got.by_sign[OUT_SPAM] - b) < 1e-9);
            assert_true(fabs(got.by_sign[OUT_RECIPIENTS] - c) < 1e-9 && fabs(got.by_sign[OUT_NETWORKS] - d) < 1e-9);
            assert_true(fabs(got.log_odds - fmin(6, a + b + c + d)) < 1e-9);
        }
}

struct rates { /* an hour */
    double mails, spam, recipients, networks;
};

static void live(struct record r[3], const struct rates *x, double hours)
{
    for (uint32_t i = 0; i < hours * 60; i++) {
        for (int k = 0; k < 3; k++) record_decay(&r[k], r[k].minute + 1, &LIVES);
        for (int speed = 0; speed < RECORD_SPEEDS; speed++) {
            r[0].sum[speed][SUM_VOLUME] += x->mails / 60, r[0].sum[speed][SUM_SPAM] += x->spam / 60;
            r[1].sum[speed][SUM_VOLUME] += x->recipients / 60, r[2].sum[speed][SUM_VOLUME] += x->networks / 60;
        }
    }
}

static void a_stolen_account_stands_out(void **state)
{
    static const struct {
        const char *what;
        double days;
        struct rates usual;
        double hours;
        struct rates then;
        double least, most; /* log-odds */
    } T[] = {
        {"a person, as ever", 60, {2, 0, 1.5, 0.01}, 6, {2, 0, 1.5, 0.01}, 0, 0},
        {"a busy day", 60, {2, 0, 1.5, 0.01}, 6, {15, 0.2, 10, 0.2}, 0, 0},
        {"a new person who writes a lot", 0, {0, 0, 0, 0}, 6, {10, 0, 10, 0.3}, 0, 0},
        {"a mailing list of long standing", 60, {2000, 20, 2000, 0}, 6, {4000, 40, 4000, 0}, 0, 0},
        {"a person's account in other hands, spam unseen", 60, {2, 0, 1.5, 0.01}, 2, {1500, 0, 1500, 2}, 3.9, 6},
        {"the same, and content sees it", 60, {2, 0, 1.5, 0.01}, 1, {600, 300, 600, 1}, 4, 6},
        {"a slow thief, who content sees", 60, {2, 0, 1.5, 0.01}, 3, {20, 18, 20, 0.5}, 2, 4},
    };
    (void)state;
    for (size_t i = 0; i < sizeof T / sizeof *T; i++) {
        struct record r[3] = {{.minute = 1}, {.minute = 1}, {.minute = 1}};
        struct outbound got;
        live(r, &T[i].usual, T[i].days * 24);
        live(r, &T[i].then, T[i].hours);
        outbound_score(&r[0], &r[1], &r[2], &LIVES, &got);
        if (got.log_odds < T[i].least || got.log_odds > T[i].most) fail_msg("%s: %g", T[i].what, got.log_odds);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(follows_the_formula),
        cmocka_unit_test(a_stolen_account_stands_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* learn: what a report teaches, and what it leaves alone; an undo; tenants; doubt; traffic that is held; the guard. Mails
 * are made of features: some that all mail has, some of one kind, some of one mail alone. */
#include "models/live/state/guard.h"
#include "models/live/state/learn.h"

#include "proto/base/hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { BITS = 20, COMMON = 100, KIND = 40, OWN = 40 };

static const int64_t NOW = INT64_C(1790000000000);
static struct learn l;

static int by_value(const void *x, const void *y)
{
    uint32_t a = *(const uint32_t *)x, b = *(const uint32_t *)y;
    return (a > b) - (a < b);
}

static uint32_t hash_of(unsigned view, uint64_t kind, size_t i)
{
    return (uint32_t)(hash_pair(hash_pair(kind, view), i) >> 16) | 1;
}

/* Mail `number` of `kind`, at bundle's log-odds z. Its features live until the next one of the same `slot`. */
static struct feedback mail(int slot, uint64_t kind, uint64_t number, double z)
{
    static uint32_t v[4][CELLS_VIEWS][COMMON + KIND + OWN];
    struct feedback r = {.learns = true,
                         .features = FEEDBACK_FEATURES,
                         .score = z,
                         .digest = {number, kind},
                         .reporter = 7,
                         .view_count = CELLS_VIEWS};
    for (unsigned w = 0; w < CELLS_VIEWS; w++) {
        uint32_t *to = v[slot][w];
        size_t n = 0;
        for (size_t i = 0; i < COMMON; i++) to[n++] = hash_of(w, 1, i);
        for (size_t i = 0; i < KIND; i++) to[n++] = hash_of(w, kind, i);
        for (size_t i = 0; i < OWN; i++) to[n++] = hash_of(w, 1000000 + number * 1000 + kind, i);
        qsort(to, n, sizeof *to, by_value);
        size_t kept = 0;
        for (size_t i = 0; i < n; i++)
            if (kept == 0 || to[i] != to[kept - 1]) to[kept++] = to[i];
        r.view[w] = (struct feedback_view){to, kept};
    }
    return r;
}

static void say_of(struct feedback *r, bool spam, double weight)
{
    struct voices_effect e = {.has_now = true, .now = {.spam = spam, .learn = weight}};
    learn_report(&l, r, &e, NOW);
}

static void say(uint64_t kind, uint64_t number, double z, bool spam, double weight)
{
    struct feedback r = mail(0, kind, number, z);
    say_of(&r, spam, weight);
}

static void undo(struct feedback *r)
{
    struct voices_effect e = {.has_back = true, .back = {.spam = true, .learn = 1}};
    learn_report(&l, r, &e, NOW);
}

static double live(uint64_t kind, uint64_t number)
{
    struct feedback r = mail(1, kind, number, 0);
    return learn_score(&l, &r);
}

static void traffic(size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct feedback r = mail(2, 100 + i, i, -3);
        learn_sample(&l, &r, NOW);
    }
}

static int fresh(void **state)
{
    (void)state;
    return learn_open(&l, BITS) == ERR_OK ? 0 : 1;
}

static int done(void **state)
{
    (void)state;
    learn_close(&l);
    return 0;
}

static void a_campaign_is_learnt_and_other_mail_left_alone(void **state)
{
    (void)state;
    traffic(100);
    assert_true(learn_learnt(&l) == 0 && live(5, 1) == 0);
    for (uint64_t n = 1; n <= 3; n++) say(5, n, -3, true, 1);
    assert_int_equal(learn_learnt(&l), 3);
    assert_true(live(5, 99) > 6);     /* another mail of its kind: from -3 to spam */
    assert_true(live(200, 99) < 0.6); /* mail with nothing but the common features of it */
}

static void what_spam_has_in_common_may_be_blamed(void **state)
{
    (void)state;
    double told[2];
    for (int spam = 0; spam < 2; spam++) {
        learn_clear(&l);
        traffic(50);
        for (uint64_t n = 0; n < 50; n++) { /* mail of the reported kind is half of the traffic */
            struct feedback r = mail(2, 5, 500 + n, spam ? 3 : -3);
            learn_sample(&l, &r, NOW);
        }
        for (uint64_t n = 1; n <= 3; n++) say(5, n, -3, true, 1);
        told[spam] = live(5, 99);
    }
    assert_true(told[1] > 6 && told[0] < 0.5 * told[1]);
}

static void without_traffic_nothing_is_learnt_and_with_little_less(void **state)
{
    (void)state;
    say(5, 1, -3, true, 1);
    assert_true(live(5, 1) == 0);
    traffic(2);
    say(5, 2, -3, true, 1);
    double little = live(5, 2);
    learn_clear(&l);
    traffic(100);
    say(5, 2, -3, true, 1);
    assert_true(little > 0 && little < 0.5 * live(5, 2));
}

static void an_undo_takes_back(void **state)
{
    (void)state;
    traffic(100);
    struct feedback r = mail(3, 5, 1, 0), ticket = {.digest = {1, 5}, .reporter = 7};
    for (int by_ticket = 0; by_ticket < 2; by_ticket++) {
        say_of(&r, true, 1);
        assert_true(live(5, 1) > 3);
        undo(by_ticket ? &ticket : &r);       /* a ticket has no features: those that were kept are used */
        assert_true(fabs(live(5, 1)) < 0.01); /* but for cells that two features share */
        double before = live(5, 1);
        undo(&r); /* nothing is left to take back */
        assert_true(live(5, 1) == before);
    }
}

static void what_others_said_since_stays(void **state)
{
    (void)state;
    traffic(100);
    struct feedback r = mail(3, 5, 1, 0), other = mail(1, 5, 2, 0);
    other.reporter = 8;
    say_of(&r, true, 1);
    say_of(&other, false, 1);
    undo(&r);
    assert_true(live(5, 1) < 0 && live(5, 2) < 0);
}

static void a_stranger_moves_less_and_the_improbable_is_doubted(void **state)
{
    (void)state;
    traffic(100);
    say(5, 1, 0, true, 0.2);
    double stranger = live(5, 1);
    learn_clear(&l);
    traffic(100);
    say(5, 1, 0, true, 1);
    double trusted = live(5, 1);
    assert_true(stranger > 0 && stranger < 0.25 * trusted);
    learn_clear(&l);
    traffic(100);
    say(5, 1, -30, true, 0.2); /* the bundle is as sure as can be that it is ham */
    assert_true(live(5, 1) > 0 && live(5, 1) < 0.5 * stranger);
    learn_clear(&l);
    traffic(100);
    say(5, 1, 30, true, 1); /* known as spam already */
    assert_true(live(5, 1) == 0);
}

static void a_tenants_report_is_the_tenants(void **state)
{
    (void)state;
    traffic(100);
    struct feedback r = mail(3, 5, 1, 0);
    r.tenant = SPAN("acme");
    say_of(&r, true, 1);
    double own = learn_score(&l, &r), all = live(5, 1);
    r.tenant = SPAN("other");
    double other = learn_score(&l, &r);
    assert_true(own > 3 && all > 0 && all < 0.4 * own);
    assert_true(fabs(other - all) < 0.25 * all); /* but for cells that two features share */
    uint32_t bit = livetable_tenant_bit(livetable_tenant(SPAN("acme")));
    for (uint32_t i = 0; i < LIVETABLE_TENANT_BITS; i++)
        assert_int_equal(learn_tenants(&l)[i / 64] >> i % 64 & 1, i == bit);
    r.tenant = SPAN("acme");
    undo(&r);
    assert_true(fabs(learn_score(&l, &r)) < 0.1);
}

static void reports_of_one_class_do_not_carry_all_mail_along(void **state)
{
    (void)state;
    traffic(200);
    for (uint64_t n = 1; n <= 200; n++) say(1000 + n, n, -3, true, 1); /* each of another kind */
    double held = live(300, 1);
    learn_clear(&l);
    traffic(200);
    kept_clear(&l.samples); /* with nobody to hold */
    for (uint64_t n = 1; n <= 200; n++) say(1000 + n, n, -3, true, 1);
    assert_true(held < 0.9 * live(300, 1));
}

static void the_same_calls_give_the_same_bytes(void **state)
{
    (void)state;
    struct snapshot_block a[LEARN_BLOCKS];
    static uint8_t *kept[LEARN_BLOCKS];
    learn_blocks(&l, a);
    for (int round = 0; round < 2; round++) {
        learn_clear(&l);
        traffic(300);
        for (uint64_t n = 1; n <= 100; n++) say(n % 7, n, (double)(n % 5) - 2, n % 3, n % 2 ? 1 : 0.2);
        for (size_t i = 0; i < LEARN_BLOCKS; i++) {
            if (round == 0) {
                kept[i] = malloc(a[i].n);
                memcpy(kept[i], a[i].p, a[i].n);
            } else {
                assert_memory_equal(kept[i], a[i].p, a[i].n);
                free(kept[i]);
            }
        }
    }
}

/* What stands in a snapshot is nobody's word: any bytes are borne. */
static void strange_memory_is_borne(void **state)
{
    (void)state;
    struct snapshot_block b[LEARN_BLOCKS];
    learn_blocks(&l, b);
    for (unsigned seed = 1; seed <= 8; seed++) {
        srand(seed);
        for (size_t i = 0; i < LEARN_BLOCKS; i++) {
            if (i == 1) continue; /* cells are numbers, whatever their bits */
            for (size_t at = 0; at < b[i].n; at += 1 + (size_t)rand() % 4000) ((uint8_t *)b[i].p)[at] = (uint8_t)rand();
        }
        for (uint64_t n = 1; n <= 50; n++) say(n % 7, n, 0, n % 3, 1);
        traffic(50);
    }
}

static void the_guard_sees_what_reports_do_to_others(void **state)
{
    (void)state;
    struct guard g = {0};
    static const struct guard_rules RULES = {.flips_most = 0.05, .step_most = 1};
    for (size_t i = 0; i < 128; i++) { /* an eighth of the traffic is of one kind, and a little on ham's side */
        struct feedback r = mail(2, i % 8 ? 100 + i : 5, i, -1);
        learn_sample(&l, &r, NOW);
    }
    guard_tick(&g, &l, NOW);
    assert_false(guard_look(&g, &RULES, &l));
    assert_true(g.samples == 128 && g.flips == 0 && !g.slow);
    bool frozen = false;
    for (uint64_t n = 1000; n < 1100 && !frozen; n++) {
        say(5, n, -1, true, 1);
        frozen = guard_look(&g, &RULES, &l);
    }
    assert_true(frozen && g.flips > 0.05);
    guard_forget(&g, &l);
    assert_true(g.flips == 0 && g.step == 0 && !g.slow);
    guard_tick(&g, &l, NOW + 3600000);
    assert_int_equal(g.hour, NOW / 3600000 + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_campaign_is_learnt_and_other_mail_left_alone, fresh, done),
        cmocka_unit_test_setup_teardown(what_spam_has_in_common_may_be_blamed, fresh, done),
        cmocka_unit_test_setup_teardown(without_traffic_nothing_is_learnt_and_with_little_less, fresh, done),
        cmocka_unit_test_setup_teardown(an_undo_takes_back, fresh, done),
        cmocka_unit_test_setup_teardown(what_others_said_since_stays, fresh, done),
        cmocka_unit_test_setup_teardown(a_stranger_moves_less_and_the_improbable_is_doubted, fresh, done),
        cmocka_unit_test_setup_teardown(a_tenants_report_is_the_tenants, fresh, done),
        cmocka_unit_test_setup_teardown(reports_of_one_class_do_not_carry_all_mail_along, fresh, done),
        cmocka_unit_test_setup_teardown(the_same_calls_give_the_same_bytes, fresh, done),
        cmocka_unit_test_setup_teardown(strange_memory_is_borne, fresh, done),
        cmocka_unit_test_setup_teardown(the_guard_sees_what_reports_do_to_others, fresh, done),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

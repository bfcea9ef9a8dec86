/* SPDX-License-Identifier: Apache-2.0 */
/* voices: a word counts once and can be taken back; trust is earned and lost; a crowd of strangers, or one person with
 * many words, moves little; two voicess that heard the same are the same. */
#include "models/live/state/voices.h"

#include "proto/base/hash.h"
#include "proto/store/name.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { T0 = 1000000 };
static const uint64_t TRUSTED[] = {7, 8, 9};
static const struct voices_rules RULES = {.trusted = TRUSTED, .trusted_count = 3};
static struct voices_effect e;

/* What the one name gets of spam, and of ham. */
static double spam(void)
{
    return (e.has_now && e.now.spam ? e.now.amount[0] : 0) - (e.has_back && e.back.spam ? e.back.amount[0] : 0);
}

static double ham(void)
{
    return (e.has_now && !e.now.spam ? e.now.amount[0] : 0) - (e.has_back && !e.back.spam ? e.back.amount[0] : 0);
}

static struct voices *open_one(void)
{
    static struct voices v;
    assert_int_equal(voices_open(&v, &RULES), ERR_OK);
    return &v;
}

/* Reporter `who` says so of mail `mail`, which the content gives z; its one name is example.org. */
static void say(struct voices *v, uint64_t who, enum wire_say says, uint64_t mail, double z, int64_t now_ms)
{
    struct feedback r = {.says = says,
                         .learns = true,
                         .digest = {mail, 1},
                         .reporter = who,
                         .names = {{1, SPAN("example.org")}},
                         .name_count = 1};
    voices_take(v, &r, z, now_ms, &e);
}

static double weight(struct voices *v, uint64_t who)
{
    struct voices_who w;
    voices_who(v, who, &w);
    return w.weight;
}

static void counts_once(void **state)
{
    (void)state;
    struct voices *v = open_one();
    say(v, 7, WIRE_SAY_SPAM, 1, 0, T0);
    assert_true(e.now.learn == 1 && e.now.spam && spam() == 1 && ham() == 0 && !e.has_back);
    say(v, 7, WIRE_SAY_SPAM, 1, 0, T0 + 1);
    assert_true(e.again && !e.has_now && !e.has_back);
    /* another word of the same person takes the first back */
    say(v, 7, WIRE_SAY_HAM, 1, 0, T0 + 2);
    assert_true(e.back.learn == 1 && e.back.spam && e.back.at_ms == T0 && e.now.learn == 1 && !e.now.spam);
    assert_true(spam() == -1 && ham() == 1);
    say(v, 7, WIRE_SAY_UNDO, 1, 0, T0 + 3);
    assert_true(e.back.learn == 1 && !e.back.spam && !e.has_now && ham() == -1 && spam() == 0);
    say(v, 7, WIRE_SAY_UNDO, 1, 0, T0 + 4);
    assert_true(e.again);
    say(v, 7, WIRE_SAY_SPAM, 1, 0, T0 + 5);
    assert_true(spam() == 1);
    voices_close(v);
}

static void trust_is_earned_and_lost(void **state)
{
    (void)state;
    struct voices *v = open_one();
    assert_true(weight(v, 100) == 0.2);
    /* agrees with what the content says surely */
    for (uint64_t i = 1; i <= 20; i++) say(v, 100, WIRE_SAY_SPAM, i, 5, T0);
    double earned = weight(v, 100);
    assert_true(fabs(earned - 21.0 / 25) < 1e-12);
    /* against the content, alone: nothing is settled, nothing lost */
    say(v, 100, WIRE_SAY_SPAM, 50, -5, T0);
    assert_true(weight(v, 100) == earned);
    /* others side with the content: he was wrong, and it costs four times as much */
    say(v, 7, WIRE_SAY_HAM, 50, -5, T0);
    say(v, 8, WIRE_SAY_HAM, 50, -5, T0);
    assert_true(fabs(weight(v, 100) - 21.0 / 29) < 1e-12);
    /* and when opinion turns, as a trap gets the same mail, so does that */
    struct feedback trap = {.says = WIRE_SAY_SPAM, .trap = true, .learns = true, .digest = {50, 1}, .reporter = 300};
    voices_take(v, &trap, -5, T0, &e);
    assert_true(e.now.learn == 3);
    assert_true(fabs(weight(v, 100) - 22.0 / 26) < 1e-12);
    /* who always flips is soon not heard */
    for (uint64_t i = 100; i < 140; i++) {
        say(v, 200, WIRE_SAY_HAM, i, 5, T0);
        say(v, 7, WIRE_SAY_SPAM, i, 5, T0);
    }
    assert_true(weight(v, 200) < 0.01);
    assert_true(weight(v, 7) == 1); /* trusted by the owner, whatever happens */
    voices_close(v);
}

/* Strangers together teach content no more than 0.1 against a sender, unless content says spam already. */
static void strangers_against_a_sender(void **state)
{
    (void)state;
    struct voices *v = open_one();
    double sum = 0, leaning = 0, trusted = 0;
    for (uint64_t who = 100; who < 110; who++) {
        struct feedback r = {
            .says = WIRE_SAY_SPAM, .learns = true, .digest = {who, 2}, .reporter = who, .name_count = 1};
        r.names[0] = (struct feedback_name){NAME_FROM, SPAN("good.example")};
        voices_take(v, &r, 0, T0, &e);
        sum += e.now.learn;
        r.reporter = 7;
        voices_take(v, &r, 0, T0, &e);
        trusted += e.now.learn;
        r.digest[1] = 3, r.reporter = who + 100;
        voices_take(v, &r, 2, T0, &e);
        leaning += e.now.learn;
    }
    assert_true(fabs(sum - 0.1) < 1e-6 && trusted == 10 && leaning > 1.9);
    voices_close(v);
}

/* For measuring what the weighing does: strangers count as who is trusted, and are not bounded together. */
static void equal_words(void **state)
{
    (void)state;
    struct voices v;
    struct voices_rules equal = {TRUSTED, 3, .equal = true};
    assert_int_equal(voices_open(&v, &equal), ERR_OK);
    for (uint64_t who = 100; who < 110; who++) {
        say(&v, who, WIRE_SAY_SPAM, who, -5, T0);
        assert_true(e.now.learn == 1 && spam() == 1 && weight(&v, who) == 1);
    }
    voices_close(&v);
}

static void crowds_and_zealots(void **state)
{
    (void)state;
    struct voices *v = open_one();
    double sum = 0;
    for (uint64_t who = 1000; who < 1200; who++) say(v, who, WIRE_SAY_SPAM, who, -5, T0), sum += spam();
    assert_true(fabs(sum - 1) < 1e-6); /* 200 strangers, as one who is trusted */
    sum = 0;
    for (uint64_t who = 2000; who < 2200; who++) say(v, who, WIRE_SAY_SPAM, 5000, -5, T0), sum += e.now.learn;
    assert_true(fabs(sum - 1) < 1e-6); /* about one mail, too */
    sum = 0;
    for (uint64_t i = 6000; i < 6100; i++) say(v, 7, WIRE_SAY_SPAM, i, -5, T0), sum += spam();
    assert_true(sum > 1.99 && sum < 2.000001); /* a hundred words of one who is trusted, as two */
    /* it fades: a week later they may speak again */
    say(v, 7, WIRE_SAY_SPAM, 7000, -5, T0 + 7 * 86400000LL);
    double later = spam();
    assert_true(later > 0.98 && later <= 1);
    voices_close(v);
}

/* Variants of one campaign are one mail: who reports another variant agrees with who reported the first. */
static void alike_is_one(void **state)
{
    (void)state;
    struct voices *v = open_one();
    for (uint64_t i = 0; i < 6; i++) {
        struct feedback r = {.says = WIRE_SAY_SPAM,
                             .digest = {i, 1},
                             .reporter = 500 + i,
                             .alike = {100 * (i + 1), 100 * (i + 2)}, /* each shares one band with the next */
                             .alike_count = 2};
        voices_take(v, &r, 0, T0, &e);
    }
    assert_true(weight(v, 500) > 0.2); /* five strangers' words settle what content has no opinion of */
    assert_true(weight(v, 505) > 0.2);
    voices_close(v);
}

/* Whatever was said, undoing all of it leaves nothing behind. */
static void undone_is_undone(void **state)
{
    (void)state;
    struct voices *v = open_one();
    double spams = 0, hams = 0;
    unsigned seed = 1;
    for (int step = 0; step < 20000; step++) {
        uint64_t who = (uint64_t)(rand_r(&seed) % 40), mail = (uint64_t)(1 + rand_r(&seed) % 60);
        enum wire_say says = (enum wire_say)(rand_r(&seed) % 3);
        say(v, who, says, mail, rand_r(&seed) % 11 - 5, T0 + step * 60000LL);
        spams += spam();
        hams += ham();
        assert_true(spams > -1e-3 && hams > -1e-3);
    }
    for (uint64_t who = 0; who < 40; who++)
        for (uint64_t mail = 1; mail <= 60; mail++) {
            say(v, who, WIRE_SAY_UNDO, mail, 0, T0 + 30000 * 60000LL);
            spams += spam();
            hams += ham();
        }
    assert_true(fabs(spams) < 1e-3 && fabs(hams) < 1e-3);
    voices_close(v);
}

static void same_words_same_bytes(void **state)
{
    (void)state;
    struct voices a, b;
    unsigned seed = 2;
    assert_int_equal(voices_open(&a, &RULES), ERR_OK);
    assert_int_equal(voices_open(&b, &RULES), ERR_OK);
    for (int step = 0; step < 5000; step++) {
        uint64_t who = (uint64_t)(rand_r(&seed) % 500), mail = (uint64_t)(1 + rand_r(&seed) % 900);
        enum wire_say says = (enum wire_say)(rand_r(&seed) % 3);
        double z = rand_r(&seed) % 11 - 5;
        say(&a, who, says, mail, z, T0 + step);
        say(&b, who, says, mail, z, T0 + step);
    }
    assert_int_equal(a.bytes, b.bytes);
    assert_memory_equal(a.block, b.block, a.bytes);
    voices_close(&a);
    voices_close(&b);
}

/* Newcomers in any number do not push out who earned trust. */
static void the_trusted_are_not_forgotten(void **state)
{
    (void)state;
    struct voices *v = open_one();
    for (uint64_t i = 1; i <= 20; i++) say(v, 100, WIRE_SAY_SPAM, i, 5, T0);
    double earned = weight(v, 100);
    for (uint64_t who = 1000; who < 300000; who++) say(v, hash_pair(who, 5), WIRE_SAY_SPAM, 900, 0, T0 + 1000);
    assert_true(weight(v, 100) == earned);
    voices_close(v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_once),
        cmocka_unit_test(trust_is_earned_and_lost),
        cmocka_unit_test(equal_words),
        cmocka_unit_test(strangers_against_a_sender),
        cmocka_unit_test(crowds_and_zealots),
        cmocka_unit_test(alike_is_one),
        cmocka_unit_test(undone_is_undone),
        cmocka_unit_test(same_words_same_bytes),
        cmocka_unit_test(the_trusted_are_not_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* test_said: words about names against a real redis-server: each counts once, whatever a stranger or a loss has made of
 * what a bucket remembers. */
#define _GNU_SOURCE
#include "models/live/stream/relay.h"
#include "tests/unit/own_redis.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { PATIENCE_US = 20000000 };

static struct store *store;
static struct said said;
static const struct record_lives LIVES = {.minutes = {360, 21 * 1440}};

static struct store_reply wait_for(uint64_t tag)
{
    struct store_reply r;
    for (int64_t until_us = clock_us() + PATIENCE_US; clock_us() < until_us;) {
        store_pump(store);
        while (store_next(store, &r))
            if (r.tag == tag) return r;
        store_wait(store, 1000);
    }
    fail_msg("no answer from redis-server");
    return r;
}

static struct store_reply ask(const span *words, size_t n)
{
    while (!store_put(store, SPAN_NONE, words, n, 1)) {
        store_pump(store);
        store_wait(store, 1000);
    }
    return wait_for(1);
}
#define ASK(...) ask((span[]){__VA_ARGS__}, sizeof((span[]){__VA_ARGS__}) / sizeof(span))

static span key_of(const char *name)
{
    static uint8_t text[NAME_KEY_BYTES];
    return name_key("t", SPAN_NONE, NAME_FROM, span_cstr(name), text);
}

/* What the bucket of a name remembers: the key beside it. */
static span guard_of(const char *name)
{
    static char text[64];
    snprintf(text, sizeof text, "t:2:{%02x}:said", said_bucket(key_of(name)));
    return span_cstr(text);
}

/* A stranger's: `bytes` of it, a double and a word. */
static void set_guard(double ms, uint32_t n, size_t bytes)
{
    uint8_t v[12];
    memcpy(v, &ms, 8);
    memcpy(v + 8, &n, 4);
    ASK(SPAN("SET"), guard_of("a.example"), span_of(v, bytes));
}

static double slow_spam(const char *name)
{
    struct record r;
    struct store_reply a = ASK(SPAN("GET"), key_of(name));
    if (a.v[0].kind != STORE_TEXT) return 0;
    assert_true(record_read(a.v[0].text, &r));
    return r.sum[RECORD_SLOW][SUM_SAID_SPAM];
}

/* One word of "spam", of the entry at ms-n. */
static struct said_answer say(uint64_t ms, uint64_t n, struct said_place known)
{
    struct said_word w = {.ms = ms, .n = n, .minute = record_minute(clock_wall_us()), .spam = 1};
    struct said_answer out;
    span key = key_of("a.example");
    while (!said_put(&said, &key, 1, &w, 1, known, 2)) {
        store_pump(store);
        store_wait(store, 1000);
    }
    struct store_reply r = wait_for(2);
    said_read(&r, &out);
    return out;
}

static void what_is_not_newer_is_passed_over(void **unused)
{
    (void)unused;
    uint64_t now = (uint64_t)clock_wall_us() / 1000;
    struct said_place none = {0, 0};
    static const struct {
        int64_t ms, n;
        unsigned taken;
    } T[] = {{-9000, 3, 1}, {-9000, 3, 0}, {-9000, 2, 0}, {-9001, 9, 0}, {-9000, 4, 1}, {-8000, 0, 1}, {-9000, 5, 0}};
    double want = 0;
    for (size_t i = 0; i < sizeof T / sizeof *T; i++) {
        struct said_answer a = say(now + (uint64_t)T[i].ms, (uint64_t)T[i].n, none);
        assert_true(a.outcome == SAID_DONE && !a.strange && a.taken == T[i].taken);
        want += T[i].taken;
        assert_true(fabs(slow_spam("a.example") - want) < 0.01);
    }
}

static void a_guard_of_a_time_to_come_is_not_believed(void **unused)
{
    (void)unused;
    uint64_t now = (uint64_t)clock_wall_us() / 1000;
    struct said_place none = {0, 0}, known = {now - 50, 1};
    static const double STRANGE[] = {1e300, INFINITY, -INFINITY, NAN, -2, 9e15};
    for (size_t i = 0; i < sizeof STRANGE / sizeof *STRANGE; i++)
        for (int short_one = 0; short_one < 2; short_one++) {
            double had = slow_spam("a.example");
            set_guard(STRANGE[i], 7, short_one ? 9 : 12);
            struct said_answer a = say(now - 60, 0, known); /* told before, as we know */
            assert_true(a.outcome == SAID_DONE && a.strange && a.taken == 0);
            a = say(now - 40, 0, known);
            assert_true(a.outcome == SAID_DONE && a.strange && a.taken == 1);
            a = say(now - 45, 0, none); /* it remembers the truth again */
            assert_true(a.outcome == SAID_DONE && !a.strange && a.taken == 0 && a.had.ms == now - 40);
            assert_true(fabs(slow_spam("a.example") - had - 1) < 0.01);
        }
    /* Within what clocks may differ by, and when the stream's was set back, it may be an entry's. */
    set_guard((double)(now + SAID_AHEAD_MS / 2), 0, 12);
    struct said_answer a = say(now, 0, none);
    assert_true(a.outcome == SAID_DONE && !a.strange && a.taken == 0);
    set_guard((double)(now + 10 * SAID_AHEAD_MS), 5, 12);
    a = say(now + 10 * SAID_AHEAD_MS, 5, none);
    assert_true(a.outcome == SAID_DONE && !a.strange && a.taken == 0);
    a = say(now + 10 * SAID_AHEAD_MS, 6, none);
    assert_true(a.outcome == SAID_DONE && !a.strange && a.taken == 1);
}

static void a_bucket_that_lacks_words_takes_no_more(void **unused)
{
    (void)unused;
    uint64_t now = (uint64_t)clock_wall_us() / 1000;
    struct said_place none = {0, 0}, known = {now - 50, 1};
    say(now - 80, 0, none);
    struct said_answer a = say(now - 40, 0, known);
    assert_true(a.outcome == SAID_MISSING && a.taken == 0 && a.had.ms == now - 80);
    ASK(SPAN("FLUSHALL"));
    a = say(now - 40, 0, known);
    assert_true(a.outcome == SAID_MISSING && a.had.ms == 0);
    assert_true(slow_spam("a.example") == 0);
    a = say(now - 40, 0, none);
    assert_true(a.outcome == SAID_DONE && a.taken == 1);
    assert_true(fabs(slow_spam("a.example") - 1) < 0.01);
}

/* --- all of the way ----------------------------------------------------------------------------------------------- */

static void tell(struct relay *r, uint64_t ms, const char *name)
{
    struct feedback f = {.names = {{NAME_FROM, span_cstr(name)}}, .name_count = 1};
    struct voices_effect e = {.has_now = true, .now = {.spam = true, .at_ms = (int64_t)ms, .amount = {1}}};
    relay_add(r, &f, (struct follow_place){ms, 0}, &e);
}

/* Until nothing waits, or something is missing. */
static void turn(struct relay *r, bool waits, int64_t later_us)
{
    struct follow_place upto;
    struct store_reply reply;
    for (int64_t until_us = clock_us() + PATIENCE_US; (waits || relay_waiting(r)) && !relay_missing(r, &upto);) {
        relay_turn(r, clock_us() + later_us);
        store_pump(store);
        while (store_next(store, &reply))
            if (reply.tag & RELAY_TAG) relay_reply(r, &reply, clock_us());
        store_wait(store, 1000);
        assert_true(clock_us() < until_us);
    }
}

static void lost_words_are_noticed_and_told_again(void **unused)
{
    (void)unused;
    uint64_t now = (uint64_t)clock_wall_us() / 1000;
    struct relay *r;
    struct follow_place upto;
    static const char *const NAME[] = {"a.example", "b.example", "c.example"};
    assert_int_equal(relay_open(store, &(struct relay_options){.prefix = "t", .lives = LIVES}, &r), ERR_OK);
    for (unsigned i = 0; i < 3; i++) tell(r, now - 900 + i, NAME[i]);
    turn(r, false, 0);
    assert_false(relay_missing(r, &upto));
    ASK(SPAN("DEL"), key_of("b.example"));
    ASK(SPAN("DEL"), guard_of("b.example")); /* as when the server of this bucket came back empty */
    tell(r, now - 800, "a.example");
    turn(r, false, 0);
    assert_false(relay_missing(r, &upto));
    tell(r, now - 700, "b.example");
    turn(r, false, 0);
    assert_true(relay_missing(r, &upto) && follow_place_zero(upto));
    assert_true(slow_spam("b.example") == 0);
    relay_drop(r);
    for (unsigned i = 0; i < 3; i++) tell(r, now - 900 + i, NAME[i]);
    tell(r, now - 800, "a.example");
    tell(r, now - 700, "b.example");
    turn(r, false, 0);
    assert_false(relay_missing(r, &upto));
    assert_true(fabs(slow_spam("a.example") - 2) < 0.01 && fabs(slow_spam("b.example") - 2) < 0.01 &&
                fabs(slow_spam("c.example") - 1) < 0.01);
    ASK(SPAN("FLUSHALL"));
    turn(r, true, 11000000); /* noticed while nobody says anything */
    assert_true(relay_missing(r, &upto) && follow_place_zero(upto));
    tell(r, now - 600, "c.example");
    relay_go_on(r); /* and when nothing can be done about it the rest is told */
    turn(r, false, 0);
    assert_true(relay_waiting(r) == 0 && fabs(slow_spam("c.example") - 1) < 0.01);
    relay_close(r);
}

static int set_up(void **unused)
{
    (void)unused;
    own_redis_start();
    store = own_redis_store();
    said_init(&said, store, &LIVES);
    return 0;
}

static int tear_down(void **unused)
{
    (void)unused;
    store_close(store);
    own_redis_remove();
    own_redis_dir[0] = 0;
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_not_newer_is_passed_over, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_guard_of_a_time_to_come_is_not_believed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_bucket_that_lacks_words_takes_no_more, set_up, tear_down),
        cmocka_unit_test_setup_teardown(lost_words_are_noticed_and_told_again, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

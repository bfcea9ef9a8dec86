/* SPDX-License-Identifier: Apache-2.0 */
/* test_behind: a flush goes to a real redis-server a little at a time, spread over half of the pause between two; names
 * that are met once, however many, leave room for one that is met again. */
#include "worker/rep/behind.h"

#include "proto/store/name.h"
#include "tests/unit/own_redis.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

enum { FLUSH_MS = 1000, NAMES = 1000, STEP = 32, MOST = 256, TAG_ASK = 1 };
#define TAG_WRITE ((uint64_t)1 << 56)

static const struct record_lives LIVES = {.minutes = {360, 21 * 1440}};
static struct store *store;
static struct counters counters;
static struct behind *behind;

/* What the server says, once all that was sent is written. Lent until it is asked again. */
static struct store_value says(const span *words, size_t n)
{
    struct store_reply r;
    bool asked = false;
    for (int64_t until_us = clock_us() + 20000000; clock_us() < until_us; store_wait(store, 1000)) {
        store_pump(store);
        if (!asked && store_up(store)) asked = store_put(store, SPAN_NONE, words, n, TAG_ASK);
        while (store_next(store, &r)) {
            if (r.tag == TAG_ASK) return r.v[0];
            assert_int_equal(behind_reply(behind, &r), 0);
        }
    }
    fail_msg("no answer from redis-server");
    return (struct store_value){0};
}

/* Names in the server. */
static int64_t written(void)
{
    return says((span[]){SPAN("DBSIZE")}, 1).integer;
}

static void a_flush_is_spread(void **state)
{
    (void)state;
    uint8_t key[NAME_KEY_BYTES];
    for (int i = 0; i < NAMES; i++) {
        char name[32];
        snprintf(name, sizeof name, "d%d.example", i);
        span at = name_key("t", SPAN_NONE, NAME_FROM, span_cstr(name), key);
        assert_true(behind_add(behind, at, (struct tally_seen){1, 1, 0}));
        assert_true(behind_add(behind, at, (struct tally_seen){1, 0, 1}));
    }
    int64_t t_us = clock_us() + FLUSH_MS * 1000;
    behind_flush(behind, t_us, TAG_WRITE, false);
    assert_int_equal(written(), 0);
    assert_in_range(behind_wish_ms(behind), 1, FLUSH_MS / 2);

    behind_flush(behind, t_us + FLUSH_MS * 1000 / 10, TAG_WRITE, false);
    assert_in_range(written(), NAMES / 5 - STEP, NAMES / 5);

    int64_t before = written();
    for (int calls = 0; before < NAMES; calls++) { /* late: as much as the server may take at one go */
        assert_true(calls < NAMES / MOST + 1);
        behind_flush(behind, t_us + FLUSH_MS * 1000, TAG_WRITE, false);
        int64_t now = written();
        assert_in_range(now - before, 1, MOST);
        before = now;
    }
    behind_flush(behind, t_us + FLUSH_MS * 1000, TAG_WRITE, false);
    assert_int_equal(behind_waiting(behind), 0);
}

/* Once the table is crowded a name takes room when it is met again, and then nothing of it was forgotten. */
static void many_who_come_once_hide_nobody(void **state)
{
    (void)state;
    enum { CROWD = TALLY_KEYS, TIMES = 40 };
    uint8_t key[NAME_KEY_BYTES];
    char name[32];
    const struct tally_seen ham = {1, 1, 0}, spam = {1, 0, 1};
    for (int i = 0; i < CROWD; i++) {
        snprintf(name, sizeof name, "once%d.example", i);
        assert_true(behind_add(behind, name_key("t", SPAN_NONE, NAME_FROM, span_cstr(name), key), spam));
    }
    assert_int_equal(behind_waiting(behind), TALLY_ANY);
    span loud = name_key("t", SPAN_NONE, NAME_FROM, SPAN("loud.example"), key);
    for (int i = 0; i < TIMES; i++) assert_true(behind_add(behind, loud, i % 2 ? spam : ham));
    assert_int_equal(behind_waiting(behind), TALLY_ANY + 1);

    for (int calls = 0; behind_waiting(behind) > 0; calls++) {
        assert_true(calls < TALLY_KEYS / MOST + 2);
        behind_flush(behind, clock_us(), TAG_WRITE, true);
        written();
    }
    struct record r;
    struct store_value got = says((span[]){SPAN("GET"), loud}, 2);
    assert_int_equal(got.kind, STORE_TEXT);
    assert_true(record_read(got.text, &r));
    const double *sum = r.sum[RECORD_SLOW];
    assert_in_range(lround(1000 * sum[SUM_VOLUME]), 999 * TIMES, 1000 * TIMES); /* a minute may have passed */
    assert_in_range(lround(1000 * sum[SUM_HAM]), 999 * TIMES / 2, 1000 * TIMES / 2);
    assert_in_range(lround(1000 * sum[SUM_SPAM]), 999 * TIMES / 2, 1000 * TIMES / 2);
}

int main(void)
{
    own_redis_start();
    store = own_redis_store();
    counters_init(&counters, store, &LIVES);
    assert_int_equal(behind_open(&counters, FLUSH_MS, 7, &behind), ERR_OK);
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_flush_is_spread),
                                       cmocka_unit_test(many_who_come_once_hide_nobody)};
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    behind_close(behind);
    store_close(store);
    own_redis_remove();
    return failed;
}

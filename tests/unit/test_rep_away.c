/* SPDX-License-Identifier: Apache-2.0 */
/* test_rep_away: reputation while its redis-server is full, stopped (SIGSTOP), slow, killed, or nowhere.
 *
 * Look-ups must end by their deadline whatever happens, late answers must never be taken for another batch's, and counts
 * must arrive after recovery. */
#define _GNU_SOURCE
#include "tests/unit/rep_redis.h"
#include "worker/rep/tally.h"

static void refused_writes_wait(void **state)
{
    struct rep *r = *state;
    struct rep_names k;
    struct rep_stat st;
    ask("LPUSH", key_text(NAME_FROM, "list.example"), "ours, and no record", NULL);
    rep_count(r, 0, SPAN_NONE, names_of(&k, "", "list.example"), HAM);
    tick_until_written(r);
    assert_true(near(recorded(NAME_FROM, "list.example").sum[RECORD_SLOW][SUM_VOLUME], 1));
    put_said(key_of(NAME_IP, "192.0.2.1"), 0, 20, 0);
    ask("CONFIG", "SET", "maxmemory", "1");
    rep_count(r, 0, SPAN_NONE, names_of(&k, "", "full.example"), HAM);
    do {
        rep_tick(r);
        assert_true(look_until(r, "192.0.2.1", true).log_odds > 2); /* verdicts go on */
        rep_stat(r, &st);
    } while (st.refused == 0);
    assert_int_equal(st.waiting, 1); /* full: kept */
    ask("CONFIG", "SET", "maxmemory", "0");
    tick_until_written(r);
    assert_true(near(recorded(NAME_FROM, "full.example").sum[RECORD_SLOW][SUM_VOLUME], 1));
    ask("SCRIPT", "FLUSH", NULL, NULL); /* as after a failover to a server that has none */
    rep_count(r, 0, SPAN_NONE, names_of(&k, "", "full.example"), HAM);
    tick_until_written(r);
    assert_true(near(recorded(NAME_FROM, "full.example").sum[RECORD_SLOW][SUM_VOLUME], 2));
    rep_stat(r, &st);
    assert_int_equal(st.dropped, 0);
}

/* With as little memory as makes it forget, what people said stays and what was only seen goes. */
static void full_memory_forgets_what_was_only_seen(void **state)
{
    struct rep *r = *state;
    struct rep_names k;
    char text[64], used[32];
    ask("CONFIG", "SET", "maxmemory-policy", "volatile-ttl");
    put_said(key_of(NAME_IP, "192.0.2.1"), 0, 20, 0);
    command((span[]){SPAN("EXPIRE"), key_of(NAME_IP, "192.0.2.1"), SPAN("3628800")}, 3);
    struct answer now = command(
        (span[]){SPAN("EVAL"), SPAN("return redis.call('INFO', 'memory'):match('used_memory:(%d+)')"), SPAN("0")}, 3);
    snprintf(used, sizeof used, "%d", atoi(now.text) + 2000000);
    ask("CONFIG", "SET", "maxmemory", used);
    for (int i = 0; i < 40000; i++) {
        snprintf(text, sizeof text, "%d.example", i);
        rep_count(r, 0, SPAN_NONE, names_of(&k, "", text), HAM);
        rep_count(r, 0, SPAN_NONE, &k, HAM);
        if (i % 2000 == 1999) tick_until_written(r);
    }
    assert_true(atoi(ask("DBSIZE", NULL, NULL, NULL).text) < 30000);
    assert_true(near(recorded(NAME_FROM, "39999.example").sum[RECORD_SLOW][SUM_VOLUME], 2));
    assert_true(look_until(r, "192.0.2.1", true).log_odds > 2);
}

/* Stop the server between asking and answering, over and over: each address has its own score, so an answer that
 * arrives late and is taken for another's would show. */
static void late_answers_are_never_mixed_up(void **state)
{
    struct rep *r = *state;
    char ip[20];
    double want[20];
    unsigned late = 0;
    for (int i = 0; i < 20; i++) {
        snprintf(ip, sizeof ip, "192.0.2.%d", i);
        put_said(key_of(NAME_IP, ip), 0, i + 1, 0);
        want[i] = look_until(r, ip, true).log_odds;
        assert_true(i == 0 || want[i] > want[i - 1]);
    }
    for (int round = 0; round < 300; round++) {
        int i = round % 20;
        if (round % 5 == 0) kill(own_redis_pid, SIGSTOP);
        if (round % 5 == 2) kill(own_redis_pid, SIGCONT);
        snprintf(ip, sizeof ip, "192.0.2.%d", i);
        struct rep_score s = look(r, ip);
        if (s.known) assert_true(fabs(s.log_odds - want[i]) < 1e-3);
        if (!s.known) late++;
        rep_tick(r);
    }
    kill(own_redis_pid, SIGCONT);
    assert_true(fabs(look_until(r, "192.0.2.3", true).log_odds - want[3]) < 1e-3);
    assert_true(late >= 20);
    struct rep_stat st;
    rep_stat(r, &st);
    assert_true(st.late >= 20);
}

static void stalled_store_costs_no_time(void **state)
{
    struct rep *r = *state;
    struct rep_names k;
    kill(own_redis_pid, SIGSTOP);
    look_until(r, "192.0.2.1", false);
    usleep(150000);
    int64_t start_us = clock_us();
    for (int i = 0; i < 1000; i++) {
        assert_false(look(r, "192.0.2.1").known);
        rep_count(r, 0, SPAN_NONE, names_of(&k, "192.0.2.1", ""), HAM);
        rep_tick(r);
    }
    assert_true(clock_us() - start_us < 1000 * DEADLINE_US / 10);
    kill(own_redis_pid, SIGCONT);
    look_until(r, "192.0.2.1", true);
    tick_until_written(r);
    assert_true(near(recorded(NAME_IP, "192.0.2.1").sum[RECORD_SLOW][SUM_VOLUME], 1000));
}

/* A server that is slow, not away: waiting for it each time would take all of a worker's time. */
static void nobody_waits_for_the_slow_for_long(void **state)
{
    struct rep *r = *state;
    struct rep_stat st;
    char ip[24];
    look_until(r, "192.0.2.1", true);
    rep_stat(r, &st);
    uint64_t spared = st.hurried;
    for (int i = 0; i < 40; i++) {
        snprintf(ip, sizeof ip, "203.0.113.%d", i);
        if (i % 4 == 0) kill(own_redis_pid, SIGSTOP);
        look(r, ip);
        if (i % 4 == 3) {
            kill(own_redis_pid, SIGCONT);
            usleep(20000);
            rep_tick(r);
        }
    }
    kill(own_redis_pid, SIGCONT);
    rep_stat(r, &st);
    assert_true(st.hurried > spared);
    look_until(r, "192.0.2.9", true); /* and it is waited for again */
}

static void counts_arrive_after_a_restart(void **state)
{
    struct rep *r = *state;
    struct rep_names k;
    char domain[32];
    own_redis_kill();
    look_until(r, "192.0.2.1", false);
    /* More keys than the table holds: memory stays, the rest is dropped and counted. */
    for (int i = 0; i < TALLY_KEYS + 1000; i++) {
        snprintf(domain, sizeof domain, "d%d.example", i);
        rep_count(r, 0, SPAN_NONE, names_of(&k, "", domain), HAM);
        rep_count(r, 0, SPAN_NONE, &k, HAM);
        if (i % 64 == 0) rep_tick(r);
    }
    struct rep_stat st;
    rep_stat(r, &st);
    assert_int_equal(st.waiting, TALLY_KEYS);
    assert_int_equal(st.dropped, 1000); /* the first mail of each waits at the door */
    own_redis_start();
    look_until(r, "192.0.2.1", true);
    tick_until_written(r);
    assert_string_equal(ask("DBSIZE", NULL, NULL, NULL).text, "8192");
    assert_true(near(recorded(NAME_FROM, "d8191.example").sum[RECORD_SLOW][SUM_VOLUME], 2));
}

static void places_are_parsed(void **state)
{
    static const struct {
        const char *where;
        enum err want;
    } T[] = {
        {"unix:/nowhere/redis.sock", ERR_OK},
        {"tcp:127.0.0.1:1", ERR_OK},
        {"tcp:[::1]:1", ERR_OK},
        {"tcp:127.0.0.1", ERR_SYNTAX},
        {"tcp::6379", ERR_SYNTAX},
        {"unix:", ERR_SYNTAX},
        {"redis", ERR_SYNTAX},
        {"tcp:127.0.0.1:", ERR_SYNTAX},
        {"tcp:127.0.0.1:x", ERR_SYNTAX},
    };
    (void)state;
    for (size_t i = 0; i < sizeof T / sizeof *T; i++) {
        struct rep *r;
        struct rep_options o = {
            .store.where = T[i].where, .prefix = "t", .flush_ms = FLUSH_MS, .lives = LIVES, .secret = &SECRET};
        enum err e = rep_open(&o, &r);
        assert_int_equal(e, T[i].want);
        if (e != ERR_OK) continue;
        for (int n = 0; n < 5; n++) {
            rep_tick(r);
            assert_false(look(r, "192.0.2.1").known); /* nobody there */
        }
        rep_close(r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(refused_writes_wait, start, stop),
        cmocka_unit_test_setup_teardown(full_memory_forgets_what_was_only_seen, start, stop),
        cmocka_unit_test_setup_teardown(late_answers_are_never_mixed_up, start, stop),
        cmocka_unit_test_setup_teardown(stalled_store_costs_no_time, start, stop),
        cmocka_unit_test_setup_teardown(nobody_waits_for_the_slow_for_long, start, stop),
        cmocka_unit_test_setup_teardown(counts_arrive_after_a_restart, start, stop),
        cmocka_unit_test(places_are_parsed),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    own_redis_remove();
    return failed;
}

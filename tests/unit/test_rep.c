/* SPDX-License-Identifier: Apache-2.0 */
/* test_rep: reputation against a real redis-server on a Unix socket, in good times and bad.
 *
 * The server is started, stopped (SIGSTOP), killed and started again; look-ups must end by their deadline whatever
 * happens, late answers must never be taken for another batch's, and counts must arrive after recovery. */
#include "worker/rep/rep.h"

#include "proto/base/clock.h"
#include "proto/store/store.h"
#include "worker/rep/tally.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

enum { FLUSH_MS = 20, DEADLINE_US = 20000, SLACK_US = 400000, PATIENCE_US = 20000000 };

static char dir[64], where[128], sock[96];
static pid_t server = -1;

static void server_start(void)
{
    char log[96];
    snprintf(log, sizeof log, "%s/redis.log", dir);
    server = fork();
    if (server == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        int null = open("/dev/null", O_RDWR);
        dup2(null, 1);
        execlp("redis-server", "redis-server", "--port", "0", "--unixsocket", sock, "--dir", dir, "--save", "",
               "--appendonly", "yes", "--logfile", log, "--daemonize", "no", (char *)NULL);
        _exit(127);
    }
    struct stat st;
    int64_t until_us = clock_us() + PATIENCE_US;
    while (stat(sock, &st) != 0 && clock_us() < until_us) usleep(5000);
    assert_int_equal(stat(sock, &st), 0);
}

static void server_kill(void)
{
    if (server < 0) return;
    kill(server, SIGKILL);
    waitpid(server, NULL, 0);
    server = -1;
    unlink(sock);
}

/* A command over a second connection, waiting for its answer; as text. */
static const char *ask(const char *a, const char *b, const char *c, const char *d, const char *e)
{
    static struct store *side;
    static char text[256];
    const char *words[] = {a, b, c, d, e};
    span argv[5];
    size_t n = 0;
    struct store_reply reply;
    bool sent = false;
    int64_t until_us = clock_us() + PATIENCE_US;
    while (n < 5 && words[n]) argv[n] = span_cstr(words[n]), n++;
    if (!side) assert_int_equal(store_open(&(struct store_options){.where = where}, &side), ERR_OK);
    while (clock_us() < until_us) {
        store_pump(side);
        if (!sent && store_up(side)) sent = store_put(side, SPAN_NONE, argv, n, 0);
        if (!store_next(side, &reply)) {
            store_wait(side, 1000);
            continue;
        }
        if (reply.v[0].kind == STORE_LOST || (reply.passing && span_starts(reply.v[0].text, SPAN("LOADING")))) {
            sent = false;
            continue;
        }
        snprintf(text, sizeof text, "%.*s", SPAN_ARG(reply.v[0].text));
        if (reply.v[0].kind == STORE_INTEGER) snprintf(text, sizeof text, "%lld", (long long)reply.v[0].integer);
        return text;
    }
    fail_msg("no answer from redis-server");
    return NULL;
}

static struct rep_keys *keys_of(struct rep_keys *k, const char *ip, const char *domain)
{
    struct mail m = {.from_domain = span_cstr(domain)};
    rep_keys(&m, span_cstr(ip), true, k);
    return k;
}

/* One batch of one mail; checks that it ends in time whatever the store does. */
static struct rep_score look(struct rep *r, const char *ip)
{
    static struct rep_keys k;
    struct rep_score s;
    int64_t start_us = clock_us();
    rep_begin(r);
    rep_ask(r, 0, keys_of(&k, ip, ""));
    rep_send(r);
    rep_collect(r, clock_us() + DEADLINE_US);
    rep_result(r, 0, &s);
    assert_true(clock_us() - start_us < DEADLINE_US + SLACK_US);
    return s;
}

/* Look until the store answers (or does not), ticking as a worker does. */
static struct rep_score look_until(struct rep *r, const char *ip, bool known)
{
    struct rep_score s;
    int64_t until_us = clock_us() + PATIENCE_US;
    do {
        rep_tick(r);
        s = look(r, ip);
        if (s.known != known) usleep(2000);
    } while (s.known != known && clock_us() < until_us);
    assert_int_equal(s.known, known);
    return s;
}

static void tick_until_written(struct rep *r)
{
    struct rep_stat st;
    int64_t until_us = clock_us() + PATIENCE_US;
    do {
        rep_tick(r);
        rep_stat(r, &st);
        usleep(1000);
    } while (st.waiting && clock_us() < until_us);
    assert_int_equal(st.waiting, 0);
}

static int start(void **state)
{
    struct rep *r;
    server_start();
    if (rep_open(where, "t", FLUSH_MS, &r) != ERR_OK) return -1;
    *state = r;
    look_until(r, "192.0.2.99", true);
    ask("FLUSHALL", NULL, NULL, NULL, NULL);
    return 0;
}

static int stop(void **state)
{
    rep_close(*state);
    if (server > 0) kill(server, SIGCONT);
    server_kill();
    return 0;
}

static void reads_what_was_said(void **state)
{
    struct rep *r = *state;
    ask("HMSET", "t:1:ip:192.0.2.1", "ham", "0", NULL);
    ask("HSET", "t:1:ip:192.0.2.1", "spam", "20", NULL);
    struct rep_score s = look_until(r, "192.0.2.1", true);
    assert_true(s.log_odds > 2.4 && s.log_odds < 2.5); /* ln 21 · 20/25 */
    assert_true(look_until(r, "192.0.2.2", true).log_odds == 0);
}

static void odd_answers_are_no_evidence(void **state)
{
    struct rep *r = *state;
    static const char *const NONSENSE[] = {"", "x", "-5", "1e999", "nan", "12 monkeys", "0x10p99999"};
    ask("SET", "t:1:ip:192.0.2.1", "a string, not a hash", NULL, NULL);
    struct rep_score s = look_until(r, "192.0.2.1", true);
    assert_true(s.log_odds == 0);
    for (size_t i = 0; i < sizeof NONSENSE / sizeof *NONSENSE; i++) {
        ask("HSET", "t:1:ip:192.0.2.2", "spam", NONSENSE[i], NULL);
        assert_true(look_until(r, "192.0.2.2", true).log_odds == 0);
    }
    ask("CONFIG", "SET", "requirepass", "secret", NULL); /* a new connection is told NOAUTH: away, not wrong */
    struct rep *late;
    assert_int_equal(rep_open(where, "t", FLUSH_MS, &late), ERR_OK);
    for (int i = 0; i < 20; i++) {
        rep_tick(late);
        assert_false(look(late, "192.0.2.1").known);
        usleep(1000);
    }
    rep_close(late);
}

static void counts_are_summed_and_written(void **state)
{
    struct rep *r = *state;
    struct rep_keys k;
    for (int i = 0; i < 500; i++) rep_count(r, keys_of(&k, "192.0.2.7", "example.org"));
    tick_until_written(r);
    assert_string_equal(ask("HGET", "t:1:ip:192.0.2.7", "vol", NULL, NULL), "500");
    assert_string_equal(ask("HGET", "t:1:from:example.org", "vol", NULL, NULL), "500");
    assert_true(atoi(ask("TTL", "t:1:from:example.org", NULL, NULL, NULL)) > 2500000);
}

static void refused_writes_wait_or_go(void **state)
{
    struct rep *r = *state;
    struct rep_keys k;
    struct rep_stat st;
    ask("SET", "t:1:ip:192.0.2.8", "not a hash", NULL, NULL);
    rep_count(r, keys_of(&k, "192.0.2.8", ""));
    tick_until_written(r); /* WRONGTYPE will never pass: dropped, and counted as such */
    rep_stat(r, &st);
    assert_int_equal(st.dropped, 1);
    ask("CONFIG", "SET", "maxmemory", "1", NULL);
    rep_count(r, keys_of(&k, "192.0.2.9", ""));
    int64_t until_us = clock_us() + 200000;
    while (clock_us() < until_us) {
        rep_tick(r);
        usleep(1000);
    }
    rep_stat(r, &st);
    assert_int_equal(st.waiting, 1); /* full: kept */
    ask("CONFIG", "SET", "maxmemory", "0", NULL);
    tick_until_written(r);
    assert_string_equal(ask("HGET", "t:1:ip:192.0.2.9", "vol", NULL, NULL), "1");
}

/* Stop the server between asking and answering, over and over: each address has its own score, so an answer that
 * arrives late and is taken for another's would show. */
static void late_answers_are_never_mixed_up(void **state)
{
    struct rep *r = *state;
    char key[40], ip[20], n[8];
    double want[20];
    unsigned late = 0;
    for (int i = 0; i < 20; i++) {
        snprintf(key, sizeof key, "t:1:ip:192.0.2.%d", i);
        snprintf(ip, sizeof ip, "192.0.2.%d", i);
        snprintf(n, sizeof n, "%d", i + 1);
        ask("HSET", key, "spam", n, NULL);
        want[i] = look_until(r, ip, true).log_odds;
        assert_true(i == 0 || want[i] > want[i - 1]);
    }
    for (int round = 0; round < 300; round++) {
        int i = round % 20;
        if (round % 5 == 0) kill(server, SIGSTOP);
        if (round % 5 == 2) kill(server, SIGCONT);
        snprintf(ip, sizeof ip, "192.0.2.%d", i);
        struct rep_score s = look(r, ip);
        if (s.known) assert_true(s.log_odds == want[i]);
        if (!s.known) late++;
        rep_tick(r);
    }
    kill(server, SIGCONT);
    assert_true(look_until(r, "192.0.2.3", true).log_odds == want[3]);
    assert_true(late >= 20);
    struct rep_stat st;
    rep_stat(r, &st);
    assert_true(st.late >= 20);
}

static void stalled_store_costs_no_time(void **state)
{
    struct rep *r = *state;
    struct rep_keys k;
    kill(server, SIGSTOP);
    look_until(r, "192.0.2.1", false);
    usleep(150000);
    int64_t start_us = clock_us();
    for (int i = 0; i < 1000; i++) {
        assert_false(look(r, "192.0.2.1").known);
        rep_count(r, keys_of(&k, "192.0.2.1", ""));
        rep_tick(r);
    }
    assert_true(clock_us() - start_us < 1000 * DEADLINE_US / 10);
    kill(server, SIGCONT);
    look_until(r, "192.0.2.1", true);
    tick_until_written(r);
    assert_string_equal(ask("HGET", "t:1:ip:192.0.2.1", "vol", NULL, NULL), "1000");
}

static void counts_arrive_after_a_restart(void **state)
{
    struct rep *r = *state;
    struct rep_keys k;
    char domain[32];
    server_kill();
    look_until(r, "192.0.2.1", false);
    /* More keys than the table holds: memory stays, the rest is dropped and counted. */
    for (int i = 0; i < TALLY_KEYS + 1000; i++) {
        snprintf(domain, sizeof domain, "d%d.example", i);
        rep_count(r, keys_of(&k, "", domain));
        if (i % 64 == 0) rep_tick(r);
    }
    struct rep_stat st;
    rep_stat(r, &st);
    assert_int_equal(st.waiting, TALLY_KEYS);
    assert_int_equal(st.dropped, 1000);
    server_start();
    look_until(r, "192.0.2.1", true);
    tick_until_written(r);
    assert_string_equal(ask("DBSIZE", NULL, NULL, NULL, NULL), "8192");
    assert_string_equal(ask("HGET", "t:1:from:d8191.example", "vol", NULL, NULL), "1");
}

static void close_writes_what_is_left(void **state)
{
    struct rep *r = *state;
    struct rep_keys k;
    for (int i = 0; i < 3; i++) rep_count(r, keys_of(&k, "192.0.2.3", ""));
    rep_close(r);
    assert_string_equal(ask("HGET", "t:1:ip:192.0.2.3", "vol", NULL, NULL), "3");
    assert_int_equal(rep_open("off", "t", FLUSH_MS, &r), ERR_OK);
    assert_true(look(r, "192.0.2.3").known);
    assert_int_equal(rep_tick(r), -1);
    assert_int_equal(rep_fd(r), -1);
    rep_count(r, keys_of(&k, "192.0.2.3", ""));
    *state = r;
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
        {"tcp:127.0.0.1:x", ERR_IO},
    };
    (void)state;
    for (size_t i = 0; i < sizeof T / sizeof *T; i++) {
        struct rep *r;
        enum err e = rep_open(T[i].where, "t", FLUSH_MS, &r);
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
        cmocka_unit_test(places_are_parsed),
        cmocka_unit_test_setup_teardown(reads_what_was_said, start, stop),
        cmocka_unit_test_setup_teardown(odd_answers_are_no_evidence, start, stop),
        cmocka_unit_test_setup_teardown(counts_are_summed_and_written, start, stop),
        cmocka_unit_test_setup_teardown(refused_writes_wait_or_go, start, stop),
        cmocka_unit_test_setup_teardown(late_answers_are_never_mixed_up, start, stop),
        cmocka_unit_test_setup_teardown(stalled_store_costs_no_time, start, stop),
        cmocka_unit_test_setup_teardown(counts_arrive_after_a_restart, start, stop),
        cmocka_unit_test_setup_teardown(close_writes_what_is_left, start, stop),
    };
    snprintf(dir, sizeof dir, "/tmp/furui-test-rep-XXXXXX");
    if (!mkdtemp(dir)) return 1;
    snprintf(sock, sizeof sock, "%s/redis.sock", dir);
    snprintf(where, sizeof where, "unix:%s", sock);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    char command[128];
    server_kill();
    snprintf(command, sizeof command, "rm -rf '%s'", dir);
    return system(command) == 0 ? failed : 1;
}

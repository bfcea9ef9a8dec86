/* SPDX-License-Identifier: Apache-2.0 */
/* test_rep: reputation against a real redis-server on a Unix socket, in good times and bad.
 *
 * The server is started, stopped (SIGSTOP), killed and started again; look-ups must end by their deadline whatever
 * happens, late answers must never be taken for another batch's, and counts must arrive after recovery. */
#include "worker/rep/rep.h"

#include "proto/base/clock.h"
#include "proto/store/store.h"
#include "worker/rep/cache.h"
#include "worker/rep/tally.h"

#include <fcntl.h>
#include <math.h>
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
static const struct secret SECRET = {{1, 2, 3}};
static const struct record_lives LIVES = {.minutes = {360, 21 * 1440}};
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

struct answer {
    enum store_kind kind;
    size_t n;
    char text[256];
};

/* A command over a second connection, waiting for its answer. */
static struct answer command(const span *words, size_t n)
{
    static struct store *side;
    struct answer a = {0};
    struct store_reply reply;
    bool sent = false;
    int64_t until_us = clock_us() + PATIENCE_US;
    if (!side) assert_int_equal(store_open(&(struct store_options){.where = where}, &side), ERR_OK);
    while (clock_us() < until_us) {
        store_pump(side);
        if (!sent && store_up(side)) sent = store_put(side, SPAN_NONE, words, n, 0);
        if (!store_next(side, &reply)) {
            store_wait(side, 1000);
            continue;
        }
        if (reply.v[0].kind == STORE_LOST || (reply.passing && span_starts(reply.v[0].text, SPAN("LOADING")))) {
            sent = false;
            continue;
        }
        a.kind = reply.v[0].kind;
        a.n = span_head(reply.v[0].text, sizeof a.text - 1).n;
        if (a.n) memcpy(a.text, reply.v[0].text.p, a.n);
        if (a.kind == STORE_INTEGER) snprintf(a.text, sizeof a.text, "%lld", (long long)reply.v[0].integer);
        return a;
    }
    fail_msg("no answer from redis-server");
    return a;
}

static struct answer ask(const char *a, const char *b, const char *c, const char *d)
{
    const char *words[] = {a, b, c, d};
    span argv[4];
    size_t n = 0;
    while (n < 4 && words[n]) argv[n] = span_cstr(words[n]), n++;
    return command(argv, n);
}

static span key_of(enum name_kind kind, const char *name)
{
    static uint8_t text[NAME_KEY_BYTES];
    return name_key("t", SPAN_NONE, kind, span_cstr(name), text);
}

static const char *key_text(enum name_kind kind, const char *name)
{
    static char text[NAME_KEY_BYTES + 1];
    snprintf(text, sizeof text, "%.*s", SPAN_ARG(key_of(kind, name)));
    return text;
}

/* People said so, some minutes ago. */
static void put_said(span key, double ham, double spam, uint32_t age)
{
    uint8_t bytes[RECORD_BYTES];
    struct record r = {.minute = record_minute(clock_wall_us()) - age};
    for (int speed = 0; speed < RECORD_SPEEDS; speed++)
        r.sum[speed][SUM_SAID_HAM] = ham, r.sum[speed][SUM_SAID_SPAM] = spam;
    record_write(&r, bytes);
    command((span[]){SPAN("SET"), key, span_of(bytes, sizeof bytes)}, 3);
}

static struct record recorded(enum name_kind kind, const char *name)
{
    struct record r;
    struct answer a = command((span[]){SPAN("GET"), key_of(kind, name)}, 2);
    assert_int_equal(record_read(span_of(a.text, a.n), &r), a.kind == STORE_TEXT);
    return r;
}

/* But for a minute that may have passed. */
static bool near(double got, double want)
{
    return fabs(got - want) <= 0.01 * want;
}

static const struct tally_seen HAM = {.mails = 1, .ham = 1}, SPAM_SEEN = {.mails = 1, .spam = 1};

static struct rep_names *names_of(struct rep_names *k, const char *ip, const char *domain)
{
    struct mail m = {.from_domain = span_cstr(domain)};
    rep_names(&m, span_cstr(ip), SPAN_NONE, k);
    return k;
}

static enum err open_rep(int cache_ms, struct rep **out)
{
    struct rep_options o = {.store.where = where,
                            .prefix = "t",
                            .flush_ms = FLUSH_MS,
                            .cache_ms = cache_ms,
                            .lives = LIVES,
                            .secret = &SECRET};
    return rep_open(&o, out);
}

/* One batch of one mail; checks that it ends in time whatever the store does. */
static struct rep_score look(struct rep *r, const char *ip)
{
    static struct rep_names k;
    struct rep_score s;
    int64_t start_us = clock_us();
    rep_begin(r);
    rep_ask(r, 0, SPAN_NONE, names_of(&k, ip, ""));
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
    if (open_rep(0, &r) != ERR_OK) return -1;
    *state = r;
    look_until(r, "192.0.2.99", true);
    ask("FLUSHALL", NULL, NULL, NULL);
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
    put_said(key_of(NAME_IP, "192.0.2.1"), 0, 20, 0);
    struct rep_score s = look_until(r, "192.0.2.1", true);
    assert_true(s.log_odds > 2.4 && s.log_odds < 2.5); /* ln 21 · 20/25 */
    assert_true(look_until(r, "192.0.2.2", true).log_odds == 0);
    put_said(key_of(NAME_IP, "192.0.2.1"), 0, 40, 21 * 1440); /* one half-life ago */
    double faded = look_until(r, "192.0.2.1", true).log_odds;
    assert_true(faded > 2.4 && faded < s.log_odds + 1e-3);
}

static void odd_answers_are_no_evidence(void **state)
{
    struct rep *r = *state;
    uint8_t bytes[RECORD_BYTES + 1] = {0};
    span key = key_of(NAME_IP, "192.0.2.1");
    ask("LPUSH", key_text(NAME_IP, "192.0.2.1"), "a list", NULL);
    assert_true(look_until(r, "192.0.2.1", true).log_odds == 0);
    ask("DEL", key_text(NAME_IP, "192.0.2.1"), NULL, NULL);
    for (int i = 0; i < 6; i++) {
        struct record x = {.minute = record_minute(clock_wall_us())};
        float bad = i == 3 ? NAN : i == 4 ? INFINITY : -5;
        x.sum[RECORD_FAST][SUM_SAID_SPAM] = x.sum[RECORD_SLOW][SUM_SAID_SPAM] = 1000;
        record_write(&x, bytes);
        if (i == 2) bytes[3]++; /* another version */
        if (i >= 3) memcpy(bytes + 4, &bad, sizeof bad);
        size_t n = i == 0 ? RECORD_BYTES - 1 : i == 1 ? RECORD_BYTES + 1 : RECORD_BYTES;
        command((span[]){SPAN("SET"), key, span_of(bytes, n)}, 3);
        assert_true(look_until(r, "192.0.2.1", true).log_odds == 0);
    }
    ask("CONFIG", "SET", "requirepass", "secret"); /* a new connection is told NOAUTH: away, not wrong */
    struct rep *late;
    assert_int_equal(open_rep(0, &late), ERR_OK);
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
    struct rep_names k;
    for (int i = 0; i < 500; i++)
        rep_count(r, 0, SPAN_NONE, names_of(&k, "192.0.2.7", "example.org"), i % 5 ? HAM : SPAM_SEEN);
    tick_until_written(r);
    struct record got = recorded(NAME_NET, "192.0.2.0/24");
    assert_true(near(got.sum[RECORD_FAST][SUM_VOLUME], 500) && near(got.sum[RECORD_SLOW][SUM_VOLUME], 500));
    assert_true(near(got.sum[RECORD_SLOW][SUM_HAM], 400) && near(got.sum[RECORD_SLOW][SUM_SPAM], 100));
    assert_true(near(recorded(NAME_FROM, "example.org").sum[RECORD_SLOW][SUM_VOLUME], 500));
    int ttl = atoi(ask("TTL", key_text(NAME_FROM, "example.org"), NULL, NULL).text);
    assert_true(ttl > 6.9 * 86400 && ttl <= 7 * 86400);
}

/* The server's script against the plain one in C. */
static void sums_fade_in_the_server(void **state)
{
    static const uint32_t AGE[] = {0, 1, 59, 360, 1440, 21 * 1440, 400 * 1440};
    struct rep *r = *state;
    struct rep_names k;
    for (size_t i = 0; i < sizeof AGE / sizeof *AGE; i++) {
        put_said(key_of(NAME_FROM, "faded.example"), 3, 70, AGE[i]);
        struct record want = recorded(NAME_FROM, "faded.example");
        rep_count(r, 0, SPAN_NONE, names_of(&k, "", "faded.example"), SPAM_SEEN);
        tick_until_written(r);
        struct record got = recorded(NAME_FROM, "faded.example");
        record_decay(&want, got.minute, &LIVES);
        for (int speed = 0; speed < RECORD_SPEEDS; speed++) {
            want.sum[speed][SUM_VOLUME]++, want.sum[speed][SUM_SPAM]++;
            for (int s = 0; s < SUM_COUNT; s++)
                assert_true(fabs(got.sum[speed][s] - want.sum[speed][s]) <= 1e-6 * (1 + want.sum[speed][s]));
        }
        int ttl = atoi(ask("TTL", key_text(NAME_FROM, "faded.example"), NULL, NULL).text);
        assert_true(ttl > 41.9 * 86400 && ttl <= 42 * 86400); /* people spoke about it */
    }
    put_said(key_of(NAME_FROM, "faded.example"), 0, 8, 0); /* a clock ahead of the server's takes nothing away */
    struct record ahead = {.minute = record_minute(clock_wall_us()) + 600, .sum = {{1}, {1}}};
    uint8_t bytes[RECORD_BYTES];
    record_write(&ahead, bytes);
    command((span[]){SPAN("SET"), key_of(NAME_FROM, "faded.example"), span_of(bytes, sizeof bytes)}, 3);
    rep_count(r, 0, SPAN_NONE, names_of(&k, "", "faded.example"), HAM);
    tick_until_written(r);
    assert_true(near(recorded(NAME_FROM, "faded.example").sum[RECORD_FAST][SUM_VOLUME], 2));
}

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

static void cache_spares_look_ups(void **state)
{
    struct rep *r;
    struct rep_stat st;
    (void)state;
    assert_int_equal(open_rep(600000, &r), ERR_OK);
    put_said(key_of(NAME_IP, "192.0.2.1"), 0, 20, 0);
    double was = look_until(r, "192.0.2.1", true).log_odds;
    rep_stat(r, &st);
    uint64_t asked = st.asked;
    put_said(key_of(NAME_IP, "192.0.2.1"), 0, 2, 0);
    assert_true(look_until(r, "192.0.2.1", true).log_odds == was); /* stale, as was agreed */
    rep_stat(r, &st);
    assert_int_equal(st.asked, asked);
    assert_true(st.kept >= 2);
    /* More names than it holds: the oldest make room, and answers stay right. */
    char ip[20];
    for (int i = 0; i < 3 * CACHE_ENTRIES; i++) {
        snprintf(ip, sizeof ip, "198.18.%d.%d", i / 256, i % 256);
        assert_true(look_until(r, ip, true).log_odds == 0);
    }
    double is = look_until(r, "192.0.2.1", true).log_odds;
    assert_true(is > 0 && is < was);
    rep_close(r);
}

/* A batch of as many names as there can be finds room for all of them. */
static void a_full_batch_fits(void **state)
{
    struct rep *r = *state;
    static struct rep_names k[REP_BATCH_MAX / 2];
    struct rep_score s;
    char name[32];
    for (int round = 0; round < 40; round++) {
        for (size_t i = 0; i < REP_BATCH_MAX / 2; i++) {
            k[i].n = k[i].used = 0;
            for (size_t n = 0; n < REP_NAMES_MAX; n++) {
                snprintf(name, sizeof name, "n%zu.m%zu.r%d", n, i, round);
                memcpy(k[i].text + k[i].used, name, strlen(name));
                k[i].v[k[i].n++] = (struct rep_name){NAME_URL, span_of(k[i].text + k[i].used, strlen(name))};
                k[i].used += strlen(name);
            }
        }
        rep_tick(r);
        rep_begin(r);
        for (size_t i = 0; i < REP_BATCH_MAX / 2; i++) rep_ask(r, i, SPAN("a tenant"), &k[i]);
        rep_collect(r, clock_us() + PATIENCE_US);
        for (size_t i = 0; i < REP_BATCH_MAX / 2; i++) {
            rep_result(r, i, &s);
            assert_true(s.known);
        }
    }
}

static void tenants_are_apart(void **state)
{
    struct rep *r = *state;
    static struct rep_names k;
    uint8_t text[NAME_KEY_BYTES];
    static const char *const TENANT[] = {"", "a.example", "b.example", "a}:b {c"};
    span ip = SPAN("192.0.2.1");
    struct rep_score s[4];
    put_said(name_key("t", SPAN_NONE, NAME_IP, ip, text), 0, 1, 0);
    put_said(name_key("t", SPAN("a.example"), NAME_IP, ip, text), 0, 4, 0); /* of which everybody has a quarter */
    put_said(name_key("t", SPAN("a.example"), NAME_TENANT, SPAN("all"), text), 0, 4, 0);
    put_said(name_key("t", span_cstr(TENANT[3]), NAME_IP, ip, text), 40, 0, 0);
    put_said(name_key("t", span_cstr(TENANT[3]), NAME_TENANT, SPAN("all"), text), 40, 0, 0);
    for (int i = 0; i < 8; i++) { /* that it has records of its own is known from the second time on */
        do {
            rep_tick(r);
            rep_begin(r);
            rep_ask(r, 0, span_cstr(TENANT[i % 4]), names_of(&k, "192.0.2.1", ""));
            rep_collect(r, clock_us() + PATIENCE_US);
            rep_result(r, 0, &s[i % 4]);
        } while (!s[i % 4].known);
    }
    assert_true(fabs(s[0].log_odds - log(2) / 6) < 1e-9);
    assert_true(fabs(s[1].log_odds - log(5) * 4 / 9) < 1e-3); /* 1 + 4 * 3/4 */
    assert_true(s[2].log_odds == s[0].log_odds);
    assert_true(s[3].log_odds < -2);
}

/* Recipients of one user, some twice, in mails of one recipient and of many; and the networks it sends from. */
static void people_are_counted_once_a_day(void **state)
{
    struct rep *r = *state;
    static struct rep_names k;
    static char to[300][24];
    static span rcpt[300];
    uint8_t user[SECRET_HEX], text[NAME_KEY_BYTES];
    secret_hash(&SECRET, SPAN("user"), SPAN("somebody"), user);
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < 60; i++) {
            char ip[20];
            size_t n = i == 0 ? 300 : 1;
            snprintf(ip, sizeof ip, "192.0.%d.1", 2 + i % 3);
            for (size_t j = 0; j < n; j++) {
                snprintf(to[j], sizeof to[j], "u%zu@example.org", i * 2 + j);
                rcpt[j] = span_cstr(to[j]);
            }
            names_of(&k, ip, "");
            rep_people(r, &k, SPAN("Somebody"), rcpt, n);
            assert_true(k.outbound && k.rcpt_count == (n < CROWD_MEMBERS ? n : CROWD_MEMBERS));
            rep_count(r, 0, SPAN("a.example"), &k, SPAM_SEEN);
            if (i % 20 == 0) tick_until_written(r);
        }
    tick_until_written(r);
    static const struct {
        enum name_kind kind;
        double mails;
    } T[] = {{NAME_USER, 120}, {NAME_RCPTS, CROWD_MEMBERS}, {NAME_NETS, 3}};
    for (size_t i = 0; i < sizeof T / sizeof *T; i++) {
        span key = name_key("t", SPAN("a.example"), T[i].kind, span_of(user, sizeof user), text);
        struct answer a = command((span[]){SPAN("GET"), key}, 2);
        struct record got;
        assert_true(record_read(span_of(a.text, a.n), &got));
        assert_true(fabs(got.sum[RECORD_FAST][SUM_VOLUME] - T[i].mails) <= 0.03 * T[i].mails);
        a = command((span[]){SPAN("TTL"), key}, 2);
        assert_true(atoi(a.text) > 41 * 86400); /* a user's history is kept through a holiday */
    }
    struct rep_score s;
    do {
        rep_tick(r);
        rep_begin(r);
        rep_ask(r, 0, SPAN("a.example"), &k);
        rep_collect(r, clock_us() + PATIENCE_US);
        rep_result(r, 0, &s);
    } while (!s.known);
    assert_true(s.outbound.by_sign[OUT_SPAM] > 2.5 && s.by_kind[NAME_USER] == s.outbound.log_odds);
    assert_int_equal(lround(s.outbound.now[OUT_MAILS]), 120);
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
        if (round % 5 == 0) kill(server, SIGSTOP);
        if (round % 5 == 2) kill(server, SIGCONT);
        snprintf(ip, sizeof ip, "192.0.2.%d", i);
        struct rep_score s = look(r, ip);
        if (s.known) assert_true(fabs(s.log_odds - want[i]) < 1e-3);
        if (!s.known) late++;
        rep_tick(r);
    }
    kill(server, SIGCONT);
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
    kill(server, SIGSTOP);
    look_until(r, "192.0.2.1", false);
    usleep(150000);
    int64_t start_us = clock_us();
    for (int i = 0; i < 1000; i++) {
        assert_false(look(r, "192.0.2.1").known);
        rep_count(r, 0, SPAN_NONE, names_of(&k, "192.0.2.1", ""), HAM);
        rep_tick(r);
    }
    assert_true(clock_us() - start_us < 1000 * DEADLINE_US / 10);
    kill(server, SIGCONT);
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
        if (i % 4 == 0) kill(server, SIGSTOP);
        look(r, ip);
        if (i % 4 == 3) {
            kill(server, SIGCONT);
            usleep(20000);
            rep_tick(r);
        }
    }
    kill(server, SIGCONT);
    rep_stat(r, &st);
    assert_true(st.hurried > spared);
    look_until(r, "192.0.2.9", true); /* and it is waited for again */
}

static void counts_arrive_after_a_restart(void **state)
{
    struct rep *r = *state;
    struct rep_names k;
    char domain[32];
    server_kill();
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
    assert_int_equal(st.dropped, 2000);
    server_start();
    look_until(r, "192.0.2.1", true);
    tick_until_written(r);
    assert_string_equal(ask("DBSIZE", NULL, NULL, NULL).text, "8192");
    assert_true(near(recorded(NAME_FROM, "d8191.example").sum[RECORD_SLOW][SUM_VOLUME], 2));
}

static void close_writes_what_is_left(void **state)
{
    struct rep *r = *state;
    struct rep_names k;
    for (int i = 0; i < 3; i++) rep_count(r, 0, SPAN_NONE, names_of(&k, "192.0.2.3", ""), HAM);
    rep_close(r);
    assert_true(near(recorded(NAME_IP, "192.0.2.3").sum[RECORD_SLOW][SUM_VOLUME], 3));
    struct rep_options off = {
        .store.where = "off", .prefix = "t", .flush_ms = FLUSH_MS, .lives = LIVES, .secret = &SECRET};
    assert_int_equal(rep_open(&off, &r), ERR_OK);
    assert_true(look(r, "192.0.2.3").known);
    assert_int_equal(rep_tick(r), -1);
    assert_int_equal(rep_fd(r), -1);
    rep_count(r, 0, SPAN_NONE, names_of(&k, "192.0.2.3", ""), HAM);
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
        cmocka_unit_test(places_are_parsed),
        cmocka_unit_test_setup_teardown(reads_what_was_said, start, stop),
        cmocka_unit_test_setup_teardown(odd_answers_are_no_evidence, start, stop),
        cmocka_unit_test_setup_teardown(counts_are_summed_and_written, start, stop),
        cmocka_unit_test_setup_teardown(sums_fade_in_the_server, start, stop),
        cmocka_unit_test_setup_teardown(refused_writes_wait, start, stop),
        cmocka_unit_test_setup_teardown(full_memory_forgets_what_was_only_seen, start, stop),
        cmocka_unit_test_setup_teardown(cache_spares_look_ups, start, stop),
        cmocka_unit_test_setup_teardown(a_full_batch_fits, start, stop),
        cmocka_unit_test_setup_teardown(tenants_are_apart, start, stop),
        cmocka_unit_test_setup_teardown(people_are_counted_once_a_day, start, stop),
        cmocka_unit_test_setup_teardown(late_answers_are_never_mixed_up, start, stop),
        cmocka_unit_test_setup_teardown(stalled_store_costs_no_time, start, stop),
        cmocka_unit_test_setup_teardown(nobody_waits_for_the_slow_for_long, start, stop),
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

/* SPDX-License-Identifier: Apache-2.0 */
/* rep_redis: a reputation handle over a redis-server of the test's own, and that server's keys by a second way. */
#ifndef FURUI_TESTS_REP_REDIS_H
#define FURUI_TESTS_REP_REDIS_H

#include "tests/unit/own_redis.h"
#include "worker/rep/rep.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { FLUSH_MS = 20, DEADLINE_US = 20000, SLACK_US = 400000, PATIENCE_US = 20000000 };

static const struct secret SECRET = {{1, 2, 3}};
static const struct record_lives LIVES = {.minutes = {360, 21 * 1440}};

struct answer {
    enum store_kind kind;
    size_t n;
    char text[256];
};

/* A command over a second connection, waiting for its answer. */
static inline struct answer command(const span *words, size_t n)
{
    static struct store *side;
    struct answer a = {0};
    struct store_reply reply;
    bool sent = false;
    int64_t until_us = clock_us() + PATIENCE_US;
    if (!side) assert_int_equal(store_open(&(struct store_options){.where = own_redis_where}, &side), ERR_OK);
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

static inline struct answer ask(const char *a, const char *b, const char *c, const char *d)
{
    const char *words[] = {a, b, c, d};
    span argv[4];
    size_t n = 0;
    while (n < 4 && words[n]) argv[n] = span_cstr(words[n]), n++;
    return command(argv, n);
}

static inline span key_of(enum name_kind kind, const char *name)
{
    static uint8_t text[NAME_KEY_BYTES];
    return name_key("t", SPAN_NONE, kind, span_cstr(name), text);
}

static inline const char *key_text(enum name_kind kind, const char *name)
{
    static char text[NAME_KEY_BYTES + 1];
    snprintf(text, sizeof text, "%.*s", SPAN_ARG(key_of(kind, name)));
    return text;
}

/* People said so, some minutes ago. */
static inline void put_said(span key, double ham, double spam, uint32_t age)
{
    uint8_t bytes[RECORD_BYTES];
    struct record r = {.minute = record_minute(clock_wall_us()) - age};
    for (int speed = 0; speed < RECORD_SPEEDS; speed++)
        r.sum[speed][SUM_SAID_HAM] = ham, r.sum[speed][SUM_SAID_SPAM] = spam;
    record_write(&r, bytes);
    command((span[]){SPAN("SET"), key, span_of(bytes, sizeof bytes)}, 3);
}

static inline struct record recorded(enum name_kind kind, const char *name)
{
    struct record r;
    struct answer a = command((span[]){SPAN("GET"), key_of(kind, name)}, 2);
    assert_int_equal(record_read(span_of(a.text, a.n), &r), a.kind == STORE_TEXT);
    return r;
}

/* But for a minute that may have passed. */
static inline bool near(double got, double want)
{
    return fabs(got - want) <= 0.01 * want;
}

static const struct tally_seen HAM = {.mails = 1, .ham = 1}, SPAM_SEEN = {.mails = 1, .spam = 1};

static inline struct rep_names *names_of(struct rep_names *k, const char *ip, const char *domain)
{
    struct mail m = {.from_domain = span_cstr(domain)};
    rep_names(&m, span_cstr(ip), SPAN_NONE, k);
    return k;
}

static inline enum err open_rep(int cache_ms, struct rep **out)
{
    struct rep_options o = {.store.where = own_redis_where,
                            .prefix = "t",
                            .flush_ms = FLUSH_MS,
                            .cache_ms = cache_ms,
                            .lives = LIVES,
                            .secret = &SECRET};
    return rep_open(&o, out);
}

/* One batch of one mail; checks that it ends in time whatever the store does. */
static inline struct rep_score look(struct rep *r, const char *ip)
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
static inline struct rep_score look_until(struct rep *r, const char *ip, bool known)
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

static inline void tick_until_written(struct rep *r)
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

static inline int start(void **state)
{
    struct rep *r;
    own_redis_start();
    if (open_rep(0, &r) != ERR_OK) return -1;
    *state = r;
    look_until(r, "192.0.2.99", true);
    ask("FLUSHALL", NULL, NULL, NULL);
    return 0;
}

static inline int stop(void **state)
{
    rep_close(*state);
    if (own_redis_pid > 0) kill(own_redis_pid, SIGCONT);
    own_redis_kill();
    return 0;
}

#endif

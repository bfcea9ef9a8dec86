/* SPDX-License-Identifier: Apache-2.0 */
/* store: one server: a connection that comes back by itself, and a ring of what its replies are for.
 *
 * A connection serves when the server has answered PING and has every script. Redis answers in order, so the ring's
 * head is always the next reply's; what a broken connection owed stays at the head until the caller has taken it. */
#define _GNU_SOURCE
#include "proto/store/store.h"

#include "proto/base/clock.h"
#include "proto/store/redis.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    BACKOFF_MIN_MS = 50, /* between attempts to connect; doubles to the maximum */
    BACKOFF_MAX_MS = 2000,
    DEAD_MS = 5000, /* no answer at all for longer: another connection */
    TICK_MS = 20,   /* while something is under way */
    SHA_BYTES = 40,
};

enum due_kind { DUE_CALLER, DUE_PONG, DUE_SCRIPT };

struct due {
    uint64_t tag;
    uint8_t kind;
    uint8_t script;
};

struct script {
    const char *text;
    char sha[SHA_BYTES]; /* as the server calls it; the same everywhere */
};

struct store {
    struct redis *redis;
    struct script script[STORE_SCRIPTS_MAX];
    unsigned script_count;

    struct due due[STORE_DUE_MAX];
    size_t due_from, due_count;
    size_t lost; /* of these, first, that no answer will come to */

    bool greeted;          /* this connection was sent its PING and scripts */
    unsigned greeting;     /* answers to them outstanding */
    bool serves;           /* and all were good */
    int64_t progress_us;   /* the last answer, or the last time that nothing was outstanding */
    int64_t connect_at_us; /* the next attempt */
    int backoff_ms;
    char why[STORE_WHY_MAX];
    struct store_value lost_value;
    struct store_stat stat;
};

/* --- the connection's life ---------------------------------------------------------------------------------------- */

static void give_up(struct store *s, span why)
{
    snprintf(s->why, sizeof s->why, "%.*s", SPAN_ARG(span_head(why, sizeof s->why - 1)));
    redis_drop(s->redis);
    s->greeted = s->serves = false;
    s->greeting = 0;
    s->lost = s->due_count;
    s->connect_at_us = clock_us() + (int64_t)s->backoff_ms * 1000;
    s->backoff_ms = s->backoff_ms * 2 > BACKOFF_MAX_MS ? BACKOFF_MAX_MS : s->backoff_ms * 2;
}

static bool connect_now(struct store *s)
{
    redis_connect(s->redis);
    s->progress_us = clock_us();
    if (redis_state(s->redis) != REDIS_DOWN) return true;
    give_up(s, SPAN("cannot connect"));
    return false;
}

static bool push(struct store *s, struct due d, const struct redis_words *runs, size_t run_count)
{
    if (s->due_count == STORE_DUE_MAX || !redis_put(s->redis, runs, run_count)) return false;
    if (s->due_count == s->lost) s->progress_us = clock_us();
    s->due[(s->due_from + s->due_count++) % STORE_DUE_MAX] = d;
    return true;
}

static bool load_script(struct store *s, unsigned i)
{
    span words[] = {SPAN("SCRIPT"), SPAN("LOAD"), span_cstr(s->script[i].text)};
    return push(s, (struct due){.kind = DUE_SCRIPT, .script = (uint8_t)i}, &(struct redis_words){words, 3}, 1);
}

static void greet(struct store *s)
{
    static const span PING[] = {SPAN("PING")};
    if (!push(s, (struct due){.kind = DUE_PONG}, &(struct redis_words){PING, 1}, 1)) return;
    s->greeted = true;
    s->greeting = 1;
    for (unsigned i = 0; i < s->script_count; i++) s->greeting += load_script(s, i);
}

static void on_greeting(struct store *s, struct due d, const struct store_value *v)
{
    if (v->kind == STORE_ERROR) { /* loading its data, or it wants a password */
        give_up(s, v->text);
        return;
    }
    if (d.kind == DUE_SCRIPT && v->kind == STORE_TEXT && v->text.n == SHA_BYTES)
        memcpy(s->script[d.script].sha, v->text.p, SHA_BYTES);
    if (s->greeting == 0 || --s->greeting > 0) return;
    s->serves = true;
    s->backoff_ms = BACKOFF_MIN_MS;
    s->stat.connections++;
}

enum err store_open(const struct store_options *o, struct store **out)
{
    struct store *s = calloc(1, sizeof *s);
    if (!s) return ERR_MEMORY;
    enum err e = redis_open(o->where, &s->redis);
    if (e != ERR_OK) {
        free(s);
        return e;
    }
    s->backoff_ms = BACKOFF_MIN_MS;
    s->lost_value.kind = STORE_LOST;
    connect_now(s);
    *out = s;
    return ERR_OK;
}

void store_close(struct store *s)
{
    if (!s) return;
    redis_close(s->redis);
    free(s);
}

unsigned store_script(struct store *s, const char *text)
{
    assert(s->script_count < STORE_SCRIPTS_MAX && !s->greeted);
    s->script[s->script_count].text = text;
    return s->script_count++;
}

/* --- commands ----------------------------------------------------------------------------------------------------- */

unsigned store_group(const struct store *s, span key)
{
    (void)s;
    (void)key;
    return 0;
}

bool store_put(struct store *s, span key, const span *words, size_t n, uint64_t tag)
{
    (void)key;
    return s->serves && push(s, (struct due){.tag = tag}, &(struct redis_words){words, n}, 1);
}

bool store_eval(struct store *s, unsigned script, const span *keys, size_t key_count, const span *args,
                size_t arg_count, uint64_t tag)
{
    char count[16];
    assert(script < s->script_count);
    snprintf(count, sizeof count, "%zu", key_count);
    span head[] = {SPAN("EVALSHA"), span_of(s->script[script].sha, SHA_BYTES), span_cstr(count)};
    struct redis_words runs[] = {{head, 3}, {keys, key_count}, {args, arg_count}};
    return s->serves && push(s, (struct due){.tag = tag, .script = (uint8_t)script}, runs, 3);
}

/* --- replies ------------------------------------------------------------------------------------------------------ */

static struct due take_due(struct store *s)
{
    struct due d = s->due[s->due_from];
    s->due_from = (s->due_from + 1) % STORE_DUE_MAX;
    s->due_count--;
    return d;
}

/* What a new connection has answered, so that it serves as soon as it can; nothing else is due on it. */
static void hear_greeting(struct store *s)
{
    const struct store_value *v;
    while (s->greeting > 0 && s->lost == 0 && redis_next(s->redis, &v) > 0) on_greeting(s, take_due(s), v);
    if (s->greeted && redis_state(s->redis) == REDIS_DOWN) give_up(s, SPAN("not understood"));
}

void store_pump(struct store *s)
{
    if (redis_state(s->redis) == REDIS_DOWN && (clock_us() < s->connect_at_us || !connect_now(s))) return;
    redis_pump(s->redis);
    if (redis_state(s->redis) == REDIS_UP && !s->greeted) {
        greet(s);
        redis_pump(s->redis);
    }
    if (redis_state(s->redis) == REDIS_DOWN) {
        give_up(s, SPAN("connection lost"));
        return;
    }
    hear_greeting(s);
    bool owed = redis_state(s->redis) == REDIS_CONNECTING || s->due_count > s->lost;
    if (owed && clock_us() - s->progress_us > (int64_t)DEAD_MS * 1000) give_up(s, SPAN("no answer"));
}

/* An error that is about the server's state, not about the command: the same may work later. Servers before 7 wrap one
 * that a script met in words of their own. */
static bool passing_error(span text)
{
    static const char *const HEADS[] = {"LOADING",  "OOM",    "READONLY",   "MASTERDOWN", "BUSY",        "MISCONF",
                                        "NOSCRIPT", "NOAUTH", "NOREPLICAS", "TRYAGAIN",   "CLUSTERDOWN", "NOPERM"};
    for (size_t i = 0; i < sizeof HEADS / sizeof *HEADS; i++)
        if (span_starts(text, span_cstr(HEADS[i]))) return true;
    return span_starts(text, SPAN("ERR Error running script")) && memmem(text.p, text.n, "OOM command", 11);
}

static bool next_lost(struct store *s, struct store_reply *out)
{
    while (s->lost > 0) {
        struct due d = take_due(s);
        s->lost--;
        if (d.kind != DUE_CALLER) continue;
        s->stat.lost++;
        *out = (struct store_reply){.tag = d.tag, .v = &s->lost_value, .n = 1, .passing = true};
        return true;
    }
    return false;
}

bool store_next(struct store *s, struct store_reply *out)
{
    const struct store_value *v;
    while (s->lost == 0) {
        size_t n = redis_next(s->redis, &v);
        if (n == 0 || s->due_count == 0) {
            /* Not RESP, or an answer to nothing: no Redis, or out of step. */
            if (n > 0 || (s->greeted && redis_state(s->redis) == REDIS_DOWN)) give_up(s, SPAN("not understood"));
            if (s->lost == 0) return false;
            break;
        }
        struct due d = take_due(s);
        s->progress_us = clock_us();
        if (d.kind != DUE_CALLER) {
            on_greeting(s, d, v);
            continue;
        }
        *out = (struct store_reply){.tag = d.tag, .v = v, .n = n};
        if (v->kind != STORE_ERROR) return true;
        out->passing = passing_error(v->text);
        if (span_starts(v->text, SPAN("NOSCRIPT"))) load_script(s, d.script);
        return true;
    }
    return next_lost(s, out);
}

void store_wait(struct store *s, int64_t timeout_us)
{
    int wish_ms = store_wish_ms(s);
    if (wish_ms >= 0 && timeout_us > (int64_t)wish_ms * 1000) timeout_us = (int64_t)wish_ms * 1000;
    redis_wait(s->redis, timeout_us);
}

int store_fd(const struct store *s)
{
    return redis_fd(s->redis);
}

int store_wish_ms(const struct store *s)
{
    if (redis_state(s->redis) == REDIS_DOWN) {
        int64_t left_us = s->connect_at_us - clock_us();
        return left_us < 0 ? 0 : (int)(left_us / 1000) + 1;
    }
    return s->serves && s->due_count == 0 ? -1 : TICK_MS;
}

bool store_up(const struct store *s)
{
    return s->serves;
}

const char *store_why(const struct store *s)
{
    return s->why;
}

void store_stat(const struct store *s, struct store_stat *out)
{
    *out = s->stat;
}

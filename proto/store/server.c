/* SPDX-License-Identifier: Apache-2.0 */
/* server: see server.h. */
#define _GNU_SOURCE
#include "proto/store/server.h"

#include "proto/base/clock.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>

enum {
    BACKOFF_MIN_MS = 50, /* between attempts to connect; doubles to the maximum */
    BACKOFF_MAX_MS = 2000,
    DEAD_MS = 5000, /* no answer at all for longer: another connection */
    TICK_MS = 20,   /* while something is under way */
};

struct server {
    const struct server_ways *ways;
    struct redis *redis;
    struct address at;
    bool aimed, tried;

    struct due due[STORE_DUE_MAX];
    size_t due_from, due_count;
    size_t lost; /* of these, first, that no answer will come to */

    bool greeted;          /* this connection was sent its greeting */
    unsigned greeting;     /* answers to it outstanding */
    bool serves;           /* and all were good */
    bool leaving;          /* takes no more commands */
    int64_t progress_us;   /* the last answer, or the last time that nothing was outstanding */
    int64_t connect_at_us; /* the next attempt */
    int backoff_ms;
    char why[STORE_WHY_MAX];
};

/* --- the connection's life ---------------------------------------------------------------------------------------- */

void server_drop(struct server *s, span why)
{
    snprintf(s->why, sizeof s->why, "%.*s", SPAN_ARG(span_head(why, sizeof s->why - 1)));
    redis_drop(s->redis);
    s->greeted = s->serves = s->leaving = false;
    s->tried = true;
    s->greeting = 0;
    s->lost = s->due_count;
    if (s->ways->steered) s->aimed = false;
    s->connect_at_us = clock_us() + (int64_t)s->backoff_ms * 1000;
    s->backoff_ms = s->backoff_ms * 2 > BACKOFF_MAX_MS ? BACKOFF_MAX_MS : s->backoff_ms * 2;
}

static bool connect_now(struct server *s)
{
    const struct server_ways *w = s->ways;
    redis_connect(s->redis, &s->at, w->trust, w->name ? w->name : s->at.name);
    s->progress_us = clock_us();
    if (redis_state(s->redis) == REDIS_DOWN) {
        server_drop(s, span_cstr(redis_why(s->redis)));
        return false;
    }
    /* Edges only: they are taken back by whoever waits, and a socket that has room does not wake anybody twice. */
    struct epoll_event e = {.events = EPOLLIN | EPOLLOUT | EPOLLET};
    if (w->epoll >= 0) epoll_ctl(w->epoll, EPOLL_CTL_ADD, redis_fd(s->redis), &e);
    return true;
}

static void note(struct server *s, struct due d, size_t bytes)
{
    if (s->due_count == s->lost) s->progress_us = clock_us();
    d.bytes = (uint32_t)bytes;
    s->due[(s->due_from + s->due_count++) % STORE_DUE_MAX] = d;
}

static bool push(struct server *s, struct due d, const struct redis_words *runs, size_t run_count)
{
    size_t bytes = s->due_count < STORE_DUE_MAX ? redis_put(s->redis, runs, run_count) : 0;
    if (bytes) note(s, d, bytes);
    return bytes > 0;
}

static unsigned say(struct server *s, struct due d, const span *words, size_t n)
{
    return push(s, d, &(struct redis_words){words, n}, 1);
}

static unsigned load_script(struct server *s, unsigned i)
{
    span words[] = {SPAN("SCRIPT"), SPAN("LOAD"), span_cstr(s->ways->script[i].text)};
    return say(s, (struct due){.kind = DUE_SCRIPT, .script = (uint8_t)i}, words, 3);
}

/* A new connection's queue has room for all of it. */
static void greet(struct server *s)
{
    static const span PING[] = {SPAN("PING")}, ROLE[] = {SPAN("ROLE")};
    const struct server_ways *w = s->ways;
    const struct due d = {.kind = DUE_GREETING}, role = {.kind = DUE_ROLE};
    span auth[] = {SPAN("AUTH"), span_cstr(w->user), span_cstr(w->password)};
    s->greeted = true;
    if (w->password && w->user) s->greeting += say(s, d, auth, 3);
    if (w->password && !w->user) s->greeting += say(s, d, (span[]){auth[0], auth[2]}, 2);
    s->greeting += say(s, d, PING, 1);
    if (w->steered) s->greeting += say(s, role, ROLE, 1);
    for (unsigned i = 0; w->scripted && i < *w->script_count; i++) s->greeting += load_script(s, i);
}

static void on_greeting(struct server *s, struct due d, const struct store_value *v, size_t n)
{
    if (v->kind == STORE_ERROR) { /* loading its data, or it wants another password */
        server_drop(s, v->text);
        return;
    }
    if (d.kind == DUE_ROLE && (v->kind != STORE_LIST || n < 2 || !span_eq(v[1].text, SPAN("master")))) {
        server_drop(s, SPAN("is no master"));
        return;
    }
    if (d.kind == DUE_SCRIPT && v->kind == STORE_TEXT && v->text.n == SERVER_SHA_BYTES)
        memcpy(s->ways->script[d.script].sha, v->text.p, SERVER_SHA_BYTES);
    if (s->greeting == 0 || --s->greeting > 0) return;
    s->serves = s->tried = true;
    s->backoff_ms = BACKOFF_MIN_MS;
    s->ways->stat->connections++;
}

enum err server_open(const struct server_ways *w, struct server **out)
{
    struct server *s = calloc(1, sizeof *s);
    if (!s) return ERR_MEMORY;
    s->ways = w;
    s->backoff_ms = BACKOFF_MIN_MS;
    if (redis_open(w->keep, &s->redis) != ERR_OK) {
        free(s);
        return ERR_MEMORY;
    }
    *out = s;
    return ERR_OK;
}

void server_close(struct server *s)
{
    if (!s) return;
    redis_close(s->redis);
    free(s);
}

void server_aim(struct server *s, const struct address *at)
{
    if (redis_state(s->redis) != REDIS_DOWN) server_drop(s, SPAN("it moved"));
    s->at = *at;
    s->aimed = true;
}

bool server_aimed(const struct server *s)
{
    return s->aimed;
}

const struct address *server_at(const struct server *s)
{
    return &s->at;
}

/* --- commands ----------------------------------------------------------------------------------------------------- */

bool server_put(struct server *s, struct due d, const struct redis_words *runs, size_t run_count)
{
    return server_up(s) && push(s, d, runs, run_count);
}

bool server_put_raw(struct server *s, struct due d, span command, bool asking)
{
    static const span ASKING[] = {SPAN("ASKING")};
    if (!server_up(s) || s->due_count + 2 > STORE_DUE_MAX) return false;
    if (asking && !say(s, (struct due){.kind = DUE_ASKING}, ASKING, 1)) return false;
    size_t bytes = redis_put_raw(s->redis, command);
    if (bytes) note(s, d, bytes);
    return bytes > 0;
}

/* --- replies ------------------------------------------------------------------------------------------------------ */

static struct due take_due(struct server *s)
{
    struct due d = s->due[s->due_from];
    s->due_from = (s->due_from + 1) % STORE_DUE_MAX;
    s->due_count--;
    return d;
}

static void lose(struct server *s)
{
    server_drop(s, span_cstr(redis_why(s->redis)));
}

/* The next answer, and what it is for. 0: none. */
static size_t hear(struct server *s, struct due *d_out, span *command_out, const struct store_value **v_out)
{
    if (s->lost > 0) return 0;
    size_t n = redis_next(s->redis, v_out);
    if (n == 0 && s->greeted && redis_state(s->redis) == REDIS_DOWN) lose(s);
    if (n == 0) return 0;
    if (s->due_count == 0) { /* out of step */
        server_drop(s, SPAN("an answer to nothing"));
        return 0;
    }
    *command_out = SPAN_NONE;
    if (s->ways->keep) {
        *command_out = redis_kept(s->redis, s->due[s->due_from].bytes);
        if (!command_out->n) {
            server_drop(s, SPAN("an answer before the question"));
            return 0;
        }
        redis_forget(s->redis, command_out->n);
    }
    *d_out = take_due(s);
    s->progress_us = clock_us();
    return n;
}

/* What a new connection has answered, so that it serves as soon as it can; nothing else is due on it. */
static void hear_greeting(struct server *s)
{
    struct due d;
    span command;
    const struct store_value *v;
    size_t n;
    while (s->greeting > 0 && (n = hear(s, &d, &command, &v)) > 0) on_greeting(s, d, v, n);
}

void server_pump(struct server *s)
{
    if (redis_state(s->redis) == REDIS_DOWN && (!s->aimed || clock_us() < s->connect_at_us || !connect_now(s))) return;
    redis_pump(s->redis);
    if (redis_state(s->redis) == REDIS_UP && !s->greeted) {
        greet(s);
        redis_pump(s->redis);
    }
    if (redis_state(s->redis) == REDIS_DOWN) {
        lose(s);
        return;
    }
    hear_greeting(s);
    bool owed = redis_state(s->redis) == REDIS_CONNECTING || s->due_count > s->lost;
    if (owed && clock_us() - s->progress_us > (int64_t)DEAD_MS * 1000) server_drop(s, SPAN("no answer"));
    if (s->leaving && s->due_count == 0) server_drop(s, span_cstr(s->why));
}

static bool next_lost(struct server *s, struct server_reply *out)
{
    static const struct store_value LOST = {.kind = STORE_LOST};
    while (s->lost > 0) {
        struct due d = take_due(s);
        s->lost--;
        if (d.kind > DUE_STORE) continue;
        *out = (struct server_reply){.due = d, .lost = true, .v = &LOST, .n = 1};
        return true;
    }
    return false;
}

bool server_next(struct server *s, struct server_reply *out)
{
    struct due d;
    span command;
    const struct store_value *v;
    size_t n;
    while ((n = hear(s, &d, &command, &v)) > 0) {
        if (d.kind == DUE_ASKING) continue;
        if (d.kind > DUE_STORE) {
            on_greeting(s, d, v, n);
            continue;
        }
        *out = (struct server_reply){.due = d, .v = v, .n = n, .command = command};
        if (v->kind == STORE_ERROR && s->ways->scripted && span_starts(v->text, SPAN("NOSCRIPT")))
            load_script(s, d.script);
        return true;
    }
    return next_lost(s, out);
}

bool server_passing(span error)
{
    static const char *const HEADS[] = {"LOADING",     "OOM",      "READONLY", "MASTERDOWN", "BUSY",
                                        "MISCONF",     "NOSCRIPT", "NOAUTH",   "NOPERM",     "NOREPLICAS",
                                        "CLUSTERDOWN", "TRYAGAIN", "MOVED",    "ASK",        "UNBLOCKED"};
    for (size_t i = 0; i < sizeof HEADS / sizeof *HEADS; i++)
        if (span_starts(error, span_cstr(HEADS[i]))) return true;
    /* Servers before 7 wrap an error that a script met in words of their own. */
    return span_starts(error, SPAN("ERR Error running script")) && memmem(error.p, error.n, "OOM command", 11);
}

void server_leave(struct server *s, span why)
{
    if (s->leaving || !s->serves) return;
    snprintf(s->why, sizeof s->why, "%.*s", SPAN_ARG(span_head(why, sizeof s->why - 1)));
    s->leaving = true;
}

/* --- how it is ---------------------------------------------------------------------------------------------------- */

static bool stalled(const struct server *s)
{
    int64_t stall_us = (int64_t)s->ways->stall_ms * 1000;
    return stall_us && s->due_count > s->lost && clock_us() - s->progress_us > stall_us;
}

bool server_up(const struct server *s)
{
    return s->serves && !s->leaving && !stalled(s);
}

bool server_tried(const struct server *s)
{
    return s->tried;
}

size_t server_due(const struct server *s)
{
    return s->due_count;
}

const char *server_why(const struct server *s)
{
    return s->serves && stalled(s) ? "answers are late" : s->why;
}

int server_fd(const struct server *s)
{
    return redis_fd(s->redis);
}

int64_t server_connect_at_us(const struct server *s)
{
    return s->connect_at_us;
}

int server_wish_ms(const struct server *s)
{
    if (redis_state(s->redis) == REDIS_DOWN) {
        int64_t left_us = s->connect_at_us - clock_us();
        return left_us < 0 ? 0 : (int)(left_us / 1000) + 1;
    }
    return s->serves && s->due_count == 0 ? -1 : TICK_MS;
}

void server_wait(struct server *s, int64_t timeout_us)
{
    redis_wait(s->redis, timeout_us);
}

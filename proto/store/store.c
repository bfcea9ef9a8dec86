/* SPDX-License-Identifier: Apache-2.0 */
/* store: what the configuration says, and who serves; see store.h. The work is done in server.c.
 *
 * Several connections share one descriptor, an epoll set. It reports edges, which store_pump takes back before it looks
 * at every connection, so an edge that comes later is seen by the next wait. */
#define _GNU_SOURCE
#include "proto/store/store.h"

#include "proto/base/clock.h"
#include "proto/store/cluster.h"
#include "proto/store/sentinel.h"
#include "proto/store/server.h"
#include "proto/where.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

enum {
    PASSWORD_MAX = 512,
    TICK_MS = 20,    /* while sentinels are asked */
    WATCH_MS = 1000, /* between two such questions, while all is well */
};

struct store {
    char *where_text; /* owned; where's spans are within it */
    struct where where;
    struct server_ways ways;
    struct store_script script[STORE_SCRIPTS_MAX];
    unsigned script_count;
    struct store_stat stat;
    bool started;
    char user[64], name[ADDRESS_NAME_MAX], password[PASSWORD_MAX], sentinel_password[PASSWORD_MAX];
    struct server *server;     /* the one; with sentinels, the master; NULL in a cluster */
    struct cluster *cluster;   /* NULL: none */
    struct sentinel *sentinel; /* NULL: none */
    struct server_ways sentinel_ways;
    struct store_stat sentinel_stat;
    int64_t watch_us; /* when sentinels are asked again */
    char why[STORE_WHY_MAX];
    int epoll; /* of all connections, when they may be several; -1 */
};

/* --- opening ------------------------------------------------------------------------------------------------------ */

static const char *or_null(const char *text)
{
    return text && *text ? text : NULL;
}

static enum err __attribute__((format(printf, 3, 4)))
fault(const struct store_options *o, enum err e, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (o->fault_out) vsnprintf(o->fault_out, STORE_WHY_MAX, format, args);
    va_end(args);
    return e;
}

/* The first line of a file. */
static enum err read_password(const struct store_options *o, const char *path, char out[PASSWORD_MAX])
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, out, PASSWORD_MAX);
    int error = errno;
    if (fd >= 0) close(fd);
    if (n < 0) return fault(o, ERR_IO, "%.80s: %s", path, strerror(error));
    span line = span_of(out, (size_t)n);
    line = span_head(line, span_find(line, '\n'));
    if (line.n && line.p[line.n - 1] == '\r') line.n--;
    if (line.n == 0 || line.n == PASSWORD_MAX || memchr(line.p, 0, line.n))
        return fault(o, ERR_SYNTAX, "%.80s: its first line is no password", path);
    out[line.n] = 0;
    return ERR_OK;
}

static enum err read_ways(struct store *s, const struct store_options *o)
{
    char why[TLS_WHY_MAX] = "";
    enum err e = ERR_OK;
    s->epoll = -1;
    if (!(s->where_text = strdup(o->where))) return fault(o, ERR_MEMORY, "%s", err_str(ERR_MEMORY));
    if (!where_read(s->where_text, &s->where)) return fault(o, ERR_SYNTAX, "%.80s: no words for a server", o->where);
    if (s->where.kind >= WHERE_SENTINEL && (s->epoll = epoll_create1(EPOLL_CLOEXEC)) < 0)
        return fault(o, ERR_IO, "%s", strerror(errno));
    snprintf(s->user, sizeof s->user, "%s", o->user ? o->user : "");
    snprintf(s->name, sizeof s->name, "%s", o->tls_name ? o->tls_name : "");
    if (or_null(o->password_file) && (e = read_password(o, o->password_file, s->password)) != ERR_OK) return e;
    s->ways = (struct server_ways){.user = or_null(s->user),
                                   .password = or_null(s->password),
                                   .name = or_null(s->name),
                                   .scripted = true,
                                   .stall_ms = o->stall_ms,
                                   .epoll = s->epoll,
                                   .script = s->script,
                                   .script_count = &s->script_count,
                                   .stat = &s->stat};
    if (!o->tls) return ERR_OK;
    e = tls_trust_open(or_null(o->tls_ca), or_null(o->tls_cert), or_null(o->tls_key), why, &s->ways.trust);
    return e == ERR_OK ? ERR_OK : fault(o, e, "%s", *why ? why : err_str(e));
}

static enum err open_one(struct store *s, const struct store_options *o)
{
    struct address at;
    bool local = s->where.kind == WHERE_UNIX;
    enum err e =
        local ? address_unix(s->where.path, &at) : address_resolve(s->where.host[0].host, s->where.host[0].port, &at);
    if (e != ERR_OK) return fault(o, e, local ? "no path that a socket can have" : "no such host, or no resolver");
    if ((e = server_open(&s->ways, &s->server)) == ERR_OK) server_aim(s->server, &at);
    return e;
}

static enum err open_sentinel(struct store *s, const struct store_options *o)
{
    enum err e = ERR_OK;
    const char *path = or_null(o->sentinel_password_file);
    if (path && (e = read_password(o, path, s->sentinel_password)) != ERR_OK) return e;
    s->ways.steered = true;
    s->sentinel_ways = (struct server_ways){.password = or_null(s->sentinel_password),
                                            .trust = s->ways.trust,
                                            .name = s->ways.name,
                                            .epoll = s->epoll,
                                            .stat = &s->sentinel_stat};
    e = sentinel_open(&s->where, &s->sentinel_ways, &s->sentinel);
    if (e != ERR_OK) return fault(o, e, "no sentinel's host has an address");
    return server_open(&s->ways, &s->server);
}

static enum err open_cluster(struct store *s, const struct store_options *o)
{
    s->ways.keep = true;
    enum err e = cluster_open(&s->where, &s->ways, &s->cluster);
    return e == ERR_OK ? ERR_OK : fault(o, e, "no host of the cluster has an address");
}

static enum err open_servers(struct store *s, const struct store_options *o)
{
    switch (s->where.kind) {
    case WHERE_SENTINEL: return open_sentinel(s, o);
    case WHERE_CLUSTER: return open_cluster(s, o);
    default: return open_one(s, o);
    }
}

enum err store_open(const struct store_options *o, struct store **out)
{
    struct store *s = calloc(1, sizeof *s);
    if (!s) return fault(o, ERR_MEMORY, "%s", err_str(ERR_MEMORY));
    enum err e = read_ways(s, o);
    if (e == ERR_OK) e = open_servers(s, o);
    if (e != ERR_OK) {
        store_close(s);
        return e;
    }
    *out = s;
    return ERR_OK;
}

void store_close(struct store *s)
{
    if (!s) return;
    cluster_close(s->cluster);
    sentinel_close(s->sentinel);
    server_close(s->server);
    if (s->epoll >= 0) close(s->epoll);
    tls_trust_close(s->ways.trust);
    explicit_bzero(s->password, sizeof s->password);
    explicit_bzero(s->sentinel_password, sizeof s->sentinel_password);
    free(s->where_text);
    free(s);
}

unsigned store_script(struct store *s, const char *text)
{
    assert(s->script_count < STORE_SCRIPTS_MAX && !s->started);
    s->script[s->script_count].text = text;
    return s->script_count++;
}

/* --- commands ----------------------------------------------------------------------------------------------------- */

unsigned store_group(const struct store *s, span key)
{
    return s->cluster ? cluster_slot(key) : 0;
}

static bool put(struct store *s, span key, struct due d, const struct redis_words *runs, size_t run_count)
{
    if (s->cluster) return cluster_put(s->cluster, key, d, runs, run_count);
    return server_put(s->server, d, runs, run_count);
}

bool store_put(struct store *s, span key, const span *words, size_t n, uint64_t tag)
{
    return put(s, key, (struct due){.tag = tag}, &(struct redis_words){words, n}, 1);
}

bool store_eval(struct store *s, unsigned script, const span *keys, size_t key_count, const span *args,
                size_t arg_count, uint64_t tag)
{
    char count[16];
    assert(script < s->script_count);
    snprintf(count, sizeof count, "%zu", key_count);
    span head[] = {SPAN("EVALSHA"), span_of(s->script[script].sha, SERVER_SHA_BYTES), span_cstr(count)};
    struct redis_words runs[] = {{head, 3}, {keys, key_count}, {args, arg_count}};
    span key = key_count ? keys[0] : SPAN_NONE;
    return put(s, key, (struct due){.tag = tag, .script = (uint8_t)script}, runs, 3);
}

/* --- replies ------------------------------------------------------------------------------------------------------ */

/* Each connection begins with the sentinels' word: a master that comes back may be none any more, and not know it. And
 * they are asked again and again: one that another took over from takes writes for 8 s and more before it is told. */
static void find_master(struct store *s)
{
    struct address at;
    int64_t now_us = clock_us();
    bool aimed = server_aimed(s->server);
    if (now_us < (aimed ? s->watch_us : server_connect_at_us(s->server))) return;
    if (!sentinel_ask(s->sentinel, &at)) return;
    s->watch_us = now_us + (int64_t)WATCH_MS * 1000;
    if (!aimed)
        server_aim(s->server, &at);
    else if (!address_same(&at, server_at(s->server)))
        server_drop(s->server, SPAN("sentinels name another master")); /* what it still owes is lost there anyway */
}

void store_pump(struct store *s)
{
    struct epoll_event edges[64];
    s->started = true;
    if (s->epoll >= 0) epoll_wait(s->epoll, edges, 64, 0);
    if (s->cluster) {
        cluster_pump(s->cluster);
        if (cluster_away(s->cluster) > 0 || !cluster_up(s->cluster)) cluster_why(s->cluster, s->why);
        return;
    }
    if (s->sentinel) find_master(s);
    server_pump(s->server);
}

bool store_next(struct store *s, struct store_reply *out)
{
    struct server_reply r;
    if (!(s->cluster ? cluster_next(s->cluster, &r) : server_next(s->server, &r))) return false;
    s->stat.lost += r.lost;
    *out = (struct store_reply){.tag = r.due.tag, .v = r.v, .n = r.n, .passing = r.lost};
    if (r.v->kind != STORE_ERROR) return true;
    out->passing = server_passing(r.v->text);
    bool demoted = span_starts(r.v->text, SPAN("READONLY")) || span_starts(r.v->text, SPAN("UNBLOCKED"));
    if (s->sentinel && demoted) server_leave(s->server, r.v->text);
    return true;
}

void store_wait(struct store *s, int64_t timeout_us)
{
    int wish_ms = store_wish_ms(s);
    if (wish_ms >= 0 && timeout_us > (int64_t)wish_ms * 1000) timeout_us = (int64_t)wish_ms * 1000;
    if (s->epoll < 0) {
        server_wait(s->server, timeout_us);
        return;
    }
    struct timespec t = {.tv_sec = timeout_us / 1000000, .tv_nsec = timeout_us % 1000000 * 1000};
    ppoll(&(struct pollfd){.fd = s->epoll, .events = POLLIN}, 1, &t, NULL);
}

int store_fd(const struct store *s)
{
    return s->epoll >= 0 ? s->epoll : server_fd(s->server);
}

int store_wish_ms(const struct store *s)
{
    if (s->cluster) return cluster_wish_ms(s->cluster);
    int wish_ms = server_wish_ms(s->server);
    if (!s->sentinel) return wish_ms;
    if (!server_aimed(s->server)) return wish_ms < TICK_MS ? TICK_MS : wish_ms;
    int64_t left_us = s->watch_us - clock_us();
    int watch_ms = left_us < TICK_MS * 1000 ? TICK_MS : (int)(left_us / 1000);
    return wish_ms < 0 || wish_ms > watch_ms ? watch_ms : wish_ms;
}

bool store_up(const struct store *s)
{
    return s->cluster ? cluster_up(s->cluster) : server_up(s->server);
}

const char *store_why(const struct store *s)
{
    if (s->cluster) return s->why;
    const char *why = s->sentinel ? sentinel_why(s->sentinel) : "";
    return *why ? why : server_why(s->server);
}

void store_stat(const struct store *s, struct store_stat *out)
{
    *out = s->stat;
    out->away = s->cluster ? cluster_away(s->cluster) : !server_up(s->server);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* redis: a non-blocking socket of our own with hiredis on top of it: its formatter for commands, its reader for
 * replies.
 *
 * The reader's object functions are replaced, so that parsing fills `struct redis_reply` instead of building objects.
 * Reconnecting uses the address resolved at start: no resolver, no file, no wait on a mail's way. */
#define _GNU_SOURCE
#include "worker/rep/redis.h"

#include <assert.h>
#include <errno.h>
#include <hiredis/hiredis.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { WORDS_MAX = 16, READ_BYTES = 16 * 1024, READS_A_PUMP = 64 };

struct redis {
    struct sockaddr_storage addr;
    socklen_t addr_bytes;
    int fd;
    enum redis_state state;
    redisReader *reader;
    struct redis_reply reply;
    size_t out_from, out_to; /* bytes of `out` that wait to be sent */
    char out[REDIS_QUEUE_MAX];
};

/* --- replies ------------------------------------------------------------------------------------------------------ */

/* The reader wants an object back and only looks whether it is NULL; ours is always the one reply. */
static struct redis_reply *begin(const redisReadTask *task, int kind)
{
    struct redis *c = task->privdata;
    if (task->parent) return &c->reply;
    memset(&c->reply, 0, sizeof c->reply);
    c->reply.kind = kind;
    c->reply.n = 1;
    return &c->reply;
}

/* Only a list's own elements are kept; a list within a list leaves its place unset. */
static void put_value(struct redis_reply *r, const redisReadTask *task, const char *text, size_t n)
{
    bool nested = task->parent && task->parent->parent;
    size_t at = task->parent ? (size_t)task->idx : 0;
    if (nested || at >= REDIS_VALUES_MAX) return;
    if (n > REDIS_VALUE_MAX) n = REDIS_VALUE_MAX;
    memcpy(r->value[at].text, text, n);
    r->value[at].text[n] = 0;
    r->value[at].n = (uint8_t)n;
    r->value[at].set = true;
}

static void *on_string(const redisReadTask *task, char *text, size_t n)
{
    struct redis_reply *r = begin(task, task->type == REDIS_REPLY_ERROR ? REDIS_ERROR : REDIS_TEXT);
    put_value(r, task, text, n);
    return r;
}

#if HIREDIS_MAJOR >= 1
typedef size_t element_count;
#else
typedef int element_count;
#endif

static void *on_array(const redisReadTask *task, element_count n)
{
    struct redis_reply *r = begin(task, REDIS_LIST);
    if (!task->parent) r->n = (size_t)n;
    return r;
}

static void *on_integer(const redisReadTask *task, long long value)
{
    char text[REDIS_VALUE_MAX + 1];
    struct redis_reply *r = begin(task, REDIS_INTEGER);
    int n = snprintf(text, sizeof text, "%lld", value);
    put_value(r, task, text, (size_t)n);
    return r;
}

static void *on_nil(const redisReadTask *task)
{
    return begin(task, REDIS_NIL);
}

static void on_free(void *object)
{
    (void)object;
}

static redisReplyObjectFunctions into_reply = {
    .createString = on_string,
    .createArray = on_array,
    .createInteger = on_integer,
    .createNil = on_nil,
    .freeObject = on_free,
};

/* --- the connection ----------------------------------------------------------------------------------------------- */

static enum err resolve_unix(struct redis *c, const char *path)
{
    struct sockaddr_un *un = (struct sockaddr_un *)&c->addr;
    size_t n = strlen(path);
    if (n == 0 || n >= sizeof un->sun_path) return ERR_SYNTAX;
    un->sun_family = AF_UNIX;
    memcpy(un->sun_path, path, n + 1);
    c->addr_bytes = sizeof *un;
    return ERR_OK;
}

/* HOST:PORT; an IPv6 address may stand in brackets. */
static enum err resolve_tcp(struct redis *c, const char *where)
{
    char host[256];
    const char *colon = strrchr(where, ':');
    if (!colon || colon == where || !colon[1]) return ERR_SYNTAX;
    size_t n = (size_t)(colon - where);
    if (where[0] == '[' && n > 2 && where[n - 1] == ']') where++, n -= 2;
    if (n >= sizeof host) return ERR_SYNTAX;
    memcpy(host, where, n);
    host[n] = 0;

    struct addrinfo hint = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV}, *found = NULL;
    if (getaddrinfo(host, colon + 1, &hint, &found) != 0) return ERR_IO;
    memcpy(&c->addr, found->ai_addr, found->ai_addrlen);
    c->addr_bytes = found->ai_addrlen;
    freeaddrinfo(found);
    return ERR_OK;
}

enum err redis_open(const char *where, struct redis **out)
{
    struct redis *c = calloc(1, sizeof *c);
    if (!c) return ERR_MEMORY;
    c->fd = -1;
    enum err e = strncmp(where, "unix:", 5) == 0  ? resolve_unix(c, where + 5)
                 : strncmp(where, "tcp:", 4) == 0 ? resolve_tcp(c, where + 4)
                                                  : ERR_SYNTAX;
    if (e != ERR_OK) {
        free(c);
        return e;
    }
    *out = c;
    return ERR_OK;
}

void redis_drop(struct redis *c)
{
    if (c->fd >= 0) close(c->fd);
    c->fd = -1;
    c->state = REDIS_DOWN;
    if (c->reader) redisReaderFree(c->reader);
    c->reader = NULL;
    c->out_from = c->out_to = 0;
}

void redis_close(struct redis *c)
{
    if (!c) return;
    redis_drop(c);
    free(c);
}

void redis_connect(struct redis *c)
{
    assert(c->state == REDIS_DOWN);
    c->fd = socket(c->addr.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    c->reader = redisReaderCreateWithFunctions(&into_reply);
    if (c->fd < 0 || !c->reader) {
        redis_drop(c);
        return;
    }
    c->reader->privdata = c;
    if (c->addr.ss_family != AF_UNIX) setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    c->state = REDIS_CONNECTING;
    if (connect(c->fd, (struct sockaddr *)&c->addr, c->addr_bytes) == 0)
        c->state = REDIS_UP;
    else if (errno != EINPROGRESS)
        redis_drop(c);
}

enum redis_state redis_state(const struct redis *c)
{
    return c->state;
}

int redis_fd(const struct redis *c)
{
    return c->fd;
}

bool redis_put(struct redis *c, const span *words, size_t n)
{
    const char *argv[WORDS_MAX];
    size_t bytes[WORDS_MAX];
    char *command = NULL;
    assert(n <= WORDS_MAX);
    if (c->state != REDIS_UP) return false;
    for (size_t i = 0; i < n; i++) {
        argv[i] = words[i].n ? (const char *)words[i].p : "";
        bytes[i] = words[i].n;
    }
    long long len = redisFormatCommandArgv(&command, (int)n, argv, bytes);
    if (len < 0) return false;
    if (c->out_from == c->out_to) c->out_from = c->out_to = 0;
    if ((size_t)len > sizeof c->out - c->out_to && c->out_from > 0) {
        memmove(c->out, c->out + c->out_from, c->out_to - c->out_from);
        c->out_to -= c->out_from;
        c->out_from = 0;
    }
    bool fits = (size_t)len <= sizeof c->out - c->out_to;
    if (fits) {
        memcpy(c->out + c->out_to, command, (size_t)len);
        c->out_to += (size_t)len;
    }
    redisFreeCommand(command);
    return fits;
}

static void finish_connecting(struct redis *c)
{
    struct pollfd p = {.fd = c->fd, .events = POLLOUT};
    int error = 0;
    socklen_t n = sizeof error;
    if (poll(&p, 1, 0) <= 0) return;
    if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &n) < 0 || error)
        redis_drop(c);
    else
        c->state = REDIS_UP;
}

/* False when the connection is lost. */
static bool write_out(struct redis *c)
{
    while (c->out_from < c->out_to) {
        ssize_t n = send(c->fd, c->out + c->out_from, c->out_to - c->out_from, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return errno == EAGAIN;
        c->out_from += (size_t)n;
    }
    return true;
}

static bool read_in(struct redis *c)
{
    char buf[READ_BYTES];
    for (int i = 0; i < READS_A_PUMP; i++) {
        ssize_t n = recv(c->fd, buf, sizeof buf, 0);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return errno == EAGAIN;
        if (n == 0) return false;
        if (redisReaderFeed(c->reader, buf, (size_t)n) != REDIS_OK) return false;
        if (c->reader->len - c->reader->pos > REDIS_REPLY_BYTES) return false;
        if ((size_t)n < sizeof buf) return true;
    }
    return true;
}

void redis_pump(struct redis *c)
{
    if (c->state == REDIS_CONNECTING) finish_connecting(c);
    if (c->state != REDIS_UP) return;
    if (!write_out(c) || !read_in(c)) redis_drop(c);
}

const struct redis_reply *redis_next(struct redis *c)
{
    void *whole = NULL;
    if (!c->reader) return NULL;
    if (redisReaderGetReply(c->reader, &whole) != REDIS_OK) {
        redis_drop(c);
        return NULL;
    }
    return whole ? &c->reply : NULL;
}

void redis_wait(struct redis *c, int64_t timeout_us)
{
    bool out = c->state == REDIS_CONNECTING || c->out_from < c->out_to;
    struct pollfd p = {.fd = c->fd, .events = (short)(POLLIN | (out ? POLLOUT : 0))};
    struct timespec t = {.tv_sec = timeout_us / 1000000, .tv_nsec = timeout_us % 1000000 * 1000};
    ppoll(&p, 1, &t, NULL);
}

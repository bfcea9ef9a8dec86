/* SPDX-License-Identifier: Apache-2.0 */
/* redis: a non-blocking socket of our own; hiredis's reader parses replies.
 *
 * The reader's object functions are replaced, so that parsing fills a list of values instead of building objects.
 * Reconnecting uses the address resolved at start: no resolver, no file, no wait on a mail's way. */
#define _GNU_SOURCE
#include "proto/store/redis.h"

#include <assert.h>
#include <errno.h>
#include <hiredis/hiredis.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { READ_BYTES = 16 * 1024, READS_A_PUMP = 64, NUMBER_MAX = 24 };

struct redis {
    struct sockaddr_storage addr;
    socklen_t addr_bytes;
    int fd;
    enum redis_state state;
    redisReader *reader;
    size_t out_from, out_to; /* bytes of `out` that wait to be sent */
    size_t value_count, text_used;
    bool cut; /* the present reply has more than there is room for */
    struct store_value value[STORE_VALUES_MAX];
    uint8_t text[STORE_REPLY_BYTES];
    char out[STORE_QUEUE_MAX];
};

/* --- replies ------------------------------------------------------------------------------------------------------ */

/* The reader wants an object back and only looks whether it is NULL. It calls in the order of the bytes, so values that
 * are just put behind each other are the tree, depth first. From the first that has no room on
 * they are left out. */
static void *put_value(const redisReadTask *task, struct store_value v, const char *text)
{
    struct redis *c = task->privdata;
    if (!task->parent) c->value_count = c->text_used = c->cut = 0;
    c->cut = c->cut || c->value_count == STORE_VALUES_MAX || v.text.n > sizeof c->text - c->text_used;
    if (c->cut) return c;
    if (v.text.n) {
        memcpy(c->text + c->text_used, text, v.text.n);
        v.text.p = c->text + c->text_used;
        c->text_used += v.text.n;
    }
    c->value[c->value_count++] = v;
    return c;
}

static void *on_string(const redisReadTask *task, char *text, size_t n)
{
    enum store_kind kind = task->type == REDIS_REPLY_ERROR ? STORE_ERROR : STORE_TEXT;
    return put_value(task, (struct store_value){.kind = kind, .text.n = n}, text);
}

#if HIREDIS_MAJOR >= 1
typedef size_t element_count;
#else
typedef int element_count;
#endif

static void *on_array(const redisReadTask *task, element_count n)
{
    return put_value(task, (struct store_value){.kind = STORE_LIST, .n = (size_t)n}, NULL);
}

static void *on_integer(const redisReadTask *task, long long value)
{
    return put_value(task, (struct store_value){.kind = STORE_INTEGER, .integer = value}, NULL);
}

static void *on_nil(const redisReadTask *task)
{
    return put_value(task, (struct store_value){.kind = STORE_NIL}, NULL);
}

static void on_free(void *object)
{
    (void)object;
}

static redisReplyObjectFunctions into_values = {
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
    c->reader = redisReaderCreateWithFunctions(&into_values);
    if (c->fd < 0 || !c->reader) {
        redis_drop(c);
        return;
    }
    c->reader->privdata = c;
    c->reader->maxbuf = 0; /* keep its buffer: else each long reply costs a malloc */
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

static size_t put_number(char *to, char mark, size_t x)
{
    char digits[NUMBER_MAX], *at = digits + sizeof digits;
    size_t n = 0;
    do *--at = (char)('0' + x % 10);
    while ((x /= 10) != 0);
    to[n++] = mark;
    while (at < digits + sizeof digits) to[n++] = *at++;
    to[n++] = '\r';
    to[n++] = '\n';
    return n;
}

/* "*N\r\n", then "$BYTES\r\n…\r\n" for each word */
bool redis_put(struct redis *c, const struct redis_words *runs, size_t run_count)
{
    size_t words = 0, need = NUMBER_MAX;
    if (c->state != REDIS_UP) return false;
    for (size_t r = 0; r < run_count; r++)
        for (size_t i = 0; i < runs[r].n; i++) words++, need += runs[r].v[i].n + NUMBER_MAX + 2;
    if (c->out_from == c->out_to) c->out_from = c->out_to = 0;
    if (need > sizeof c->out - c->out_to && c->out_from > 0) {
        memmove(c->out, c->out + c->out_from, c->out_to - c->out_from);
        c->out_to -= c->out_from;
        c->out_from = 0;
    }
    if (need > sizeof c->out - c->out_to) return false;
    char *to = c->out + c->out_to;
    to += put_number(to, '*', words);
    for (size_t r = 0; r < run_count; r++)
        for (size_t i = 0; i < runs[r].n; i++) {
            span w = runs[r].v[i];
            to += put_number(to, '$', w.n);
            if (w.n) memcpy(to, w.p, w.n);
            to += w.n;
            *to++ = '\r';
            *to++ = '\n';
        }
    c->out_to = (size_t)(to - c->out);
    return true;
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
        if (c->reader->len - c->reader->pos > STORE_REPLY_BYTES) return false;
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

size_t redis_next(struct redis *c, const struct store_value **v_out)
{
    void *whole = NULL;
    if (!c->reader) return 0;
    if (redisReaderGetReply(c->reader, &whole) != REDIS_OK) {
        redis_drop(c);
        return 0;
    }
    if (!whole) return 0;
    *v_out = c->value;
    return c->value_count;
}

void redis_wait(struct redis *c, int64_t timeout_us)
{
    bool out = c->state == REDIS_CONNECTING || c->out_from < c->out_to;
    struct pollfd p = {.fd = c->fd, .events = (short)(POLLIN | (out ? POLLOUT : 0))};
    struct timespec t = {.tv_sec = timeout_us / 1000000, .tv_nsec = timeout_us % 1000000 * 1000};
    ppoll(&p, 1, &t, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* redis: a non-blocking socket of our own; hiredis's reader parses replies.
 *
 * The reader's object functions are replaced, so that parsing fills a list of values instead of building objects. */
#define _GNU_SOURCE
#include "proto/store/redis.h"

#include <assert.h>
#include <errno.h>
#include <hiredis/hiredis.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { READ_BYTES = 16 * 1024, READS_A_PUMP = 64, NUMBER_MAX = 24 };

struct redis {
    int fd;
    enum redis_state state;
    bool joined;             /* the socket is connected; TLS may still shake hands */
    struct tls_trust *trust; /* NULL: no TLS */
    struct tls *tls;
    char name[ADDRESS_NAME_MAX];
    char why[STORE_WHY_MAX];
    redisReader *reader;
    bool keep;
    size_t kept_from;        /* `out` holds bytes from here on */
    size_t out_from, out_to; /* those that wait to be sent */
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

enum err redis_open(bool keep, struct redis **out)
{
    struct redis *c = calloc(1, sizeof *c);
    if (!c) return ERR_MEMORY;
    c->fd = -1;
    c->keep = keep;
    *out = c;
    return ERR_OK;
}

void redis_drop(struct redis *c)
{
    tls_close(c->tls);
    c->tls = NULL;
    if (c->fd >= 0) close(c->fd);
    c->fd = -1;
    c->state = REDIS_DOWN;
    c->joined = false;
    if (c->reader) redisReaderFree(c->reader);
    c->reader = NULL;
    c->kept_from = c->out_from = c->out_to = 0;
}

void redis_close(struct redis *c)
{
    if (!c) return;
    redis_drop(c);
    free(c);
}

static void lose(struct redis *c, const char *why)
{
    snprintf(c->why, sizeof c->why, "%s", why);
    redis_drop(c);
}

/* TLS: not more than a step. */
static void shake(struct redis *c)
{
    if (!c->tls) c->tls = tls_open(c->trust, c->fd, c->name);
    int done = c->tls ? tls_shake(c->tls) : -1;
    if (done > 0) c->state = REDIS_UP;
    if (done < 0) lose(c, c->tls ? tls_why(c->tls) : "TLS: no name to check");
}

static void on_joined(struct redis *c)
{
    c->joined = true;
    if (c->trust)
        shake(c);
    else
        c->state = REDIS_UP;
}

void redis_connect(struct redis *c, const struct address *to, struct tls_trust *trust, const char *name)
{
    assert(c->state == REDIS_DOWN);
    c->trust = trust;
    snprintf(c->name, sizeof c->name, "%s", name);
    c->fd = socket(to->at.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    c->reader = redisReaderCreateWithFunctions(&into_values);
    if (c->fd < 0 || !c->reader) {
        lose(c, "no socket or memory to connect");
        return;
    }
    c->reader->privdata = c;
    c->reader->maxbuf = 0; /* keep its buffer: else each long reply costs a malloc */
    if (to->at.ss_family != AF_UNIX) setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    c->state = REDIS_CONNECTING;
    if (connect(c->fd, (const struct sockaddr *)&to->at, to->bytes) == 0)
        on_joined(c);
    else if (errno != EINPROGRESS)
        lose(c, strerror(errno));
}

enum redis_state redis_state(const struct redis *c)
{
    return c->state;
}

int redis_fd(const struct redis *c)
{
    return c->fd;
}

const char *redis_why(const struct redis *c)
{
    return c->why;
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

/* Room for `need` more bytes, or NULL. */
static char *make_room(struct redis *c, size_t need)
{
    if (c->state != REDIS_UP) return NULL;
    if (!c->keep) c->kept_from = c->out_from;
    if (need > sizeof c->out - c->out_to || c->kept_from == c->out_to) {
        memmove(c->out, c->out + c->kept_from, c->out_to - c->kept_from);
        c->out_to -= c->kept_from;
        c->out_from -= c->kept_from;
        c->kept_from = 0;
    }
    return need > sizeof c->out - c->out_to ? NULL : c->out + c->out_to;
}

/* "*N\r\n", then "$BYTES\r\n…\r\n" for each word */
size_t redis_put(struct redis *c, const struct redis_words *runs, size_t run_count)
{
    size_t words = 0, need = NUMBER_MAX;
    for (size_t r = 0; r < run_count; r++)
        for (size_t i = 0; i < runs[r].n; i++) words++, need += runs[r].v[i].n + NUMBER_MAX + 2;
    char *from = make_room(c, need), *to = from;
    if (!from) return 0;
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
    c->out_to += (size_t)(to - from);
    return (size_t)(to - from);
}

size_t redis_put_raw(struct redis *c, span command)
{
    char *to = make_room(c, command.n);
    if (!to) return 0;
    memcpy(to, command.p, command.n);
    c->out_to += command.n;
    return command.n;
}

span redis_kept(const struct redis *c, size_t n)
{
    assert(c->keep);
    return n <= c->out_from - c->kept_from ? span_of(c->out + c->kept_from, n) : SPAN_NONE;
}

void redis_forget(struct redis *c, size_t n)
{
    assert(n <= c->out_from - c->kept_from);
    c->kept_from += n;
}

static void finish_connecting(struct redis *c)
{
    struct pollfd p = {.fd = c->fd, .events = POLLOUT};
    int error = 0;
    socklen_t n = sizeof error;
    if (c->joined) {
        shake(c);
        return;
    }
    if (poll(&p, 1, 0) <= 0) return;
    if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &n) < 0) error = errno;
    if (error)
        lose(c, strerror(error));
    else
        on_joined(c);
}

static ssize_t socket_send(struct redis *c, const void *p, size_t n)
{
    return c->tls ? tls_send(c->tls, p, n) : send(c->fd, p, n, MSG_NOSIGNAL);
}

static ssize_t socket_recv(struct redis *c, void *p, size_t n)
{
    return c->tls ? tls_recv(c->tls, p, n) : recv(c->fd, p, n, 0);
}

static const char *trouble(const struct redis *c)
{
    return errno == EPROTO && c->tls ? tls_why(c->tls) : strerror(errno);
}

static void write_out(struct redis *c)
{
    while (c->out_from < c->out_to) {
        ssize_t n = socket_send(c, c->out + c->out_from, c->out_to - c->out_from);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0 && errno == EAGAIN) return;
        if (n <= 0) {
            lose(c, n < 0 ? trouble(c) : "connection lost");
            return;
        }
        c->out_from += (size_t)n;
    }
}

/* A short read means that a socket is empty; of TLS, that a record was short. */
static void read_in(struct redis *c)
{
    char buf[READ_BYTES];
    for (int i = 0; i < READS_A_PUMP; i++) {
        ssize_t n = socket_recv(c, buf, sizeof buf);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0 && errno == EAGAIN) return;
        if (n <= 0) {
            lose(c, n < 0 ? trouble(c) : "connection lost");
            return;
        }
        if (redisReaderFeed(c->reader, buf, (size_t)n) != REDIS_OK ||
            c->reader->len - c->reader->pos > STORE_REPLY_BYTES) {
            lose(c, "a reply without end");
            return;
        }
        if ((size_t)n < sizeof buf && !c->tls) return;
    }
}

void redis_pump(struct redis *c)
{
    if (c->state == REDIS_CONNECTING) finish_connecting(c);
    if (c->state == REDIS_UP) write_out(c);
    if (c->state == REDIS_UP) read_in(c);
}

size_t redis_next(struct redis *c, const struct store_value **v_out)
{
    void *whole = NULL;
    if (!c->reader) return 0;
    if (redisReaderGetReply(c->reader, &whole) != REDIS_OK) {
        lose(c, "not understood: no Redis, or TLS where there is none");
        return 0;
    }
    if (!whole) return 0;
    *v_out = c->value;
    return c->value_count;
}

void redis_wait(struct redis *c, int64_t timeout_us)
{
    bool out = (c->state == REDIS_CONNECTING && !c->joined) || c->out_from < c->out_to;
    struct pollfd p = {.fd = c->fd, .events = (short)(POLLIN | (out ? POLLOUT : 0))};
    struct timespec t = {.tv_sec = timeout_us / 1000000, .tv_nsec = timeout_us % 1000000 * 1000};
    ppoll(&p, 1, &t, NULL);
}

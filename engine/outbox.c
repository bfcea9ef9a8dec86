/* SPDX-License-Identifier: Apache-2.0 */
/* outbox: see outbox.h. */
#include "engine/outbox.h"

#include "engine/request.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/uio.h>

enum {
    FIRST_CAP = 64,
    RECORDS_A_WRITE = 128,
    PIECES = 1 + BACKEND_PARTS, /* of a record */
};

static struct outbox_record *record(const struct outbox *o, size_t i)
{
    return &o->at[(o->first + i) & (o->cap - 1)];
}

static void grow(struct outbox *o)
{
    size_t cap = o->cap ? 2 * o->cap : FIRST_CAP;
    struct outbox_record *at = must_calloc(cap, sizeof *at);
    for (size_t i = 0; i < o->n; i++) {
        at[i].word = record(o, i)->word;
        for (size_t k = 0; k < BACKEND_PARTS; k++) bus_frame_move(&at[i].part[k], &record(o, i)->part[k]);
    }
    free(o->at);
    o->at = at;
    o->cap = cap;
    o->first = 0;
}

void outbox_put(struct outbox *o, struct backend_word word, struct bus_frame *a, struct bus_frame *b)
{
    struct bus_frame *const part[BACKEND_PARTS] = {a, b};
    if (o->n == o->cap) grow(o);
    struct outbox_record *r = record(o, o->n++);
    for (size_t k = 0; k < BACKEND_PARTS; k++) {
        if (part[k])
            bus_frame_share(&r->part[k], part[k]);
        else
            bus_frame_init(&r->part[k]);
        word.bytes[k] = (uint32_t)bus_frame_span(&r->part[k]).n;
    }
    r->word = word;
}

static void drop_first(struct outbox *o)
{
    struct outbox_record *r = record(o, 0);
    for (size_t k = 0; k < BACKEND_PARTS; k++) bus_frame_close(&r->part[k]);
    o->first = (o->first + 1) & (o->cap - 1);
    o->n--;
}

void outbox_close(struct outbox *o)
{
    while (o->n) drop_first(o);
    free(o->at);
    *o = (struct outbox){0};
}

/* What is left of the first records, as pieces. Returns how many pieces. */
static size_t gather(const struct outbox *o, struct iovec *piece)
{
    size_t n = 0, skip = o->sent;
    for (size_t i = 0; i < o->n && i < RECORDS_A_WRITE; i++) {
        struct outbox_record *r = record(o, i);
        span parts[PIECES] = {span_of(&r->word, sizeof r->word)};
        for (size_t k = 0; k < BACKEND_PARTS; k++) parts[1 + k] = bus_frame_span(&r->part[k]);
        for (size_t k = 0; k < PIECES; k++) {
            size_t gone = skip < parts[k].n ? skip : parts[k].n;
            skip -= gone;
            if (gone < parts[k].n)
                piece[n++] = (struct iovec){(void *)(uintptr_t)(parts[k].p + gone), parts[k].n - gone};
        }
    }
    return n;
}

static size_t bytes_of(const struct outbox_record *r)
{
    return sizeof r->word + r->word.bytes[0] + (size_t)r->word.bytes[1];
}

enum err outbox_write(struct outbox *o, int fd)
{
    struct iovec piece[RECORDS_A_WRITE * PIECES];
    while (o->n) {
        struct msghdr m = {.msg_iov = piece, .msg_iovlen = gather(o, piece)};
        ssize_t n = sendmsg(fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return errno == EAGAIN ? ERR_BUSY : ERR_CLOSED;
        o->sent += (size_t)n;
        for (size_t first; o->n && o->sent >= (first = bytes_of(record(o, 0))); drop_first(o)) o->sent -= first;
    }
    return ERR_OK;
}

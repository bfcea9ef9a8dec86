/* SPDX-License-Identifier: Apache-2.0 */
/* link: a stream of records in a buffer that is read from the front and filled at the end; see link.h. */
#define _GNU_SOURCE
#include "proto/link.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PAGE = 4096 };

enum err link_open(struct link *l, int fd, size_t room, size_t record_max)
{
    void *in = mmap(NULL, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (in == MAP_FAILED) return ERR_MEMORY;
    *l = (struct link){.fd = fd, .in = in, .cap = room, .room = room, .record_max = record_max};
    return ERR_OK;
}

void link_close(struct link *l)
{
    if (l->in) munmap(l->in, l->cap);
    if (l->in) close(l->fd);
    free(l->out);
    *l = (struct link){.fd = -1};
}

/* Bytes of the record at `from`; 0: its word is not here yet. */
static size_t head_bytes(const struct link *l, struct backend_word *word_out)
{
    if (l->to - l->from < sizeof *word_out) return 0;
    memcpy(word_out, l->in + l->from, sizeof *word_out);
    return sizeof *word_out + word_out->bytes[0] + (size_t)word_out->bytes[1];
}

enum err link_next(struct link *l, struct link_record *out)
{
    size_t n = head_bytes(l, &out->word);
    if (n > l->record_max) return ERR_TOO_BIG;
    if (n == 0 || n > l->to - l->from) return ERR_BUSY;
    const uint8_t *at = l->in + l->from + sizeof out->word;
    out->part[0] = span_of(at, out->word.bytes[0]);
    out->part[1] = span_of(at + out->word.bytes[0], out->word.bytes[1]);
    l->from += n;
    return ERR_OK;
}

enum err link_read(struct link *l)
{
    if (l->to == l->cap) return ERR_BUSY;
    ssize_t n;
    do {
        n = recv(l->fd, l->in + l->to, l->cap - l->to, MSG_DONTWAIT);
    } while (n < 0 && errno == EINTR);
    if (n > 0) l->to += (size_t)n;
    return n > 0 ? ERR_OK : n < 0 && errno == EAGAIN ? ERR_BUSY : ERR_CLOSED;
}

static enum err resize(struct link *l, size_t cap)
{
    void *in = mremap(l->in, l->cap, cap, MREMAP_MAYMOVE);
    if (in == MAP_FAILED) return ERR_MEMORY;
    l->in = in;
    l->cap = cap;
    return ERR_OK;
}

enum err link_settle(struct link *l)
{
    struct backend_word word;
    size_t left = l->to - l->from, need = head_bytes(l, &word);
    /* Half read: a move costs no more than what was read since the last one. */
    if (left == 0 || l->from >= l->room / 2 || need > l->cap - l->from) {
        if (left && l->from) memmove(l->in, l->in + l->from, left);
        l->from = 0;
        l->to = left;
    }
    if (need > l->record_max) return ERR_OK; /* link_next says so */
    if (need > l->cap) return resize(l, (need + PAGE - 1) / PAGE * PAGE);
    if (l->cap > l->room && need <= l->room && l->to <= l->room) return resize(l, l->room);
    return ERR_OK;
}

static bool append(struct link *l, const void *bytes, size_t n)
{
    if (n > l->out_cap - l->out_n) {
        size_t cap = (l->out_n + n) * 2;
        uint8_t *grown = realloc(l->out, cap);
        if (!grown) return false;
        l->out = grown;
        l->out_cap = cap;
    }
    if (n) memcpy(l->out + l->out_n, bytes, n);
    l->out_n += n;
    return true;
}

enum err link_put(struct link *l, struct backend_word word, span a, span b)
{
    size_t was = l->out_n;
    word.bytes[0] = (uint32_t)a.n;
    word.bytes[1] = (uint32_t)b.n;
    if (append(l, &word, sizeof word) && append(l, a.p, a.n) && append(l, b.p, b.n)) return ERR_OK;
    l->out_n = was;
    return ERR_MEMORY;
}

enum err link_flush(struct link *l)
{
    for (size_t sent = 0; sent < l->out_n;) {
        ssize_t n = send(l->fd, l->out + sent, l->out_n - sent, MSG_NOSIGNAL);
        if (n < 0 && errno != EINTR) return ERR_CLOSED;
        if (n > 0) sent += (size_t)n;
    }
    l->out_n = 0;
    return ERR_OK;
}

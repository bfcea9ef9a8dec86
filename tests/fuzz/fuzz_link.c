/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_link: no bytes that a worker may send make the engine's end of the link give out a record that is not whole, or
 * keep more than the largest one.
 *
 * The first byte says after how many bytes each piece ends; the rest is what the worker sends. */
#include "proto/link.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { ROOM = 4096, RECORD_MAX = 16384 };

/* What was given out so far must be the stream's beginning. */
static size_t check(const struct link_record *r, span stream, size_t at)
{
    assert(at + sizeof r->word + r->part[0].n + r->part[1].n <= stream.n);
    assert(sizeof r->word + r->part[0].n + r->part[1].n <= RECORD_MAX);
    assert(memcmp(stream.p + at, &r->word, sizeof r->word) == 0);
    at += sizeof r->word;
    for (size_t k = 0; k < BACKEND_PARTS; k++) {
        assert(r->part[k].n == r->word.bytes[k]);
        assert(r->part[k].n == 0 || memcmp(stream.p + at, r->part[k].p, r->part[k].n) == 0);
        at += r->part[k].n;
    }
    return at;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    int ends[2];
    struct link l;
    struct link_record r;
    if (n < 2) return 0;
    size_t piece = (size_t)data[0] * 8 + 1, at = 0;
    span stream = span_of(data + 1, n - 1);
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) abort();
    if (link_open(&l, ends[0], ROOM, RECORD_MAX) != ERR_OK) abort();
    enum err e = ERR_BUSY;
    for (size_t sent = 0; sent < stream.n && e != ERR_TOO_BIG;) {
        size_t want = stream.n - sent < piece ? stream.n - sent : piece;
        ssize_t wrote = send(ends[1], stream.p + sent, want, MSG_DONTWAIT);
        if (wrote > 0) sent += (size_t)wrote;
        while (e != ERR_TOO_BIG && link_read(&l) == ERR_OK) {
            while ((e = link_next(&l, &r)) == ERR_OK) at = check(&r, stream, at);
            if (link_settle(&l) != ERR_OK) abort();
            assert(l.cap <= RECORD_MAX + ROOM);
        }
    }
    if (e != ERR_TOO_BIG) assert(at + (l.to - l.from) == stream.n);
    link_close(&l);
    close(ends[1]);
    return 0;
}

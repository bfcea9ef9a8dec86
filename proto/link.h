/* SPDX-License-Identifier: Apache-2.0 */
/* link: one end of the socket pair between furuid and a worker: records in, records out (proto/backend.h).
 *
 * One read takes all records that wait and one write sends all that were put, so that what a record costs is the copy of
 * its bytes. Records are read where they arrived: nothing is allocated for them. docs/decisions/0016 has the
 * measurement against ZeroMQ between the same processes. */
#ifndef FURUI_LINK_H
#define FURUI_LINK_H

#include "proto/backend.h"
#include "proto/base/err.h"

struct link {
    int fd;            /* owned; -1: closed */
    uint8_t *in;       /* owned: what was read */
    size_t cap, room;  /* bytes of it: now, and while no record needs more */
    size_t from, to;   /* what of it was not given out yet */
    size_t record_max; /* bytes of a record that may come in */
    uint8_t *out;      /* owned: what was put and not sent */
    size_t out_n, out_cap;
};

struct link_record {
    struct backend_word word;
    span part[BACKEND_PARTS]; /* lent until link_settle */
};

/* Take over one end.
 *
 *   room        bytes read ahead
 *   record_max  bytes of a record that may come in; the buffer grows for one that exceeds `room`, and shrinks after it
 *
 * ERR_MEMORY: the descriptor is still the caller's. */
enum err link_open(struct link *l, int fd, size_t room, size_t record_max);
void link_close(struct link *l); /* what was put and not sent is lost */

/* The next whole record that was read; lent until link_settle. ERR_BUSY: there is none. ERR_TOO_BIG: it exceeds
 * record_max, and nothing behind it can be read. */
enum err link_next(struct link *l, struct link_record *out);

/* Read what waits, once, without waiting. ERR_BUSY: nothing waits, or there is no room before link_settle. ERR_CLOSED:
 * the other end is gone and all that it sent was read. */
enum err link_read(struct link *l);

/* Records given out are no longer needed. ERR_MEMORY: the next one has no room. */
enum err link_settle(struct link *l);

/* Put a record with parts a and b behind those to be sent (the word's lengths are set here). ERR_MEMORY. */
enum err link_put(struct link *l, struct backend_word word, span a, span b);
/* Send all that was put; waits until the other side has room. ERR_CLOSED. */
enum err link_flush(struct link *l);

#endif

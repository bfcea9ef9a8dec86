/* SPDX-License-Identifier: Apache-2.0 */
/* memory: what the tickets of a batch stand for, on its way to the store in one command.
 *
 * Best effort: what finds no room, or a store that is away, is not kept, and a report by that ticket is refused. */
#ifndef FURUI_REP_MEMORY_H
#define FURUI_REP_MEMORY_H

#include "proto/store/store.h"
#include "proto/store/ticket.h"

enum { MEMORY_BYTES = 32 << 10 };

struct memory {
    struct store *store;
    const char *prefix;
    uint64_t tag; /* of the commands; their replies say nothing */
    int ttl_s;
    uint8_t key[TICKET_KEY_BYTES]; /* of the moment that all of them are of */
    size_t key_bytes, used;
    uint8_t bytes[MEMORY_BYTES]; /* one element of its list */
};

void memory_init(struct memory *m, struct store *s, const char *prefix, uint64_t tag);

/* Add a ticket; sends those of another moment, or too many, first. */
void memory_add(struct memory *m, span ticket, span record, int ttl_s);

/* Put what is there. */
void memory_send(struct memory *m);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* memo: a table of bounded size that remembers things by a 64-bit key and forgets what was used longest ago.
 *
 * Sets of 8 places; a new key takes a free one or the oldest of its set. What is forgotten depends on nothing but the
 * calls and the times given, so tables that were used alike are alike to the byte: that is what makes every host's
 * learner the same. A table is one block of memory without pointers, to be written to a file and read back. */
#ifndef FURUI_STATE_MEMO_H
#define FURUI_STATE_MEMO_H

#include "proto/base/err.h"
#include "proto/base/span.h"

enum { MEMO_WAYS = 8 };

struct memo {
    uint8_t *places; /* owned, or within a block of the caller's */
    size_t item_bytes;
    uint64_t mask; /* sets - 1 */
};

/* Bytes of a table of 1 << bits items. Items begin on 8 bytes. */
size_t memo_bytes(unsigned bits, size_t item_bytes);

/* A table in this block of memo_bytes; all zero is empty. */
void memo_init(struct memo *m, void *block, unsigned bits, size_t item_bytes);

/* What is remembered under `key` (not 0); NULL when nothing is. Lent until the next memo_put. */
void *memo_find(const struct memo *m, uint64_t key);

/* The same, touched at `now`; when there is nothing, an item of zeros, for which the oldest may have gone. */
void *memo_put(struct memo *m, uint64_t key, int64_t now);

/* Forget it. */
void memo_drop(struct memo *m, uint64_t key);

/* Item i of all places, 0 <= i < memo_places; NULL when the place is free. */
size_t memo_places(const struct memo *m);
void *memo_at(const struct memo *m, size_t i, uint64_t *key_out);

#endif

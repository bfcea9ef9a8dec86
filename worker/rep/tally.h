/* SPDX-License-Identifier: Apache-2.0 */
/* tally: counts by key, summed up in bounded memory until they can be written.
 *
 * An array in order of arrival and an open-addressing index into it; names lie in one buffer behind each other. What
 * does not fit any more is dropped and counted: while the store is away, memory must not grow. */
#ifndef FURUI_REP_TALLY_H
#define FURUI_REP_TALLY_H

#include "proto/base/err.h"
#include "proto/base/span.h"

enum {
    TALLY_KEYS = 8192,         /* different keys */
    TALLY_NAME_BYTES = 400000, /* their names in all: 48 bytes each */
};

struct tally;

struct tally_entry {
    uint8_t kind;
    uint8_t name_bytes;
    uint32_t at; /* of its name in the buffer */
    uint32_t count;
};

/* 0.6 MB, touched as it is used. ERR_MEMORY. */
enum err tally_open(struct tally **out);
void tally_close(struct tally *t);

/* Add to a key (name: at most 255 bytes). False when there is no room for a new key: nothing was added. */
bool tally_add(struct tally *t, uint8_t kind, span name, uint32_t count);

size_t tally_count(const struct tally *t); /* keys */
const struct tally_entry *tally_at(const struct tally *t, size_t i);
span tally_name(const struct tally *t, size_t i);
void tally_done(struct tally *t, size_t i); /* this key's count was written: it becomes 0 */
void tally_reset(struct tally *t);

#endif

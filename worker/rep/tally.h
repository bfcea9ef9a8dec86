/* SPDX-License-Identifier: Apache-2.0 */
/* tally: what was seen of each name, summed up in bounded memory until it can be written.
 *
 * An array in order of arrival and an open-addressing index into it; keys lie in one buffer behind each other. What
 * does not fit any more is dropped and counted: while the store is away, memory must not grow. */
#ifndef FURUI_REP_TALLY_H
#define FURUI_REP_TALLY_H

#include "proto/base/err.h"
#include "proto/base/span.h"

enum {
    TALLY_KEYS = 8192,        /* different keys */
    TALLY_ANY = 6144,         /* of them, before only those are let in that were met before */
    TALLY_KEY_BYTES = 600000, /* of them in all: 73 bytes each */
};

struct tally;

/* Mails, and of these what content called ham, and spam. */
struct tally_seen {
    uint32_t mails, ham, spam;
};

/* 0.8 MB, touched as it is used. ERR_MEMORY. */
enum err tally_open(struct tally **out);
void tally_close(struct tally *t);

/* Add to a key (at most 65535 bytes). False when there is no room for a new key: nothing was added. `met`: the last room
 * is open to it as well. */
bool tally_add(struct tally *t, span key, struct tally_seen seen, bool met);

size_t tally_count(const struct tally *t); /* keys */
struct tally_seen tally_at(const struct tally *t, size_t i);
span tally_key(const struct tally *t, size_t i);
void tally_done(struct tally *t, size_t i); /* this was written: it becomes 0 */
void tally_reset(struct tally *t);

#endif

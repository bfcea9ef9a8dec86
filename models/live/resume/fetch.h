/* SPDX-License-Identifier: Apache-2.0 */
/* fetch: the snapshot that hosts share (offer.h), read from Redis into a file.
 *
 * For a host that comes new, and one that missed something of the stream. Every byte is a stranger's until the seal
 * says otherwise: sizes, place and seal are checked, and what does not fit is refused with a line in the log. */
#ifndef FURUI_RESUME_FETCH_H
#define FURUI_RESUME_FETCH_H

#include "models/live/resume/note.h"
#include "proto/store/store.h"

struct fetch_options {
    const char *prefix;
    const struct secret *secret; /* lent, as the rest */
    const char *path;            /* of the file to write */
    uint64_t bytes_max;
};

struct fetch;

/* The store was just opened and is lent. ERR_MEMORY. */
enum err fetch_open(struct store *s, const struct fetch_options *o, struct fetch **out);
void fetch_close(struct fetch *f);

/* Look for one that ends behind `behind`; whole: of a host that missed nothing. */
void fetch_begin(struct fetch *f, struct follow_place behind, bool whole);

enum fetch_state {
    FETCH_BUSY,  /* or Redis is away */
    FETCH_NONE,  /* there is none such; also before fetch_begin */
    FETCH_THERE, /* the file holds it */
};
enum fetch_state fetch_state(const struct fetch *f, struct note *out);

void fetch_turn(struct fetch *f, int64_t now_us);

/* A reply of the store to a command of ours: its tag is FETCH_TAG | n. */
#define FETCH_TAG (UINT64_C(1) << 58)
void fetch_reply(struct fetch *f, const struct store_reply *r, int64_t now_us);

#endif

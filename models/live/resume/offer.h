/* SPDX-License-Identifier: Apache-2.0 */
/* offer: this host's snapshot, put into Redis for hosts that come new or missed something of the stream.
 *
 * Hosts take turns by a lock that ends by itself: who gets it writes the snapshot in chunks beside that which is there,
 * and then in one step lets the note (note.h) point to them and removes the older ones. What was begun and not ended
 * goes by its time to live. */
#ifndef FURUI_RESUME_OFFER_H
#define FURUI_RESUME_OFFER_H

#include "models/live/resume/note.h"
#include "proto/store/store.h"

enum { OFFER_LIVE_S = 14 * 86400 }; /* a snapshot is there that long, if none replaces it */

struct offer_options {
    const char *prefix;
    const struct secret *secret; /* lent, as the rest */
    uint64_t host, bytes_max;    /* a longer snapshot is not shared */
    unsigned every_s;            /* of all hosts together */
};

struct offer;

/* The store was just opened and is lent. ERR_MEMORY. */
enum err offer_open(struct store *s, const struct offer_options *o, struct offer **out);
void offer_close(struct offer *f);

/* The file at `path` (lent) holds a snapshot up to `at` now; whole: its host missed nothing. It may be replaced, and
 * is then offered anew. */
void offer_give(struct offer *f, const char *path, struct follow_place at, bool whole);

void offer_turn(struct offer *f, int64_t now_us);

/* A reply of the store to a command of ours: its tag is OFFER_TAG | n. */
#define OFFER_TAG (UINT64_C(1) << 59)
void offer_reply(struct offer *f, const struct store_reply *r, int64_t now_us);

/* Is one being written? */
bool offer_busy(const struct offer *f);

#endif

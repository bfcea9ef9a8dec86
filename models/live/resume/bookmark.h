/* SPDX-License-Identifier: Apache-2.0 */
/* bookmark: how far this host is in the stream, written where everybody sees it, and the stream cut behind all.
 *
 * A consumer group of the host's name stands where its last snapshot ends: what it would have to read again. XINFO
 * GROUPS then shows each host and its lag. Nothing is read by the group; what decides is the place in the snapshot.
 * Each time that it is set, the stream loses what every group has passed and no rewind may want any more; a host that
 * was away for long does not hold it, and in the end its group goes. docs/decisions/0019. */
#ifndef FURUI_RESUME_BOOKMARK_H
#define FURUI_RESUME_BOOKMARK_H

#include "models/live/stream/follow.h"

enum {
    BOOKMARK_HOLD_DAYS = 3,  /* a group further behind than this does not keep the stream from being cut */
    BOOKMARK_GONE_DAYS = 30, /* and one further than this is removed */
    BOOKMARK_EVERY_S = 600,  /* set again after this time, though nothing is new */
};

struct bookmark;

/*   key        of the stream; lent
 *   host       names the group
 *   keep_days  of the stream for rewinds, though all have passed it
 *   bytes_max  of the server's memory, about: the oldest go, whoever has not got them
 *
 * The store was just opened and is lent. ERR_MEMORY. */
enum err bookmark_open(struct store *s, span key, uint64_t host, unsigned keep_days, uint64_t bytes_max,
                       struct bookmark **out);
void bookmark_close(struct bookmark *b);

/* The host's last snapshot ends at `at`, an entry that was the number-th (FOLLOW_UNKNOWN: not known). Says so when that
 * is new, over a new connection, and when it is due. */
void bookmark_turn(struct bookmark *b, struct follow_place at, uint64_t number, int64_t now_us);

/* Memory has become short there: cut away all that every group has passed. */
void bookmark_press(struct bookmark *b);

/* A reply of the store to a command of ours: its tag is BOOKMARK_TAG. */
#define BOOKMARK_TAG (UINT64_C(1) << 60)
void bookmark_reply(struct bookmark *b, const struct store_reply *r, int64_t now_us);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* told: up to which entry of the stream Redis has been told what follows, written down in Redis itself.
 *
 * A server that comes back, or a replica that becomes the master, may have lost the last seconds of what had been
 * acknowledged: entries of the stream, words about names, or both. What it has left is a beginning of its past. So a key
 * beside the stream holds this host's newest place whose words were all acknowledged, and over each new connection it is
 * compared with what we know: when it is older, or the entry at our own place is gone, the server has lost something
 * since, and this says up to where it has all. docs/feedback.md, "Exactly once". */
#ifndef FURUI_STREAM_TOLD_H
#define FURUI_STREAM_TOLD_H

#include "models/live/stream/follow.h"

struct told;

/*   key    of the stream; lent
 *   host   names the key beside it
 *   begin  what a state that goes on from here had told
 *
 * The store was just opened and is lent. ERR_MEMORY. */
enum err told_open(struct store *s, span key, uint64_t host, struct follow_place begin, struct told **out);
void told_close(struct told *t);

/* Redis was told all up to `at`, and may have lost it, or the state is another one now: the server is asked anew. */
void told_begin(struct told *t, struct follow_place at);

/* Call it often. Writes down how far it is, and asks over a new connection.
 *
 *   place  the state's
 *   done   nothing that follows from it waits any more
 *   calls  with words about names that Redis has acknowledged since this process began */
void told_turn(struct told *t, struct follow_place place, bool done, uint64_t calls, int64_t now_us);

/* Has the server all that we know, as far as it was asked over the present connection? Before, nothing may be told. */
bool told_sure(const struct told *t);

/* Up to where it is written down, and acknowledged, that all was told. */
struct follow_place told_written(const struct told *t);

/* Has the server lost something? */
bool told_lost(const struct told *t);

/* What it still has: all entries up to *upto_out, and what was told of these. False while it has not been asked. */
bool told_known(const struct told *t, struct follow_place *upto_out);

/* A reply of the store to a command of ours: its tag is TOLD_TAG | n. */
#define TOLD_TAG (UINT64_C(1) << 57)
void told_reply(struct told *t, const struct store_reply *r, int64_t now_us);

#endif

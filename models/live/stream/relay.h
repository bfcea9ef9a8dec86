/* SPDX-License-Identifier: Apache-2.0 */
/* relay: what reports say of names, on its way to their records in Redis (proto/store/said.h).
 *
 * A tenant's reports count fully in the tenant's own records, and by a share in everybody's. Words wait in the order of
 * the stream; some hundred at a time are sent, grouped by bucket, and only when all of them are there the next ones are:
 * so none is left out, whatever fails in between. A bucket that has no longer what it had acknowledged (one of several
 * masters came back empty, or is a replica that lacked the last seconds) takes no more until the caller has decided. */
#ifndef FURUI_STREAM_RELAY_H
#define FURUI_STREAM_RELAY_H

#include "models/live/state/voices.h"
#include "models/live/stream/follow.h"
#include "proto/store/said.h"

enum { RELAY_WORDS_MAX = 4096, RELAY_BATCH = 256 };

struct relay_options {
    const char *prefix;
    struct record_lives lives;
};

struct relay;

/* The store was just opened and is lent. ERR_MEMORY. */
enum err relay_open(struct store *s, const struct relay_options *o, struct relay **out);
void relay_close(struct relay *r);

/* Is there room for all that one report may say? */
bool relay_room(const struct relay *r);

/* Queue what follows from a report. relay_room. */
void relay_add(struct relay *r, const struct feedback *f, struct follow_place at, const struct voices_effect *e);

/* Send what may be sent. */
void relay_turn(struct relay *r, int64_t now_us);

/* A reply of the store to a command of ours: its tag is RELAY_TAG | n. */
#define RELAY_TAG (UINT64_C(1) << 62)
void relay_reply(struct relay *r, const struct store_reply *reply, int64_t now_us);

size_t relay_waiting(const struct relay *r); /* words */
uint64_t relay_told(const struct relay *r);  /* calls that were acknowledged */

/* What waits counts no more: the state has gone back, and says it again. */
void relay_drop(struct relay *r);

/* Has a bucket lost words? Then nothing goes on before relay_drop or relay_go_on. *upto_out: what it still has. */
bool relay_missing(const struct relay *r, struct follow_place *upto_out);

/* What is missing stays so. */
void relay_go_on(struct relay *r);

#endif

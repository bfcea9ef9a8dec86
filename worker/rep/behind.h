/* SPDX-License-Identifier: Apache-2.0 */
/* behind: counts written behind: summed up while a flush waits, sent in one script call for many, kept until answered.
 *
 * Most names in mail are met once: an unsolicited copy's address, a text that nobody else got. Writing each would cost
 * the server more than all look-ups, so a name met twice is written at the next flush, and of those met once
 * BEHIND_SINGLES; the others wait for a second meeting: here while there is room, then at the door (worker/rep/doorkeeper.h),
 * where the oldest go unwritten. So whoever sends much is counted however many send little. A quiet service writes all. */
#ifndef FURUI_REP_BEHIND_H
#define FURUI_REP_BEHIND_H

#include "proto/store/counters.h"
#include "worker/rep/tally.h"

enum {
    BEHIND_SINGLES = 256,         /* names met once that one flush writes; a late one, more in proportion */
    BEHIND_KEPT = TALLY_KEYS / 4, /* that wait here for a second meeting */
};

struct behind;

/* ERR_MEMORY. *c is lent until behind_close; `seed` is the doorkeeper's. */
enum err behind_open(const struct counters *c, int flush_ms, uint64_t seed, struct behind **out);
void behind_close(struct behind *b);

/* Add one mail to a key. False when there is no room even for names met twice: this was dropped. */
bool behind_add(struct behind *b, span key, struct tally_seen mail);

/* Send what is due, in steps, so that look-ups never queue behind a long flush: it is spread over half of the time until
 * the next. `tag` goes into each command's, in whose low 32 bits the rest is ours. `all`: now, and names met once as
 * well. */
void behind_flush(struct behind *b, int64_t now_us, uint64_t tag, bool all);

/* Milliseconds after which to call it again, when there is anything to write. */
int behind_wish_ms(const struct behind *b);

/* The reply to a command of ours. Returns how many counts a refusal took. */
uint64_t behind_reply(struct behind *b, const struct store_reply *reply);

bool behind_busy(const struct behind *b);      /* is a flush under way? */
size_t behind_waiting(const struct behind *b); /* keys with counts still to be written */
uint64_t behind_once(const struct behind *b);  /* names let go unwritten */

#endif

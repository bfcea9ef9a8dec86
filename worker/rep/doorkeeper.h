/* SPDX-License-Identifier: Apache-2.0 */
/* doorkeeper: who was met once lately, by a hash of his name, and what content called that mail.
 *
 * Where names crowd, one met once takes no room: it waits at the door, four bytes, until it is met again or another takes
 * its place. (The doorkeeper of TinyLFU: Einziger, Friedman, Manes, ACM Transactions on Storage 13(4), 2017; here with
 * tags in place of a Bloom filter, so that it never needs emptying and gives back what it was told.) Two names are
 * taken for one with a chance of 2^-29: a count more by one mail. */
#ifndef FURUI_REP_DOORKEEPER_H
#define FURUI_REP_DOORKEEPER_H

#include "worker/rep/tally.h"

enum { DOORKEEPER_PLACES = 16384 };

struct doorkeeper {
    uint32_t place[DOORKEEPER_PLACES]; /* 0: free */
};

/* Was this name waiting? Then it is let in, and what was seen of it added to *seen. */
bool doorkeeper_admit(struct doorkeeper *d, span key, struct tally_seen *seen);

/* Let a name wait, of which one mail was seen. Returns how many lost their place by it: 0 or 1. */
unsigned doorkeeper_hold(struct doorkeeper *d, span key, struct tally_seen seen);

#endif

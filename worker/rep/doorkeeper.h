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

enum { DOORKEEPER_PLACES = 8192 };

struct doorkeeper {
    uint64_t seed;                     /* secret, or one could send mail under a name that is taken for another's */
    uint32_t place[DOORKEEPER_PLACES]; /* 0: free */
    uint64_t forgotten;                /* names that another took the place of */
};

/* A mail came with this name. Was one waiting? Then it leaves the door and is added to *seen; else this one waits. */
bool doorkeeper_met(struct doorkeeper *d, span key, struct tally_seen *seen);

#endif

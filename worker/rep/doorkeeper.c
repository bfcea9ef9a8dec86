/* SPDX-License-Identifier: Apache-2.0 */
/* doorkeeper: one place a hash, the newest in it; see doorkeeper.h. */
#include "worker/rep/doorkeeper.h"

#include "proto/base/hash.h"

enum { TAKEN = 1, HAM = 2, SPAM = 4, WHAT = TAKEN | HAM | SPAM };

static uint32_t *place_of(struct doorkeeper *d, span key, uint32_t *tag)
{
    uint64_t hash = hash64(key, 0);
    *tag = (uint32_t)hash & ~(uint32_t)WHAT;
    return &d->place[(hash >> 32) % DOORKEEPER_PLACES];
}

bool doorkeeper_admit(struct doorkeeper *d, span key, struct tally_seen *seen)
{
    uint32_t tag, *p = place_of(d, key, &tag);
    if (!(*p & TAKEN) || (*p & ~(uint32_t)WHAT) != tag) return false;
    seen->mails++;
    seen->ham += (*p & HAM) != 0;
    seen->spam += (*p & SPAM) != 0;
    *p = 0;
    return true;
}

unsigned doorkeeper_hold(struct doorkeeper *d, span key, struct tally_seen seen)
{
    uint32_t tag, *p = place_of(d, key, &tag);
    unsigned lost = *p != 0;
    *p = tag | TAKEN | (seen.ham ? HAM : 0) | (seen.spam ? SPAM : 0);
    return lost;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* doorkeeper: one place a hash, the newest in it; see doorkeeper.h. */
#include "worker/rep/doorkeeper.h"

#include "proto/base/hash.h"

#include <assert.h>

enum { TAKEN = 1, HAM = 2, SPAM = 4, TAG_SHIFT = 3 };

bool doorkeeper_met(struct doorkeeper *d, span key, struct tally_seen *seen)
{
    assert(seen->mails == 1);
    uint64_t hash = hash64(key, d->seed);
    uint32_t *p = &d->place[(hash >> 32) % DOORKEEPER_PLACES], tag = (uint32_t)hash >> TAG_SHIFT;
    if ((*p & TAKEN) && *p >> TAG_SHIFT == tag) {
        seen->mails++;
        seen->ham += (*p & HAM) != 0;
        seen->spam += (*p & SPAM) != 0;
        *p = 0;
        return true;
    }
    d->forgotten += *p != 0;
    *p = tag << TAG_SHIFT | TAKEN | (seen->ham ? HAM : 0) | (seen->spam ? SPAM : 0);
    return false;
}

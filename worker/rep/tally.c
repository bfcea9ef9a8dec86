/* SPDX-License-Identifier: Apache-2.0 */
/* tally: counts by key in bounded memory. Linear probing at half load at most; keys are compared by hash, then bytes.
 */
#include "worker/rep/tally.h"

#include "proto/base/hash.h"

#include <assert.h>
#include <stdlib.h>

enum { SLOTS = TALLY_KEYS * 2 };

struct entry {
    uint32_t hash;
    uint32_t at; /* of its key in the buffer */
    uint16_t bytes;
    struct tally_seen seen;
};

struct tally {
    struct entry entry[TALLY_KEYS];
    uint16_t slot[SLOTS]; /* entry + 1; 0: free */
    size_t n, used;
    uint8_t keys[TALLY_KEY_BYTES];
};

enum err tally_open(struct tally **out)
{
    struct tally *t = calloc(1, sizeof *t);
    if (!t) return ERR_MEMORY;
    *out = t;
    return ERR_OK;
}

void tally_close(struct tally *t)
{
    free(t);
}

size_t tally_count(const struct tally *t)
{
    return t->n;
}

struct tally_seen tally_at(const struct tally *t, size_t i)
{
    assert(i < t->n);
    return t->entry[i].seen;
}

span tally_key(const struct tally *t, size_t i)
{
    assert(i < t->n);
    return span_of(t->keys + t->entry[i].at, t->entry[i].bytes);
}

bool tally_add(struct tally *t, span key, struct tally_seen seen, bool met)
{
    assert(key.n <= UINT16_MAX);
    /* Whoever picks names for collisions only slows a walk of at most TALLY_KEYS steps. */
    uint64_t hash = hash64(key, 0);
    size_t at = (hash >> 32) % SLOTS;
    for (; t->slot[at]; at = (at + 1) % SLOTS) {
        struct entry *e = &t->entry[t->slot[at] - 1u];
        if (e->hash != (uint32_t)hash || !span_eq(span_of(t->keys + e->at, e->bytes), key)) continue;
        if (e->seen.mails > UINT32_MAX - seen.mails) return false;
        e->seen.mails += seen.mails;
        e->seen.ham += seen.ham;
        e->seen.spam += seen.spam;
        return true;
    }
    if (t->n >= (met ? TALLY_KEYS : TALLY_ANY) || key.n > TALLY_KEY_BYTES - t->used) return false;
    t->entry[t->n] =
        (struct entry){.hash = (uint32_t)hash, .at = (uint32_t)t->used, .bytes = (uint16_t)key.n, .seen = seen};
    if (key.n) memcpy(t->keys + t->used, key.p, key.n);
    t->used += key.n;
    t->slot[at] = (uint16_t)++t->n;
    return true;
}

void tally_done(struct tally *t, size_t i)
{
    assert(i < t->n);
    t->entry[i].seen = (struct tally_seen){0};
}

void tally_reset(struct tally *t)
{
    if (t->n) memset(t->slot, 0, sizeof t->slot);
    t->n = t->used = 0;
}

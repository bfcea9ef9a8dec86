/* SPDX-License-Identifier: Apache-2.0 */
/* tally: counts by key in bounded memory. Linear probing at half load at most; keys are compared by hash, then bytes.
 */
#include "worker/rep/tally.h"

#include "proto/base/hash.h"

#include <assert.h>
#include <stdlib.h>

enum { SLOTS = TALLY_KEYS * 2 };

struct tally {
    struct tally_entry entry[TALLY_KEYS];
    uint16_t slot[SLOTS]; /* entry + 1; 0: free */
    size_t n, name_used;
    uint8_t names[TALLY_NAME_BYTES];
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

const struct tally_entry *tally_at(const struct tally *t, size_t i)
{
    assert(i < t->n);
    return &t->entry[i];
}

span tally_name(const struct tally *t, size_t i)
{
    assert(i < t->n);
    return span_of(t->names + t->entry[i].at, t->entry[i].name_bytes);
}

bool tally_add(struct tally *t, uint8_t kind, span name, uint32_t count)
{
    assert(name.n <= UINT8_MAX);
    /* The seed keeps kinds apart. Whoever picks names for collisions only slows a walk of at most TALLY_KEYS steps. */
    size_t at = hash64(name, kind) % SLOTS;
    for (; t->slot[at]; at = (at + 1) % SLOTS) {
        size_t i = t->slot[at] - 1u;
        if (t->entry[i].kind != kind || !span_eq(tally_name(t, i), name)) continue;
        if (t->entry[i].count > UINT32_MAX - count) return false;
        t->entry[i].count += count;
        return true;
    }
    if (t->n == TALLY_KEYS || name.n > TALLY_NAME_BYTES - t->name_used) return false;
    t->entry[t->n] =
        (struct tally_entry){.kind = kind, .name_bytes = (uint8_t)name.n, .at = (uint32_t)t->name_used, .count = count};
    if (name.n) memcpy(t->names + t->name_used, name.p, name.n);
    t->name_used += name.n;
    t->slot[at] = (uint16_t)++t->n;
    return true;
}

void tally_done(struct tally *t, size_t i)
{
    assert(i < t->n);
    t->entry[i].count = 0;
}

void tally_reset(struct tally *t)
{
    if (t->n) memset(t->slot, 0, sizeof t->slot);
    t->n = t->name_used = 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* cache: see cache.h. */
#include "worker/rep/cache.h"

#include "proto/base/hash.h"

#include <stdlib.h>

struct cache {
    uint64_t seed;
    uint32_t tag[CACHE_ENTRIES]; /* of each entry's hash: a set is one cache line */
    struct cache_entry entry[CACHE_ENTRIES];
};

enum err cache_open(uint64_t seed, struct cache **out)
{
    struct cache *c = calloc(1, sizeof *c);
    if (!c) return ERR_MEMORY;
    c->seed = seed;
    *out = c;
    return ERR_OK;
}

void cache_close(struct cache *c)
{
    free(c);
}

struct cache_entry *cache_at(struct cache *c, int at)
{
    return &c->entry[at];
}

int cache_find(struct cache *c, span key, uint32_t batch, int64_t fresh_us)
{
    uint64_t hash = hash64(key, c->seed);
    uint32_t tag = (uint32_t)hash;
    int first = (int)((hash >> 32) % CACHE_SETS) * CACHE_WAYS, room = -1;
    for (int at = first; at < first + CACHE_WAYS; at++) {
        struct cache_entry *e = &c->entry[at];
        if (c->tag[at] != tag || e->state == CACHE_FREE || !span_eq(span_of(e->key, e->bytes), key)) continue;
        if (e->batch == batch) return at;
        if (e->state != CACHE_READ || e->read_us < fresh_us) e->state = CACHE_NEW;
        e->batch = batch;
        return at;
    }
    for (int at = first; at < first + CACHE_WAYS; at++) {
        const struct cache_entry *e = &c->entry[at];
        if (e->state != CACHE_FREE && e->batch == batch) continue;
        if (room < 0 ||
            (c->entry[room].state != CACHE_FREE && (e->state == CACHE_FREE || e->read_us < c->entry[room].read_us)))
            room = at;
    }
    if (room < 0) return -1;
    struct cache_entry *e = &c->entry[room];
    c->tag[room] = tag;
    e->state = CACHE_NEW;
    e->batch = batch;
    e->read_us = 0;
    e->record = (struct record){0};
    e->bytes = (uint16_t)key.n;
    memcpy(e->key, key.p, key.n);
    return room;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* cache: see cache.h. */
#include "worker/rep/cache.h"

#include "proto/base/hash.h"

#include <stdlib.h>

/* What a look-up goes through: one cache line. */
struct set {
    uint32_t tag[CACHE_WAYS];   /* of each entry's hash */
    uint32_t batch[CACHE_WAYS]; /* that used the entry last; 0: it is free */
};

struct cache {
    struct set set[CACHE_SETS];
    struct cache_entry entry[CACHE_ENTRIES];
    uint64_t seed;
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

/* The place of the set that makes room; -1: the present batch uses all. */
static int oldest(const struct set *s, uint32_t batch)
{
    int room = -1;
    uint32_t most = 0;
    for (int way = 0; way < CACHE_WAYS; way++) {
        uint32_t age = s->batch[way] ? batch - s->batch[way] : UINT32_MAX;
        if (age <= most) continue;
        most = age;
        room = way;
    }
    return room;
}

/* Within one set. */
static int find(struct cache *c, struct set *s, uint32_t tag, span key, uint32_t batch, int64_t fresh_us)
{
    int first = (int)(s - c->set) * CACHE_WAYS;
    for (int way = 0; way < CACHE_WAYS; way++) {
        struct cache_entry *e = &c->entry[first + way];
        if (s->tag[way] != tag || !s->batch[way] || !span_eq(span_of(e->key, e->bytes), key)) continue;
        if (s->batch[way] != batch && (e->state != CACHE_READ || e->read_us < fresh_us)) e->state = CACHE_NEW;
        s->batch[way] = batch;
        return first + way;
    }
    int way = oldest(s, batch);
    if (way < 0) return -1;
    struct cache_entry *e = &c->entry[first + way];
    s->tag[way] = tag;
    s->batch[way] = batch;
    e->state = CACHE_NEW;
    e->since = 0;
    e->read_us = 0;
    e->record = (struct record){0};
    e->bytes = (uint16_t)key.n;
    memcpy(e->key, key.p, key.n);
    return first + way;
}

int cache_find(struct cache *c, span key, uint32_t batch, int64_t fresh_us)
{
    uint64_t hash = hash64(key, c->seed);
    size_t set = (hash >> 32) % CACHE_SETS;
    int at = find(c, &c->set[set], (uint32_t)hash, key, batch, fresh_us);
    return at >= 0 ? at : find(c, &c->set[(set + 1) % CACHE_SETS], (uint32_t)hash, key, batch, fresh_us);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* memo: see memo.h. Each place is a key, the time of its last use, and the item. */
#include "models/live/state/memo.h"

#include <assert.h>

struct place {
    uint64_t key; /* 0: free */
    int64_t used;
};

static size_t place_bytes(size_t item_bytes)
{
    return sizeof(struct place) + (item_bytes + 7) / 8 * 8;
}

size_t memo_bytes(unsigned bits, size_t item_bytes)
{
    return ((size_t)1 << bits) * place_bytes(item_bytes);
}

void memo_init(struct memo *m, void *block, unsigned bits, size_t item_bytes)
{
    assert((1u << bits) >= MEMO_WAYS);
    *m = (struct memo){.places = block, .item_bytes = item_bytes, .mask = ((uint64_t)1 << bits) / MEMO_WAYS - 1};
}

static struct place *place_at(const struct memo *m, size_t i)
{
    return (struct place *)(void *)(m->places + i * place_bytes(m->item_bytes));
}

static struct place *search(const struct memo *m, uint64_t key)
{
    size_t set = (size_t)((key ^ key >> 32) & m->mask) * MEMO_WAYS;
    for (size_t i = 0; i < MEMO_WAYS; i++)
        if (place_at(m, set + i)->key == key) return place_at(m, set + i);
    return NULL;
}

void *memo_find(const struct memo *m, uint64_t key)
{
    struct place *p = key ? search(m, key) : NULL;
    return p ? p + 1 : NULL;
}

void *memo_put(struct memo *m, uint64_t key, int64_t now)
{
    assert(key);
    struct place *p = search(m, key);
    if (!p) {
        size_t set = (size_t)((key ^ key >> 32) & m->mask) * MEMO_WAYS;
        p = place_at(m, set);
        for (size_t i = 1; i < MEMO_WAYS && p->key; i++) {
            struct place *q = place_at(m, set + i);
            if (!q->key || q->used < p->used) p = q;
        }
        memset(p, 0, place_bytes(m->item_bytes));
        p->key = key;
    }
    p->used = now;
    return p + 1;
}

void memo_drop(struct memo *m, uint64_t key)
{
    struct place *p = search(m, key);
    if (p) memset(p, 0, place_bytes(m->item_bytes));
}

size_t memo_places(const struct memo *m)
{
    return (size_t)(m->mask + 1) * MEMO_WAYS;
}

void *memo_at(const struct memo *m, size_t i, uint64_t *key_out)
{
    struct place *p = place_at(m, i);
    *key_out = p->key;
    return p->key ? p + 1 : NULL;
}

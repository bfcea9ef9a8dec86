/* SPDX-License-Identifier: Apache-2.0 */
/* bag: memory taken from the arena at once, given back but for what was used; see bag.h. */
#include "worker/token/bag.h"

#include <assert.h>

uint32_t *bag_set(struct arena *a)
{
    return arena_alloc(a, 2 * BAG_MAX * sizeof(uint32_t));
}

void bag_open(struct bag *b, struct arena *a, uint32_t *set, size_t cap, size_t likely, bool named)
{
    assert(cap <= BAG_MAX);
    if (likely > cap) likely = cap;
    uint32_t slots = 64;
    while (slots < 2 * likely) slots *= 2;
    b->set = set;
    b->mask = slots - 1;
    b->n = b->waiting = b->kept_left = 0;
    b->cap = cap;
    b->names = NULL;
    if (named) {
        b->names = arena_alloc(a, (cap + 1) * sizeof *b->names);
        b->kept = arena_alloc(a, BAG_KEPT_BYTES);
        b->kept_left = b->kept ? BAG_KEPT_BYTES : 0;
    }
    /* One more than cap: a feature that is there already is written behind the last, too, and stays uncounted. */
    b->v = arena_alloc(a, (cap + 1) * sizeof *b->v);
    if (!set || !b->v || (named && !b->names)) b->cap = 0;
    if (b->cap) memset(set, 0, slots * sizeof *set);
}

span bag_keep(struct bag *b, span word)
{
    if (!b->names) return word;
    if (word.n == 0 || word.n > b->kept_left) return SPAN_NONE;
    uint8_t *to = b->kept;
    memcpy(to, word.p, word.n);
    b->kept += word.n;
    b->kept_left -= word.n;
    return span_of(to, word.n);
}

void bag_close(struct bag *b, struct arena *a, enum feature_view view, struct features *out)
{
    bag_settle(b);
    if (b->v) arena_trim(a, b->v, b->n * sizeof *b->v);
    out->view[view] = (struct feature_list){b->v, b->n};
    out->names[view] = b->names;
}

/* Put features of which none is in the set yet where they belong, as far as BAG_PROBES reach. */
static void put_again(struct bag *b)
{
    for (size_t i = 0; i < b->n; i++) {
        uint32_t at = b->v[i] & b->mask;
        for (unsigned left = BAG_PROBES; b->set[at] && left; left--) at = (at + 1) & b->mask;
        if (!b->set[at]) b->set[at] = b->v[i];
    }
}

/* Have at least two slots for each of n features. */
static void widen(struct bag *b, size_t n)
{
    uint32_t slots = b->mask + 1;
    while (slots < 2 * n) slots *= 2;
    if (slots == b->mask + 1) return;
    b->mask = slots - 1;
    memset(b->set, 0, slots * sizeof *b->set);
    put_again(b);
}

/* Add features for which there is room. Those whose slot is taken by another wait for the next round, which tries the
 * next slot. With names, `where` says at which byte the gram behind each hash stands. */
static inline __attribute__((always_inline)) void add_rounds(struct bag *b, uint32_t *hash, uint16_t *where,
                                                             size_t count, const uint8_t *p, span field, bool named)
{
    uint32_t *set = b->set, *v = b->v, mask = b->mask;
    size_t n = b->n;
    for (uint32_t round = 0; count && round < BAG_PROBES; round++) {
        size_t wait = 0;
        for (size_t i = 0; i < count; i++) {
            uint32_t h = hash[i] + !hash[i], at = (h + round) & mask, there = set[at];
            set[at] = there ? there : h;
            v[n] = h;
            hash[wait] = h;
            if (named) {
                b->names[n] = (struct feature_name){.field = field, .first = span_of(p + where[i], 4)};
                where[wait] = where[i];
            }
            n += !there;
            wait += there && there != h;
        }
        count = wait;
    }
    b->n = n;
}

/* Add features of which the first are kept where not all fit. */
static inline __attribute__((always_inline)) void add(struct bag *b, uint32_t *hash, uint16_t *where, size_t count,
                                                      const uint8_t *p, span field, bool named)
{
    size_t left = b->cap - b->n, step = count < left ? count : 1;
    if (left) widen(b, count < left ? b->n + count : b->cap);
    for (size_t i = 0; i < count && b->n < b->cap; i += step)
        add_rounds(b, hash + i, named ? where + i : NULL, step, p, field, named);
}

void bag_settle(struct bag *b)
{
    size_t count = b->waiting;
    b->waiting = 0;
    add(b, b->wait, NULL, count, NULL, SPAN_NONE, false);
}

void bag_add_named(struct bag *b, uint32_t hash, const struct feature_name *name)
{
    size_t n = b->n;
    add(b, &hash, NULL, 1, NULL, SPAN_NONE, false);
    if (b->n > n) b->names[n] = *name;
}

void bag_add_grams(struct bag *b, uint32_t *hash, size_t count, const uint8_t *p, span field)
{
    if (!b->names) {
        add(b, hash, NULL, count, p, field, false);
        return;
    }
    uint16_t where[BAG_CHUNK];
    for (size_t i = 0; i < count; i++) where[i] = (uint16_t)i;
    add(b, hash, where, count, p, field, true);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* bag: memory taken from the arena at once, given back but for what was used; see bag.h. */
#include "worker/token/bag.h"

#include <assert.h>

struct scan_room *bag_room(struct arena *a)
{
    return arena_alloc(a, sizeof(struct scan_room));
}

void bag_open(struct bag *b, struct arena *a, struct scan_room *room, size_t cap, bool named)
{
    assert(cap <= BAG_MAX);
    *b = (struct bag){.room = room, .cap = cap, .most = cap + BAG_SPARE};
    if (named) {
        b->names = arena_alloc(a, b->most * sizeof *b->names);
        b->kept = arena_alloc(a, BAG_KEPT_BYTES);
        b->kept_left = b->kept ? BAG_KEPT_BYTES : 0;
    }
    b->v = arena_alloc(a, b->most * sizeof *b->v);
    if (!room || !b->v || (named && !b->names)) b->cap = b->most = 0;
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

/* Settle v, and names with it: what is left stands in the same order. */
static size_t settle_named(struct bag *b)
{
    uint32_t before[SCAN_DISTINCT_MAX];
    size_t n = b->n, left = 0;
    memcpy(before, b->v, n * sizeof *before);
    n = scan->distinct(b->v, n, b->room);
    for (size_t i = 0; left < n; i++)
        if (before[i] + !before[i] == b->v[left]) b->names[left++] = b->names[i];
    return left;
}

void bag_settle(struct bag *b)
{
    if (!b->n) return;
    b->n = b->names ? settle_named(b) : scan->distinct(b->v, b->n, b->room);
    if (b->n >= b->cap) b->n = b->most = b->cap;
}

void bag_close(struct bag *b, struct arena *a, enum feature_view view, struct features *out)
{
    bag_settle(b);
    if (b->v) arena_trim(a, b->v, b->n * sizeof *b->v);
    out->view[view] = (struct feature_list){b->v, b->n};
    out->names[view] = b->names;
}

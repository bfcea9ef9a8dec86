/* SPDX-License-Identifier: Apache-2.0 */
/* bag: memory taken from the arena at once, given back but for what was used; see bag.h. */
#include "worker/token/bag.h"

#include <assert.h>

uint32_t *bag_set(struct arena *a)
{
    return arena_alloc(a, 2 * BAG_MAX * sizeof(uint32_t));
}

void bag_open(struct bag *b, struct arena *a, uint32_t *set, size_t cap, bool named)
{
    assert(cap <= BAG_MAX);
    *b = (struct bag){.set = set, .cap = cap};
    uint32_t slots = 16;
    while (slots < 2 * cap) slots *= 2;
    b->mask = slots - 1;
    if (named) {
        b->names = arena_alloc(a, cap * sizeof *b->names);
        b->kept = arena_alloc(a, BAG_KEPT_BYTES);
        b->kept_left = b->kept ? BAG_KEPT_BYTES : 0;
    }
    b->v = arena_alloc(a, cap * sizeof *b->v);
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
    if (b->v) arena_trim(a, b->v, b->n * sizeof *b->v);
    out->view[view] = (struct feature_list){b->v, b->n};
    out->names[view] = b->names;
}

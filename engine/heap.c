/* SPDX-License-Identifier: Apache-2.0 */
/* heap: the requests by deadline, soonest first; see heap.h. */
#include "engine/heap.h"

#include <stdlib.h>

static void put(struct heap *h, size_t i, struct request *r)
{
    h->at[i] = r;
    r->heap_at = i + 1;
}

static void sift(struct heap *h, size_t i, struct request *r)
{
    for (; i && h->at[(i - 1) / 2]->deadline_us > r->deadline_us; i = (i - 1) / 2) put(h, i, h->at[(i - 1) / 2]);
    for (;;) {
        size_t kid = 2 * i + 1;
        if (kid + 1 < h->n && h->at[kid + 1]->deadline_us < h->at[kid]->deadline_us) kid++;
        if (kid >= h->n || h->at[kid]->deadline_us >= r->deadline_us) break;
        put(h, i, h->at[kid]);
        i = kid;
    }
    put(h, i, r);
}

void heap_close(struct heap *h)
{
    free(h->at);
    *h = (struct heap){0};
}

void heap_add(struct heap *h, struct request *r)
{
    if (h->n == h->cap) {
        size_t cap = h->cap ? 2 * h->cap : 1024;
        struct request **at = must_calloc(cap, sizeof *at);
        if (h->n) memcpy(at, h->at, h->n * sizeof *at);
        free(h->at);
        h->at = at;
        h->cap = cap;
    }
    h->n++;
    sift(h, h->n - 1, r);
}

void heap_remove(struct heap *h, struct request *r)
{
    if (!r->heap_at) return;
    size_t i = r->heap_at - 1;
    r->heap_at = 0;
    struct request *last = h->at[--h->n];
    if (last != r) sift(h, i, last);
}

struct request *heap_first(const struct heap *h)
{
    return h->n ? h->at[0] : NULL;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* bag: a set of hashed features being filled: none twice.
 *
 * Features are binary (a word that comes ten times is one piece of evidence). They are written down as they come, and
 * what stands there more than once is dropped for many at a time (worker/simd/distinct.h): nothing branches on whether
 * a feature is new, which is as good as random. */
#ifndef FURUI_TOKEN_BAG_H
#define FURUI_TOKEN_BAG_H

#include "proto/base/hash.h"
#include "worker/simd/scan.h"
#include "worker/token/feature.h"

enum {
    BAG_SPARE = 1024, /* features that may come before those that were there already are dropped again */
    BAG_MAX = SCAN_DISTINCT_MAX - BAG_SPARE, /* no bag may be larger */
    BAG_KEPT_BYTES = 2048,
};

struct bag {
    uint32_t *v;
    struct feature_name *names; /* NULL: nobody asks for names */
    uint8_t *kept;              /* words of names that were made up on the way */
    size_t kept_left;
    size_t n;       /* features written down */
    size_t most;    /* ... of which so many may be */
    size_t cap;     /* ... and so many be left at the end */
    uint32_t *told; /* where the visible text's telling words go (feature.h), or NULL */
    size_t told_count;
    struct scan_room *room;
};

/* Memory for finding what is there twice, shared by the bags of one mail one after the other. NULL when the arena is
 * full. */
struct scan_room *bag_room(struct arena *a);

/* An empty bag of at most `cap` features (<= BAG_MAX); cap comes out 0 when the arena is full. */
void bag_open(struct bag *b, struct arena *a, struct scan_room *room, size_t cap, bool named);

/* Write the list down and give back what was not needed. `b` must hold the arena's newest allocation unless named. */
void bag_close(struct bag *b, struct arena *a, enum feature_view view, struct features *out);

/* A word that will not live as long as the names do: its copy, or when nobody asks for names the word itself. Empty
 * when there is no room. */
span bag_keep(struct bag *b, span word);

/* Drop what is there twice and what is too much: of each feature the first remains, and of all the first `cap`. */
void bag_settle(struct bag *b);

/* Is there room for n features more? (Of up to BAG_SPARE, unless the bag or the arena is full.) */
static inline bool bag_reserve(struct bag *b, size_t n)
{
    if (b->most - b->n < n) bag_settle(b);
    return b->most - b->n >= n;
}

/* Add one; nothing comes of it when it was there already or the bag is full. */
static inline void bag_add(struct bag *b, uint32_t hash, span field, span first, span second, unsigned gap)
{
    if (!bag_reserve(b, 1)) return;
    if (b->names) b->names[b->n] = (struct feature_name){field, first, second, (uint8_t)gap};
    b->v[b->n++] = hash;
}

#endif

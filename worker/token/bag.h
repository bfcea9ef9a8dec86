/* SPDX-License-Identifier: Apache-2.0 */
/* bag: a set of hashed features being filled: none twice.
 *
 * Features are binary (a word that comes ten times is one piece of evidence); duplicates are found in a small open hash
 * set in the arena. Whether a feature is new is as good as random, so features wait until there are many, and then
 * nothing branches on it. */
#ifndef FURUI_TOKEN_BAG_H
#define FURUI_TOKEN_BAG_H

#include "proto/base/hash.h"
#include "worker/token/feature.h"

enum {
    BAG_CHUNK = 512,
    BAG_MAX = 8192, /* no bag may be larger */
    BAG_KEPT_BYTES = 2048,
    /* Slots that are tried for one feature, which then is left out. Hashes are public: 3 KB of text whose 4-grams all
     * belong into a few slots cost 5 ms, half of all slots tried for each. Of 24,000 mails none needed more than 16. */
    BAG_PROBES = 64,
};

struct bag {
    uint32_t *v;
    struct feature_name *names; /* NULL: nobody asks for names */
    uint8_t *kept;              /* words of names that were made up on the way */
    size_t kept_left;
    size_t n, cap;
    uint32_t *set; /* hashes by linear probing; 0 is free */
    uint32_t mask; /* slots - 1; at least twice n */
    size_t waiting;
    uint32_t wait[BAG_CHUNK]; /* hashes added, but not yet looked up; unused when there are names */
};

/* Memory for duplicate finding, shared by the bags of one mail one after the other. NULL when the arena is full. */
uint32_t *bag_set(struct arena *a);

/* An empty bag of at most `cap` features (<= BAG_MAX); cap comes out 0 when the arena is full. For about `likely`
 * features the set need not grow; it is cleared to no more than these need. */
void bag_open(struct bag *b, struct arena *a, uint32_t *set, size_t cap, size_t likely, bool named);

/* Write the list down and give back what was not needed. `b` must hold the arena's newest allocation unless named. */
void bag_close(struct bag *b, struct arena *a, enum feature_view view, struct features *out);

/* A word that will not live as long as the names do: its copy, or when nobody asks for names the word itself. Empty
 * when there is no room. */
span bag_keep(struct bag *b, span word);

/* Look up what waits. */
void bag_settle(struct bag *b);

/* bag_add of a bag with names. */
void bag_add_named(struct bag *b, uint32_t hash, const struct feature_name *name);

/* Add one; nothing happens when it was there already, the bag is full, or BAG_PROBES features had its slots before. */
static inline void bag_add(struct bag *b, uint32_t hash, span field, span first, span second, unsigned gap)
{
    if (b->names) {
        bag_add_named(b, hash, &(struct feature_name){field, first, second, (uint8_t)gap});
        return;
    }
    b->wait[b->waiting++] = hash;
    if (b->waiting == BAG_CHUNK) bag_settle(b);
}

/* Add the 4-grams of p, count of them, up to BAG_CHUNK, by their hashes, which are used up. As bag_add for each. */
void bag_add_grams(struct bag *b, uint32_t *hash, size_t count, const uint8_t *p, span field);

#endif

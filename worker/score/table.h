/* SPDX-License-Identifier: Apache-2.0 */
/* table: what is known about each feature, frozen: three 8-bit weights behind one hash.
 *
 * A slot is 4 bytes: a check byte of the hash, then the feature's weight in the joint model, its weight in its view's
 * model, and its Bayes vote. Slots stand in groups of 4, one memory access; a feature may be in any slot of its group,
 * so the table can be full, and in no other. Sums are of integers: the same bits whatever the order.
 *
 * A section of a bundle (little endian):
 *
 *     "FTAB", version 1, log2 of slots, 13 words zero
 *     float joint[VIEW_COUNT], view[VIEW_COUNT], vote[VIEW_COUNT]    what one step of a weight is worth
 *     zero to a multiple of 64 bytes
 *     slots */
#ifndef FURUI_SCORE_TABLE_H
#define FURUI_SCORE_TABLE_H

#include "proto/base/err.h"
#include "worker/score/part.h"

enum { TABLE_MAGIC = 0x42415446, TABLE_VERSION = 1, TABLE_GROUP = 4, TABLE_BITS_MIN = 8, TABLE_BITS_MAX = 24 };

struct table_slot {
    uint8_t check;
    int8_t joint, view, vote; /* all three 0: free */
};

struct table_scale {
    float joint[VIEW_COUNT], view[VIEW_COUNT], vote[VIEW_COUNT];
};

struct table_head {
    uint32_t magic, version, bits, zero[13];
    struct table_scale scale;
    uint32_t pad[(64 - sizeof(struct table_scale) % 64) % 64 / 4];
};

struct table {
    const struct table_scale *scale;
    const struct table_slot *slot;
    uint32_t group_mask; /* groups - 1 */
};

/* Read a table from a section; lent. ERR_MODEL with *why_out (static). */
enum err table_load(span section, struct table *t_out, const char **why_out);

static inline uint32_t table_group(uint32_t hash, uint32_t group_mask)
{
    return (hash & group_mask) * TABLE_GROUP;
}

/* Which features fall on one slot is decided by the low bits, which of them it is by the high ones. */
static inline uint8_t table_check(uint32_t hash)
{
    return (uint8_t)(hash >> 24);
}

/* The slot of a feature, or NULL when the table does not know it. */
static inline const struct table_slot *table_find(const struct table *t, uint32_t hash)
{
    const struct table_slot *s = t->slot + table_group(hash, t->group_mask);
    for (unsigned i = 0; i < TABLE_GROUP; i++)
        if (s[i].check == table_check(hash) && (s[i].joint || s[i].view || s[i].vote)) return s + i;
    return NULL;
}

/* Does it know features of that view? (Bundles of several sources leave some out: docs/scoring.md.) */
static inline bool table_knows(const struct table *t, unsigned view)
{
    return t->scale->joint[view] != 0 || t->scale->view[view] != 0 || t->scale->vote[view] != 0;
}

/* All parts' scores of one mail. */
void table_score(const struct table *t, const struct features *f, struct parts *out);

#endif

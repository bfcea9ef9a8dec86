/* SPDX-License-Identifier: Apache-2.0 */
/* table: integer sums over groups of four slots; see table.h. */
#include "worker/score/table.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

enum { AHEAD = 24 }; /* groups that are on their way from memory */

_Static_assert(sizeof(struct table_slot) == 4, "a slot is 4 bytes");
_Static_assert(sizeof(struct table_head) % 64 == 0, "slots begin at a multiple of 64");

enum err table_load(span section, struct table *t_out, const char **why_out)
{
    struct table_head h;
    *why_out = "the table is shorter than its header";
    if (section.n < sizeof h) return ERR_MODEL;
    memcpy(&h, section.p, sizeof h);
    *why_out = "the table has another form";
    if (h.magic != TABLE_MAGIC || h.version != TABLE_VERSION) return ERR_MODEL;
    *why_out = "the table's size is not what its header says";
    if (h.bits < TABLE_BITS_MIN || h.bits > TABLE_BITS_MAX) return ERR_MODEL;
    size_t slots = (size_t)1 << h.bits;
    if (section.n != sizeof h + slots * sizeof(struct table_slot)) return ERR_MODEL;
    *why_out = "a scale of the table is not a number";
    const float *f = h.scale.joint;
    for (size_t i = 0; i < sizeof h.scale / sizeof *f; i++)
        if (!isfinite(f[i]) || f[i] < 0 || f[i] > 1e3f) return ERR_MODEL;
    const uint8_t *base = section.p;
    *t_out = (struct table){
        .scale = (const void *)(base + offsetof(struct table_head, scale)),
        .slot = (const void *)(base + sizeof h),
        .group_mask = (uint32_t)(slots / TABLE_GROUP) - 1,
    };
    return ERR_OK;
}

/* table_find without a branch, since no CPU can foresee whether and where a feature is known: all zero if it is not. */
static inline struct table_slot look_up(const struct table *t, uint32_t hash)
{
    typedef uint32_t words __attribute__((vector_size(16)));
    const struct table_slot *group = t->slot + table_group(hash, t->group_mask);
    static_assert(TABLE_GROUP * sizeof *group == sizeof(words), "a group is one register");
    words w;
    memcpy(&w, group, sizeof w);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    for (int i = 0; i < 4; i++) w[i] = __builtin_bswap32(w[i]);
#endif
    w &= (words)((w & 0xFF) == table_check(hash)) & (words)(w > 0xFF);
    uint32_t first = w[0] ? w[0] : w[1], second = w[2] ? w[2] : w[3], found = first ? first : second;
    return (struct table_slot){(uint8_t)found, (int8_t)(found >> 8), (int8_t)(found >> 16), (int8_t)(found >> 24)};
}

void table_score(const struct table *t, const struct features *f, struct parts *out)
{
    double joint_all = 0;
    for (unsigned v = 0; v < VIEW_COUNT; v++) {
        int32_t joint = 0, view = 0, vote = 0, magnitude = 0;
        const uint32_t *hash = f->view[v].v;
        size_t n = f->view[v].n;
        for (size_t i = 0; i < n; i++) {
            if (i + AHEAD < n) __builtin_prefetch(t->slot + table_group(hash[i + AHEAD], t->group_mask));
            struct table_slot s = look_up(t, hash[i]);
            joint += s.joint;
            view += s.view;
            vote += s.vote;
            magnitude += abs(s.vote);
        }
        joint_all += joint * (double)t->scale->joint[v];
        out->v[PART_VIEW + v] = view * (double)t->scale->view[v];
        out->v[PART_BAYES + v] = part_bayes(vote * (double)t->scale->vote[v], magnitude * (double)t->scale->vote[v]);
    }
    out->v[PART_JOINT] = joint_all;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* table: integer sums over groups of four slots; see table.h. */
#include "worker/score/table.h"

#include "worker/simd/scan.h"

#include <math.h>

_Static_assert(sizeof(struct table_slot) == 4, "a slot is 4 bytes");
_Static_assert(sizeof(struct table_head) % 64 == 0, "slots begin at a multiple of 64");
_Static_assert(TABLE_GROUP * sizeof(struct table_slot) == SCAN_GROUP_BYTES, "a group is what `weigh` takes it for");

static bool weighs(struct table_slot s)
{
    return s.joint || s.view || s.vote;
}

/* Do two slots of a group claim the same feature? */
static bool doubled(const struct table_slot *group)
{
    for (unsigned i = 1; i < TABLE_GROUP; i++)
        for (unsigned j = 0; j < i; j++)
            if (group[i].check == group[j].check && weighs(group[i]) && weighs(group[j])) return true;
    return false;
}

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
    const struct table_slot *slot = (const void *)(base + sizeof h);
    *why_out = "a group of the table holds a feature twice";
    for (size_t i = 0; i < slots; i += TABLE_GROUP)
        if (doubled(slot + i)) return ERR_MODEL;
    *t_out = (struct table){
        .scale = (const void *)(base + offsetof(struct table_head, scale)),
        .slot = slot,
        .group_mask = (uint32_t)(slots / TABLE_GROUP) - 1,
    };
    return ERR_OK;
}

void table_score(const struct table *t, const struct features *f, struct parts *out)
{
    struct scan_list list[VIEW_COUNT];
    struct scan_weights sum[VIEW_COUNT] = {0}, known[VIEW_COUNT];
    unsigned view[VIEW_COUNT];
    size_t lists = 0;
    for (unsigned v = 0; v < VIEW_COUNT; v++) {
        if (!table_knows(t, v) || !f->view[v].n) continue; /* what is found there is worth nothing */
        list[lists] = (struct scan_list){f->view[v].v, f->view[v].n};
        view[lists++] = v;
    }
    scan->weigh((const uint8_t *)t->slot, t->group_mask, list, lists, known);
    for (size_t i = 0; i < lists; i++) sum[view[i]] = known[i];
    double joint_all = 0;
    for (unsigned v = 0; v < VIEW_COUNT; v++) {
        double vote = (double)t->scale->vote[v];
        joint_all += sum[v].joint * (double)t->scale->joint[v];
        out->v[PART_VIEW + v] = sum[v].view * (double)t->scale->view[v];
        out->v[PART_BAYES + v] = part_bayes(sum[v].vote * vote, sum[v].magnitude * vote);
    }
    out->v[PART_JOINT] = joint_all;
}

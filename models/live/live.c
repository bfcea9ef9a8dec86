/* SPDX-License-Identifier: Apache-2.0 */
/* live: see live.h. */
#include "models/live/live.h"

#include <stdio.h>

enum { BLOCKS = 3 };

/* What stands in a snapshot beside the tables. */
struct head {
    struct follow_place place;
    uint64_t reports, again;
    struct control control;
};

enum err live_open(struct live *l, const struct voices_rules *rules)
{
    *l = (struct live){.reports = 0};
    enum err e = voices_open(&l->voices, rules);
    if (e == ERR_OK) e = follow_state_open(&l->follow);
    if (e != ERR_OK) live_close(l);
    return e;
}

void live_close(struct live *l)
{
    voices_close(&l->voices);
    follow_state_close(&l->follow);
}

void live_take(struct live *l, const struct feedback *r, struct follow_place at, struct voices_effect *out)
{
    *out = (struct voices_effect){.again = true};
    if (r->kind != FEEDBACK_REPORT) return;
    voices_take(&l->voices, r, r->score, (int64_t)at.ms, out);
    l->reports++;
    l->again += out->again;
}

enum control_outcome live_obey(struct live *l, const struct feedback *r, struct follow_place at,
                               struct control_order *order_out, char *why_out)
{
    const char *wrong = control_parse(r->order, order_out);
    order_out->at = at;
    if (!wrong) return control_take(&l->control, order_out, at, why_out);
    snprintf(why_out, CONTROL_WHY_MAX, "%s", wrong);
    return CONTROL_REFUSED;
}

static void blocks(const struct live *l, struct head *h, struct snapshot_block b[BLOCKS])
{
    b[0] = (struct snapshot_block){h, sizeof *h};
    b[1] = (struct snapshot_block){l->follow.hosts_block, l->follow.hosts_bytes};
    b[2] = (struct snapshot_block){l->voices.block, l->voices.bytes};
}

enum err live_save(const struct live *l, const char *path, char *fault_out)
{
    struct head h = {l->follow.place, l->reports, l->again, l->control};
    struct snapshot_block b[BLOCKS];
    blocks(l, &h, b);
    return snapshot_write(path, b, BLOCKS, fault_out);
}

enum err live_load(struct live *l, const char *path, char *fault_out)
{
    struct head h;
    struct snapshot_block b[BLOCKS];
    blocks(l, &h, b);
    enum err e = snapshot_read(path, b, BLOCKS, fault_out);
    if (e != ERR_OK) {
        for (size_t i = 0; i < BLOCKS; i++) memset(b[i].p, 0, b[i].n);
    }
    l->follow.place = h.place;
    l->reports = h.reports;
    l->again = h.again;
    l->control = h.control;
    return e;
}

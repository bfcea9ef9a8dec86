/* SPDX-License-Identifier: Apache-2.0 */
/* live: see live.h. */
#include "models/live/live.h"

#include <stdio.h>

enum { BLOCKS_BEFORE = 3, BLOCKS_MAX = BLOCKS_BEFORE + LEARN_BLOCKS };

/* What stands in a snapshot beside the tables. */
struct head {
    struct follow_place place, missed;
    uint64_t reports, again, samples;
    struct control control;
    struct guard guard;
};

enum err live_open(struct live *l, const struct live_rules *rules)
{
    *l = (struct live){.rules = *rules};
    enum err e = voices_open(&l->voices, &rules->voices);
    if (e == ERR_OK) e = follow_state_open(&l->follow);
    if (e == ERR_OK && rules->bits) e = learn_open(&l->learn, rules->bits);
    if (e != ERR_OK) live_close(l);
    return e;
}

void live_close(struct live *l)
{
    voices_close(&l->voices);
    follow_state_close(&l->follow);
    if (l->rules.bits) learn_close(&l->learn);
}

/* May content be learnt of what stands there? */
static bool learns(const struct live *l, struct follow_place at)
{
    return l->rules.bits && !l->control.frozen && !l->guard.slow && !control_skips(&l->control, at);
}

static bool watch(struct live *l, struct follow_place at)
{
    char why[CONTROL_NOTE_MAX];
    if (!guard_look(&l->guard, &l->rules.guard, &l->learn)) return false;
    snprintf(why, sizeof why, "%.1f%% of %d mails that nobody reported changed their class within the hour",
             100 * l->guard.flips, (int)l->guard.samples);
    return control_guard(&l->control, at, why);
}

bool live_take(struct live *l, const struct feedback *r, struct follow_place at, struct voices_effect *out)
{
    int64_t now_ms = (int64_t)at.ms;
    *out = (struct voices_effect){.again = true};
    if (l->rules.bits) guard_tick(&l->guard, &l->learn, now_ms);
    if (r->kind == FEEDBACK_SAMPLE) {
        l->samples++;
        if (l->rules.bits) learn_sample(&l->learn, r, now_ms);
    }
    if (r->kind != FEEDBACK_REPORT) return false;
    voices_take(&l->voices, r, r->score, now_ms, out);
    l->reports++;
    l->again += out->again;
    if (out->again || !learns(l, at)) return false;
    learn_report(&l->learn, r, out, now_ms);
    return watch(l, at);
}

enum control_outcome live_obey(struct live *l, const struct feedback *r, struct follow_place at,
                               struct control_order *order_out, char *why_out)
{
    const char *wrong = control_parse(r->order, order_out);
    order_out->at = at;
    if (wrong) {
        snprintf(why_out, CONTROL_WHY_MAX, "%s", wrong);
        return CONTROL_REFUSED;
    }
    enum control_outcome done = control_take(&l->control, order_out, at, why_out);
    if (done == CONTROL_DONE && order_out->what == CONTROL_THAW && l->rules.bits) guard_forget(&l->guard, &l->learn);
    return done;
}

static size_t blocks(const struct live *l, struct head *h, struct snapshot_block b[BLOCKS_MAX])
{
    b[0] = (struct snapshot_block){h, sizeof *h};
    b[1] = (struct snapshot_block){l->follow.hosts_block, l->follow.hosts_bytes};
    b[2] = (struct snapshot_block){l->voices.block, l->voices.bytes};
    if (!l->rules.bits) return BLOCKS_BEFORE;
    learn_blocks(&l->learn, b + BLOCKS_BEFORE);
    return BLOCKS_MAX;
}

/* The state becomes what the head says, and what the tables hold. */
static void put_head(struct live *l, const struct head *h)
{
    l->follow.place = h->place;
    l->follow.missed = h->missed;
    l->reports = h->reports;
    l->again = h->again;
    l->samples = h->samples;
    l->control = h->control;
    l->guard = h->guard;
    l->learn.version++;
}

void live_reset(struct live *l)
{
    static const struct head NOTHING;
    struct head h = NOTHING;
    struct snapshot_block b[BLOCKS_MAX];
    size_t n = blocks(l, &h, b);
    for (size_t i = 0; i < n; i++) memset(b[i].p, 0, b[i].n);
    put_head(l, &NOTHING);
}

enum err live_save(const struct live *l, const char *path, char *fault_out)
{
    struct head h = {l->follow.place, l->follow.missed, l->reports, l->again, l->samples, l->control, l->guard};
    struct snapshot_block b[BLOCKS_MAX];
    size_t n = blocks(l, &h, b);
    return snapshot_write(path, b, n, fault_out);
}

enum err live_load(struct live *l, const char *path, char *fault_out)
{
    struct head h;
    struct snapshot_block b[BLOCKS_MAX];
    size_t n = blocks(l, &h, b);
    enum err e = snapshot_read(path, b, n, fault_out);
    if (e == ERR_OK)
        put_head(l, &h);
    else
        live_reset(l);
    return e;
}

enum err live_check(const struct live *l, const char *path, struct follow_place at, char *fault_out)
{
    struct head h = {.reports = 0};
    struct snapshot_block b[BLOCKS_MAX];
    size_t n = blocks(l, &h, b);
    for (size_t i = 1; i < n; i++) b[i].p = NULL;
    enum err e = snapshot_read(path, b, n, fault_out);
    if (e != ERR_OK || follow_place_cmp(h.place, at) == 0) return e;
    snprintf(fault_out, SNAPSHOT_FAULT_MAX, "%s: ends elsewhere in the stream than it should", path);
    return ERR_SYNTAX;
}

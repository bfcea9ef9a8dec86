/* SPDX-License-Identifier: Apache-2.0 */
/* course: see course.h. Whatever ends in between, the snapshot on disk and the stream lead to the same state: it is
 * replaced only by one that is past all that was ordered. */
#include "models/live/course_steps.h"

#include "models/live/resume/bookmark.h"
#include "models/live/resume/fetch.h"
#include "models/live/resume/offer.h"
#include "models/live/stream/told.h"
#include "proto/base/clock.h"
#include "proto/base/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* --- opening ------------------------------------------------------------------------------------------------------ */

static bool on_gap(void *ctx, struct follow_place first);

static void on_report(void *ctx, const struct feedback *r, struct follow_place at)
{
    struct course *c = ctx;
    c->ops.report(c->ops.ctx, r, at);
}

/* Follow holds; what is missing is looked for. */
static void seek(struct course *c)
{
    c->seeks = true;
    c->seeks_on = false;
    follow_hold(c->follow);
    fetch_begin(c->fetch, c->live->follow.place, false);
}

static enum err open_sharing(struct course *c, struct store *s)
{
    const struct course_options *o = &c->options;
    struct fetch_options from = {o->prefix, o->secret, c->shared, o->share_bytes};
    struct offer_options to = {o->prefix, o->secret, o->host, o->share_bytes, o->share_s};
    enum err e = o->share_s ? fetch_open(s, &from, &c->fetch) : ERR_OK;
    return e == ERR_OK && o->share_s ? offer_open(s, &to, &c->offer) : e;
}

static enum err open_stream(struct course *c, struct store *s, struct store *reader)
{
    const struct course_options *o = &c->options;
    struct follow_ops ops = {.ctx = c, .report = on_report, .gap = on_gap, .lost = course_on_lost};
    enum err e = follow_open(reader, o->key, o->dead_key, o->secret, &c->live->follow, &ops, &c->follow);
    if (e == ERR_OK) e = bookmark_open(s, o->key, o->host, o->rewind_days, o->stream_bytes, &c->bookmark);
    if (e == ERR_OK) e = told_open(s, o->key, o->host, c->saved_at, &c->told);
    if (e == ERR_OK) e = open_sharing(c, s);
    if (e == ERR_OK && c->fetch && follow_place_zero(c->live->follow.place)) seek(c);
    return e;
}

/* The state of the last snapshot; without one, or with a damaged one, an empty state. */
static void load(struct course *c)
{
    char fault[SNAPSHOT_FAULT_MAX];
    if (live_load(c->live, c->snapshot, fault) != ERR_OK && errno != ENOENT)
        LOG(LEVEL_ERROR, "snapshot_refused", L_STR("why", fault), L_STR("now", "this host begins as a new one does"));
    c->saved_at = c->live->follow.place;
    c->saved_number = FOLLOW_UNKNOWN;
    c->saved_us = clock_us();
}

enum err course_open(struct live *l, struct store *s, struct store *reader, const struct course_options *o,
                     const struct course_ops *ops, struct course **out)
{
    struct course *c = calloc(1, sizeof *c);
    if (!c) return ERR_MEMORY;
    c->live = l;
    c->options = *o;
    c->ops = *ops;
    snprintf(c->snapshot, sizeof c->snapshot, "%s/snapshot", o->dir);
    snprintf(c->shared, sizeof c->shared, "%s/shared", o->dir);
    snprintf(c->old, sizeof c->old, "%s/old", o->dir);
    load(c);
    enum err e = s ? open_stream(c, s, reader) : ERR_OK;
    if (e != ERR_OK) {
        course_close(c);
        return e;
    }
    *out = c;
    return ERR_OK;
}

void course_close(struct course *c)
{
    if (!c) return;
    follow_close(c->follow);
    bookmark_close(c->bookmark);
    told_close(c->told);
    offer_close(c->offer);
    fetch_close(c->fetch);
    free(c);
}

bool course_owns(uint64_t tag)
{
    return (tag & (BOOKMARK_TAG | OFFER_TAG | FETCH_TAG | TOLD_TAG)) != 0;
}

void course_reply(struct course *c, const struct store_reply *r, int64_t now_us)
{
    if (r->tag & TOLD_TAG) told_reply(c->told, r, now_us);
    if (r->tag & BOOKMARK_TAG) bookmark_reply(c->bookmark, r, now_us);
    if ((r->tag & OFFER_TAG) && c->offer) offer_reply(c->offer, r, now_us);
    if ((r->tag & FETCH_TAG) && c->fetch) fetch_reply(c->fetch, r, now_us);
}

void course_press(struct course *c)
{
    bookmark_press(c->bookmark);
}

/* On the way to where it was when the server lost something? */
static bool comes_back(const struct course *c)
{
    return c->lost || follow_place_cmp(c->live->follow.place, c->lost_until) < 0;
}

bool course_replays(const struct course *c)
{
    return c->rewind.replays || comes_back(c);
}

bool course_sure(const struct course *c)
{
    return c->told && told_sure(c->told) && !c->lost;
}

bool course_taken(const struct course *c, uint64_t *number_out)
{
    struct follow_place upto;
    *number_out = 0;
    if (!course_sure(c) || comes_back(c) || !told_known(c->told, &upto)) return false;
    if (!follow_place_zero(upto)) *number_out = follow_taken(&c->live->follow, c->options.host);
    return true;
}

/* Has Redis been told all, and has it said so? */
static bool all_told(const struct course *c)
{
    if (!c->ops.told(c->ops.ctx)) return false;
    return !c->told || (!c->lost && follow_place_cmp(told_written(c->told), c->live->follow.place) >= 0);
}

bool course_again(const struct course *c, struct follow_place at)
{
    return c->rewind.replays && follow_place_cmp(at, c->rewind.at) <= 0;
}

void course_stat(const struct course *c, struct course_stat *out)
{
    *out = c->stat;
    out->replays = c->rewind.ordered || course_replays(c);
    if (c->follow) follow_stat(c->follow, &out->follow);
}

/* --- snapshots ---------------------------------------------------------------------------------------------------- */

/* The snapshot on disk is that of the present state. */
static void saved(struct course *c, int64_t now_us)
{
    c->saved_at = c->live->follow.place;
    c->saved_number = c->follow ? follow_number(c->follow) : FOLLOW_UNKNOWN;
    c->saved_us = now_us;
    if (series_keep(c->old, c->snapshot, c->saved_at, c->options.rewind_days) != ERR_OK)
        LOG(LEVEL_WARN, "snapshot_not_kept", L_STR("why", strerror(errno)),
            L_STR("now", "a rewind may have nothing to begin from"));
    for (uint32_t i = 0; i < c->live->control.skips; i++) /* they hold what does not count */
        series_forget(c->old, c->live->control.skip[i].from, c->live->control.skip[i].to);
    if (c->offer) offer_give(c->offer, c->snapshot, c->saved_at, follow_place_zero(c->live->follow.missed));
}

/* A snapshot holds no words that Redis was not told yet: it waits for these, and no report is learnt meanwhile. */
static void save_when_due(struct course *c, int64_t now_us)
{
    char fault[SNAPSHOT_FAULT_MAX];
    bool aged = now_us - c->saved_us > (int64_t)c->options.save_s * 1000000;
    if ((!aged && !c->save_due) || c->seeks || c->rewind.ordered || c->rewind.replays) return;
    c->save_due = follow_place_cmp(c->live->follow.place, c->saved_at) != 0;
    if (!c->save_due) c->saved_us = now_us;
    if (!c->save_due || !all_told(c)) return;
    c->save_due = false;
    c->saved_us = now_us;
    if (live_save(c->live, c->snapshot, fault) == ERR_OK)
        saved(c, now_us);
    else
        LOG(LEVEL_ERROR, "snapshot_failed", L_STR("why", fault));
}

bool course_leave(struct course *c)
{
    c->save_due = !c->seeks && !c->rewind.ordered && !c->rewind.replays &&
                  follow_place_cmp(c->live->follow.place, c->saved_at) != 0;
    return !c->save_due;
}

/* --- a shared snapshot -------------------------------------------------------------------------------------------- */

static bool on_gap(void *ctx, struct follow_place first)
{
    struct course *c = ctx;
    (void)first;
    if (c->rewind.replays) { /* cut meanwhile: once more up to the order, which then cannot be obeyed */
        c->rewind.replays = false;
        follow_hold(c->follow);
        load(c);
        follow_go(c->follow);
        return false;
    }
    if (!c->fetch || c->sought) {
        c->sought = false;
        return true;
    }
    seek(c);
    return false;
}

/* The state becomes that of the file. */
static bool take_over(struct course *c, const struct note *n, int64_t now_us)
{
    char fault[SNAPSHOT_FAULT_MAX];
    struct follow_place missed = c->live->follow.missed;
    if (live_check(c->live, c->shared, n->at, fault) != ERR_OK || rename(c->shared, c->snapshot) != 0) {
        LOG(LEVEL_WARN, "shared_snapshot_refused", L_STR("why", fault[0] ? fault : strerror(errno)),
            L_STR("now", "this host goes on without it"));
        unlink(c->shared);
        return false;
    }
    follow_hold(c->follow);                                        /* what is on its way is of the former place */
    if (live_load(c->live, c->snapshot, fault) != ERR_OK) abort(); /* it was read a moment ago: begin anew */
    if (!follow_place_zero(missed))
        series_forget(c->old, course_before(missed), (struct follow_place){UINT64_MAX, UINT64_MAX});
    c->stat.taken_over++;
    if (c->told) told_begin(c->told, (struct follow_place){0, 0}); /* by another host; to be written down */
    saved(c, now_us);
    LOG(LEVEL_NOTE, "snapshot_taken_over", L_INT("up_to_ms", n->at.ms), L_INT("reports", c->live->reports),
        L_INT("whole", n->whole));
    if (c->ops.changed) c->ops.changed(c->ops.ctx);
    return true;
}

/* A new host, or one that the stream does not reach back to: it waits for the answer. */
static void seek_turn(struct course *c, int64_t now_us)
{
    struct note n;
    enum fetch_state s = fetch_state(c->fetch, &n);
    if (s == FETCH_BUSY || !c->ops.told(c->ops.ctx)) return;
    c->sought = s != FETCH_THERE || !take_over(c, &n, now_us);
    c->seeks = false;
    c->seek_us = now_us + (int64_t)c->options.share_s * 1000000;
    follow_go(c->follow);
}

/* One that missed something goes on, and looks now and then for a state of a host that did not. */
static void heal_turn(struct course *c, int64_t now_us)
{
    struct note n;
    struct follow_stream stream;
    if (!c->seeks_on) {
        if (follow_place_zero(c->live->follow.missed) || now_us < c->seek_us || c->rewind.ordered || c->rewind.replays)
            return;
        fetch_begin(c->fetch, c->live->follow.missed, true);
        c->seek_us = now_us + (int64_t)c->options.share_s * 1000000;
        c->seeks_on = true;
    }
    enum fetch_state s = fetch_state(c->fetch, &n);
    if (s == FETCH_BUSY || c->rewind.ordered || c->rewind.replays || !c->ops.told(c->ops.ctx)) return;
    c->seeks_on = false;
    if (s != FETCH_THERE || !follow_stream(c->follow, &stream) || !course_reaches(&stream, n.at)) return;
    if (take_over(c, &n, now_us)) follow_go(c->follow);
}

/* --- a turn ------------------------------------------------------------------------------------------------------- */

bool course_turn(struct course *c, int64_t now_us)
{
    size_t taken = 0;
    if (c->follow) {
        told_turn(c->told, c->live->follow.place, c->ops.told(c->ops.ctx), c->ops.calls(c->ops.ctx), now_us);
        if (told_lost(c->told) && !c->lost && !c->seeks) course_on_lost(c, c->live->follow.place);
        if (c->fetch) fetch_turn(c->fetch, now_us);
        if (c->seeks) seek_turn(c, now_us);
        if (c->fetch && !c->seeks) heal_turn(c, now_us);
        bool asks = c->lost || c->words_lost; /* only how far the stream reaches */
        if (asks || (!c->save_due && course_sure(c) && all_told(c))) taken = follow_turn(c->follow, now_us);
        if (c->lost) course_lost_turn(c);
        course_words_turn(c, now_us);
        if (taken) c->sought = false;
        if (c->rewind.ordered) course_rewind_turn(c);
        if (c->rewind.replays) course_end_replay(c);
    }
    save_when_due(c, now_us);
    if (!c->follow || !course_sure(c)) return taken > 0;
    bookmark_turn(c->bookmark, c->saved_at, c->saved_number, now_us);
    if (c->offer) offer_turn(c->offer, now_us);
    return taken > 0;
}

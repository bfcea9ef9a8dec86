/* SPDX-License-Identifier: Apache-2.0 */
/* rollout: models that come, are tried, serve, and go back; see rollout.h. */
#define _GNU_SOURCE
#include "engine/rollout_steps.h"

#include "engine/engine.h"
#include "proto/base/clock.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    COPY_MAX_S = 120,
    ROLL_MAX_S = 300,
    SAVE_AGAIN_US = 1000000,
    WHO_MAX = ADMIN_BY_MAX + 32,
};

static void who(char out[WHO_MAX], const char *by, uint64_t uid)
{
    snprintf(out, WHO_MAX, "%s (uid %" PRIu64 ")", by[0] ? by : "somebody", uid);
}

/* --- the end of a roll-out ---------------------------------------------------------------------------------------- */

static void remember(struct rollout *r, const char *last, const char *id, const char *why)
{
    r->last = last;
    snprintf(r->last_id, sizeof r->last_id, "%s", id);
    snprintf(r->last_why, sizeof r->last_why, "%s", why);
}

static void start_save(struct engine *e)
{
    struct rollout *r = &e->rollout;
    ledger_retire(&r->ledger, (size_t)e->config.keep);
    r->child_ended = false;
    r->child = depot_save(&r->depot, &r->ledger);
    if (r->child > 0) return;
    r->child = 0;
    r->child_ended = true;
    r->child_status = errno << 8; /* as if it had ended with that */
}

static void save(struct engine *e)
{
    e->rollout.step = STEP_SAVE;
    e->rollout.step_us = clock_us();
    start_save(e);
}

/* The history's child has ended. */
static void saved(struct rollout *r, int64_t now_us)
{
    int why = depot_saved(r->child_status);
    r->child = 0;
    r->child_ended = false;
    if (why && !r->dirty)
        LOG(LEVEL_ERROR, "history_not_written", L_STR("dir", r->depot.dir), L_STR("why", strerror(why)));
    if (!why && r->dirty) LOG(LEVEL_NOTE, "history_written", L_STR("dir", r->depot.dir));
    r->dirty = why != 0;
    r->save_at_us = now_us + SAVE_AGAIN_US;
}

static void finish(struct engine *e)
{
    struct rollout *r = &e->rollout;
    const char *status = r->failed ? "refused" : r->aim == AIM_SHADOW ? "shadow" : "done";
    if (r->ticket) rollout_answer(e, r->ticket, status, r->why, r->candidate);
    generation_drop(r->before);
    r->before = NULL;
    rollout_put_away(&r->push.bundle_fd);
    if (!r->in_shadow) {
        rollout_put_away(&r->candidate_fd);
        r->candidate = 0;
    }
    r->ticket = 0;
    r->aim = AIM_NONE;
    r->failed = false;
}

/* The configured bundle goes on serving by its own name: the copy was made in vain. */
static void forget_old(struct rollout *r)
{
    struct ledger_row *row = ledger_find(&r->ledger, r->old);
    if (!row) return;
    depot_remove(&r->depot, row);
    ledger_drop(&r->ledger, r->old);
    rollout_put_away(&r->serving_fd);
    r->old = 0;
}

static void describe(const struct rollout *r, struct ledger_row *row, const struct depot_copy *c)
{
    row->uid = r->push.uid;
    row->pushed_s = rollout_now_s();
    snprintf(row->by, sizeof row->by, "%s", r->push.by);
    snprintf(row->name, sizeof row->name, "%s", r->push.name);
    snprintf(row->note, sizeof row->note, "%s", r->push.note);
    if (!c) return;
    snprintf(row->id, sizeof row->id, "%s", c->id);
    snprintf(row->manifest, sizeof row->manifest, "%s", c->manifest);
    row->size = c->size;
}

/* The candidate is not to serve; what serves goes on. */
static void fail(struct engine *e, const char *why)
{
    struct rollout *r = &e->rollout;
    struct ledger_row *row = ledger_find(&r->ledger, r->candidate);
    if (r->why != why) snprintf(r->why, sizeof r->why, "%s", why);
    if (!row) {
        row = ledger_add(&r->ledger);
        describe(r, row, NULL);
        snprintf(row->id, sizeof row->id, "%s", r->push.id);
        r->candidate = row->number;
    }
    if (r->aim == AIM_BACK) { /* it served once, and a worker may have died of anything: it keeps its file */
        char text[ADMIN_WHY_MAX];
        snprintf(text, sizeof text, "a rollback to it failed: %.400s", r->why);
        ledger_set(row, LEDGER_PREVIOUS, rollout_now_s(), text);
        r->not_back_to = row->number;
    } else {
        ledger_set(row, LEDGER_REFUSED, rollout_now_s(), r->why);
    }
    LOG(LEVEL_ERROR, "model_refused", L_INT("number", row->number), L_STR("id", row->id), L_STR("why", r->why),
        L_STR("serves", rollout_serves(e)));
    remember(r, "refused", row->id, r->why);
    depot_discard(&r->depot);
    if (r->aim != AIM_BACK) forget_old(r);
    r->failed = true;
    save(e);
}

/* --- the pool ----------------------------------------------------------------------------------------------------- */

static void start_roll(struct engine *e);

static void roll_failed(struct engine *e, const char *why)
{
    struct rollout *r = &e->rollout;
    if (r->aim == AIM_PROMOTE) { /* the workers still hold it */
        snprintf(r->why, sizeof r->why, "could not be promoted: %.400s", why);
        r->aim = AIM_LEAVE;
        start_roll(e);
        return;
    }
    if (r->aim == AIM_LEAVE) {
        /* Workers that go on with both models do no harm: nobody counts any more. */
        LOG(LEVEL_ERROR, "shadow_stays", L_STR("why", why), L_STR("until", "the next roll-out"));
        r->in_shadow = false;
        fail(e, r->why);
        return;
    }
    fail(e, why);
}

static void start_roll(struct engine *e)
{
    struct rollout *r = &e->rollout;
    char fault[CONFIG_FAULT_MAX] = "", redis[STATE_PATH_MAX], path[STATE_PATH_MAX];
    struct generation_models m;
    struct ledger_row *row = ledger_find(&r->ledger, r->candidate);
    assert(row);
    depot_path(&r->depot, row, path);
    snprintf(r->candidate_path, sizeof r->candidate_path, "%.*s", CONFIG_TEXT_MAX - 1, path);
    r->in_shadow = r->aim == AIM_SHADOW;
    rollout_models(e, &m);
    r->in_shadow = false; /* not before all workers have it */
    e->pool.shadow_number = 0;
    if (r->aim == AIM_PUSH || r->aim == AIM_PROMOTE || r->aim == AIM_BACK) {
        m.bundle = r->candidate_path;
        m.bundle_fd = r->candidate_fd;
    }
    redis_child_address(&e->redis, &e->config, redis);
    struct generation *g = generation_new(&e->config, redis, &m, fault);
    if (!g) {
        roll_failed(e, fault);
        return;
    }
    generation_drop(r->before);
    r->before = e->pool.proven;
    generation_hold(r->before);
    r->step = STEP_ROLL;
    r->step_us = clock_us();
    r->goal = g->number;
    pool_target(&e->pool, g, engine_workers(&e->config));
}

bool rollout_refused(struct engine *e, const char *why)
{
    if (e->rollout.aim == AIM_NONE || e->rollout.step != STEP_ROLL) return false;
    roll_failed(e, why);
    return true;
}

/* Have the pool go back to what ran before. */
static void call_off(struct engine *e, const char *why)
{
    struct rollout *r = &e->rollout;
    generation_hold(r->before);
    pool_target(&e->pool, r->before, engine_workers(&e->config));
    roll_failed(e, why);
}

/* What served before makes room. */
static void replace(struct rollout *r, uint64_t by)
{
    char why[ADMIN_WHY_MAX];
    struct ledger_row *row = ledger_newest(&r->ledger, LEDGER_SERVING);
    if (!row) row = ledger_find(&r->ledger, r->old);
    r->old = 0;
    if (!row) return;
    snprintf(why, sizeof why, "replaced by %" PRIu64, by);
    ledger_set(row, LEDGER_PREVIOUS, rollout_now_s(), why);
}

/* Every worker is of the new generation, and those before have gone. */
static void rolled(struct engine *e)
{
    struct rollout *r = &e->rollout;
    struct ledger_row *row = ledger_find(&r->ledger, r->candidate), *from;
    r->not_back_to = 0;
    switch (r->aim) {
    case AIM_PUSH:
    case AIM_PROMOTE:
        replace(r, r->candidate);
        rollout_serve_row(r, row, r->candidate_fd);
        r->candidate_fd = -1;
        r->in_shadow = false;
        if (r->aim == AIM_PUSH) snprintf(r->why, sizeof r->why, "pushed");
        ledger_set(row, LEDGER_SERVING, rollout_now_s(), r->why);
        LOG(LEVEL_NOTE, "model_promoted", L_INT("number", row->number), L_STR("id", row->id), L_STR("by", row->by),
            L_STR("why", r->why));
        remember(r, "promoted", row->id, r->why);
        break;
    case AIM_SHADOW:
        r->in_shadow = true;
        e->pool.shadow = (struct shadow){
            .share_ppm = r->push.share_ppm, .max_flips_ppm = r->push.max_flips_ppm, .mails_wanted = r->push.mails};
        e->pool.shadow_number = r->candidate;
        snprintf(r->why, sizeof r->why, "%g%% of mails are scored with it, %" PRIu64 " decide",
                 100.0 * r->push.share_ppm / ADMIN_PPM, r->push.mails);
        ledger_set(row, LEDGER_SHADOW, rollout_now_s(), r->why);
        LOG(LEVEL_NOTE, "model_in_shadow", L_INT("number", row->number), L_STR("id", row->id), L_STR("by", row->by),
            L_STR("why", r->why));
        break;
    case AIM_LEAVE:
        ledger_set(row, LEDGER_REFUSED, rollout_now_s(), r->why);
        LOG(LEVEL_WARN, "model_rolled_back", L_INT("number", row->number), L_STR("id", row->id), L_STR("why", r->why),
            L_STR("serves", rollout_serves(e)));
        remember(r, "rolled back", row->id, r->why);
        forget_old(r);
        break;
    case AIM_BACK:
        from = ledger_newest(&r->ledger, LEDGER_SERVING);
        if (from) ledger_set(from, LEDGER_REFUSED, rollout_now_s(), r->why);
        LOG(LEVEL_WARN, "model_rolled_back", L_STR("id", from ? from->id : "-"), L_STR("why", r->why),
            L_INT("number", row->number), L_STR("serves", row->id));
        remember(r, "rolled back", from ? from->id : "", r->why);
        rollout_serve_row(r, row, r->candidate_fd);
        r->candidate_fd = -1;
        ledger_set(row, LEDGER_SERVING, rollout_now_s(), r->why);
        break;
    case AIM_NONE: assert(false);
    }
    save(e);
}

static void step_roll(struct engine *e, int64_t now_us)
{
    struct rollout *r = &e->rollout;
    if (e->pool.refused) return; /* its target is the old one again: engine_roll tells us */
    assert(e->pool.target->number == r->goal);
    if (pool_complete(&e->pool) && pool_alive(&e->pool) == e->pool.wanted) {
        rolled(e);
    } else if (now_us - r->step_us > ROLL_MAX_S * 1000000LL && r->aim != AIM_LEAVE) {
        call_off(e, "workers did not become ready with it in 300 s");
    }
}
_Static_assert(ROLL_MAX_S == 300, "the sentence above names it");

/* --- the copies --------------------------------------------------------------------------------------------------- */

static void start_copy(struct engine *e, enum rollout_step step, int source_fd)
{
    struct rollout *r = &e->rollout;
    r->step = step;
    r->step_us = clock_us();
    r->child_ended = false;
    r->child = depot_copy(&r->depot, e->pool.program, source_fd, &r->said_fd);
    if (r->child > 0) return;
    r->child = 0;
    char why[128];
    snprintf(why, sizeof why, "cannot be copied: %s", strerror(errno));
    fail(e, why);
}

/* The copy becomes a row with a file; an open file of it, or -1 with errno. */
static int adopt(struct rollout *r, struct ledger_row *row)
{
    row->kept = depot_adopt(&r->depot, row);
    return row->kept ? depot_bundle(&r->depot, row) : -1;
}

static void copied_old(struct engine *e, const struct depot_copy *c)
{
    struct rollout *r = &e->rollout;
    struct ledger_row *row = ledger_add(&r->ledger);
    const struct generation *g = e->pool.proven;
    const char *slash = strrchr(g->bundle, '/');
    r->old = row->number;
    describe(r, row, c);
    snprintf(row->name, sizeof row->name, "%.*s", ADMIN_NAME_MAX - 1, slash ? slash + 1 : g->bundle);
    snprintf(row->note, sizeof row->note, "as configured");
    row->by[0] = 0;
    row->uid = geteuid();
    int fd = adopt(r, row);
    if (fd < 0) {
        fail(e, "the bundle that serves cannot be kept");
        return;
    }
    close(fd);
    /* Until the candidate serves, what serves is the file as it was opened. */
    snprintf(r->serving, sizeof r->serving, "%s", g->bundle);
    rollout_put_away(&r->serving_fd);
    r->serving_fd = fcntl(g->bundle_fd, F_DUPFD_CLOEXEC, 0);
    start_copy(e, STEP_COPY, r->push.bundle_fd);
}

static void copied(struct engine *e, const struct depot_copy *c)
{
    struct rollout *r = &e->rollout;
    char why[128];
    if (strcmp(c->id, rollout_serves(e)) == 0) {
        fail(e, "it serves already");
        return;
    }
    if (r->push.id[0] && strcmp(c->id, r->push.id) != 0) {
        snprintf(why, sizeof why, "what came is %s, not %s: the file changed on its way", c->id, r->push.id);
        fail(e, why);
        return;
    }
    struct ledger_row *row = ledger_add(&r->ledger);
    r->candidate = row->number;
    describe(r, row, c);
    r->candidate_fd = adopt(r, row);
    if (r->candidate_fd < 0) {
        snprintf(why, sizeof why, "cannot be kept: %s", strerror(errno));
        fail(e, why);
        return;
    }
    LOG(LEVEL_NOTE, "model_pushed", L_INT("number", row->number), L_STR("id", row->id), L_STR("name", row->name),
        L_STR("by", row->by), L_INT("uid", row->uid));
    start_roll(e);
}

static void step_copy(struct engine *e, int64_t now_us)
{
    struct rollout *r = &e->rollout;
    bool old = r->step == STEP_COPY_OLD;
    struct depot_copy c;
    if (!r->child_ended) {
        if (now_us - r->step_us > COPY_MAX_S * 1000000LL) kill(r->child, SIGKILL);
        return;
    }
    r->child = 0;
    r->child_ended = false;
    depot_copied(r->said_fd, r->child_status, &c);
    r->said_fd = -1;
    if (c.why[0]) {
        char why[ADMIN_WHY_MAX];
        snprintf(why, sizeof why, "%s%.400s", old ? "the bundle that serves cannot be kept: " : "", c.why);
        fail(e, why);
    } else if (old) {
        copied_old(e, &c);
    } else {
        copied(e, &c);
    }
}

/* --- requests and time -------------------------------------------------------------------------------------------- */

static void ask_push(struct engine *e, const struct admin_request *q)
{
    struct rollout *r = &e->rollout;
    r->push = *q;
    r->ticket = q->ticket;
    r->aim = q->share_ppm ? AIM_SHADOW : AIM_PUSH;
    r->step = STEP_WAIT;
    r->candidate = 0;
    r->why[0] = 0;
}

static void ask_rollback(struct engine *e, const struct admin_request *q)
{
    struct rollout *r = &e->rollout;
    struct ledger_row *row = ledger_back(&r->ledger, r->not_back_to ? r->not_back_to : UINT64_MAX);
    if (!row) row = ledger_back(&r->ledger, UINT64_MAX);
    char name[WHO_MAX], why[ADMIN_WHY_MAX];
    who(name, q->by, q->uid);
    if (r->aim != AIM_NONE) { /* a roll that takes too long for somebody */
        snprintf(why, sizeof why, "called off by %s%s%s", name, q->note[0] ? ": " : "", q->note);
        rollout_answer(e, q->ticket, "done", why, r->candidate);
        call_off(e, why);
        return;
    }
    if (!r->in_shadow) {
        int fd = row ? depot_bundle(&r->depot, row) : -1;
        if (fd < 0) {
            rollout_answer(e, q->ticket, "refused", row ? strerror(errno) : "no bundle is kept that served before", 0);
            return;
        }
        r->candidate = row->number;
        r->candidate_fd = fd;
    }
    snprintf(r->why, sizeof r->why, "%s by %s%s%s", r->in_shadow ? "taken out of shadow" : "rolled back", name,
             q->note[0] ? ": " : "", q->note);
    r->ticket = q->ticket;
    r->aim = r->in_shadow ? AIM_LEAVE : AIM_BACK;
    r->step = STEP_WAIT;
}

void rollout_ask(struct engine *e, const struct admin_request *q)
{
    struct rollout *r = &e->rollout;
    const char *busy = e->phase != PHASE_SERVING ? "furuid is shutting down"
                       : r->aim != AIM_NONE      ? "another roll-out is under way"
                       : r->in_shadow            ? "a candidate is in shadow; 'furui model rollback' takes it out"
                                                 : NULL;
    bool rolls_in = r->step == STEP_ROLL && (r->aim == AIM_PUSH || r->aim == AIM_SHADOW || r->aim == AIM_PROMOTE);
    bool can_go_back = e->phase == PHASE_SERVING && (r->aim == AIM_NONE || (rolls_in && !e->pool.refused));
    if (q->wish == ADMIN_HISTORY) {
        rollout_answer_history(e, q->ticket);
    } else if (q->wish == ADMIN_ROLLBACK && can_go_back) {
        ask_rollback(e, q);
    } else if (!busy) {
        ask_push(e, q);
    } else {
        if (q->bundle_fd >= 0) close(q->bundle_fd);
        rollout_answer(e, q->ticket, "busy", busy, 0);
    }
}

bool rollout_busy(const struct engine *e)
{
    return e->rollout.aim != AIM_NONE && e->rollout.step != STEP_WAIT;
}

void rollout_reap(struct engine *e)
{
    struct rollout *r = &e->rollout;
    if (r->child > 0 && !r->child_ended) r->child_ended = waitpid(r->child, &r->child_status, WNOHANG) == r->child;
}

static void start(struct engine *e)
{
    struct rollout *r = &e->rollout;
    if (r->aim != AIM_PUSH && r->aim != AIM_SHADOW)
        start_roll(e);
    else if (ledger_newest(&r->ledger, LEDGER_SERVING))
        start_copy(e, STEP_COPY, r->push.bundle_fd);
    else
        start_copy(e, STEP_COPY_OLD, e->pool.proven->bundle_fd);
}

static void idle(struct engine *e, int64_t now_us)
{
    struct rollout *r = &e->rollout;
    enum shadow_word word = r->in_shadow ? shadow_judge(&e->pool.shadow, r->why) : SHADOW_GOES_ON;
    if (r->child_ended) saved(r, now_us);
    if (word != SHADOW_GOES_ON) {
        r->aim = word == SHADOW_PROMOTE ? AIM_PROMOTE : AIM_LEAVE;
        r->step = STEP_WAIT;
    } else if (r->dirty && !r->child && now_us > r->save_at_us) {
        start_save(e);
    }
}

void rollout_tick(struct engine *e, int64_t now_us)
{
    struct rollout *r = &e->rollout;
    if (e->phase != PHASE_SERVING) return;
    if (r->aim == AIM_NONE) {
        idle(e, now_us);
        return;
    }
    switch (r->step) {
    case STEP_WAIT:
        if (r->child_ended) saved(r, now_us);
        if (!r->child && !e->rolling && !e->reload_wanted) start(e);
        break;
    case STEP_COPY:
    case STEP_COPY_OLD: step_copy(e, now_us); break;
    case STEP_ROLL: step_roll(e, now_us); break;
    case STEP_SAVE:
        if (!r->child_ended) break;
        saved(r, now_us);
        finish(e);
        break;
    }
}

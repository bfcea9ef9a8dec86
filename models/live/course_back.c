/* SPDX-License-Identifier: Apache-2.0 */
/* course_back: the learner goes back on its way: because an operator orders it, or because Redis has lost something; see
 * course.h. */
#include "models/live/course_steps.h"

#include "models/live/stream/told.h"
#include "proto/base/log.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    BATCH_MS = 60000,                   /* words that are told together are of entries that lie no further apart */
    WORDS_EVERY_US = 10 * 60 * 1000000, /* between two times that words are told again */
};

struct follow_place course_before(struct follow_place p)
{
    if (p.n > 0) return (struct follow_place){p.ms, p.n - 1};
    return p.ms > 0 ? (struct follow_place){p.ms - 1, UINT64_MAX} : p;
}

bool course_reaches(const struct follow_stream *s, struct follow_place at)
{
    return follow_place_zero(at) ? s->whole : follow_place_zero(s->first) || follow_place_cmp(s->first, at) <= 0;
}

/* --- back --------------------------------------------------------------------------------------------------------- */

void course_rewind(struct course *c, struct follow_place at, struct follow_place to)
{
    if (!c->follow) return;
    c->rewind.ordered = true;
    c->rewind.at = at;
    c->rewind.to = to;
    follow_hold(c->follow);
}

/* Was a snapshot that ends here made of nothing that is skipped now? */
static bool is_clean(const struct control *k, struct follow_place at)
{
    for (uint32_t i = 0; i < k->skips; i++)
        if (follow_place_cmp(k->skip[i].from, at) < 0 && follow_place_cmp(at, k->skip[i].to) < 0) return false;
    return true;
}

/* Does the stream still have all that this state is made of? */
static bool has_all(const struct course *c, const struct follow_stream *s)
{
    return s->whole && follow_place_zero(c->live->follow.missed);
}

struct origin {
    char path[SERIES_PATH_BYTES]; /* "": the beginning of all */
    struct follow_place at;
};

/* Where to begin from, to come back without what was learnt behind `to`: the newest snapshot that is whole, clean, and
 * not older than what the stream still has. */
static bool find_origin(const struct course *c, const struct follow_stream *s, struct follow_place to, bool look_inside,
                        struct origin *out)
{
    char fault[SNAPSHOT_FAULT_MAX];
    *out = (struct origin){.at = c->saved_at};
    snprintf(out->path, sizeof out->path, "%s", c->snapshot);
    bool found = !follow_place_zero(c->saved_at) && follow_place_cmp(c->saved_at, to) <= 0;
    if (!found) found = series_find(c->old, to, out->path, &out->at);
    while (found && course_reaches(s, out->at)) {
        if (is_clean(&c->live->control, out->at) &&
            (!look_inside || live_check(c->live, out->path, out->at, fault) == ERR_OK))
            return true;
        found = series_find(c->old, course_before(out->at), out->path, &out->at);
    }
    *out = (struct origin){.at = {0, 0}};
    return has_all(c, s);
}

const char *course_can_rewind(const struct course *c, struct follow_place to)
{
    struct follow_stream s;
    struct origin o;
    if (!c->follow || !follow_stream(c->follow, &s)) return "Redis is away: how far the stream reaches is not known";
    if (follow_place_cmp(to, c->live->follow.place) >= 0) return "that place is not in the past";
    if (find_origin(c, &s, to, false, &o)) return NULL;
    return "no snapshot of this host is that old, or the stream does not reach back to it";
}

bool course_oldest(const struct course *c, struct follow_place *out)
{
    struct follow_stream s;
    struct follow_place at = c->saved_at;
    char path[SERIES_PATH_BYTES];
    if (!c->follow || !follow_stream(c->follow, &s)) return false;
    *out = (struct follow_place){0, 0};
    if (has_all(c, &s)) return true;
    bool found = !follow_place_zero(at), any = false;
    while (found && course_reaches(&s, at)) {
        if (is_clean(&c->live->control, at)) {
            *out = at;
            any = true;
        }
        found = series_find(c->old, course_before(at), path, &at);
    }
    return any;
}

static void give_up(struct course *c)
{
    LOG(LEVEL_ERROR, "rewind_failed", L_INT("to_ms", c->rewind.to.ms),
        L_STR("why", "no snapshot of this host is that old, or the stream does not reach back to it"),
        L_STR("now", "it keeps what it learnt until it can take over another host's state"));
    c->stat.rewinds_failed++;
    c->live->follow.missed = c->rewind.at;
    c->save_due = true;
}

static void load(struct course *c, const struct origin *o)
{
    char fault[SNAPSHOT_FAULT_MAX];
    if (!o->path[0])
        live_reset(c->live);
    else if (live_load(c->live, o->path, fault) != ERR_OK)
        abort(); /* it was read a moment ago: begin anew, and come here again */
}

static void go_back(struct course *c, const struct origin *o)
{
    static struct control newer;
    newer = c->live->control;
    load(c, o);
    control_skip_as(&c->live->control, &newer);
    c->rewind.replays = true;
    LOG(LEVEL_NOTE, "rewind_begins", L_INT("to_ms", c->rewind.to.ms), L_INT("from_ms", o->at.ms));
}

void course_rewind_turn(struct course *c)
{
    struct follow_stream s;
    struct origin o;
    if (!c->ops.told(c->ops.ctx) || !follow_stream(c->follow, &s)) return;
    c->rewind.ordered = false;
    if (find_origin(c, &s, c->rewind.to, true, &o))
        go_back(c, &o);
    else
        give_up(c);
    follow_go(c->follow);
}

void course_end_replay(struct course *c)
{
    if (follow_place_cmp(c->live->follow.place, c->rewind.at) < 0) return;
    c->rewind.replays = false;
    c->stat.rewound++;
    c->save_due = true;
    LOG(LEVEL_NOTE, "rewind_done", L_INT("to_ms", c->rewind.to.ms), L_INT("reports", c->live->reports));
    if (c->ops.changed) c->ops.changed(c->ops.ctx);
}

/* --- a server that lost something --------------------------------------------------------------------------------- */

bool course_on_lost(void *ctx, struct follow_place upto)
{
    struct course *c = ctx;
    (void)upto;
    c->lost = true;
    follow_hold(c->follow);
    if (!told_lost(c->told)) told_begin(c->told, told_written(c->told)); /* of words it may have lost more */
    return false;
}

/* Without a state to go back to: what came since is taken, and the state is not the other hosts'. */
static void keep_on(struct course *c, struct follow_place upto)
{
    struct follow_state *f = &c->live->follow;
    if (follow_place_zero(upto) || follow_place_cmp(upto, f->place) == 0) return;
    f->missed = f->place;
    f->place = upto;
}

/* The state becomes one that ends before what was lost. What its journals and the other hosts' sent again comes after,
 * in the order in which it is there now, and words about names are told again; the server knows which of them it has. */
void course_lost_turn(struct course *c)
{
    struct follow_place upto, was = c->live->follow.place;
    struct follow_stream s;
    struct origin o;
    if (!follow_stream(c->follow, &s) || !told_known(c->told, &upto)) return;
    if (follow_place_cmp(s.upto, upto) < 0) upto = s.upto;
    c->lost = c->words_lost = c->rewind.ordered = c->rewind.replays = false;
    bool back = !follow_place_zero(s.upto) && find_origin(c, &s, upto, true, &o);
    if (back)
        load(c, &o);
    else
        keep_on(c, s.upto);
    c->ops.lost(c->ops.ctx);
    series_forget(c->old, s.upto, (struct follow_place){UINT64_MAX, UINT64_MAX});
    if (!back || follow_place_cmp(c->saved_at, o.at) != 0) c->saved_at = (struct follow_place){0, 0};
    c->saved_number = FOLLOW_UNKNOWN;
    c->lost_until = s.upto;
    c->stat.lost++;
    told_begin(c->told, back ? c->live->follow.place : (struct follow_place){0, 0});
    LOG(LEVEL_WARN, "redis_lost", L_INT("it_has_up_to_ms", upto.ms), L_INT("we_were_at_ms", was.ms),
        L_INT("back_to_ms", c->live->follow.place.ms),
        L_STR("now", back ? "it is learnt and told again" : "no snapshot is that old: this host keeps what it learnt"));
    if (c->ops.changed) c->ops.changed(c->ops.ctx);
    follow_go(c->follow);
}

/* --- words that a bucket lost ------------------------------------------------------------------------------------- */

/* As far back as can be; the newest snapshot, if that is damaged. */
static bool find_oldest(const struct course *c, const struct follow_stream *s, struct origin *out)
{
    struct follow_place at;
    return course_oldest(c, &at) &&
           (find_origin(c, s, at, true, out) || find_origin(c, s, c->live->follow.place, true, out));
}

/* Could the state go back, to tell again what a bucket has not? NULL, or why not. */
static const char *find_words(const struct course *c, struct follow_place upto, int64_t now_us, struct origin *out)
{
    struct follow_stream s;
    struct follow_place to = {upto.ms > BATCH_MS ? upto.ms - BATCH_MS : 0, 0}; /* a batch is not told in order */
    if (c->seeks || c->rewind.ordered || c->rewind.replays) return "another way back is under way";
    if (c->words_us && now_us - c->words_us < WORDS_EVERY_US)
        return "that was done a moment ago; see who else writes into this Redis";
    bool has_ours = follow_stream(c->follow, &s) && follow_place_cmp(s.upto, c->live->follow.place) == 0;
    if (has_ours && (find_origin(c, &s, to, true, out) || find_oldest(c, &s, out))) return NULL;
    return "no snapshot is that old, or the stream does not reach back to it";
}

/* The stream is whole, but of words that followed from it some are gone, on another master of a cluster. The state goes
 * back to before that and comes again; whatever bucket has its words takes none of them twice. */
void course_words_turn(struct course *c, int64_t now_us)
{
    struct follow_place upto, was = c->live->follow.place;
    struct follow_stream s;
    struct origin o;
    if (c->lost || !c->ops.missing(c->ops.ctx, &upto)) return;
    if (!c->words_lost) follow_hold(c->follow); /* how far the stream reaches is asked anew */
    c->words_lost = true;
    if (!follow_stream(c->follow, &s)) return;
    const char *why_not = find_words(c, upto, now_us, &o);
    if (!why_not) {
        load(c, &o);
        c->lost_until = was;
        c->save_due = o.path[0] != 0; /* whatever ends now, it is told from there */
        c->words_us = now_us;
        told_begin(c->told, c->live->follow.place);
    }
    c->words_lost = false;
    c->stat.words_lost++;
    c->ops.again(c->ops.ctx, !why_not);
    LOG(LEVEL_WARN, "words_lost", L_INT("redis_has_up_to_ms", upto.ms), L_INT("we_were_at_ms", was.ms),
        L_INT("back_to_ms", c->live->follow.place.ms),
        L_STR("now",
              why_not ? "what comes is told" : "what reports say of names is told again; counts of mail are not"),
        L_STR("why_not_more", why_not ? why_not : "-"));
    if (!why_not && c->ops.changed) c->ops.changed(c->ops.ctx);
    if (!c->seeks && !c->rewind.ordered) follow_go(c->follow);
}

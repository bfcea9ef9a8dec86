/* SPDX-License-Identifier: Apache-2.0 */
/* door: what an operator asks of this host's learner; see door.h. */
#define _GNU_SOURCE
#include "models/live/door.h"

#include "proto/base/clock.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <sys/random.h>

enum { HOW_BYTES = 160 };

/* --- the request -------------------------------------------------------------------------------------------------- */

static bool read_ask(span value, enum door_ask *out)
{
    static const char *const WORDS[] = {"show", "reporter", "freeze", "thaw", "rewind"};
    for (int i = 0; i < (int)(sizeof WORDS / sizeof *WORDS); i++) {
        if (!span_eq(value, span_cstr(WORDS[i]))) continue;
        *out = (enum door_ask)i;
        return true;
    }
    return false;
}

const char *door_parse(span who, span text, struct door_request *q)
{
    bool ask = false;
    span key, value;
    *q = (struct door_request){0};
    if (!pairs_next(&who, &key, &value) || !span_eq(key, SPAN("uid")) || !pairs_number(value, &q->uid))
        return "furuid does not say who asks";
    while (pairs_next(&text, &key, &value)) {
        bool good = true;
        if (span_eq(key, SPAN("ask"))) good = ask = read_ask(value, &q->ask);
        if (span_eq(key, SPAN("by"))) good = pairs_text(value, q->by, sizeof q->by);
        if (span_eq(key, SPAN("note"))) good = pairs_text(value, q->note, sizeof q->note);
        if (span_eq(key, SPAN("who"))) good = pairs_text(value, q->who, sizeof q->who);
        if (span_eq(key, SPAN("tenant"))) good = pairs_text(value, q->tenant, sizeof q->tenant);
        if (span_eq(key, SPAN("to"))) good = q->has_to = follow_place_read(value, &q->to);
        if (!good) return "a key of the request has a value that it cannot have";
    }
    if (text.n) return "the request is not lines of key=value";
    if (!ask) return "the request does not say what is asked of the learner";
    if (q->has_to != (q->ask == DOOR_REWIND)) return "a rewind, and nothing else, has a place to go back to";
    return NULL;
}

/* --- answers ------------------------------------------------------------------------------------------------------ */

static void put_place(struct pairs *f, const char *key, struct follow_place p)
{
    char text[FOLLOW_PLACE_TEXT];
    follow_place_write(p, text);
    pairs_put(f, key, text);
}

static void put_real(struct pairs *f, const char *key, double x)
{
    char text[32];
    snprintf(text, sizeof text, "%.6g", x);
    pairs_put(f, key, text);
}

static void put_head(struct pairs *f, const char *status, const char *why)
{
    pairs_put_number(f, "v", ADMIN_VERSION);
    pairs_put(f, "status", status);
    if (why[0]) pairs_put(f, "why", why);
}

static void tell(struct door *d, uint64_t ticket, struct pairs *f)
{
    d->ops.told(d->ops.ctx, ticket, span_of(f->p, f->n));
    pairs_close(f);
}

static void say(struct door *d, uint64_t ticket, const char *status, const char *why)
{
    struct pairs f = {0};
    put_head(&f, status, why);
    tell(d, ticket, &f);
}

/* --- questions ---------------------------------------------------------------------------------------------------- */

static void put_course(struct pairs *f, const struct course *c)
{
    struct follow_place oldest;
    pairs_put(f, "rewinding", course_replays(c) ? "yes" : "no");
    if (course_oldest(c, &oldest)) put_place(f, "oldest", oldest);
}

/* What the content model does, and what its guards have seen. */
static void put_content(struct pairs *f, const struct live *l)
{
    const struct guard *g = &l->guard;
    const struct guard_rules *rules = &l->rules.guard;
    bool on = l->rules.bits > 0;
    pairs_put(f, "content", !on ? "off" : l->control.frozen ? "frozen" : g->slow ? "waits" : "learns");
    if (!on) return;
    pairs_put_number(f, "learnt", learn_learnt(&l->learn));
    pairs_put_number(f, "samples", l->samples);
    pairs_put_number(f, "watched", g->samples);
    put_real(f, "flips_pct", 100 * g->flips);
    put_real(f, "flips_pct_most", 100 * rules->flips_most);
    put_real(f, "step", g->step);
    put_real(f, "step_most", rules->step_most);
}

static void put_control(struct pairs *f, const struct control *c)
{
    pairs_put_number(f, "orders_obeyed", c->orders);
    pairs_put(f, "frozen", c->frozen ? "yes" : "no");
    if (!c->frozen) return;
    put_place(f, "frozen_since", c->freeze.at);
    pairs_put(f, "frozen_by", c->freeze.by);
    pairs_put(f, "frozen_note", c->freeze.note);
}

static void put_control_rows(struct pairs *f, const struct control *c)
{
    uint64_t kept = c->orders < CONTROL_ORDERS_KEPT ? c->orders : CONTROL_ORDERS_KEPT;
    for (uint64_t i = 0; i < kept; i++) {
        const struct control_order *o = &c->order[(c->orders - 1 - i) % CONTROL_ORDERS_KEPT];
        pairs_end_record(f);
        pairs_put(f, "kind", "order");
        put_place(f, "at", o->at);
        control_write(o, f);
    }
    for (uint32_t i = c->skips; i-- > 0;) {
        pairs_end_record(f);
        pairs_put(f, "kind", "skip");
        put_place(f, "from", c->skip[i].from);
        put_place(f, "to", c->skip[i].to);
    }
}

static void show(struct door *d, uint64_t ticket)
{
    const struct live *l = d->parts.live;
    struct pairs f = {0};
    struct intake_stat in;
    intake_stat(d->parts.intake, &in);
    put_head(&f, "done", "");
    put_place(&f, "place", l->follow.place);
    pairs_put_number(&f, "reports", l->reports);
    pairs_put_number(&f, "again", l->again);
    pairs_put_number(&f, "in_journal", in.waiting);
    pairs_put_number(&f, "words_for_redis", d->parts.relay ? relay_waiting(d->parts.relay) : 0);
    pairs_put(&f, "redis", !d->parts.store ? "off" : store_up(d->parts.store) ? "up" : "away");
    if (!follow_place_zero(l->follow.missed)) put_place(&f, "missed", l->follow.missed);
    if (d->parts.course) put_course(&f, d->parts.course);
    put_content(&f, l);
    put_control(&f, &l->control);
    put_control_rows(&f, &l->control);
    tell(d, ticket, &f);
}

static const char *standing(const struct voices_who *w, bool known, bool equal)
{
    if (w->trusted) return "trusted";
    if (equal) return "equal";
    return !known ? "newcomer" : w->stranger ? "stranger" : "known";
}

static void reporter(struct door *d, uint64_t ticket, const struct door_request *q, int64_t now_us)
{
    const struct voices *v = &d->parts.live->voices;
    char hash[20], how[HOW_BYTES];
    struct pairs f = {0};
    struct voices_who w;
    struct intake_room room;
    uint64_t number = q->who[0] ? secret_number(d->parts.secret, SPAN("reporter"), span_cstr(q->who)) : 0;
    bool known = voices_who(v, number, &w);
    intake_room(d->parts.intake, number, span_cstr(q->tenant), now_us, &room);
    snprintf(hash, sizeof hash, "%016" PRIx64, number);
    voices_how(&w, how, sizeof how);
    put_head(&f, "done", "");
    pairs_put(&f, "hash", hash);
    pairs_put(&f, "standing", standing(&w, known, v->rules.equal));
    pairs_put_number(&f, "words", w.words);
    pairs_put_number(&f, "first_ms", (uint64_t)w.first_ms);
    pairs_put_number(&f, "last_ms", (uint64_t)w.last_ms);
    put_real(&f, "agreed", w.agreed);
    put_real(&f, "disagreed", w.disagreed);
    put_real(&f, "weight", w.weight);
    pairs_put(&f, "how", how);
    pairs_put(&f, "unlimited", room.unlimited ? "yes" : "no");
    put_real(&f, "a_minute", room.reporter_a_minute);
    put_real(&f, "left", floor(room.reporter_left));
    if (q->tenant[0]) {
        put_real(&f, "tenant_a_minute", room.tenant_a_minute);
        put_real(&f, "tenant_left", floor(room.tenant_left));
    }
    tell(d, ticket, &f);
}

/* --- orders ------------------------------------------------------------------------------------------------------- */

/* What can be said before it is an order: NULL, or why it would be refused. */
static const char *forbid(const struct door *d, const struct door_request *q, char why[ADMIN_WHY_MAX])
{
    const struct course *c = d->parts.course;
    const struct follow_place *here = &d->parts.live->follow.place;
    if (!d->parts.store) return "Redis is off (`server` in [redis]): nothing is learnt from reports, on no host";
    if (q->ask != DOOR_REWIND) return NULL;
    if (c && course_replays(c)) return "a rewind is under way; 'furui learner show' says when it is done";
    if (follow_place_cmp(q->to, *here) >= 0) {
        snprintf(why, ADMIN_WHY_MAX, "the stream is at %" PRIu64 "-%" PRIu64 ": nothing was learnt since that place",
                 here->ms, here->n);
        return why;
    }
    return c ? course_can_rewind(c, q->to) : NULL;
}

/* The order's record in the journal: its number, or 0 with the reason in `why`. */
static uint64_t keep(struct door *d, const struct control_order *o, char why[ADMIN_WHY_MAX])
{
    uint8_t record[FEEDBACK_ORDER_MAX + 256];
    uint64_t number = 0;
    struct pairs text = {0};
    control_write(o, &text);
    struct feedback r = {.kind = FEEDBACK_CONTROL, .wall_ms = clock_wall_us() / 1000, .order = span_of(text.p, text.n)};
    size_t n = text.n <= FEEDBACK_ORDER_MAX ? feedback_pack(&r, record, sizeof record) : 0;
    pairs_close(&text);
    enum err e = n ? intake_order(d->parts.intake, span_of(record, n), &number) : ERR_TOO_BIG;
    if (e == ERR_OK) return number;
    snprintf(why, ADMIN_WHY_MAX, "%s",
             !n                 ? "the note is too long"
             : e == ERR_TOO_BIG ? "the journal of reports is full: Redis has been away for too long"
                                : "the journal of reports cannot be written: is the disk full?");
    return 0;
}

static void order(struct door *d, uint64_t ticket, const struct door_request *q, int64_t now_us)
{
    static const enum control_do WHAT[] = {
        [DOOR_FREEZE] = CONTROL_FREEZE, [DOOR_THAW] = CONTROL_THAW, [DOOR_REWIND] = CONTROL_REWIND};
    char why[ADMIN_WHY_MAX];
    struct control_order o = {.what = WHAT[q->ask], .to = q->to};
    struct door_order *free = NULL;
    const char *wrong = forbid(d, q, why);
    for (struct door_order *w = d->waiting; w < d->waiting + DOOR_WAITING_MAX; w++)
        if (!w->id) free = w;
    if (wrong || !free) {
        say(d, ticket, wrong ? "refused" : "busy", wrong ? wrong : "too many orders wait to be obeyed");
        return;
    }
    snprintf(o.by, sizeof o.by, "%s (uid %" PRIu64 ")", q->by[0] ? q->by : "somebody", q->uid);
    snprintf(o.note, sizeof o.note, "%s", q->note);
    (void)!getrandom(&o.id, sizeof o.id, GRND_NONBLOCK);
    o.id |= 1;
    uint64_t number = keep(d, &o, why);
    if (number)
        *free = (struct door_order){.ticket = ticket, .id = o.id, .number = number, .since_us = now_us};
    else
        say(d, ticket, "refused", why);
}

void door_met(struct door *d, const struct control_order *o, enum control_outcome outcome, const char *why)
{
    for (struct door_order *w = d->waiting; w < d->waiting + DOOR_WAITING_MAX; w++) {
        if (!o->id || w->id != o->id) continue;
        struct pairs f = {0};
        put_head(&f, outcome == CONTROL_REFUSED ? "refused" : "done", why);
        put_place(&f, "place", o->at);
        w->id = 0;
        tell(d, w->ticket, &f);
    }
}

/* Where an order is that was not met yet; NULL: not on disk, so it is nowhere. */
static const char *whereabouts(const struct door *d, const struct door_order *w)
{
    switch (intake_has(d->parts.intake, w->number)) {
    case INTAKE_WRITTEN: return NULL;
    case INTAKE_SYNCED: return "it waits in this host's journal until Redis takes it; then all hosts obey";
    case INTAKE_STREAMED: break;
    }
    return "it is in the stream, which this host has not read so far yet; each host obeys when it meets it";
}

void door_turn(struct door *d, int64_t now_us)
{
    for (struct door_order *w = d->waiting; w < d->waiting + DOOR_WAITING_MAX; w++) {
        if (!w->id) continue;
        bool away = !store_up(d->parts.store);
        int64_t patience_us = away ? DOOR_AWAY_MS * 1000LL : DOOR_PATIENCE_S * 1000000LL;
        const char *where = now_us - w->since_us > patience_us ? whereabouts(d, w) : NULL;
        if (!where) continue;
        w->id = 0;
        say(d, w->ticket, "kept", where);
    }
}

void door_leave(struct door *d)
{
    for (struct door_order *w = d->waiting; w < d->waiting + DOOR_WAITING_MAX; w++) {
        if (!w->id) continue;
        const char *where = whereabouts(d, w);
        w->id = 0;
        say(d, w->ticket, where ? "kept" : "busy", where ? where : "the learner ends, and has not kept it");
    }
}

/* --- in ----------------------------------------------------------------------------------------------------------- */

void door_init(struct door *d, const struct door_parts *parts, const struct door_ops *ops)
{
    *d = (struct door){.parts = *parts, .ops = *ops};
}

void door_hear(struct door *d, uint64_t ticket, span who, span text, int64_t now_us)
{
    struct door_request q;
    const char *wrong = door_parse(who, text, &q);
    if (wrong)
        say(d, ticket, "refused", wrong);
    else if (q.ask == DOOR_SHOW)
        show(d, ticket);
    else if (q.ask == DOOR_REPORTER)
        reporter(d, ticket, &q, now_us);
    else
        order(d, ticket, &q, now_us);
}

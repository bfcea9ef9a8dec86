/* SPDX-License-Identifier: Apache-2.0 */
/* door: what an operator asks of this host's learner, and orders of all (proto/admin.h, `learner`).
 *
 * Questions are answered at once. An order becomes a record of its own (control.h) that goes into the journal and the
 * stream like a report; its answer waits until this host has obeyed it, which it does where all hosts do.
 *
 * Answers are records of pairs (proto/pairs.h). The first, and only one but of `show`:
 *
 *     v=1  status=done | refused | kept  why=TEXT
 *   show: what is known of the state
 *     place=MS-N, reports, again, in_journal, words_for_redis, redis=up|away|off, orders_obeyed
 *     missed=MS-N, when it is not as on other hosts (docs/feedback.md, "Hosts that come new")
 *     rewinding=yes|no: on its way back to where it was; oldest=MS-N, the oldest place that a rewind could go to
 *     content=learns | frozen | waits (a guard, for the hour) | off, and unless it is off: learnt (reports that moved
 *     it), samples (mails of the traffic that came), watched (of these, by the guards now), flips_pct and step, in this
 *     hour so far, beside what they may be: flips_pct_most, step_most (guard.h)
 *     frozen=yes|no, and then frozen_since=MS-N, frozen_by, frozen_note
 *     then, one record each, newest first: kind=order at do to by note
 *                                          kind=skip from to
 *   reporter: what is known of him
 *     hash, words, first_ms, last_ms, agreed, disagreed, weight, how=TEXT (the weight's formula with his numbers)
 *     standing=trusted | known | stranger | newcomer | equal
 *     a_minute, left: what he may report; 0 a minute or unlimited=yes: any number
 *     tenant_a_minute, tenant_left: all of that tenant's together, when one was named
 *   an order: place=MS-N, where it was obeyed */
#ifndef FURUI_LIVE_DOOR_H
#define FURUI_LIVE_DOOR_H

#include "models/live/course.h"
#include "models/live/stream/intake.h"
#include "models/live/stream/relay.h"
#include "proto/admin.h"
#include "proto/store/secret.h"

enum {
    DOOR_WAITING_MAX = 8,
    DOOR_PATIENCE_S = 10, /* with the stream, before an order is `kept` */
    DOOR_AWAY_MS = 1000,  /* the same while Redis is away */
};

enum door_ask { DOOR_SHOW, DOOR_REPORTER, DOOR_FREEZE, DOOR_THAW, DOOR_REWIND };

struct door_request {
    enum door_ask ask;
    uint64_t uid;
    bool has_to;
    struct follow_place to;
    char by[ADMIN_BY_MAX], note[ADMIN_NOTE_MAX], who[ADMIN_WHO_MAX], tenant[ADMIN_WHO_MAX];
};

/* Read a request; `who` and `text` as for door_hear. NULL, or what is wrong with it, static. Safe on any bytes. */
const char *door_parse(span who, span text, struct door_request *out);

/* What is asked about; all lent. */
struct door_parts {
    const struct live *live;
    struct intake *intake;
    const struct relay *relay; /* NULL, as the store: Redis is off */
    struct store *store;
    const struct secret *secret;
    const struct course *course; /* NULL: whether a rewind can be done is not known */
};

struct door_ops {
    void *ctx;
    /* The answer to whom `ticket` stands for; lent. */
    void (*told)(void *ctx, uint64_t ticket, span answer);
};

/* An order that somebody waits for. */
struct door_order {
    uint64_t ticket, id; /* id 0: free */
    uint64_t number;     /* in the journal */
    int64_t since_us;
};

struct door {
    struct door_parts parts;
    struct door_ops ops;
    struct door_order waiting[DOOR_WAITING_MAX];
};

void door_init(struct door *d, const struct door_parts *parts, const struct door_ops *ops);

/* A question or an order: `told` is called once for it, now or later.
 *
 *   who    uid=N, by the kernel's word
 *   text   as it came; safe on any bytes */
void door_hear(struct door *d, uint64_t ticket, span who, span text, int64_t now_us);

/* This host has met an order in the stream; why: if it is refused. */
void door_met(struct door *d, const struct control_order *o, enum control_outcome outcome, const char *why);

/* Answer those who have waited long enough. */
void door_turn(struct door *d, int64_t now_us);
/* The learner goes: all who wait are told what is known. */
void door_leave(struct door *d);

#endif

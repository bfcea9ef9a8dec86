/* SPDX-License-Identifier: Apache-2.0 */
/* control: what operators and guards have ordered of the content model: that it stands still, that what it learnt in a
 * while does not count.
 *
 * Orders travel in the stream as reports do (proto/feedback.h, FEEDBACK_CONTROL), so every host obeys at the same
 * place and ends alike. Logic only: a fixed block of memory without pointers, part of what a snapshot holds. An order
 * is pairs (proto/pairs.h):
 *
 *     do=freeze | thaw | rewind
 *     to=MS-N     rewind: a place in the stream. What the content model learnt behind it does not count
 *     by=WHO      for people
 *     note=TEXT   for people
 *     id=N        chosen by the host that it came in at, which waits for it (models/live/door.h)
 *
 * Frozen, reports are kept and weighed for reputation and trust as ever; the content model stands still, and what came
 * meanwhile is not learnt later. A rewind leaves an order to freeze as it is; a guard's freeze that followed from what
 * is taken out goes with that. docs/feedback.md, "The operator's hand". */
#ifndef FURUI_STREAM_CONTROL_H
#define FURUI_STREAM_CONTROL_H

#include "models/live/stream/follow.h"
#include "proto/pairs.h"

enum {
    CONTROL_SKIPS_MAX = 64,
    CONTROL_SKIP_KEPT_DAYS = 30, /* then one may be forgotten for another: no older snapshot is begun from */
    CONTROL_ORDERS_KEPT = 8,
    CONTROL_BY_MAX = 96,
    CONTROL_NOTE_MAX = 256,
    CONTROL_WHY_MAX = 128,
};
#define CONTROL_GUARD "guard" /* the `by` of a freeze that no person ordered */

enum control_do { CONTROL_FREEZE, CONTROL_THAW, CONTROL_REWIND };

struct control_order {
    struct follow_place at; /* where it stands in the stream */
    struct follow_place to; /* of a rewind */
    uint64_t id;            /* 0: nobody waits */
    uint32_t what;          /* enum control_do */
    uint32_t zero;
    char by[CONTROL_BY_MAX], note[CONTROL_NOTE_MAX];
};

/* What came behind `from`, up to `to` itself, does not count. */
struct control_skip {
    struct follow_place from, to;
};

struct control {
    uint32_t frozen;             /* 0 or 1 */
    uint32_t skips;              /* of skip[], ascending and apart */
    uint64_t orders;             /* obeyed, in all; the newest are in order[] */
    struct control_order freeze; /* by what it is frozen, when it is: `at` since when */
    struct control_skip skip[CONTROL_SKIPS_MAX];
    struct control_order order[CONTROL_ORDERS_KEPT]; /* a ring: order n is in n % CONTROL_ORDERS_KEPT */
};

/* Read an order's text. NULL, or what is wrong with it, static. Safe on any bytes. */
const char *control_parse(span text, struct control_order *out);
/* The same text again. */
void control_write(const struct control_order *o, struct pairs *out);

enum control_outcome {
    CONTROL_REFUSED, /* nothing changed */
    CONTROL_DONE,
    CONTROL_REWOUND, /* a skip was added: what counts must be learnt again without it. The caller's to do */
};

/* Obey an order that stands at `at`.
 *
 *   why_out   CONTROL_REFUSED: one line; CONTROL_WHY_MAX bytes
 *
 * A rewind met again (the stream is read from an older place) is DONE: its skip is known. */
enum control_outcome control_take(struct control *c, const struct control_order *o, struct follow_place at,
                                  char *why_out);

/* A guard's own freeze; false when it is frozen already. */
bool control_guard(struct control *c, struct follow_place at, const char *note);

/* Does what stands there not count for the content model, by a rewind? */
bool control_skips(const struct control *c, struct follow_place at);

/* A state that was loaded from an older snapshot, to read the stream again from there: what a newer one knows to skip
 * is skipped. */
void control_skip_as(struct control *older, const struct control *newer);

const char *control_word(enum control_do what);

#endif

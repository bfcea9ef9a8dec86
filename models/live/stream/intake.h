/* SPDX-License-Identifier: Apache-2.0 */
/* intake: reports come in, are kept, and only then are acknowledged.
 *
 * A report goes into this host's journal, which is synced once for all that came together, then into the stream that
 * all hosts share. Its sender hears `stream` when both have it, and `journal` when the stream does not take it in time:
 * then it goes there later, in order, whatever ends in between. */
#ifndef FURUI_STREAM_INTAKE_H
#define FURUI_STREAM_INTAKE_H

#include "models/live/state/voices.h"
#include "models/live/stream/journal.h"
#include "proto/store/store.h"

enum {
    INTAKE_PENDING_MAX = 4096, /* reports not acknowledged yet */
    INTAKE_TICKETS_MAX = 256,  /* reports whose ticket is being looked up */
    INTAKE_WINDOW = 64,        /* entries on their way to the stream */
    INTAKE_STREAM_MS = 500,    /* the stream has that long before a report is acknowledged without it */
};

struct intake_limits {
    double reporter_a_minute, tenant_a_minute; /* reports; 0: no limit */
    const uint64_t *unlimited;                 /* reporters without one; ascending; lent */
    size_t unlimited_count;
    uint64_t stream_max;         /* entries that the stream keeps, about */
    const char *prefix;          /* of the keys that tickets are under; lent */
    const struct secret *secret; /* that entries are sealed with; lent */
};

struct intake_ops {
    void *ctx;
    /* The answer to job `job`, for its client; lent. */
    void (*answer)(void *ctx, uint64_t job, span frame);
};

struct intake;

/* `key`: of the stream; lent, as the rest. store may be NULL (Redis is off): then everything stays in the journal.
 * ERR_MEMORY. */
enum err intake_open(struct journal *j, struct store *s, span key, const struct intake_limits *l,
                     const struct intake_ops *ops, struct intake **out);
void intake_close(struct intake *in);

/* Whoever reads the stream has found that the server has this host's entries up to `number` (0: not known), so that they
 * need not be sent again over a new connection; as long as that is being found out (`sure` is false), nothing is sent. */
void intake_known(struct intake *in, bool sure, uint64_t number);

/* The server has lost entries of this host's behind `number`: what the journal still has of these is sent again. */
void intake_lost(struct intake *in, uint64_t number);

/* A report, as a worker made it (proto/feedback.h). Answers a refusal at once; else it is written, and answered by a
 * later intake_turn.
 *
 *   id      of the client's request
 *   record  packed; lent
 *   voices  what was said before, to know whether this is said again */
void intake_take(struct intake *in, uint64_t job, uint64_t id, span record, const struct voices *voices,
                 int64_t now_us);

/* An operator's order (control.h), packed: goes the way of reports, before which nothing limits it. ERR_TOO_BIG: the
 * journal is full; ERR_IO. */
enum err intake_order(struct intake *in, span record, uint64_t *number_out);
/* How far it has come. */
enum intake_stage { INTAKE_WRITTEN, INTAKE_SYNCED, INTAKE_STREAMED };
enum intake_stage intake_has(const struct intake *in, uint64_t number);

/* What a reporter, and a tenant's reporters together, may still say in this minute. */
struct intake_room {
    bool unlimited; /* the reporter */
    double reporter_a_minute, reporter_left, tenant_a_minute, tenant_left;
};
void intake_room(const struct intake *in, uint64_t reporter, span tenant, int64_t now_us, struct intake_room *out);

/* Sync what was written, send to the stream what waits, and answer. Call it after each batch and when the store has
 * something. */
void intake_turn(struct intake *in, int64_t now_us);

/* A reply of the store to a command of ours: its tag is INTAKE_TAG | n. */
#define INTAKE_TAG (UINT64_C(1) << 63)
void intake_reply(struct intake *in, const struct store_reply *r, const struct voices *voices, int64_t now_us);

/* Milliseconds until intake_turn has work again; -1: none. */
int intake_wish_ms(const struct intake *in, int64_t now_us);

struct intake_stat {
    uint64_t taken, again, refused, limited; /* reports */
    uint64_t waiting;                        /* entries that are not in the stream yet */
    size_t unanswered;                       /* reports */
    bool journal_broken;
};
void intake_stat(const struct intake *in, struct intake_stat *out);

#endif

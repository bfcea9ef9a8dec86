/* SPDX-License-Identifier: Apache-2.0 */
/* learner_child: furui-learner's life, and the reports that wait for its word.
 *
 * A worker has made a record of a report; the learner keeps it and answers for the client. Nothing else waits for the
 * learner, and mail is judged as ever. It is restarted with back-off, and started anew with new settings: meanwhile some
 * reports are held for it; when it stays away for longer they are refused as `busy`. */
#ifndef FURUI_ENGINE_LEARNER_CHILD_H
#define FURUI_ENGINE_LEARNER_CHILD_H

#include "engine/child.h"
#include "engine/generation.h"
#include "engine/outbox.h"
#include "engine/request.h"
#include "proto/link.h"

enum {
    LEARNER_PENDING_MAX = 4096,
    LEARNER_HELD_MAX = 256, /* reports that wait for a learner to come back */
    LEARNER_HOLD_MS = 2000, /* and no longer than that */
    LEARNER_ASKS_MAX = 8,   /* operators who wait for its word */
    LEARNER_ASK_S = 20,     /* patience with it */
};

struct learner_ops {
    void *ctx;
    /* The answer to a report is in r->job[0]; frees nothing. */
    void (*answer)(void *ctx, struct request *r);
    /* What it answers an operator; or, when `why` is not NULL, why there is no answer. */
    void (*told)(void *ctx, uint64_t ticket, span answer, const char *why);
};

struct learner_child {
    struct learner_ops ops;
    char program[CHILD_PATH_MAX];
    int watch_fd, live_fd; /* lent; the live model's table, for writing, or -1 */
    pid_t pid;
    bool ready, leaving, killed, stopping;
    struct generation *generation; /* one use held while it runs */
    struct link link;
    struct outbox out, held; /* held: for the next learner */
    int64_t away_us;         /* since when it is not ready */
    int64_t start_at_us, started_us, heard_us, leaving_us, ticked_us;
    int delay_ms, restart_min_ms, restart_max_ms, hang_ms;
    uint64_t starts;
    uint64_t unheard, unheard_said;               /* that it was not told, since it was away; of them, in the log */
    char fault[BACKEND_TEXT_MAX];                 /* why it could not start */
    struct backend_learner about;                 /* what it last said of itself */
    struct request *pending[LEARNER_PENDING_MAX]; /* owned; by slot */
    uint32_t round[LEARNER_PENDING_MAX];          /* so that a number is not used twice */
    bool is_held[LEARNER_PENDING_MAX];
    size_t waiting, next;
    struct {
        uint64_t ticket; /* 0: free */
        int64_t until_us;
    } asks[LEARNER_ASKS_MAX];
};

/* `watch_fd`: an epoll to which the learner's link is added while it lives; then learner_child_read is to be called.
 * `live_fd`: the live model's table; -1: none.
 * ERR_IO with one line in fault_out[CONFIG_FAULT_MAX]: there is no such program. */
enum err learner_child_open(struct learner_child *l, const struct learner_ops *ops, int watch_fd, int live_fd,
                            char *fault_out);
/* Tell it to go, wait for that `patience_ms` at most, refuse what still waits. */
void learner_child_close(struct learner_child *l, int patience_ms);
void learner_child_settle(struct learner_child *l, const struct config *c);

/* Hand over a report: takes identity, header and the record in job[0].answer out of `r`. */
void learner_child_give(struct learner_child *l, struct request *r);

/* A trap's report or a sample, that nobody waits for; counted as unheard when the learner is away for long. */
void learner_child_tell(struct learner_child *l, span header, span record);

/* An operator's question or order (proto/admin.h): `told` is called, at once or later, exactly once for each. */
void learner_child_ask(struct learner_child *l, uint64_t ticket, uint64_t uid, span text, int64_t now_us);

/* Read what it said, if anything. */
void learner_child_read(struct learner_child *l, int64_t now_us);

/* Start, restart, kill the silent, refuse what is late. `g`: what it should run with; NULL: none yet. */
void learner_child_tick(struct learner_child *l, struct generation *g, int64_t now_us);
void learner_child_reap(struct learner_child *l, int64_t now_us);

#endif

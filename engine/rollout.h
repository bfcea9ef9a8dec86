/* SPDX-License-Identifier: Apache-2.0 */
/* rollout: models that come, are tried, serve, and go back: `furui model push`, `rollback`, `history`.
 *
 * One roll-out at a time, each in steps that wait for a child or for the pool and never for a disk:
 *
 *     push             copy and verify → a scout loads it → workers are replaced one by one → recorded → answered
 *     push --shadow    copy and verify → workers that hold both models → recorded → answered; then flips are counted
 *                      (shadow.h) → promoted like a push, or workers without it again
 *     rollback         in shadow: workers without the candidate; else as a push of what served before
 *
 * Whatever fails leaves the serving model serving: its file is held open. What serves is: the row of the history that
 * says so; without one the configured bundle. The first push therefore keeps a copy of the configured bundle, to have
 * something to return to. What is not recorded did not happen: an engine that is killed in a roll-out serves, when it
 * is started again, what served before. */
#ifndef FURUI_ENGINE_ROLLOUT_H
#define FURUI_ENGINE_ROLLOUT_H

#include "engine/admin.h"
#include "engine/depot.h"
#include "engine/generation.h"
#include "proto/base/json.h"

struct engine;

enum rollout_aim {
    AIM_NONE,
    AIM_PUSH,    /* the candidate is to serve, at once */
    AIM_SHADOW,  /* is to be tried */
    AIM_PROMOTE, /* was tried, and is to serve */
    AIM_LEAVE,   /* was tried, and is to go */
    AIM_BACK,    /* what served before is to serve */
};

enum rollout_step {
    STEP_WAIT,     /* for the engine's own roll-out of settings */
    STEP_COPY,     /* the candidate */
    STEP_COPY_OLD, /* the configured bundle, when that serves */
    STEP_ROLL,     /* the pool */
    STEP_SAVE,     /* the history */
};

struct rollout {
    struct depot depot;
    struct ledger ledger;
    enum rollout_aim aim;
    enum rollout_step step;
    uint64_t ticket;           /* who asked for this; 0: nobody */
    struct admin_request push; /* of the candidate */
    uint64_t candidate, old;   /* rows: what comes; the configured bundle's, until a push has succeeded. 0: none */
    int candidate_fd;          /* its bundle; -1: none */
    int serving_fd;            /* what serves, when it is not the configured bundle by its path; -1 */
    char serving[CONFIG_TEXT_MAX], candidate_path[CONFIG_TEXT_MAX]; /* for messages */
    bool in_shadow;
    struct generation *before; /* what ran when the roll began; one use held */
    uint64_t goal;             /* number of the generation that the pool rolls to */
    pid_t child;               /* copies or saves; 0: none */
    int child_status, said_fd;
    bool child_ended;
    int64_t step_us;
    bool failed;          /* the roll-out; `why` says it */
    uint64_t not_back_to; /* the row that the last rollback failed to reach: the next one goes to one before. 0: none */
    char why[ADMIN_WHY_MAX];
    bool dirty; /* the history on disk lacks something */
    int64_t save_at_us;
    const char *last; /* how the last one ended; NULL: none yet */
    char last_id[ADMIN_ID_MAX], last_why[ADMIN_WHY_MAX];
};

/* An operator's push, rollback, or question for the history; takes over bundle_fd, and answers now or later. */
void rollout_ask(struct engine *e, const struct admin_request *q);

/* A roll-out is at work: settings must wait. */
bool rollout_busy(const struct engine *e);
/* The pool refused its target. False: that was none of ours. */
bool rollout_refused(struct engine *e, const char *why);
void rollout_reap(struct engine *e);
void rollout_tick(struct engine *e, int64_t now_us);

/* rollout_serve.c */
void rollout_init(struct rollout *r);
/* Open the history. ERR_IO, ERR_BUSY, with one line in e->fault. */
enum err rollout_open(struct engine *e);
void rollout_close(struct engine *e);

/* Which bundles new workers are to have. */
void rollout_models(const struct engine *e, struct generation_models *out);
/* At boot: what was to serve cannot (`why`). Chooses what served before; false: there is nothing else. */
bool rollout_fall_back(struct engine *e, const char *why);

/* rollout_tell.c: the id of the model that answers now; "" between two lives of a worker. */
const char *rollout_serves(const struct engine *e);
/* Answer an operator (proto/admin.h). number: of the row that it is about, or 0. */
void rollout_answer(struct engine *e, uint64_t ticket, const char *status, const char *why, uint64_t number);
void rollout_answer_history(struct engine *e, uint64_t ticket);
/* The object `rollout` of a stat answer. */
void rollout_stat(const struct engine *e, struct json *j);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* pool: the workers' life: started, watched, restarted, replaced, told to go.
 *
 * A slot is a place in the service (`--index`); in it one worker serves, and during a roll-out a second one starts.
 * When the second is ready it takes over and the first finishes what it has. A generation (settings and bundle) is
 * proven by a scout: one worker that becomes ready. Until then no other of that generation starts; if the scout fails,
 * the generation is refused and whoever served goes on, or, at boot, the engine ends. But at boot a scout that was
 * killed, or ended without a word, is tried again, some times and with growing pauses: a system that was short of memory
 * may have more in a moment, and nobody else would serve.
 *
 * Restarts. A worker that dies with mail in hand is replaced after restart_min_ms: the mail is to blame, and dispatch
 * deals with it. One that dies with none, or before it was ready, doubles its slot's delay up to restart_max_ms; a
 * life of LIFE_OK_MS resets it.
 *
 * Hangs. A worker that is silent for hang_ms is killed with SIGKILL, stopped (SIGSTOP) ones too. If the engine itself
 * stood still, workers are given the time that it lost. */
#ifndef FURUI_ENGINE_POOL_H
#define FURUI_ENGINE_POOL_H

#include "engine/child.h"
#include "engine/dispatch.h"
#include "engine/generation.h"
#include "engine/outbox.h"
#include "engine/shadow.h"
#include "proto/link.h"

enum { POOL_SLOTS_MAX = CONFIG_WORKERS_MAX, POOL_NAME_MAX = 32 };
_Static_assert(DISPATCH_SEATS >= 2 * POOL_SLOTS_MAX, "during a roll-out a slot may have two workers");

enum worker_state { WORKER_NONE, WORKER_STARTING, WORKER_READY, WORKER_LEAVING };

/* One process; its place in the array is its seat in dispatch. */
struct worker {
    enum worker_state state;
    int index; /* of its slot */
    pid_t pid;
    struct generation *generation; /* one use held */
    int64_t started_us, ready_us, heard_us, leaving_us;
    bool degraded; /* says that Redis is away */
    bool killed;   /* by us, for silence */
    bool full;     /* its socket takes no more for now */
    struct link link;
    struct outbox out;
    char name[POOL_NAME_MAX];
    char model[64], simd[32];
    char fault[BACKEND_TEXT_MAX]; /* why it could not start */
};

struct slot_of_pool {
    int now, next; /* seats; -1: none */
    int64_t start_at_us;
    int delay_ms;
    uint64_t restarts;
};

struct pool_settings {
    int hang_ms, restart_min_ms, restart_max_ms, drain_ms;
};

struct pool {
    int fd; /* an epoll of the workers' links: readable when pool_read has something to do */
    struct dispatch *dispatch;
    void (*report)(void *ctx, span header, span record); /* a worker says that a mail came to a trap */
    void *report_ctx;
    char program[CHILD_PATH_MAX];
    int live_fd; /* lent: the live model's table, for reading; -1: there is none */
    struct pool_settings settings;
    struct worker worker[DISPATCH_SEATS];
    int seats; /* no seat from here on is in use */
    struct slot_of_pool slot[POOL_SLOTS_MAX];
    int wanted, wanted_then;            /* slots in use; once the target is proven */
    struct generation *target, *proven; /* one use held of each; proven is NULL until the first scout is ready */
    bool stopping;
    int scouts_lost;              /* of the target, without a word */
    int64_t scout_at_us;          /* not before */
    bool refused;                 /* the target failed; the engine reads and clears it */
    char fault[CONFIG_FAULT_MAX]; /* of the last scout that failed */
    struct shadow shadow;         /* of the candidate with this number; 0: nothing is counted */
    uint64_t shadow_number;
    int64_t ticked_us;
};

/* fault_out: one line on error, CONFIG_FAULT_MAX bytes. ERR_IO: no program furui-worker, or no descriptor. */
enum err pool_open(struct pool *p, struct dispatch *d, char *fault_out);
/* Kills who is left, waits for them, and forgets all. */
void pool_close(struct pool *p);

/* Run `workers` of this generation; takes over the caller's use. Workers of another are replaced one by one. */
void pool_target(struct pool *p, struct generation *g, int workers);
void pool_settle(struct pool *p, const struct pool_settings *s);

/* Read what workers say, once each, and write to those that have room again. */
void pool_read(struct pool *p);
/* Write what was given since. */
void pool_send(struct pool *p);
/* Collect the dead (after SIGCHLD). */
void pool_reap(struct pool *p);
/* Start, restart, replace, kill the silent. Call it often. */
void pool_tick(struct pool *p, int64_t now_us);
/* dispatch_ops.give; ctx is the pool. Goes out with the next pool_send. */
void pool_give(void *ctx, int seat, uint64_t number, int64_t deadline_us, struct bus_frame *header,
               struct bus_frame *mail);

/* Every slot has a ready worker of the target. */
bool pool_complete(const struct pool *p);
int pool_alive(const struct pool *p);
/* Tell all to finish; none is started any more. */
void pool_quit(struct pool *p, int64_t now_us);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* redis_child: the private redis-server, when the config says `redis = private`.
 *
 * A Unix socket and an append-only file in the state directory, no port. It is restarted with back-off; workers find
 * it again by themselves and say `degraded` meanwhile. It inherits a lock, redis.lock, so an engine that follows a
 * killed one waits until the old server has let go of its files. */
#ifndef FURUI_ENGINE_REDIS_CHILD_H
#define FURUI_ENGINE_REDIS_CHILD_H

#include "engine/child.h"
#include "engine/state.h"

enum redis_state {
    REDIS_NOT_OURS, /* off, or somebody else's */
    REDIS_DOWN,     /* waits for its time, or for the lock */
    REDIS_STARTING,
    REDIS_UP, /* answers PING: its data is loaded */
};

struct redis_child {
    enum redis_state state;
    const struct state *dir;
    char program[CHILD_PATH_MAX];
    char socket[STATE_PATH_MAX];
    pid_t pid;
    int ping_fd; /* while starting; -1: none */
    int64_t start_at_us, started_us, locked_us;
    int memory_mb;
    int delay_ms, restart_min_ms, restart_max_ms;
    bool stopping;
    uint64_t starts;
    char fault[CONFIG_FAULT_MAX]; /* why the last one ended */
    bool killed;                  /* it was, by a signal */
};

/* Prepare; the first tick starts it. Does nothing unless the config says private.
 *
 * ERR_IO with one line in fault_out[CONFIG_FAULT_MAX]: there is no such program. */
enum err redis_child_open(struct redis_child *r, const struct config *c, const struct state *dir, char *fault_out);
void redis_child_tick(struct redis_child *r, int64_t now_us);
void redis_child_reap(struct redis_child *r, int64_t now_us);
/* SIGTERM: it writes what it has and goes. Waits for that, `patience_ms` at most. */
void redis_child_close(struct redis_child *r, int patience_ms);

/* What workers are told: "unix:…" for a private one, else the config's own words. */
void redis_child_address(const struct redis_child *r, const struct config *c, char out[STATE_PATH_MAX]);

#endif

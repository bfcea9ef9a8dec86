/* SPDX-License-Identifier: Apache-2.0 */
/* engine: furuid's one loop: the front door, the workers, Redis, signals, time.
 *
 * One thread, which owns everything here, besides libzmq's. Its life: boot (Redis, then a scout, then all workers) →
 * serving → draining (SIGTERM: no new mail, finish what is in hand) → leaving (workers, then Redis, go). */
#ifndef FURUI_ENGINE_ENGINE_H
#define FURUI_ENGINE_ENGINE_H

#include "engine/admin.h"
#include "engine/front.h"
#include "engine/learner_child.h"
#include "engine/live_memory.h"
#include "engine/pool.h"
#include "engine/redis_child.h"
#include "engine/rollout.h"

/* What the command line says; it wins over the file, at a reload too. */
struct engine_options {
    const char *config_path; /* NULL: defaults only */
    const char *state_dir, *bundle;
    const char *listen[CONFIG_LISTEN_MAX];
    size_t listen_count;
    int workers; /* -1: not said */
};

enum engine_phase { PHASE_REDIS, PHASE_WORKERS, PHASE_SERVING, PHASE_DRAINING, PHASE_LEAVING };

struct engine {
    const struct engine_options *options;
    struct config config;
    struct config pending; /* of a roll-out that is not proven yet */
    bool has_pending;
    struct state state;
    struct bus *bus;
    struct dispatch dispatch;
    struct front front;
    struct pool pool;
    struct redis_child redis;
    struct learner_child learner;
    struct live_memory live;
    struct rollout rollout;
    struct admin admin;
    struct generation *first; /* what the first workers will be made from; NULL once they are */
    int signal_fd;
    int side_fd; /* an epoll of signals and the operator's door: rare events, so that the loop watches one descriptor */
    enum engine_phase phase;
    int64_t started_us, phase_us; /* of the process; of the phase */
    bool hurry, rolling;
    uint64_t starved_told; /* connections without a descriptor, as last told in the log */
    int64_t starved_us;
    bool reload_wanted; /* SIGHUP came; while booting it waits */
    uint64_t reloads, reloads_refused;
    char fault[CONFIG_FAULT_MAX]; /* why it could not start */
};

/* The effective config. fault_out: one line, CONFIG_FAULT_MAX bytes. */
enum err engine_config(const struct engine_options *o, struct config *c, char *fault_out);

/* Serve until told to stop; returns the exit status. */
int engine_run(const struct engine_options *o);

/* Is all well with config, bundle and endpoints? Prints what it found; returns the exit status. */
int engine_check(const struct engine_options *o);

/* SIGHUP: reload.c. */
void engine_reload(struct engine *e);
/* Go on with a roll-out: take over its settings when it is proven, drop them when it is refused. */
void engine_roll(struct engine *e);
/* Hand the settings that need no new workers to the parts. */
void engine_apply(struct engine *e);
/* Workers, when the config says 0: one a CPU that this process may use. */
int engine_workers(const struct config *c);

/* stat.c: the one object of a `stat` answer. ctx is the engine. */
void engine_stat(void *ctx, struct json *j);

#endif

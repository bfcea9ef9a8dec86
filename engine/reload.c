/* SPDX-License-Identifier: Apache-2.0 */
/* reload: SIGHUP: another config or another bundle, all of it or nothing.
 *
 * What concerns the engine alone takes effect at once. What a worker sees, the bundle included, starts a roll-out:
 * new workers take over from the old one by one (pool.h), and until the first of them is ready the new settings are
 * only pending. Whatever is wrong leaves everything as it was, with the reason in the log. */
#define _GNU_SOURCE
#include "engine/engine.h"

#include "proto/base/cpus.h"

#include <sched.h>

enum { CLIENT_MAILS = 8192, REST_US = 50000, MB = 1 << 20 };

int engine_workers(const struct config *c)
{
    if (c->workers > 0) return c->workers;
    cpu_set_t set;
    int n = *c->cpus ? cpus_count(c->cpus) : sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
    return n > 0 ? n : 1;
}

void engine_apply(struct engine *e)
{
    const struct config *c = &e->config;
    log_setup("furuid", c->log_syslog, c->log_json, c->log_level);
    front_limits(&e->front, c);
    e->dispatch.limits = (struct dispatch_limits){.credit = c->credit,
                                                  .queue_mails = (size_t)c->queue_mails,
                                                  .queue_bytes = (size_t)c->queue_mb * MB,
                                                  .client_mails = CLIENT_MAILS,
                                                  .rest_us = REST_US};
    pool_settle(&e->pool, &(struct pool_settings){c->hang_ms, c->restart_min_ms, c->restart_max_ms, c->drain_ms});
    learner_child_settle(&e->learner, c);
    e->redis.restart_min_ms = c->restart_min_ms;
    e->redis.restart_max_ms = c->restart_max_ms;
    e->redis.memory_mb = c->redis_memory_mb;
}

/* A key that only a restart can change keeps its old value. */
static void keep_old(const char *key, char *now, const char *old)
{
    if (strcmp(now, old) == 0) return;
    LOG(LEVEL_WARN, "restart_needed", L_STR("key", key), L_STR("stays", old));
    snprintf(now, CONFIG_TEXT_MAX, "%s", old);
}

static void keep_bits(int *now, int old)
{
    if (*now != old) LOG(LEVEL_WARN, "restart_needed", L_STR("key", "[reports] live_bits"), L_INT("stays", old));
    *now = old;
}

static void refuse(struct engine *e, const char *why)
{
    e->reloads_refused++;
    LOG(LEVEL_ERROR, "reload_refused", L_STR("why", why), L_STR("now", "the old config and model go on"));
}

static void take_over(struct engine *e, struct config *c)
{
    config_close(&e->config);
    e->config = *c;
    engine_apply(e);
}

void engine_reload(struct engine *e)
{
    char fault[CONFIG_FAULT_MAX] = "", redis[STATE_PATH_MAX];
    struct config c;
    struct generation_models m;
    e->reload_wanted = false;
    e->reloads++;
    if (engine_config(e->options, &c, fault) != ERR_OK) {
        refuse(e, fault);
        return;
    }
    keep_old("state_dir", c.state_dir, e->config.state_dir);
    keep_old("[redis] server", c.redis, e->config.redis);
    keep_old("[redis] program", c.redis_program, e->config.redis_program);
    keep_old("[model] history_dir", c.history_dir, e->config.history_dir);
    keep_bits(&c.live_bits, e->config.live_bits);
    redis_child_address(&e->redis, &c, redis);
    generation_read_anew();
    rollout_models(e, &m);
    if (m.bundle && strcmp(c.bundle, e->config.bundle) != 0)
        LOG(LEVEL_WARN, "bundle_overridden", L_STR("bundle", c.bundle), L_STR("serves", m.bundle),
            L_STR("why", "a pushed model serves; push this one, or see 'furui model history'"));
    struct generation *g = generation_new(&c, redis, &m, fault);
    if (!g || front_listen(&e->front, &c, fault) != ERR_OK) {
        refuse(e, fault);
        generation_drop(g);
        config_close(&c);
        return;
    }
    bool same = generation_same(g, e->pool.target);
    if (same) {
        generation_drop(g);
        g = e->pool.target;
        generation_hold(g);
    }
    pool_target(&e->pool, g, engine_workers(&c));
    if (e->has_pending) config_close(&e->pending);
    e->has_pending = !g->proven;
    if (e->has_pending)
        e->pending = c;
    else
        take_over(e, &c);
    e->rolling = true;
    LOG(LEVEL_NOTE, "reload", L_STR("workers", same ? "stay" : "are replaced"), L_INT("generation", g->number));
}

void engine_roll(struct engine *e)
{
    struct pool *p = &e->pool;
    if (p->refused && rollout_refused(e, p->fault)) {
        p->refused = false;
    } else if (p->refused) {
        char fault[CONFIG_FAULT_MAX];
        p->refused = false;
        refuse(e, p->fault);
        if (e->has_pending) config_close(&e->pending);
        e->has_pending = false;
        e->rolling = !pool_complete(p); /* an earlier roll-out may not have ended */
        if (front_listen(&e->front, &e->config, fault) != ERR_OK) LOG(LEVEL_ERROR, "listen_lost", L_STR("why", fault));
    }
    if (e->has_pending && p->target->proven) {
        e->has_pending = false;
        take_over(e, &e->pending);
    }
    if (e->rolling && pool_complete(p) && pool_alive(p) == p->wanted) {
        e->rolling = false;
        LOG(LEVEL_NOTE, "reloaded", L_INT("workers", p->wanted), L_INT("generation", p->target->number),
            L_STR("model", p->worker[p->slot[0].now].model));
    }
}

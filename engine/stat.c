/* SPDX-License-Identifier: Apache-2.0 */
/* stat: what the engine knows of itself, as one JSON object (docs/protocol.md, `stat`). */
#include "engine/engine.h"

#include "proto/base/clock.h"

#include <unistd.h>

static const char *const PHASE[] = {"boot", "boot", "serving", "draining", "leaving"};
static const char *const WORKER[] = {"none", "starting", "ready", "leaving"};
static const char *const REDIS[] = {"external", "down", "starting", "up"};

static void workers(const struct engine *e, struct json *j)
{
    const struct pool *p = &e->pool;
    json_open_array(j, "workers");
    for (int i = 0; i < p->seats; i++) {
        const struct worker *w = &p->worker[i];
        if (w->state == WORKER_NONE) continue;
        json_open_object(j, NULL);
        json_int(j, "index", w->index);
        json_int(j, "pid", w->pid);
        json_str(j, "state", span_cstr(WORKER[w->state]));
        json_str(j, "model", span_cstr(w->model));
        json_uint(j, "in_flight", e->dispatch.seat[i].given.n);
        json_uint(j, "done", e->dispatch.seat[i].done);
        json_uint(j, "restarts", p->slot[w->index].restarts);
        json_bool(j, "degraded", w->degraded);
        json_close_object(j);
    }
    json_close_array(j);
}

static void totals(const struct engine *e, struct json *j)
{
    const struct dispatch_totals *t = &e->dispatch.totals;
    json_open_object(j, "totals");
    json_uint(j, "requests", t->requests);
    json_uint(j, "mails", t->mails);
    json_uint(j, "bytes", t->bytes);
    for (int c = WIRE_HAM; c <= WIRE_SPAM; c++) json_uint(j, wire_class_name((enum wire_class)c), t->by_outcome[c]);
    json_uint(j, "degraded", t->degraded);
    json_open_object(j, "refused");
    for (int r = WIRE_BUSY; r <= WIRE_POISON; r++) json_uint(j, wire_refusal_name((enum wire_refusal)r), t->refused[r]);
    json_close_object(j);
    json_uint(j, "retries", t->retries);
    json_uint(j, "too_late", t->too_late);
    json_uint(j, "undeliverable", e->front.undeliverable);
    json_uint(j, "reloads", e->reloads);
    json_uint(j, "reloads_refused", e->reloads_refused);
    json_close_object(j);
}

static void learner(const struct learner_child *l, struct json *j)
{
    const struct backend_learner *a = &l->about;
    json_open_object(j, "learner");
    json_str(j, "state", span_cstr(l->ready ? "up" : l->pid ? "starting" : "down"));
    json_int(j, "pid", l->pid);
    json_uint(j, "restarts", l->starts ? l->starts - 1 : 0);
    json_bool(j, "redis", a->redis_up != 0);
    json_uint(j, "waiting", l->waiting);
    json_uint(j, "reports", a->taken);
    json_uint(j, "said_again", a->again);
    json_uint(j, "refused", a->refused);
    json_uint(j, "over_limit", a->limited);
    json_uint(j, "in_journal", a->in_journal);
    json_uint(j, "learnt", a->learnt);
    json_uint(j, "published", a->published);
    json_uint(j, "unheard", l->unheard);
    json_uint(j, "unreadable", a->unreadable);
    json_uint(j, "samples", a->samples);
    json_uint(j, "words_for_redis", a->for_redis);
    json_bool(j, "frozen", a->frozen != 0);
    json_bool(j, "rewinding", a->rewinding != 0);
    json_uint(j, "missed_ms", a->missed_ms);
    json_uint(j, "redis_lost", a->redis_lost);
    json_close_object(j);
}

static void latency(const struct hist *h, struct json *j)
{
    json_open_object(j, "latency_us");
    json_uint(j, "count", h->n);
    json_uint(j, "mean", h->n ? h->sum_us / h->n : 0);
    json_uint(j, "p50", hist_quantile(h, 0.50));
    json_uint(j, "p90", hist_quantile(h, 0.90));
    json_uint(j, "p99", hist_quantile(h, 0.99));
    json_uint(j, "p999", hist_quantile(h, 0.999));
    json_uint(j, "max", h->max_us);
    json_close_object(j);
}

/* The first ready worker speaks for all: between two roll-outs they are alike. */
static const struct worker *any_ready(const struct pool *p)
{
    for (int i = 0; i < p->wanted; i++)
        if (p->slot[i].now >= 0) return &p->worker[p->slot[i].now];
    return NULL;
}

void engine_stat(void *ctx, struct json *j)
{
    const struct engine *e = ctx;
    const struct dispatch *d = &e->dispatch;
    const struct worker *w = any_ready(&e->pool);
    json_open_object(j, NULL);
    json_str(j, "version", span_cstr(FURUI_VERSION));
    json_int(j, "pid", getpid());
    json_num(j, "uptime_s", (double)(clock_us() - e->started_us) / 1e6, 3);
    json_str(j, "phase", span_cstr(PHASE[e->phase]));
    json_open_array(j, "endpoints");
    for (size_t i = 0; i < e->front.count; i++) json_str(j, NULL, span_cstr(e->front.bound[i]));
    json_close_array(j);
    json_str(j, "state_dir", span_cstr(e->state.dir));
    json_str(j, "bundle", span_cstr(e->pool.target ? e->pool.target->bundle : ""));
    json_str(j, "model", span_cstr(w ? w->model : ""));
    json_str(j, "simd", span_cstr(w ? w->simd : ""));
    json_bool(j, "rolling", e->rolling || rollout_busy(e));
    rollout_stat(e, j);
    workers(e, j);
    json_open_object(j, "queue");
    json_uint(j, "mails", d->clients.waiting + d->suspects.n);
    json_uint(j, "suspects", d->suspects.n);
    json_uint(j, "in_flight", d->given);
    json_uint(j, "bytes", d->held_bytes);
    json_uint(j, "requests", d->requests);
    json_uint(j, "clients", d->clients.n);
    json_uint(j, "mails_max", d->limits.queue_mails);
    json_uint(j, "bytes_max", d->limits.queue_bytes);
    json_close_object(j);
    totals(e, j);
    latency(&d->totals.latency, j);
    json_open_object(j, "redis");
    bool off = strcmp(e->config.redis, "off") == 0;
    json_str(j, "state", span_cstr(off ? "off" : REDIS[e->redis.state]));
    json_int(j, "pid", e->redis.pid);
    json_uint(j, "restarts", e->redis.starts ? e->redis.starts - 1 : 0);
    json_close_object(j);
    learner(&e->learner, j);
    json_close_object(j);
}

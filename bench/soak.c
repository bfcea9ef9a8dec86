/* SPDX-License-Identifier: Apache-2.0 */
/* soak: see soak.h. What a second counts is added up; of a second only its six samples are kept. */
#include "bench/soak.h"

#include "bench/memory.h"
#include "proto/base/clock.h"
#include "proto/cli/cli.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

const char *const SOAK_SERIES_NAME[SOAK_SERIES] = {"engine_rss_mb", "workers_rss_mb", "workers_private_mb",
                                                   "redis_rss_mb",  "p50_us",         "p99_us"};

enum { RESCAN_S = 60 };

struct soak {
    struct gen *g;
    const struct soak_plan *plan;
    struct soak_result *out;
    struct gen_tally second; /* the present one */
    struct cpu_snap now, first;
    double *sample[SOAK_SERIES]; /* [samples]; grow */
    size_t cap;
    uint64_t seconds;
};

static void tell_heads(FILE *csv)
{
    fprintf(csv, "second,verdicts,degraded,refused,p999_us,max_us,slip_p99_us,worker_private_most_mb");
    for (int i = 0; i < SOAK_SERIES; i++) fprintf(csv, ",%s", SOAK_SERIES_NAME[i]);
    fputc('\n', csv);
}

static void tell(const struct soak *s, const double *v, double worker_most)
{
    const struct gen_tally *t = &s->second;
    FILE *csv = s->plan->csv;
    fprintf(csv, "%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%.3f", s->seconds,
            t->verdicts, t->degraded, gen_tally_refused(t), hdr_quantile(&t->latency, 0.999), t->latency.max_us,
            hdr_quantile(&t->slip, 0.99), worker_most);
    for (int i = 0; i < SOAK_SERIES; i++) fprintf(csv, ",%.3f", v[i]);
    fputc('\n', csv);
    fflush(csv);
}

/* furuid and what it started; not what these fork for a while, as Redis does to write its file. */
static size_t lasting(const struct cpu_snap *s)
{
    size_t n = 0;
    for (size_t i = 0; i < s->n; i++) n += i == 0 || s->proc[i].parent == s->proc[0].pid;
    return n;
}

/* Who runs now. Looking for new processes takes over a millisecond, in which nothing is sent: seldom. */
static enum err look_at_processes(struct soak *s)
{
    size_t n = lasting(&s->now);
    if (n && cpu_reread(&s->now) != ERR_OK) return ERR_CLOSED;
    uint64_t ended = n - lasting(&s->now);
    s->out->ended += ended;
    bool all = n && !ended && s->seconds % RESCAN_S;
    return all || cpu_snap(s->plan->load.service, &s->now) == ERR_OK ? ERR_OK : ERR_CLOSED;
}

/* What each kind of process has in memory. Returns the most that a worker has for itself. */
static double look_at_memory(struct soak *s, double v[SOAK_SERIES])
{
    static const double MB = 1.0 / 1024;
    double most = 0;
    s->out->workers = 0;
    for (size_t i = 0; i < s->now.n; i++) {
        const struct cpu_proc *p = &s->now.proc[i];
        struct memory m;
        if ((i && p->parent != s->now.proc[0].pid) || memory_of(p->pid, &m) != ERR_OK) continue;
        double rss = (double)m.rss_kb * MB, private = (double)m.private_kb * MB;
        if (strcmp(p->name, "furuid") == 0) v[SOAK_ENGINE_RSS] += rss;
        if (strcmp(p->name, "redis-server") == 0) v[SOAK_REDIS_RSS] += rss;
        if (strcmp(p->name, "furui-worker") != 0) continue;
        v[SOAK_WORKERS_RSS] += rss;
        v[SOAK_WORKERS_PRIVATE] += private;
        s->out->worker_private_mb[s->out->workers++] = private;
        if (private > most) most = private;
    }
    if (most > s->out->worker_private_most_mb) s->out->worker_private_most_mb = most;
    return most;
}

static void keep(struct soak *s, const double v[SOAK_SERIES])
{
    struct soak_result *r = s->out;
    if (r->samples == s->cap) {
        s->cap = s->cap * 2 + 4096;
        for (int i = 0; i < SOAK_SERIES; i++) {
            s->sample[i] = realloc(s->sample[i], s->cap * sizeof *s->sample[i]);
            assert(s->sample[i] && "out of memory");
        }
    }
    for (int i = 0; i < SOAK_SERIES; i++) {
        s->sample[i][r->samples] = v[i];
        if (!r->samples) r->first[i] = v[i];
        r->last[i] = v[i];
        if (v[i] > r->most[i]) r->most[i] = v[i];
    }
    r->samples++;
}

/* A second is over. ERR_CLOSED: the service has gone. */
static enum err sample(struct soak *s, bool counts)
{
    double v[SOAK_SERIES] = {0};
    if (look_at_processes(s) != ERR_OK) return ERR_CLOSED;
    double most = look_at_memory(s, v);
    v[SOAK_P50_US] = (double)hdr_quantile(&s->second.latency, 0.5);
    v[SOAK_P99_US] = (double)hdr_quantile(&s->second.latency, 0.99);
    if (s->plan->csv) tell(s, v, most);
    if (!counts) return ERR_OK;
    keep(s, v);
    gen_tally_add(&s->out->load.tally, &s->second);
    return ERR_OK;
}

static enum err soak_seconds(struct soak *s)
{
    const struct load_plan *p = &s->plan->load;
    int64_t start_us = clock_us(), counted_us = 0;
    uint64_t warm_up = (uint64_t)p->warm_up_s, all = warm_up + (uint64_t)p->seconds;
    struct progress bar;
    bool connected = true;
    enum err e = ERR_OK;
    double own_s = 0;
    progress_start(&bar, "soaking", (uint64_t)((double)all * p->rate_per_s)); /* mails */
    gen_rate(s->g, p->rate_per_s, p->poisson);
    for (; e == ERR_OK && connected && s->seconds < all && !gen_stopped(s->g); s->seconds++) {
        if (s->seconds == warm_up) {
            if ((e = look_at_processes(s)) != ERR_OK) break;
            s->first = s->now;
            counted_us = clock_us();
            own_s = load_own_cpu_s();
        }
        gen_count(s->g, &s->second, INT64_MIN, INT64_MAX); /* whatever ends in this second */
        connected = gen_run(s->g, start_us + (int64_t)(s->seconds + 1) * 1000000);
        e = sample(s, s->seconds >= warm_up);
        progress_at(&bar, (uint64_t)((double)s->seconds * p->rate_per_s));
    }
    progress_end(&bar);
    if (e != ERR_OK || !connected) return ERR_CLOSED;
    struct load_result *r = &s->out->load;
    gen_count(s->g, &s->second, INT64_MIN, INT64_MAX);
    if (counted_us) {
        r->seconds = (double)(clock_us() - counted_us) / 1e6;
        r->own_cpu_s = load_own_cpu_s() - own_s;
        r->cpus = cpu_used(&s->first, &s->now, r->cpu);
    }
    gen_drain(s->g, LOAD_DRAIN_S * 1000000);
    if (counted_us) gen_tally_add(&r->tally, &s->second);
    s->g->tally = NULL;
    return ERR_OK;
}

enum err soak_measure(struct gen *g, const struct soak_plan *p, struct soak_result *out)
{
    struct soak *s = calloc(1, sizeof *s);
    if (!s) return ERR_MEMORY;
    *out = (struct soak_result){.load.plan = p->load};
    s->g = g;
    s->plan = p;
    s->out = out;
    if (p->csv) tell_heads(p->csv);
    enum err e = soak_seconds(s);
    for (int i = 0; i < SOAK_SERIES; i++) {
        out->trend[i] = trend_of(s->sample[i], out->samples);
        free(s->sample[i]);
    }
    free(s);
    return e;
}

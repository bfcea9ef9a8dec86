/* SPDX-License-Identifier: Apache-2.0 */
/* load: see load.h. */
#include "bench/load.h"

#include "proto/base/clock.h"

#include <stdlib.h>
#include <sys/resource.h>

static const double PRECISION = 0.02, STEP_UP = 1.05, STEP_DOWN = 0.97, LEAST_PER_S = 1, SATURATED = 0.9;
enum { KEEPS_UP_MAILS = 10 };

double load_own_cpu_s(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) + (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

enum err load_measure(struct gen *g, const struct load_plan *p, struct load_result *out)
{
    static struct cpu_snap before, after;
    *out = (struct load_result){.plan = *p};
    g->tally = NULL;
    if (p->service && cpu_snap(p->service, &before) != ERR_OK) return ERR_CLOSED;
    if (p->rate_per_s > 0)
        gen_rate(g, p->rate_per_s, p->poisson);
    else
        gen_in_flight(g, p->in_flight);
    int64_t from_us = clock_us() + (int64_t)(p->warm_up_s * 1e6), until_us = from_us + (int64_t)(p->seconds * 1e6);
    gen_run(g, from_us);
    gen_count(g, &out->tally, from_us, until_us);
    if (p->service && cpu_reread(&before) != ERR_OK) return ERR_CLOSED;
    double own_s = load_own_cpu_s();
    bool connected = gen_run(g, until_us);
    out->own_cpu_s = load_own_cpu_s() - own_s;
    out->seconds = p->seconds;
    int64_t now_us = clock_us();
    if (now_us < until_us) { /* stopped */
        out->tally.until_us = now_us;
        out->seconds = (double)(now_us - from_us) / 1e6;
    }
    if (p->service) {
        after = before;
        if (cpu_reread(&after) != ERR_OK) return ERR_CLOSED;
        out->cpus = cpu_used(&before, &after, out->cpu);
    }
    gen_drain(g, LOAD_DRAIN_S * 1000000);
    g->tally = NULL;
    return connected ? ERR_OK : ERR_CLOSED;
}

bool load_holds(const struct load_result *r, uint64_t p99_us)
{
    const struct gen_tally *t = &r->tally;
    bool keeps_up = (double)t->done * (1 + PRECISION) + KEEPS_UP_MAILS >= (double)t->verdicts;
    return t->verdicts && keeps_up && !gen_tally_refused(t) && hdr_quantile(&t->latency, 0.99) < p99_us;
}

struct search {
    struct gen *g;
    uint64_t p99_us;
    void (*tell)(const struct load_result *r, bool holds);
    struct load_result *result;
};

static enum err try(struct search *s, const struct load_plan *p, bool *holds_out)
{
    *holds_out = false;
    for (int i = 0; i < 2 && !*holds_out; i++) {
        enum err e = load_measure(s->g, p, s->result);
        if (e != ERR_OK) return e;
        if (s->g->o.stop && *s->g->o.stop) return ERR_CLOSED;
        *holds_out = load_holds(s->result, s->p99_us);
        if (s->tell) s->tell(s->result, *holds_out);
    }
    return ERR_OK;
}

enum err load_search(struct gen *g, const struct load_plan *p, uint64_t p99_us, double most_per_s, double try_s,
                     void (*tell)(const struct load_result *r, bool holds), struct load_result *out)
{
    struct search s = {.g = g, .p99_us = p99_us, .tell = tell, .result = out};
    struct load_plan plan = *p;
    double low = 0, high = most_per_s;
    bool holds = false;
    enum err e = ERR_OK;
    plan.seconds = try_s;
    while (high - low > PRECISION * high && high > LEAST_PER_S) {
        plan.rate_per_s = (low + high) / 2;
        if ((e = try(&s, &plan, &holds)) != ERR_OK) return e;
        *(holds ? &low : &high) = plan.rate_per_s;
    }
    for (holds = low > 0; holds;) { /* was one refused that only something else disturbed? */
        plan.rate_per_s = low * STEP_UP;
        if ((e = try(&s, &plan, &holds)) != ERR_OK) return e;
        if (holds) low = plan.rate_per_s;
    }
    plan.seconds = p->seconds;
    plan.rate_per_s = low;
    for (holds = false; plan.rate_per_s > LEAST_PER_S; plan.rate_per_s *= STEP_DOWN) {
        if ((e = try(&s, &plan, &holds)) != ERR_OK) return e;
        if (holds) return ERR_OK;
    }
    *out = (struct load_result){.plan = {.service = p->service}};
    return ERR_OK;
}

double load_cpu_s(const struct load_result *r)
{
    double sum = 0;
    for (size_t i = 0; i < r->cpus; i++) sum += r->cpu[i].seconds;
    return sum;
}

double load_cpu_of(const struct load_result *r, const char *name)
{
    for (size_t i = 0; i < r->cpus; i++)
        if (strcmp(r->cpu[i].name, name) == 0) return r->cpu[i].seconds;
    return 0;
}

double load_mails_per_core_s(const struct load_result *r)
{
    double cpu_s = load_cpu_s(r);
    return cpu_s > 0 ? (double)r->tally.done / cpu_s : 0;
}

double load_goodput(const struct load_result *r)
{
    return r->seconds > 0 ? (double)r->tally.done / r->seconds : 0;
}

bool load_slipped(const struct load_result *r)
{
    return hdr_quantile(&r->tally.slip, 0.99) > LOAD_SLIP_MAX_US;
}

bool load_saturated(const struct load_result *r)
{
    return r->own_cpu_s > SATURATED * r->seconds;
}

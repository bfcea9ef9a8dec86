/* SPDX-License-Identifier: Apache-2.0 */
/* load_show: see load_show.h. */
#include "bench/load_show.h"

#include <inttypes.h>
#include <stdio.h>

/* The programs of a service, and what they are called here. */
static const struct {
    const char *program, *name;
} PARTS[] = {{"furuid", "engine"}, {"furui-worker", "workers"}, {"redis-server", "redis"}};
enum { PARTS_N = sizeof PARTS / sizeof *PARTS };

static double us_per_mail(const struct load_result *r, double cpu_s)
{
    return r->tally.done ? cpu_s * 1e6 / (double)r->tally.done : 0;
}

static double bytes_per_mail(const struct load_result *r)
{
    return r->tally.done ? (double)r->tally.done_bytes / (double)r->tally.done : 0;
}

/* Our own CPU, by what was sent. */
static double own_us_per_mail(const struct load_result *r)
{
    uint64_t sent = gen_tally_sent(&r->tally);
    return sent ? r->own_cpu_s * 1e6 / (double)sent : 0;
}

void load_text(const char *what, const struct load_result *r)
{
    const struct gen_tally *t = &r->tally;
    const struct hdr *h = &t->latency;
    printf("%s: ", what);
    if (r->plan.rate_per_s > 0)
        printf("%.0f mails/s for %.1f s%s\n", r->plan.rate_per_s, r->seconds, r->plan.poisson ? ", Poisson" : "");
    else
        printf("%zu mails in flight for %.1f s\n", r->plan.in_flight, r->seconds);
    printf("  goodput      %.0f mails/s, %.1f MB/s\n", load_goodput(r), load_goodput(r) * bytes_per_mail(r) / 1e6);
    printf("  sent         %" PRIu64 ": %" PRIu64 " verdicts, %" PRIu64 " of them degraded", gen_tally_sent(t),
           t->verdicts, t->degraded);
    for (int i = 0; i < GEN_OUTCOMES; i++)
        if (t->refused[i]) printf(", %" PRIu64 " %s", t->refused[i], gen_tally_outcome(i));
    putchar('\n');
    printf("  latency      %.2f ms median, %.2f at 99%%, %.2f at 99.9%%, %.2f longest\n",
           (double)hdr_quantile(h, 0.5) / 1e3, (double)hdr_quantile(h, 0.99) / 1e3,
           (double)hdr_quantile(h, 0.999) / 1e3, (double)h->max_us / 1e3);
    if (r->cpus) {
        printf("  CPU a mail   ");
        for (size_t i = 0; i < PARTS_N; i++)
            printf("%s %.1f us, ", PARTS[i].name, us_per_mail(r, load_cpu_of(r, PARTS[i].program)));
        printf("all %.1f us\n", us_per_mail(r, load_cpu_s(r)));
        double rate = load_mails_per_core_s(r);
        printf("  a core-s     %.0f mails, %.1f MB\n", rate, rate * bytes_per_mail(r) / 1e6);
    }
    printf("  generator    %.1f us a mail", own_us_per_mail(r));
    if (r->plan.rate_per_s > 0) printf(", late by %" PRIu64 " us at 99%%", hdr_quantile(&t->slip, 0.99));
    if (load_slipped(r)) printf(": TOO LATE, these latencies are partly its own");
    if (load_saturated(r)) printf(": AT ITS LIMIT, the service could have done more");
    putchar('\n');
}

void load_json(struct json *j, const struct load_result *r)
{
    const struct gen_tally *t = &r->tally;
    const struct hdr *h = &t->latency;
    if (r->plan.rate_per_s > 0)
        json_num(j, "rate_per_s", r->plan.rate_per_s, 1);
    else
        json_uint(j, "in_flight", r->plan.in_flight);
    json_num(j, "seconds", r->seconds, 3);
    json_uint(j, "sent", gen_tally_sent(t));
    json_uint(j, "verdicts", t->verdicts);
    json_uint(j, "degraded", t->degraded);
    json_open_object(j, "refused");
    for (int i = 0; i < GEN_OUTCOMES; i++) json_uint(j, gen_tally_outcome(i), t->refused[i]);
    json_close_object(j);
    json_num(j, "goodput_per_s", load_goodput(r), 1);
    json_num(j, "mb_per_s", load_goodput(r) * bytes_per_mail(r) / 1e6, 3);
    json_uint(j, "p50_us", hdr_quantile(h, 0.5));
    json_uint(j, "p99_us", hdr_quantile(h, 0.99));
    json_uint(j, "p999_us", hdr_quantile(h, 0.999));
    json_uint(j, "max_us", h->max_us);
    if (r->cpus) {
        double rate = load_mails_per_core_s(r);
        json_num(j, "mails_per_core_s", rate, 1);
        json_num(j, "mb_per_core_s", rate * bytes_per_mail(r) / 1e6, 3);
        json_open_object(j, "cpu_us_per_mail");
        for (size_t i = 0; i < PARTS_N; i++)
            json_num(j, PARTS[i].name, us_per_mail(r, load_cpu_of(r, PARTS[i].program)), 2);
        json_close_object(j);
    }
    json_open_object(j, "generator");
    json_num(j, "cpu_us_per_mail", own_us_per_mail(r), 2);
    json_uint(j, "slip_p99_us", hdr_quantile(&t->slip, 0.99));
    json_bool(j, "slipped", load_slipped(r));
    json_bool(j, "saturated", load_saturated(r));
    json_close_object(j);
}

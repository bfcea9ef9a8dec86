/* SPDX-License-Identifier: Apache-2.0 */
/* load: one measurement of a service under load: latency, what was done, what was refused, and the CPU that each of its
 * processes took; and the search for the highest rate at which it is still quick. */
#ifndef FURUI_BENCH_LOAD_H
#define FURUI_BENCH_LOAD_H

#include "bench/cpu_time.h"
#include "bench/gen.h"

/* What is asked: rate_per_s > 0, or else in_flight. */
struct load_plan {
    double rate_per_s;
    bool poisson;
    size_t in_flight;
    double warm_up_s, seconds;
    pid_t service; /* its CPU and that of all it started is counted; 0: none */
};

struct load_result {
    struct load_plan plan;
    struct gen_tally tally;
    double seconds; /* of the window, as it was */
    struct cpu_used cpu[CPU_TIME_NAMES];
    size_t cpus;
    double own_cpu_s;
};

enum { LOAD_DRAIN_S = 15, LOAD_SLIP_MAX_US = 1000 };

/* Warm up, measure, wait for the last answers. ERR_CLOSED: no connection is left, or the service's process has gone. */
enum err load_measure(struct gen *g, const struct load_plan *p, struct load_result *out);

/* Did every mail get a verdict, 99 of 100 within p99_us, and about as many a second as were sent? */
bool load_holds(const struct load_result *r, uint64_t p99_us);

/* The highest rate that holds, to within some percent: by halving what lies between the highest that held and the lowest
 * that did not, at first `most_per_s`; then upwards in small steps while they hold. A rate that does not hold is tried
 * once more, since what else runs on a machine only ever adds. Each try is measured for `try_s`; then the highest is
 * measured as p says, and if it does not hold for so long, ever lower ones.
 *
 *   tell  called after each measurement; may be NULL
 *   out   of the highest rate that holds; with plan.rate_per_s 0 when none does
 *
 * Errors as load_measure. */
enum err load_search(struct gen *g, const struct load_plan *p, uint64_t p99_us, double most_per_s, double try_s,
                     void (*tell)(const struct load_result *r, bool holds), struct load_result *out);

/* CPU seconds of this process so far. */
double load_own_cpu_s(void);

/* CPU seconds of the service in all; 0 when it was not counted. */
double load_cpu_s(const struct load_result *r);
/* Of one program of it, by its name. */
double load_cpu_of(const struct load_result *r, const char *name);
/* Mails done for each second of its CPU; 0 when that is not known. */
double load_mails_per_core_s(const struct load_result *r);
double load_goodput(const struct load_result *r); /* verdicts a second */
/* Did the generator itself come too late, by over LOAD_SLIP_MAX_US at 99 %? Then latencies are partly its own. */
bool load_slipped(const struct load_result *r);
/* Had it a core all for itself, and no time left? Then a closed loop could have been faster. */
bool load_saturated(const struct load_result *r);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* schedule: when each request is due, fixed beforehand and whatever becomes of the others.
 *
 * An open loop: a service that stalls makes requests wait, and their latency is counted from when they were due. A
 * generator that waits for answers would send fewer just then and measure only the good moments (Tene, "coordinated
 * omission"). */
#ifndef FURUI_BENCH_SCHEDULE_H
#define FURUI_BENCH_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

struct schedule {
    int64_t start_us; /* on clock_us() */
    double rate_per_s;
    bool poisson; /* gaps are exponential, as of strangers that do not know of each other; else all the same */
    uint64_t sent;
    double due_us; /* from start_us */
    uint64_t dice;
};

/* rate_per_s > 0. The same seed gives the same times. */
void schedule_init(struct schedule *s, int64_t start_us, double rate_per_s, bool poisson, uint64_t seed);

/* When the next request is due, and: it has been sent. */
int64_t schedule_due(const struct schedule *s);
void schedule_next(struct schedule *s);

#endif

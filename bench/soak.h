/* SPDX-License-Identifier: Apache-2.0 */
/* soak: a service under a steady load for minutes to days: every second its latency and what its processes have in
 * memory; at the end, whether any of that grows. */
#ifndef FURUI_BENCH_SOAK_H
#define FURUI_BENCH_SOAK_H

#include "bench/load.h"
#include "bench/trend.h"

#include <stdio.h>

/* What is sampled. Memory in MB, of all processes of a kind together. */
enum soak_series {
    SOAK_ENGINE_RSS,
    SOAK_WORKERS_RSS,
    SOAK_WORKERS_PRIVATE,
    SOAK_REDIS_RSS,
    SOAK_P50_US,
    SOAK_P99_US,
    SOAK_SERIES,
};
extern const char *const SOAK_SERIES_NAME[SOAK_SERIES]; /* "engine_rss_mb"… */

struct soak_plan {
    struct load_plan load; /* rate and service are needed; warm_up_s: before samples count for the trend */
    FILE *csv;             /* a line a second; NULL: none */
};

struct soak_result {
    struct load_result load; /* of all but the warm-up */
    size_t samples;          /* of the trend */
    double first[SOAK_SERIES], last[SOAK_SERIES], most[SOAK_SERIES];
    struct trend trend[SOAK_SERIES];          /* a second */
    double worker_private_mb[CPU_TIME_PROCS]; /* each worker's, in the last sample */
    size_t workers;
    double worker_private_most_mb; /* of any one, at any time, the warm-up included */
    uint64_t ended;                /* processes of the service that were there and then were not */
};

/* Ends at the end of its time, or when g's stop is set, which is fine. Errors as load_measure. */
enum err soak_measure(struct gen *g, const struct soak_plan *p, struct soak_result *out);

#endif

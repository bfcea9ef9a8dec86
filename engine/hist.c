/* SPDX-License-Identifier: Apache-2.0 */
/* hist: how long things took; see hist.h. Below 8 us a bucket is a microsecond; above, an octave is eight buckets. */
#include "engine/hist.h"

static size_t bucket_of(uint64_t us)
{
    if (us < HIST_STEPS) return (size_t)us;
    unsigned octave = 63 - (unsigned)__builtin_clzll(us); /* 3 and up */
    size_t b = (octave - 2) * HIST_STEPS + ((us >> (octave - 3)) & (HIST_STEPS - 1));
    return b < HIST_BUCKETS ? b : HIST_BUCKETS - 1;
}

/* The largest value that falls into bucket `b`. */
static uint64_t upper_edge(size_t b)
{
    if (b < HIST_STEPS) return b;
    unsigned octave = (unsigned)(b / HIST_STEPS) + 2;
    return ((HIST_STEPS + b % HIST_STEPS + 1) << (octave - 3)) - 1;
}

void hist_add(struct hist *h, int64_t us)
{
    uint64_t u = us > 0 ? (uint64_t)us : 0;
    h->count[bucket_of(u)]++;
    h->n++;
    h->sum_us += u;
    if (u > h->max_us) h->max_us = u;
}

uint64_t hist_quantile(const struct hist *h, double q)
{
    if (!h->n) return 0;
    uint64_t need = (uint64_t)(q * (double)h->n + 0.999999), seen = 0;
    if (need < 1) need = 1;
    for (size_t b = 0; b < HIST_BUCKETS; b++) {
        seen += h->count[b];
        if (seen < need) continue;
        uint64_t edge = upper_edge(b);
        return edge < h->max_us ? edge : h->max_us;
    }
    return h->max_us;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* hdr: see hdr.h. A value's bucket is named by its highest bit and the seven below that. */
#include "bench/hdr.h"

#include <math.h>

enum { STEP_BITS = 7, LINEAR_BITS = STEP_BITS + 1 };
_Static_assert(HDR_STEPS == 1 << STEP_BITS, "an octave's buckets are numbered by STEP_BITS bits");

static size_t bucket_of(uint64_t us)
{
    if (us < 1 << LINEAR_BITS) return (size_t)us;
    unsigned octave = 63 - (unsigned)__builtin_clzll(us); /* LINEAR_BITS and up */
    size_t b = (size_t)(octave - LINEAR_BITS + 1) * HDR_STEPS + (us >> (octave - STEP_BITS));
    return b < HDR_BUCKETS ? b : HDR_BUCKETS - 1;
}

/* The largest value that falls into bucket `b`. */
static uint64_t upper_edge(size_t b)
{
    if (b < 1 << LINEAR_BITS) return b;
    unsigned shift = (unsigned)(b / HDR_STEPS) - 1;
    return ((uint64_t)(HDR_STEPS + b % HDR_STEPS + 1) << shift) - 1;
}

void hdr_add(struct hdr *h, int64_t us)
{
    uint64_t u = us > 0 ? (uint64_t)us : 0;
    h->count[bucket_of(u)]++;
    h->n++;
    h->sum_us += u;
    if (u > h->max_us) h->max_us = u;
}

void hdr_merge(struct hdr *h, const struct hdr *from)
{
    for (size_t b = 0; b < HDR_BUCKETS; b++) h->count[b] += from->count[b];
    h->n += from->n;
    h->sum_us += from->sum_us;
    if (from->max_us > h->max_us) h->max_us = from->max_us;
}

uint64_t hdr_quantile(const struct hdr *h, double q)
{
    if (!h->n) return 0;
    double wanted = ceil(q * (double)h->n);
    uint64_t need = wanted < 1 ? 1 : (uint64_t)wanted, seen = 0;
    for (size_t b = 0; b < HDR_BUCKETS; b++) {
        seen += h->count[b];
        if (seen < need) continue;
        uint64_t edge = upper_edge(b);
        return edge < h->max_us ? edge : h->max_us;
    }
    return h->max_us;
}

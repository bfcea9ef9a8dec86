/* SPDX-License-Identifier: Apache-2.0 */
/* hdr: how long things took, to within 0.8 % over the whole range from a microsecond to weeks.
 *
 * Buckets as in HdrHistogram (Tene): below 256 us each microsecond has its own; above, each octave has 128 of equal
 * width. Counting is a shift and an addition; no sample is kept, so an hour costs what a second does. */
#ifndef FURUI_BENCH_HDR_H
#define FURUI_BENCH_HDR_H

#include <stddef.h>
#include <stdint.h>

enum { HDR_STEPS = 128, HDR_OCTAVES = 33, HDR_BUCKETS = 2 * HDR_STEPS + HDR_OCTAVES * HDR_STEPS };

/* Zeroed is empty. */
struct hdr {
    uint64_t n, sum_us, max_us;
    uint64_t count[HDR_BUCKETS];
};

/* One more; negative counts as 0. */
void hdr_add(struct hdr *h, int64_t us);

/* All that `from` holds, too. */
void hdr_merge(struct hdr *h, const struct hdr *from);

/* The time within which the share `q` (0 to 1) was done: at least that, at most 1/128 more, never more than the true
 * maximum. 0 when nothing was counted. */
uint64_t hdr_quantile(const struct hdr *h, double q);

#endif

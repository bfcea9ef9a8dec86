/* SPDX-License-Identifier: Apache-2.0 */
/* hist: how long things took, in buckets an eighth of an octave wide at most 12.5 % off. */
#ifndef FURUI_ENGINE_HIST_H
#define FURUI_ENGINE_HIST_H

#include <stddef.h>
#include <stdint.h>

enum { HIST_STEPS = 8, HIST_BUCKETS = 8 + 38 * HIST_STEPS };

struct hist {
    uint64_t count[HIST_BUCKETS];
    uint64_t n, sum_us, max_us;
};

/* One more; negative counts as 0. */
void hist_add(struct hist *h, int64_t us);
/* The time within which the share `q` (0 to 1) was done: the upper edge of its bucket, at most the true maximum. 0
 * when nothing was counted. */
uint64_t hist_quantile(const struct hist *h, double q);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* schedule: see schedule.h. Even times are multiples of one gap, so that rounding does not add up over days. */
#include "bench/schedule.h"

#include <math.h>

/* SplitMix64 (Steele, Lea, Flood, OOPSLA 2014), to (0, 1]. */
static double uniform(uint64_t *state)
{
    uint64_t z = *state += 0x9E3779B97F4A7C15;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
    z = (z ^ z >> 27) * 0x94D049BB133111EB;
    z ^= z >> 31;
    return (double)((z >> 11) + 1) * 0x1p-53;
}

void schedule_init(struct schedule *s, int64_t start_us, double rate_per_s, bool poisson, uint64_t seed)
{
    *s = (struct schedule){.start_us = start_us, .rate_per_s = rate_per_s, .poisson = poisson, .dice = seed};
}

int64_t schedule_due(const struct schedule *s)
{
    return s->start_us + (int64_t)s->due_us;
}

void schedule_next(struct schedule *s)
{
    s->sent++;
    if (s->poisson)
        s->due_us -= log(uniform(&s->dice)) * 1e6 / s->rate_per_s;
    else
        s->due_us = (double)s->sent * 1e6 / s->rate_per_s;
}

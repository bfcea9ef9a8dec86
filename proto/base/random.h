/* SPDX-License-Identifier: Apache-2.0 */
/* random: a sequence that is the same everywhere, for what must be drawn and yet come out the same (SplitMix64; Steele,
 * Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014). */
#ifndef FURUI_BASE_RANDOM_H
#define FURUI_BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/* The next 64 bits; any *state will do as a seed. */
static inline uint64_t random_next(uint64_t *state)
{
    uint64_t z = *state += 0x9E3779B97F4A7C15u;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
}

/* Draw `n` times with replacement from which[n]: times[] of each that is drawn goes up by one. n < 2^32. */
static inline void random_draw(const uint32_t *which, size_t n, uint64_t *state, uint32_t *times)
{
    for (size_t i = 0; i < n; i++) times[which[(random_next(state) >> 32) * n >> 32]]++;
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* pairs: hashes of the pairs that a word makes with those before it: what scan.h's `pairs` means, for one word. */
#ifndef FURUI_SIMD_PAIRS_H
#define FURUI_SIMD_PAIRS_H

#include "worker/simd/scan.h"

typedef uint32_t pair_hashes __attribute__((vector_size(4 * SCAN_PAIRS)));

/* hash_mix32 of each. */
static inline pair_hashes pairs_mix(pair_hashes x)
{
    x ^= x >> 16;
    x *= 0x7FEB352Du;
    x ^= x >> 15;
    x *= 0x846CA68Bu;
    return x ^ x >> 16;
}

/* The words before this one are told by their hashes, the nearest first. */
static inline pair_hashes pairs_of(uint32_t word, pair_hashes before)
{
    const pair_hashes distance = {SCAN_DISTANCE, 2 * SCAN_DISTANCE};
    return pairs_mix(word + pairs_mix(before ^ distance));
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* keep: for each choice among 8 bytes the shuffle that puts the chosen ones close together, for instruction sets that
 * have no such step of their own. 2 KB. */
#ifndef FURUI_SIMD_KEEP_H
#define FURUI_SIMD_KEEP_H

#include <stdint.h>

/* Byte `i`, if it is chosen, goes behind those chosen before it. */
#define KEEP_BYTE(chosen, i) \
    ((chosen) >> (i)&1 ? (uint64_t)(i) << 8 * __builtin_popcount((chosen) & ((1u << (i)) - 1)) : 0)
#define KEEP_1(c)                                                                                                \
    (KEEP_BYTE(c, 1) | KEEP_BYTE(c, 2) | KEEP_BYTE(c, 3) | KEEP_BYTE(c, 4) | KEEP_BYTE(c, 5) | KEEP_BYTE(c, 6) | \
     KEEP_BYTE(c, 7))
#define KEEP_4(c)  KEEP_1((c)), KEEP_1((c) + 1u), KEEP_1((c) + 2u), KEEP_1((c) + 3u)
#define KEEP_16(c) KEEP_4((c)), KEEP_4((c) + 4u), KEEP_4((c) + 8u), KEEP_4((c) + 12u)
#define KEEP_64(c) KEEP_16((c)), KEEP_16((c) + 16u), KEEP_16((c) + 32u), KEEP_16((c) + 48u)

static const uint64_t KEEP[256] = {KEEP_64(0u), KEEP_64(64u), KEEP_64(128u), KEEP_64(192u)};

#undef KEEP_64
#undef KEEP_16
#undef KEEP_4
#undef KEEP_1
#undef KEEP_BYTE

#endif

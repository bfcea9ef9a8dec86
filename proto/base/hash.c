/* SPDX-License-Identifier: Apache-2.0 */
/* hash: XXH3, inlined from its header; see hash.h. */
#define XXH_INLINE_ALL
#include "proto/base/hash.h"

#include <xxhash.h>

uint64_t hash64(span s, uint64_t seed)
{
    return XXH3_64bits_withSeed(s.n ? (const void *)s.p : "", s.n, seed);
}

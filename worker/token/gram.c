/* SPDX-License-Identifier: Apache-2.0 */
/* gram: each four bytes, mixed with a seed; see gram.h. */
#include "worker/token/gram.h"

#include "worker/simd/scan.h"

void gram_add(struct bag *b, span s, uint32_t seed, span field)
{
    uint32_t hash[BAG_CHUNK];
    for (size_t at = 0; at + 4 <= s.n; at += BAG_CHUNK) {
        size_t n = s.n - 3 - at < BAG_CHUNK ? s.n - 3 - at : BAG_CHUNK;
        scan->grams(s.p + at, n, seed, hash);
        bag_add_grams(b, hash, n, s.p + at, field);
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
/* gram: each four bytes, mixed with a seed; see gram.h. */
#include "worker/token/gram.h"

void gram_add(struct bag *b, span s, uint32_t seed, span field)
{
    for (size_t i = 0; i + 4 <= s.n; i++) {
        const uint8_t *p = s.p + i;
        uint32_t four = (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
        bag_add(b, hash_mix32(four ^ seed), field, span_of(p, 4), SPAN_NONE, 0);
    }
}

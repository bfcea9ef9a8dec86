/* SPDX-License-Identifier: Apache-2.0 */
/* gram: each four bytes, mixed with a seed; see gram.h. */
#include "worker/token/gram.h"

void gram_add(struct bag *b, span s, uint32_t seed, span field)
{
    for (size_t at = 0; at + 4 <= s.n; at += BAG_SPARE) {
        size_t n = s.n - 3 - at < BAG_SPARE ? s.n - 3 - at : BAG_SPARE;
        if (!bag_reserve(b, n)) return;
        scan->grams(s.p + at, n, seed, b->v + b->n);
        for (size_t i = 0; b->names && i < n; i++)
            b->names[b->n + i] = (struct feature_name){.field = field, .first = span_of(s.p + at + i, 4)};
        b->n += n;
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
/* normal: ASCII letters made lower case; see normal.h. */
#include "worker/text/normal.h"

#include "worker/simd/scan.h"

span normal_text(span text, struct arena *a, struct normal_count *n)
{
    (void)n;
    uint8_t *p = arena_alloc(a, text.n);
    if (!p) return SPAN_NONE;
    scan->lower(text.p, text.n, p);
    return span_of(p, text.n);
}

uint64_t normal_odd(const struct normal_count *n)
{
    (void)n;
    return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_normal: any text comes out as valid UTF-8, no longer than it may, and the second time as the first.
 *
 * Input: bytes, repaired to UTF-8 first. An odd size takes a small arena, so that cut results are met too. */
#include <assert.h>

#include "worker/text/charset.h"
#include "worker/text/confusable.h"
#include "worker/text/normal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a;
    uint64_t odd = 0;
    struct normal_count n = {0}, again = {0};
    uint8_t skeleton[256];
    if (arena_open(&a, size & 1 ? 4096 : 1u << 22) != ERR_OK) return 0;
    span in = charset_to_utf8(span_of(data, size), SPAN("utf-8"), &a, &odd);
    span once = normal_text(in, &a, &n);
    assert(utf8_valid(once));
    assert(once.n <= NORMAL_GROWTH * in.n + NORMAL_SLACK);
    bool lent = once.n == 0 || once.p == in.p;
    assert(lent || (once.p >= a.base && once.p + once.n <= a.base + a.used));
    assert(n.zero_width <= in.n && n.bidi <= in.n && n.confusables <= in.n && n.marks <= in.n);
    if (!(size & 1) && in.n < NORMAL_WORK_MAX / 12) { /* nothing can have been left out */
        span twice = normal_text(once, &a, &again);
        assert(span_eq(once, twice));
        assert(!again.confusables && !again.marks && !again.zero_width && !again.bidi && !again.styled);
    }
    size_t k = confusable_skeleton(once, skeleton, sizeof skeleton);
    assert(k <= sizeof skeleton && utf8_valid(span_of(skeleton, k)));
    arena_close(&a);
    return 0;
}

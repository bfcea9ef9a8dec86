/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_charset: any bytes under any label come out as valid UTF-8.
 *
 * Input: the label up to the first line end, then the text. */
#include <assert.h>

#include "worker/text/charset.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a;
    span in = span_of(data, size);
    size_t end = span_find(in, '\n');
    span label = span_head(in, end), text = span_from(in, end + 1);
    /* A small arena for odd sizes, so that cut results are met too. */
    if (arena_open(&a, size & 1 ? 4096 : 1u << 20) != ERR_OK) return 0;
    uint64_t odd = 0;
    span out = charset_to_utf8(text, label, &a, &odd);
    assert(utf8_valid(out));
    assert(out.n <= 3 * text.n + 16);
    bool lent = out.n == 0 || (out.p >= text.p && out.p + out.n <= text.p + text.n);
    assert(lent || (out.p >= a.base && out.p + out.n <= a.base + a.used));
    arena_close(&a);
    return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_charset: any bytes under any label come out as valid UTF-8, and valid UTF-8 comes out as itself.
 *
 * Input: the label up to the first line end, then the text. */
#include <assert.h>

#include "worker/text/charset.h"
#include "worker/text/label.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* UTF-8 in which nothing can be taken for another charset's shifts. */
static bool plain_utf8(span s)
{
    return utf8_valid(s) && span_find(s, 0x1B) == s.n && span_find(s, 0) == s.n;
}

static void same_again(span s, span label, struct arena *a)
{
    uint64_t odd = 0;
    span again = charset_to_utf8(s, label, a, &odd);
    assert(again.p == s.p && again.n == s.n);
}

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

    if (plain_utf8(text)) same_again(text, SPAN("utf-8"), &a);
    if (plain_utf8(text)) same_again(text, SPAN_NONE, &a);
    if (plain_utf8(out)) same_again(out, SPAN("utf-8"), &a);
    span name = charset_name(text, label);
    assert(name.n == 0 || charset_by_label(name) < CHARSET_COUNT);
    assert(utf8_valid(charset_words(text, label, name, &a, &odd)));
    arena_close(&a);
    return 0;
}

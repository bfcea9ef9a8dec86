/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_token: any bytes are cut into words that lie within them, none empty, no feature twice, no more than may be; and
 * without names they are the same features.
 *
 * Input: the style, by the first byte's lowest bit; how many words, by its others; then the text. */
#include <assert.h>

#include "worker/token/token.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool within(span word, span text)
{
    return word.n && word.p >= text.p && word.p + word.n <= text.p + text.n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a;
    struct bag b, plain;
    struct token_stream t;
    if (size == 0 || arena_open(&a, 1 << 20) != ERR_OK) return 0;
    span text = span_of(data + 1, size - 1);
    size_t most = 4u * (*data >> 1), cap = 1000;
    bag_open(&b, &a, bag_room(&a), cap, true);
    token_begin(&t, &b, "field", *data & 1 ? TOKEN_SYNTAX : TOKEN_PROSE, most);
    token_text(&t, text);
    bag_settle(&b);
    assert(b.n <= cap && t.left <= most);
    for (size_t i = 0; i < b.n; i++) {
        assert(b.v[i] != 0 && within(b.names[i].first, text));
        assert(b.names[i].second.n == 0 || within(b.names[i].second, text));
        assert(b.names[i].gap < TOKEN_WINDOW - 1);
        for (size_t k = i < 8 ? 0 : i - 8; k < i; k++) assert(b.v[k] != b.v[i]);
    }
    bag_open(&plain, &a, bag_room(&a), cap, false);
    token_begin(&t, &plain, "field", *data & 1 ? TOKEN_SYNTAX : TOKEN_PROSE, most);
    token_text(&t, text);
    bag_settle(&plain);
    assert(plain.n == b.n && memcmp(plain.v, b.v, b.n * sizeof *b.v) == 0);
    arena_close(&a);
    return 0;
}

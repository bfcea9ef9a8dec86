/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_word: header values on any bytes: encoded words, parameters, addresses, fields as text.
 *
 * Beyond not crashing: what a reader sees is valid UTF-8, trimmed, without controls; a value that is already so, and
 * holds no encoded word, is what it was; a tame one is only unfolded; a parameter that is found has its letter;
 * addresses are lower case without spaces. The first byte picks the charset of raw bytes and, as in fuzz_mail, a small
 * arena. */
#define _GNU_SOURCE /* memmem */
#include <assert.h>

#include "worker/mime/address.h"
#include "worker/mime/fields.h"
#include "worker/mime/param.h"
#include "worker/mime/word.h"
#include "worker/text/charset.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct arena arena;

static void check_clean(span s)
{
    assert(utf8_valid(s));
    assert(span_eq(s, span_trim(s)));
    for (size_t i = 0; i < s.n; i++) assert(s.p[i] >= ' ' && s.p[i] != 127);
}

static void check_param(span field, span key)
{
    span value, charset;
    uint64_t odd = 0;
    if (param_get(field, key, &arena, &value, &charset)) {
        assert(value.n <= field.n && charset.n <= field.n);
        assert(param_letters(field) & param_letter(key));
        check_clean(word_decode(value, charset, &arena, &odd, NULL));
        span last;
        assert(!param_last(field, key, &arena, &last) || last.n <= field.n);
    } else {
        assert(value.n == 0 && charset.n == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const HINTS[] = {"",       "utf-8",  "iso-2022-jp", "shift_jis",
                                        "koi8-r", "x-none", "utf-7",       "gb18030"};
    if (size == 0 || arena_open(&arena, data[0] & 8 ? 1u << 12 : 16u << 20) != ERR_OK) return 0;
    span hint = span_cstr(HINTS[data[0] & 7]), raw = span_of(data + 1, size - 1), charset;
    uint64_t odd = 0;

    span value = word_decode(raw, hint, &arena, &odd, &charset);
    check_clean(value);
    assert(charset.n <= WORD_CHARSET_MAX);
    if (word_tame(raw)) {
        assert(odd == 0 && charset.n == 0);
        assert(span_eq(value, word_unfold(raw, &arena)) || arena.full);
        assert(span_find(raw, '\n') < raw.n || span_eq(value, span_trim(raw)) || arena.full);
    }
    if (!memmem(value.p ? value.p : (const uint8_t *)"", value.n, "=?", 2) && !arena.full) {
        span again = word_decode(value, SPAN("utf-8"), &arena, &odd, NULL);
        assert(arena.full || span_eq(again, value));
    }

    check_param(raw, SPAN("name"));
    check_param(raw, SPAN("boundary"));
    assert(param_value(raw).n <= raw.n);

    span addr, name;
    address_first(raw, hint, &arena, &addr, &name, &odd);
    assert(utf8_valid(name));
    for (size_t i = 0; i < addr.n; i++) assert(addr.p[i] > ' ' && addr.p[i] == ascii_lower(addr.p[i]));
    assert(address_domain(addr).n <= addr.n);

    struct text text;
    struct url_list urls;
    text_init(&text, &arena, 1 << 12);
    url_list_init(&urls, &arena, 8);
    fields_put(&text, &urls, raw, hint, &arena);
    assert(utf8_valid(text_span(&text)));
    arena_close(&arena);
    return 0;
}

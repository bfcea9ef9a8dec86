/* SPDX-License-Identifier: Apache-2.0 */
/* test_text: white space folds, blocks break, and a full buffer is cut between characters.
 *
 * In the tables '|' stands for text_break and '/' parts two calls of text_put. Expected values follow text.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

#include "proto/base/utf8.h"
#include "worker/text/lean.h"
#include "worker/text/letter.h"

static const struct {
    size_t cap;
    const char *in, *want;
    bool full;
} CASES[] = {
    {64, "", "", false},
    {64, "   \r\n\t ", "", false},
    {64, "one", "one", false},
    {64, "  one  two\t\r\nthree ", "one two three", false},
    {64, "on/e", "one", false},
    {64, "one /two", "one two", false},
    {64, "one/ two", "one two", false},
    {64, "|one|two", "one\ntwo", false},
    {64, "one | | two", "one\ntwo", false},
    {64, "one|| |", "one", false},
    {64,
     "a\xC2\xA0\xC2\xA0"
     "b",
     "a b", false},
    {64, "\xE7\xAF\xA9\xE3\x80\x80\xE6\x9C\xAC", "\xE7\xAF\xA9 \xE6\x9C\xAC", false},
    {64,
     "a\xE2\x80\x83\xE2\x80\x89\xE2\x80\xAF\xE2\x81\x9F"
     "b",
     "a b", false},
    {64,
     "a\xE2\x80\x8B"
     "b",
     "a\xE2\x80\x8B"
     "b",
     false}, /* zero width is not white */
    {64, "\xC3\xA9\xE3\x81\x82", "\xC3\xA9\xE3\x81\x82", false},
    {64, "a\xC2", "a\xC2", false}, /* cut characters are no business of ours */
    {64, "a\xE3\x80", "a\xE3\x80", false},
    /* a line end between two kanji or kana is no space */
    {64, u8"\u7be9\n\u672c", u8"\u7be9\u672c", false},
    {64, u8"\u7be9 \r\n  \u672c", u8"\u7be9\u672c", false},
    {64, u8"\u7be9/\n/\u672c", u8"\u7be9\u672c", false},
    {64, u8"\u30ab\n\U00020bb7\n\u3002\n\uff76", u8"\u30ab\U00020bb7\u3002\uff76", false},
    {64, u8"\u7be9 \u672c", u8"\u7be9 \u672c", false},
    {64, u8"\u7be9\n\n\u672c", u8"\u7be9 \u672c", false},
    {64, u8"\u7be9\n\u3000\u672c", u8"\u7be9 \u672c", false}, /* a new paragraph */
    {64, u8"\u7be9|\n\u672c", u8"\u7be9\n\u672c", false},
    {64, u8"\uc740\n\ud55c", u8"\uc740 \ud55c", false}, /* hangul */
    {64, u8"\u7be9\na\n\u672c", u8"\u7be9 a \u672c", false},
    {5, "one two", "one t", true},
    {4, "one two", "one", true}, /* no separator without a word after it */
    {3, "one two", "one", true},
    {3, "one ", "one", false},
    {4, "a\xE7\xAF\xA9\xE7\xAF\xA9", "a\xE7\xAF\xA9", true},
    {6, "a\xE7\xAF\xA9\xE7\xAF\xA9", "a\xE7\xAF\xA9", true},
    {7, "a\xE7\xAF\xA9\xE7\xAF\xA9", "a\xE7\xAF\xA9\xE7\xAF\xA9", false},
    {2, "\xE7\xAF\xA9/a", "", true}, /* nothing follows what was left out */
    {0, "a", "", true},
    {0, " ", "", false},
};

static void folds_and_cuts(void **state)
{
    (void)state;
    struct arena a;
    assert_int_equal(arena_open(&a, 4096), ERR_OK);
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct text t;
        text_init(&t, &a, CASES[i].cap);
        span in = span_cstr(CASES[i].in);
        size_t from = 0;
        for (size_t k = 0; k <= in.n; k++) {
            if (k < in.n && in.p[k] != '|' && in.p[k] != '/') continue;
            text_put(&t, span_of(in.p + from, k - from));
            if (k < in.n && in.p[k] == '|') text_break(&t);
            from = k + 1;
        }
        span got = text_span(&t);
        if (!span_eq(got, span_cstr(CASES[i].want)) || t.full != CASES[i].full)
            fail_msg("case %zu \"%s\": got \"%.*s\", full %d", i, CASES[i].in, SPAN_ARG(got), t.full);
        arena_reset(&a);
    }
    arena_close(&a);
}

static void takes_what_the_arena_has(void **state)
{
    (void)state;
    struct arena a;
    struct text t;
    assert_int_equal(arena_open(&a, 100), ERR_OK);
    text_init(&t, &a, 1 << 20);
    assert_int_equal(t.cap, 96);
    assert_false(a.full);
    text_init(&t, &a, 16);
    assert_int_equal(t.cap, 0);
    text_put(&t, SPAN("word"));
    assert_true(t.full);
    assert_int_equal(text_span(&t).n, 0);
    arena_close(&a);
}

/* Of a long text each character that shows nothing is left out, and no other. */
static void leaves_out_what_shows_nothing(void **state)
{
    (void)state;
    static uint8_t room[LEAN_FROM + 16];
    for (uint32_t c = 0x80; c < 0x110000; c++) {
        struct text t = {.p = room, .n = LEAN_FROM, .cap = sizeof room};
        uint8_t in[6] = {'a'};
        if (c >= 0xD800 && c < 0xE000) continue;
        size_t n = utf8_put(c, in + 1);
        in[1 + n] = 'b';
        bool nothing = letter_invisible(c) || c == 0x2800 || c == 0x3164 || c == 0xFFA0;
        lean_put_long(&t, span_of(in, n + 2));
        bool kept = t.n - LEAN_FROM > 2 && memcmp(t.p + LEAN_FROM, "a b", 3) != 0;
        bool white = t.n - LEAN_FROM == 3 && memcmp(t.p + LEAN_FROM, "a b", 3) == 0;
        if (!white && kept == nothing) fail_msg("U+%04X: %zu bytes", c, t.n - LEAN_FROM);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(folds_and_cuts),
        cmocka_unit_test(takes_what_the_arena_has),
        cmocka_unit_test(leaves_out_what_shows_nothing),
    };
    return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}

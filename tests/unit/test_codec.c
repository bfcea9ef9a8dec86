/* SPDX-License-Identifier: Apache-2.0 */
/* test_codec: transfer encodings by the names that mail gives them, undone. The kernels below have test_scan. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "worker/mime/codec.h"
#include "worker/text/odd.h"

#define COUNT(table) (sizeof(table) / sizeof *(table))

static const struct {
    const char *name;
    enum mail_encoding encoding;
    bool odd;
} NAMES[] = {
    {"", MAIL_7BIT, false},
    {"8BIT", MAIL_7BIT, false},
    {"7-bit", MAIL_7BIT, false},
    {"Base64", MAIL_BASE64, false},
    {"Quoted-Printable", MAIL_QP, false},
    {"x-uuencode", MAIL_UUENCODE, false},
    {"rot13", MAIL_ENCODING_UNKNOWN, true},
    {"x-base64", MAIL_BASE64, true},
    {"'BASE64'", MAIL_BASE64, true},
    {"base_64,", MAIL_BASE64, true},
    {"X-Quoted-Printable", MAIL_QP, true},
    {"quotedprintable", MAIL_QP, true},
    {"x-8bit", MAIL_7BIT, true},
    {"quoted-printable-and-a-tail-that-is-long", MAIL_ENCODING_UNKNOWN, true},
    {"-", MAIL_ENCODING_UNKNOWN, true},
};

static void test_codecs(void **state)
{
    (void)state;
    static const struct {
        enum mail_encoding encoding;
        const char *in, *want;
        uint64_t odd;
    } CASES[] = {
        {MAIL_7BIT, "as it is", "as it is", 0},
        {MAIL_ENCODING_UNKNOWN, "as it is", "as it is", 0},
        {MAIL_BASE64, "Zm9v", "foo", 0},
        {MAIL_BASE64, "Zm9", "fo", ODD(BAD_BASE64)},
        {MAIL_QP, "=E3=81=82", "あ", 0},
        {MAIL_QP, "=E", "=E", ODD(BAD_QP)},
        {MAIL_UUENCODE, "begin 644 a\n#0V%T\n`\nend\nafter", "Cat", 0},
        {MAIL_UUENCODE, "text before\nbegin 644 a\n#0V%T\r\n#0V%T\n", "CatCat", 0},
        {MAIL_UUENCODE, "#0V%T\n", "Cat", 0},
        {MAIL_UUENCODE, "M too short\n#0V%T\n", "Cat", 0},
        {MAIL_UUENCODE, "", "", 0},
    };
    struct arena a;
    assert_int_equal(arena_open(&a, 1u << 16), ERR_OK);
    for (size_t i = 0; i < COUNT(CASES); i++) {
        uint64_t odd = 0;
        span got = codec_decode(CASES[i].encoding, span_cstr(CASES[i].in), 1000, &a, &odd);
        if (!span_eq(got, span_cstr(CASES[i].want)) || odd != CASES[i].odd)
            fail_msg("case %zu: %.*s", i, SPAN_ARG(got));
        got = codec_decode(CASES[i].encoding, span_cstr(CASES[i].in), 2, &a, &odd);
        assert_true(got.n <= 2);
        arena_reset(&a);
    }
    arena_close(&a);
    for (size_t i = 0; i < COUNT(NAMES); i++) {
        uint64_t odd = 0;
        assert_int_equal(codec_by_name(span_cstr(NAMES[i].name), &odd), NAMES[i].encoding);
        assert_int_equal(odd, NAMES[i].odd ? ODD(BAD_ENCODING) : 0);
    }
    assert_in_range(codec_estimate(MAIL_BASE64, 78 * 1000), 57000, 57000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_codecs)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

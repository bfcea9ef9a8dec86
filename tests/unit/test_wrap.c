/* SPDX-License-Identifier: Apache-2.0 */
/* test_wrap: what strangers wrote stays within its lines and has no power over a terminal. */
#include "proto/cli/wrap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#define T10 "0123456789"
#define T96 T10 T10 T10 T10 T10 T10 T10 T10 T10 "012345"

static const struct {
    const char *in, *want;
} CASES[] = {
    {"plain text", "  plain text\n"},
    {"", ""},
    {"two\nlines", "  two\n  lines\n"},
    {"a\n\nb", "  a\n\n  b\n"},
    {"   led by spaces", "  led by spaces\n"},
    /* no power */
    {"\033[31mred\033[0m", "  <U+001B>[31mred<U+001B>[0m\n"},
    {"a\rb\tc\x7F", "  a<U+000D>b<U+0009>c<U+007F>\n"},
    {"\xC2\x9B"
     "31m",
     "  <U+009B>31m\n"}, /* C1 */
    {"\x9B"
     "31m\xFF",
     "  <0x9B>31m<0xFF>\n"},                                                  /* no UTF-8 */
    {"\xC0\x9B\xED\xA0\x80\xF5", "  <0xC0><0x9B><0xED><0xA0><0x80><0xF5>\n"}, /* overlong, surrogate */
    {"cod.\xE2\x80\xAE"
     "exe",
     "  cod.<U+202E>exe\n"},                                                /* override */
    {"\xE2\x81\xA6x\xE2\x81\xA9\xD8\x9C", "  <U+2066>x<U+2069><U+061C>\n"}, /* isolates, mark */
    {"a\xE2\x80\x8B"
     "b\xEF\xBB\xBF\xC2\xAD",
     "  a<U+200B>b<U+FEFF><U+00AD>\n"}, /* invisible */
    {"a\xE2\x80\xA8"
     "b\xC2\x85",
     "  a<U+2028>b<U+0085>\n"},                                /* line ends of others */
    {"\xF3\xA0\x81\x81\xEE\x80\x80", "  <U+E0041><U+E000>\n"}, /* tags, private use */
    {"e\xCC\x81\xCC\x81\xCC\x81\xCC\x81\xCC\x81z", "  e\xCC\x81\xCC\x81\xCC\x81<U+0301><U+0301>z\n"}, /* a heap */
    /* lines */
    {T96 " word", "  " T96 "\n  word\n"},
    {T96 "ab"
         "cd",
     "  " T96 "ab\n  cd\n"}, /* a word longer than a line is cut */
    {T10 " " T10 " " T10 " " T10 " " T10 " " T10 " " T10 " " T10 " " T10 "",
     "  " T10 " " T10 " " T10 " " T10 " " T10 " " T10 " " T10 " " T10 " " T10 "\n"},
    {T96 "\xE3\x81\x82\xE3\x81\x84", "  " T96 "\xE3\x81\x82\n  \xE3\x81\x84\n"}, /* two cells each */
    {T96 "a\xE3\x81\x82", "  " T96 "a\n  \xE3\x81\x82\n"},
    {T96 "a\033", "  " T96 "a\n  <U+001B>\n"}, /* an escape is not cut */
};

static char *written(const char *in, unsigned column, unsigned indent)
{
    char *text;
    size_t n;
    struct wrap w;
    FILE *to = open_memstream(&text, &n);
    wrap_begin(&w, to, column, indent);
    wrap_say(&w, in);
    wrap_end(&w);
    fclose(to);
    return text;
}

static void cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        char *got = written(CASES[i].in, 0, 2);
        if (strcmp(got, CASES[i].want) != 0) fail_msg("case %zu: got\n%swant\n%s", i, got, CASES[i].want);
        free(got);
    }
}

static void hanging(void **state)
{
    (void)state;
    char *got = written(T96 " x", 10, 4);
    assert_string_equal(got, "\n    " T96 "\n    x\n");
    free(got);
    got = written("x " T96, 10, 4);
    assert_string_equal(got, "x\n    " T96 "\n");
    free(got);
}

/* Whatever bytes: printable, and no line over the width (each character counts as two cells at most). */
static void any_bytes(void **state)
{
    (void)state;
    uint32_t seed = 1;
    for (int round = 0; round < 2000; round++) {
        char in[400];
        size_t n = 0;
        while (n < sizeof in - 1) {
            seed = seed * 1664525 + 1013904223;
            uint8_t c = (uint8_t)(seed >> 24);
            in[n++] = (char)(c ? c : 'x');
        }
        in[n] = 0;
        char *got = written(in, 0, 2);
        unsigned line = 0;
        for (const char *p = got; *p; p++) {
            uint8_t c = (uint8_t)*p;
            assert_true(c == '\n' || (c >= ' ' && c != 0x7F));
            line = c == '\n' ? 0 : line + ((c & 0xC0) != 0x80);
            assert_true(line <= WRAP_WIDTH + WRAP_MARKS_MAX * WRAP_WIDTH);
        }
        free(got);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(cases), cmocka_unit_test(hanging),
                                              cmocka_unit_test(any_bytes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

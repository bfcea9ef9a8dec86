/* SPDX-License-Identifier: Apache-2.0 */
/* test_pairs: what is put comes out again, whatever bytes it has; what is no pair is told. */
#include "proto/pairs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static void there_and_back(void **state)
{
    (void)state;
    char all[256], out[256];
    struct pairs f = {0};
    for (int i = 1; i < 256; i++) all[i - 1] = (char)i;
    all[255] = 0;
    pairs_put(&f, "all", all);
    pairs_put(&f, "empty", "");
    pairs_put_number(&f, "most", UINT64_MAX);
    pairs_end_record(&f);
    for (size_t i = 0; i < f.n; i++) assert_true(f.p[i] == '\n' || (f.p[i] >= ' ' && f.p[i] <= '~'));

    span rest = span_of(f.p, f.n), key, value;
    uint64_t number;
    assert_true(pairs_next(&rest, &key, &value));
    assert_true(span_eq(key, SPAN("all")));
    assert_false(pairs_text(value, out, 255));
    assert_true(pairs_text(value, out, 256));
    assert_string_equal(out, all);
    assert_false(pairs_number(value, &number));
    assert_true(pairs_next(&rest, &key, &value) && pairs_text(value, out, 1));
    assert_string_equal(out, "");
    assert_false(pairs_number(value, &number));
    assert_true(pairs_next(&rest, &key, &value) && pairs_number(value, &number));
    assert_true(number == UINT64_MAX);
    assert_true(pairs_next(&rest, &key, &value));
    assert_int_equal(key.n, 0);
    assert_false(pairs_next(&rest, &key, &value));
    assert_int_equal(rest.n, 0);
    pairs_close(&f);
}

static void what_is_no_pair(void **state)
{
    (void)state;
    static const char *const LINES[] = {"a", "=1\n", "a\n", "A=1\n", " a=1\n", "a=1", "\x80=1\n", "a =1\n"};
    for (size_t i = 0; i < sizeof LINES / sizeof *LINES; i++) {
        span rest = span_cstr(LINES[i]), key, value;
        if (pairs_next(&rest, &key, &value)) fail_msg("'%s' was taken", LINES[i]);
        assert_true(rest.n > 0);
    }
    static const char *const TEXTS[] = {"\\", "\\x", "\\x4", "\\x4g", "\\y41", "\\x00", "a\tb", "\x80"};
    char out[16];
    for (size_t i = 0; i < sizeof TEXTS / sizeof *TEXTS; i++)
        if (pairs_text(span_cstr(TEXTS[i]), out, sizeof out)) fail_msg("'%s' was taken", TEXTS[i]);
    static const char *const NUMBERS[] = {
        "", "-1", "+1", " 1", "1 ", "0x1", "18446744073709551616", "99999999999999999999"};
    uint64_t number;
    for (size_t i = 0; i < sizeof NUMBERS / sizeof *NUMBERS; i++)
        if (pairs_number(span_cstr(NUMBERS[i]), &number)) fail_msg("'%s' was taken", NUMBERS[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_and_back),
        cmocka_unit_test(what_is_no_pair),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

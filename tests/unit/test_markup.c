/* SPDX-License-Identifier: Apache-2.0 */
/* test_markup: no byte of a stranger becomes markup; a plot's pixels are where its axis says. */
#include "models/report/plot.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void strangers_words_stay_words(void **state)
{
    (void)state;
    static const struct {
        const char *in, *out;
    } CASE[] = {
        {"plain path/1.eml", "plain path/1.eml"},
        {"<script>alert('1')&\"</script>", "&lt;script&gt;alert(&#39;1&#39;)&amp;&quot;&lt;/script&gt;"},
        {"&amp;", "&amp;amp;"},
        {"-->]]>", "--&gt;]]&gt;"},
        {"a\tb\nc\x1b[31m\x7f", "a\\x09b\\x0ac\\x1b[31m\\x7f"},
        {"\xc3\xa9 \xe6\x97\xa5\xe6\x9c\xac", "\xc3\xa9 \xe6\x97\xa5\xe6\x9c\xac"},
        {"\xe9\xff<", "\\xe9\\xff&lt;"},           /* not UTF-8 */
        {"\xc0\xbcscript", "\\xc0\\xbcscript"},    /* an overlong < */
        {"\xed\xa0\x80", "\\xed\\xa0\\x80"},       /* a surrogate */
        {"\xe2\x80\xaegpj", "\\xe2\\x80\\xaegpj"}, /* right-to-left override */
        {"\xe2\x81\xa6x\xe2\x81\xa9", "\\xe2\\x81\\xa6x\\xe2\\x81\\xa9"},
        {"\xc2\x9b"
         "1m",
         "\\xc2\\x9b"
         "1m"},                                                         /* C1 */
        {"\xef\xbf\xbe\xef\xb7\x90", "\\xef\\xbf\\xbe\\xef\\xb7\\x90"}, /* no characters in XML, or anywhere */
        {"", ""},
    };
    for (size_t i = 0; i < sizeof CASE / sizeof *CASE; i++) {
        struct markup m = {0};
        markup_put(&m, "<");
        markup_text(&m, span_cstr(CASE[i].in));
        assert_string_equal(m.buf + 1, CASE[i].out);
        markup_close(&m);
    }
    struct markup m = {0};
    markup_text(&m, SPAN("a\0b"));
    assert_string_equal(m.buf, "a\\x00b");
    markup_close(&m);
}

static void long_words_keep_their_end(void **state)
{
    (void)state;
    struct markup m = {0};
    markup_text_tail(&m, SPAN("0123456789"), 10);
    markup_put(&m, "|");
    markup_text_tail(&m, SPAN("0123456789"), 4);
    markup_put(&m, "|");
    markup_text_tail(&m, SPAN("x\xe6\x97\xa5yz"), 4); /* not half a character */
    assert_string_equal(m.buf, "0123456789|\xe2\x80\xa6"
                               "6789|\xe2\x80\xa6yz");
    markup_close(&m);
}

static void numbers_are_written_in_groups(void **state)
{
    (void)state;
    struct markup m = {0};
    markup_count(&m, 1, "mail", "mails");
    markup_put(&m, "|");
    markup_count(&m, 999, "", "");
    markup_put(&m, "|");
    markup_count(&m, 1234567, "mail", "mails");
    assert_string_equal(m.buf, "1 mail|999|1\u202F234\u202F567 mails");
    m.n = 0;
    for (int i = 0; i < 3000; i++) markup_format(&m, "%d,", i % 10); /* it grows */
    assert_int_equal(m.n, 6000);
    markup_format(&m, "%01000d", 7); /* longer than what is tried first */
    assert_int_equal(m.n, 7000);
    markup_close(&m);
}

static void values_have_their_places(void **state)
{
    (void)state;
    struct plot_axis logit = {PLOT_LOGIT, 0.001, 0.999, 100, 300, 0};
    assert_true(fabs(plot_at(&logit, 0.5) - 200) < 1e-9 && fabs(plot_at(&logit, 0.001) - 100) < 1e-9);
    double tenth = plot_at(&logit, 0.1), nine = plot_at(&logit, 0.9);
    assert_true(fabs(tenth + nine - 400) < 1e-9);
    struct plot_axis gap = {PLOT_LOGIT, 0.001, 0.5, 300, 100, 20}; /* runs backwards, with room for 0 */
    assert_true(plot_at(&gap, 0) == 300 && fabs(plot_at(&gap, 0.001) - 280) < 1e-9 &&
                fabs(plot_at(&gap, 0.5) - 100) < 1e-9);
    struct plot_axis log = {PLOT_LOG, 1, 1000, 0, 300, 0};
    assert_true(fabs(plot_at(&log, 10) - 100) < 1e-9);
    struct plot_tick tick[40];
    assert_int_equal(plot_ticks(&log, tick, 40), 4);
    assert_string_equal(tick[3].label, "1000");
    struct plot_axis line = {PLOT_LINEAR, -12.5, 13, 0, 700, 0};
    size_t n = plot_ticks(&line, tick, 40);
    assert_true(n >= 4 && n <= 9);
    for (size_t i = 0; i < n; i++) assert_true(tick[i].at >= line.low && tick[i].at <= line.high);
    assert_int_equal(plot_ticks(&line, tick, 2), 2);
}

/* Points that nobody could tell apart are left out; corners stay. */
static void paths_are_short(void **state)
{
    (void)state;
    struct markup m = {0};
    struct plot p = {.m = &m};
    struct plot_path path;
    plot_path_open(&path, &p, "curve");
    for (int i = 0; i <= 100000; i++) plot_path_to(&path, i * 0.001, 5);
    for (int i = 0; i <= 100; i++) plot_path_to(&path, 100, 5 + i);
    plot_path_close(&path);
    assert_string_equal(m.buf, "<path class=\"curve\" d=\"M0.0 5.0L100.0 5.0L100.0 105.0\"/>\n");
    markup_close(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strangers_words_stay_words),
        cmocka_unit_test(long_words_keep_their_end),
        cmocka_unit_test(numbers_are_written_in_groups),
        cmocka_unit_test(values_have_their_places),
        cmocka_unit_test(paths_are_short),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

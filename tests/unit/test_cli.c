/* SPDX-License-Identifier: Apache-2.0 */
/* test_cli: what a terminal is allowed to see, and slips of the finger. */
#include "proto/cli/cli.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static void test_print(void **state)
{
    (void)state;
    static const struct {
        span in;
        const char *want;
    } cases[] = {
        {SPAN("plain"), "plain"},
        {SPAN("篩 \xC3\xA9 \xF0\x9F\x90\x9F"), "篩 \xC3\xA9 \xF0\x9F\x90\x9F"},
        {SPAN("a\x1B[2Jb\nc\0d\x7F"), "a\\x1b[2Jb\\x0ac\\x00d\\x7f"},
        {SPAN("\xC2\x9B"
              "31m"),
         "\\xc2\\x9b31m"},                                        /* CSI as one character of C1 */
        {SPAN("\xE2\x80\xAEgpj"), "\\xe2\\x80\\xaegpj"},          /* right-to-left override */
        {SPAN("\xC0\x9B|\xED\xA0\x80|\xF4\x90\x80\x80|\xE7\xAF"), /* overlong, surrogate, too high, cut */
         "\\xc0\\x9b|\\xed\\xa0\\x80|\\xf4\\x90\\x80\\x80|\\xe7\\xaf"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *out = NULL;
        size_t n = 0;
        FILE *f = open_memstream(&out, &n);
        assert_non_null(f);
        cli_print(f, cases[i].in);
        fclose(f);
        assert_string_equal(out, cases[i].want);
        free(out);
    }
}

static void test_nearest(void **state)
{
    (void)state;
    static const char *const verbs[] = {"scan", "stat", "train", "eval", "model"};
    static const struct {
        const char *word, *want;
    } cases[] = {{"scna", "scan"}, {"sacn", "scan"},   {"scann", "scan"}, {"trian", "train"}, {"models", "model"},
                 {"eva", "eval"},  {"status", "stat"}, {"zzzz", NULL},    {"", NULL},         {"x", NULL}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *got = cli_nearest(cases[i].word, verbs, sizeof verbs / sizeof *verbs);
        if (cases[i].want)
            assert_string_equal(got, cases[i].want);
        else
            assert_null(got);
    }
    char long_word[1000];
    memset(long_word, 'a', sizeof long_word - 1);
    long_word[sizeof long_word - 1] = 0;
    assert_null(cli_nearest(long_word, verbs, sizeof verbs / sizeof *verbs));
}

static void test_number(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool ok;
        long value;
    } cases[] = {{"0", true, 0}, {"100", true, 100}, {"-1", false, 0}, {"101", false, 0},
                 {"", false, 0}, {"5x", false, 0},   {"x", false, 0},  {"99999999999999999999", false, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        long value = -7;
        assert_int_equal(cli_number("test", "--n", cases[i].text, 0, 100, &value), cases[i].ok);
        assert_int_equal(value, cases[i].ok ? cases[i].value : -7);
    }
}

/* Where no terminal is: nothing at once, a line when half a minute has gone by, none soon after. */
static void test_progress_in_a_log(void **state)
{
    (void)state;
    char said[400] = "";
    FILE *log = tmpfile();
    int terminal = dup(STDERR_FILENO);
    assert_true(log && terminal >= 0 && dup2(fileno(log), STDERR_FILENO) >= 0);
    struct progress p;
    progress_start(&p, "training", 1000);
    progress_at(&p, 100);
    p.start_us -= 40000000; /* so long ago */
    p.drawn_us -= 40000000;
    progress_at(&p, 200);
    progress_at(&p, 201);
    p.start_us -= 40000000;
    p.drawn_us -= 40000000;
    progress_at(&p, 1000);
    progress_end(&p);
    dup2(terminal, STDERR_FILENO);
    close(terminal);
    rewind(log);
    said[fread(said, 1, sizeof said - 1, log)] = 0;
    fclose(log);
    assert_string_equal(said, "training  20%  5/s  2:40 left\ntraining 100%  12/s  0:00 left\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_print), cmocka_unit_test(test_nearest),
                                       cmocka_unit_test(test_progress_in_a_log), cmocka_unit_test(test_number)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

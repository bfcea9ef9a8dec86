/* SPDX-License-Identifier: Apache-2.0 */
/* test_index: an index is read as written, and whatever is wrong with one is named with file and line. */
#define _GNU_SOURCE
#include "models/corpus/index.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[64], path[96], list[96];

static void spill(const char *to, const char *text, size_t n)
{
    int fd = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, n), n);
    close(fd);
}

static int setup(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/furui-test-index.XXXXXX");
    if (!mkdtemp(folder)) return -1;
    snprintf(path, sizeof path, "%s/index", folder);
    snprintf(list, sizeof list, "%s/list", folder);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    unlink(path);
    unlink(list);
    return rmdir(folder);
}

static void reads_what_is_there(void **state)
{
    (void)state;
    static const char TEXT[] = "# a comment\r\nspam a/1\r\n\r\nham   b with blanks/2 \nHAM\t/abs/3\nspam ../4";
    spill(path, TEXT, sizeof TEXT - 1);
    struct mail_index x;
    char why[INDEX_FAULT_BYTES] = "";
    assert_int_equal(index_open(path, &x, why), ERR_OK);
    static const struct {
        bool spam;
        const char *path;
        uint32_t line;
    } WANT[] = {{true, "a/1", 2}, {false, "b with blanks/2", 4}, {false, "/abs/3", 5}, {true, "../4", 6}};
    assert_int_equal(x.n, 4);
    assert_int_equal(x.spam, 2);
    for (size_t i = 0; i < 4; i++) {
        assert_string_equal(x.entry[i].path, WANT[i].path);
        assert_int_equal(x.entry[i].spam, WANT[i].spam);
        assert_int_equal(x.entry[i].line, WANT[i].line);
    }

    /* Mails are beside the index, wherever we stand. */
    spill(list, "Subject: hi\n\n\0x", 15);
    struct mail_buf b = {0};
    span mail;
    x.entry[0].path = "list";
    assert_int_equal(index_read(&x, &x.entry[0], &b, 15, &mail, why), ERR_OK);
    assert_true(span_eq(mail, span_of("Subject: hi\n\n\0x", 15)));
    assert_int_equal(index_read(&x, &x.entry[0], &b, 14, &mail, why), ERR_TOO_BIG);
    assert_non_null(strstr(why, "/list: larger than 14 bytes"));
    spill(list, "", 0);
    assert_int_equal(index_read(&x, &x.entry[0], &b, 14, &mail, why), ERR_OK);
    assert_int_equal(mail.n, 0);
    x.entry[0].path = "missing\n";
    assert_int_equal(index_read(&x, &x.entry[0], &b, 14, &mail, why), ERR_IO);
    assert_non_null(strstr(why, "/missing?: cannot open: No such file"));
    char from[INDEX_FAULT_BYTES];
    assert_int_equal(index_check(&x, 1, why), ERR_IO); /* none of the mails is there */
    snprintf(from, sizeof from, "%s:%u: ", x.file, x.entry[1].line);
    assert_memory_equal(why, from, strlen(from));
    snprintf(from, sizeof from, ": cannot open: No such file or directory (and %zu more)", x.n - 2);
    assert_string_equal(why + strlen(why) - strlen(from), from);
    assert_int_equal(index_check(&x, x.n, why), ERR_OK);
    x.entry[0].path = ".";
    assert_int_equal(index_read(&x, &x.entry[0], &b, 14, &mail, why), ERR_IO);
    assert_non_null(strstr(why, "is a directory"));
    mail_buf_close(&b);

    static const struct {
        const char *text;
        enum err want;
        size_t excluded;
        const char *says;
    } LISTS[] = {
        {"", ERR_OK, 0, ""},
        {"# why\n\n2 spam list mail\n", ERR_OK, 1, ""},
        {"5\r\n2 some reason\n2\n", ERR_OK, 2, ""},
        {"6 spam\n3\n", ERR_SYNTAX, 2, "list:2: the index has no mail at line 3"},
        {"6\nx\n", ERR_SYNTAX, 2, "list:2: \"x\" is no line number"},
        {"-6\n", ERR_SYNTAX, 2, "no line number"},
        {"6x\n", ERR_SYNTAX, 2, "no line number"},
        {"99999999999999999999999\n", ERR_SYNTAX, 2, "no line number"},
        {"6 ham\n", ERR_SYNTAX, 2, "list:1: line 6 of the index is spam, not ham"},
    };
    for (size_t i = 0; i < sizeof LISTS / sizeof *LISTS; i++) {
        spill(list, LISTS[i].text, strlen(LISTS[i].text));
        why[0] = 0;
        assert_int_equal(index_exclude(&x, list, why), LISTS[i].want);
        assert_non_null(strstr(why, LISTS[i].says));
        assert_int_equal(x.excluded, LISTS[i].excluded);
    }
    assert_true(x.entry[0].excluded && !x.entry[1].excluded && x.entry[2].excluded && !x.entry[3].excluded);
    index_close(&x);
}

static void names_what_is_wrong(void **state)
{
    (void)state;
    static char endless[10000];
    memcpy(endless, "spam ", 5);
    memset(endless + 5, 'x', sizeof endless - 6);
    static const struct {
        const char *text;
        size_t n;
        const char *says;
    } BAD[] = {
        {"", 0, "index: names no mail"},
        {"\n\n# nothing\n", 12, "names no mail"},
        {"spam a\nspan b\n", 14, "index:2: the label is \"span\", not spam or ham"},
        {"spam a\nham\n", 11, "index:2: no path"},
        {"ham \n", 5, "index:1: no path"},
        {"spam a\n\nham b\0c\n", 16, "index:3: holds a NUL byte"},
        {endless, sizeof endless - 1, "index:1: path longer than"},
    };
    struct mail_index x = {.n = 42};
    char why[INDEX_FAULT_BYTES];
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        spill(path, BAD[i].text, BAD[i].n);
        assert_int_equal(index_open(path, &x, why), ERR_SYNTAX);
        if (!strstr(why, BAD[i].says)) fail_msg("%zu: \"%s\"", i, why);
        assert_int_equal(x.n, 42);
    }
    assert_int_equal(index_open("/nonexistent/index", &x, why), ERR_IO);
    assert_non_null(strstr(why, "/nonexistent/index: cannot open"));
    assert_int_equal(index_open(folder, &x, why), ERR_IO);
}

/* Offsets that no 32 bits hold: a mail behind a hole of 5 GB, with a quoted line and the empty line that ends it. */
static void a_mail_of_a_large_mbox_is_read(void **state)
{
    (void)state;
    static const char RAW[] = "A: b\n\n>From x\n>>From y\n\n", PLAIN[] = "A: b\n\nFrom x\n>From y\n";
    const uint64_t at = (uint64_t)5 << 30;
    struct mail_index x = {0};
    struct index_entry e = {.path = "index", .at = at, .bytes = sizeof RAW - 1, .line = 7};
    struct mail_buf b = {0};
    char name[sizeof folder + 1], why[INDEX_FAULT_BYTES];
    span mail;
    snprintf(name, sizeof name, "%s/", folder);
    x.folder = name;
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, RAW, sizeof RAW - 1, (off_t)at), sizeof RAW - 1);
    close(fd);
    assert_int_equal(index_read(&x, &e, &b, 100, &mail, why), ERR_OK);
    assert_true(span_eq(mail, span_cstr(PLAIN)));
    assert_int_equal(index_read(&x, &e, &b, 5, &mail, why), ERR_TOO_BIG);
    assert_int_equal(truncate(path, (off_t)at + 3), 0);
    assert_int_equal(index_read(&x, &e, &b, 100, &mail, why), ERR_IO);
    assert_non_null(strstr(why, "mail 7: the file was cut short"));
    mail_buf_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(reads_what_is_there), cmocka_unit_test(names_what_is_wrong),
                                       cmocka_unit_test(a_mail_of_a_large_mbox_is_read)};
    return cmocka_run_group_tests(tests, setup, teardown);
}

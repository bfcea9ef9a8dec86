/* SPDX-License-Identifier: Apache-2.0 */
/* test_mailbox: which files a path stands for, and which mails a file holds. */
#include "proto/cli/mailbox.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char dir[] = "/tmp/furui-test-mailbox-XXXXXX";

static int enter(void **state)
{
    (void)state;
    return mkdtemp(dir) && chdir(dir) == 0 ? 0 : -1;
}

static int leave(void **state)
{
    (void)state;
    char command[sizeof dir + 16];
    snprintf(command, sizeof command, "rm -rf %s", dir);
    return chdir("/") == 0 && system(command) == 0 ? 0 : -1;
}

static void write_file(const char *path, span bytes)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes.p, 1, bytes.n, f), bytes.n);
    fclose(f);
}

#define FROM "From a@example.org Sat Jan  3 01:05:34 1996\n"

/* `want`: each mail as "number:bytes" with '|' after it. */
static const struct {
    const char *name;
    span file;
    const char *want;
} cases[] = {
    {"empty file is an empty mail", SPAN(""), "0:|"},
    {"one mail", SPAN("Subject: a\n\nFrom here on\n"), "0:Subject: a\n\nFrom here on\n|"},
    {"a byte less than a mark", SPAN("From"), "0:From|"},
    {"mbox of one", SPAN(FROM "A: 1\n\nx\n"), "1:A: 1\n\nx\n|"},
    {"mbox of two", SPAN(FROM "A: 1\n\nx\n\n" FROM "A: 2\n\ny\n\n"), "1:A: 1\n\nx\n|2:A: 2\n\ny\n|"},
    {"CRLF", SPAN("From a 1:05 1996\r\nA: 1\r\n\r\nx\r\n\r\nFrom b 1:05 1996\r\nA: 2\r\n"),
     "1:A: 1\r\n\r\nx\r\n|2:A: 2\r\n|"},
    {"a sentence is no envelope", SPAN(FROM "A: 1\n\nFrom now on\n\nFrom 9:30 on\n\nFrom 2019 on\n"),
     "1:A: 1\n\nFrom now on\n\nFrom 9:30 on\n\nFrom 2019 on\n|"},
    {"an envelope follows an empty line", SPAN(FROM "A: 1\n\nx\n" FROM "y\n"), "1:A: 1\n\nx\n" FROM "y\n|"},
    {"quoting", SPAN(FROM "A: 1\n\n>From x\n>>From y\n> From z\na >From b\n>>>From"),
     "1:A: 1\n\nFrom x\n>From y\n> From z\na >From b\n>>>From|"},
    {"quoting at the front", SPAN(FROM ">From a\n"), "1:From a\n|"},
    {"no quoting outside an mbox", SPAN("A: 1\n\n>From x\n"), "0:A: 1\n\n>From x\n|"},
    {"nothing but envelopes", SPAN(FROM "\n" FROM "\n" FROM), "1:\n|2:\n|3:|"},
    {"envelope without an end", SPAN("From x"), "1:|"},
};

static void test_mails(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        write_file("box", cases[i].file);
        struct listing l = {0};
        listing_add(&l, "box");
        struct mailbox b;
        mailbox_open(&b, &l);
        struct mailbox_mail m;
        char got[512] = "";
        size_t n = 0;
        enum mailbox_got what;
        while ((what = mailbox_next(&b, &m)) == MAILBOX_MAIL) {
            assert_string_equal(m.path, "box");
            n += (size_t)snprintf(got + n, sizeof got - n, "%zu:%.*s|", m.number, (int)m.n, (char *)m.bytes);
            assert_true(n < sizeof got);
            free(m.bytes);
        }
        assert_int_equal(what, MAILBOX_END);
        if (strcmp(got, cases[i].want) != 0) fail_msg("%s: got %s", cases[i].name, got);
        assert_int_equal(b.bytes_read, cases[i].file.n);
        mailbox_close(&b);
        listing_close(&l);
    }
}

/* An mbox of many sizes, so that envelope lines fall on every place of the read-ahead buffer. */
static void test_long_mbox(void **state)
{
    (void)state;
    enum { MAILS = 400 };
    FILE *f = fopen("long", "w");
    assert_non_null(f);
    for (int i = 0; i < MAILS; i++) {
        fprintf(f, FROM "N: %d\n\n", i);
        for (int k = 0; k < i * 7 % 4099; k++) fputc(k % 61 == 60 ? '\n' : 'a', f);
        fputs("\n\n", f);
    }
    fclose(f);
    struct listing l = {0};
    listing_add(&l, "long");
    struct mailbox b;
    mailbox_open(&b, &l);
    struct mailbox_mail m;
    for (int i = 0; i < MAILS; i++) {
        assert_int_equal(mailbox_next(&b, &m), MAILBOX_MAIL);
        assert_int_equal(m.number, i + 1);
        char want[32];
        size_t n = (size_t)snprintf(want, sizeof want, "N: %d\n\n", i);
        assert_int_equal(m.n, n + (size_t)(i * 7 % 4099) + 1);
        assert_memory_equal(m.bytes, want, n);
        free(m.bytes);
    }
    assert_int_equal(mailbox_next(&b, &m), MAILBOX_END);
    mailbox_close(&b);
    listing_close(&l);
}

/* The mail that is larger than the limit is a fault; the one after it is read. */
static void test_too_big(void **state)
{
    (void)state;
    int fd = open("big", O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    span head = SPAN(FROM "A: 1\n\n"), tail = SPAN("\n\n" FROM "A: 2\n");
    assert_int_equal(write(fd, head.p, head.n), head.n);
    assert_int_equal(lseek(fd, MAILBOX_MAIL_MAX + 1000, SEEK_END), MAILBOX_MAIL_MAX + 1000 + (off_t)head.n);
    assert_int_equal(write(fd, tail.p, tail.n), tail.n);
    close(fd);
    struct listing l = {0};
    listing_add(&l, "big");
    struct mailbox b;
    mailbox_open(&b, &l);
    struct mailbox_mail m;
    assert_int_equal(mailbox_next(&b, &m), MAILBOX_FAULT);
    assert_int_equal(m.number, 1);
    assert_int_equal(mailbox_next(&b, &m), MAILBOX_MAIL);
    assert_int_equal(m.number, 2);
    assert_int_equal(m.n, 5);
    free(m.bytes);
    assert_int_equal(mailbox_next(&b, &m), MAILBOX_END);
    mailbox_close(&b);
    listing_close(&l);
    unlink("big");
}

static void test_walk(void **state)
{
    (void)state;
    static const char *const dirs[] = {"w",          "w/b",         "w/.git",     "w/md",           "w/md/cur",
                                       "w/md/new",   "w/md/tmp",    "w/md/.Sent", "w/md/.Sent/cur", "w/md/.Sent/new",
                                       "w/md/extra", "w/unreadable"};
    static const char *const files[] = {
        "w/a.eml",          "w/b/1",          "w/b/10",        "w/b/2",      "w/.hidden",
        "w/.git/x",         "w/md/cur/1:2,S", "w/md/new/2",    "w/md/tmp/3", "w/md/dovecot.index",
        "w/md/.Sent/cur/4", "w/md/extra/5",   "w/unreadable/6"};
    for (size_t i = 0; i < sizeof dirs / sizeof *dirs; i++) assert_int_equal(mkdir(dirs[i], 0700), 0);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) write_file(files[i], SPAN("x"));
    assert_int_equal(symlink("a.eml", "w/link"), 0);
    assert_int_equal(symlink("nowhere", "w/dangling"), 0);
    assert_int_equal(symlink(".", "w/loop"), 0);
    assert_int_equal(mkfifo("w/pipe", 0600), 0);
    bool all_seeing = geteuid() == 0;
    assert_int_equal(chmod("w/unreadable", 0), 0);

    struct listing l = {0};
    listing_add(&l, "w/");
    listing_add(&l, "missing");
    listing_add(&l, "-");
    static const struct {
        const char *path;
        int error;
    } want[] = {{"w/a.eml", 0},         {"w/b/1", 0},   {"w/b/10", 0},           {"w/b/2", 0},
                {"w/dangling", ENOENT}, {"w/link", 0},  {"w/md/.Sent/cur/4", 0}, {"w/md/cur/1:2,S", 0},
                {"w/md/new/2", 0},      {NULL, EACCES}, /* w/unreadable, but for root */
                {"missing", ENOENT},    {"-", 0}};
    assert_int_equal(l.n, sizeof want / sizeof *want);
    for (size_t i = 0; i < l.n; i++) {
        const char *path = want[i].path ? want[i].path : all_seeing ? "w/unreadable/6" : "w/unreadable";
        int error = want[i].path || !all_seeing ? want[i].error : 0;
        assert_string_equal(l.v[i].path, path);
        assert_int_equal(l.v[i].error, error);
    }
    listing_close(&l);
    assert_int_equal(chmod("w/unreadable", 0700), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_mails), cmocka_unit_test(test_long_mbox),
                                       cmocka_unit_test(test_too_big), cmocka_unit_test(test_walk)};
    return cmocka_run_group_tests(tests, enter, leave);
}

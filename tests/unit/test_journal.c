/* SPDX-License-Identifier: Apache-2.0 */
/* journal: what was synced is there again after any end of the process; what is torn, damaged or too much is told, and
 * costs nothing else. */
#define _GNU_SOURCE
#include "models/live/stream/journal.h"

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

static char dir[] = "/tmp/furui-journal.XXXXXX";
static char fault[JOURNAL_FAULT_MAX];

static void remove_files(void)
{
    DIR *d = opendir(dir);
    for (struct dirent *e; d && (e = readdir(d));) {
        if (e->d_name[0] != '.') unlinkat(dirfd(d), e->d_name, 0);
    }
    closedir(d);
}

static int count_logs(char *newest)
{
    int n = 0;
    DIR *d = opendir(dir);
    newest[0] = 0;
    for (struct dirent *e; (e = readdir(d));) {
        if (!strstr(e->d_name, ".log")) continue;
        n++;
        if (strcmp(e->d_name, newest) > 0) strcpy(newest, e->d_name);
    }
    closedir(d);
    return n;
}

static struct journal *reopen(struct journal *j, size_t file_bytes)
{
    journal_close(j);
    j = NULL;
    enum err e = journal_open(dir, file_bytes, 1 << 20, &j, fault);
    if (e != ERR_OK) fail_msg("%s", fault);
    return j;
}

static span text_of(int i, char buf[32])
{
    return span_of(buf, (size_t)snprintf(buf, 32, "entry %d", i));
}

static void add(struct journal *j, int from, int to)
{
    char buf[32];
    uint64_t number;
    for (int i = from; i <= to; i++) {
        assert_int_equal(journal_append(j, text_of(i, buf), &number), ERR_OK);
        assert_int_equal(number, i);
    }
    assert_int_equal(journal_sync(j), ERR_OK);
}

/* Entries from..to are what a reader finds behind `from`. */
static void expect(struct journal *j, int from, int to)
{
    char buf[32];
    uint64_t number;
    span entry;
    for (int i = from; i <= to; i++) {
        assert_true(journal_read(j, (uint64_t)i, &number, &entry));
        assert_int_equal(number, i);
        assert_true(span_eq(entry, text_of(i, buf)));
    }
    assert_false(journal_read(j, (uint64_t)to + 1, &number, &entry));
}

static void keeps_across_ends(void **state)
{
    (void)state;
    char newest[64];
    remove_files();
    struct journal *j = reopen(NULL, 100);
    uint64_t host = journal_host(j);
    add(j, 1, 10);
    expect(j, 1, 10);
    expect(j, 4, 10);
    assert_true(count_logs(newest) > 2);
    struct journal *second;
    assert_int_equal(journal_open(dir, 100, 1 << 20, &second, fault), ERR_BUSY);
    assert_non_null(strstr(fault, "another process has it"));
    j = reopen(j, 100);
    assert_int_equal(journal_host(j), host);
    assert_int_equal(journal_next(j), 11);
    add(j, 11, 12);
    expect(j, 1, 12);
    journal_mark(j, 7);
    expect(j, 8, 12);
    int before = count_logs(newest);
    journal_mark(j, 12);
    assert_true(count_logs(newest) < before);
    j = reopen(j, 100);
    assert_int_equal(journal_sent(j), 12);
    assert_int_equal(journal_next(j), 13);
    add(j, 13, 13);
    expect(j, 13, 13);
    j = reopen(j, 100);
    journal_mark(j, 13);
    journal_close(j);
    count_logs(newest);
    for (DIR *d = opendir(dir); d; d = NULL) { /* without its files it still uses no number twice */
        for (struct dirent *e; (e = readdir(d));)
            if (strstr(e->d_name, ".log")) unlinkat(dirfd(d), e->d_name, 0);
        closedir(d);
    }
    j = reopen(NULL, 100);
    assert_int_equal(journal_next(j), 14);
    journal_close(j);
}

static void torn_and_damaged(void **state)
{
    (void)state;
    char newest[64], path[128];
    for (int cut = 1; cut < 27; cut++) {
        remove_files();
        struct journal *j = reopen(NULL, 1 << 16);
        add(j, 1, 3);
        journal_close(j);
        count_logs(newest);
        snprintf(path, sizeof path, "%s/%s", dir, newest);
        assert_int_equal(truncate(path, 3 * 27 - cut), 0);
        j = reopen(NULL, 1 << 16);
        assert_int_equal(journal_lost(j), 1);
        assert_int_equal(journal_next(j), 3);
        expect(j, 1, 2);
        add(j, 3, 4);
        expect(j, 1, 4);
        journal_close(j);
    }
    /* damage in an older file: what stands in the newer ones is still read */
    remove_files();
    struct journal *j = reopen(NULL, 27);
    add(j, 1, 4);
    journal_close(j);
    snprintf(path, sizeof path, "%s/%016x.log", dir, 2);
    int fd = open(path, O_RDWR);
    assert_int_equal(pwrite(fd, "X", 1, 22), 1);
    close(fd);
    j = reopen(NULL, 27);
    uint64_t number;
    span entry;
    assert_true(journal_read(j, 2, &number, &entry));
    assert_int_equal(number, 3);
    assert_int_equal(journal_lost(j), 1);
    journal_close(j);
    snprintf(path, sizeof path, "%s/host", dir);
    fd = open(path, O_WRONLY | O_TRUNC);
    assert_int_equal(write(fd, "who?", 4), 4);
    close(fd);
    assert_int_equal(journal_open(dir, 27, 1 << 20, &j, fault), ERR_IO);
    assert_string_equal(fault, "journal: host: holds no 16 hex digits");
    assert_int_equal(journal_open("/nowhere", 27, 1 << 20, &j, fault), ERR_IO);
    assert_string_equal(fault, "journal: /nowhere: No such file or directory");
}

static void limits(void **state)
{
    (void)state;
    remove_files();
    static uint8_t big[JOURNAL_ENTRY_MAX + 1];
    struct journal *j = reopen(NULL, 1 << 16);
    uint64_t number;
    assert_int_equal(journal_append(j, span_of(big, sizeof big), &number), ERR_TOO_BIG);
    size_t fit = 0;
    while (journal_append(j, span_of(big, sizeof big - 1), &number) == ERR_OK) fit++;
    assert_int_equal(fit, (1 << 20) / (JOURNAL_ENTRY_MAX + 20));
    journal_mark(j, 1); /* in the stream: there is room again */
    assert_int_equal(journal_append(j, span_of(big, sizeof big - 1), &number), ERR_OK);
    journal_mark(j, number);
    uint64_t first = number + 1;
    /* a disk that is full in the middle of an entry: it is refused, those before and after it are fine */
    signal(SIGXFSZ, SIG_IGN);
    struct rlimit was, small = {.rlim_cur = 40, .rlim_max = RLIM_INFINITY};
    getrlimit(RLIMIT_FSIZE, &was);
    small.rlim_max = was.rlim_max;
    j = reopen(j, 1 << 16);
    setrlimit(RLIMIT_FSIZE, &small);
    assert_int_equal(journal_append(j, SPAN("first"), &number), ERR_OK);
    assert_int_equal(journal_append(j, SPAN("second, which is too long"), &number), ERR_IO);
    setrlimit(RLIMIT_FSIZE, &was);
    assert_int_equal(journal_append(j, SPAN("third"), &number), ERR_OK);
    assert_int_equal(number, first + 1);
    assert_int_equal(journal_sync(j), ERR_OK);
    span entry;
    j = reopen(j, 1 << 16);
    assert_int_equal(journal_lost(j), 0);
    assert_true(journal_read(j, first, &number, &entry) && span_eq(entry, SPAN("first")));
    assert_true(journal_read(j, first + 1, &number, &entry) && span_eq(entry, SPAN("third")));
    journal_close(j);
}

/* A server lost what it had acknowledged. */
static void what_was_sent_is_sent_again(void **state)
{
    (void)state;
    remove_files();
    struct journal *j = reopen(NULL, 100);
    add(j, 1, 12);
    journal_mark(j, 9);
    uint64_t first = 0;
    span entry;
    assert_true(journal_read(j, 1, &first, &entry));
    assert_in_range(first, 2, 9); /* files that hold nothing else are gone */
    journal_unmark(j, 11);
    assert_int_equal(journal_sent(j), 9);
    journal_unmark(j, 1);
    assert_int_equal(journal_sent(j), first - 1);
    expect(j, (int)first, 12);
    j = reopen(j, 100);
    assert_int_equal(journal_sent(j), first - 1);
    expect(j, (int)first, 12);
    journal_mark(j, 12);
    assert_int_equal(journal_sent(j), 12);
    journal_close(j);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(keeps_across_ends), cmocka_unit_test(torn_and_damaged),
                                       cmocka_unit_test(limits), cmocka_unit_test(what_was_sent_is_sent_again)};
    if (!mkdtemp(dir)) return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    remove_files();
    rmdir(dir);
    return failed;
}

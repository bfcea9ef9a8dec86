/* SPDX-License-Identifier: Apache-2.0 */
/* snapshot: what was written is read back, damage anywhere is found, and a disk that fills up changes nothing. */
#define _GNU_SOURCE
#include "models/live/state/snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char dir[] = "/tmp/furui-snapshot.XXXXXX", path[64];
static uint8_t one[10000], two[4096 * 3], back_one[10000], back_two[4096 * 3];
static const struct snapshot_block MINE[] = {{one, sizeof one}, {two, sizeof two}};
static const struct snapshot_block BACK[] = {{back_one, sizeof back_one}, {back_two, sizeof back_two}};
static char fault[SNAPSHOT_FAULT_MAX];

static void comes_back(void **state)
{
    (void)state;
    one[0] = 1, one[9999] = 2, two[5000] = 3;
    memset(back_one, 9, sizeof back_one);
    assert_int_equal(snapshot_write(path, MINE, 2, fault), ERR_OK);
    assert_int_equal(snapshot_read(path, BACK, 2, fault), ERR_OK);
    assert_memory_equal(back_one, one, sizeof one);
    assert_memory_equal(back_two, two, sizeof two);
    struct stat s;
    assert_int_equal(stat(path, &s), 0);
    assert_true(s.st_size < 400); /* zeros take no room */
    struct snapshot_block other[] = {{back_one, 9999}, {back_two, sizeof back_two}};
    assert_int_equal(snapshot_read(path, other, 2, fault), ERR_VERSION);
    assert_int_equal(snapshot_read(path, BACK, 1, fault), ERR_VERSION);
    assert_int_equal(snapshot_read("/nowhere/it", BACK, 2, fault), ERR_IO);
    assert_int_equal(errno, ENOENT);
}

static void damage_is_found(void **state)
{
    (void)state;
    assert_int_equal(snapshot_write(path, MINE, 2, fault), ERR_OK);
    struct stat s;
    stat(path, &s);
    int fd = open(path, O_RDWR);
    for (off_t at = 0; at < s.st_size; at += at < 64 || at > s.st_size - 64 ? 1 : 97) {
        uint8_t b;
        assert_int_equal(pread(fd, &b, 1, at), 1);
        b ^= 0x10;
        assert_int_equal(pwrite(fd, &b, 1, at), 1);
        assert_int_not_equal(snapshot_read(path, BACK, 2, fault), ERR_OK);
        assert_int_equal(strncmp(fault, path, strlen(path)), 0);
        b ^= 0x10;
        assert_int_equal(pwrite(fd, &b, 1, at), 1);
    }
    assert_int_equal(snapshot_read(path, BACK, 2, fault), ERR_OK);
    for (off_t cut = s.st_size - 1; cut > 0; cut -= 61) {
        assert_int_equal(ftruncate(fd, cut), 0);
        assert_int_not_equal(snapshot_read(path, BACK, 2, fault), ERR_OK);
    }
    close(fd);
}

static void a_full_disk_changes_nothing(void **state)
{
    (void)state;
    assert_int_equal(snapshot_write(path, MINE, 2, fault), ERR_OK);
    signal(SIGXFSZ, SIG_IGN);
    struct rlimit was, small;
    getrlimit(RLIMIT_FSIZE, &was);
    small = was;
    small.rlim_cur = 100;
    setrlimit(RLIMIT_FSIZE, &small);
    two[0] = 77;
    assert_int_equal(snapshot_write(path, MINE, 2, fault), ERR_IO);
    setrlimit(RLIMIT_FSIZE, &was);
    assert_int_equal(snapshot_read(path, BACK, 2, fault), ERR_OK);
    assert_int_equal(back_two[0], 0);
    two[0] = 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(comes_back), cmocka_unit_test(damage_is_found),
                                       cmocka_unit_test(a_full_disk_changes_nothing)};
    if (!mkdtemp(dir)) return 1;
    snprintf(path, sizeof path, "%s/it", dir);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(path);
    rmdir(dir);
    return failed;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* test_state: the state directory has one engine, is ours alone, and its poison box is bounded.
 *
 * Works in a directory of its own below TMPDIR and removes it. */
#define _GNU_SOURCE
#include "engine/poison.h"
#include "engine/state.h"
#include "tests/unit/own_folder.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static void one_engine_a_directory(void **state)
{
    (void)state;
    char dir[300], fault[CONFIG_FAULT_MAX], pid[32];
    struct state a, b;
    struct stat st;
    snprintf(dir, sizeof dir, "%s/new/deep", root);
    assert_int_equal(state_owner(dir), 0);
    assert_int_equal(state_open(&a, dir, fault), ERR_OK);
    assert_int_equal(stat(dir, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    assert_int_equal(state_open(&b, dir, fault), ERR_BUSY);
    snprintf(pid, sizeof pid, "pid %ld", (long)getpid());
    assert_non_null(strstr(fault, pid));
    assert_non_null(strstr(fault, dir));
    assert_int_equal(state_owner(dir), getpid());
    state_close(&a);
    assert_int_equal(state_owner(dir), 0);
    assert_int_equal(state_open(&b, dir, fault), ERR_OK);
    int lock = state_lock_child(&b, "redis.lock");
    assert_true(lock >= 0);
    assert_int_equal(state_lock_child(&b, "redis.lock"), -1);
    close(lock);
    lock = state_lock_child(&b, "redis.lock");
    assert_true(lock >= 0);
    close(lock);
    state_close(&b);
}

static void refused_directories(void **state)
{
    (void)state;
    char path[600], deep[120], fault[CONFIG_FAULT_MAX];
    struct state s;
    memset(deep, 'd', sizeof deep - 1);
    deep[sizeof deep - 1] = 0;
    snprintf(path, sizeof path, "%s/%s", root, deep);
    assert_int_equal(state_open(&s, path, fault), ERR_TOO_BIG);
    assert_non_null(strstr(fault, "bytes long"));

    snprintf(path, sizeof path, "%s/open", root);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(chmod(path, 0777), 0);
    assert_int_equal(state_open(&s, path, fault), ERR_IO);
    assert_non_null(strstr(fault, "nobody else may write"));

    snprintf(path, sizeof path, "%s/file", root);
    fclose(fopen(path, "w"));
    assert_int_equal(state_open(&s, path, fault), ERR_IO);
    assert_int_equal(state_open(&s, "", fault), ERR_IO);
}

static size_t mails_in(const char *dir, size_t *bytes_out)
{
    size_t n = 0;
    struct stat st;
    DIR *d = opendir(dir);
    *bytes_out = 0;
    for (struct dirent *e; d && (e = readdir(d));) {
        if (e->d_name[0] == '.') continue;
        n++;
        assert_int_equal(fstatat(dirfd(d), e->d_name, &st, 0), 0);
        assert_int_equal(st.st_mode & 0777, 0600);
        *bytes_out += (size_t)st.st_size;
    }
    if (d) closedir(d);
    return n;
}

static void poison_box(void **state)
{
    (void)state;
    char dir[300], box[STATE_PATH_MAX], fault[CONFIG_FAULT_MAX];
    struct state s;
    size_t bytes;
    snprintf(dir, sizeof dir, "%s/box", root);
    assert_int_equal(state_open(&s, dir, fault), ERR_OK);
    state_path(&s, "poison", box);
    log_setup("test_state", false, false, LEVEL_ERROR);
    for (int i = 0; i < POISON_FILES_MAX + 20; i++) poison_keep(&s, (uint64_t)i, SPAN("Subject: a\0b\r\n\r\n"));
    assert_int_equal(mails_in(box, &bytes), POISON_FILES_MAX);
    assert_int_equal(bytes, POISON_FILES_MAX * 16);

    /* A file without blocks that fills the box by itself; its name makes it the oldest. */
    char old[STATE_PATH_MAX + 32];
    snprintf(old, sizeof old, "%s/20000101T000000Z-1-0.eml", box);
    fclose(fopen(old, "w"));
    assert_int_equal(chmod(old, 0600), 0);
    assert_int_equal(truncate(old, POISON_BYTES_MAX), 0);
    poison_keep(&s, UINT64_MAX, SPAN("new"));
    assert_int_equal(access(old, F_OK), -1);
    assert_true(mails_in(box, &bytes) <= POISON_FILES_MAX);
    assert_true(bytes <= POISON_BYTES_MAX);
    state_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_engine_a_directory, own_folder_make, own_folder_remove),
        cmocka_unit_test_setup_teardown(refused_directories, own_folder_make, own_folder_remove),
        cmocka_unit_test_setup_teardown(poison_box, own_folder_make, own_folder_remove),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

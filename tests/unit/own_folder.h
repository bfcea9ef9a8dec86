/* SPDX-License-Identifier: Apache-2.0 */
/* own_folder: a folder of the test's own; both functions are for cmocka. */
#ifndef FURUI_TESTS_OWN_FOLDER_H
#define FURUI_TESTS_OWN_FOLDER_H

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static char root[256];

static inline int own_folder_remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

static inline int own_folder_make(void **state)
{
    (void)state;
    const char *tmp = getenv("TMPDIR");
    snprintf(root, sizeof root, "%.200s/furui-test-XXXXXX", tmp ? tmp : "/tmp");
    return mkdtemp(root) ? 0 : -1;
}

static inline int own_folder_remove(void **state)
{
    (void)state;
    return nftw(root, own_folder_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

#endif

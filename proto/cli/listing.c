/* SPDX-License-Identifier: Apache-2.0 */
/* listing: lists first, reads later, so that a progress bar knows how much there is and the order is always the same.
 */
#define _GNU_SOURCE /* asprintf */
#include "proto/cli/listing.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static void keep(struct listing *l, char *path, uint64_t bytes, int error)
{
    if (l->n == l->cap) {
        l->cap = l->cap ? l->cap * 2 : 64;
        l->v = realloc(l->v, l->cap * sizeof *l->v);
        assert(l->v && "out of memory");
    }
    l->v[l->n++] = (struct listing_file){path, bytes, error};
}

static char *copy(const char *path)
{
    char *p = strdup(path);
    assert(p && "out of memory");
    return p;
}

static char *join(const char *dir, const char *name)
{
    size_t n = strlen(dir);
    const char *slash = n && dir[n - 1] == '/' ? "" : "/";
    char *path;
    int made = asprintf(&path, "%s%s%s", dir, slash, name);
    assert(made >= 0 && "out of memory");
    return path;
}

static bool is_dir(const char *dir, const char *name)
{
    char *path = join(dir, name);
    struct stat st;
    bool yes = stat(path, &st) == 0 && S_ISDIR(st.st_mode);
    free(path);
    return yes;
}

static bool is_maildir(const char *dir)
{
    return is_dir(dir, "cur") && is_dir(dir, "new");
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int not_self(const struct dirent *e)
{
    return strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
}

static void walk_dir(struct listing *l, const char *dir, int depth);

/* One name found in a directory. */
static void walk_entry(struct listing *l, const char *dir, bool maildir, const char *name, int depth)
{
    char *path = join(dir, name);
    struct stat st;
    if (lstat(path, &st) != 0) {
        keep(l, path, 0, errno);
        return;
    }
    if (S_ISDIR(st.st_mode)) {
        bool messages = maildir && (strcmp(name, "cur") == 0 || strcmp(name, "new") == 0);
        bool wanted = maildir ? messages || is_maildir(path) : name[0] != '.';
        if (wanted) walk_dir(l, path, depth + 1);
    } else if (!maildir && name[0] != '.') {
        bool known = !S_ISLNK(st.st_mode) || stat(path, &st) == 0;
        if (!known || S_ISREG(st.st_mode)) {
            keep(l, path, known ? (uint64_t)st.st_size : 0, known ? 0 : errno);
            return;
        }
    }
    free(path);
}

static void walk_dir(struct listing *l, const char *dir, int depth)
{
    if (depth > LISTING_DEPTH_MAX) {
        keep(l, copy(dir), 0, ELOOP);
        return;
    }
    struct dirent **names;
    int n = scandir(dir, &names, not_self, by_bytes);
    if (n < 0) {
        keep(l, copy(dir), 0, errno);
        return;
    }
    bool maildir = is_maildir(dir);
    for (int i = 0; i < n; i++) {
        walk_entry(l, dir, maildir, names[i]->d_name, depth);
        free(names[i]);
    }
    free(names);
}

void listing_add(struct listing *l, const char *path)
{
    struct stat st;
    if (strcmp(path, "-") == 0) {
        keep(l, copy(path), 0, 0);
    } else if (stat(path, &st) != 0) {
        keep(l, copy(path), 0, errno);
    } else if (S_ISDIR(st.st_mode)) {
        walk_dir(l, path, 1);
    } else {
        keep(l, copy(path), S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0, 0);
    }
}

void listing_close(struct listing *l)
{
    for (size_t i = 0; i < l->n; i++) free(l->v[i].path);
    free(l->v);
    *l = (struct listing){0};
}

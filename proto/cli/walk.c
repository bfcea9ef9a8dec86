/* SPDX-License-Identifier: Apache-2.0 */
/* walk: lists first, reads later, so that a progress bar knows how much there is and the order is always the same. */
#define _GNU_SOURCE /* asprintf */
#include "proto/cli/walk.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static void keep(struct walk *w, char *path, uint64_t bytes, int error)
{
    if (w->n == w->cap) {
        w->cap = w->cap ? w->cap * 2 : 64;
        w->v = realloc(w->v, w->cap * sizeof *w->v);
        assert(w->v && "out of memory");
    }
    w->v[w->n++] = (struct walk_file){path, bytes, error};
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

static void walk_dir(struct walk *w, const char *dir, int depth);

/* One name found in a directory. */
static void walk_entry(struct walk *w, const char *dir, bool maildir, const char *name, int depth)
{
    char *path = join(dir, name);
    struct stat st;
    if (lstat(path, &st) != 0) {
        keep(w, path, 0, errno);
        return;
    }
    if (S_ISDIR(st.st_mode)) {
        bool messages = maildir && (strcmp(name, "cur") == 0 || strcmp(name, "new") == 0);
        bool wanted = maildir ? messages || is_maildir(path) : name[0] != '.';
        if (wanted) walk_dir(w, path, depth + 1);
    } else if (!maildir && name[0] != '.') {
        bool known = !S_ISLNK(st.st_mode) || stat(path, &st) == 0;
        if (!known || S_ISREG(st.st_mode)) {
            keep(w, path, known ? (uint64_t)st.st_size : 0, known ? 0 : errno);
            return;
        }
    }
    free(path);
}

static void walk_dir(struct walk *w, const char *dir, int depth)
{
    if (depth > WALK_DEPTH_MAX) {
        keep(w, copy(dir), 0, ELOOP);
        return;
    }
    struct dirent **names;
    int n = scandir(dir, &names, not_self, by_bytes);
    if (n < 0) {
        keep(w, copy(dir), 0, errno);
        return;
    }
    bool maildir = is_maildir(dir);
    for (int i = 0; i < n; i++) {
        walk_entry(w, dir, maildir, names[i]->d_name, depth);
        free(names[i]);
    }
    free(names);
}

void walk_add(struct walk *w, const char *path)
{
    struct stat st;
    if (strcmp(path, "-") == 0) {
        keep(w, copy(path), 0, 0);
    } else if (stat(path, &st) != 0) {
        keep(w, copy(path), 0, errno);
    } else if (S_ISDIR(st.st_mode)) {
        walk_dir(w, path, 1);
    } else {
        keep(w, copy(path), S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0, 0);
    }
}

void walk_close(struct walk *w)
{
    for (size_t i = 0; i < w->n; i++) free(w->v[i].path);
    free(w->v);
    *w = (struct walk){0};
}

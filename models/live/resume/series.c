/* SPDX-License-Identifier: Apache-2.0 */
/* series: see series.h. */
#include "models/live/resume/series.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const uint64_t HOUR_MS = 3600000, DAY_MS = 86400000;

static int by_place(const void *x, const void *y)
{
    const struct follow_place *a = x, *b = y;
    return follow_place_cmp(*a, *b);
}

/* All that are there, ascending; other files in the folder are nobody's business. */
static size_t list(const char *dir, struct follow_place out[SERIES_MAX])
{
    size_t n = 0;
    DIR *d = opendir(dir);
    if (!d) return 0;
    for (const struct dirent *e; n < SERIES_MAX && (e = readdir(d));)
        if (follow_place_read(span_cstr(e->d_name), &out[n])) n++;
    closedir(d);
    qsort(out, n, sizeof *out, by_place);
    return n;
}

static bool path_of(const char *dir, struct follow_place at, char out[SERIES_PATH_BYTES])
{
    char name[FOLLOW_PLACE_TEXT];
    follow_place_write(at, name);
    int n = snprintf(out, SERIES_PATH_BYTES, "%s/%s", dir, name);
    return n > 0 && n < SERIES_PATH_BYTES;
}

static void drop(const char *dir, struct follow_place at)
{
    char path[SERIES_PATH_BYTES];
    if (path_of(dir, at, path)) unlink(path);
}

static bool is_wanted(const struct follow_place *p, size_t i, uint64_t newest_ms, unsigned days)
{
    uint64_t age_ms = newest_ms - p[i].ms;
    bool first_of_hour = i == 0 || p[i - 1].ms / HOUR_MS != p[i].ms / HOUR_MS;
    bool first_of_day = i == 0 || p[i - 1].ms / DAY_MS != p[i].ms / DAY_MS;
    return (age_ms < DAY_MS && first_of_hour) || (age_ms < days * DAY_MS && first_of_day);
}

enum err series_keep(const char *dir, const char *path, struct follow_place at, unsigned days)
{
    struct follow_place all[SERIES_MAX];
    char to[SERIES_PATH_BYTES];
    bool unwanted[SERIES_MAX];
    if (mkdir(dir, 0700) != 0 && errno != EEXIST) return ERR_IO;
    if (!path_of(dir, at, to)) return ERR_IO;
    unlink(to); /* the state there may have become another */
    if (link(path, to) != 0) return ERR_IO;
    size_t n = list(dir, all);
    for (size_t i = 0; i < n; i++) unwanted[i] = !is_wanted(all, i, all[n - 1].ms, days);
    for (size_t i = 0; i < n; i++)
        if (unwanted[i]) drop(dir, all[i]);
    return ERR_OK;
}

bool series_find(const char *dir, struct follow_place to, char path_out[SERIES_PATH_BYTES], struct follow_place *at_out)
{
    struct follow_place all[SERIES_MAX];
    size_t n = list(dir, all);
    while (n > 0 && follow_place_cmp(all[n - 1], to) > 0) n--;
    if (n == 0) return false;
    *at_out = all[n - 1];
    return path_of(dir, all[n - 1], path_out);
}

void series_forget(const char *dir, struct follow_place from, struct follow_place to)
{
    struct follow_place all[SERIES_MAX];
    size_t n = list(dir, all);
    for (size_t i = 0; i < n; i++)
        if (follow_place_cmp(from, all[i]) < 0 && follow_place_cmp(all[i], to) < 0) drop(dir, all[i]);
}

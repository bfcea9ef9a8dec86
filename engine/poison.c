/* SPDX-License-Identifier: Apache-2.0 */
/* poison: the box where mails that killed two workers are kept aside; see poison.h. */
#define _GNU_SOURCE
#include "engine/poison.h"

#include "proto/base/clock.h"
#include "proto/base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static int is_mail(const struct dirent *e)
{
    size_t n = strlen(e->d_name);
    return e->d_name[0] != '.' && n > 4 && strcmp(e->d_name + n - 4, ".eml") == 0;
}

/* Remove the oldest (names begin with the time) until `bytes` more fit. */
static void make_room(const char *dir, int dir_fd, size_t bytes)
{
    struct dirent **e;
    int n = scandir(dir, &e, is_mail, alphasort);
    if (n < 0) return;
    size_t held = 0, files = (size_t)n;
    struct stat st;
    for (int i = 0; i < n; i++)
        held += fstatat(dir_fd, e[i]->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 ? (size_t)st.st_size : 0;
    for (int i = 0; i < n; i++) {
        if (files >= POISON_FILES_MAX || held + bytes > POISON_BYTES_MAX) {
            if (fstatat(dir_fd, e[i]->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0) held -= (size_t)st.st_size;
            unlinkat(dir_fd, e[i]->d_name, 0);
            files--;
        }
        free(e[i]);
    }
    free(e);
}

static bool keep(const struct state *s, uint64_t id, span mail, char path[STATE_PATH_MAX])
{
    static unsigned serial;
    char name[96], when[32], dir[STATE_PATH_MAX];
    if (mail.n > POISON_BYTES_MAX) return errno = EFBIG, false;
    state_path(s, "poison", dir);
    if (mkdir(dir, 0700) != 0 && errno != EEXIST) return false;
    int dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir_fd < 0) return false;
    make_room(dir, dir_fd, mail.n);

    time_t now = (time_t)(clock_wall_us() / 1000000);
    struct tm tm;
    gmtime_r(&now, &tm);
    strftime(when, sizeof when, "%Y%m%dT%H%M%SZ", &tm);
    snprintf(name, sizeof name, "%s-%" PRIu64 "-%u.eml", when, id, serial++);
    state_path(s, "poison/", path);
    strncat(path, name, STATE_PATH_MAX - strlen(path) - 1);
    int fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    bool ok = fd >= 0 && file_write(fd, mail);
    if (fd >= 0 && close(fd) != 0) ok = false;
    if (fd >= 0 && !ok) unlinkat(dir_fd, name, 0);
    close(dir_fd);
    return ok;
}

void poison_keep(const struct state *s, uint64_t id, span mail)
{
    char path[STATE_PATH_MAX] = "";
    if (keep(s, id, mail, path))
        LOG(LEVEL_ERROR, "poison_kept", L_INT("id", id), L_INT("bytes", mail.n), L_STR("file", path));
    else
        LOG(LEVEL_ERROR, "poison_lost", L_INT("id", id), L_INT("bytes", mail.n), L_STR("why", strerror(errno)));
}

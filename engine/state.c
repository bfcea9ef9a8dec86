/* SPDX-License-Identifier: Apache-2.0 */
/* state: the engine's directory; see state.h. */
#define _GNU_SOURCE
#include "engine/state.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static const char LOCK[] = "furuid.lock";
enum { LONGEST_NAME = sizeof "admin.sock" - 1 }; /* of a socket of ours */

void state_path(const struct state *s, const char *name, char path_out[STATE_PATH_MAX])
{
    snprintf(path_out, STATE_PATH_MAX, "%s/%s", s->dir, name);
}

/* mkdir -p; parents get the umask's mode, the last 0700. */
static bool make_dirs(const char *dir)
{
    char path[CONFIG_TEXT_MAX];
    snprintf(path, sizeof path, "%s", dir);
    for (char *p = path + 1; *p; p++) {
        if (*p != '/') continue;
        *p = 0;
        if (mkdir(path, 0755) != 0 && errno != EEXIST) return false;
        *p = '/';
    }
    return mkdir(path, 0700) == 0 || errno == EEXIST;
}

static long read_pid(int fd)
{
    char text[32] = "";
    ssize_t n = pread(fd, text, sizeof text - 1, 0);
    return n > 0 ? strtol(text, NULL, 10) : 0;
}

/* An absolute path, since the children see it too and may stand elsewhere. */
static bool absolute(const char *dir, char out[CONFIG_TEXT_MAX])
{
    char real[PATH_MAX];
    if (!realpath(dir, real) || strlen(real) >= CONFIG_TEXT_MAX) return false;
    memcpy(out, real, strlen(real) + 1);
    return true;
}

enum err state_open(struct state *s, const char *dir, char *fault_out)
{
    *s = (struct state){.lock_fd = -1};
    struct stat st;
    if (!dir[0] || !make_dirs(dir) || !absolute(dir, s->dir) || stat(s->dir, &st) != 0) {
        snprintf(fault_out, CONFIG_FAULT_MAX, "state directory %s: %s", dir, strerror(dir[0] ? errno : ENOENT));
        return ERR_IO;
    }
    if (!S_ISDIR(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & (S_IWGRP | S_IWOTH))) {
        snprintf(fault_out, CONFIG_FAULT_MAX,
                 "state directory %s: must be a directory of ours that nobody else may write to", s->dir);
        return ERR_IO;
    }
    if (strlen(s->dir) + 1 + LONGEST_NAME > STATE_SOCKET_MAX) {
        snprintf(fault_out, CONFIG_FAULT_MAX,
                 "state directory %s: its path is %zu bytes long; %d at most, or the sockets in it have no room",
                 s->dir, strlen(s->dir), STATE_SOCKET_MAX - 1 - LONGEST_NAME);
        return ERR_TOO_BIG;
    }
    char path[STATE_PATH_MAX];
    state_path(s, LOCK, path);
    s->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (s->lock_fd < 0) {
        snprintf(fault_out, CONFIG_FAULT_MAX, "%s: %s", path, strerror(errno));
        return ERR_IO;
    }
    if (flock(s->lock_fd, LOCK_EX | LOCK_NB) != 0) {
        snprintf(fault_out, CONFIG_FAULT_MAX, "state directory %s: in use by furuid with pid %ld", s->dir,
                 read_pid(s->lock_fd));
        close(s->lock_fd);
        s->lock_fd = -1;
        return ERR_BUSY;
    }
    char pid[32];
    int n = snprintf(pid, sizeof pid, "%ld\n", (long)getpid());
    if (ftruncate(s->lock_fd, 0) != 0 || pwrite(s->lock_fd, pid, (size_t)n, 0) != n) {
        snprintf(fault_out, CONFIG_FAULT_MAX, "%s: %s", path, strerror(errno));
        state_close(s);
        return ERR_IO;
    }
    return ERR_OK;
}

void state_close(struct state *s)
{
    if (s->lock_fd < 0) return;
    /* The file stays: removing it would let two engines lock two files of the same name. */
    (void)!ftruncate(s->lock_fd, 0);
    close(s->lock_fd);
    s->lock_fd = -1;
}

long state_owner(const char *dir)
{
    char path[STATE_PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", dir, LOCK);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return 0;
    long pid = flock(fd, LOCK_SH | LOCK_NB) != 0 ? read_pid(fd) : 0;
    close(fd);
    return pid;
}

int state_lock_child(const struct state *s, const char *name)
{
    char path[STATE_PATH_MAX];
    state_path(s, name, path);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0) return fd;
    if (fd >= 0) close(fd);
    return -1;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* child: start another program so that it cannot outlive us, hear our terminal, or inherit what it should not.
 *
 * Every child has its own process group (Ctrl-C reaches only the engine), ignores SIGINT, gets `death_signal` from the
 * kernel when the engine dies (prctl(2), PR_SET_PDEATHSIG), makes files for its owner only, reads /dev/null, and
 * inherits the descriptors that are listed and no others. */
#ifndef FURUI_ENGINE_CHILD_H
#define FURUI_ENGINE_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { CHILD_FDS_MAX = 5, CHILD_PATH_MAX = 4096, CHILD_WHY_MAX = 64 };

struct child_spec {
    const char *path;      /* the program */
    char *const *argv;     /* NULL-terminated */
    int death_signal;      /* what it gets when the engine dies */
    int fd[CHILD_FDS_MAX]; /* fd[i] becomes descriptor 3 + i of the child; -1: that one is closed */
    size_t fds;
    int errors; /* where its standard output and error go; 0: our standard error */
    bool quiet; /* they go to /dev/null */
};

/* The process id, or -1 with errno. A program that cannot be executed exits with status 127. Call from the thread that
 * lives as long as the engine: the kernel counts that one's death. */
pid_t child_start(const struct child_spec *s);

/* A copy of this process for a short job, as fork(2): 0 in the child, which has no descriptor but `keep_fd` and dies
 * with the engine. It may only call what is safe there (signal-safety(7)) and ends by _exit. */
pid_t child_fork(int keep_fd);

/* Where a program is: as named if the name has a slash; else beside our own program; else by PATH. */
bool child_find(const char *name, char path_out[CHILD_PATH_MAX]);

/* How it ended, in words: "exit status 1", "signal 9 (Killed)". */
void child_why(int wait_status, char why_out[CHILD_WHY_MAX]);

#endif

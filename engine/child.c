/* SPDX-License-Identifier: Apache-2.0 */
/* child: start another program so that it cannot outlive us, hear our terminal, or inherit what it should not; see
 * child.h. Between fork and exec only calls that are safe there (signal-safety(7)): libzmq's threads are not copied. */
#define _GNU_SOURCE
#include "engine/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FIRST_FD = 3, HIGH_FD = 64 };

static void in_child(const struct child_spec *s, pid_t parent) __attribute__((noreturn));
static void in_child(const struct child_spec *s, pid_t parent)
{
    setpgid(0, 0);
    umask(077); /* Redis's files name people */
    prctl(PR_SET_PDEATHSIG, s->death_signal);
    if (getppid() != parent) _exit(127); /* it died before we asked */

    struct sigaction plain = {.sa_handler = SIG_DFL}, ignore = {.sa_handler = SIG_IGN};
    for (int sig = 1; sig < NSIG; sig++) sigaction(sig, &plain, NULL);
    sigaction(SIGINT, &ignore, NULL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);

    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    int high[CHILD_FDS_MAX];
    for (size_t i = 0; i < s->fds; i++) high[i] = s->fd[i] < 0 ? -1 : fcntl(s->fd[i], F_DUPFD_CLOEXEC, HIGH_FD);
    dup2(null, STDIN_FILENO);
    if (s->quiet || s->errors) dup2(s->quiet ? null : s->errors, STDERR_FILENO);
    dup2(STDERR_FILENO, STDOUT_FILENO);
    for (size_t i = 0; i < s->fds; i++)
        if (s->fd[i] < 0)
            close(FIRST_FD + (int)i);
        else
            dup2(high[i], FIRST_FD + (int)i);
    close_range(FIRST_FD + (unsigned)s->fds, ~0U, 0);
    execv(s->path, s->argv);
    _exit(127);
}

pid_t child_start(const struct child_spec *s)
{
    pid_t parent = getpid(), pid = fork();
    if (pid == 0) in_child(s, parent);
    if (pid > 0) setpgid(pid, pid); /* both sides set it, so that it holds before either goes on */
    return pid;
}

pid_t child_fork(int keep_fd)
{
    pid_t parent = getpid(), pid = fork();
    if (pid != 0) return pid;
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(127);
    if (keep_fd > 0) close_range(0, (unsigned)keep_fd - 1, 0);
    close_range((unsigned)keep_fd + 1, ~0U, 0); /* a disk that hangs must not hold our ports and locks */
    return 0;
}

static bool runnable(char path_out[CHILD_PATH_MAX], const char *dir, int dir_bytes, const char *name)
{
    int n = snprintf(path_out, CHILD_PATH_MAX, "%.*s/%s", dir_bytes, dir, name);
    return n > 0 && n < CHILD_PATH_MAX && access(path_out, X_OK) == 0;
}

bool child_find(const char *name, char path_out[CHILD_PATH_MAX])
{
    if (strchr(name, '/')) {
        snprintf(path_out, CHILD_PATH_MAX, "%s", name);
        return access(path_out, X_OK) == 0;
    }
    char self[CHILD_PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    if (n > 0) {
        self[n] = 0;
        char *slash = strrchr(self, '/');
        if (slash && runnable(path_out, self, (int)(slash - self), name)) return true;
    }
    const char *dirs = getenv("PATH");
    for (const char *d = dirs ? dirs : "/usr/bin:/bin"; *d;) {
        size_t len = strcspn(d, ":");
        if (len && runnable(path_out, d, (int)len, name)) return true;
        d += len + (d[len] == ':');
    }
    return false;
}

void child_why(int wait_status, char why_out[CHILD_WHY_MAX])
{
    if (WIFSIGNALED(wait_status))
        snprintf(why_out, CHILD_WHY_MAX, "signal %d (%s)", WTERMSIG(wait_status), strsignal(WTERMSIG(wait_status)));
    else
        snprintf(why_out, CHILD_WHY_MAX, "exit status %d", WEXITSTATUS(wait_status));
}

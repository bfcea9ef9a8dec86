/* SPDX-License-Identifier: Apache-2.0 */
/* own_service: see own_service.h. furuid says `ready` on its standard output; what it logs is kept for a complaint. */
#define _GNU_SOURCE
#include "bench/own_service.h"

#include "proto/base/clock.h"
#include "proto/config.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { START_MS = 60000, STOP_MS = 20000, TICK_US = 10000, PATH = 4096 };

/* furuid beside this program, or where `make install` puts the one with null workers. */
static bool find(bool null_workers, char out[PATH])
{
    static const char *const PLACES[] = {"furuid", "null/furuid", "../lib/furui/null/furuid"};
    char self[PATH];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    if (n <= 0) return false;
    self[n] = 0;
    char *slash = strrchr(self, '/');
    if (!slash) return false;
    *slash = 0;
    for (size_t i = null_workers; i < (null_workers ? 3 : 1); i++) {
        int k = snprintf(out, PATH, "%s/%s", self, PLACES[i]);
        if (k < PATH && access(out, X_OK) == 0) return true;
    }
    return false;
}

static bool write_config(const struct own_service *s, const struct own_service_options *o, char path[PATH])
{
    snprintf(path, PATH, "%s/furui.ini", s->dir);
    FILE *f = fopen(path, "we");
    if (!f) return false;
    fprintf(f, "[engine]\nlisten = %s\nstate_dir = %s/state\nworkers = %d\n", s->endpoint, s->dir, o->workers);
    struct config c; /* the default is found from where a program lies: this one's, not null/furuid's */
    config_init(&c);
    fprintf(f, "[model]\nbundle = %s\n", o->bundle ? o->bundle : c.bundle);
    config_close(&c);
    if (o->null_workers) fprintf(f, "[redis]\nserver = off\n");
    return fclose(f) == 0;
}

static void in_child(const char *program, const char *config, const char *log, int out, pid_t parent)
    __attribute__((noreturn));
static void in_child(const char *program, const char *config, const char *log, int out, pid_t parent)
{
    setpgid(0, 0); /* Ctrl-C is for us; we end it */
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent) _exit(127);
    int err = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600), null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    dup2(null, STDIN_FILENO);
    dup2(out, STDOUT_FILENO);
    dup2(err, STDERR_FILENO);
    execl(program, "furuid", "--config", config, (char *)NULL);
    _exit(127);
}

/* Its last words, in one line. */
static void why(const struct own_service *s, char *fault_out)
{
    char path[PATH], text[OWN_SERVICE_FAULT_MAX - 64], *last = text;
    snprintf(path, sizeof path, "%s/log", s->dir);
    FILE *f = fopen(path, "re");
    size_t n = 0;
    if (f) {
        if (fseek(f, -(long)sizeof text + 1, SEEK_END) != 0) rewind(f);
        n = fread(text, 1, sizeof text - 1, f);
        fclose(f);
    }
    while (n && text[n - 1] == '\n') n--;
    text[n] = 0;
    for (char *p = text; *p; p++)
        if (*p == '\n') last = p + 1;
    snprintf(fault_out, OWN_SERVICE_FAULT_MAX, "a service of our own did not start: %s", n ? last : "no reason given");
}

/* Until it says that it is ready. */
static bool await(int fd, int64_t until_us)
{
    char text[1024];
    size_t n = 0;
    for (int64_t left_us; n < sizeof text - 1 && (left_us = until_us - clock_us()) > 0;) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        if (poll(&p, 1, (int)(left_us / 1000) + 1) < 0) {
            if (errno == EINTR) return false;
            continue;
        }
        ssize_t got = p.revents ? read(fd, text + n, sizeof text - 1 - n) : 0;
        if (p.revents && got <= 0) return false;
        n += (size_t)got;
        text[n] = 0;
        if (strncmp(text, "ready ", 6) == 0 && strchr(text, '\n')) return true;
    }
    return false;
}

enum err own_service_start(struct own_service *s, const struct own_service_options *o, char *fault_out)
{
    char program[PATH], config[PATH], log[PATH];
    const char *tmp = getenv("TMPDIR");
    int out[2];
    *s = (struct own_service){0};
    if (!find(o->null_workers, program)) {
        snprintf(fault_out, OWN_SERVICE_FAULT_MAX, "no furuid beside this program%s",
                 o->null_workers ? " that has null workers (null/furuid)" : "");
        return ERR_IO;
    }
    snprintf(s->dir, sizeof s->dir, "%.200s/furui-bench.XXXXXX", tmp && *tmp ? tmp : "/tmp");
    if (!mkdtemp(s->dir)) {
        snprintf(fault_out, OWN_SERVICE_FAULT_MAX, "%s: %s", s->dir, strerror(errno));
        s->dir[0] = 0;
        return ERR_IO;
    }
    snprintf(s->endpoint, sizeof s->endpoint, "ipc://%s/front", s->dir);
    snprintf(log, sizeof log, "%s/log", s->dir);
    if (!write_config(s, o, config) || pipe2(out, O_CLOEXEC) != 0) {
        snprintf(fault_out, OWN_SERVICE_FAULT_MAX, "%s: %s", s->dir, strerror(errno));
        own_service_stop(s);
        return ERR_IO;
    }
    pid_t parent = getpid();
    s->pid = fork();
    if (s->pid == 0) in_child(program, config, log, out[1], parent);
    close(out[1]);
    bool ready = s->pid > 0 && await(out[0], clock_us() + START_MS * 1000);
    close(out[0]); /* it has said all that it ever says there */
    if (ready) return ERR_OK;
    why(s, fault_out);
    own_service_stop(s);
    return ERR_IO;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st;
    (void)type;
    (void)at;
    remove(path);
    return 0;
}

void own_service_stop(struct own_service *s)
{
    if (s->pid > 0) {
        int64_t until_us = clock_us() + STOP_MS * 1000;
        kill(s->pid, SIGTERM);
        while (waitpid(s->pid, NULL, WNOHANG) == 0) {
            if (clock_us() > until_us) kill(s->pid, SIGKILL);
            usleep(TICK_US);
        }
    }
    if (s->dir[0]) nftw(s->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    *s = (struct own_service){0};
}

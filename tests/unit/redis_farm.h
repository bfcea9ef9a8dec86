/* SPDX-License-Identifier: Apache-2.0 */
/* redis_farm: several redis-servers of the test's own on free ports of loopback, each in a folder of its own.
 *
 * Orders are given over a plain connection, as inline commands; what the program under test does is its own. */
#ifndef FURUI_TESTS_REDIS_FARM_H
#define FURUI_TESTS_REDIS_FARM_H

#include "proto/base/clock.h"
#include "proto/store/store.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FARM_MAX = 12, FARM_ARGS = 40, FARM_PATIENCE_US = 60000000 };

struct farm_server {
    pid_t pid;
    int port;
    const char *args[FARM_ARGS]; /* beside the port and the folder */
};

static char farm_dir[64];
static struct farm_server farm[FARM_MAX];

static inline const char *farm_path(const char *name)
{
    static char path[4][128];
    static unsigned turn;
    char *out = path[turn++ % 4];
    snprintf(out, sizeof path[0], "%s/%s", farm_dir, name);
    return out;
}

/* A port that nobody listens on now; a cluster also wants the one 10000 above. Below those that the system gives to
 * connections: else one that tries such a port before the server is there may meet itself. */
static inline int farm_free_port(void)
{
    for (;;) {
        struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)}, b = a;
        uint16_t port;
        if (getrandom(&port, sizeof port, 0) != sizeof port) abort();
        port = (uint16_t)(10000 + port % 12000);
        a.sin_port = htons(port);
        b.sin_port = htons((uint16_t)(port + 10000));
        int x = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), y = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        bool fine = bind(x, (struct sockaddr *)&a, sizeof a) == 0 && bind(y, (struct sockaddr *)&b, sizeof b) == 0;
        close(x);
        close(y);
        for (int i = 0; i < FARM_MAX; i++) fine = fine && farm[i].port != port;
        if (fine) return port;
    }
}

static inline int farm_connect(int port)
{
    struct sockaddr_in a = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &(struct timeval){.tv_sec = 5}, sizeof(struct timeval));
    if (connect(fd, (struct sockaddr *)&a, sizeof a) == 0) return fd;
    close(fd);
    return -1;
}

/* Start one (again, with the data and port that it had) and wait until it listens. args end with NULL. */
static inline void farm_start(int i, const char *const *args)
{
    struct farm_server *s = &farm[i];
    char port[8], dir[128];
    if (!farm_dir[0]) {
        snprintf(farm_dir, sizeof farm_dir, "/tmp/furui-farm.XXXXXX");
        if (!mkdtemp(farm_dir)) abort();
    }
    if (!s->port) s->port = farm_free_port();
    for (int n = 0; args && n < FARM_ARGS && (s->args[n] = args[n]); n++) continue;
    snprintf(port, sizeof port, "%d", s->port);
    snprintf(dir, sizeof dir, "%s/%d", farm_dir, i);
    mkdir(dir, 0700);
    s->pid = fork();
    if (s->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        const char *argv[FARM_ARGS + 24] = {"redis-server"};
        const char *own[] = {"--bind", "127.0.0.1",   "--dir", dir,      "--logfile",
                             "log",    "--daemonize", "no",    "--save", ""};
        bool file = s->args[0] && s->args[0][0] == '/', ported = file; /* it says all */
        int n = 1;
        for (size_t k = 0; k < sizeof own / sizeof *own && !file; k++) argv[n++] = own[k];
        for (int k = 0; k < FARM_ARGS && s->args[k]; k++) {
            argv[n++] = s->args[k];
            ported = ported || strcmp(s->args[k], "--tls-port") == 0;
        }
        if (!ported) argv[n++] = "--port", argv[n++] = port;
        int null = open("/dev/null", O_RDWR);
        dup2(null, 1);
        execvp("redis-server", (char *const *)argv);
        _exit(127);
    }
    for (int64_t until_us = clock_us() + FARM_PATIENCE_US;;) {
        int fd = farm_connect(s->port);
        if (fd >= 0) {
            close(fd);
            return;
        }
        if (clock_us() > until_us || waitpid(s->pid, NULL, WNOHANG) == s->pid) {
            fprintf(stderr, "redis-server does not start; %s/log says why\n", dir);
            abort();
        }
        usleep(2000);
    }
}

static inline void farm_kill(int i)
{
    if (farm[i].pid <= 0) return;
    kill(farm[i].pid, SIGCONT);
    kill(farm[i].pid, SIGKILL);
    waitpid(farm[i].pid, NULL, 0);
    farm[i].pid = 0;
}

static inline void farm_remove(void)
{
    char command[128];
    for (int i = 0; i < FARM_MAX; i++) farm_kill(i), farm[i] = (struct farm_server){0};
    snprintf(command, sizeof command, "rm -rf %s", farm_dir);
    if (farm_dir[0] && system(command) != 0) abort();
    farm_dir[0] = 0;
}

/* One inline command, and the first 64 KB of what comes back; "" when nothing does. */
static inline const char *farm_say(int i, const char *command)
{
    static char answer[65536];
    int fd = farm_connect(farm[i].port);
    answer[0] = 0;
    if (fd < 0) return answer;
    ssize_t n = send(fd, command, strlen(command), MSG_NOSIGNAL);
    if (n > 0) n = send(fd, "\r\n", 2, MSG_NOSIGNAL);
    if (n > 0) n = recv(fd, answer, sizeof answer - 1, 0);
    answer[n > 0 ? n : 0] = 0;
    close(fd);
    return answer;
}

/* Until an answer holds these words. */
static inline void farm_until(int i, const char *command, const char *words)
{
    for (int64_t until_us = clock_us() + FARM_PATIENCE_US; !strstr(farm_say(i, command), words);) {
        if (clock_us() > until_us) {
            fprintf(stderr, "%s: no '%s' in: %s\n", command, words, farm_say(i, command));
            abort();
        }
        usleep(10000);
    }
}

/* Turn a store until it takes a command and answers it; its last reply. */
static inline struct store_reply farm_ask(struct store *s, span key, const span *words, size_t n)
{
    struct store_reply r = {0};
    bool sent = false;
    for (int64_t until_us = clock_us() + FARM_PATIENCE_US; clock_us() < until_us;) {
        store_pump(s);
        if (!sent) sent = store_put(s, key, words, n, 77);
        if (store_next(s, &r)) {
            if (r.tag == 77 && !r.passing) return r;
            if (r.tag == 77) sent = false;
        }
        store_wait(s, 1000);
    }
    fprintf(stderr, "no answer: %s\n", store_why(s));
    abort();
}

#endif

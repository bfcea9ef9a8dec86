/* SPDX-License-Identifier: Apache-2.0 */
/* own_redis: a redis-server of the test's own, in a folder of its own, to be killed, stopped and started again.
 *
 * It never waits for the disk: with the default of a sync each second a write may be put off while one is under way, and
 * what was acknowledged is then not in the file when the server is killed. test_lost takes it away on purpose. */
#ifndef FURUI_TESTS_OWN_REDIS_H
#define FURUI_TESTS_OWN_REDIS_H

#include "proto/base/clock.h"
#include "proto/store/store.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static char own_redis_dir[64], own_redis_sock[96], own_redis_where[128];
static pid_t own_redis_pid = -1;

static bool own_redis_listens(void)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    memcpy(un.sun_path, own_redis_sock, strlen(own_redis_sock) + 1);
    bool ok = connect(fd, (struct sockaddr *)&un, sizeof un) == 0;
    close(fd);
    return ok;
}

/* Start it, again with the data that it had; waits until it listens. */
static inline void own_redis_start(void)
{
    char log[96];
    if (!own_redis_dir[0]) {
        snprintf(own_redis_dir, sizeof own_redis_dir, "/tmp/furui-redis.XXXXXX");
        if (!mkdtemp(own_redis_dir)) abort();
        snprintf(own_redis_sock, sizeof own_redis_sock, "%s/sock", own_redis_dir);
        snprintf(own_redis_where, sizeof own_redis_where, "unix:%s", own_redis_sock);
    }
    snprintf(log, sizeof log, "%s/log", own_redis_dir);
    own_redis_pid = fork();
    if (own_redis_pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(open("/dev/null", O_RDWR), 1);
        execlp("redis-server", "redis-server", "--port", "0", "--unixsocket", own_redis_sock, "--dir", own_redis_dir,
               "--save", "", "--appendonly", "yes", "--appendfsync", "no", "--logfile", log, "--daemonize", "no",
               (char *)NULL);
        _exit(127);
    }
    for (int64_t until_us = clock_us() + 20000000; !own_redis_listens();) {
        if (clock_us() > until_us) abort();
        usleep(2000);
    }
}

static inline void own_redis_kill(void)
{
    if (own_redis_pid < 0) return;
    kill(own_redis_pid, SIGKILL);
    waitpid(own_redis_pid, NULL, 0);
    own_redis_pid = -1;
    unlink(own_redis_sock);
}

static inline void own_redis_remove(void)
{
    char command[128];
    own_redis_kill();
    snprintf(command, sizeof command, "rm -rf %s", own_redis_dir);
    if (own_redis_dir[0] && system(command) != 0) abort();
}

/* A handle of the test's own. */
static inline struct store *own_redis_store(void)
{
    struct store *s;
    if (store_open(&(struct store_options){.where = own_redis_where}, &s) != ERR_OK) abort();
    return s;
}

#endif

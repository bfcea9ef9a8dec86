/* SPDX-License-Identifier: Apache-2.0 */
/* redis_child: the private redis-server; see redis_child.h. */
#define _GNU_SOURCE
#include "engine/redis_child.h"

#include "proto/base/clock.h"

#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { LIFE_OK_MS = 10000, WARN_LOCKED_MS = 2000 };

enum err redis_child_open(struct redis_child *r, const struct config *c, const struct state *dir, char *fault_out)
{
    *r = (struct redis_child){.dir = dir,
                              .ping_fd = -1,
                              .memory_mb = c->redis_memory_mb,
                              .restart_min_ms = c->restart_min_ms,
                              .restart_max_ms = c->restart_max_ms};
    if (strcmp(c->redis, "private") != 0) return ERR_OK;
    if (!child_find(c->redis_program, r->program)) {
        snprintf(fault_out, CONFIG_FAULT_MAX,
                 "%s: not found; install the package redis-server, or set `server = off` in [redis]", c->redis_program);
        return ERR_IO;
    }
    r->state = REDIS_DOWN;
    state_path(dir, "redis.sock", r->socket);
    return ERR_OK;
}

void redis_child_address(const struct redis_child *r, const struct config *c, char out[STATE_PATH_MAX])
{
    if (r->state == REDIS_NOT_OURS)
        snprintf(out, STATE_PATH_MAX, "%s", c->redis);
    else
        snprintf(out, STATE_PATH_MAX, "unix:%.*s", STATE_PATH_MAX - 6, r->socket);
}

static void start(struct redis_child *r, int64_t now_us)
{
    int lock = state_lock_child(r->dir, "redis.lock");
    if (lock < 0) { /* the server of an engine that was killed is still writing */
        if (!r->locked_us) r->locked_us = now_us;
        if (now_us - r->locked_us > WARN_LOCKED_MS * 1000) {
            LOG(LEVEL_WARN, "redis_locked", L_STR("why", "an earlier redis-server still has redis.lock"));
            r->locked_us = now_us;
        }
        return;
    }
    r->locked_us = 0;
    char dir[STATE_PATH_MAX], log[STATE_PATH_MAX], memory[16];
    snprintf(memory, sizeof memory, "%dmb", r->memory_mb);
    state_path(r->dir, "redis", dir);
    state_path(r->dir, "redis.log", log);
    mkdir(dir, 0700);
    unlink(r->socket);
    char *argv[] = {"redis-server",
                    "--port",
                    "0",
                    "--unixsocket",
                    r->socket,
                    "--unixsocketperm",
                    "700",
                    "--dir",
                    dir,
                    "--appendonly",
                    "yes",
                    "--save",
                    "",
                    "--maxmemory",
                    memory,
                    "--maxmemory-policy", /* what expires first goes first: see proto/store/counters.h */
                    "volatile-ttl",
                    "--logfile",
                    log,
                    "--loglevel",
                    "warning",
                    "--daemonize",
                    "no",
                    NULL};
    /* SIGTERM, not SIGKILL, when the engine dies: it then writes out what it was told. */
    struct child_spec spec = {
        .path = r->program, .argv = argv, .death_signal = SIGTERM, .fd = {lock}, .fds = 1, .quiet = true};
    r->pid = child_start(&spec);
    close(lock);
    r->started_us = now_us;
    if (r->pid < 0) {
        LOG(LEVEL_ERROR, "redis_not_started", L_STR("why", strerror(errno)));
        r->pid = 0;
        r->start_at_us = now_us + (int64_t)r->restart_max_ms * 1000;
        return;
    }
    r->starts++;
    r->state = REDIS_STARTING;
}

static void ping_close(struct redis_child *r)
{
    if (r->ping_fd >= 0) close(r->ping_fd);
    r->ping_fd = -1;
}

/* Ask, and look for the answer at the next tick: nothing here waits. */
static void ping(struct redis_child *r)
{
    static const char PING[] = "PING\r\n";
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    size_t n = strlen(r->socket);
    if (n >= sizeof to.sun_path) return;
    memcpy(to.sun_path, r->socket, n + 1);
    r->ping_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (r->ping_fd < 0) return;
    if (connect(r->ping_fd, (struct sockaddr *)&to, sizeof to) != 0 ||
        send(r->ping_fd, PING, sizeof PING - 1, MSG_NOSIGNAL) != sizeof PING - 1)
        ping_close(r);
}

/* "+PONG"; while it loads its file it says "-LOADING". */
static bool answers(struct redis_child *r)
{
    char text[64];
    if (r->ping_fd < 0) {
        ping(r);
        return false;
    }
    ssize_t n = recv(r->ping_fd, text, sizeof text, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return false;
    ping_close(r);
    return n > 0 && text[0] == '+';
}

void redis_child_tick(struct redis_child *r, int64_t now_us)
{
    if (r->state == REDIS_DOWN && !r->stopping && now_us >= r->start_at_us) start(r, now_us);
    if (r->state == REDIS_STARTING && answers(r)) {
        r->state = REDIS_UP;
        LOG(r->starts > 1 ? LEVEL_NOTE : LEVEL_DEBUG, "redis_up", L_INT("redis_pid", r->pid));
    }
}

void redis_child_reap(struct redis_child *r, int64_t now_us)
{
    int status;
    if (r->pid <= 0 || waitpid(r->pid, &status, WNOHANG) != r->pid) return;
    char why[CHILD_WHY_MAX];
    child_why(status, why);
    snprintf(r->fault, sizeof r->fault, "redis-server: %s; %.300s/redis.log may say more", why, r->dir->dir);
    bool lived = now_us - r->started_us > LIFE_OK_MS * 1000;
    r->delay_ms = lived || !r->delay_ms ? r->restart_min_ms : 2 * r->delay_ms;
    if (r->delay_ms > r->restart_max_ms) r->delay_ms = r->restart_max_ms;
    r->start_at_us = now_us + (int64_t)r->delay_ms * 1000;
    r->killed = WIFSIGNALED(status);
    if (!r->stopping && (r->state == REDIS_UP || r->killed))
        LOG(LEVEL_ERROR, "redis_died", L_INT("redis_pid", r->pid), L_STR("why", why),
            L_INT("again_in_ms", r->delay_ms));
    r->pid = 0;
    ping_close(r);
    r->state = REDIS_DOWN;
}

void redis_child_close(struct redis_child *r, int patience_ms)
{
    if (r->state == REDIS_NOT_OURS) return;
    r->stopping = true;
    if (r->pid > 0) kill(r->pid, SIGTERM);
    int64_t until_us = clock_us() + (int64_t)patience_ms * 1000;
    bool hurried = false;
    while (r->pid > 0) {
        redis_child_reap(r, clock_us());
        if (r->pid > 0 && !hurried && clock_us() > until_us) {
            LOG(LEVEL_ERROR, "redis_killed", L_STR("why", "it did not end after SIGTERM"));
            kill(r->pid, SIGKILL);
            hurried = true;
        }
        nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    }
    ping_close(r);
    unlink(r->socket);
}

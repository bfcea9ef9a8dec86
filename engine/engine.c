/* SPDX-License-Identifier: Apache-2.0 */
/* engine: furuid's one loop; see engine.h. */
#define _GNU_SOURCE
#include "engine/engine.h"

#include "engine/accept.h"
#include "engine/poison.h"
#include "proto/base/clock.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    TICK_MS = 100,           /* between two looks at the children, when nothing else happens */
    BOOT_TICK_MS = 10,       /* while starting */
    READ_MOST = 256,         /* requests before the workers have their turn */
    REDIS_BOOT_MS = 5000,    /* patience with the private Redis; after that workers start without it */
    LEAVE_MS = 3000,         /* workers to go, after the drain */
    REDIS_LEAVE_MS = 10000,  /* Redis to write what it has */
    LEARNER_LEAVE_MS = 5000, /* the learner to write what it knows */
    LAST_READ_MOST = 4096,
    LINGER_MS = 1000, /* last answers on their way */
    CPUS_PER_IO_THREAD = 8,
    DESCRIPTORS_MIN = 256, /* ours, a child's at its birth, and room for some clients */
    TELL_EVERY_US = 10 * 1000000,
};

static void enter(struct engine *e, enum engine_phase phase)
{
    e->phase = phase;
    e->phase_us = clock_us();
}

/* --- config ------------------------------------------------------------------------------------------------------- */

static bool set_text(char out[CONFIG_TEXT_MAX], const char *value, const char *option, char *fault_out)
{
    if (!value) return true;
    int n = snprintf(out, CONFIG_TEXT_MAX, "%s", value);
    if (n > 0 && n < CONFIG_TEXT_MAX) return true;
    snprintf(fault_out, CONFIG_FAULT_MAX, "%s: empty, or longer than %d bytes", option, CONFIG_TEXT_MAX - 1);
    return false;
}

/* The default endpoint in the state directory goes with it when the command line moves that. */
static void move_listen(struct config *c, const char *from)
{
    char old[CONFIG_TEXT_MAX + 32];
    snprintf(old, sizeof old, "ipc://%s/furui.sock", from);
    for (size_t i = 0; i < c->listen_count; i++)
        if (strcmp(c->listen[i], old) == 0)
            snprintf(c->listen[i], CONFIG_TEXT_MAX, "ipc://%.*s/furui.sock", CONFIG_TEXT_MAX - 20, c->state_dir);
}

enum err engine_config(const struct engine_options *o, struct config *c, char *fault_out)
{
    config_init(c);
    enum err e = o->config_path ? config_load(c, o->config_path, fault_out) : ERR_OK;
    bool fits = true;
    if (e == ERR_OK) {
        char from[CONFIG_TEXT_MAX];
        memcpy(from, c->state_dir, sizeof from);
        fits = set_text(c->state_dir, o->state_dir, "--state-dir", fault_out) &&
               set_text(c->bundle, o->bundle, "--bundle", fault_out);
        move_listen(c, from);
        for (size_t i = 0; fits && i < o->listen_count; i++)
            fits = set_text(c->listen[i], o->listen[i], "--listen", fault_out);
        if (o->listen_count) c->listen_count = o->listen_count;
        if (o->workers >= 0) c->workers = o->workers;
    }
    if (!fits) e = ERR_TOO_BIG;
    if (e == ERR_OK) e = config_check(c, fault_out);
    if (e != ERR_OK) config_close(c);
    return e;
}

/* --- signals ------------------------------------------------------------------------------------------------------ */

/* Blocked before libzmq's threads exist, so that they inherit it; read as a descriptor. */
static int open_signals(void)
{
    signal(SIGPIPE, SIG_IGN);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

static void drain(struct engine *e)
{
    if (e->phase >= PHASE_DRAINING) {
        e->hurry = true;
        return;
    }
    LOG(LEVEL_NOTE, "draining", L_INT("requests", e->dispatch.requests));
    e->front.closing = "shutting down"; /* the door stays open: to unbind would cut off those who wait for answers */
    enter(e, PHASE_DRAINING);
}

static void read_signals(struct engine *e)
{
    struct signalfd_siginfo s;
    bool child = false;
    while (read(e->signal_fd, &s, sizeof s) == (ssize_t)sizeof s) {
        if (s.ssi_signo == SIGCHLD) child = true;
        if (s.ssi_signo == SIGHUP) e->reload_wanted = true;
        if (s.ssi_signo == SIGTERM || s.ssi_signo == SIGINT) drain(e);
    }
    if (!child) return;
    pool_reap(&e->pool);
    rollout_reap(e);
    redis_child_reap(&e->redis, clock_us());
    learner_child_reap(&e->learner, clock_us());
}

/* --- life --------------------------------------------------------------------------------------------------------- */

static void on_poison(void *ctx, uint64_t id, span mail)
{
    struct engine *e = ctx;
    poison_keep(&e->state, id, mail);
}

static void on_give(void *ctx, int seat, uint64_t number, int64_t deadline_us, struct bus_frame *header,
                    struct bus_frame *mail)
{
    struct engine *e = ctx;
    pool_give(&e->pool, seat, number, deadline_us, header, mail);
}

static void on_answer(void *ctx, struct request *r)
{
    struct engine *e = ctx;
    if (r->job[0].record)
        learner_child_give(&e->learner, r);
    else
        front_answer(&e->front, r);
}

static void on_report(void *ctx, span header, span record)
{
    struct engine *e = ctx;
    learner_child_tell(&e->learner, header, record);
}

static void on_learner(void *ctx, struct request *r)
{
    struct engine *e = ctx;
    front_answer(&e->front, r);
}

static void on_operator(void *ctx, const struct admin_request *q)
{
    struct engine *e = ctx;
    if (q->wish == ADMIN_LEARNER)
        learner_child_ask(&e->learner, q->ticket, q->uid, q->text, clock_us());
    else
        rollout_ask(e, q);
}

static void on_told(void *ctx, uint64_t ticket, span answer, const char *why)
{
    struct engine *e = ctx;
    struct pairs text = {0};
    if (why) {
        admin_say(&e->admin, ticket, "busy", why, clock_us());
    } else {
        pairs_put_lines(&text, answer);
        admin_answer(&e->admin, ticket, &text, clock_us());
    }
}

static void say_ready(const struct engine *e)
{
    const struct worker *w = &e->pool.worker[e->pool.slot[0].now];
    printf("ready endpoints=");
    for (size_t i = 0; i < e->front.count; i++) printf("%s%s", i ? "," : "", e->front.bound[i]);
    printf(" workers=%d model=%s simd=%s pid=%ld\n", e->pool.wanted, w->model, w->simd, (long)getpid());
    fflush(stdout);
    LOG(LEVEL_NOTE, "serving", L_INT("workers", e->pool.wanted), L_STR("model", w->model), L_STR("simd", w->simd),
        L_INT("took_ms", (clock_us() - e->started_us) / 1000));
}

/* What the first workers are made from. False: there is nothing that could be opened, and e->fault says why. */
static bool first_generation(struct engine *e)
{
    char redis[STATE_PATH_MAX];
    struct generation_models m;
    redis_child_address(&e->redis, &e->config, redis);
    do {
        rollout_models(e, &m);
        e->first = generation_new(&e->config, redis, &m, e->fault);
    } while (!e->first && rollout_fall_back(e, e->fault));
    return e->first != NULL;
}

/* One step of boot; false: it failed, and e->fault says why. */
static bool boot(struct engine *e, int64_t now_us)
{
    if (e->phase == PHASE_REDIS) {
        const struct redis_child *r = &e->redis;
        bool slow = now_us - e->phase_us > REDIS_BOOT_MS * 1000;
        if (r->state == REDIS_DOWN && r->starts && !r->pid && !r->killed) { /* its first life ended, by itself */
            snprintf(e->fault, sizeof e->fault, "%s", r->fault);
            return false;
        }
        if (r->state != REDIS_UP && r->state != REDIS_NOT_OURS && !slow) return true;
        if (slow) LOG(LEVEL_WARN, "redis_slow", L_STR("now", "workers start without it"));
        pool_target(&e->pool, e->first, engine_workers(&e->config));
        e->first = NULL;
        enter(e, PHASE_WORKERS);
    }
    if (e->pool.refused) {
        snprintf(e->fault, sizeof e->fault, "%s", e->pool.fault);
        if (!rollout_fall_back(e, e->pool.fault) || !first_generation(e)) return false;
        pool_target(&e->pool, e->first, engine_workers(&e->config));
        e->first = NULL;
    }
    if (!pool_complete(&e->pool)) return true;
    enter(e, PHASE_SERVING);
    admin_serve(&e->admin);
    say_ready(e);
    return true;
}

/* One step of the end; false: nothing is left to wait for. */
static bool end(struct engine *e, int64_t now_us)
{
    if (e->phase == PHASE_DRAINING) {
        bool patience = !e->hurry && now_us - e->phase_us < (int64_t)e->config.drain_ms * 1000;
        if ((e->dispatch.requests || e->learner.waiting) && patience) return true;
        if (e->dispatch.requests) LOG(LEVEL_WARN, "drain_cut", L_INT("requests", e->dispatch.requests));
        dispatch_refuse_all(&e->dispatch, WIRE_BUSY, e->front.closing, now_us);
        pool_quit(&e->pool, now_us);
        enter(e, PHASE_LEAVING);
    }
    return pool_alive(&e->pool) && !e->hurry && now_us - e->phase_us < LEAVE_MS * 1000;
}

static int wait_ms(const struct engine *e, int64_t now_us)
{
    int64_t most = (e->phase == PHASE_SERVING ? TICK_MS : BOOT_TICK_MS);
    int64_t due = dispatch_next_us(&e->dispatch);
    if (due == INT64_MAX) return (int)most;
    int64_t ms = due > now_us ? (due - now_us + 999) / 1000 : 0;
    return (int)(ms < most ? ms : most);
}

static void tell_starved(struct engine *e, int64_t now_us)
{
    uint64_t n = accept_starved();
    if (n == e->starved_told || now_us - e->starved_us < TELL_EVERY_US) return;
    LOG(LEVEL_ERROR, "no_descriptor", L_INT("attempts", n - e->starved_told),
        L_STR("why", "too many connections; see who holds them, or raise ulimit -n"));
    e->starved_told = n;
    e->starved_us = now_us;
}

/* Sleep until there is something to do. Bits of what is ready: 1 workers, 2 signals and the operator. */
static uint64_t rest(struct engine *e, bool open, size_t requests)
{
    int fds[] = {e->pool.fd, e->side_fd};
    uint64_t is_ready;
    if (requests && requests < READ_MOST && dispatch_sated(&e->dispatch)) {
        /* Under load requests come one by one; to wake for each would cost more than all else that is done for it. */
        struct pollfd watch[] = {{.fd = fds[0], .events = POLLIN}, {.fd = fds[1], .events = POLLIN}};
        ppoll(watch, 2, &(struct timespec){.tv_nsec = DISPATCH_LINGER_US * 1000}, NULL);
        return (watch[0].revents != 0) | (watch[1].revents != 0) << 1;
    }
    bus_wait(&e->front.sock, open ? 1 : 0, fds, 2, requests == READ_MOST ? 0 : wait_ms(e, clock_us()), &is_ready);
    return open ? is_ready >> 1 : is_ready;
}

/* Returns the exit status. */
static int loop(struct engine *e)
{
    size_t requests = 0; /* read in this turn */
    for (;;) {
        bool open = e->phase >= PHASE_SERVING; /* before, requests wait in their socket */
        uint64_t is_ready = rest(e, open, requests);
        if (is_ready & 1) pool_read(&e->pool);
        if (is_ready & 2) {
            read_signals(e);
            learner_child_read(&e->learner, clock_us());
            if (open) admin_read(&e->admin, clock_us());
        }
        requests = open ? front_read(&e->front, READ_MOST) : 0;
        int64_t now_us = clock_us();
        redis_child_tick(&e->redis, now_us);
        learner_child_tick(&e->learner, e->pool.proven, now_us);
        pool_tick(&e->pool, now_us);
        dispatch_expire(&e->dispatch, now_us);
        dispatch_pump(&e->dispatch, now_us);
        pool_send(&e->pool);
        front_tell(&e->front, now_us);
        tell_starved(e, now_us);
        if (e->phase < PHASE_SERVING && !boot(e, now_us)) return EXIT_FAILURE;
        admin_tick(&e->admin, now_us);
        rollout_tick(e, now_us);
        if (e->phase == PHASE_SERVING && e->reload_wanted && !rollout_busy(e)) engine_reload(e);
        if (e->phase == PHASE_SERVING) engine_roll(e);
        if (e->phase >= PHASE_DRAINING && !end(e, now_us)) return EXIT_SUCCESS;
    }
}

static uint64_t random_seed(void)
{
    uint64_t seed = (uint64_t)clock_wall_us();
    (void)!getrandom(&seed, sizeof seed, GRND_NONBLOCK);
    return seed;
}

/* Everything that can fail before a child exists: directory, ports, programs, bundle. */
static bool open_all(struct engine *e)
{
    if (state_open(&e->state, e->config.state_dir, e->fault) != ERR_OK) return false;
    struct front_ops front_ops = {.ctx = e, .stat = engine_stat};
    if (front_open(&e->front, e->bus, &e->config, &e->dispatch, &front_ops, e->fault) != ERR_OK) return false;
    if (pool_open(&e->pool, &e->dispatch, e->fault) != ERR_OK) return false;
    if (live_memory_open(&e->live, (unsigned)e->config.live_bits) != ERR_OK) {
        snprintf(e->fault, sizeof e->fault, "[reports] live_bits = %d: no memory for the live model: %s",
                 e->config.live_bits, strerror(errno));
        return false;
    }
    e->pool.live_fd = e->live.read_fd;
    e->pool.report = on_report;
    e->pool.report_ctx = e;
    if (redis_child_open(&e->redis, &e->config, &e->state, e->fault) != ERR_OK) return false;
    struct learner_ops learner_ops = {.ctx = e, .answer = on_learner, .told = on_told};
    if (learner_child_open(&e->learner, &learner_ops, e->side_fd, e->live.write_fd, e->fault) != ERR_OK) return false;
    struct admin_ops admin_ops = {.ctx = e, .ask = on_operator};
    if (admin_open(&e->admin, &e->state, e->side_fd, &admin_ops, e->fault) != ERR_OK) return false;
    if (rollout_open(e) != ERR_OK) return false;
    return first_generation(e);
}

/* The reverse, but workers before Redis: they write their counters as they go. Also of a half-open engine. */
static void close_all(struct engine *e)
{
    bool serving = e->phase >= PHASE_SERVING;
    pool_close(&e->pool);
    learner_child_close(&e->learner, LEARNER_LEAVE_MS);
    live_memory_close(&e->live);
    rollout_close(e);
    admin_close(&e->admin);
    generation_drop(e->first);
    if (serving) front_read(&e->front, LAST_READ_MOST); /* those who came too late for the drain are refused too */
    front_close(&e->front, serving ? LINGER_MS : 0);
    redis_child_close(&e->redis, REDIS_LEAVE_MS);
    dispatch_close(&e->dispatch);
    bus_close(e->bus);
    state_close(&e->state);
    close(e->side_fd);
    close(e->signal_fd);
    if (e->has_pending) config_close(&e->pending);
}

static int fail(const char *fault)
{
    fprintf(stderr, "furuid: %s\n", fault);
    return EXIT_FAILURE;
}

int engine_run(const struct engine_options *o)
{
    struct engine *e = must_calloc(1, sizeof *e);
    e->options = o;
    e->started_us = clock_us();
    e->state.lock_fd = e->pool.fd = -1;
    e->live = (struct live_memory){-1, -1};
    rollout_init(&e->rollout);
    if (engine_config(o, &e->config, e->fault) != ERR_OK) {
        int status = fail(e->fault);
        free(e);
        return status;
    }
    e->signal_fd = open_signals();
    e->side_fd = epoll_create1(EPOLL_CLOEXEC);
    epoll_ctl(e->side_fd, EPOLL_CTL_ADD, e->signal_fd, &(struct epoll_event){.events = EPOLLIN});
    int io_threads = 1 + engine_workers(&e->config) / CPUS_PER_IO_THREAD;
    e->bus = bus_open(io_threads);
    if (!e->bus || e->signal_fd < 0 || e->side_fd < 0) abort();
    uint64_t descriptors = accept_raise_limit();
    struct dispatch_ops ops = {.ctx = e, .give = on_give, .answer = on_answer, .poison = on_poison};
    dispatch_open(&e->dispatch, &ops, &(struct dispatch_limits){0}, random_seed());
    int status = EXIT_FAILURE;
    if (descriptors < DESCRIPTORS_MIN) {
        snprintf(e->fault, sizeof e->fault,
                 "at most %d open descriptors are allowed (ulimit -n); at least %d are needed", (int)descriptors,
                 DESCRIPTORS_MIN);
    } else if (open_all(e)) {
        engine_apply(e);
        enter(e, PHASE_REDIS);
        status = loop(e);
    }
    bool stopped = status == EXIT_SUCCESS;
    close_all(e);
    if (stopped)
        LOG(LEVEL_NOTE, "stopped");
    else
        fail(e->fault);
    config_close(&e->config);
    free(e);
    return status;
}

/* --- --check ------------------------------------------------------------------------------------------------------ */

/* Have a worker open the bundle; its one line of complaint goes to fault_out. */
static bool check_bundle(const struct config *c, char *fault_out)
{
    char program[CHILD_PATH_MAX], config[32];
    struct generation *g = generation_new(c, "off", &(struct generation_models){0}, fault_out);
    if (!g) return false;
    int out[2];
    bool ok = false;
    snprintf(fault_out, CONFIG_FAULT_MAX, "furui-worker: cannot be started");
    if (child_find("furui-worker", program) && pipe(out) == 0) {
        snprintf(config, sizeof config, "/dev/fd/%d", BACKEND_CONFIG_FD);
        char *argv[] = {"furui-worker", "--config", config, "--check", NULL};
        struct child_spec spec = {.path = program,
                                  .argv = argv,
                                  .death_signal = SIGKILL,
                                  .fd = {g->config_fd, g->bundle_fd},
                                  .fds = 2,
                                  .errors = out[1]};
        pid_t pid = child_start(&spec);
        close(out[1]);
        size_t n = 0;
        for (ssize_t k; n < CONFIG_FAULT_MAX - 1; n += (size_t)k)
            if ((k = read(out[0], fault_out + n, CONFIG_FAULT_MAX - 1 - n)) <= 0) break;
        close(out[0]);
        fault_out[n] = 0;
        fault_out[strcspn(fault_out, "\n")] = 0;
        static const char WHO[] = "furui-worker: ";
        if (strncmp(fault_out, WHO, sizeof WHO - 1) == 0)
            memmove(fault_out, fault_out + sizeof WHO - 1, n + 2 - sizeof WHO);
        generation_name_bundle(g, fault_out, CONFIG_FAULT_MAX);
        int status = 0;
        ok = pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
    }
    generation_drop(g);
    return ok;
}

static bool check_endpoints(const struct config *c, char *fault_out)
{
    long owner = state_owner(c->state_dir);
    if (owner) {
        printf("endpoints: not tried, furuid with pid %ld has this state directory\n", owner);
        return true;
    }
    struct bus *bus = bus_open(1);
    struct front f;
    bool ok = bus && front_open(&f, bus, c, NULL, &(struct front_ops){0}, fault_out) == ERR_OK;
    if (ok) front_close(&f, 0);
    bus_close(bus);
    return ok;
}

int engine_check(const struct engine_options *o)
{
    char fault[CONFIG_FAULT_MAX] = "";
    struct config c;
    if (engine_config(o, &c, fault) != ERR_OK) return fail(fault);
    bool ok = check_bundle(&c, fault) && check_endpoints(&c, fault);
    config_close(&c);
    if (!ok) return fail(fault);
    printf("config, bundle and endpoints: fine\n");
    return EXIT_SUCCESS;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* pool: the workers' life; see pool.h. */
#define _GNU_SOURCE
#include "engine/pool.h"

#include "proto/base/clock.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    LIFE_OK_MS = 10000,    /* a worker that lived so long was no failed start */
    START_MAX_S = 120,     /* from exec to ready: a large bundle on a cold disk is read and verified */
    SCOUTS_MAX = 8,        /* tries at boot: 13 s in all, with the pauses that are the default */
    STALL_MS = 500,        /* between two ticks: the engine itself stood still */
    READ_BYTES = 64 << 10, /* of one worker's answers at a time */
    SEND_BYTES = 1 << 20,  /* on their way to a worker, if the system allows */
    OUT_MAX = 2048,        /* records that wait for a worker: more than any credit, so it answers what it never read */
};

/* --- open and close ----------------------------------------------------------------------------------------------- */

enum err pool_open(struct pool *p, struct dispatch *d, char *fault_out)
{
    *p = (struct pool){.dispatch = d, .live_fd = -1};
    for (int i = 0; i < POOL_SLOTS_MAX; i++) p->slot[i].now = p->slot[i].next = -1;
    p->fd = epoll_create1(EPOLL_CLOEXEC);
    if (p->fd >= 0 && child_find("furui-worker", p->program)) return ERR_OK;
    if (p->fd < 0)
        snprintf(fault_out, CONFIG_FAULT_MAX, "no descriptor for the workers: %s", strerror(errno));
    else
        snprintf(fault_out, CONFIG_FAULT_MAX, "furui-worker: not found beside furuid nor by PATH");
    pool_close(p);
    return ERR_IO;
}

static void forget(struct pool *p, struct worker *w)
{
    generation_drop(w->generation);
    link_close(&w->link);
    outbox_close(&w->out);
    *w = (struct worker){0};
    while (p->seats && p->worker[p->seats - 1].state == WORKER_NONE) p->seats--;
}

static void stop_now(const struct worker *w)
{
    if (w->pid > 0) kill(w->pid, SIGKILL);
}

void pool_close(struct pool *p)
{
    p->stopping = true;
    for (int i = 0; i < p->seats; i++) stop_now(&p->worker[i]);
    for (int i = p->seats - 1; i >= 0; i--) {
        struct worker *w = &p->worker[i];
        if (w->state == WORKER_NONE) continue;
        while (w->pid && waitpid(w->pid, NULL, 0) < 0 && errno == EINTR) {
        }
        forget(p, w);
    }
    generation_drop(p->target);
    generation_drop(p->proven);
    if (p->fd >= 0) close(p->fd);
    p->fd = -1;
}

void pool_settle(struct pool *p, const struct pool_settings *s)
{
    p->settings = *s;
}

void pool_target(struct pool *p, struct generation *g, int workers)
{
    generation_drop(p->target);
    p->target = g;
    p->wanted_then = workers < POOL_SLOTS_MAX ? workers : POOL_SLOTS_MAX;
    if (g->proven || !p->proven) p->wanted = p->wanted_then;
    p->refused = false;
    p->scouts_lost = 0;
    p->scout_at_us = 0;
    for (int i = 0; i < POOL_SLOTS_MAX; i++) p->slot[i].start_at_us = 0;
}

/* --- to the workers ----------------------------------------------------------------------------------------------- */

static struct epoll_event watch_of(const struct pool *p, const struct worker *w)
{
    return (struct epoll_event){.events = EPOLLIN | (w->full ? EPOLLOUT : 0), .data.u32 = (uint32_t)(w - p->worker)};
}

/* Write what waits for it; watch for room while some is left. One that is gone is found when it is read. */
static void write_to(struct pool *p, struct worker *w)
{
    bool was = w->full;
    w->full = outbox_write(&w->out, w->link.fd) == ERR_BUSY;
    struct epoll_event watch = watch_of(p, w);
    if (w->full != was) epoll_ctl(p->fd, EPOLL_CTL_MOD, w->link.fd, &watch);
}

/* No worker of ours says such a thing: whatever made it do so, end it. */
static void expose(struct worker *w, const char *why)
{
    snprintf(w->fault, sizeof w->fault, "%s", why);
    stop_now(w);
}

void pool_send(struct pool *p)
{
    for (int i = 0; i < p->seats; i++) {
        struct worker *w = &p->worker[i];
        if (w->out.n && !w->full) write_to(p, w);
        if (w->out.n > OUT_MAX) expose(w, "answered what it had not read");
    }
}

void pool_give(void *ctx, int seat, uint64_t number, int64_t deadline_us, struct bus_frame *header,
               struct bus_frame *mail)
{
    struct pool *p = ctx;
    struct backend_word word = {.type = BACKEND_JOB, .job = number, .deadline_us = deadline_us};
    if (p->dispatch->seat[seat].reserved) word.flags = BACKEND_RETRY;
    outbox_put(&p->worker[seat].out, word, header, mail);
}

static void leave(struct pool *p, int seat, int64_t now_us)
{
    struct worker *w = &p->worker[seat];
    if (w->state == WORKER_STARTING) { /* it has nothing in hand */
        stop_now(w);
        w->killed = true;
    } else if (w->state == WORKER_READY) {
        dispatch_leave(p->dispatch, seat);
        outbox_put(&w->out, (struct backend_word){.type = BACKEND_QUIT}, NULL, NULL);
        write_to(p, w);
    }
    w->state = WORKER_LEAVING;
    w->leaving_us = now_us;
}

void pool_quit(struct pool *p, int64_t now_us)
{
    p->stopping = true;
    for (int i = 0; i < p->seats; i++)
        if (p->worker[i].state == WORKER_STARTING || p->worker[i].state == WORKER_READY) leave(p, i, now_us);
}

/* --- from the workers --------------------------------------------------------------------------------------------- */

static void copy_text(char *out, size_t cap, span s)
{
    size_t n = s.n < cap - 1 ? s.n : cap - 1;
    if (n) memcpy(out, s.p, n);
    out[n] = 0;
    for (size_t i = 0; i < n; i++)
        if ((uint8_t)out[i] < ' ') out[i] = ' ';
}

static void ready(struct pool *p, int seat, const struct link_record *r, int64_t now_us)
{
    struct worker *w = &p->worker[seat];
    struct slot_of_pool *s = &p->slot[w->index];
    if (w->state != WORKER_STARTING) return;
    copy_text(w->model, sizeof w->model, r->part[0]);
    copy_text(w->simd, sizeof w->simd, r->part[1]);
    w->state = WORKER_READY;
    w->ready_us = now_us;
    dispatch_up(p->dispatch, seat);
    LOG(LEVEL_NOTE, "worker_ready", L_STR("worker", w->name), L_STR("model", w->model), L_STR("simd", w->simd),
        L_INT("took_ms", (now_us - w->started_us) / 1000));
    if (!w->generation->proven) {
        w->generation->proven = true;
        blame_reset(&p->dispatch->blame);
    }
    if (p->proven != w->generation && w->generation == p->target) {
        generation_drop(p->proven);
        generation_hold(w->generation);
        p->proven = w->generation;
        p->wanted = p->wanted_then;
    }
    if (s->next == seat) {
        if (s->now >= 0) leave(p, s->now, now_us);
        s->now = seat;
        s->next = -1;
    }
}

static void count_shadow(struct pool *p, const struct worker *w, const struct backend_word *word)
{
    if (!p->shadow_number || w->generation->candidate_number != p->shadow_number) return; /* of one that has gone */
    if (word->outcome <= BACKEND_SPAM && word->shadow <= 1 + BACKEND_SPAM)
        p->shadow.count[word->outcome][word->shadow - 1]++;
}

static void answered(struct pool *p, int seat, const struct link_record *r, int64_t now_us)
{
    struct bus_frame answer;
    if (r->word.shadow) count_shadow(p, &p->worker[seat], &r->word);
    if (bus_frame_copy_in(&answer, r->part[0]) != ERR_OK) abort();
    dispatch_answered(p->dispatch, seat, &r->word, &answer, now_us);
    bus_frame_close(&answer);
}

static void heard(struct pool *p, int seat, const struct link_record *r, int64_t now_us)
{
    struct worker *w = &p->worker[seat];
    w->heard_us = now_us;
    switch ((enum backend_type)r->word.type) {
    case BACKEND_READY: ready(p, seat, r, now_us); break;
    case BACKEND_FAULT:
        copy_text(w->fault, sizeof w->fault, r->part[0]);
        generation_name_bundle(w->generation, w->fault, sizeof w->fault);
        break;
    case BACKEND_BEAT: w->degraded = (r->word.flags & BACKEND_DEGRADED) != 0; break; /* the worker logs it */
    case BACKEND_ANSWER: answered(p, seat, r, now_us); break;
    case BACKEND_REPORT:
        if (p->report) p->report(p->report_ctx, r->part[0], r->part[1]);
        break;
    case BACKEND_TOLD: break; /* the learner's to say */
    case BACKEND_JOB:
    case BACKEND_ASK:
    case BACKEND_QUIT: break; /* ours to say */
    }
}

/* Take what a worker sent, as far as one read brings it. False: nothing more came, or ever will. */
static bool read_from(struct pool *p, int seat)
{
    struct link *l = &p->worker[seat].link;
    struct link_record r;
    enum err got = link_read(l), e;
    int64_t now_us = clock_us();
    while ((e = link_next(l, &r)) == ERR_OK) heard(p, seat, &r, now_us);
    if (e == ERR_TOO_BIG || link_settle(l) != ERR_OK) {
        expose(&p->worker[seat], "said more than a worker has to say");
        got = ERR_CLOSED;
    }
    if (got != ERR_CLOSED) return got == ERR_OK;
    epoll_ctl(p->fd, EPOLL_CTL_DEL, l->fd, NULL);
    dispatch_leave(p->dispatch, seat);
    return false;
}

void pool_read(struct pool *p)
{
    struct epoll_event event[DISPATCH_SEATS];
    int n = epoll_wait(p->fd, event, DISPATCH_SEATS, 0);
    for (int i = 0; i < n; i++) {
        int seat = (int)event[i].data.u32;
        if (event[i].events & EPOLLOUT) write_to(p, &p->worker[seat]);
        if (event[i].events & ~(uint32_t)EPOLLOUT) read_from(p, seat);
    }
}

/* --- births ------------------------------------------------------------------------------------------------------- */

/* A new worker's link; its end goes to theirs_out. */
static bool open_link(struct link *l, int *theirs_out)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return false;
    setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &(int){SEND_BYTES}, sizeof(int));
    *theirs_out = ends[1];
    if (link_open(l, ends[0], READ_BYTES, BACKEND_SAID_MAX) == ERR_OK) return true;
    close(ends[0]);
    close(ends[1]);
    return false;
}

static pid_t run(const struct pool *p, int index, const struct generation *g, int link_fd)
{
    char config[32], number[16], candidate[] = BACKEND_CANDIDATE_PATH, share[16];
    bool shadow = g->candidate_fd >= 0, live = p->live_fd >= 0;
    snprintf(config, sizeof config, "/dev/fd/%d", BACKEND_CONFIG_FD);
    snprintf(number, sizeof number, "%d", index);
    snprintf(share, sizeof share, "%u", (unsigned)g->share_ppm);
    char *argv[11] = {"furui-worker", "--config", config, "--index", number};
    size_t n = 5;
    if (live) argv[n++] = "--live";
    if (shadow) memcpy(argv + n, (char *[]){"--candidate", candidate, "--share-ppm", share}, 4 * sizeof *argv);
    struct child_spec spec = {.path = p->program,
                              .argv = argv,
                              .death_signal = SIGKILL,
                              .fd = {g->config_fd, g->bundle_fd, link_fd, g->candidate_fd, p->live_fd},
                              .fds = live     ? 5
                                     : shadow ? 4
                                              : 3};
    return child_start(&spec);
}

static int start(struct pool *p, int index, struct generation *g, int64_t now_us)
{
    int seat = 0, theirs = -1;
    while (seat < DISPATCH_SEATS && p->worker[seat].state != WORKER_NONE) seat++;
    if (seat == DISPATCH_SEATS) return -1; /* those that leave must go first */
    struct link link = {0};
    pid_t pid = open_link(&link, &theirs) ? run(p, index, g, theirs) : -1;
    if (pid < 0) LOG(LEVEL_ERROR, "worker_not_started", L_INT("worker", index), L_STR("why", strerror(errno)));
    if (theirs >= 0) close(theirs);
    if (pid < 0) {
        link_close(&link);
        return -1;
    }
    struct worker *w = &p->worker[seat];
    *w = (struct worker){.state = WORKER_STARTING,
                         .index = index,
                         .pid = pid,
                         .generation = g,
                         .started_us = now_us,
                         .heard_us = now_us,
                         .link = link};
    snprintf(w->name, sizeof w->name, "w%d.%ld", index, (long)pid);
    if (seat >= p->seats) p->seats = seat + 1;
    generation_hold(g);
    struct epoll_event watch = watch_of(p, w);
    if (epoll_ctl(p->fd, EPOLL_CTL_ADD, w->link.fd, &watch) != 0) abort(); /* no memory for a few bytes */
    LOG(LEVEL_DEBUG, "worker_started", L_STR("worker", w->name));
    return seat;
}

static int starting(const struct pool *p)
{
    int n = 0;
    for (int i = 0; i < p->seats; i++) n += p->worker[i].state == WORKER_STARTING;
    return n;
}

/* What a worker that starts in this slot now would be made from; NULL: none may start. */
static struct generation *may_start(const struct pool *p, const struct slot_of_pool *s, int64_t now_us)
{
    if (s->next >= 0 || now_us < s->start_at_us || !p->target) return NULL;
    bool empty = s->now < 0, old = !empty && p->worker[s->now].generation != p->target;
    if (!empty && !old) return NULL;
    if (p->target->proven) {
        /* A roll-out goes in steps, so that it never needs the memory and the CPU of two whole pools. */
        return empty || starting(p) < 1 + p->wanted / 4 ? p->target : NULL;
    }
    bool tried = p->target->users > 1; /* by a scout: somebody else than the pool uses it */
    if (!tried && now_us >= p->scout_at_us) return p->target;
    return empty ? p->proven : NULL;
}

static void fill_slots(struct pool *p, int64_t now_us)
{
    for (int i = 0; i < p->wanted; i++) {
        struct slot_of_pool *s = &p->slot[i];
        struct generation *g = may_start(p, s, now_us);
        if (!g) continue;
        s->next = start(p, i, g, now_us);
        if (s->next < 0) s->start_at_us = now_us + (int64_t)p->settings.restart_max_ms * 1000;
    }
    for (int i = p->wanted; i < POOL_SLOTS_MAX; i++) {
        struct slot_of_pool *s = &p->slot[i];
        if (s->next >= 0) leave(p, s->next, now_us);
        if (s->now >= 0) leave(p, s->now, now_us);
        s->now = s->next = -1;
    }
    for (int i = 0; i < p->wanted; i++) { /* a newer target came while these started */
        struct slot_of_pool *s = &p->slot[i];
        if (s->next < 0) continue;
        struct generation *g = p->worker[s->next].generation;
        if (g == p->target || (g == p->proven && s->now < 0)) continue;
        leave(p, s->next, now_us);
        s->next = -1;
    }
}

/* --- deaths ------------------------------------------------------------------------------------------------------- */

/* The scout of a generation failed: that generation is refused. */
static void refuse_target(struct pool *p, const struct worker *w, const char *why)
{
    if (w->fault[0])
        snprintf(p->fault, sizeof p->fault, "%s", w->fault);
    else
        snprintf(p->fault, sizeof p->fault, "furui-worker: ended before it was ready%s: %s",
                 p->scouts_lost ? ", each time that it was tried" : "", why);
    p->refused = true;
    if (!p->proven) return; /* boot: the engine ends */
    generation_drop(p->target);
    generation_hold(p->proven);
    p->target = p->proven;
}

/* The pause before the next start, when the last was this one. */
static int longer(const struct pool_settings *t, int delay_ms)
{
    if (delay_ms == 0) return t->restart_min_ms;
    return delay_ms > t->restart_max_ms / 2 ? t->restart_max_ms : 2 * delay_ms;
}

/* The scout of the first generation is gone and has not said why: is it to be tried again? */
static bool try_again(struct pool *p, const struct worker *w, const char *why, int64_t now_us)
{
    if (p->proven || w->fault[0] || ++p->scouts_lost == SCOUTS_MAX) return false;
    int delay_ms = 0;
    for (int i = 0; i < p->scouts_lost; i++) delay_ms = longer(&p->settings, delay_ms);
    p->scout_at_us = now_us + (int64_t)delay_ms * 1000;
    LOG(LEVEL_ERROR, "worker_lost_at_start", L_STR("worker", w->name), L_STR("why", why),
        L_INT("tries_left", SCOUTS_MAX - p->scouts_lost), L_INT("again_in_ms", delay_ms));
    return true;
}

static void back_off(struct pool *p, struct slot_of_pool *s, const struct worker *w, bool had_mail, int64_t now_us)
{
    const struct pool_settings *t = &p->settings;
    bool lived = w->ready_us && now_us - w->ready_us > LIFE_OK_MS * 1000;
    s->delay_ms = longer(t, lived || had_mail ? 0 : s->delay_ms);
    s->start_at_us = now_us + (int64_t)s->delay_ms * 1000;
    s->restarts++;
}

static void died(struct pool *p, int seat, int status, int64_t now_us)
{
    struct worker *w = &p->worker[seat];
    struct slot_of_pool *s = &p->slot[w->index];
    char why[CHILD_WHY_MAX];
    child_why(status, why);
    size_t had = dispatch_down(p->dispatch, seat, now_us);
    bool scout = w->state == WORKER_STARTING && !w->generation->proven && w->generation == p->target;
    bool clean = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    bool quiet = w->state == WORKER_LEAVING && (clean || !w->ready_us) && !had;
    if (quiet)
        LOG(LEVEL_NOTE, "worker_left", L_STR("worker", w->name));
    else if (!scout)
        LOG(LEVEL_ERROR, "worker_died", L_STR("worker", w->name), L_STR("why", why), L_INT("in_hand", had),
            L_STR("fault", w->fault[0] ? w->fault
                           : w->killed ? "was silent too long"
                                       : "-"));
    if (scout && !try_again(p, w, why, now_us)) refuse_target(p, w, why);
    if (w->state == WORKER_READY && p->shadow_number && w->generation->candidate_number == p->shadow_number)
        p->shadow.deaths++;
    if (s->now == seat || s->next == seat) {
        if (!scout || p->target->proven) back_off(p, s, w, had > 0, now_us);
        if (s->now == seat) s->now = -1;
        if (s->next == seat) s->next = -1;
    }
    forget(p, w);
}

void pool_reap(struct pool *p)
{
    int64_t now_us = clock_us();
    for (int i = p->seats - 1; i >= 0; i--) {
        struct worker *w = &p->worker[i];
        int status;
        if (w->pid <= 0 || waitpid(w->pid, &status, WNOHANG) != w->pid) continue;
        while (read_from(p, i)) { /* what is answered must not be asked again, and why it ended is to be known */
        }
        died(p, i, status, now_us);
    }
}

/* The silent, the slow to start and the slow to go. */
static void kill_overdue(struct pool *p, int64_t now_us)
{
    int64_t lost_us = p->ticked_us && now_us - p->ticked_us > STALL_MS * 1000 ? now_us - p->ticked_us : 0;
    p->ticked_us = now_us;
    for (int i = 0; i < p->seats; i++) {
        struct worker *w = &p->worker[i];
        if (w->state == WORKER_NONE || w->killed) continue;
        w->heard_us += lost_us;
        w->leaving_us += lost_us;
        bool silent = w->state != WORKER_STARTING && now_us - w->heard_us > (int64_t)p->settings.hang_ms * 1000;
        bool slow = w->state == WORKER_STARTING && now_us - w->started_us > START_MAX_S * 1000000LL;
        bool stays = w->state == WORKER_LEAVING && now_us - w->leaving_us > (int64_t)p->settings.drain_ms * 1000;
        if (!silent && !slow && !stays) continue;
        LOG(LEVEL_ERROR, "worker_killed", L_STR("worker", w->name),
            L_STR("why", silent ? "silent for hang_ms"
                         : slow ? "did not become ready"
                                : "did not leave in drain_ms"),
            L_INT("in_hand", p->dispatch->seat[i].given.n));
        w->killed = true;
        if (slow) snprintf(w->fault, sizeof w->fault, "furui-worker: did not become ready in %d s", START_MAX_S);
        stop_now(w);
    }
}

void pool_tick(struct pool *p, int64_t now_us)
{
    kill_overdue(p, now_us);
    if (!p->stopping) fill_slots(p, now_us);
}

/* --- counts ------------------------------------------------------------------------------------------------------- */

int pool_alive(const struct pool *p)
{
    int n = 0;
    for (int i = 0; i < p->seats; i++) n += p->worker[i].state != WORKER_NONE;
    return n;
}

bool pool_complete(const struct pool *p)
{
    for (int i = 0; i < p->wanted; i++)
        if (p->slot[i].now < 0 || p->worker[p->slot[i].now].generation != p->target) return false;
    return p->wanted > 0;
}

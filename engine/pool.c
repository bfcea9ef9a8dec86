/* SPDX-License-Identifier: Apache-2.0 */
/* pool: the workers' life; see pool.h. */
#define _GNU_SOURCE
#include "engine/pool.h"

#include "proto/base/clock.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    LIFE_OK_MS = 10000,    /* a worker that lived so long was no failed start */
    START_MAX_MS = 120000, /* from exec to ready: a large bundle on a cold disk is read and verified */
    STALL_MS = 500,        /* between two ticks: the engine itself stood still */
    LAST_WORDS_MS = 500,   /* what an ended worker said may still be in the kernel, or in libzmq's thread */
};

/* --- open and close ----------------------------------------------------------------------------------------------- */

enum err pool_open(struct pool *p, struct bus *bus, struct dispatch *d, const char *endpoint, char *fault_out)
{
    *p = (struct pool){.dispatch = d};
    for (int i = 0; i < POOL_SLOTS_MAX; i++) p->slot[i].now = p->slot[i].next = -1;
    snprintf(p->endpoint, sizeof p->endpoint, "%s", endpoint);
    if (!child_find("furui-worker", p->program)) {
        snprintf(fault_out, CONFIG_FAULT_MAX, "furui-worker: not found beside furuid nor by PATH");
        return ERR_IO;
    }
    p->sock = bus_socket(bus, BUS_ROUTER, &(struct bus_options){.mandatory = true});
    mode_t mask = umask(077);
    enum err e = p->sock ? bus_bind(p->sock, endpoint) : ERR_IO;
    umask(mask);
    if (e == ERR_OK) return ERR_OK;
    snprintf(fault_out, CONFIG_FAULT_MAX, "workers' socket %.300s: %s", endpoint,
             e == ERR_BUSY ? "already in use" : strerror(errno));
    bus_sock_close(p->sock, 0);
    p->sock = NULL;
    return e;
}

static void forget(struct pool *p, struct worker *w)
{
    generation_drop(w->generation);
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
    bus_msg_close(&p->msg);
    if (p->sock) unlink(p->endpoint + strlen("ipc://"));
    bus_sock_close(p->sock, 0);
    p->sock = NULL;
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
    for (int i = 0; i < POOL_SLOTS_MAX; i++) p->slot[i].start_at_us = 0;
}

/* --- to the workers ----------------------------------------------------------------------------------------------- */

static enum err say(struct pool *p, const struct worker *w, const struct backend_word *word, struct bus_frame *more,
                    size_t n)
{
    struct bus_frame out[4];
    assert(n <= 2);
    bus_frame_copy_in(&out[0], span_cstr(w->identity));
    bus_frame_copy_in(&out[1], backend_word_span(word));
    for (size_t i = 0; i < n; i++) bus_frame_share(&out[2 + i], &more[i]);
    enum err e = bus_send(p->sock, out, 2 + n);
    for (size_t i = 0; e != ERR_OK && i < 2 + n; i++) bus_frame_close(&out[i]);
    return e;
}

bool pool_give(void *ctx, int seat, uint64_t number, int64_t deadline_us, struct bus_frame *header,
               struct bus_frame *mail)
{
    struct pool *p = ctx;
    struct backend_word word = {.type = BACKEND_JOB, .job = number, .deadline_us = deadline_us};
    if (p->dispatch->seat[seat].reserved) word.flags = BACKEND_RETRY;
    struct bus_frame more[2];
    bus_frame_share(&more[0], header);
    bus_frame_share(&more[1], mail);
    enum err e = say(p, &p->worker[seat], &word, more, 2);
    bus_frame_close(&more[0]);
    bus_frame_close(&more[1]);
    return e == ERR_OK;
}

static void leave(struct pool *p, int seat, int64_t now_us)
{
    struct worker *w = &p->worker[seat];
    if (w->state == WORKER_STARTING) { /* it has nothing in hand */
        stop_now(w);
        w->killed = true;
    } else if (w->state == WORKER_READY) {
        dispatch_leave(p->dispatch, seat);
        say(p, w, &(struct backend_word){.type = BACKEND_QUIT}, NULL, 0);
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

static int seat_of(const struct pool *p, span identity)
{
    for (int i = 0; i < p->seats; i++)
        if (p->worker[i].state != WORKER_NONE && span_eq(span_cstr(p->worker[i].identity), identity)) return i;
    return -1;
}

static void copy_text(char *out, size_t cap, span s)
{
    size_t n = s.n < cap - 1 ? s.n : cap - 1;
    if (n) memcpy(out, s.p, n);
    out[n] = 0;
    for (size_t i = 0; i < n; i++)
        if ((uint8_t)out[i] < ' ') out[i] = ' ';
}

static void ready(struct pool *p, int seat, int64_t now_us)
{
    struct worker *w = &p->worker[seat];
    struct slot_of_pool *s = &p->slot[w->index];
    if (w->state != WORKER_STARTING || p->msg.n != 4) return;
    copy_text(w->model, sizeof w->model, bus_frame_span(&p->msg.frame[2]));
    copy_text(w->simd, sizeof w->simd, bus_frame_span(&p->msg.frame[3]));
    w->state = WORKER_READY;
    w->ready_us = now_us;
    dispatch_up(p->dispatch, seat);
    LOG(LEVEL_NOTE, "worker_ready", L_STR("worker", w->identity), L_STR("model", w->model), L_STR("simd", w->simd),
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

static void heard(struct pool *p, int64_t now_us)
{
    struct backend_word word;
    int seat = p->msg.n >= 2 ? seat_of(p, bus_frame_span(&p->msg.frame[0])) : -1;
    if (seat < 0 || !backend_word_read(bus_frame_span(&p->msg.frame[1]), &word)) return;
    struct worker *w = &p->worker[seat];
    w->heard_us = now_us;
    switch ((enum backend_type)word.type) {
    case BACKEND_READY: ready(p, seat, now_us); break;
    case BACKEND_FAULT:
        if (p->msg.n != 3) return;
        copy_text(w->fault, sizeof w->fault, bus_frame_span(&p->msg.frame[2]));
        generation_name_bundle(w->generation, w->fault, sizeof w->fault);
        break;
    case BACKEND_BEAT: w->degraded = (word.flags & BACKEND_DEGRADED) != 0; break; /* the worker logs it */
    case BACKEND_ANSWER:
        if (word.shadow) count_shadow(p, w, &word);
        if (p->msg.n == 3) dispatch_answered(p->dispatch, seat, &word, &p->msg.frame[2], now_us);
        break;
    case BACKEND_BYE: w->bye = true; break;
    case BACKEND_JOB:
    case BACKEND_QUIT: break; /* ours to say */
    }
}

size_t pool_read(struct pool *p, size_t most)
{
    size_t n = 0;
    for (; n < most && bus_recv(p->sock, &p->msg); n++) heard(p, clock_us());
    bus_msg_close(&p->msg);
    return n;
}

/* --- births ------------------------------------------------------------------------------------------------------- */

static int start(struct pool *p, int index, struct generation *g, int64_t now_us)
{
    int seat = 0;
    while (seat < DISPATCH_SEATS && p->worker[seat].state != WORKER_NONE) seat++;
    if (seat == DISPATCH_SEATS) return -1; /* those that leave must go first */
    char config[32], number[16], candidate[] = BACKEND_CANDIDATE_PATH, share[16];
    bool shadow = g->candidate_fd >= 0;
    snprintf(config, sizeof config, "/dev/fd/%d", BACKEND_CONFIG_FD);
    snprintf(number, sizeof number, "%d", index);
    snprintf(share, sizeof share, "%u", (unsigned)g->share_ppm);
    char *argv[] = {"furui-worker", "--config",    config,    "--index",     number, "--connect",
                    p->endpoint,    "--candidate", candidate, "--share-ppm", share,  NULL};
    if (!shadow) argv[7] = NULL;
    struct child_spec spec = {.path = p->program,
                              .argv = argv,
                              .death_signal = SIGKILL,
                              .fd = {g->config_fd, g->bundle_fd, g->candidate_fd},
                              .fds = shadow ? 3 : 2};
    pid_t pid = child_start(&spec);
    if (pid < 0) {
        LOG(LEVEL_ERROR, "worker_not_started", L_INT("worker", index), L_STR("why", strerror(errno)));
        return -1;
    }
    struct worker *w = &p->worker[seat];
    *w = (struct worker){.state = WORKER_STARTING,
                         .index = index,
                         .pid = pid,
                         .generation = g,
                         .started_us = now_us,
                         .heard_us = now_us};
    if (seat >= p->seats) p->seats = seat + 1;
    generation_hold(g);
    backend_identity(w->identity, index, (long)pid);
    LOG(LEVEL_DEBUG, "worker_started", L_STR("worker", w->identity));
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
    if (p->target->users == 1) return p->target; /* the scout: nobody but the pool uses it yet */
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
        snprintf(p->fault, sizeof p->fault, "furui-worker: ended before it was ready: %s", why);
    p->refused = true;
    if (!p->proven) return; /* boot: the engine ends */
    generation_drop(p->target);
    generation_hold(p->proven);
    p->target = p->proven;
}

static void back_off(struct pool *p, struct slot_of_pool *s, const struct worker *w, bool had_mail, int64_t now_us)
{
    const struct pool_settings *t = &p->settings;
    bool lived = w->ready_us && now_us - w->ready_us > LIFE_OK_MS * 1000;
    s->delay_ms = lived || had_mail || !s->delay_ms ? t->restart_min_ms : 2 * s->delay_ms;
    if (s->delay_ms > t->restart_max_ms) s->delay_ms = t->restart_max_ms;
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
        LOG(LEVEL_NOTE, "worker_left", L_STR("worker", w->identity));
    else if (!scout)
        LOG(LEVEL_ERROR, "worker_died", L_STR("worker", w->identity), L_STR("why", why), L_INT("in_hand", had),
            L_STR("fault", w->fault[0] ? w->fault
                           : w->killed ? "was silent too long"
                                       : "-"));
    if (scout) refuse_target(p, w, why);
    if (w->state == WORKER_READY && p->shadow_number && w->generation->candidate_number == p->shadow_number)
        p->shadow.deaths++;
    if (s->now == seat || s->next == seat) {
        if (!scout || p->target->proven) back_off(p, s, w, had > 0, now_us);
        if (s->now == seat) s->now = -1;
        if (s->next == seat) s->next = -1;
    }
    forget(p, w);
}

/* Has an ended worker more to say: why it could not start, or that it went with nothing in hand? */
static bool has_last_words(const struct worker *w, int64_t now_us)
{
    if (now_us - w->gone_us > LAST_WORDS_MS * 1000 || !WIFEXITED(w->status)) return false;
    if (w->state == WORKER_LEAVING) return w->ready_us && !w->bye && WEXITSTATUS(w->status) == 0;
    return w->state == WORKER_STARTING && !w->fault[0] && WEXITSTATUS(w->status) == 1;
}

static void bury(struct pool *p, int64_t now_us)
{
    for (int i = p->seats - 1; i >= 0; i--)
        if (p->worker[i].gone && !has_last_words(&p->worker[i], now_us)) died(p, i, p->worker[i].status, now_us);
}

void pool_reap(struct pool *p)
{
    int64_t now_us = clock_us();
    for (int i = 0; i < p->seats; i++) {
        struct worker *w = &p->worker[i];
        if (w->pid <= 0 || waitpid(w->pid, &w->status, WNOHANG) != w->pid) continue;
        w->gone = true;
        w->gone_us = now_us;
        w->pid = 0;
        dispatch_leave(p->dispatch, i);
    }
    pool_read(p, SIZE_MAX); /* what is answered must not be asked again */
    bury(p, now_us);
}

/* The silent, the slow to start and the slow to go. */
static void kill_overdue(struct pool *p, int64_t now_us)
{
    int64_t lost_us = p->ticked_us && now_us - p->ticked_us > STALL_MS * 1000 ? now_us - p->ticked_us : 0;
    p->ticked_us = now_us;
    for (int i = 0; i < p->seats; i++) {
        struct worker *w = &p->worker[i];
        if (w->state == WORKER_NONE || w->killed || w->gone) continue;
        w->heard_us += lost_us;
        w->leaving_us += lost_us;
        bool silent = w->state != WORKER_STARTING && now_us - w->heard_us > (int64_t)p->settings.hang_ms * 1000;
        bool slow = w->state == WORKER_STARTING && now_us - w->started_us > (int64_t)START_MAX_MS * 1000;
        bool stays = w->state == WORKER_LEAVING && now_us - w->leaving_us > (int64_t)p->settings.drain_ms * 1000;
        if (!silent && !slow && !stays) continue;
        LOG(LEVEL_ERROR, "worker_killed", L_STR("worker", w->identity),
            L_STR("why", silent ? "silent for hang_ms"
                         : slow ? "did not become ready"
                                : "did not leave in drain_ms"),
            L_INT("in_hand", p->dispatch->seat[i].given.n));
        w->killed = true;
        stop_now(w);
    }
}

void pool_tick(struct pool *p, int64_t now_us)
{
    kill_overdue(p, now_us);
    bury(p, now_us);
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

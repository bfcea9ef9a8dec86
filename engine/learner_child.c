/* SPDX-License-Identifier: Apache-2.0 */
/* learner_child: see learner_child.h. A report's number is its slot below, the slot's round above. */
#define _GNU_SOURCE
#include "engine/learner_child.h"

#include "proto/base/clock.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    LIFE_OK_MS = 10000,
    STALL_MS = 500,  /* between two ticks: the engine itself stood still */
    LEAVE_MS = 5000, /* to write what it knows, when told to go */
    READ_BYTES = 64 << 10,
    SLOT_BITS = 16,
    HANGS = 15, /* of a worker's patience: it waits for disks, and nobody for it */
};
_Static_assert(LEARNER_PENDING_MAX <= 1 << SLOT_BITS, "a slot fits into a number");

enum err learner_child_open(struct learner_child *l, const struct learner_ops *ops, int watch_fd, int live_fd,
                            char *fault_out)
{
    *l = (struct learner_child){
        .ops = *ops, .watch_fd = watch_fd, .live_fd = live_fd, .link = {.fd = -1}, .away_us = clock_us()};
    if (child_find("furui-learner", l->program)) return ERR_OK;
    snprintf(fault_out, CONFIG_FAULT_MAX, "furui-learner: not found beside furuid nor by PATH");
    return ERR_IO;
}

void learner_child_settle(struct learner_child *l, const struct config *c)
{
    l->restart_min_ms = c->restart_min_ms;
    l->restart_max_ms = c->restart_max_ms;
    l->hang_ms = HANGS * c->hang_ms;
}

/* --- reports ------------------------------------------------------------------------------------------------------ */

static void answer(struct learner_child *l, size_t slot)
{
    struct request *r = l->pending[slot];
    l->pending[slot] = NULL;
    l->is_held[slot] = false;
    l->waiting--;
    l->ops.answer(l->ops.ctx, r);
    request_free(r);
}

static void refuse(struct learner_child *l, size_t slot, enum wire_refusal why, const char *detail)
{
    job_refuse(&l->pending[slot]->job[0], why, detail);
    answer(l, slot);
}

/* Those that are held for the next learner, or all others. */
static void refuse_all(struct learner_child *l, bool held, const char *detail)
{
    for (size_t i = 0; i < LEARNER_PENDING_MAX && l->waiting; i++)
        if (l->pending[i] && l->is_held[i] == held) refuse(l, i, WIRE_BUSY, detail);
}

/* Not there for long yet, and not in anybody's way: what comes now may wait for it. */
static bool may_hold(const struct learner_child *l, int64_t now_us)
{
    return !l->stopping && l->out.n < LEARNER_HELD_MAX && l->held.n < LEARNER_HELD_MAX &&
           now_us - l->away_us < LEARNER_HOLD_MS * 1000;
}

/* Is what comes now for the next learner? */
static bool is_for_next(const struct learner_child *l)
{
    return !l->pid || l->leaving;
}

static void release_held(struct learner_child *l)
{
    outbox_close(&l->out);
    l->out = l->held;
    l->held = (struct outbox){0};
    memset(l->is_held, 0, sizeof l->is_held);
}

static void write_out(struct learner_child *l)
{
    if (l->link.fd >= 0) outbox_write(&l->out, l->link.fd);
}

/* What of a request must be known to answer it later; the rest is dispatch's. */
static struct request *take_over(struct request *r)
{
    struct request *mine = request_new(1);
    bus_frame_move(&mine->identity, &r->identity);
    bus_frame_move(&mine->header, &r->header);
    mine->delimiter = r->delimiter;
    mine->id = r->id;
    mine->received_us = r->received_us;
    mine->deadline_us = r->deadline_us;
    return mine;
}

void learner_child_give(struct learner_child *l, struct request *r)
{
    struct request *mine = take_over(r);
    size_t slot = l->next;
    for (size_t i = 0; i < LEARNER_PENDING_MAX && l->pending[slot]; i++) slot = (slot + 1) % LEARNER_PENDING_MAX;
    if (!(l->ready || may_hold(l, clock_us())) || l->pending[slot]) {
        job_refuse(&mine->job[0], WIRE_BUSY,
                   l->ready ? "too many reports wait" : "the learner is not there; ask again in a moment");
        l->ops.answer(l->ops.ctx, mine);
        request_free(mine);
        return;
    }
    l->next = (slot + 1) % LEARNER_PENDING_MAX;
    l->pending[slot] = mine;
    l->waiting++;
    uint64_t number = (uint64_t)++l->round[slot] << SLOT_BITS | slot;
    struct backend_word word = {.type = BACKEND_JOB, .job = number, .deadline_us = mine->deadline_us};
    l->is_held[slot] = is_for_next(l);
    outbox_put(l->is_held[slot] ? &l->held : &l->out, word, &mine->header, &r->job[0].answer);
    write_out(l);
}

void learner_child_tell(struct learner_child *l, span header, span record)
{
    struct bus_frame part[2];
    if (!l->ready && !may_hold(l, clock_us())) {
        l->unheard++;
        return;
    }
    if (bus_frame_copy_in(&part[0], header) != ERR_OK || bus_frame_copy_in(&part[1], record) != ERR_OK) abort();
    struct backend_word word = {.type = BACKEND_JOB}; /* number 0 is nobody's */
    outbox_put(is_for_next(l) ? &l->held : &l->out, word, &part[0], &part[1]);
    bus_frame_close(&part[0]);
    bus_frame_close(&part[1]);
    write_out(l);
}

/* --- operators ---------------------------------------------------------------------------------------------------- */

static void told(struct learner_child *l, uint64_t ticket, span text, const char *why)
{
    for (size_t i = 0; i < LEARNER_ASKS_MAX; i++) {
        if (!ticket || l->asks[i].ticket != ticket) continue;
        l->asks[i].ticket = 0;
        l->ops.told(l->ops.ctx, ticket, text, text.n > BACKEND_TOLD_MAX ? "the learner says too much" : why);
    }
}

void learner_child_ask(struct learner_child *l, uint64_t ticket, uint64_t uid, span text, int64_t now_us)
{
    struct bus_frame part[2];
    char who[32];
    size_t i = 0;
    while (i < LEARNER_ASKS_MAX && l->asks[i].ticket) i++;
    if (!l->ready || i == LEARNER_ASKS_MAX) {
        l->ops.told(l->ops.ctx, ticket, SPAN_NONE,
                    l->ready ? "too many wait for the learner's word"
                             : "the learner is not there; ask again in a moment, and see the log if it stays away");
        return;
    }
    l->asks[i].ticket = ticket;
    l->asks[i].until_us = now_us + LEARNER_ASK_S * 1000000LL;
    snprintf(who, sizeof who, "uid=%" PRIu64 "\n", uid);
    if (bus_frame_copy_in(&part[0], span_cstr(who)) != ERR_OK || bus_frame_copy_in(&part[1], text) != ERR_OK) abort();
    outbox_put(&l->out, (struct backend_word){.type = BACKEND_ASK, .job = ticket}, &part[0], &part[1]);
    bus_frame_close(&part[0]);
    bus_frame_close(&part[1]);
    write_out(l);
}

static void tell_asks(struct learner_child *l, int64_t now_us, const char *why)
{
    for (size_t i = 0; i < LEARNER_ASKS_MAX; i++)
        if (l->asks[i].ticket && l->asks[i].until_us <= now_us) told(l, l->asks[i].ticket, SPAN_NONE, why);
}

/* --- what it says ------------------------------------------------------------------------------------------------- */

static void answered(struct learner_child *l, const struct link_record *r)
{
    size_t slot = (size_t)(r->word.job & ((1 << SLOT_BITS) - 1));
    if (slot >= LEARNER_PENDING_MAX || !l->pending[slot] || l->round[slot] != (uint32_t)(r->word.job >> SLOT_BITS))
        return;
    if (bus_frame_copy_in(&l->pending[slot]->job[0].answer, r->part[0]) != ERR_OK) abort();
    answer(l, slot);
}

static void copy_text(char *out, size_t cap, span s)
{
    size_t n = s.n < cap ? s.n : cap - 1;
    if (n) memcpy(out, s.p, n);
    out[n] = 0;
}

void learner_child_read(struct learner_child *l, int64_t now_us)
{
    struct link_record r;
    if (l->link.fd < 0) return;
    enum err got = link_read(&l->link), e;
    while ((e = link_next(&l->link, &r)) == ERR_OK) {
        l->heard_us = now_us;
        if (r.word.type == BACKEND_READY) {
            l->ready = !l->leaving;
            LOG(LEVEL_DEBUG, "learner_ready", L_INT("learner_pid", l->pid));
            if (l->unheard > l->unheard_said)
                LOG(LEVEL_WARN, "traps_unheard", L_INT("count", l->unheard - l->unheard_said),
                    L_STR("why", "the learner was away; samples are among them"));
            l->unheard_said = l->unheard;
        }
        if (r.word.type == BACKEND_FAULT) copy_text(l->fault, sizeof l->fault, r.part[0]);
        if (r.word.type == BACKEND_BEAT && r.part[0].n == sizeof l->about)
            memcpy(&l->about, r.part[0].p, sizeof l->about);
        if (r.word.type == BACKEND_ANSWER) answered(l, &r);
        if (r.word.type == BACKEND_TOLD) told(l, r.word.job, r.part[0], NULL);
    }
    if (e == ERR_TOO_BIG || link_settle(&l->link) != ERR_OK) {
        if (l->pid > 0) kill(l->pid, SIGKILL);
        got = ERR_CLOSED;
    }
    if (got == ERR_CLOSED) link_close(&l->link);
    write_out(l);
}

/* --- life --------------------------------------------------------------------------------------------------------- */

static void forget(struct learner_child *l)
{
    link_close(&l->link);
    outbox_close(&l->out);
    l->out = (struct outbox){0};
    generation_drop(l->generation);
    l->generation = NULL;
    l->pid = 0;
    l->ready = l->leaving = l->killed = false;
}

static void start(struct learner_child *l, struct generation *g, int64_t now_us)
{
    int ends[2];
    char config[32];
    l->start_at_us = now_us + (int64_t)l->restart_max_ms * 1000; /* should it fail */
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return;
    snprintf(config, sizeof config, "/dev/fd/%d", BACKEND_CONFIG_FD);
    char *argv[] = {"furui-learner", "--config", config, l->live_fd < 0 ? NULL : "--live", NULL};
    struct child_spec spec = {.path = l->program,
                              .argv = argv,
                              .death_signal = SIGTERM,
                              .fd = {g->config_fd, ends[1], l->live_fd},
                              .fds = l->live_fd < 0 ? 2 : 3};
    if (link_open(&l->link, ends[0], READ_BYTES, BACKEND_SAID_MAX) != ERR_OK ||
        epoll_ctl(l->watch_fd, EPOLL_CTL_ADD, ends[0], &(struct epoll_event){.events = EPOLLIN}) != 0)
        abort();
    l->pid = child_start(&spec);
    close(ends[1]);
    l->starts++;
    l->started_us = l->heard_us = now_us;
    if (l->pid > 0) {
        release_held(l);
        generation_hold(g);
        l->generation = g;
        return;
    }
    LOG(LEVEL_ERROR, "learner_not_started", L_STR("why", strerror(errno)));
    forget(l);
}

static void leave(struct learner_child *l, int64_t now_us)
{
    outbox_put(&l->out, (struct backend_word){.type = BACKEND_QUIT}, NULL, NULL);
    write_out(l);
    l->leaving = true;
    l->ready = false;
    l->away_us = now_us;
    l->leaving_us = now_us;
}

void learner_child_reap(struct learner_child *l, int64_t now_us)
{
    int status;
    if (l->pid <= 0 || waitpid(l->pid, &status, WNOHANG) != l->pid) return;
    learner_child_read(l, now_us); /* what it kept is acknowledged, and why it ended is to be known */
    char why[CHILD_WHY_MAX];
    child_why(status, why);
    bool clean = l->leaving && WIFEXITED(status) && WEXITSTATUS(status) == 0;
    bool lived = now_us - l->started_us > LIFE_OK_MS * 1000;
    l->delay_ms = lived || clean || !l->delay_ms ? l->restart_min_ms : 2 * l->delay_ms;
    if (l->delay_ms > l->restart_max_ms) l->delay_ms = l->restart_max_ms;
    l->start_at_us = clean ? now_us : now_us + (int64_t)l->delay_ms * 1000;
    if (!clean)
        LOG(LEVEL_ERROR, "learner_died", L_INT("learner_pid", l->pid), L_STR("why", why),
            L_STR("fault", l->fault[0] ? l->fault
                           : l->killed ? "was silent too long"
                                       : "-"),
            L_INT("again_in_ms", l->delay_ms));
    l->fault[0] = 0;
    if (l->ready) l->away_us = now_us;
    forget(l);
    refuse_all(l, false, "the learner ended; ask again in a moment");
    tell_asks(l, INT64_MAX,
              "the learner ended before it answered; 'furui learner show' tells whether it kept an order");
}

/* Another bundle is no matter of the learner's. */
static bool same_settings(const struct generation *a, const struct generation *b)
{
    return a == b || (a->text_bytes == b->text_bytes && memcmp(a->text, b->text, a->text_bytes) == 0);
}

static void expire(struct learner_child *l, int64_t now_us)
{
    for (size_t i = 0, left = l->waiting; i < LEARNER_PENDING_MAX && left; i++) {
        if (!l->pending[i]) continue;
        left--;
        if (l->pending[i]->deadline_us <= now_us)
            refuse(l, i, WIRE_LATE, "the deadline passed while the learner had it");
    }
}

void learner_child_tick(struct learner_child *l, struct generation *g, int64_t now_us)
{
    int64_t lost_us = l->ticked_us && now_us - l->ticked_us > STALL_MS * 1000 ? now_us - l->ticked_us : 0;
    l->ticked_us = now_us;
    l->heard_us += lost_us;
    if (!l->pid && g && !l->stopping && now_us >= l->start_at_us) start(l, g, now_us);
    if (l->pid && !l->leaving && g && !same_settings(l->generation, g))
        leave(l, now_us); /* comes again with the new settings */
    bool silent = l->ready && now_us - l->heard_us > (int64_t)l->hang_ms * 1000;
    bool stays = l->leaving && now_us - l->leaving_us > LEAVE_MS * 1000;
    if (l->pid && !l->killed && (silent || stays)) {
        kill(l->pid, SIGKILL);
        l->killed = true;
    }
    if (l->waiting) expire(l, now_us);
    if (l->held.n && now_us - l->away_us > LEARNER_HOLD_MS * 1000) {
        refuse_all(l, true, "the learner is not there; ask again in a moment");
        outbox_close(&l->held);
    }
    tell_asks(l, now_us,
              "the learner does not answer; once it does, 'furui learner show' tells whether it kept an order");
    write_out(l);
}

void learner_child_close(struct learner_child *l, int patience_ms)
{
    int64_t until_us = clock_us() + (int64_t)patience_ms * 1000;
    l->stopping = true;
    if (l->pid && !l->leaving) leave(l, clock_us());
    while (l->pid) {
        learner_child_read(l, clock_us());
        if (clock_us() > until_us && !l->killed) {
            kill(l->pid, SIGKILL);
            l->killed = true;
        }
        learner_child_reap(l, clock_us());
        if (l->pid) nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
    }
    refuse_all(l, false, "shutting down");
    refuse_all(l, true, "shutting down");
    outbox_close(&l->held);
    tell_asks(l, INT64_MAX, "shutting down");
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The client library, proto/furui.h: one DEALER socket, a table of requests in flight, three queues through it.
 *
 * A request waits (for a connection with room), is sent, and is finished by an answer or by its deadline. When a
 * connection is lost, what was sent goes back to waiting, once; an answer that comes for a request that is no longer
 * in the table is dropped, so that one request never gives two answers. */
#define _GNU_SOURCE
#include "proto/furui.h"

#include "proto/base/arena.h"
#include "proto/base/clock.h"
#include "proto/bus.h"
#include "proto/wire.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum {
    IN_FLIGHT_DEFAULT = 1024,
    SLOT_BITS = 16, /* an id is a count above a slot's number: at most 65536 in flight */
    DEADLINE_DEFAULT_MS = 30000,
    MAIL_MAX_DEFAULT = 64 << 20,
    GRACE_MS = 250,       /* past the deadline, for the service's own "late" to arrive */
    LOSS_SETTLE_MS = 100, /* between hearing of a lost connection and trusting the socket with its mails again */
    RESEND_MAX = 1,       /* a request that kills connections may do so twice, not for ever */
    ARENA_BYTES = 8 << 20,
};
static const char DEFAULT_ENDPOINT[] = "tcp://127.0.0.1:7711";

/* A list through the table by slot number. */
enum { NONE = -1 };
struct queue {
    int first, last;
};

struct slot {
    enum { FREE, WAITING, SENT, EXPIRED } state;
    uint64_t id;
    void *tag;
    int64_t deadline_us; /* when we give up: grace included */
    bool ever_sent;
    int resends;
    int next; /* of its queue: free, waiting or expired */
    size_t frames;
    struct bus_frame frame[2]; /* header, mail; kept until the answer */
};

struct furui_client {
    struct bus *bus;
    struct bus_sock *sock;
    struct bus_msg msg; /* the answer that the caller looks at */
    struct arena arena; /* its lists and strings */
    struct wire_buf buf;
    struct slot *slots;
    int slot_count;
    size_t in_flight;
    uint64_t submitted;
    struct queue free, waiting, expired;
    int deadline_ms;
    size_t mail_max_bytes;
    int64_t scan_us;   /* no deadline passes before this */
    int64_t resend_us; /* when to send again what a lost connection took; 0: nothing was lost */
    int epoll_fd, nudge_fd, timer_fd;
    bool watched_outside; /* the descriptor was handed out: keep timer and nudge right */
};

/* --- queues ------------------------------------------------------------------------------------------------------- */

static void push(struct furui_client *c, struct queue *q, int i)
{
    c->slots[i].next = NONE;
    if (q->first == NONE)
        q->first = i;
    else
        c->slots[q->last].next = i;
    q->last = i;
}

static int pop(struct furui_client *c, struct queue *q)
{
    int i = q->first;
    if (i != NONE) q->first = c->slots[i].next;
    return i;
}

static void let_go(struct furui_client *c, int i)
{
    struct slot *s = &c->slots[i];
    for (size_t f = 0; f < s->frames; f++) bus_frame_close(&s->frame[f]);
    s->state = FREE;
    s->frames = 0;
    c->in_flight--;
    push(c, &c->free, i);
}

static struct slot *find(struct furui_client *c, uint64_t id)
{
    size_t i = id & ((1u << SLOT_BITS) - 1);
    if (i >= (size_t)c->slot_count) return NULL;
    struct slot *s = &c->slots[i];
    return s->id == id && (s->state == SENT || s->state == WAITING) ? s : NULL;
}

/* Take a slot out of the waiting queue, wherever it stands there. */
static void unlink_waiting(struct furui_client *c, int i)
{
    struct queue kept = {NONE, NONE};
    for (int j; (j = pop(c, &c->waiting)) != NONE;)
        if (j != i) push(c, &kept, j);
    c->waiting = kept;
}

/* --- open and close ----------------------------------------------------------------------------------------------- */

const char *furui_strerror(enum furui_status status)
{
    switch (status) {
    case FURUI_OK: return "fine";
    case FURUI_FULL: return "as many requests are in flight as the client's options allow";
    case FURUI_TOO_LARGE: return "the mail or what is said about it exceeds its limit";
    case FURUI_BAD_ENDPOINT: return "not an endpoint: tcp://HOST:PORT or ipc://PATH";
    case FURUI_NO_MEMORY: return "out of memory";
    case FURUI_NO_DESCRIPTOR: return "the system gives no more descriptors";
    }
    return "no such status";
}

static bool watch_fd(struct furui_client *c, int fd)
{
    return fd >= 0 && epoll_ctl(c->epoll_fd, EPOLL_CTL_ADD, fd, &(struct epoll_event){.events = EPOLLIN}) == 0;
}

static enum furui_status open_socket(struct furui_client *c, const struct furui_options *o)
{
    c->bus = bus_open(1);
    if (!c->bus) return FURUI_NO_DESCRIPTOR;
    /* Queues of libzmq are short: what waits here can still expire, go elsewhere or be sent again. */
    c->sock = bus_socket(c->bus, BUS_DEALER, &(struct bus_options){.queue_max = 1000, .live_only = true});
    if (!c->sock || bus_watch(c->bus, c->sock) != ERR_OK) return FURUI_NO_DESCRIPTOR;
    const char *one = DEFAULT_ENDPOINT;
    const char *const *endpoints = o->endpoint_count ? o->endpoints : &one;
    size_t n = o->endpoint_count ? o->endpoint_count : 1;
    for (size_t i = 0; i < n; i++) {
        enum err e = bus_connect(c->sock, endpoints[i]);
        if (e != ERR_OK) return e == ERR_SYNTAX ? FURUI_BAD_ENDPOINT : FURUI_NO_DESCRIPTOR;
    }
    c->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    c->nudge_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    c->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    bool fine = watch_fd(c, c->nudge_fd) && watch_fd(c, c->timer_fd) && watch_fd(c, bus_fd(c->sock)) &&
                watch_fd(c, bus_watch_fd(c->sock));
    return fine ? FURUI_OK : FURUI_NO_DESCRIPTOR;
}

enum furui_status furui_client_open(const struct furui_options *options, struct furui_client **client_out)
{
    static const struct furui_options NOTHING_SAID;
    const struct furui_options *o = options ? options : &NOTHING_SAID;
    struct furui_client *c = calloc(1, sizeof *c);
    *client_out = NULL;
    if (!c) return FURUI_NO_MEMORY;
    c->epoll_fd = c->nudge_fd = c->timer_fd = -1;
    c->free = c->waiting = c->expired = (struct queue){NONE, NONE};
    c->deadline_ms = o->deadline_ms > 0 ? o->deadline_ms : DEADLINE_DEFAULT_MS;
    c->mail_max_bytes = o->mail_max_bytes ? o->mail_max_bytes : MAIL_MAX_DEFAULT;
    c->scan_us = INT64_MAX;
    c->slot_count = o->in_flight_max > 0 ? o->in_flight_max : IN_FLIGHT_DEFAULT;
    if (c->slot_count > 1 << SLOT_BITS) c->slot_count = 1 << SLOT_BITS;
    c->slots = calloc((size_t)c->slot_count, sizeof *c->slots);
    enum furui_status status = FURUI_NO_MEMORY;
    if (c->slots && arena_open(&c->arena, ARENA_BYTES) == ERR_OK) status = open_socket(c, o);
    if (status != FURUI_OK) {
        int saved = errno;
        furui_client_close(c);
        errno = saved;
        return status;
    }
    for (int i = 0; i < c->slot_count; i++) push(c, &c->free, i);
    *client_out = c;
    return FURUI_OK;
}

void furui_client_close(struct furui_client *c)
{
    if (!c) return;
    for (int i = 0; c->slots && i < c->slot_count; i++)
        for (size_t f = 0; f < c->slots[i].frames; f++) bus_frame_close(&c->slots[i].frame[f]);
    bus_msg_close(&c->msg);
    bus_sock_close(c->sock, 0);
    bus_close(c->bus);
    if (c->epoll_fd >= 0) close(c->epoll_fd);
    if (c->nudge_fd >= 0) close(c->nudge_fd);
    if (c->timer_fd >= 0) close(c->timer_fd);
    arena_close(&c->arena);
    wire_buf_close(&c->buf);
    free(c->slots);
    free(c);
}

/* --- sending ------------------------------------------------------------------------------------------------------ */

/* Send what waits, oldest first, until the socket takes no more. The frames stay with the slot, shared. */
static void flush(struct furui_client *c)
{
    for (int i; (i = c->waiting.first) != NONE;) {
        struct slot *s = &c->slots[i];
        struct bus_frame out[2];
        for (size_t f = 0; f < s->frames; f++) bus_frame_share(&out[f], &s->frame[f]);
        enum err e = bus_send(c->sock, out, s->frames);
        for (size_t f = 0; f < s->frames; f++) bus_frame_close(&out[f]);
        if (e != ERR_OK) return;
        pop(c, &c->waiting);
        s->state = SENT;
        s->ever_sent = true;
    }
}

/* After a connection was lost and the socket has settled: what was sent before and has no answer waits again. */
static void send_again(struct furui_client *c)
{
    for (int i = 0; i < c->slot_count; i++) {
        struct slot *s = &c->slots[i];
        if (s->state != SENT || s->resends == RESEND_MAX) continue;
        s->resends++;
        s->state = WAITING;
        push(c, &c->waiting, i);
    }
    c->resend_us = 0;
}

/* Can the socket take or give something now? */
static bool has_work(struct furui_client *c)
{
    int events = bus_events(c->sock);
    return (events & BUS_CAN_RECV) || (c->waiting.first != NONE && (events & BUS_CAN_SEND));
}

/* Nothing that the caller's event loop should know of may stay untold: libzmq's descriptor tells changes, and our own
 * calls may have eaten one. */
static void nudge(struct furui_client *c)
{
    uint64_t one = 1;
    if (!c->watched_outside || !has_work(c)) return;
    if (write(c->nudge_fd, &one, sizeof one) < 0) {
    } /* full means nudged already */
}

static int64_t next_event_us(const struct furui_client *c)
{
    if (c->expired.first != NONE) return 0;
    return c->resend_us && c->resend_us < c->scan_us ? c->resend_us : c->scan_us;
}

static void set_timer(struct furui_client *c)
{
    if (!c->watched_outside) return;
    int64_t us = next_event_us(c);
    struct itimerspec when = {0};
    if (us != INT64_MAX) when.it_value = (struct timespec){us / 1000000, us % 1000000 * 1000 + 1};
    timerfd_settime(c->timer_fd, TFD_TIMER_ABSTIME, &when, NULL);
}

/* Put the header in c->buf, and the mail if there is one, on their way. */
static enum furui_status submit(struct furui_client *c, struct wire_request *w, span mail, void *tag, uint64_t *id_out)
{
    int i = c->free.first;
    if (i == NONE) return FURUI_FULL;
    if (mail.n > c->mail_max_bytes) return FURUI_TOO_LARGE;
    w->id = ++c->submitted << SLOT_BITS | (uint64_t)i;
    wire_put_request(&c->buf, w);
    if (c->buf.n > WIRE_HEADER_MAX) return FURUI_TOO_LARGE;

    struct slot *s = &c->slots[i];
    if (bus_frame_copy_in(&s->frame[0], span_of(c->buf.p, c->buf.n)) != ERR_OK) return FURUI_NO_MEMORY;
    s->frames = 1;
    if (w->kind == WIRE_CLASSIFY || mail.n) {
        if (bus_frame_copy_in(&s->frame[1], mail) != ERR_OK) {
            bus_frame_close(&s->frame[0]);
            s->frames = 0;
            return FURUI_NO_MEMORY;
        }
        s->frames = 2;
    }
    pop(c, &c->free);
    int64_t now_us = clock_us();
    s->id = w->id;
    s->tag = tag;
    s->deadline_us = now_us + ((int64_t)w->deadline_ms + GRACE_MS) * 1000;
    s->ever_sent = false;
    s->resends = 0;
    s->state = WAITING;
    c->in_flight++;
    push(c, &c->waiting, i);
    flush(c);
    if (s->deadline_us < c->scan_us) {
        c->scan_us = s->deadline_us;
        set_timer(c);
    }
    nudge(c);
    if (id_out) *id_out = s->id;
    return FURUI_OK;
}

static uint32_t deadline_or(const struct furui_client *c, int deadline_ms)
{
    return (uint32_t)(deadline_ms > 0 ? deadline_ms : c->deadline_ms);
}

/* What the caller knows, as it goes on the wire. Lists are in the arena. */
static enum furui_status request_of(struct furui_client *c, enum wire_kind kind, const struct furui_request *r,
                                    struct wire_request *out)
{
    if (r->rcpt_count > WIRE_RCPT_MAX) return FURUI_TOO_LARGE;
    arena_reset(&c->arena);
    span *rcpt_to = arena_alloc(&c->arena, r->rcpt_count * sizeof *rcpt_to);
    if (!rcpt_to) return FURUI_NO_MEMORY;
    for (size_t i = 0; i < r->rcpt_count; i++) rcpt_to[i] = span_cstr(r->rcpt_to[i]);
    *out = (struct wire_request){
        .kind = kind,
        .tenant = span_cstr(r->tenant),
        .outbound = r->outbound,
        .client_ip = span_cstr(r->client_ip),
        .helo = span_cstr(r->helo),
        .mail_from = span_cstr(r->mail_from),
        .auth_user = span_cstr(r->auth_user),
        .rcpt_to = rcpt_to,
        .rcpt_count = r->rcpt_count,
        .auth = {span_cstr(r->spf), span_cstr(r->dkim), span_cstr(r->dmarc), span_cstr(r->arc),
                 span_cstr(r->dkim_domain)},
        .deadline_ms = deadline_or(c, r->deadline_ms),
        .explain = r->explain,
        .dry_run = r->dry_run,
    };
    return FURUI_OK;
}

static const struct furui_request NOTHING_SAID;

enum furui_status furui_client_submit(struct furui_client *c, const void *mail, size_t mail_bytes,
                                      const struct furui_request *request, uint64_t *id_out)
{
    struct wire_request w;
    if (!request) request = &NOTHING_SAID;
    enum furui_status s = request_of(c, WIRE_CLASSIFY, request, &w);
    return s == FURUI_OK ? submit(c, &w, span_of(mail, mail_bytes), request->tag, id_out) : s;
}

enum furui_status furui_client_report(struct furui_client *c, const struct furui_report *report, const void *mail,
                                      size_t mail_bytes, const struct furui_request *request, uint64_t *id_out)
{
    struct wire_request w;
    if (!request) request = &NOTHING_SAID;
    enum furui_status s = request_of(c, WIRE_REPORT, request, &w);
    if (s != FURUI_OK) return s;
    w.says = (enum wire_say)report->says;
    w.reporter = span_cstr(report->reporter);
    w.ticket = span_cstr(report->ticket);
    return submit(c, &w, span_of(mail, mail_bytes), request->tag, id_out);
}

enum furui_status furui_client_ping(struct furui_client *c, int deadline_ms, void *tag, uint64_t *id_out)
{
    struct wire_request w = {.kind = WIRE_PING, .deadline_ms = deadline_or(c, deadline_ms)};
    return submit(c, &w, SPAN_NONE, tag, id_out);
}

enum furui_status furui_client_stat(struct furui_client *c, int deadline_ms, void *tag, uint64_t *id_out)
{
    struct wire_request w = {.kind = WIRE_STAT, .deadline_ms = deadline_or(c, deadline_ms)};
    return submit(c, &w, SPAN_NONE, tag, id_out);
}

/* --- answers ------------------------------------------------------------------------------------------------------ */

/* The arena is 8 MB and an answer's text is bounded by far less, but for the one JSON text of at most 4 MB. */
static const char *text(struct furui_client *c, span s)
{
    char *to = arena_alloc(&c->arena, s.n + 1);
    if (!to) return "";
    if (s.n) memcpy(to, s.p, s.n);
    to[s.n] = 0;
    return to;
}

static const char *const *texts(struct furui_client *c, const span *list, size_t *n)
{
    const char **to = arena_alloc(&c->arena, *n * sizeof *to);
    if (!to) *n = 0;
    for (size_t i = 0; i < *n; i++) to[i] = text(c, list[i]);
    return to;
}

static struct furui_verdict verdict_of(struct furui_client *c, const struct wire_verdict *v)
{
    size_t reason_count = v->reason_count, oddity_count = v->oddity_count, degraded_count = v->degraded_count;
    struct furui_reason *reasons = arena_alloc(&c->arena, reason_count * sizeof *reasons);
    if (!reasons) reason_count = 0;
    for (size_t i = 0; i < reason_count; i++)
        reasons[i] = (struct furui_reason){text(c, v->reasons[i].what), v->reasons[i].weight};
    const char *const *oddities = texts(c, v->oddities, &oddity_count);
    const char *const *degraded = texts(c, v->degraded, &degraded_count);
    return (struct furui_verdict){
        .klass = (enum furui_class)v->klass,
        .p = v->p,
        .score = v->score,
        .action = text(c, v->action),
        .bayes = v->bayes,
        .linear = v->linear,
        .net = v->net,
        .reputation = v->reputation,
        .live = v->live,
        .reasons = reasons,
        .reason_count = reason_count,
        .oddities = oddities,
        .oddity_count = oddity_count,
        .degraded = degraded,
        .degraded_count = degraded_count,
        .model = text(c, v->model),
        .ticket = text(c, v->ticket),
        .time_us = v->time_us,
    };
}

/* One answer frame; false when it answers nothing that is still asked. */
static bool understand(struct furui_client *c, span frame, struct furui_answer *out)
{
    struct wire_answer a;
    char fault[WIRE_FAULT_MAX];
    arena_reset(&c->arena);
    enum err e = wire_parse_answer(frame, &c->arena, &a, fault);
    struct slot *s = find(c, a.id);
    if (!s) return false;
    *out = (struct furui_answer){.id = s->id, .tag = s->tag, .detail = "", .stat_json = "", .ticket = ""};
    if (e != ERR_OK) {
        out->type = FURUI_REFUSAL;
        out->why = FURUI_UNANSWERED;
        out->detail = text(c, span_cstr(fault));
    } else {
        switch (a.type) {
        case WIRE_ANSWER_VERDICT:
            out->type = FURUI_VERDICT;
            out->verdict = verdict_of(c, &a.verdict);
            break;
        case WIRE_ANSWER_REFUSAL:
            out->type = FURUI_REFUSAL;
            out->why = (enum furui_refusal)a.refusal.why;
            out->detail = text(c, a.refusal.detail);
            break;
        case WIRE_ANSWER_PONG: out->type = FURUI_PONG; break;
        case WIRE_ANSWER_STAT:
            out->type = FURUI_STAT;
            out->stat_json = text(c, a.stat_json);
            break;
        case WIRE_ANSWER_REPORTED:
            out->type = FURUI_REPORTED;
            out->ticket = text(c, a.reported.ticket);
            out->again = a.reported.again;
            out->journal_only = a.reported.kept == WIRE_KEPT_JOURNAL;
            break;
        }
    }
    int i = (int)(s - c->slots);
    if (s->state == WAITING) unlink_waiting(c, i); /* its first sending was answered after all */
    let_go(c, i);
    return true;
}

static bool receive(struct furui_client *c, struct furui_answer *out)
{
    /* We send one mail a message, so an answer has one frame. */
    while (bus_recv(c->sock, &c->msg))
        if (c->msg.n == 1 && understand(c, bus_frame_span(&c->msg.frame[0]), out)) return true;
    return false;
}

/* Move requests whose time is over to the expired queue; know when the next one is due. */
static void scan_deadlines(struct furui_client *c, int64_t now_us)
{
    struct queue waiting = {NONE, NONE};
    for (int i; (i = pop(c, &c->waiting)) != NONE;)
        if (c->slots[i].deadline_us > now_us) push(c, &waiting, i);
    c->waiting = waiting;
    c->scan_us = INT64_MAX;
    for (int i = 0; i < c->slot_count; i++) {
        struct slot *s = &c->slots[i];
        if (s->state != WAITING && s->state != SENT) continue;
        if (s->deadline_us <= now_us) {
            s->state = EXPIRED;
            push(c, &c->expired, i);
        } else if (s->deadline_us < c->scan_us) {
            c->scan_us = s->deadline_us;
        }
    }
}

static bool give_up(struct furui_client *c, struct furui_answer *out)
{
    int i = pop(c, &c->expired);
    if (i == NONE) return false;
    struct slot *s = &c->slots[i];
    *out = (struct furui_answer){
        .type = FURUI_REFUSAL,
        .id = s->id,
        .tag = s->tag,
        .why = FURUI_UNANSWERED,
        .detail = s->ever_sent ? "no answer within the deadline" : "no service to be reached within the deadline",
        .stat_json = "",
    };
    let_go(c, i);
    return true;
}

/* Whatever can happen now. True when a request finished. */
static bool turn(struct furui_client *c, struct furui_answer *out)
{
    int64_t now_us = clock_us();
    if (bus_losses(c->sock) && !c->resend_us) c->resend_us = now_us + LOSS_SETTLE_MS * 1000;
    if (c->resend_us && now_us >= c->resend_us) send_again(c);
    do {
        flush(c);
        if (receive(c, out)) return true;
    } while (has_work(c));
    if (now_us >= c->scan_us) scan_deadlines(c, now_us);
    return give_up(c, out);
}

int furui_client_poll(struct furui_client *c, int timeout_ms, struct furui_answer *out)
{
    int64_t until_us = timeout_ms < 0 ? INT64_MAX : clock_us() + (int64_t)timeout_ms * 1000;
    uint64_t ignored;
    for (;;) {
        if (read(c->nudge_fd, &ignored, sizeof ignored) < 0) {
        } /* nobody nudged */
        if (turn(c, out)) return 1;
        set_timer(c);
        if (c->in_flight == 0 && timeout_ms < 0) return 0;
        int64_t now_us = clock_us(), wake_us = next_event_us(c);
        if (now_us >= until_us) return 0;
        if (wake_us > until_us) wake_us = until_us;
        /* Rounded up, so that whoever is woken finds its time come; at most an hour, and again. */
        int64_t wait_ms = wake_us <= now_us ? 0 : (wake_us - now_us + 999) / 1000;
        struct epoll_event event;
        int rc = epoll_wait(c->epoll_fd, &event, 1, wait_ms > 3600000 ? 3600000 : (int)wait_ms);
        if (rc < 0 && timeout_ms >= 0) return 0; /* a signal: the caller may want to know */
    }
}

size_t furui_client_in_flight(const struct furui_client *c)
{
    return c->in_flight;
}

int furui_client_fd(struct furui_client *c)
{
    if (!c->watched_outside) {
        c->watched_outside = true;
        set_timer(c);
        nudge(c);
    }
    return c->epoll_fd;
}

const char *furui_class_name(enum furui_class klass)
{
    return wire_class_name((enum wire_class)klass);
}

const char *furui_refusal_name(enum furui_refusal why)
{
    return why == FURUI_UNANSWERED ? "unanswered" : wire_refusal_name((enum wire_refusal)why);
}

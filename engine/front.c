/* SPDX-License-Identifier: Apache-2.0 */
/* front: the front door: requests in, answers out, whatever strangers send; see front.h. */
#include "engine/front.h"

#include "engine/state.h"
#include "proto/base/clock.h"

#include <errno.h>
#include <unistd.h>

enum {
    /* Messages waiting one client, either way. More than a client may have unanswered, so that one which reads at
     * all never loses an answer. */
    QUEUE_MAX = 16384,
    ARENA_BYTES = 64 * 1024, /* WIRE_RCPT_MAX spans fit */
    TELL_EVERY_US = 10 * 1000000,
    MB = 1 << 20,
};

/* --- endpoints ---------------------------------------------------------------------------------------------------- */

static enum err bind_one(struct front *f, const char *endpoint, char bound_out[CONFIG_TEXT_MAX], char *fault_out)
{
    size_t n = strlen(endpoint);
    if (strncmp(endpoint, "ipc://", 6) == 0 && n - 6 > STATE_SOCKET_MAX) {
        snprintf(fault_out, CONFIG_FAULT_MAX, "listen %.255s: the socket's path is %zu bytes long; %d at most",
                 endpoint, n - 6, STATE_SOCKET_MAX);
        return ERR_TOO_BIG;
    }
    enum err e = bus_bind(f->sock, endpoint);
    if (e == ERR_OK) {
        if (bus_last_endpoint(f->sock, bound_out, CONFIG_TEXT_MAX) != ERR_OK)
            snprintf(bound_out, CONFIG_TEXT_MAX, "%s", endpoint);
        return ERR_OK;
    }
    const char *why = e == ERR_BUSY     ? "already in use"
                      : e == ERR_SYNTAX ? "not an endpoint (tcp://HOST:PORT or ipc:///PATH)"
                                        : strerror(errno);
    snprintf(fault_out, CONFIG_FAULT_MAX, "listen %.255s: %s", endpoint, why);
    return e;
}

/* libzmq leaves a socket's file behind; it goes first, while it is surely ours. */
static void remove_file(const char *endpoint)
{
    if (strncmp(endpoint, "ipc://", 6) == 0) unlink(endpoint + 6);
}

static void let_go(struct front *f, const char *endpoint)
{
    remove_file(endpoint);
    bus_unbind(f->sock, endpoint);
}

/* Version 1 of the protocol asks nobody who they are. */
static void warn_if_open(const char *bound)
{
    static const char *const LOCAL[] = {"ipc://", "tcp://127.", "tcp://[::1]"};
    for (size_t i = 0; i < sizeof LOCAL / sizeof *LOCAL; i++)
        if (strncmp(bound, LOCAL[i], strlen(LOCAL[i])) == 0) return;
    LOG(LEVEL_WARN, "open_door", L_STR("endpoint", bound), L_STR("why", "whoever can reach it may ask; guard it"));
}

static size_t find(char list[][CONFIG_TEXT_MAX], size_t n, const char *endpoint)
{
    size_t i = 0;
    while (i < n && strcmp(list[i], endpoint) != 0) i++;
    return i;
}

enum err front_listen(struct front *f, const struct config *c, char *fault_out)
{
    char wanted[CONFIG_LISTEN_MAX][CONFIG_TEXT_MAX], bound[CONFIG_LISTEN_MAX][CONFIG_TEXT_MAX];
    bool fresh[CONFIG_LISTEN_MAX] = {false};
    size_t n = 0;
    for (size_t i = 0; i < c->listen_count; i++) {
        if (find(wanted, n, c->listen[i]) < n) continue; /* named twice */
        size_t old = find(f->wanted, f->count, c->listen[i]);
        memcpy(wanted[n], c->listen[i], CONFIG_TEXT_MAX);
        fresh[n] = old == f->count;
        if (!fresh[n]) memcpy(bound[n], f->bound[old], CONFIG_TEXT_MAX);
        enum err e = fresh[n] ? bind_one(f, wanted[n], bound[n], fault_out) : ERR_OK;
        if (e != ERR_OK) {
            for (size_t k = 0; k < n; k++)
                if (fresh[k]) let_go(f, bound[k]);
            return e;
        }
        n++;
    }
    for (size_t i = 0; i < f->count; i++)
        if (find(wanted, n, f->wanted[i]) == n) let_go(f, f->bound[i]);
    for (size_t i = 0; i < n; i++)
        if (fresh[i]) warn_if_open(bound[i]);
    memcpy(f->wanted, wanted, sizeof wanted);
    memcpy(f->bound, bound, sizeof bound);
    f->count = n;
    return ERR_OK;
}

void front_limits(struct front *f, const struct config *c)
{
    f->mail_max = (size_t)c->mail_mb * MB;
    f->deadline_ms = c->deadline_ms;
    f->deadline_max_ms = c->deadline_max_ms;
    if (f->frame_max && f->mail_max > f->frame_max)
        LOG(LEVEL_WARN, "restart_needed", L_STR("key", "mail_mb"), L_INT("until_then_bytes", f->frame_max));
}

enum err front_open(struct front *f, struct bus *bus, const struct config *c, struct dispatch *d,
                    const struct front_ops *ops, char *fault_out)
{
    *f = (struct front){.dispatch = d, .ops = *ops};
    front_limits(f, c);
    /* Between mail_mb and this a mail is refused by name (`too_big`); above, its connection is closed. */
    f->frame_max = 2 * f->mail_max + MB;
    f->sock = bus_socket(
        bus, BUS_ROUTER,
        &(struct bus_options){.frame_max = (int64_t)f->frame_max, .queue_max = QUEUE_MAX, .mandatory = true});
    if (!f->sock || arena_open(&f->arena, ARENA_BYTES) != ERR_OK) {
        snprintf(fault_out, CONFIG_FAULT_MAX, "cannot open a socket: %s", strerror(errno));
        front_close(f, 0);
        return ERR_IO;
    }
    enum err e = front_listen(f, c, fault_out);
    if (e != ERR_OK) front_close(f, 0);
    return e;
}

void front_close(struct front *f, int linger_ms)
{
    for (size_t i = 0; i < f->count; i++) remove_file(f->bound[i]);
    f->count = 0;
    bus_msg_close(&f->msg);
    if (f->sock) bus_sock_close(f->sock, linger_ms);
    arena_close(&f->arena);
    wire_buf_close(&f->buf);
    f->sock = NULL;
}

/* --- answers ------------------------------------------------------------------------------------------------------ */

/* Frames go out, or are closed and counted. */
static void send(struct front *f, struct bus_frame *frames, size_t n)
{
    if (bus_send(f->sock, frames, n) == ERR_OK) return;
    f->undeliverable++;
    for (size_t i = 0; i < n; i++) bus_frame_close(&frames[i]);
}

void front_answer(void *ctx, struct request *r)
{
    struct front *f = ctx;
    struct bus_frame out[WIRE_BATCH_MAX + 2];
    size_t n = 0;
    bus_frame_move(&out[n++], &r->identity);
    if (r->delimiter) bus_frame_init(&out[n++]);
    for (size_t i = 0; i < r->count; i++) bus_frame_move(&out[n++], &r->job[i].answer);
    send(f, out, n);
}

void front_tell(struct front *f, int64_t now_us)
{
    if (f->undeliverable == f->undeliverable_told || now_us - f->told_us < TELL_EVERY_US) return;
    LOG(LEVEL_WARN, "undeliverable", L_INT("answers", f->undeliverable - f->undeliverable_told),
        L_STR("why", "the client went away or does not read"));
    f->undeliverable_told = f->undeliverable;
    f->told_us = now_us;
}

/* What is known of the message in f->msg. */
struct envelope {
    bool delimiter;
    size_t header; /* its frame's index; the mails follow */
    size_t mails;
};

/* Answer the message in f->msg with what is in f->buf, `times` over. */
static void reply(struct front *f, const struct envelope *e, size_t times)
{
    struct bus_frame out[WIRE_BATCH_MAX + 2];
    size_t n = 0;
    bus_frame_move(&out[n++], &f->msg.frame[0]);
    if (e->delimiter) bus_frame_init(&out[n++]);
    size_t first = n;
    bus_frame_copy_in(&out[n++], span_of(f->buf.p, f->buf.n));
    while (n < first + times) bus_frame_share(&out[n++], &out[first]);
    send(f, out, n);
}

static void refuse(struct front *f, const struct envelope *e, uint64_t id, enum wire_refusal why, const char *detail)
{
    size_t times = why == WIRE_BAD_REQUEST || e->mails < 1 ? 1 : e->mails;
    f->bad += why == WIRE_BAD_REQUEST;
    dispatch_count_refusal(f->dispatch, why, times);
    wire_put_refusal(&f->buf, &(struct wire_refused){id, why, span_cstr(detail)});
    reply(f, e, times);
}

/* --- requests ----------------------------------------------------------------------------------------------------- */

/* Mails to be judged, or one report (whose mail may be missing: it has a ticket then). */
static void admit(struct front *f, const struct envelope *e, const struct wire_request *q, int64_t now_us)
{
    if (f->closing) {
        refuse(f, e, q->id, WIRE_BUSY, f->closing);
        return;
    }
    struct request *r = request_new(e->mails ? e->mails : 1);
    int64_t wait_ms = q->deadline_ms ? (int64_t)q->deadline_ms : f->deadline_ms;
    if (wait_ms > f->deadline_max_ms) wait_ms = f->deadline_max_ms;
    r->id = q->id;
    r->delimiter = e->delimiter;
    r->received_us = now_us;
    r->deadline_us = now_us + wait_ms * 1000;
    bus_frame_move(&r->identity, &f->msg.frame[0]);
    bus_frame_move(&r->header, &f->msg.frame[e->header]);
    size_t too_big = 0;
    for (size_t i = 0; i < e->mails; i++) {
        struct bus_frame *mail = &f->msg.frame[e->header + 1 + i];
        if (bus_frame_span(mail).n > f->mail_max) {
            char detail[80];
            snprintf(detail, sizeof detail, "a mail may have at most %zu bytes", f->mail_max);
            job_refuse(&r->job[i], WIRE_TOO_BIG, detail);
            too_big++;
        } else {
            bus_frame_move(&r->job[i].mail, mail);
        }
    }
    enum wire_refusal why;
    const char *detail;
    if (dispatch_admit(f->dispatch, r, now_us, &why, &detail)) {
        dispatch_count_refusal(f->dispatch, WIRE_TOO_BIG, too_big);
        return;
    }
    bus_frame_move(&f->msg.frame[0], &r->identity);
    refuse(f, e, q->id, why, detail);
    request_free(r);
}

/* What is wrong with the frames behind a header of this kind; NULL: nothing. */
static const char *wrong_count(enum wire_kind kind, bool ticket, size_t mails, bool cut)
{
    bool wants_mail = kind == WIRE_CLASSIFY || (kind == WIRE_REPORT && !ticket);
    if (wants_mail && mails == 0) return "no mail behind the header";
    if (kind == WIRE_REPORT && mails > 1) return "more than one mail behind the header of a report";
    if (cut || mails > WIRE_BATCH_MAX) return "more than 64 mails behind one header";
    if (kind != WIRE_CLASSIFY && kind != WIRE_REPORT && mails)
        return "a frame too many: nothing may follow the header of this kind";
    return NULL;
}
_Static_assert(WIRE_BATCH_MAX == 64, "the sentence above names it");

static void serve(struct front *f, int64_t now_us)
{
    struct bus_msg *m = &f->msg;
    struct envelope e = {.header = 1};
    if (m->n > 1 && bus_frame_span(&m->frame[1]).n == 0) {
        e.delimiter = true;
        e.header = 2;
    }
    if (m->n <= e.header) {
        refuse(f, &e, 0, WIRE_BAD_REQUEST, "no header frame");
        return;
    }
    e.mails = m->n - e.header - 1;
    struct wire_request q = {0};
    char fault[WIRE_FAULT_MAX];
    arena_reset(&f->arena);
    if (wire_parse_request(bus_frame_span(&m->frame[e.header]), &f->arena, &q, fault) != ERR_OK) {
        refuse(f, &e, q.id, WIRE_BAD_REQUEST, fault);
        return;
    }
    const char *wrong = wrong_count(q.kind, q.ticket.n > 0, e.mails, m->cut);
    if (wrong) {
        refuse(f, &e, q.id, WIRE_BAD_REQUEST, wrong);
        return;
    }
    switch (q.kind) {
    case WIRE_CLASSIFY:
    case WIRE_REPORT: admit(f, &e, &q, now_us); break;
    case WIRE_PING:
        wire_put_pong(&f->buf, q.id);
        reply(f, &e, 1);
        break;
    case WIRE_STAT: {
        struct json j;
        json_init(&j);
        f->ops.stat(f->ops.ctx, &j);
        wire_put_stat(&f->buf, q.id, span_of(j.buf, j.n));
        json_close(&j);
        reply(f, &e, 1);
        break;
    }
    }
}

size_t front_read(struct front *f, size_t most)
{
    size_t n = 0;
    for (; n < most && bus_recv(f->sock, &f->msg); n++) serve(f, clock_us());
    bus_msg_close(&f->msg);
    return n;
}

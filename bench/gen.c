/* SPDX-License-Identifier: Apache-2.0 */
/* gen: see gen.h. An id names its slot in its low bits; slots that are not wholly sent queue at their client. */
#define _GNU_SOURCE
#include "bench/gen.h"

#include "proto/base/clock.h"
#include "proto/base/hash.h"

#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum {
    NONE = -1,
    SLOT_BITS = 16,
    HANDSHAKE_MS = 10000,
    ARENA_BYTES = 8 << 20,
    IOV_LEN = 384, /* of one write: two full batches, or 128 mails that go one by one */
    EVENTS = 64,
    SWEEP_US = 1000000,
    GIVE_UP_US = 65000000, /* past the longest deadline of a service as it is by default */
};
_Static_assert(GEN_SLOTS == 1 << SLOT_BITS, "an id's low bits name a slot");

/* --- open and close ----------------------------------------------------------------------------------------------- */

/* What a header says of a sender; digits in it are overwritten by others, as many. */
static const char ADDRESS[] = "198.18.100.100", SENDER[] = "b@h00000.example";
enum { ADDRESS_DIGITS = 7, SENDER_DIGITS = 3, OCTETS = 256 - 100 };
_Static_assert(GEN_SENDERS_MAX <= OCTETS * OCTETS && GEN_SENDERS_MAX <= 100000, "each sender has digits of his own");

/* Encode a header once; only its id and sender differ between requests. */
static void make_header(struct gen *g)
{
    struct wire_buf buf = {0};
    struct wire_request r = {.kind = WIRE_CLASSIFY, .id = UINT64_MAX, .explain = g->o.explain};
    if (g->o.senders) {
        r.client_ip = SPAN(ADDRESS);
        r.mail_from = SPAN(SENDER);
    }
    wire_put_request(&buf, &r);
    g->header_n = zmtp_head(g->header, buf.n, true);
    assert(g->header_n + buf.n <= sizeof g->header);
    memcpy(g->header + g->header_n, buf.p, buf.n);
    g->header_n += buf.n;
    wire_buf_close(&buf);
    static const uint8_t ID[] = {0xCF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF}; /* msgpack: uint 64 */
    const uint8_t *at = memmem(g->header, g->header_n, ID, sizeof ID);
    assert(at);
    g->id_at = (size_t)(at - g->header) + 1;
    if (!g->o.senders) return;
    const uint8_t *address = memmem(g->header, g->header_n, ADDRESS, sizeof ADDRESS - 1);
    const uint8_t *sender = memmem(g->header, g->header_n, SENDER, sizeof SENDER - 1);
    assert(address && sender);
    g->address_at = (size_t)(address - g->header) + ADDRESS_DIGITS;
    g->sender_at = (size_t)(sender - g->header) + SENDER_DIGITS;
}

static void put_digits(uint8_t *p, unsigned x, int digits)
{
    for (; digits; x /= 10) p[--digits] = (uint8_t)('0' + x % 10);
}

/* Mail `i` always has the same sender. */
static void put_sender(const struct gen *g, uint32_t i, uint8_t *header)
{
    if (!g->o.senders) return;
    unsigned n = hash_mix32(i) % (uint32_t)g->o.senders;
    put_digits(header + g->address_at, 100 + n / OCTETS, 3);
    put_digits(header + g->address_at + 4, 100 + n % OCTETS, 3);
    put_digits(header + g->sender_at, n, 5);
}

static void raise_descriptors(void)
{
    struct rlimit r;
    if (getrlimit(RLIMIT_NOFILE, &r) != 0) return;
    r.rlim_cur = r.rlim_max;
    setrlimit(RLIMIT_NOFILE, &r);
}

enum err gen_open(struct gen *g, const struct gen_options *o, const struct mails *mails)
{
    *g = (struct gen){.o = *o, .mails = mails, .epoll_fd = -1, .swept_us = clock_us()};
    raise_descriptors();
    prctl(PR_SET_TIMERSLACK, 1000); /* ns; 50 us by default, which would be in every latency */
    size_t clients = (size_t)o->clients;
    g->client = calloc(clients, sizeof *g->client);
    g->slot = calloc(GEN_SLOTS, sizeof *g->slot);
    g->dirty = calloc(clients, sizeof *g->dirty);
    g->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    for (size_t i = 0; g->client && i < clients; i++) g->client[i] = (struct gen_client){.z.fd = -1, .first = NONE};
    if (!g->client || !g->slot || !g->dirty || g->epoll_fd < 0 || arena_open(&g->arena, ARENA_BYTES) != ERR_OK) {
        snprintf(g->fault, sizeof g->fault, "out of memory or descriptors");
        return ERR_MEMORY;
    }
    for (int32_t i = 0; i < GEN_SLOTS; i++) g->slot[i].next = i + 1 < GEN_SLOTS ? i + 1 : NONE;
    for (size_t i = 0; i < clients; i++) {
        char fault[ZMTP_FAULT_MAX];
        struct gen_client *c = &g->client[i];
        enum err e = zmtp_open(&c->z, o->endpoint, HANDSHAKE_MS, fault);
        struct epoll_event want = {.events = EPOLLIN, .data.u32 = (uint32_t)i};
        if (e == ERR_OK && epoll_ctl(g->epoll_fd, EPOLL_CTL_ADD, c->z.fd, &want) == 0) continue;
        snprintf(g->fault, sizeof g->fault, "%s: connection %zu: %s", o->endpoint, i + 1,
                 e == ERR_OK ? strerror(errno) : fault);
        return e == ERR_OK ? ERR_IO : e;
    }
    make_header(g);
    return ERR_OK;
}

void gen_close(struct gen *g)
{
    for (int i = 0; g->client && i < g->o.clients; i++) zmtp_close(&g->client[i].z);
    if (g->epoll_fd >= 0) close(g->epoll_fd);
    arena_close(&g->arena);
    free(g->client);
    free(g->slot);
    free(g->dirty);
    g->client = NULL;
    g->slot = NULL;
    g->dirty = NULL;
    g->epoll_fd = -1;
}

void gen_rate(struct gen *g, double mails_per_s, bool poisson)
{
    g->open_loop = true;
    schedule_init(&g->schedule, clock_us(), mails_per_s / (double)g->o.batch, poisson, 1);
}

void gen_in_flight(struct gen *g, size_t mails)
{
    g->open_loop = false;
    g->in_flight_wanted = mails;
}

/* --- counting ----------------------------------------------------------------------------------------------------- */

void gen_count(struct gen *g, struct gen_tally *t, int64_t from_us, int64_t until_us)
{
    memset(t, 0, sizeof *t);
    t->from_us = from_us;
    t->until_us = until_us;
    g->tally = t;
}

static bool counts(const struct gen *g, int64_t us)
{
    return g->tally && us >= g->tally->from_us && us < g->tally->until_us;
}

uint64_t gen_tally_refused(const struct gen_tally *t)
{
    uint64_t n = 0;
    for (int i = 0; i < GEN_OUTCOMES; i++) n += t->refused[i];
    return n;
}

void gen_tally_add(struct gen_tally *t, const struct gen_tally *from)
{
    t->verdicts += from->verdicts;
    t->degraded += from->degraded;
    for (int i = 0; i < GEN_OUTCOMES; i++) t->refused[i] += from->refused[i];
    hdr_merge(&t->latency, &from->latency);
    hdr_merge(&t->slip, &from->slip);
    t->done += from->done;
    t->done_bytes += from->done_bytes;
}

uint64_t gen_tally_sent(const struct gen_tally *t)
{
    return t->verdicts + gen_tally_refused(t);
}

const char *gen_tally_outcome(int outcome)
{
    return outcome == GEN_UNANSWERED ? "unanswered" : wire_refusal_name((enum wire_refusal)outcome);
}

static void let_go(struct gen *g, struct gen_slot *s)
{
    g->in_flight -= s->mails;
    g->slots_used--;
    s->id = 0;
    s->next = g->free;
    g->free = (int32_t)(s - g->slot);
}

static void unanswered(struct gen *g, struct gen_slot *s)
{
    if (counts(g, s->due_us)) g->tally->refused[GEN_UNANSWERED] += s->mails;
    let_go(g, s);
}

/* --- sending ------------------------------------------------------------------------------------------------------ */

static span mail_of(const struct gen *g, const struct gen_slot *s, size_t i)
{
    return g->mails->v[(s->first + i) % g->mails->n];
}

static void enqueue(struct gen *g, int64_t due_us, int64_t now_us)
{
    int32_t i = g->free;
    struct gen_slot *s = &g->slot[i];
    while (g->client[g->next_client].z.fd < 0) g->next_client = (g->next_client + 1) % g->o.clients;
    uint32_t client = (uint32_t)g->next_client;
    struct gen_client *c = &g->client[client];
    g->next_client = (g->next_client + 1) % g->o.clients;
    g->free = s->next;
    *s = (struct gen_slot){.id = ++g->submitted << SLOT_BITS | (uint64_t)i,
                           .due_us = due_us,
                           .first = (uint32_t)g->next_mail,
                           .mails = (uint32_t)g->o.batch,
                           .client = client,
                           .next = NONE,
                           .queued = true};
    g->next_mail = (g->next_mail + g->o.batch) % g->mails->n;
    g->in_flight += s->mails;
    g->slots_used++;
    if (c->first == NONE)
        c->first = i;
    else
        g->slot[c->last].next = i;
    c->last = i;
    if (!c->dirty) {
        c->dirty = true;
        g->dirty[g->dirty_n++] = client;
    }
    if (counts(g, due_us)) hdr_add(&g->tally->slip, now_us - due_us);
}

/* What a request is on the wire: [header][head mail]…; returns how many pieces, their bytes in *bytes_out. */
static size_t pieces(const struct gen *g, const struct gen_slot *s, struct iovec *iov, uint8_t (*head)[ZMTP_HEAD_MAX],
                     uint8_t *header, size_t *bytes_out)
{
    uint64_t id = htobe64(s->id);
    memcpy(header, g->header, g->header_n);
    memcpy(header + g->id_at, &id, sizeof id);
    put_sender(g, s->first, header);
    size_t n = 0, bytes = g->header_n;
    iov[n++] = (struct iovec){header, g->header_n};
    for (size_t i = 0; i < s->mails; i++) {
        span mail = mail_of(g, s, i);
        size_t head_n = zmtp_head(head[i], mail.n, i + 1 < s->mails);
        iov[n++] = (struct iovec){head[i], head_n};
        iov[n++] = (struct iovec){(void *)mail.p, mail.n};
        bytes += head_n + mail.n;
    }
    *bytes_out = bytes;
    return n;
}

static void end(struct gen *g, struct gen_client *c)
{
    zmtp_close(&c->z); /* epoll forgets it */
    g->lost++;
    c->first = c->last = NONE;
    for (size_t i = 0; i < GEN_SLOTS; i++)
        if (g->slot[i].id && &g->client[g->slot[i].client] == c) unanswered(g, &g->slot[i]);
}

static void block(struct gen *g, struct gen_client *c, bool blocked)
{
    struct epoll_event want = {.events = EPOLLIN | (blocked ? EPOLLOUT : 0), .data.u32 = (uint32_t)(c - g->client)};
    if (c->blocked != blocked) epoll_ctl(g->epoll_fd, EPOLL_CTL_MOD, c->z.fd, &want);
    c->blocked = blocked;
}

/* Write what waits at a client, until there is nothing or the socket is full. */
static void flush(struct gen *g, struct gen_client *c)
{
    while (c->first != NONE) {
        struct iovec iov[IOV_LEN];
        uint8_t head[IOV_LEN / 2][ZMTP_HEAD_MAX], header[IOV_LEN / 2][sizeof g->header];
        size_t total[IOV_LEN / 2], n = 0, requests = 0, heads = 0;
        for (int32_t i = c->first; i != NONE; i = g->slot[i].next) {
            const struct gen_slot *s = &g->slot[i];
            if (n + 1 + 2 * s->mails > IOV_LEN) break;
            n += pieces(g, s, iov + n, head + heads, header[requests], &total[requests]);
            heads += s->mails;
            requests++;
        }
        struct iovec *from = iov;
        for (size_t skip = c->sent; skip;) { /* a part of the first was sent before */
            size_t k = skip < from->iov_len ? skip : from->iov_len;
            from->iov_base = (uint8_t *)from->iov_base + k;
            from->iov_len -= k;
            skip -= k;
            if (!from->iov_len) from++;
        }
        struct msghdr m = {.msg_iov = from, .msg_iovlen = n - (size_t)(from - iov)};
        ssize_t wrote = sendmsg(c->z.fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (wrote < 0 && errno == EINTR) continue;
        if (wrote < 0 && errno == EAGAIN) {
            block(g, c, true);
            return;
        }
        if (wrote < 0) {
            end(g, c);
            return;
        }
        c->sent += (size_t)wrote;
        for (size_t r = 0; r < requests && c->sent >= total[r]; r++) {
            c->sent -= total[r];
            g->slot[c->first].queued = false;
            c->first = g->slot[c->first].next;
        }
    }
    block(g, c, false);
}

/* Whatever is to be sent by now, before until_us. */
static void send_due(struct gen *g, int64_t until_us)
{
    int64_t now_us = clock_us();
    if (g->open_loop) {
        for (int64_t due; g->free != NONE && (due = schedule_due(&g->schedule)) <= now_us && due < until_us;) {
            enqueue(g, due, now_us);
            schedule_next(&g->schedule);
        }
    } else {
        while (g->free != NONE && g->in_flight < g->in_flight_wanted) enqueue(g, now_us, now_us);
    }
    for (size_t i = 0; i < g->dirty_n; i++) {
        struct gen_client *c = &g->client[g->dirty[i]];
        c->dirty = false;
        if (!c->blocked && c->z.fd >= 0) flush(g, c);
    }
    g->dirty_n = 0;
}

/* --- answers ------------------------------------------------------------------------------------------------------ */

static struct gen_slot *find(struct gen *g, uint64_t id)
{
    struct gen_slot *s = &g->slot[id & (GEN_SLOTS - 1)];
    return id && s->id == id ? s : NULL;
}

static void verdict(struct gen *g, const struct gen_slot *s, size_t i, const struct wire_verdict *v, int64_t now_us)
{
    struct gen_tally *t = g->tally;
    if (counts(g, s->due_us)) {
        t->verdicts++;
        t->degraded += v->degraded_count > 0;
        hdr_add(&t->latency, now_us - s->due_us);
    }
    if (counts(g, now_us)) {
        t->done++;
        t->done_bytes += mail_of(g, s, i).n;
    }
}

/* One frame of an answer, the `i`-th of its message. False when it is nothing that we asked. */
static bool frame(struct gen *g, struct gen_client *c, span bytes, bool more, int64_t now_us)
{
    struct wire_answer a;
    char fault[WIRE_FAULT_MAX];
    size_t i = c->frames;
    c->frames = more ? i + 1 : 0;
    arena_reset(&g->arena);
    if (wire_parse_answer(bytes, &g->arena, &a, fault) != ERR_OK) return false;
    struct gen_slot *s = find(g, a.id);
    if (!s) return true; /* it was given up */
    if (s->queued || i >= s->mails) return false;
    if (a.type == WIRE_ANSWER_VERDICT)
        verdict(g, s, i, &a.verdict, now_us);
    else if (a.type == WIRE_ANSWER_REFUSAL && counts(g, s->due_us)) /* one frame may stand for all mails */
        g->tally->refused[a.refusal.why] += more ? 1 : s->mails - i;
    if (!more) let_go(g, s);
    return true;
}

static void receive(struct gen *g, struct gen_client *c)
{
    span bytes;
    bool more, fine = zmtp_fill(&c->z);
    int64_t now_us = clock_us();
    while (fine && zmtp_next(&c->z, &bytes, &more)) fine = frame(g, c, bytes, more, now_us);
    if (!fine) end(g, c);
}

/* Sleep until something can be read, or written where that is waited for, or it is until_us; then read and write. */
static void turn(struct gen *g, int64_t until_us)
{
    struct epoll_event event[EVENTS];
    int64_t left_us = until_us - clock_us();
    if (left_us < 0) left_us = 0;
    struct timespec wait = {left_us / 1000000, left_us % 1000000 * 1000};
    int n = epoll_pwait2(g->epoll_fd, event, EVENTS, &wait, NULL);
    for (int i = 0; i < n; i++) {
        struct gen_client *c = &g->client[event[i].data.u32];
        if (c->z.fd >= 0 && (event[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR))) receive(g, c);
        if (c->z.fd >= 0 && (event[i].events & EPOLLOUT)) flush(g, c);
    }
}

/* Requests whose answers are past any deadline. */
static void sweep(struct gen *g)
{
    int64_t now_us = clock_us();
    if (now_us - g->swept_us < SWEEP_US) return;
    g->swept_us = now_us;
    for (size_t i = 0; g->slots_used && i < GEN_SLOTS; i++) {
        struct gen_slot *s = &g->slot[i];
        if (s->id && !s->queued && now_us - s->due_us > GIVE_UP_US) unanswered(g, s);
    }
}

bool gen_stopped(const struct gen *g)
{
    return g->lost == g->o.clients || (g->o.stop && *g->o.stop);
}

bool gen_run(struct gen *g, int64_t until_us)
{
    while (!gen_stopped(g)) {
        send_due(g, until_us);
        int64_t next_us = until_us;
        if (g->open_loop && g->free != NONE && schedule_due(&g->schedule) < next_us)
            next_us = schedule_due(&g->schedule);
        if (clock_us() >= until_us) break;
        turn(g, next_us);
        sweep(g);
    }
    return g->lost < g->o.clients;
}

void gen_drain(struct gen *g, int64_t timeout_us)
{
    int64_t until_us = clock_us() + timeout_us;
    while (g->slots_used && g->lost < g->o.clients && clock_us() < until_us) turn(g, until_us);
    for (int i = 0; g->slots_used && i < g->o.clients; i++)
        if (g->client[i].first != NONE) end(g, &g->client[i]); /* it takes nothing */
    for (size_t i = 0; g->slots_used && i < GEN_SLOTS; i++)
        if (g->slot[i].id) unanswered(g, &g->slot[i]);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* admin: the operator's door; see admin.h. */
#define _GNU_SOURCE
#include "engine/admin.h"

#include "engine/shadow.h"
#include "proto/base/clock.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 16, FDS_MAX = 4, DEAF_US = 1000000 };

/* --- words -------------------------------------------------------------------------------------------------------- */

static bool read_wish(span value, enum admin_wish *out)
{
    static const char *const WORDS[] = {"push", "rollback", "history", "learner"};
    for (int i = 0; i < (int)(sizeof WORDS / sizeof *WORDS); i++) {
        if (!span_eq(value, span_cstr(WORDS[i]))) continue;
        *out = (enum admin_wish)i;
        return true;
    }
    return false;
}

static bool read_ppm(span value, uint32_t *out)
{
    uint64_t x;
    if (!pairs_number(value, &x) || x > ADMIN_PPM) return false;
    *out = (uint32_t)x;
    return true;
}

/* A bundle's id, or nothing: people's terminals will show it. */
static bool read_id(span value, char out[ADMIN_ID_MAX])
{
    if (!pairs_text(value, out, ADMIN_ID_MAX)) return false;
    size_t n = strspn(out, "0123456789abcdef");
    return out[n] == 0 && (n == 0 || n == 16);
}

const char *admin_parse(span text, struct admin_request *r)
{
    uint64_t version = 0;
    bool wish = false;
    span key, value;
    r->text = text;
    while (pairs_next(&text, &key, &value)) {
        bool good = true;
        if (span_eq(key, SPAN("v"))) good = pairs_number(value, &version);
        if (span_eq(key, SPAN("do"))) good = wish = read_wish(value, &r->wish);
        if (span_eq(key, SPAN("by"))) good = pairs_text(value, r->by, sizeof r->by);
        if (span_eq(key, SPAN("note"))) good = pairs_text(value, r->note, sizeof r->note);
        if (span_eq(key, SPAN("name"))) good = pairs_text(value, r->name, sizeof r->name);
        if (span_eq(key, SPAN("id"))) good = read_id(value, r->id);
        if (span_eq(key, SPAN("share_ppm"))) good = read_ppm(value, &r->share_ppm);
        if (span_eq(key, SPAN("max_flips_ppm"))) good = read_ppm(value, &r->max_flips_ppm);
        if (span_eq(key, SPAN("mails"))) good = pairs_number(value, &r->mails) && r->mails <= SHADOW_MAILS_MAX;
        if (!good) return "a key of the request has a value that it cannot have";
    }
    if (text.n) return "the request is not lines of key=value";
    if (version != ADMIN_VERSION) return "the request is of another version: 'furui' and 'furuid' are not of one build";
    if (!wish) return "the request does not say what to do";
    if (r->share_ppm && !r->mails) return "a shadow wants a number of mails";
    return NULL;
}

/* --- open and close ----------------------------------------------------------------------------------------------- */

enum err admin_open(struct admin *a, const struct state *s, int epoll_fd, const struct admin_ops *ops, char *fault_out)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    *a = (struct admin){.ops = *ops, .epoll_fd = epoll_fd};
    for (int i = 0; i < ADMIN_PEERS; i++) a->peer[i].fd = -1;
    state_path(s, ADMIN_SOCKET, a->path);
    size_t n = strlen(a->path);
    a->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool good = a->fd >= 0 && n < sizeof at.sun_path;
    if (good) {
        memcpy(at.sun_path, a->path, n + 1);
        unlink(a->path);
        mode_t mask = umask(0177);
        good = bind(a->fd, (const struct sockaddr *)&at, sizeof at) == 0 && listen(a->fd, BACKLOG) == 0;
        umask(mask);
    }
    if (good) return ERR_OK;
    snprintf(fault_out, CONFIG_FAULT_MAX, "operator's socket %.300s: %s", a->path, strerror(errno));
    if (a->fd >= 0) close(a->fd);
    a->fd = -1;
    a->path[0] = 0;
    return ERR_IO;
}

static void watch(struct admin *a, int fd)
{
    struct epoll_event ev = {.events = EPOLLIN};
    epoll_ctl(a->epoll_fd, EPOLL_CTL_ADD, fd, &ev);
}

void admin_serve(struct admin *a)
{
    watch(a, a->fd);
}

static void let_go(struct admin *a, struct admin_peer *p)
{
    close(p->fd); /* leaves the epoll set with it */
    pairs_close(&p->out);
    *p = (struct admin_peer){.fd = -1};
    a->peers--;
}

void admin_close(struct admin *a)
{
    if (a->path[0] == 0) return;
    for (int i = 0; i < ADMIN_PEERS; i++)
        if (a->peer[i].fd >= 0) let_go(a, &a->peer[i]);
    unlink(a->path);
    close(a->fd);
    a->path[0] = 0;
}

/* --- in ----------------------------------------------------------------------------------------------------------- */

/* For somebody new: a free place, else that of whoever has said nothing for the longest; NULL: all have asked. */
static struct admin_peer *place(struct admin *a)
{
    struct admin_peer *silent = NULL;
    for (struct admin_peer *p = a->peer; p < a->peer + ADMIN_PEERS; p++) {
        if (p->fd < 0) return p;
        if (!p->asked && (!silent || p->since_us < silent->since_us)) silent = p;
    }
    return silent;
}

static void welcome(struct admin *a, int64_t now_us)
{
    int fd;
    while ((fd = accept4(a->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0) {
        struct ucred who;
        socklen_t size = sizeof who;
        bool known = getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) == 0;
        struct admin_peer *p = place(a);
        if (!known || (who.uid != geteuid() && who.uid != 0)) {
            LOG(LEVEL_WARN, "admin_denied", L_INT("uid", known ? (int64_t)who.uid : -1));
            close(fd);
        } else if (!p) {
            close(fd);
        } else {
            if (p->fd >= 0) let_go(a, p);
            *p = (struct admin_peer){.fd = fd, .ticket = ++a->tickets, .uid = who.uid, .since_us = now_us};
            a->peers++;
            watch(a, fd);
        }
    }
    if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED) return;
    a->deaf_until_us = now_us + DEAF_US; /* no descriptors: do not turn in circles around who knocks */
    epoll_ctl(a->epoll_fd, EPOLL_CTL_DEL, a->fd, NULL);
}

/* The first descriptor of a message; others are closed. */
static int descriptor_of(struct msghdr *m)
{
    int first = -1;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) continue;
        size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < n; i++) {
            int fd;
            memcpy(&fd, CMSG_DATA(c) + i * sizeof fd, sizeof fd);
            if (first < 0)
                first = fd;
            else
                close(fd);
        }
    }
    return first;
}

/* One packet of a peer. False: it has gone, or says too much. */
static bool hear(struct admin *a, struct admin_peer *p, int64_t now_us)
{
    char text[ADMIN_REQUEST_MAX];
    union {
        struct cmsghdr align;
        char room[CMSG_SPACE(FDS_MAX * sizeof(int))];
    } control;
    struct iovec io = {text, sizeof text};
    struct msghdr m = {
        .msg_iov = &io, .msg_iovlen = 1, .msg_control = control.room, .msg_controllen = sizeof control.room};
    ssize_t n = recvmsg(p->fd, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (n < 0) return errno == EAGAIN || errno == EINTR;
    struct admin_request r = {.ticket = p->ticket, .uid = p->uid, .bundle_fd = descriptor_of(&m)};
    bool more = p->asked;
    p->asked = true;
    if (n == 0 || more) {
        if (r.bundle_fd >= 0) close(r.bundle_fd);
        return false;
    }
    const char *wrong = m.msg_flags & MSG_TRUNC    ? "the request is too long"
                        : m.msg_flags & MSG_CTRUNC ? "furuid has no descriptor left for the bundle, or got too many"
                                                   : admin_parse(span_of(text, (size_t)n), &r);
    if (!wrong && r.wish == ADMIN_PUSH && r.bundle_fd < 0) wrong = "no bundle came with the request";
    if (wrong || r.wish != ADMIN_PUSH) {
        if (r.bundle_fd >= 0) close(r.bundle_fd);
        r.bundle_fd = -1;
    }
    if (wrong)
        admin_say(a, p->ticket, "refused", wrong, now_us);
    else
        a->ops.ask(a->ops.ctx, &r);
    return true;
}

void admin_read(struct admin *a, int64_t now_us)
{
    for (struct admin_peer *p = a->peer; p < a->peer + ADMIN_PEERS; p++)
        if (p->fd >= 0 && !hear(a, p, now_us)) let_go(a, p);
    if (!a->deaf_until_us) welcome(a, now_us);
}

/* --- out ---------------------------------------------------------------------------------------------------------- */

/* False: all is said, or nobody hears it. */
static bool say(struct admin_peer *p)
{
    while (p->sent < p->out.n) {
        size_t n = p->out.n - p->sent < ADMIN_PACKET_MAX ? p->out.n - p->sent : ADMIN_PACKET_MAX;
        ssize_t k = send(p->fd, p->out.p + p->sent, n, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (k < 0) return errno == EAGAIN || errno == EINTR || errno == ENOBUFS;
        p->sent += (size_t)k;
    }
    return false;
}

void admin_answer(struct admin *a, uint64_t ticket, struct pairs *text, int64_t now_us)
{
    for (struct admin_peer *p = a->peer; p < a->peer + ADMIN_PEERS; p++) {
        if (p->fd < 0 || p->ticket != ticket || p->answered) continue;
        p->out = *text;
        p->answered = true;
        p->since_us = now_us;
        *text = (struct pairs){0};
        return; /* admin_tick sends it: the caller may be within admin_read */
    }
    pairs_close(text);
}

void admin_say(struct admin *a, uint64_t ticket, const char *status, const char *why, int64_t now_us)
{
    struct pairs f = {0};
    pairs_put_number(&f, "v", ADMIN_VERSION);
    pairs_put(&f, "status", status);
    pairs_put(&f, "why", why);
    admin_answer(a, ticket, &f, now_us);
}

void admin_tick(struct admin *a, int64_t now_us)
{
    if (a->deaf_until_us && now_us > a->deaf_until_us) {
        a->deaf_until_us = 0;
        watch(a, a->fd);
    }
    if (!a->peers) return;
    for (struct admin_peer *p = a->peer; p < a->peer + ADMIN_PEERS; p++) {
        if (p->fd < 0) continue;
        bool slow = now_us - p->since_us > ADMIN_PATIENCE_S * 1000000LL && (p->answered || !p->asked);
        if (slow || (p->answered && !say(p))) let_go(a, p);
    }
}

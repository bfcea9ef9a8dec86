/* SPDX-License-Identifier: Apache-2.0 */
/* bus: what zmq calls sockets, messages and monitors, by our names; see bus.h. */
#define _GNU_SOURCE
#include "proto/bus.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <zmq.h>

/* Whoever connects notices a dead link (a host gone, a cable pulled) by ZMTP's own ping. Whoever listens relies on
 * TCP's: a ping's answer waits behind a large frame on a slow line, and cutting that would lose a healthy gateway. */
enum {
    PING_EVERY_MS = 10000,
    PING_PATIENCE_MS = 30000,
    KEEPALIVE_IDLE_S = 60,
    KEEPALIVE_EVERY_S = 15,
    KEEPALIVE_COUNT = 4,
    RECONNECT_MS = 50,
    RECONNECT_MAX_MS = 1000,
    BACKLOG = 1024,
};

_Static_assert(sizeof(struct bus_frame) == sizeof(zmq_msg_t), "a frame is a zmq_msg_t");

struct bus {
    void *ctx;
};

struct bus_sock {
    void *zmq;
    void *watch; /* tells of connections lost; NULL unless watched */
};

static zmq_msg_t *msg_of(struct bus_frame *f)
{
    return (zmq_msg_t *)(void *)f->opaque;
}

struct bus *bus_open(int io_threads)
{
    struct bus *b = malloc(sizeof *b);
    if (!b) return NULL;
    b->ctx = zmq_ctx_new();
    if (!b->ctx) {
        free(b);
        return NULL;
    }
    zmq_ctx_set(b->ctx, ZMQ_IO_THREADS, io_threads);
    return b;
}

void bus_close(struct bus *b)
{
    if (!b) return;
    while (zmq_ctx_term(b->ctx) != 0 && errno == EINTR) {
    }
    free(b);
}

static void set_int(void *zmq, int option, int value)
{
    int rc = zmq_setsockopt(zmq, option, &value, sizeof value);
    assert(rc == 0 && "a socket option that libzmq does not know");
    (void)rc;
}

struct bus_sock *bus_socket(struct bus *b, enum bus_role role, const struct bus_options *o)
{
    void *zmq = zmq_socket(b->ctx, role == BUS_ROUTER ? ZMQ_ROUTER : ZMQ_DEALER);
    if (!zmq) return NULL;
    struct bus_sock *s = malloc(sizeof *s);
    if (!s) {
        zmq_close(zmq);
        return NULL;
    }
    *s = (struct bus_sock){.zmq = zmq};
    set_int(zmq, ZMQ_LINGER, 0);
    set_int(zmq, ZMQ_SNDHWM, o->queue_max);
    set_int(zmq, ZMQ_RCVHWM, o->queue_max);
    set_int(zmq, ZMQ_BACKLOG, BACKLOG);
    set_int(zmq, ZMQ_TCP_KEEPALIVE, 1);
    set_int(zmq, ZMQ_TCP_KEEPALIVE_IDLE, KEEPALIVE_IDLE_S);
    set_int(zmq, ZMQ_TCP_KEEPALIVE_INTVL, KEEPALIVE_EVERY_S);
    set_int(zmq, ZMQ_TCP_KEEPALIVE_CNT, KEEPALIVE_COUNT);
    set_int(zmq, ZMQ_RECONNECT_IVL, RECONNECT_MS);
    set_int(zmq, ZMQ_RECONNECT_IVL_MAX, RECONNECT_MAX_MS);
    int64_t frame_max = o->frame_max ? o->frame_max : -1;
    zmq_setsockopt(zmq, ZMQ_MAXMSGSIZE, &frame_max, sizeof frame_max);
    if (role == BUS_ROUTER) {
        set_int(zmq, ZMQ_ROUTER_MANDATORY, o->mandatory);
    } else {
        set_int(zmq, ZMQ_IMMEDIATE, o->live_only);
        set_int(zmq, ZMQ_HEARTBEAT_IVL, PING_EVERY_MS);
        set_int(zmq, ZMQ_HEARTBEAT_TIMEOUT, PING_PATIENCE_MS);
        if (o->identity) zmq_setsockopt(zmq, ZMQ_ROUTING_ID, o->identity, strlen(o->identity));
    }
    return s;
}

void bus_sock_close(struct bus_sock *s, int linger_ms)
{
    if (!s) return;
    if (s->watch) {
        zmq_socket_monitor(s->zmq, NULL, 0);
        zmq_close(s->watch);
    }
    set_int(s->zmq, ZMQ_LINGER, linger_ms);
    zmq_close(s->zmq);
    free(s);
}

static enum err endpoint_err(int rc)
{
    if (rc == 0) return ERR_OK;
    switch (errno) {
    case EADDRINUSE: return ERR_BUSY;
    case EINVAL:
    case EPROTONOSUPPORT:
    case ENOCOMPATPROTO:
    case ENAMETOOLONG: return ERR_SYNTAX;
    case EMTHREAD: errno = EAGAIN; return ERR_IO;
    case ETERM: errno = ECANCELED; return ERR_IO;
    default: return ERR_IO;
    }
}

/* libzmq names an IPv4 address in IPv6 form when IPv6 is on, so it is on only where an endpoint needs it. */
static void choose_family(struct bus_sock *s, const char *endpoint)
{
    bool tcp = strncmp(endpoint, "tcp://", 6) == 0;
    set_int(s->zmq, ZMQ_IPV6, tcp && !ascii_digit((uint8_t)endpoint[6]));
}

/* Does somebody serve this ipc endpoint? libzmq would unlink its socket file and take its place. */
static bool ipc_is_served(const char *endpoint)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    if (strncmp(endpoint, "ipc://", 6) != 0) return false;
    const char *path = endpoint + 6;
    size_t n = strlen(path);
    if (n >= sizeof to.sun_path) return false;
    memcpy(to.sun_path, path, n + 1);
    socklen_t size = sizeof to;
    if (path[0] == '@') { /* the abstract name space: begins with NUL, is not terminated */
        to.sun_path[0] = 0;
        size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
    }
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return false;
    bool served = connect(fd, (struct sockaddr *)&to, size) == 0 || errno == EAGAIN;
    close(fd);
    return served;
}

enum err bus_bind(struct bus_sock *s, const char *endpoint)
{
    if (ipc_is_served(endpoint)) {
        errno = EADDRINUSE;
        return ERR_BUSY;
    }
    choose_family(s, endpoint);
    return endpoint_err(zmq_bind(s->zmq, endpoint));
}

enum err bus_unbind(struct bus_sock *s, const char *endpoint)
{
    return endpoint_err(zmq_unbind(s->zmq, endpoint));
}

enum err bus_connect(struct bus_sock *s, const char *endpoint)
{
    choose_family(s, endpoint);
    return endpoint_err(zmq_connect(s->zmq, endpoint));
}

enum err bus_last_endpoint(struct bus_sock *s, char *out, size_t cap)
{
    return zmq_getsockopt(s->zmq, ZMQ_LAST_ENDPOINT, out, &cap) == 0 ? ERR_OK : ERR_TOO_BIG;
}

void bus_frame_init(struct bus_frame *f)
{
    zmq_msg_init(msg_of(f));
}

enum err bus_frame_copy_in(struct bus_frame *f, span bytes)
{
    if (zmq_msg_init_size(msg_of(f), bytes.n) != 0) {
        bus_frame_init(f);
        return ERR_MEMORY;
    }
    if (bytes.n) memcpy(zmq_msg_data(msg_of(f)), bytes.p, bytes.n);
    return ERR_OK;
}

void bus_frame_share(struct bus_frame *to, struct bus_frame *from)
{
    bus_frame_init(to);
    int rc = zmq_msg_copy(msg_of(to), msg_of(from));
    assert(rc == 0 && "shared a frame that was never made");
    (void)rc;
}

void bus_frame_move(struct bus_frame *to, struct bus_frame *from)
{
    bus_frame_init(to);
    int rc = zmq_msg_move(msg_of(to), msg_of(from));
    assert(rc == 0 && "moved a frame that was never made");
    (void)rc;
}

span bus_frame_span(struct bus_frame *f)
{
    return span_of(zmq_msg_data(msg_of(f)), zmq_msg_size(msg_of(f)));
}

void bus_frame_close(struct bus_frame *f)
{
    zmq_msg_close(msg_of(f));
    bus_frame_init(f);
}

void bus_msg_close(struct bus_msg *m)
{
    for (size_t i = 0; i < m->n; i++) bus_frame_close(&m->frame[i]);
    m->n = 0;
}

bool bus_recv(struct bus_sock *s, struct bus_msg *m)
{
    bus_msg_close(m);
    m->cut = false;
    for (bool more = true; more;) {
        struct bus_frame spare;
        bool keep = m->n < BUS_FRAMES_MAX;
        zmq_msg_t *to = msg_of(keep ? &m->frame[m->n] : &spare);
        zmq_msg_init(to);
        int rc;
        do {
            rc = zmq_msg_recv(to, s->zmq, ZMQ_DONTWAIT);
        } while (rc < 0 && errno == EINTR);
        if (rc < 0) { /* only before a first frame: messages arrive whole */
            zmq_msg_close(to);
            bus_msg_close(m);
            return false;
        }
        more = zmq_msg_more(to) != 0;
        if (keep) {
            m->n++;
        } else {
            zmq_msg_close(to);
            m->cut = true;
        }
    }
    return true;
}

enum err bus_send(struct bus_sock *s, struct bus_frame *frames, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        int rc;
        do {
            rc = zmq_msg_send(msg_of(&frames[i]), s->zmq, ZMQ_DONTWAIT | (i + 1 < n ? ZMQ_SNDMORE : 0));
        } while (rc < 0 && errno == EINTR);
        if (rc >= 0) continue;
        if (i == 0) return errno == EAGAIN ? ERR_BUSY : ERR_CLOSED;
        /* The peer went away in the middle and libzmq took back what it had. The rest is handed over all the same:
         * it drops each frame up to the last, and begins anew after that. */
        bus_frame_close(&frames[i]);
    }
    return ERR_OK;
}

void bus_wait(struct bus_sock *const *socks, size_t n, const int *fds, size_t m, int timeout_ms, uint64_t *ready_out)
{
    zmq_pollitem_t items[64];
    assert(n + m <= 64);
    for (size_t i = 0; i < n; i++) items[i] = (zmq_pollitem_t){.socket = socks[i]->zmq, .events = ZMQ_POLLIN};
    for (size_t i = 0; i < m; i++) items[n + i] = (zmq_pollitem_t){.fd = fds[i], .events = ZMQ_POLLIN};
    *ready_out = 0;
    if (zmq_poll(items, (int)(n + m), timeout_ms) <= 0) return;
    for (size_t i = 0; i < n + m; i++)
        if (items[i].revents) *ready_out |= UINT64_C(1) << i;
}

static int fd_of(void *zmq)
{
    int fd = -1;
    size_t size = sizeof fd;
    zmq_getsockopt(zmq, ZMQ_FD, &fd, &size);
    return fd;
}

int bus_fd(struct bus_sock *s)
{
    return fd_of(s->zmq);
}

int bus_events(struct bus_sock *s)
{
    int events = 0;
    size_t size = sizeof events;
    zmq_getsockopt(s->zmq, ZMQ_EVENTS, &events, &size);
    return (events & ZMQ_POLLIN ? BUS_CAN_RECV : 0) | (events & ZMQ_POLLOUT ? BUS_CAN_SEND : 0);
}

enum err bus_watch(struct bus *b, struct bus_sock *s)
{
    char name[64];
    snprintf(name, sizeof name, "inproc://watch-%p", (void *)s);
    if (zmq_socket_monitor(s->zmq, name, ZMQ_EVENT_DISCONNECTED) != 0) return ERR_IO;
    s->watch = zmq_socket(b->ctx, ZMQ_PAIR);
    if (!s->watch) return ERR_IO;
    set_int(s->watch, ZMQ_LINGER, 0);
    return endpoint_err(zmq_connect(s->watch, name));
}

/* An event is two frames: its number and a value, then the endpoint; only the last frame has none behind it. */
unsigned bus_losses(struct bus_sock *s)
{
    unsigned n = 0;
    zmq_msg_t m;
    zmq_msg_init(&m);
    while (zmq_msg_recv(&m, s->watch, ZMQ_DONTWAIT) >= 0 || errno == EINTR)
        if (!zmq_msg_more(&m)) n++;
    zmq_msg_close(&m);
    return n;
}

int bus_watch_fd(struct bus_sock *s)
{
    return fd_of(s->watch);
}

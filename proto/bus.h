/* SPDX-License-Identifier: Apache-2.0 */
/* bus: messages between processes, over ZeroMQ (ZMTP 3.1); bus.c is the only file that sees zmq.
 *
 * A socket belongs to the thread that opened it. Frames that are received are lent until the next receive or
 * `bus_msg_close`; frames that are forwarded move without a copy of their bytes. */
#ifndef FURUI_BUS_H
#define FURUI_BUS_H

#include "proto/base/err.h"
#include "proto/base/span.h"

struct bus;      /* a context: one a process */
struct bus_sock; /* a socket */

enum bus_role {
    BUS_ROUTER, /* many peers; each message begins with the peer's identity */
    BUS_DEALER, /* one peer, many messages in flight */
};

enum {
    BUS_FRAMES_MAX = 72,    /* identity, delimiter, header and a batch of mails, with room */
    BUS_IDENTITY_MAX = 255, /* bytes (ZMTP) */
};

struct bus_options {
    const char *identity; /* DEALER: how the ROUTER names us; NULL lets it choose */
    int64_t frame_max;    /* a larger frame closes its connection before it is stored; 0: no limit (ZMQ_MAXMSGSIZE) */
    int queue_max;        /* messages waiting a peer, either way; 0: no limit */
    bool mandatory;       /* ROUTER: a send to a peer that is gone or full fails instead of vanishing */
    bool live_only;       /* DEALER: ERR_BUSY rather than queue behind a connection that is not up */
};

struct bus *bus_open(int io_threads);
void bus_close(struct bus *b); /* waits for the sockets' linger; all of them must be closed */

/* NULL only when the process has no descriptors or memory left. */
struct bus_sock *bus_socket(struct bus *b, enum bus_role role, const struct bus_options *o);
/* linger_ms: how long bytes on their way out may still leave. */
void bus_sock_close(struct bus_sock *s, int linger_ms);

/* ERR_BUSY: the port or socket is taken (a socket file that nobody serves is replaced). ERR_SYNTAX: not an endpoint.
 * ERR_IO: errno says more. A connect succeeds when the endpoint can be read; the connection comes, goes and comes
 * again on its own. */
enum err bus_bind(struct bus_sock *s, const char *endpoint);
enum err bus_unbind(struct bus_sock *s, const char *endpoint);
enum err bus_connect(struct bus_sock *s, const char *endpoint);
/* The endpoint really bound last (a port 0 gets a number). ERR_TOO_BIG: longer than `cap`. */
enum err bus_last_endpoint(struct bus_sock *s, char *out, size_t cap);

/* One frame. Owned by whoever holds the struct; 64 bytes, movable by bus_frame_move only. What makes a frame
 * (init, copy_in, and `to` of share and move) overwrites the struct: it must be new, empty or closed. */
struct bus_frame {
    _Alignas(8) unsigned char opaque[64];
};
void bus_frame_init(struct bus_frame *f);                           /* empty */
enum err bus_frame_copy_in(struct bus_frame *f, span bytes);        /* a new frame with a copy of bytes */
void bus_frame_share(struct bus_frame *to, struct bus_frame *from); /* both name the same bytes; no copy over 33 B */
void bus_frame_move(struct bus_frame *to, struct bus_frame *from);  /* from becomes empty */
span bus_frame_span(struct bus_frame *f);                           /* lent while the frame lives */
void bus_frame_close(struct bus_frame *f);                          /* empty again; closing twice is harmless */

struct bus_msg {
    struct bus_frame frame[BUS_FRAMES_MAX];
    size_t n;
    bool cut; /* there were more frames than BUS_FRAMES_MAX; the rest was read and dropped */
};
void bus_msg_close(struct bus_msg *m); /* frees its frames; n = 0 */

/* Receive one whole message without waiting. Returns false when none waits. What `m` still held is closed first: a
 * new one must begin with n = 0. */
bool bus_recv(struct bus_sock *s, struct bus_msg *m);

/* Send frames [0, n) as one message, without waiting. On ERR_OK they are gone (empty); on ERR_BUSY (the peer's queue
 * is full) or ERR_CLOSED (no such peer) they are still the caller's. ERR_OK is no receipt: the peer may go away while
 * they are on their way. */
enum err bus_send(struct bus_sock *s, struct bus_frame *frames, size_t n);

/* Wait until a socket or descriptor can be read.
 *
 *   socks[n], fds[m]   what to watch; either may be 0 long
 *   ready_out          bit i: socks[i]; bit n+j: fds[j]; n + m <= 64
 *   timeout_ms         -1: for ever
 *
 * Returns early, with nothing ready, on a signal. */
void bus_wait(struct bus_sock *const *socks, size_t n, const int *fds, size_t m, int timeout_ms, uint64_t *ready_out);

/* For event loops of others (the client library). bus_fd: a descriptor that becomes readable when the socket may have
 * changed. It signals changes, not states, and any call on the socket may take the signal: whoever watches it goes to
 * sleep only when bus_events, asked last, has nothing that it waits for. */
int bus_fd(struct bus_sock *s);
enum { BUS_CAN_RECV = 1, BUS_CAN_SEND = 2 };
int bus_events(struct bus_sock *s);

/* Watch a socket's connections from now on; once a socket. ERR_IO. */
enum err bus_watch(struct bus *b, struct bus_sock *s);
/* How many connections were lost since the last call. What was on its way over them may be lost for a moment longer:
 * libzmq tells before it takes the connection's queue away. */
unsigned bus_losses(struct bus_sock *s);
int bus_watch_fd(struct bus_sock *s); /* as bus_fd, for bus_losses */

#endif

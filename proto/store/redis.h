/* SPDX-License-Identifier: Apache-2.0 */
/* redis: one connection to a Redis server that never makes its caller wait; redis.c is the only file that sees hiredis.
 *
 * The socket is our own and non-blocking, with TLS or without (tls.h); commands are written by us; hiredis parses
 * replies into a fixed list of values, so a reply costs no memory whatever the server sends. Source: the RESP 2
 * specification, redis.io. */
#ifndef FURUI_STORE_REDIS_H
#define FURUI_STORE_REDIS_H

#include "proto/store/address.h"
#include "proto/store/store.h"
#include "proto/store/tls.h"

struct redis;

enum redis_state {
    REDIS_DOWN,       /* no socket */
    REDIS_CONNECTING, /* the handshake is under way, TCP's or TLS's */
    REDIS_UP,         /* connected; says nothing about whether the server answers */
};

/* keep: bytes of commands stay until redis_forget, so that they can be sent elsewhere. ERR_MEMORY. */
enum err redis_open(bool keep, struct redis **out);
void redis_close(struct redis *c);

/* Begin to connect (the state was REDIS_DOWN). The state is REDIS_DOWN again when that fails at once. trust: NULL without
 * TLS; else a certificate for `name` is wanted. `trust` is lent until redis_drop. */
void redis_connect(struct redis *c, const struct address *to, struct tls_trust *trust, const char *name);
void redis_drop(struct redis *c);
enum redis_state redis_state(const struct redis *c);
int redis_fd(const struct redis *c);          /* -1 when down */
const char *redis_why(const struct redis *c); /* why it is down, as far as the system knows */

/* Queue one command, given in runs of words, one behind the other; words may hold any byte. How many bytes it is; 0
 * when the queue is full or the connection is not up. */
struct redis_words {
    const span *v;
    size_t n;
};
size_t redis_put(struct redis *c, const struct redis_words *runs, size_t run_count);
size_t redis_put_raw(struct redis *c, span command); /* one that another connection had */

/* The oldest n bytes that are kept, lent until the next call of this connection; empty when they were not sent yet. Then
 * let them go. */
span redis_kept(const struct redis *c, size_t n);
void redis_forget(struct redis *c, size_t n);

/* Finish connecting, write what the socket takes, read what it has. Never waits; a failure makes the state DOWN. */
void redis_pump(struct redis *c);

/* The next whole reply that was read, in the form of store_reply; lent until the next call of this or redis_pump. How
 * many values; 0 when there is none. */
size_t redis_next(struct redis *c, const struct store_value **v_out);

/* Wait until there is something for redis_pump to do, or timeout_us have passed (when it is down, always). */
void redis_wait(struct redis *c, int64_t timeout_us);

#endif

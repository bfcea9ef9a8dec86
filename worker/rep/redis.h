/* SPDX-License-Identifier: Apache-2.0 */
/* redis: one connection to a Redis server that never makes its caller wait; redis.c is the only file that sees hiredis.
 *
 * The socket is our own and non-blocking; hiredis writes commands and parses replies. Replies are parsed into one fixed
 * struct, so a reply costs no memory whatever the server sends. Source: the RESP 2 specification, redis.io. */
#ifndef FURUI_REP_REDIS_H
#define FURUI_REP_REDIS_H

#include "proto/base/err.h"
#include "proto/base/span.h"

struct redis;

enum redis_state {
    REDIS_DOWN,       /* no socket */
    REDIS_CONNECTING, /* the handshake is under way */
    REDIS_UP,         /* connected; says nothing about whether the server answers */
};

enum {
    REDIS_VALUES_MAX = 4,        /* elements of a list reply that are kept */
    REDIS_VALUE_MAX = 31,        /* bytes of a value that are kept */
    REDIS_QUEUE_MAX = 1 << 20,   /* bytes waiting to be sent; redis_put refuses more */
    REDIS_REPLY_BYTES = 1 << 20, /* a reply over this is a broken server: the connection is dropped */
};

struct redis_reply {
    enum { REDIS_NIL, REDIS_INTEGER, REDIS_TEXT, REDIS_ERROR, REDIS_LIST } kind;
    size_t n; /* elements of the list, as the server counted; else 1 */
    struct {
        bool set; /* false: nil */
        uint8_t n;
        char text[REDIS_VALUE_MAX + 1]; /* NUL-terminated; cut to REDIS_VALUE_MAX */
    } value[REDIS_VALUES_MAX];          /* of a list; [0] of anything else (an error's first words) */
};

/* Parse "unix:PATH" or "tcp:HOST:PORT" and resolve HOST (may block: at start only). ERR_SYNTAX, ERR_IO, ERR_MEMORY. */
enum err redis_open(const char *where, struct redis **out);
void redis_close(struct redis *c);

/* Begin to connect (the state was REDIS_DOWN). The state is REDIS_DOWN again when that fails at once. */
void redis_connect(struct redis *c);
void redis_drop(struct redis *c);
enum redis_state redis_state(const struct redis *c);
int redis_fd(const struct redis *c); /* -1 when down */

/* Queue one command; words may hold any byte. False when the queue is full or the connection is not up. */
bool redis_put(struct redis *c, const span *words, size_t n);

/* Finish connecting, write what the socket takes, read what it has. Never waits; a failure makes the state DOWN. */
void redis_pump(struct redis *c);

/* The next whole reply that was read; lent until the next call. NULL when there is none. */
const struct redis_reply *redis_next(struct redis *c);

/* Wait until there is something for redis_pump to do, or timeout_us have passed (when it is down, always). */
void redis_wait(struct redis *c, int64_t timeout_us);

#endif

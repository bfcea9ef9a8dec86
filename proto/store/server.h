/* SPDX-License-Identifier: Apache-2.0 */
/* server: one Redis server, by a connection that comes back by itself, and a ring of what its replies are for.
 *
 * A connection serves when the server took the password, said what it is, and has every script. Redis answers in order,
 * so the ring's head is always the next reply's; what a broken connection owed stays at the head until the caller has
 * taken it. One of these is a whole store; Sentinel and cluster have several. */
#ifndef FURUI_STORE_SERVER_H
#define FURUI_STORE_SERVER_H

#include "proto/store/address.h"
#include "proto/store/redis.h"
#include "proto/store/store.h"
#include "proto/store/tls.h"

enum { SERVER_SHA_BYTES = 40 };

/* What all servers of a store are spoken to with; outlives them. */
struct server_ways {
    const char *user, *password; /* NULL: none */
    struct tls_trust *trust;     /* NULL: no TLS */
    const char *name;            /* that certificates must be for; NULL: the server's own */
    bool scripted;               /* it is to have the scripts */
    bool steered;                /* each connection only after server_aim: somebody else knows where to */
    bool keep;                   /* commands stay until they are answered */
    int stall_ms;                /* takes no command while an answer is owed for longer; 0: does */
    int epoll;                   /* descriptor that connections join; -1: none */
    struct store_script *script; /* [STORE_SCRIPTS_MAX] */
    unsigned *script_count;
    struct store_stat *stat;
};

struct store_script {
    const char *text;
    char sha[SERVER_SHA_BYTES]; /* as servers call it; the same everywhere */
};

enum due_kind {
    DUE_CALLER,
    DUE_STORE /* asked by a part of the store */,
    DUE_GREETING,
    DUE_ROLE,
    DUE_SCRIPT,
    DUE_ASKING
};

/* What a reply is for. */
struct due {
    uint64_t tag;
    uint32_t bytes; /* of the command */
    uint16_t group;
    uint8_t kind;   /* DUE_CALLER or DUE_STORE; the others are the server's own */
    uint8_t script; /* that the command runs */
    uint8_t hops;   /* how often it was sent elsewhere */
};

struct server;

enum err server_open(const struct server_ways *w, struct server **out); /* ERR_MEMORY */
void server_close(struct server *s);

/* From now on it is at this address; what an earlier connection owed is lost. */
void server_aim(struct server *s, const struct address *at);
bool server_aimed(const struct server *s); /* false again after each loss, when steered */
const struct address *server_at(const struct server *s);

/* Connect when due, write, read, hear what it says of itself. */
void server_pump(struct server *s);

/* Queue a command of one group; false when it does not serve or too much waits. */
bool server_put(struct server *s, struct due d, const struct redis_words *runs, size_t run_count);
bool server_put_raw(struct server *s, struct due d, span command, bool asking);

struct server_reply {
    struct due due;
    bool lost;                   /* none will come */
    const struct store_value *v; /* [n] */
    size_t n;
    span command; /* its bytes, if kept; lent until the next call of this server */
};
bool server_next(struct server *s, struct server_reply *out);

/* Take no more commands, and connect again once the last is answered: it is not what it was. */
void server_leave(struct server *s, span why);
void server_drop(struct server *s, span why); /* now */

bool server_up(const struct server *s);    /* takes commands */
bool server_tried(const struct server *s); /* it has served, or failed to */
size_t server_due(const struct server *s);
const char *server_why(const struct server *s);
int server_fd(const struct server *s);
int server_wish_ms(const struct server *s);
int64_t server_connect_at_us(const struct server *s); /* not before */
void server_wait(struct server *s, int64_t timeout_us);

/* A server that said so is in a state, not wrong about the command: the same may work later. */
bool server_passing(span error);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* store: the Redis that processes share: one handle, whatever number of servers stands behind it.
 *
 * Nothing here waits but store_wait. A command is put with the key that says where it belongs, and every command that
 * was taken gets exactly one reply, known by the tag that was put with it; a lost connection replies STORE_LOST for
 * all that it owed. Commands of one group (store_group) are answered in the order in which they were put. Connecting,
 * passwords, back-off and finding out that a server is dead are done inside. Source: RESP 2, redis.io. */
#ifndef FURUI_STORE_STORE_H
#define FURUI_STORE_STORE_H

#include "proto/base/err.h"
#include "proto/base/span.h"

enum {
    STORE_DUE_MAX = 4096,        /* commands without a reply; store_put refuses more */
    STORE_QUEUE_MAX = 1 << 20,   /* bytes waiting to be sent to one server; store_put refuses more */
    STORE_REPLY_BYTES = 1 << 20, /* a reply over this is a broken server: the connection is dropped */
    STORE_VALUES_MAX = 4096,     /* values of one reply that are kept, lists and their elements */
    STORE_SCRIPTS_MAX = 8,
    STORE_WHY_MAX = 128, /* bytes of the words why a store is away, with the NUL */
};

enum store_kind { STORE_NIL, STORE_INTEGER, STORE_TEXT, STORE_ERROR, STORE_LIST, STORE_LOST };

/* One value; the n elements of a list follow it, each with its own elements behind it. */
struct store_value {
    enum store_kind kind;
    size_t n;        /* STORE_LIST: elements, as the server counted */
    int64_t integer; /* STORE_INTEGER */
    span text;       /* STORE_TEXT, STORE_ERROR ("OOM command not allowed…") */
};

struct store_reply {
    uint64_t tag;
    const struct store_value *v; /* v[0] is the reply itself; lent until the next call of store_next or store_pump */
    size_t n;                    /* values kept, at least 1 */
    bool passing; /* an error of the server's state (LOADING, OOM, READONLY, a script it forgot…), or STORE_LOST: the
                   * same command may work later. Of a lost one nobody knows whether it was done */
};

struct store;

/* Texts may be NULL or empty: nothing of the kind. All are read by store_open and not needed afterwards. */
struct store_options {
    const char *where;         /* proto/where.h */
    const char *user;          /* of an ACL */
    const char *password_file; /* its first line */
    const char *sentinel_password_file;
    bool tls;
    const char *tls_ca, *tls_cert, *tls_key; /* proto/store/tls.h */
    const char *tls_name; /* that each certificate must be for; else the host or address that is connected to */
    int stall_ms;         /* a server that owes an answer for longer does not serve; 0: it does */
    char *fault_out;      /* [STORE_WHY_MAX] what is wrong, or NULL */
};

/* Resolve names (may block: at start only) and begin to connect. ERR_SYNTAX, ERR_IO (no such host or file),
 * ERR_MEMORY. */
enum err store_open(const struct store_options *o, struct store **out);
void store_close(struct store *s);

/* Make a script known; text is lent for ever. Its number is for store_eval. Before the first store_pump. */
unsigned store_script(struct store *s, const char *text);

/* Keys of one group may stand in one command. 0 for all keys of a single server; the slot in a cluster. */
unsigned store_group(const struct store *s, span key);

/* Queue a command; words may hold any byte, and are copied. `key` chooses the server (SPAN_NONE: any). False, and no
 * reply will come, when that server is away or too much waits. */
bool store_put(struct store *s, span key, const span *words, size_t n, uint64_t tag);

/* The same for a script, with keys of one group. */
bool store_eval(struct store *s, unsigned script, const span *keys, size_t key_count, const span *args,
                size_t arg_count, uint64_t tag);

/* Connect when due, write what sockets take, read what they have. */
void store_pump(struct store *s);

/* The next whole reply that was read. False when there is none. */
bool store_next(struct store *s, struct store_reply *out);

/* Wait until there is something for store_pump to do, or timeout_us have passed. */
void store_wait(struct store *s, int64_t timeout_us);

/* A descriptor that is readable when store_pump has something to read; -1 when none. It changes: ask each time. */
int store_fd(const struct store *s);

/* Milliseconds until store_pump wants to be called, whatever the descriptor says; -1: no wish. */
int store_wish_ms(const struct store *s);

/* Does it serve: has each server said that it is ready? A cluster without one of its masters does, in part. */
bool store_up(const struct store *s);

/* Why it does not, or did not the last time, in a few words; "" when it always has. Lent until the next pump. */
const char *store_why(const struct store *s);

struct store_stat {
    uint64_t connections; /* how often one was made and found ready */
    uint64_t lost;        /* commands whose reply was lost with a connection */
    size_t away;          /* servers that should serve now and do not */
};
void store_stat(const struct store *s, struct store_stat *out);

#endif

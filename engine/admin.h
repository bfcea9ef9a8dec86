/* SPDX-License-Identifier: Apache-2.0 */
/* admin: the operator's door; proto/admin.h has the words.
 *
 * A Unix socket beside the front door, never on a network: whoever may ask for a verdict may not replace the model. The
 * kernel says who connects. Nothing here waits: a peer that is slow to ask or to read is let go of. */
#ifndef FURUI_ENGINE_ADMIN_H
#define FURUI_ENGINE_ADMIN_H

#include "engine/state.h"
#include "proto/admin.h"
#include "proto/pairs.h"

enum { ADMIN_PEERS = 8, ADMIN_PATIENCE_S = 10 };

enum admin_wish { ADMIN_PUSH, ADMIN_ROLLBACK, ADMIN_HISTORY, ADMIN_LEARNER };

struct admin_request {
    enum admin_wish wish;
    uint64_t ticket; /* whom to answer */
    uint64_t uid;    /* by the kernel's word */
    int bundle_fd;   /* PUSH; owned by whoever takes the request */
    char id[ADMIN_ID_MAX];
    char by[ADMIN_BY_MAX], name[ADMIN_NAME_MAX], note[ADMIN_NOTE_MAX];
    uint32_t share_ppm, max_flips_ppm;
    uint64_t mails;
    span text; /* LEARNER: all of it; lent until admin_ops.ask returns */
};

struct admin_ops {
    void *ctx;
    /* A request came; takes over bundle_fd. It is answered by admin_answer, now or later. */
    void (*ask)(void *ctx, const struct admin_request *r);
};

struct admin_peer {
    int fd; /* -1: none */
    uint64_t ticket, uid;
    int64_t since_us; /* came, or began to be answered */
    bool asked, answered;
    struct pairs out; /* what is left of its answer */
    size_t sent;
};

struct admin {
    struct admin_ops ops;
    char path[STATE_PATH_MAX];
    int fd, epoll_fd;
    int64_t deaf_until_us; /* out of descriptors: nobody is welcomed before; 0: they are */
    struct admin_peer peer[ADMIN_PEERS];
    size_t peers;
    uint64_t tickets;
};

/* Bind STATE_DIR/admin.sock; a stale one is replaced, since the state directory is locked.
 *
 *   epoll_fd   gets whatever is to be watched; lent
 *   fault_out  one line on error; CONFIG_FAULT_MAX bytes */
enum err admin_open(struct admin *a, const struct state *s, int epoll_fd, const struct admin_ops *ops, char *fault_out);
void admin_close(struct admin *a);
/* From now on whoever connects is heard; before, they wait. */
void admin_serve(struct admin *a);

/* Take what has come: call it when epoll_fd is readable. */
void admin_read(struct admin *a, int64_t now_us);
/* Go on with answers, let go of the slow. Call it often. */
void admin_tick(struct admin *a, int64_t now_us);

/* Answer with a text, which is taken over (empty afterwards). Who has gone gets none. */
void admin_answer(struct admin *a, uint64_t ticket, struct pairs *text, int64_t now_us);
/* Answer with a status and a reason alone. */
void admin_say(struct admin *a, uint64_t ticket, const char *status, const char *why, int64_t now_us);

/* Read a request's text. Returns NULL, or what is wrong with it, static. bundle_fd, ticket and uid are left alone.
 * Safe on any bytes. */
const char *admin_parse(span text, struct admin_request *r);

#endif

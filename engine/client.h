/* SPDX-License-Identifier: Apache-2.0 */
/* client: who waits for answers, each with a queue of its own, served in turn.
 *
 * A client is a ZeroMQ identity with something unanswered; it is forgotten with its last answer. Turns are taken
 * one job at a time around a ring, so that a client with 4,000 mails waiting delays one with a single mail by one
 * mail, not by 4,000. */
#ifndef FURUI_ENGINE_CLIENT_H
#define FURUI_ENGINE_CLIENT_H

#include "engine/request.h"

struct client {
    struct client *chain;        /* next in its bucket */
    struct client *left, *right; /* around the ring, while something waits; NULL otherwise */
    struct job_list waiting;
    size_t unanswered; /* jobs */
    uint64_t hash;
    size_t identity_bytes;
    uint8_t identity[BUS_IDENTITY_MAX];
};

struct client_table {
    struct client **bucket; /* owned; a power of two of them */
    size_t buckets, n;
    uint64_t seed;       /* so that nobody can choose identities that collide */
    struct client *turn; /* whose turn it is; NULL when nothing waits */
    size_t waiting;      /* jobs, of all clients */
};

void client_table_open(struct client_table *t, uint64_t seed);
void client_table_close(struct client_table *t);

/* The client of this name, a new one if need be. */
struct client *client_of(struct client_table *t, span identity);
/* NULL when it has nothing unanswered. */
struct client *client_find(const struct client_table *t, span identity);
/* Forget it if nothing of it is unanswered. */
void client_drop_idle(struct client_table *t, struct client *c);

/* Queue a job. */
void client_push(struct client_table *t, struct client *c, struct job *j);
void client_remove(struct client_table *t, struct client *c, struct job *j);
/* The next job in turn, out of its queue; NULL when nothing waits. */
struct job *client_next(struct client_table *t);

#endif

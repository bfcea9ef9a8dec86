/* SPDX-License-Identifier: Apache-2.0 */
/* client: who waits for answers, each with a queue of its own, served in turn; see client.h. */
#include "engine/client.h"

#include "proto/base/hash.h"

#include <assert.h>
#include <stdlib.h>

enum { FIRST_BUCKETS = 256 };

void client_table_open(struct client_table *t, uint64_t seed)
{
    *t = (struct client_table){.buckets = FIRST_BUCKETS, .seed = seed};
    t->bucket = must_calloc(t->buckets, sizeof *t->bucket);
}

void client_table_close(struct client_table *t)
{
    for (size_t i = 0; i < t->buckets; i++) {
        for (struct client *c = t->bucket[i], *next; c; c = next) {
            next = c->chain;
            free(c);
        }
    }
    free(t->bucket);
    *t = (struct client_table){0};
}

static struct client *find(const struct client_table *t, span identity, uint64_t hash)
{
    struct client *c = t->bucket[hash & (t->buckets - 1)];
    while (c && !(c->hash == hash && span_eq(span_of(c->identity, c->identity_bytes), identity))) c = c->chain;
    return c;
}

static void grow(struct client_table *t)
{
    size_t buckets = t->buckets * 2;
    struct client **bucket = must_calloc(buckets, sizeof *bucket);
    for (size_t i = 0; i < t->buckets; i++) {
        for (struct client *c = t->bucket[i], *next; c; c = next) {
            next = c->chain;
            c->chain = bucket[c->hash & (buckets - 1)];
            bucket[c->hash & (buckets - 1)] = c;
        }
    }
    free(t->bucket);
    t->bucket = bucket;
    t->buckets = buckets;
}

struct client *client_find(const struct client_table *t, span identity)
{
    return find(t, identity, hash64(identity, t->seed));
}

struct client *client_of(struct client_table *t, span identity)
{
    identity = span_head(identity, BUS_IDENTITY_MAX);
    uint64_t hash = hash64(identity, t->seed);
    struct client *c = find(t, identity, hash);
    if (c) return c;
    if (t->n >= t->buckets) grow(t);
    c = must_calloc(1, sizeof *c);
    c->hash = hash;
    c->identity_bytes = identity.n;
    if (identity.n) memcpy(c->identity, identity.p, identity.n);
    c->chain = t->bucket[hash & (t->buckets - 1)];
    t->bucket[hash & (t->buckets - 1)] = c;
    t->n++;
    return c;
}

void client_drop_idle(struct client_table *t, struct client *c)
{
    if (c->unanswered) return;
    assert(c->waiting.n == 0 && !c->right);
    struct client **at = &t->bucket[c->hash & (t->buckets - 1)];
    while (*at != c) at = &(*at)->chain;
    *at = c->chain;
    t->n--;
    free(c);
}

/* Into the ring, as the last to have its turn. */
static void ring_join(struct client_table *t, struct client *c)
{
    if (!t->turn) {
        t->turn = c->left = c->right = c;
        return;
    }
    c->right = t->turn;
    c->left = t->turn->left;
    c->left->right = c->right->left = c;
}

static void ring_leave(struct client_table *t, struct client *c)
{
    if (c->right == c) {
        t->turn = NULL;
    } else {
        c->left->right = c->right;
        c->right->left = c->left;
        if (t->turn == c) t->turn = c->right;
    }
    c->left = c->right = NULL;
}

void client_push(struct client_table *t, struct client *c, struct job *j)
{
    if (!c->waiting.n) ring_join(t, c);
    job_list_push(&c->waiting, j);
    t->waiting++;
}

void client_remove(struct client_table *t, struct client *c, struct job *j)
{
    job_list_remove(&c->waiting, j);
    t->waiting--;
    if (!c->waiting.n) ring_leave(t, c);
}

struct job *client_next(struct client_table *t)
{
    struct client *c = t->turn;
    if (!c) return NULL;
    t->turn = c->right;
    struct job *j = c->waiting.head;
    client_remove(t, c, j);
    return j;
}

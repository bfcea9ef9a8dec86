/* SPDX-License-Identifier: Apache-2.0 */
/* cluster: many masters, each with some of 16384 slots of keys; one connection a master.
 *
 * The map of slots is asked for at the start, when a master says that a slot moved, and while one is away. A command
 * that is told to go elsewhere (MOVED, ASK) goes there with its own bytes, and was not done before: nothing is lost or
 * done twice by it. While commands of a slot are under way at the slot's former master new ones are refused, so that
 * those of a slot are done in their order. Source: redis.io, "Redis cluster specification". */
#ifndef FURUI_STORE_CLUSTER_H
#define FURUI_STORE_CLUSTER_H

#include "proto/store/server.h"
#include "proto/where.h"

enum { CLUSTER_SLOTS = 16384, CLUSTER_NODES_MAX = 64 };

struct cluster;

/* Resolve the hosts that are named; those without an address are left out. ERR_IO: none has one; ERR_MEMORY. `ways` is
 * lent for ever, and keeps commands. */
enum err cluster_open(const struct where *w, const struct server_ways *ways, struct cluster **out);
void cluster_close(struct cluster *c);

/* The slot of a key: CRC16 (XMODEM) of what stands in its first braces, or of all of it. */
unsigned cluster_slot(span key);

void cluster_pump(struct cluster *c);
bool cluster_put(struct cluster *c, span key, struct due d, const struct redis_words *runs, size_t run_count);
bool cluster_next(struct cluster *c, struct server_reply *out); /* of callers' commands */

bool cluster_up(const struct cluster *c);     /* is there a map, and a master that serves? */
size_t cluster_away(const struct cluster *c); /* masters that do not */
void cluster_why(const struct cluster *c, char out[STORE_WHY_MAX]);
int cluster_wish_ms(const struct cluster *c);

#endif

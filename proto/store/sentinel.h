/* SPDX-License-Identifier: Apache-2.0 */
/* sentinel: which server is the master now, by the word of those who watch it.
 *
 * All sentinels are asked at once, and an address counts when more than half of those who answered name it: one that
 * lies, or was not told yet, moves nobody. They never see the master's password. Whether that server says itself that
 * it is the master is asked there (server.c). Source: redis.io, "Guidelines for Redis clients with support for Redis
 * Sentinel". */
#ifndef FURUI_STORE_SENTINEL_H
#define FURUI_STORE_SENTINEL_H

#include "proto/store/server.h"
#include "proto/where.h"

struct sentinel;

/* Resolve their names; those without an address are left out. ERR_IO: none has one; ERR_MEMORY. Both lent for ever. */
enum err sentinel_open(const struct where *w, const struct server_ways *ways, struct sentinel **out);
void sentinel_close(struct sentinel *s);

/* Ask, or go on asking: true when they agreed just now on `out`; the next call asks anew. Never waits. */
bool sentinel_ask(struct sentinel *s, struct address *out);

/* Why they did not agree the last time; "" while they have. */
const char *sentinel_why(const struct sentinel *s);

#endif

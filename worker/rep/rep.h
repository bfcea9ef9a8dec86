/* SPDX-License-Identifier: Apache-2.0 */
/* rep: reputation: what was counted about a sender and its links, read for a whole batch in one round trip.
 *
 * Counters live in Redis (redis.c is the only file that sees hiredis). Reading has a deadline of its own; what has not
 * come by then is missing evidence, never a delay. Writing is behind: counts are summed up in the worker and sent now
 * and then, without waiting for the answer. docs/scoring.md: from counters to log-odds. */
#ifndef FURUI_REP_REP_H
#define FURUI_REP_REP_H

#include "proto/base/err.h"
#include "worker/mime/mail.h"

enum rep_kind { REP_IP, REP_FROM_DOMAIN, REP_URL_DOMAIN, REP_KIND_COUNT };

enum {
    REP_KEYS_MAX = 16, /* keys looked up for one mail: 1 IP, 1 From domain, the rest URL domains */
};

struct rep; /* one worker's connection, cache of writes and back-off */

struct rep_key {
    enum rep_kind kind;
    span name; /* "192.0.2.1", "example.org" */
};

/* The keys of one mail. Returns how many (at most REP_KEYS_MAX). Spans point into the mail or the request. */
size_t rep_keys(const struct mail *m, span client_ip, struct rep_key *keys_out);

/* where: "unix:PATH", "tcp:HOST:PORT" or "off"; connects on its own, again and again with back-off, never blocking a
 * caller beyond its deadline. ERR_SYNTAX, ERR_MEMORY. */
enum err rep_open(const char *where, const char *prefix, int flush_ms, struct rep **rep_out);
void rep_close(struct rep *r); /* sends what is still to be written, for at most 200 ms */

/* Begin reading for a batch: queue one mail's keys; `slot` counts up from 0. */
void rep_ask(struct rep *r, size_t slot, const struct rep_key *keys, size_t n);
/* Send what was asked, without waiting (so that the CPU can score meanwhile). */
void rep_send(struct rep *r);
/* Collect answers until all are there or `deadline_us` (clock_us) has passed. */
void rep_collect(struct rep *r, int64_t deadline_us);

struct rep_score {
    bool known;      /* the store answered in time */
    double log_odds; /* sum of what the counters say, bounded; 0 when nothing was ever reported */
    double by_kind[REP_KIND_COUNT];
};
/* What was collected for a slot. */
void rep_result(const struct rep *r, size_t slot, struct rep_score *out);

/* Count one mail's volume for its keys; summed up in memory and written behind by rep_tick. */
void rep_count(struct rep *r, const struct rep_key *keys, size_t n);

/* Call now and then (each loop): flushes, reconnects. Never waits. */
void rep_tick(struct rep *r);

/* The descriptor to watch for readability, or -1. */
int rep_fd(const struct rep *r);

#endif

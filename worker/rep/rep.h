/* SPDX-License-Identifier: Apache-2.0 */
/* rep: reputation: what was counted about a sender and its links, read for a whole batch in one round trip.
 *
 * Counters live in Redis (redis.c is the only file that sees hiredis). Reading has a deadline of its own; what has not
 * come by then is missing evidence, never a delay. Writing is behind: counts are summed up in the worker (tally.h) and
 * sent now and then, without waiting for the answer. docs/reputation.md: keys, counters, and the way to log-odds. */
#ifndef FURUI_REP_REP_H
#define FURUI_REP_REP_H

#include "proto/base/err.h"
#include "worker/mime/mail.h"

enum rep_kind { REP_IP, REP_FROM_DOMAIN, REP_URL_DOMAIN, REP_KIND_COUNT };

enum {
    REP_KEYS_MAX = 16,  /* keys looked up for one mail: 1 IP, 1 From domain, the rest URL domains */
    REP_NAME_MAX = 253, /* bytes of a name: a domain's longest text form (RFC 1035 2.3.4); longer ones are no key */
    REP_BATCH_MAX = 64, /* mails in one batch */
};

/* The word of a kind within a key: "ip", "from", "url"; static. */
const char *rep_kind_word(enum rep_kind kind);

struct rep_key {
    enum rep_kind kind;
    span name; /* "192.0.2.1", "example.org" */
};

/* The keys of one mail, with the text they point to: a copy that outlives the mail. Not to be moved. */
struct rep_keys {
    struct rep_key v[REP_KEYS_MAX];
    size_t n;
    bool urls_cut;    /* the mail links to more domains than are looked up: good ones prove nothing */
    bool from_proven; /* a trusted host found that the From domain's owner sent it (DMARC pass) */
    size_t used;
    uint8_t text[REP_KEYS_MAX * REP_NAME_MAX];
};

/* Find a mail's keys: addresses in canonical form (an IPv4 address in IPv6 clothes is IPv4), domains in lower case,
 * each once. A name that could not be a host's is left out, so nothing that a mail says can forge a key. */
void rep_keys(const struct mail *m, span client_ip, bool from_proven, struct rep_keys *out);

struct rep; /* one worker's connection, counts still to be written, and back-off */

/* where: "unix:PATH", "tcp:HOST:PORT" or "off". Resolves the host once, here; connects on its own from then on, again
 * and again with back-off, never blocking a caller beyond its deadline. ERR_SYNTAX, ERR_IO (no such host), ERR_MEMORY.
 */
enum err rep_open(const char *where, const char *prefix, int flush_ms, struct rep **rep_out);
/* Give the store up to `timeout_ms` to answer for the first time, so that the first mails are not judged without it. */
void rep_warm(struct rep *r, int timeout_ms);
void rep_close(struct rep *r); /* sends what is still to be written, for at most 200 ms */

/* One batch: begin, ask for each mail (slot below REP_BATCH_MAX, each once), send without waiting so that the CPU can
 * score meanwhile, then collect until all answers are there or `deadline_us` (clock_us) has passed. Answers that come
 * for an earlier batch are recognised and dropped. While the store is away or stalled, all of these return at once. */
void rep_begin(struct rep *r);
void rep_ask(struct rep *r, size_t slot, const struct rep_keys *keys);
void rep_send(struct rep *r);
void rep_collect(struct rep *r, int64_t deadline_us);

/* Labelled counts of one key: how many people said ham, how many spam. */
struct rep_counts {
    double ham, spam;
};

struct rep_score {
    bool known;      /* the store answered in time (or is off by choice) */
    double log_odds; /* sum of what the counters say, bounded; 0 when nothing was ever reported */
    double by_kind[REP_KIND_COUNT];
    struct { /* what spoke for each kind: index of the key, its counts; meaningless where by_kind is 0 */
        size_t key;
        struct rep_counts counts;
    } from[REP_KIND_COUNT];
};

/* What was collected for a slot, until the next rep_begin. */
void rep_result(const struct rep *r, size_t slot, struct rep_score *out);

/* From counts to log-odds: counts[i] belongs to keys->v[i]. Pure; docs/reputation.md has the formula. */
void rep_score(const struct rep_keys *keys, const struct rep_counts *counts, struct rep_score *out);

/* Count one mail's volume for its keys; summed up in memory and written behind by rep_tick. */
void rep_count(struct rep *r, const struct rep_keys *keys);

/* Call each loop: reads late answers, flushes, reconnects. Never waits. Returns in how many ms it wants to be called
 * again at the latest; -1: no wish. */
int rep_tick(struct rep *r);

/* The descriptor to watch for readability, or -1. */
int rep_fd(const struct rep *r);

/* What a person looking at this worker may want to know. */
struct rep_stat {
    bool away;            /* not answering, though it should */
    uint64_t late;        /* answers that came after their batch */
    uint64_t refused;     /* commands that the store answered with an error */
    uint64_t connections; /* how often a connection was made */
    uint64_t waiting;     /* keys with counts still to be written */
    uint64_t dropped;     /* counts dropped because the table was full or the store refuses the key */
};
void rep_stat(const struct rep *r, struct rep_stat *out);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* record: what is counted about one name: five sums, each with two half-lives, as 44 bytes of one Redis string.
 *
 * A sum loses half of itself in each half-life, so that hours and weeks are remembered in constant space (exponential
 * decay: Cormode, Shkapenyuk, Srivastava, Xu, "Forward decay", ICDE 2009). 44 bytes are what Redis keeps within one
 * allocation (object.c, OBJ_ENCODING_EMBSTR_SIZE_LIMIT). Layout, little-endian: a word (version << 24 | minutes since
 * 2020), then ten IEEE singles: the five sums of the fast half-life, the five of the slow. docs/reputation.md */
#ifndef FURUI_STORE_RECORD_H
#define FURUI_STORE_RECORD_H

#include "proto/base/span.h"

enum {
    RECORD_BYTES = 44,
    RECORD_VERSION = 2,
    RECORD_EPOCH = 1577836800, /* 2020-01-01, in seconds since 1970 */
};

enum record_sum {
    SUM_VOLUME,   /* mails */
    SUM_HAM,      /* of these, that content alone called ham */
    SUM_SPAM,     /* and spam */
    SUM_SAID_HAM, /* reports of people, weighed */
    SUM_SAID_SPAM,
    SUM_COUNT
};

enum { RECORD_FAST, RECORD_SLOW, RECORD_SPEEDS };

struct record {
    uint32_t minute; /* since RECORD_EPOCH, of the last change */
    double sum[RECORD_SPEEDS][SUM_COUNT];
};

/* Of a tenant's reports, what counts in everybody's records as well. */
#define RECORD_TENANT_SHARE 0.25

struct record_lives {
    double minutes[RECORD_SPEEDS]; /* half-lives */
};

/* False when these are no record of this version: another length, another version, a sum that is no number, below 0 or
 * above 1e12. `out` is all zero then. */
bool record_read(span bytes, struct record *out);
void record_write(const struct record *r, uint8_t out[RECORD_BYTES]);

/* The minute of a wall clock. */
uint32_t record_minute(int64_t wall_us);

/* What is left of the sums at `minute`; nothing changes when that is before the record's own, or when there
 * is no record. */
void record_decay(struct record *r, uint32_t minute, const struct record_lives *lives);

#endif

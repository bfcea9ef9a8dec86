/* SPDX-License-Identifier: Apache-2.0 */
/* cache: records that this worker read a moment ago, and the table that a batch's answers land in.
 *
 * Sets of eight, the set by a hash under a seed of this process, so that nobody outside can fill one; keys are compared
 * whole. An entry that the present batch uses stays; else the one used longest ago makes room. A name without a record
 * is remembered as well. */
#ifndef FURUI_REP_CACHE_H
#define FURUI_REP_CACHE_H

#include "proto/base/err.h"
#include "proto/store/name.h"
#include "proto/store/record.h"

enum { CACHE_WAYS = 8, CACHE_SETS = 512, CACHE_ENTRIES = CACHE_WAYS * CACHE_SETS };

enum cache_state {
    CACHE_NEW,    /* looked for, and nobody has asked the store yet */
    CACHE_ASKED,  /* an answer is to come */
    CACHE_READ,   /* record is what the store had at read_us */
    CACHE_FAILED, /* the store did not say */
};

struct cache_entry {
    enum cache_state state;
    uint16_t bytes;
    uint32_t since; /* mails of this worker that it was met in and that are not in the record; for texts */
    int64_t read_us;
    struct record record; /* the last that was read, whatever the state; else all zero */
    uint8_t key[NAME_KEY_BYTES];
};

struct cache;

/* 2.6 MB, touched as it is used. ERR_MEMORY. */
enum err cache_open(uint64_t seed, struct cache **out);
void cache_close(struct cache *c);

/* The entry of a key, for the present batch: as it is when it was read after `fresh_us`, or for this batch already;
 * else as CACHE_NEW. When its set is full of this batch's it goes to
 * the next one; -1 when that is, too. */
int cache_find(struct cache *c, span key, uint32_t batch, int64_t fresh_us);

struct cache_entry *cache_at(struct cache *c, int at);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* counters: records of many names, changed in one step each by a script that runs in the server.
 *
 * The script fades a record to the server's own time and adds to it, so that writers on many hosts, with clocks of their
 * own, never undo each other. It sees nothing but keys and one packed argument. */
#ifndef FURUI_STORE_COUNTERS_H
#define FURUI_STORE_COUNTERS_H

#include "proto/store/record.h"
#include "proto/store/store.h"

enum { COUNTERS_BATCH = 64 }; /* names in one call: some 0.25 ms of the server */

struct counters {
    struct store *store;
    unsigned script;
    struct record_lives lives;
    uint32_t seen_s, said_s; /* after so long without an addition a name is forgotten */
};

/* Make the script known to a store that was just opened. A name that people spoke about lives for two slow half-lives
 * after the last addition, one that was only seen for a third of one: it is also the first to go when memory is full
 * (maxmemory-policy volatile-ttl). */
void counters_init(struct counters *c, struct store *s, const struct record_lives *lives);

/* What is added to one record, to its fast and slow sums alike. */
struct counters_add {
    float sum[SUM_COUNT];
    bool keep; /* it lives as long as one that people spoke about */
};

/* Add to n <= COUNTERS_BATCH records, whose keys are of one group. Something of another size or version at a key is
 * overwritten. False as store_put. */
bool counters_put(const struct counters *c, const span *keys, const struct counters_add *add, size_t n, uint64_t tag);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* distinct: the rounds for what lost its slot, some 8 of 100 hashes of a mail; see distinct.h.
 *
 * A hash times an odd number is another hash of the same value, so each round is the first one again. Hashes are public:
 * somebody can write thousands that begin in one slot, and a few dozen that share their slot in two rounds, but there is
 * no more room than that in 32 bits. */
#include "worker/simd/distinct.h"

/* 2^32 by the golden ratio, then primes of xxHash and MurmurHash. */
static const uint32_t FACTOR[] = {0x9E3779B1u, 0x85EBCA77u, 0xC2B2AE3Du, 0x27D4EB2Fu, 0xCC9E2D51u,
                                  0x1B873593u, 0x165667B1u, 0x85EBCA6Bu, 0xC2B2AE35u, 0x2C1B3C6Du};

void distinct_again(const uint32_t *v, struct scan_room *room, size_t waiting)
{
    uint32_t *place = room->waiting;
    for (size_t round = 0; waiting && round < sizeof FACTOR / sizeof *FACTOR; round++) {
        for (size_t i = waiting; i-- > 0;) {
            uint32_t h = distinct_value(v[place[i]]) * FACTOR[round];
            room->slot[distinct_slot(h)] = distinct_entry(h, place[i]);
        }
        size_t left = 0;
        for (size_t i = 0; i < waiting; i++) {
            uint32_t at = place[i], h = distinct_value(v[at]) * FACTOR[round];
            uint32_t other = room->slot[distinct_slot(h)] ^ distinct_entry(h, at);
            room->first[at] = other == 0;
            place[left] = at;
            left += other >= SCAN_DISTINCT_MAX;
        }
        waiting = left;
    }
}

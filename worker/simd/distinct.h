/* SPDX-License-Identifier: Apache-2.0 */
/* distinct: which of many hashes stand there for the first time.
 *
 * Each hash writes what it is and where it stands into the slot that its highest bits name, the last one first. Then
 * each looks again: its own words mean that it is the first of its kind; the same hash from elsewhere, that it is a
 * repetition; another hash, that it lost its slot and tries another one in the next round, with all of its kind. What is
 * read was written in the same round, so nothing has to be cleared, and nothing waits for what came before. */
#ifndef FURUI_SIMD_DISTINCT_H
#define FURUI_SIMD_DISTINCT_H

#include "worker/simd/scan.h"

enum { DISTINCT_PLACE_BITS = 13, DISTINCT_SLOT_SHIFT = 32 - DISTINCT_PLACE_BITS };
_Static_assert(SCAN_DISTINCT_MAX == 1 << DISTINCT_PLACE_BITS, "a place and the rest of a hash fill 32 bits");

/* No list holds a 0. */
static inline uint32_t distinct_value(uint32_t v)
{
    return v + !v;
}

static inline uint32_t distinct_slot(uint32_t hash)
{
    return hash >> DISTINCT_SLOT_SHIFT;
}

/* What is left of a hash whose slot is known, and its place. */
static inline uint32_t distinct_entry(uint32_t hash, size_t place)
{
    return hash << DISTINCT_PLACE_BITS | (uint32_t)place;
}

/* The steps of the first round, for the places from `from` to `to`. */
static inline void distinct_put(const uint32_t *v, size_t from, size_t to, struct scan_room *room)
{
    for (size_t i = to; i-- > from;) {
        uint32_t h = distinct_value(v[i]);
        room->slot[distinct_slot(h)] = distinct_entry(h, i);
    }
}

/* Those that lost their slot go behind the `waiting` first; returns how many wait then. */
static inline size_t distinct_look(const uint32_t *v, size_t from, size_t to, struct scan_room *room, size_t waiting)
{
    for (size_t i = from; i < to; i++) {
        uint32_t h = distinct_value(v[i]), other = room->slot[distinct_slot(h)] ^ distinct_entry(h, i);
        room->first[i] = other == 0;
        room->waiting[waiting] = (uint32_t)i;
        waiting += other >= SCAN_DISTINCT_MAX;
    }
    return waiting;
}

/* The other rounds. */
void distinct_again(const uint32_t *v, struct scan_room *room, size_t waiting);

/* Move the first of each kind to v[n]..., and return how many these make with the n before. */
static inline size_t distinct_pack(uint32_t *v, size_t from, size_t to, const struct scan_room *room, size_t n)
{
    for (size_t i = from; i < to; i++) {
        v[n] = distinct_value(v[i]);
        n += room->first[i];
    }
    return n;
}

#endif

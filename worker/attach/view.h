/* SPDX-License-Identifier: Apache-2.0 */
/* view: the parts of a file that are in sight: its head, and its tail when the middle is out of sight.
 *
 * Offsets in a hostile file are 64-bit numbers that mean nothing; here they become bytes or an empty span. */
#ifndef FURUI_ATTACH_VIEW_H
#define FURUI_ATTACH_VIEW_H

#include "proto/base/span.h"

struct view {
    span head;     /* from the file's first byte */
    span tail;     /* up to its last one; empty when head is all of it */
    uint64_t size; /* of the file */
};

/* Up to `most` bytes from offset `at` on, as far as they are in sight without a gap; empty when none is. */
static inline span view_some(const struct view *v, uint64_t at, size_t most)
{
    if (at < v->head.n) return span_head(span_from(v->head, (size_t)at), most);
    uint64_t tail = v->size - v->tail.n;
    if (v->tail.n && at >= tail && at < v->size) return span_head(span_from(v->tail, (size_t)(at - tail)), most);
    return SPAN_NONE;
}

/* Exactly `n` bytes at offset `at`, or none. */
static inline span view_at(const struct view *v, uint64_t at, size_t n)
{
    span s = view_some(v, at, n);
    return s.n == n ? s : SPAN_NONE;
}

static inline uint16_t little16(const uint8_t *p)
{
    return (uint16_t)(p[0] | p[1] << 8);
}

static inline uint32_t little32(const uint8_t *p)
{
    return little16(p) | (uint32_t)little16(p + 2) << 16;
}

static inline uint64_t little64(const uint8_t *p)
{
    return little32(p) | (uint64_t)little32(p + 4) << 32;
}

/* Where `word`, of at least one byte, first stands in `s`, or s.n. O(s.n). */
size_t span_search(span s, span word);

#endif

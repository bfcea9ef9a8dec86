/* SPDX-License-Identifier: Apache-2.0 */
/* grow: arrays of a mail that grow in the arena.
 *
 * Room doubles from GROW_MIN on; what was outgrown stays behind until the verdict is sent. */
#ifndef FURUI_MIME_GROW_H
#define FURUI_MIME_GROW_H

#include "proto/base/arena.h"

#include <string.h>

enum { GROW_MIN = 8 }; /* room that is taken first; then it doubles */

/* Make room for one more element.
 *
 *   array   points at the pointer to the elements, which may move
 *   n       elements that there are
 *   cap     ... that there is room for; grows
 *   max     ... at most
 *   size    bytes of one
 *
 * False at the limit or when the arena is full. */
static inline bool grow(struct arena *a, void *array, size_t n, size_t *cap, size_t max, size_t size)
{
    if (n < *cap) return true;
    size_t more = *cap * 2 < GROW_MIN ? GROW_MIN : *cap * 2;
    if (more > max) more = max;
    if (n >= more) return false;
    void *bigger = arena_alloc(a, more * size), *old;
    if (!bigger) return false;
    memcpy(&old, array, sizeof old);
    if (n) memcpy(bigger, old, n * size);
    memcpy(array, &bigger, sizeof bigger);
    *cap = more;
    return true;
}

#endif

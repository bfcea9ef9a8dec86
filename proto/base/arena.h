/* SPDX-License-Identifier: Apache-2.0 */
/* arena: memory that lives until this message's verdict is sent.
 *
 * One mapping, taken at start; allocation moves a pointer, `reset` moves it back. The limit is a fact about the
 * mail, not a failure of the program: what no longer fits is refused, remembered in `full`, and the verdict says so. */
#ifndef FURUI_BASE_ARENA_H
#define FURUI_BASE_ARENA_H

#include "proto/base/err.h"
#include "proto/base/span.h"

struct arena {
    uint8_t *base;
    size_t used; /* bytes handed out since the last reset */
    size_t cap;  /* bytes in all */
    size_t high; /* the most that was ever used */
    bool full;   /* something was refused since the last reset */
};

/* Map `cap` bytes (pages are touched only when used). ERR_MEMORY when the system has none. */
enum err arena_open(struct arena *a, size_t cap);
void arena_close(struct arena *a);

/* `n` bytes, 16-byte aligned, not cleared; NULL (and `full`) past the limit. n = 0 gives a valid pointer. */
void *arena_alloc(struct arena *a, size_t n);

/* Give back all that was allocated after `p`, which came from arena_alloc and keeps its first `n` bytes: of the newest
 * allocation its tail, of an older one everything newer too. */
void arena_trim(struct arena *a, void *p, size_t n);

/* Bytes that arena_alloc could still give in one piece. */
size_t arena_left(const struct arena *a);

/* A copy of `s` in the arena; SPAN_NONE past the limit. */
span arena_copy(struct arena *a, span s);

/* Forget everything; in sanitiser builds stale pointers into it now trap. Pages beyond 4 MB go back to the system,
 * so that one huge mail does not stay in a worker's memory for ever. */
void arena_reset(struct arena *a);

#endif

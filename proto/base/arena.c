/* SPDX-License-Identifier: Apache-2.0 */
/* arena: one anonymous mapping and a mark that moves through it; see arena.h. */
#define _GNU_SOURCE
#include "proto/base/arena.h"

#include <assert.h>
#include <sys/mman.h>

#if defined(__SANITIZE_ADDRESS__)
#define HAVE_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAVE_ASAN 1
#endif
#endif
#ifdef HAVE_ASAN
#include <sanitizer/asan_interface.h>
#define POISON(p, n)   __asan_poison_memory_region((p), (n))
#define UNPOISON(p, n) __asan_unpoison_memory_region((p), (n))
#else
#define POISON(p, n)   ((void)(p), (void)(n))
#define UNPOISON(p, n) ((void)(p), (void)(n))
#endif

enum { ALIGN = 16 };
static const size_t KEEP_BYTES = 4u << 20;

static size_t round_up(size_t n)
{
    return (n + ALIGN - 1) & ~(size_t)(ALIGN - 1);
}

enum err arena_open(struct arena *a, size_t cap)
{
    *a = (struct arena){0};
    void *p = mmap(NULL, cap, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED) return ERR_MEMORY;
    a->base = p;
    a->cap = cap;
    POISON(a->base, cap);
    return ERR_OK;
}

void arena_close(struct arena *a)
{
    if (!a->base) return;
    UNPOISON(a->base, a->cap);
    munmap(a->base, a->cap);
    *a = (struct arena){0};
}

size_t arena_left(const struct arena *a)
{
    return a->cap - a->used;
}

void *arena_alloc(struct arena *a, size_t n)
{
    if (n > arena_left(a) || round_up(n) > arena_left(a)) {
        a->full = true;
        return NULL;
    }
    uint8_t *p = a->base + a->used;
    a->used += round_up(n);
    if (a->used > a->high) a->high = a->used;
    UNPOISON(p, n);
    return p;
}

void arena_trim(struct arena *a, void *p, size_t n)
{
    size_t at = (size_t)((uint8_t *)p - a->base);
    assert(at <= a->used && round_up(n) <= a->used - at);
    size_t end = at + round_up(n);
    POISON((uint8_t *)p + n, a->used - at - n);
    a->used = end;
}

span arena_copy(struct arena *a, span s)
{
    void *p = arena_alloc(a, s.n);
    if (!p) return SPAN_NONE;
    if (s.n) memcpy(p, s.p, s.n);
    return span_of(p, s.n);
}

void arena_reset(struct arena *a)
{
    POISON(a->base, a->used);
    if (a->used > KEEP_BYTES) madvise(a->base + KEEP_BYTES, a->used - KEEP_BYTES, MADV_DONTNEED);
    a->used = 0;
    a->full = false;
}

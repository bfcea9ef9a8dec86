/* SPDX-License-Identifier: Apache-2.0 */
/* span: a run of bytes that somebody else owns.
 *
 * Mail holds NULs and is never terminated, so bytes travel as pointer and length, never as a C string. */
#ifndef FURUI_BASE_SPAN_H
#define FURUI_BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* The one typedef of the project. `p` may be NULL only where `n` is 0. */
typedef struct {
    const uint8_t *p;
    size_t n;
} span;

#define SPAN_NONE ((span){NULL, 0})

/* A string literal as a span, without its NUL: SPAN("text/html"). */
#define SPAN(lit) ((span){(const uint8_t *)(lit), sizeof(lit) - 1})

/* printf of a span: printf("%.*s", SPAN_ARG(s)). */
#define SPAN_ARG(s) (int)(s).n, (const char *)((s).p ? (s).p : (const uint8_t *)"")

static inline span span_of(const void *p, size_t n)
{
    return (span){(const uint8_t *)p, n};
}

static inline span span_cstr(const char *s)
{
    return s ? span_of(s, strlen(s)) : SPAN_NONE;
}

/* From byte `at` to the end; empty when `at` is past it. */
static inline span span_from(span s, size_t at)
{
    return at < s.n ? (span){s.p + at, s.n - at} : (span){s.p ? s.p + s.n : NULL, 0};
}

/* The first `n` bytes, or all there are. */
static inline span span_head(span s, size_t n)
{
    return (span){s.p, s.n < n ? s.n : n};
}

static inline bool span_eq(span a, span b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/* ASCII lower case of one byte; other bytes unchanged. */
static inline uint8_t ascii_lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

static inline bool ascii_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static inline bool ascii_alpha(uint8_t c)
{
    return ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z';
}

static inline bool ascii_alnum(uint8_t c)
{
    return ascii_digit(c) || ascii_alpha(c);
}

/* The value of a hex digit, or -1. */
static inline int ascii_hex(uint8_t c)
{
    if (ascii_digit(c)) return c - '0';
    c = ascii_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Eight bytes at once: A to Z in each of them made small. */
static inline uint64_t ascii_lower8(uint64_t x)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), low = x & ones * 0x7F;
    uint64_t upper = (low + ones * (0x80 - 'A')) ^ (low + ones * (0x7F - 'Z'));
    return x | (upper & ~x & ones * 0x80) >> 2;
}

/* Are eight bytes at each equal but for ASCII case? */
static inline bool span_ieq8(const uint8_t *p, const uint8_t *q)
{
    uint64_t x, y;
    memcpy(&x, p, sizeof x);
    memcpy(&y, q, sizeof y);
    return x == y || ascii_lower8(x) == ascii_lower8(y);
}

/* Equal but for ASCII case. */
static inline bool span_ieq(span a, span b)
{
    enum { STEP = 8, HALF = 4 };
    if (a.n != b.n) return false;
    if (a.n >= STEP) { /* the last step overlaps the one before */
        for (size_t i = 0; i + STEP < a.n; i += STEP)
            if (!span_ieq8(a.p + i, b.p + i)) return false;
        return span_ieq8(a.p + a.n - STEP, b.p + a.n - STEP);
    }
    if (a.n >= HALF) {
        uint8_t x[STEP], y[STEP];
        memcpy(x, a.p, HALF);
        memcpy(x + HALF, a.p + a.n - HALF, HALF);
        memcpy(y, b.p, HALF);
        memcpy(y + HALF, b.p + a.n - HALF, HALF);
        return span_ieq8(x, y);
    }
    for (size_t i = 0; i < a.n; i++)
        if (ascii_lower(a.p[i]) != ascii_lower(b.p[i])) return false;
    return true;
}

/* Does `s` begin with these bytes? */
static inline bool span_starts(span s, span head)
{
    return s.n >= head.n && span_eq(span_head(s, head.n), head);
}

/* Does it end with these? */
static inline bool span_ends(span s, span tail)
{
    return s.n >= tail.n && span_eq(span_from(s, s.n - tail.n), tail);
}

/* The same, but for ASCII case. */
static inline bool span_istarts(span s, span head)
{
    return s.n >= head.n && span_ieq(span_head(s, head.n), head);
}

static inline bool span_iends(span s, span tail)
{
    return s.n >= tail.n && span_ieq(span_from(s, s.n - tail.n), tail);
}

/* Where byte `c` first stands, or s.n. */
static inline size_t span_find(span s, uint8_t c)
{
    const uint8_t *hit = s.n ? memchr(s.p, c, s.n) : NULL;
    return hit ? (size_t)(hit - s.p) : s.n;
}

static inline bool ascii_space(uint8_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Without ASCII white space at both ends. */
static inline span span_trim(span s)
{
    while (s.n && ascii_space(s.p[0])) s.p++, s.n--;
    while (s.n && ascii_space(s.p[s.n - 1])) s.n--;
    return s;
}

#endif

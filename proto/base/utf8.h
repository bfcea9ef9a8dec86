/* SPDX-License-Identifier: Apache-2.0 */
/* utf8: is it UTF-8, and how a character is written in it. (RFC 3629: no overlong forms, no surrogates, nothing past
 * U+10FFFF.) */
#ifndef FURUI_BASE_UTF8_H
#define FURUI_BASE_UTF8_H

#include "proto/base/span.h"

/* Length of the valid sequence at the start of `s`; 0 when there is none. */
static inline size_t utf8_len(span s)
{
    if (s.n == 0) return 0;
    uint8_t c = s.p[0];
    if (c < 0x80) return 1;
    size_t n = c >= 0xC2 && c <= 0xDF ? 2 : (c & 0xF0) == 0xE0 ? 3 : c >= 0xF0 && c <= 0xF4 ? 4 : 0;
    if (n == 0 || n > s.n) return 0;
    for (size_t i = 1; i < n; i++)
        if ((s.p[i] & 0xC0) != 0x80) return 0;
    uint8_t d = s.p[1];
    bool bad = (c == 0xE0 && d < 0xA0) || (c == 0xED && d > 0x9F) || (c == 0xF0 && d < 0x90) || (c == 0xF4 && d > 0x8F);
    return bad ? 0 : n;
}

/* The first bytes of valid UTF-8, at most `most` of them, as whole characters. */
static inline span utf8_cut(span s, size_t most)
{
    if (s.n <= most) return s;
    while (most && (s.p[most] & 0xC0) == 0x80) most--;
    return span_head(s, most);
}

/* Write one character, up to U+10FFFF; returns its bytes, 1 to 4. */
static inline size_t utf8_put(uint32_t c, uint8_t out[4])
{
    static const uint8_t LEAD[] = {0, 0xC0, 0xE0, 0xF0};
    size_t more = c < 0x80 ? 0 : c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    for (size_t k = more; k; k--, c >>= 6) out[k] = (uint8_t)(0x80 | (c & 0x3F));
    out[0] = (uint8_t)(LEAD[more] | c);
    return more + 1;
}

/* The first character of valid UTF-8 that is not empty; returns its bytes. */
static inline size_t utf8_get(span s, uint32_t *c_out)
{
    uint8_t c = s.p[0];
    size_t n = c < 0x80 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
    uint32_t v = n == 1 ? c : c & (0x7Fu >> n);
    for (size_t i = 1; i < n; i++) v = v << 6 | (s.p[i] & 0x3F);
    *c_out = v;
    return n;
}

/* Neither a control (C0, DEL, C1) nor a mark that changes the direction or the line (UAX #9, #14). */
static inline bool utf8_harmless(uint32_t c)
{
    if (c < 0x20 || (c >= 0x7F && c < 0xA0)) return false;
    return !(c == 0x61C || c == 0x200E || c == 0x200F || (c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069));
}

#endif

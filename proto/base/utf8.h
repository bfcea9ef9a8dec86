/* SPDX-License-Identifier: Apache-2.0 */
/* utf8: is it UTF-8? (RFC 3629: no overlong forms, no surrogates, nothing past U+10FFFF.) */
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

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* markup: a buffer that doubles, and one function that escapes; see markup.h. */
#include "models/report/markup.h"

#include "proto/base/utf8.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* Room for `n` more bytes and a NUL. */
static char *room(struct markup *m, size_t n)
{
    if (m->n + n + 1 > m->cap) {
        m->cap = (m->n + n + 1) * 2 + 4096;
        m->buf = realloc(m->buf, m->cap);
        assert(m->buf && "out of memory");
    }
    return m->buf + m->n;
}

static void put(struct markup *m, const void *s, size_t n)
{
    char *at = room(m, n);
    if (n) memcpy(at, s, n);
    m->n += n;
    m->buf[m->n] = 0;
}

void markup_close(struct markup *m)
{
    free(m->buf);
    *m = (struct markup){0};
}

void markup_bytes(struct markup *m, span bytes)
{
    put(m, bytes.p, bytes.n);
}

void markup_put(struct markup *m, const char *html)
{
    put(m, html, strlen(html));
}

void markup_format(struct markup *m, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vsnprintf(room(m, 512), 513, format, args);
    va_end(args);
    assert(n >= 0);
    if (n > 512) {
        va_start(args, format);
        vsnprintf(room(m, (size_t)n), (size_t)n + 1, format, args);
        va_end(args);
    }
    m->n += (size_t)n;
}

/* Neither a control nor a mark that changes direction or line (UAX #9, #14), nor what XML leaves out. */
static bool shown(uint32_t u)
{
    if (u < 0x20 || (u >= 0x7F && u < 0xA0)) return false;
    if (u == 0x61C || u == 0x200E || u == 0x200F || (u >= 0x2028 && u <= 0x202E) || (u >= 0x2066 && u <= 0x2069))
        return false;
    return !(u == 0xFEFF || (u >= 0xFDD0 && u <= 0xFDEF) || (u & 0xFFFE) == 0xFFFE);
}

static const char *entity(uint8_t c)
{
    switch (c) {
    case '&': return "&amp;";
    case '<': return "&lt;";
    case '>': return "&gt;";
    case '"': return "&quot;";
    case '\'': return "&#39;";
    default: return NULL;
    }
}

void markup_text(struct markup *m, span words)
{
    for (size_t i = 0; i < words.n;) {
        span rest = span_from(words, i);
        size_t n = utf8_len(rest);
        uint32_t u = 0;
        if (n) utf8_get(rest, &u);
        if (!shown(u)) {
            for (size_t end = i + (n ? n : 1); i < end; i++) markup_format(m, "\\x%02x", words.p[i]);
            continue;
        }
        const char *e = entity(rest.p[0]);
        if (e)
            markup_put(m, e);
        else
            put(m, rest.p, n);
        i += n;
    }
}

void markup_text_tail(struct markup *m, span words, size_t most)
{
    if (words.n > most) {
        markup_put(m, "…");
        words = span_from(words, words.n - most);
        while (words.n && (words.p[0] & 0xC0) == 0x80) words = span_from(words, 1);
    }
    markup_text(m, words);
}

void markup_count(struct markup *m, uint64_t n, const char *one, const char *many)
{
    char digits[24];
    int len = snprintf(digits, sizeof digits, "%" PRIu64, n);
    for (int i = 0; i < len; i++) {
        if (i && (len - i) % 3 == 0) markup_put(m, "\u202F"); /* narrow, and no place to break a line */
        put(m, digits + i, 1);
    }
    if (*many) markup_format(m, " %s", n == 1 ? one : many);
}

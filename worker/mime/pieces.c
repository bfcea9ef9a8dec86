/* SPDX-License-Identifier: Apache-2.0 */
/* pieces: a text part that is too long to be decoded at once, as UTF-8, a piece at a time.
 *
 * Bytes are decoded behind what the last piece left over, up to a full buffer; the piece is what of it ends a line. */
#define _GNU_SOURCE /* memrchr */
#include "worker/mime/pieces.h"

#include "worker/simd/scan.h"
#include "worker/text/odd.h"

enum { TEXT_ROOM = HTML_PIECE_MAX + 64 }; /* what charset_to_utf8 asks for */

bool pieces_open(struct pieces *s, struct arena *a)
{
    const size_t html = HTML_PIECE_MAX + HTML_UNFINISHED_MAX;
    *s = (struct pieces){0};
    if (arena_left(a) < (size_t)PIECES_RAW + TEXT_ROOM + html) return false;
    s->raw = arena_alloc(a, PIECES_RAW);
    s->html = arena_alloc(a, html);
    s->text = (struct arena){.base = arena_alloc(a, TEXT_ROOM), .cap = TEXT_ROOM};
    return s->raw && s->html && s->text.base;
}

span pieces_html_label(span html)
{
    html = span_head(html, MAIL_META_BYTES);
    for (size_t at = span_find(html, '='); at < html.n; at += 1 + span_find(span_from(html, at + 1), '=')) {
        if (!span_iends(span_trim(span_head(html, at)), SPAN("charset"))) continue;
        span label = span_from(html, at + 1);
        size_t n = 0;
        while (n < label.n && label.p[n] != '>' && label.p[n] != ';') n++;
        return span_head(label, n); /* quotes and what follows them are charset.c's to drop */
    }
    return SPAN_NONE;
}

static size_t more(struct pieces *s, uint8_t *out, size_t cap)
{
    if (s->coded) return cap < STREAM_ROOM_MIN ? 0 : stream_next(&s->stream, out, cap);
    size_t n = s->rest.n < cap ? s->rest.n : cap;
    if (n) memcpy(out, s->rest.p, n);
    s->rest = span_from(s->rest, n);
    return n;
}

/* Decode behind what is left over until the buffer is full or the body ends. */
static void fill(struct pieces *s)
{
    memmove(s->raw, s->raw + s->given, s->n - s->given);
    s->n -= s->given;
    s->given = 0;
    for (size_t n; (n = more(s, s->raw + s->n, PIECES_RAW - s->n)) > 0;) {
        size_t skip = s->skip < n ? s->skip : n;
        memmove(s->raw + s->n, s->raw + s->n + skip, n - skip);
        s->skip -= skip;
        s->n += n - skip;
        s->bytes += n;
    }
    s->last = s->coded ? !s->stream.rest.n && !s->stream.have : !s->rest.n;
}

/* Bytes of the buffer that are a piece: whole lines; of a text without them or of two bytes a character nearly all. */
static size_t piece_bytes(const struct pieces *s)
{
    if (s->last) return s->n;
    size_t n = s->n & ~(size_t)3;
    if (memchr(s->raw, 0, s->n)) return n;
    const uint8_t *lf = memrchr(s->raw + n / 2, '\n', n - n / 2);
    if (lf) return (size_t)(lf - s->raw) + 1;
    while (n > s->n / 2 && (s->raw[n] & 0xC0) == 0x80) n--;
    return n;
}

bool pieces_begin(struct pieces *s, const struct mail_part *p, bool html, size_t skip)
{
    s->coded = stream_can(p->encoding);
    if (!s->coded && p->encoding != MAIL_7BIT && p->encoding != MAIL_ENCODING_UNKNOWN) return false;
    if (s->coded)
        stream_init(&s->stream, p->encoding, p->body);
    else
        s->rest = p->body;
    s->skip = skip;
    s->bytes = s->n = s->given = 0;
    s->odd = 0;
    fill(s);
    s->label = p->charset;
    if (html && !s->label.n && !skip) {
        s->label = span_head(pieces_html_label(span_of(s->raw, s->n)), sizeof s->label_bytes);
        if (s->label.n) memcpy(s->label_bytes, s->label.p, s->label.n);
        s->label.p = s->label_bytes;
    }
    return true;
}

/* Without NULs, which no client shows; in place. */
static size_t drop_nul(uint8_t *p, size_t n)
{
    size_t o = 0;
    for (size_t i = 0; i < n; i++) {
        p[o] = p[i];
        o += p[i] != 0;
    }
    return o;
}

span pieces_next(struct pieces *s, bool plain)
{
    for (;;) {
        if (s->given) fill(s);
        if (s->n == 0) return SPAN_NONE;
        s->given = piece_bytes(s);
        struct scan_census c;
        scan->census(s->raw, s->given, &c);
        if (c.nul) s->odd |= ODD(NUL);
        if (c.bare_cr) s->odd |= ODD(BARE_CR);
        if (!s->coded && c.longest > MAIL_LINE_MAX) s->odd |= ODD(LONG_LINE);
        arena_reset(&s->text);
        span utf8 = charset_to_utf8(span_of(s->raw, s->given), s->label, &s->text, &s->odd);
        if (c.nul && plain) utf8.n = drop_nul((uint8_t *)utf8.p, utf8.n); /* in our own room, either way */
        if (utf8.n) return utf8;
    }
}

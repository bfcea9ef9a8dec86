/* SPDX-License-Identifier: Apache-2.0 */
/* codec: Content-Transfer-Encoding undone (RFC 2045 section 6; uuencode by POSIX; yEnc).
 *
 * Output buffers are as large as the input can make them, then trimmed, so decoders need no growth. */
#include "worker/mime/codec.h"

#include "worker/simd/scan.h"

enum {
    UU_LINE_MAX = 45,   /* bytes that one uuencoded line can hold by POSIX; up to 63 are read */
    NAME_BARE_MAX = 32, /* letters of an encoding's name that are looked at */
};

static span line_of(span *rest)
{
    size_t at = span_find(*rest, '\n');
    span line = span_head(*rest, at);
    *rest = span_from(*rest, at + 1);
    if (line.n && line.p[line.n - 1] == '\r') line.n--;
    return line;
}

static uint8_t uu_value(span line, size_t at)
{
    return at < line.n ? (line.p[at] - ' ') & 63 : 0;
}

/* uuencode: lines from "begin" to "end"; a body without "begin" is read from its first line. At most `cap` bytes go to
 * out; returns how many. Broken lines are passed over. */
static size_t uudecode(span in, uint8_t *out, size_t cap)
{
    size_t o = 0;
    for (span rest = in; rest.n;) {
        if (!span_istarts(line_of(&rest), SPAN("begin "))) continue;
        in = rest;
        break;
    }
    while (in.n) {
        span line = line_of(&in);
        if (span_eq(span_trim(line), SPAN("end"))) break;
        size_t bytes = uu_value(line, 0);
        /* A line may lack the spaces at its end; one with less than its length says is something else. */
        if (line.n == 0 || line.p[0] < ' ' || line.p[0] > '`' || line.n + 2 < 1 + (bytes + 2) / 3 * 4) continue;
        for (size_t k = 0; k < bytes && o < cap; k++) {
            size_t at = 1 + k / 3 * 4 + k % 3;
            uint8_t a = uu_value(line, at), b = uu_value(line, at + 1);
            out[o++] = (uint8_t)(k % 3 == 0 ? a << 2 | b >> 4 : k % 3 == 1 ? a << 4 | b >> 2 : a << 6 | b);
        }
    }
    return o;
}

/* yEnc (yenc.org, draft 1.3): bytes plus 42, and 64 more behind '='; lines that begin "=y" are about the data. */
static size_t ydecode(span in, uint8_t *out, size_t cap)
{
    size_t o = 0;
    while (in.n && o < cap) {
        span line = line_of(&in);
        if (span_istarts(line, SPAN("=yend"))) break;
        if (span_istarts(line, SPAN("=y"))) continue;
        for (size_t i = 0; i < line.n && o < cap; i++) {
            bool escaped = line.p[i] == '=' && i + 1 < line.n;
            i += escaped;
            out[o++] = (uint8_t)(line.p[i] - (escaped ? 64 + 42 : 42));
        }
    }
    return o;
}

size_t codec_estimate(enum mail_encoding e, size_t bytes)
{
    switch (e) {
    case MAIL_BASE64: return bytes / 78 * 57 + bytes % 78 * 3 / 4; /* 76 digits and CRLF a line */
    case MAIL_UUENCODE: return bytes / 62 * UU_LINE_MAX + bytes % 62 * 3 / 4;
    case MAIL_YENC: return bytes / 132 * 128 + bytes % 132; /* 128 bytes, two escapes and CRLF a line */
    default: return bytes;
    }
}

span codec_decode(enum mail_encoding e, span in, size_t cap, struct arena *a, uint64_t *odd)
{
    if (e == MAIL_7BIT || e == MAIL_ENCODING_UNKNOWN) return span_head(in, cap);
    size_t room = in.n < cap ? in.n : cap;
    if (room > arena_left(a)) a->full = true;
    if (room > (arena_left(a) & ~(size_t)15)) room = arena_left(a) & ~(size_t)15;
    uint8_t *out = arena_alloc(a, room);
    if (!out) return SPAN_NONE;
    bool bad = false;
    size_t n;
    if (e == MAIL_BASE64) {
        n = scan->base64(in.p, in.n, out, room, &bad);
        if (bad) *odd |= ODD(BAD_BASE64);
    } else if (e == MAIL_QP) {
        n = scan->qp(in.p, in.n, out, room, &bad);
        if (bad) *odd |= ODD(BAD_QP);
    } else if (e == MAIL_UUENCODE) {
        n = uudecode(in, out, room);
    } else {
        n = ydecode(in, out, room);
    }
    arena_trim(a, out, n);
    return span_of(out, n);
}

/* A name's letters and digits, without an "x" before them. */
static span bare(span name, uint8_t out[NAME_BARE_MAX])
{
    if (span_istarts(name, SPAN("x-"))) name = span_from(name, 2);
    size_t n = 0;
    for (size_t i = 0; i < name.n && n < NAME_BARE_MAX; i++) {
        uint8_t c = ascii_lower(name.p[i]);
        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) out[n++] = c;
    }
    return span_of(out, n);
}

enum mail_encoding codec_by_name(span name, uint64_t *odd)
{
    static const struct {
        const char *name;
        enum mail_encoding encoding;
    } NAMES[] = {
        {"", MAIL_7BIT},
        {"7bit", MAIL_7BIT},
        {"8bit", MAIL_7BIT},
        {"binary", MAIL_7BIT},
        {"quoted-printable", MAIL_QP},
        {"base64", MAIL_BASE64},
        {"x-uuencode", MAIL_UUENCODE},
        {"uuencode", MAIL_UUENCODE},
        {"x-uue", MAIL_UUENCODE},
        {"uue", MAIL_UUENCODE},
        {"x-yenc", MAIL_YENC},
        {"yenc", MAIL_YENC},
        {"7-bit", MAIL_7BIT}, /* misspelt often, by honest people */
        {"8-bit", MAIL_7BIT},
    };
    static const struct {
        const char *name;
        enum mail_encoding encoding;
    } BARE[] = {
        {"7bit", MAIL_7BIT},     {"8bit", MAIL_7BIT},         {"binary", MAIL_7BIT},  {"quotedprintable", MAIL_QP},
        {"base64", MAIL_BASE64}, {"uuencode", MAIL_UUENCODE}, {"uue", MAIL_UUENCODE}, {"yenc", MAIL_YENC},
    };
    uint8_t room[NAME_BARE_MAX];
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++)
        if (span_ieq(name, span_cstr(NAMES[i].name))) return NAMES[i].encoding;
    *odd |= ODD(BAD_ENCODING);
    name = bare(name, room);
    for (size_t i = 0; i < sizeof BARE / sizeof *BARE; i++)
        if (span_eq(name, span_cstr(BARE[i].name))) return BARE[i].encoding;
    return MAIL_ENCODING_UNKNOWN;
}

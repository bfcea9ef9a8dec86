/* SPDX-License-Identifier: Apache-2.0 */
/* stream: codec_decode in pieces.
 *
 * Clean base64 goes through the kernel line by line, cut where a line ends and a group with it; what is not clean, and
 * quoted-printable, by loops of our own that can stop anywhere. A test holds all of it to what the kernels say. */
#define _GNU_SOURCE /* memrchr */
#include "worker/mime/stream.h"

#include "worker/simd/base64.h"

bool stream_can(enum mail_encoding e)
{
    return e == MAIL_BASE64 || e == MAIL_QP;
}

void stream_init(struct stream *s, enum mail_encoding e, span in)
{
    *s = (struct stream){.encoding = e, .rest = in};
}

static size_t close_group(struct stream *s, uint8_t *out)
{
    size_t bytes = base64_group(s->bits, s->have, out, 3);
    s->bits = 0, s->have = 0;
    return bytes;
}

static size_t careful(struct stream *s, uint8_t *out, size_t cap)
{
    size_t i = 0, o = 0;
    for (; i < s->rest.n && cap - o >= 3; i++) {
        if (s->have == 0 && s->owed == 0) {
            struct base64_at clean = base64_run_scalar(s->rest.p + i, s->rest.n - i, out + o, cap - o);
            i += clean.in, o += clean.out;
            if (i == s->rest.n || cap - o < 3) break;
        }
        uint8_t v = BASE64_MEANING[s->rest.p[i]];
        if (v & BASE64_DIGIT) {
            s->owed = 0;
            s->bits = s->bits << 6 | (v & 63);
            if (++s->have == 4) o += close_group(s, out + o);
        } else if (v == BASE64_PAD) {
            if (s->have >= 2)
                s->owed = 3 - s->have;
            else if (s->have == 0 && s->owed)
                s->owed--;
            o += close_group(s, out + o);
            if (s->owed == 0 && !base64_goes_on(s->rest.p + i + 1, s->rest.n - i - 1)) i = s->rest.n - 1;
        }
    }
    s->rest = span_from(s->rest, i);
    if (s->rest.n == 0 && s->have && cap - o >= 3) o += close_group(s, out + o);
    return o;
}

static size_t base64(struct stream *s, uint8_t *out, size_t cap)
{
    bool bad = false;
    size_t take = cap / 3 * 4;
    if (take >= s->rest.n) { /* all that is left fits */
        size_t n = scan->base64(s->rest.p, s->rest.n, out, cap, &bad);
        s->rest = SPAN_NONE;
        return n;
    }
    span piece = span_head(s->rest, take);
    const uint8_t *lf = memrchr(piece.p, '\n', piece.n);
    piece.n = lf ? (size_t)(lf - piece.p) + 1 : piece.n / 4 * 4;
    size_t n = span_find(piece, '=') < piece.n ? 0 : scan->base64(piece.p, piece.n, out, cap, &bad);
    if (n == 0 || bad) {
        s->careful = true;
        return 0;
    }
    s->rest = span_from(s->rest, piece.n);
    return n;
}

/* As the kernel; between any two bytes of output it can stop. */
static size_t quoted(struct stream *s, uint8_t *out, size_t cap)
{
    span in = s->rest;
    size_t i = 0, o = 0;
    while (i < in.n && o < cap) {
        size_t run = span_find(span_head(span_from(in, i), cap - o), '=');
        memcpy(out + o, in.p + i, run);
        i += run, o += run;
        if (i == in.n || o == cap) break;
        int high = in.n - i > 2 ? ascii_hex(in.p[i + 1]) : -1, low = in.n - i > 2 ? ascii_hex(in.p[i + 2]) : -1;
        if (high >= 0 && low >= 0) {
            out[o++] = (uint8_t)(high << 4 | low);
            i += 3;
            continue;
        }
        size_t end = i + 1;
        while (end < in.n && (in.p[end] == ' ' || in.p[end] == '\t')) end++;
        if (end < in.n && in.p[end] == '\r') end++;
        if (end < in.n && in.p[end] == '\n') end++;
        if (end == in.n || in.p[end - 1] == '\n' || in.p[end - 1] == '\r') {
            i = end; /* lines joined */
        } else {
            out[o++] = '=';
            i++;
        }
    }
    s->rest = span_from(in, i);
    return o;
}

size_t stream_next(struct stream *s, uint8_t *out, size_t cap)
{
    size_t n = 0;
    while (n == 0 && (s->rest.n || s->have)) {
        if (s->encoding == MAIL_QP)
            n = quoted(s, out, cap);
        else
            n = s->careful ? careful(s, out, cap) : base64(s, out, cap);
    }
    return n;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* block: files written into a text, as people did before MIME: uuencode (POSIX) and yEnc (yenc.org, draft 1.3).
 *
 * Lines are looked at by their first byte until one may begin a block; then line by line whether it goes on. A false
 * start costs no more than the lines that it looked at, BLOCK_STRAY_LINES and one, so the whole stays linear. */
#define _GNU_SOURCE /* memmem */
#include "worker/mime/block.h"

#include "worker/simd/scan.h"

/* The line at `at` without its line end; *next is where the one after it starts. */
static span line_at(span text, size_t at, size_t *next)
{
    span rest = span_from(text, at);
    size_t n = span_find(rest, '\n');
    *next = at + n + (n < rest.n);
    if (n && rest.p[n - 1] == '\r') n--;
    return span_head(rest, n);
}

enum {
    FULL_LINE = 60,  /* bytes of a uuencoded or base64 line that nobody writes by chance */
    YENC_STRANGE = 8 /* at least one byte of so many must be one that no text has */
};

enum line { SOUND, LAST, STRAY, END };

struct form {
    enum mail_encoding encoding;
    size_t bytes; /* of a yEnc line, as declared */
    enum line (*judge)(const struct form *f, span line);
};

/* --- uuencode ----------------------------------------------------------------------------------------------------- */

/* A line holds as many bytes as its first one says, four characters for three of them; two spaces at its end may have
 * been lost, and some encoders add a checksum. */
static enum line judge_uu(const struct form *f, span line)
{
    (void)f;
    if (span_eq(span_trim(line), SPAN("end"))) return END;
    if (line.n == 0) return STRAY;
    size_t bytes = (line.p[0] - ' ') & 63, want = 1 + (bytes + 2) / 3 * 4;
    if (line.n > want + 2 || line.n + 2 < want) return STRAY;
    for (size_t i = 0; i < line.n; i++)
        if (line.p[i] < ' ' || line.p[i] > '`') return STRAY;
    return bytes ? SOUND : LAST;
}

static enum line judge_base64(const struct form *f, span line)
{
    (void)f;
    if (span_eq(span_trim(line), SPAN("===="))) return END;
    if (line.n == 0 || line.n % 4 != 0) return STRAY;
    for (size_t i = 0; i < line.n; i++)
        if (!ascii_alnum(line.p[i]) && !memchr("+/=", line.p[i], 3)) return STRAY;
    return SOUND;
}

/* "begin 644 name" or "begin-base64 644 name". */
static bool begin_uu(span line, struct form *f, span *name)
{
    span rest = span_from(line, 5);
    bool base64 = span_istarts(rest, SPAN("-base64"));
    if (base64) rest = span_from(rest, 7);
    size_t digits = 0;
    while (1 + digits < rest.n && rest.p[1 + digits] >= '0' && rest.p[1 + digits] <= '7') digits++;
    if (!rest.n || rest.p[0] != ' ' || digits < 3 || digits > 4) return false;
    rest = span_from(rest, 1 + digits);
    if (!rest.n || rest.p[0] != ' ') return false;
    *name = span_trim(rest);
    *f = (struct form){.encoding = base64 ? MAIL_BASE64 : MAIL_UUENCODE, .judge = base64 ? judge_base64 : judge_uu};
    return name->n > 0;
}

/* --- yEnc --------------------------------------------------------------------------------------------------------- */

/* Bytes that no text has. */
static size_t strangers(span line)
{
    size_t n = 0;
    for (size_t i = 0; i < line.n; i++) n += line.p[i] < ' ' || line.p[i] > '~';
    return n;
}

/* Are there enough of them? Of what yEnc encodes half are. */
static bool no_text(size_t strange, size_t bytes)
{
    return strange * YENC_STRANGE >= bytes;
}

static enum line judge_yenc(const struct form *f, span line)
{
    if (span_istarts(line, SPAN("=yend"))) return END;
    /* An escape is not parted: one byte more than declared; the last line is shorter. */
    if (line.n == 0 || line.n > f->bytes + 1 || span_istarts(line, SPAN("=y"))) return STRAY;
    return line.n < f->bytes ? LAST : SOUND;
}

/* A decimal number behind `key`, 0 when there is none. */
static size_t number(span line, span key)
{
    size_t value = 0;
    for (size_t at = span_find(line, '='); at < line.n; at += 1 + span_find(span_from(line, at + 1), '=')) {
        if (at + 1 < key.n || !span_eq(span_of(line.p + at + 1 - key.n, key.n), key)) continue;
        for (at++; at < line.n && ascii_digit(line.p[at]) && value < BLOCK_LINE_MAX * 10; at++)
            value = value * 10 + (size_t)(line.p[at] - '0');
        break;
    }
    return value;
}

/* "=ybegin line=128 size=123 name=a b.bin"; the name runs to the end of the line. */
static bool begin_yenc(span line, struct form *f, span *name)
{
    static const char NAME[] = " name=";
    const uint8_t *at = memmem(line.p, line.n, NAME, sizeof NAME - 1);
    size_t bytes = number(line, SPAN(" line="));
    if (!at || bytes == 0 || bytes > BLOCK_LINE_MAX || number(line, SPAN(" size=")) == 0) return false;
    *name = span_trim(span_from(line, (size_t)(at - line.p) + sizeof NAME - 1));
    *f = (struct form){.encoding = MAIL_YENC, .bytes = bytes, .judge = judge_yenc};
    return true;
}

/* --- both --------------------------------------------------------------------------------------------------------- */

static enum line judge_at(const struct form *f, span text, size_t at, size_t *next)
{
    return f->judge(f, line_at(text, at, next));
}

/* Where to go on behind the block whose data begins at `at`; *sure: it is one, and ends there. A start that turns out
 * to be none is gone on behind, or soon after, so nothing is looked at twice without end. */
static size_t block_end(span text, size_t at, const struct form *f, bool *sure)
{
    size_t end = at, next, bytes = 0, strange = 0;
    bool any = false, over = false;
    *sure = false;
    for (int strays = 0; at < text.n && !over && strays <= BLOCK_STRAY_LINES; at = next) {
        span line = line_at(text, at, &next);
        enum line is = f->judge(f, line);
        if (is == LAST) { /* what it is shows behind it */
            size_t last;
            bool ends = judge_at(f, text, next, &last) == END;
            over = ends || (next >= text.n && (f->encoding != MAIL_YENC || no_text(strangers(line), line.n)));
            if (ends) next = last;
            *sure |= ends;
        } else if (is == END) {
            over = true;
            *sure |= any;
        } else if (is == SOUND) {
            /* Two of them, a full one, or one where the text is cut off. */
            *sure |= any || line.n >= FULL_LINE || next >= text.n;
            any = true;
        }
        if (is == STRAY || (is == LAST && !over)) {
            if (!*sure) break;
            strays++;
            continue;
        }
        strays = 0;
        end = next;
        bytes += line.n;
        if (f->encoding == MAIL_YENC) strange += strangers(line);
    }
    if (f->encoding == MAIL_YENC && !no_text(strange, bytes)) *sure = false;
    return end;
}

/* What the first line of a block begins with; what ends the line before it. */
static struct scan_set firsts, feeds;

__attribute__((constructor)) static void fill_firsts(void)
{
    firsts = scan_set_of("b=");
    feeds = scan_set_of("\n");
}

/* The start of the first line at `at` or behind it, where a line starts, that may begin a block; or text.n. */
static size_t next_candidate(span text, size_t at)
{
    enum { STEP = 64 };
    if (at >= text.n || scan_in(&firsts, text.p[at])) return at;
    for (; at + 1 < text.n; at += STEP) {
        size_t n = text.n - at - 1;
        uint64_t bits = scan->among(text.p + at, n, &feeds) & scan->among(text.p + at + 1, n, &firsts);
        if (bits) return at + 1 + (size_t)__builtin_ctzll(bits);
    }
    return text.n;
}

bool block_next(span text, size_t at, struct block *out)
{
    for (size_t next; (at = next_candidate(text, at)) < text.n; at = next) {
        struct form f;
        span line = line_at(text, at, &next), name;
        if (line.n > BLOCK_NAME_MAX) continue;
        bool begins = (span_istarts(line, SPAN("begin ")) || span_istarts(line, SPAN("begin-")))
                          ? begin_uu(line, &f, &name)
                          : span_istarts(line, SPAN("=ybegin ")) && begin_yenc(line, &f, &name);
        if (!begins) continue;
        size_t first = next, behind;
        if (span_istarts(line_at(text, first, &behind), SPAN("=ypart "))) first = behind;
        bool sure;
        size_t end = block_end(text, first, &f, &sure);
        if (!sure) {
            next = end;
            continue;
        }
        *out = (struct block){
            .encoding = f.encoding,
            .name = name,
            .whole = span_from(span_head(text, end), at),
        };
        out->data = out->whole;
        if (f.encoding == MAIL_BASE64) { /* the lines around it are no base64 */
            out->data = span_trim(span_from(span_head(text, end), next));
            if (span_eq(span_from(out->data, out->data.n - 4), SPAN("===="))) out->data.n -= 4;
        }
        return true;
    }
    return false;
}

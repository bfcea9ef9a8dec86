/* SPDX-License-Identifier: Apache-2.0 */
/* word: header values to UTF-8: unfolding, RFC 2047 encoded words, raw 8-bit bytes (RFC 6532, or older habits).
 *
 * One walk. Bytes of encoded words gather in `run` until something else or another charset follows; then the run is
 * converted at once. The search for a word's end never restarts before where the last one stopped, so a value full of
 * half-written words stays linear. */
#include "worker/mime/word.h"

#include "proto/base/utf8.h"
#include "worker/simd/scan.h"
#include "worker/text/charset.h"
#include "worker/text/odd.h"

struct words {
    struct arena *a;
    uint64_t *odd;
    span hint;
    uint8_t *out, *run; /* out holds 3 bytes for each of the value, run one */
    size_t n, cap, run_n;
    span run_charset;
    span charset; /* of the first word */
    size_t close; /* where the next "?=" stands, at or after the last place asked for */
};

static void put(struct words *w, span s)
{
    s = utf8_cut(s, w->cap - w->n); /* it fits: no byte becomes more than three */
    if (s.n) memcpy(w->out + w->n, s.p, s.n);
    w->n += s.n;
}

/* Convert and append, leaning to the charset that the mail is in elsewhere; memory that the conversion took is given
 * back. */
static void put_converted(struct words *w, span bytes, span label, uint64_t *odd)
{
    uint8_t *mark = arena_alloc(w->a, 0);
    put(w, charset_words(bytes, label, w->hint, w->a, odd));
    arena_trim(w->a, mark, 0);
}

static void put_run(struct words *w)
{
    if (w->run_n) {
        uint64_t odd = 0;
        put_converted(w, span_of(w->run, w->run_n), w->run_charset, &odd);
        *w->odd |= odd & (ODD(WRONG_CHARSET) | ODD(BAD_CHARSET) | ODD(BROKEN_ESCAPE));
    }
    w->run_n = 0;
}

/* Is this 7-bit text perhaps ISO-2022-JP that has lost its ESC bytes, in a mail that speaks ISO-2022-JP? */
static bool maybe_lost(span s, span hint)
{
    for (size_t at = span_find(s, '$'); at + 1 < s.n; at += 1 + span_find(span_from(s, at + 1), '$'))
        if (s.p[at + 1] == 'B' || s.p[at + 1] == '@') return charset_by_escapes(hint);
    return false;
}

/* Text outside encoded words. */
static void put_raw(struct words *w, span s)
{
    size_t plain = scan->plain(s.p, s.n);
    if (plain == s.n && !maybe_lost(s, w->hint)) {
        put(w, s);
        return;
    }
    uint64_t odd = 0;
    if (scan->utf8(s.p, s.n) < s.n) *w->odd |= ODD(RAW_8BIT);
    put_converted(w, s, w->hint, &odd);
    *w->odd |= odd & ODD(BROKEN_ESCAPE);
}

/* The Q encoding (RFC 2047 4.2): like quoted-printable, with '_' for a space. */
static size_t decode_q(span text, uint8_t *out, bool *bad)
{
    size_t o = 0;
    for (size_t i = 0; i < text.n; i++) {
        uint8_t c = text.p[i];
        int hi = c == '=' && i + 2 < text.n ? ascii_hex(text.p[i + 1]) : -1;
        int lo = hi >= 0 ? ascii_hex(text.p[i + 2]) : -1;
        if (lo >= 0) {
            c = (uint8_t)(hi << 4 | lo);
            i += 2;
        } else if (c == '=') {
            *bad = true;
        } else if (c == '_') {
            c = ' ';
        }
        out[o++] = c;
    }
    return o;
}

struct word {
    span charset, text;
    bool base64;
    size_t end; /* after the closing "?=" */
};

/* Is there a whole encoded word at `at`, where "=?" stands? Sets BAD_WORD when it only looks like one. */
static bool word_at(struct words *w, span in, size_t at, struct word *out)
{
    span rest = span_from(in, at + 2);
    size_t n = span_find(span_head(rest, WORD_CHARSET_MAX + 1), '?');
    if (n == 0 || n > WORD_CHARSET_MAX || n + 2 >= rest.n || rest.p[n] != '?' || rest.p[n + 2] != '?') return false;
    for (size_t i = 0; i < n; i++)
        if (rest.p[i] <= ' ' || rest.p[i] >= 127) return false;
    uint8_t encoding = ascii_lower(rest.p[n + 1]);
    if (encoding != 'b' && encoding != 'q') {
        *w->odd |= ODD(BAD_WORD);
        return false;
    }
    size_t text = at + 2 + n + 3;
    if (w->close < text) {
        w->close = text;
        while (w->close < in.n) {
            w->close += span_find(span_from(in, w->close), '?');
            if (w->close + 1 < in.n && in.p[w->close + 1] == '=') break;
            if (w->close < in.n) w->close++;
        }
    }
    if (w->close >= in.n) {
        *w->odd |= ODD(BAD_WORD);
        return false;
    }
    out->charset = span_head(rest, n);
    out->charset.n = span_find(out->charset, '*'); /* RFC 2231 section 5: a language follows */
    out->base64 = encoding == 'b';
    out->text = span_from(span_head(in, w->close), text);
    out->end = w->close + 2;
    /* Another word begins inside: this one was never closed. */
    for (span t = out->text; t.n;) {
        size_t eq = span_find(t, '=');
        if (eq + 1 < t.n && t.p[eq + 1] == '?') {
            *w->odd |= ODD(BAD_WORD);
            return false;
        }
        t = span_from(t, eq + 1);
    }
    return true;
}

static bool all_space(span s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!ascii_space(s.p[i])) return false;
    return true;
}

static void decode(struct words *w, span in)
{
    size_t shown = 0; /* everything before it is in out or run */
    for (size_t at = 0; at + 1 < in.n;) {
        at += span_find(span_from(in, at), '=');
        if (at + 1 >= in.n) break;
        struct word word;
        if (in.p[at + 1] != '?' || !word_at(w, in, at, &word)) {
            at++;
            continue;
        }
        span gap = span_from(span_head(in, at), shown);
        bool joins = w->run_n && all_space(gap);
        if (!joins || !span_ieq(w->run_charset, word.charset)) put_run(w);
        if (!joins && gap.n) put_raw(w, gap);
        w->run_charset = word.charset;
        if (!w->charset.p) w->charset = word.charset;
        bool bad = false;
        if (word.base64)
            w->run_n += scan->base64(word.text.p, word.text.n, w->run + w->run_n, word.text.n, &bad);
        else
            w->run_n += decode_q(word.text, w->run + w->run_n, &bad);
        if (bad) *w->odd |= ODD(BAD_WORD);
        shown = at = word.end;
    }
    put_run(w);
    put_raw(w, span_from(in, shown));
}

/* Drop line ends and control characters in place; a tab becomes a space. ESC, SO and SI stay where they may shift
 * charsets. */
static size_t clean(uint8_t *p, size_t n, bool keep_shifts, uint64_t *odd)
{
    size_t o = 0;
    for (size_t i = 0; i < n; i++) {
        uint8_t c = p[i];
        if (c == 0) *odd |= ODD(NUL);
        if (c == '\t') c = ' ';
        if ((c < ' ' && !(keep_shifts && (c == 0x1B || c == 0x0E || c == 0x0F))) || c == 127) continue;
        p[o++] = c;
    }
    return o;
}

enum looks { PLAIN, FOLDED, ELSE };

/* Bytes of ASCII that may mean something: controls, and what encoded words and escapes without ESC have. What folds
 * have but spaces. The former without line ends. */
static struct scan_set remarkable, blanks, wild, questions;

__attribute__((constructor)) static void fill_remarkable(void)
{
    remarkable = scan_set_of("?$\x7F");
    questions = scan_set_of("?");
    blanks = scan_set_of("\r\n\t");
    for (size_t i = 0; i < sizeof remarkable.low; i++) {
        remarkable.low[i] |= 1 << 0 | 1 << 1; /* below ' ' */
    }
    wild = remarkable;
    wild.low['\n' & 15] &= (uint8_t) ~(1 << ('\n' >> 4));
}

/* Is there nothing but ASCII in it, beside folds, and no encoded word? That is nine fields of ten. */
static enum looks look(span s, span hint)
{
    enum looks all = PLAIN;
    bool marks = false; /* a '?' or '$' */
    if (scan->plain(s.p, s.n) < s.n) return ELSE;
    struct scan_marks m = SCAN_NO_MARKS;
    for (size_t i = 0; (i = scan_next(&m, &remarkable, s, i)) < s.n; i++) {
        switch (s.p[i]) {
        case '\r':
        case '\n':
        case '\t': all = FOLDED; break;
        case '?':
        case '$': marks = true; break;
        default: return ELSE;
        }
    }
    return marks && (word_begins(s) || maybe_lost(s, hint)) ? ELSE : all;
}

/* May it stand at header.p[i] of a tame one, as all before it may? */
static bool tame_at(span header, size_t i)
{
    uint8_t before = i ? header.p[i - 1] : '\n', after = i + 1 < header.n ? header.p[i + 1] : '\n';
    switch (header.p[i]) {
    case '?': return before != '=';
    case '$': return after != 'B' && after != '@';
    case '\t': return before == '\n' || before == '\t' || after == '\n';
    case '\r': return after == '\n' || after == '\r';
    default: return false;
    }
}

bool word_tame(span header)
{
    if (scan->plain(header.p, header.n) < header.n) return false;
    struct scan_marks m = SCAN_NO_MARKS;
    for (size_t i = 0; (i = scan_next(&m, &wild, header, i)) < header.n; i++)
        if (!tame_at(header, i)) return false;
    return true;
}

/* Drop the line ends of plain folds, which the white space behind them replaces; a tab becomes a space. */
span word_unfold(span raw, struct arena *a)
{
    struct scan_marks m = SCAN_NO_MARKS;
    uint8_t *out = arena_alloc(a, raw.n);
    if (!out) return SPAN_NONE;
    size_t n = 0, from = 0;
    for (size_t i = 0; i < raw.n; i++, from = i) {
        i = scan_next(&m, &blanks, raw, i);
        memcpy(out + n, raw.p + from, i - from);
        n += i - from;
        if (i < raw.n && raw.p[i] == '\t') out[n++] = ' ';
    }
    arena_trim(a, out, n);
    return span_trim(span_of(out, n));
}

span word_decode(span raw, span hint, struct arena *a, uint64_t *odd, span *charset_out)
{
    if (charset_out) *charset_out = SPAN_NONE;
    switch (look(raw, hint)) {
    case PLAIN: return span_trim(raw);
    case FOLDED: return word_unfold(raw, a);
    case ELSE: break;
    }
    struct words w = {.a = a, .odd = odd, .hint = hint};
    if (raw.n > arena_left(a) / 8) {
        a->full = true;
        raw = span_head(raw, arena_left(a) / 8);
    }
    span copy = arena_copy(a, raw);
    w.cap = 3 * raw.n;
    w.out = arena_alloc(a, w.cap);
    w.run = arena_alloc(a, raw.n);
    if (!copy.p || !w.out || !w.run) return SPAN_NONE;
    copy.n = clean((uint8_t *)copy.p, copy.n, true, odd);
    decode(&w, copy);
    w.n = clean(w.out, w.n, false, odd);
    arena_trim(a, w.run, 0);
    arena_trim(a, w.out, w.n);
    if (charset_out) *charset_out = w.charset;
    return span_trim(span_of(w.out, w.n));
}

bool word_begins(span raw)
{
    struct scan_marks m = SCAN_NO_MARKS; /* where there is one '?' there may be many */
    for (size_t at = span_find(raw, '?'); at < raw.n; at = scan_next(&m, &questions, raw, at + 1))
        if (at && raw.p[at - 1] == '=') return true;
    return false;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* charset: bytes in any encoding to UTF-8, by iconv; labels that lie are found out and repaired.
 *
 * Most mail is ASCII or UTF-8 and goes through untouched. Else the label is believed as far as the bytes allow: valid
 * UTF-8 is UTF-8, escape sequences are ISO-2022, and of the rest guess.c has the last word where a label is missing or
 * does not fit. One-byte charsets go by a table that iconv filled once. */
#include "worker/text/charset.h"

#include <iconv.h>
#include <pthread.h>

#include "worker/simd/scan.h"
#include "worker/text/guess.h"
#include "worker/text/iso2022.h"
#include "worker/text/label.h"
#include "worker/text/odd.h"

enum { GROWTH = 3 }; /* no byte of any charset becomes more bytes of UTF-8; nor does a broken one (U+FFFD) */

static const struct {
    const char *iconv;
    enum charset_kind kind;
} CHARSETS[CHARSET_COUNT] = {
#define X(id, name, kind) [CHARSET_##id] = {name, KIND_##kind},
    CHARSET_LIST(X)
#undef X
};

static const enum charset OF_GUESS[GUESS_COUNT] = {
    [GUESS_SHIFT_JIS] = CHARSET_SHIFT_JIS,
    [GUESS_EUC_JP] = CHARSET_EUC_JP,
    [GUESS_GB18030] = CHARSET_GB18030,
    [GUESS_BIG5] = CHARSET_BIG5,
    [GUESS_EUC_KR] = CHARSET_EUC_KR,
    [GUESS_KOI8_R] = CHARSET_KOI8_R,
    [GUESS_WINDOWS_1251] = CHARSET_WINDOWS_1251,
    [GUESS_WINDOWS_1252] = CHARSET_WINDOWS_1252,
};

/* --- what is opened once ------------------------------------------------------------------------------------------ */

/* UTF-8 of a byte, its length first. */
typedef uint8_t single_table[256][4];

static _Thread_local struct {
    bool open[CHARSET_COUNT];
    iconv_t cd[CHARSET_COUNT]; /* (iconv_t)-1 when this system does not have it */
    single_table single[CHARSET_SINGLES];
} cache;

static void fill_table(iconv_t cd, single_table table)
{
    for (int c = 0; c < 256; c++) {
        char in = (char)c, *from = &in, *to = (char *)&table[c][1];
        size_t in_left = 1, out_left = 3;
        bool fine = cd != (iconv_t)-1 && iconv(cd, NULL, NULL, NULL, NULL) != (size_t)-1 &&
                    iconv(cd, &from, &in_left, &to, &out_left) != (size_t)-1 &&
                    iconv(cd, NULL, NULL, &to, &out_left) != (size_t)-1; /* CP1255 and CP1258 hold one back */
        if (!fine) memcpy(&table[c][1], "\xEF\xBF\xBD", 3);
        table[c][0] = (uint8_t)(fine ? 3 - out_left : 3);
    }
}

static void open_charset(enum charset c)
{
    if (cache.open[c]) return;
    cache.open[c] = true;
    cache.cd[c] = *CHARSETS[c].iconv ? iconv_open("UTF-8", CHARSETS[c].iconv) : (iconv_t)-1;
    if (CHARSETS[c].kind == KIND_SINGLE) fill_table(cache.cd[c], cache.single[c]);
}

/* Give guess.c the frequent characters in each charset's own bytes. */
static void teach(void)
{
    for (enum guess g = 0; g < GUESS_COUNT; g++) {
        const char *text = guess_frequent(g);
        iconv_t cd = *text ? iconv_open(CHARSETS[OF_GUESS[g]].iconv, "UTF-8") : (iconv_t)-1;
        char bytes[2048], *from = (char *)(uintptr_t)text, *to = bytes;
        size_t in_left = cd == (iconv_t)-1 ? 0 : strlen(text), out_left = sizeof bytes;
        while (in_left && iconv(cd, &from, &in_left, &to, &out_left) == (size_t)-1 && in_left) {
            if (out_left < 4) break;
            from++, in_left--;
        }
        guess_learn(g, span_of(bytes, sizeof bytes - out_left));
        if (cd != (iconv_t)-1) iconv_close(cd);
    }
}

static pthread_once_t taught = PTHREAD_ONCE_INIT;

void charset_warm(void)
{
    for (enum charset c = 0; c < CHARSET_COUNT; c++) open_charset(c);
    pthread_once(&taught, teach);
}

void charset_close(void)
{
    for (enum charset c = 0; c < CHARSET_COUNT; c++) {
        if (cache.open[c] && cache.cd[c] != (iconv_t)-1) iconv_close(cache.cd[c]);
        cache.open[c] = false;
    }
}

static enum guess guessed(span in, unsigned favoured)
{
    pthread_once(&taught, teach);
    return guess_charset(in, favoured);
}

/* --- converting --------------------------------------------------------------------------------------------------- */

struct sink {
    uint8_t *p;
    size_t n, cap;
};

static bool put(struct sink *out, span s)
{
    bool fits = s.n <= out->cap - out->n;
    if (!fits) {
        s.n = out->cap - out->n;
        while (s.n && (s.p[s.n] & 0xC0) == 0x80) s.n--;
        out->cap = out->n + s.n; /* nothing may follow what was cut */
    }
    if (s.n) memcpy(out->p + out->n, s.p, s.n);
    out->n += s.n;
    return fits;
}

static bool put_unknown(struct sink *out)
{
    return put(out, SPAN("\xEF\xBF\xBD"));
}

static void put_utf8(struct sink *out, span in)
{
    while (in.n) {
        size_t valid = scan->utf8(in.p, in.n);
        if (!put(out, span_head(in, valid))) return;
        in = span_from(in, valid);
        if (!in.n) return;
        if (!put_unknown(out)) return;
        /* The rest of a cut character goes with its beginning. */
        size_t skip = 1;
        if (in.p[0] >= 0xC2)
            while (skip < 3 && skip < in.n && (in.p[skip] & 0xC0) == 0x80) skip++;
        in = span_from(in, skip);
    }
}

static void put_single(struct sink *out, enum charset c, span in)
{
    open_charset(c);
    while (in.n) {
        size_t plain = 0;
        while (plain < in.n && in.p[plain] < 0x80) plain++;
        if (!put(out, span_head(in, plain))) return;
        size_t i = plain;
        for (; i < in.n && in.p[i] >= 0x80; i++) {
            const uint8_t *u = cache.single[c][in.p[i]];
            if (!put(out, span_of(u + 1, u[0]))) return;
        }
        in = span_from(in, i);
    }
}

/* Without iconv, or after too many errors: ASCII as it is, U+FFFD for each run of anything else. */
static void put_ascii(struct sink *out, span in)
{
    while (in.n) {
        size_t plain = 0, other;
        while (plain < in.n && in.p[plain] < 0x80) plain++;
        if (!put(out, span_head(in, plain))) return;
        for (other = plain; other < in.n && in.p[other] >= 0x80;) other++;
        if (other > plain && !put_unknown(out)) return;
        in = span_from(in, other);
    }
}

/* By iconv. Returns how many characters were broken. */
static size_t put_iconv(struct sink *out, enum charset c, span in)
{
    open_charset(c);
    iconv_t cd = cache.cd[c];
    if (cd == (iconv_t)-1) {
        put_ascii(out, in);
        return 1;
    }
    iconv(cd, NULL, NULL, NULL, NULL);
    char *from = (char *)(uintptr_t)in.p;
    size_t left = in.n, errors = 0;
    while (left) {
        char *to = (char *)out->p + out->n;
        size_t room = out->cap - out->n;
        size_t result = iconv(cd, &from, &left, &to, &room);
        out->n = out->cap - room;
        if (result != (size_t)-1 || left == 0) break;
        if (room < 8) break; /* the arena is full */
        from++, left--;
        if (!put_unknown(out)) break;
        if (++errors < CHARSET_ERRORS_MAX) continue;
        put_ascii(out, span_of(from, left));
        break;
    }
    char *to = (char *)out->p + out->n;
    size_t room = out->cap - out->n;
    iconv(cd, NULL, NULL, &to, &room);
    out->n = out->cap - room;
    return errors;
}

static void put_charset(struct sink *out, enum charset c, span in)
{
    switch (CHARSETS[c].kind) {
    case KIND_SINGLE: put_single(out, c, in); break;
    case KIND_PLAIN:
    case KIND_UTF8: put_utf8(out, in); break;
    default: put_iconv(out, c, in);
    }
}

/* --- deciding ----------------------------------------------------------------------------------------------------- */

static unsigned favoured_by(enum charset label)
{
    for (enum guess g = 0; g < GUESS_COUNT; g++)
        if (OF_GUESS[g] == label) return 1u << g;
    switch (label) {
    case CHARSET_ISO_2022_JP: return 1u << GUESS_SHIFT_JIS | 1u << GUESS_EUC_JP;
    case CHARSET_HZ:
    case CHARSET_ISO_2022_CN: return 1u << GUESS_GB18030;
    case CHARSET_ISO_2022_KR: return 1u << GUESS_EUC_KR;
    case CHARSET_KOI8_U: return 1u << GUESS_KOI8_R;
    case CHARSET_ISO_8859_15: return 1u << GUESS_WINDOWS_1252;
    default: return 0;
    }
}

/* Can guess.c judge text of this charset? Others are believed. */
static bool judged(enum charset c)
{
    return c >= CHARSET_COUNT || favoured_by(c) || c == CHARSET_ASCII || c == CHARSET_UTF_8 || c == CHARSET_UTF_7 ||
           CHARSETS[c].kind == KIND_WIDE;
}

/* UTF-8 but for a character cut at the end, or a few damaged ones? */
static bool looks_utf8(span in, bool labelled)
{
    size_t whole = 0, broken = 0;
    while (in.n) {
        size_t valid = scan->utf8(in.p, in.n);
        for (size_t i = 0; i < valid; i++) whole += in.p[i] >= 0xC0;
        in = span_from(in, valid);
        if (!in.n) break;
        bool cut = in.n < 4 && in.p[0] >= 0xC2 && in.p[0] <= 0xF4;
        for (size_t i = 1; i < in.n && cut; i++) cut = (in.p[i] & 0xC0) == 0x80;
        if (cut) break;
        broken++;
        in = span_from(in, 1);
    }
    return whole > 0 && (labelled ? whole >= 4 * broken : broken == 0 || whole >= 50 * broken);
}

static size_t count_utf8(span in, size_t enough)
{
    size_t n = 0;
    for (size_t i = 0; i < in.n && n < enough; i++) n += in.p[i] >= 0xC0;
    return n;
}

/* ISO 8859 has control characters from 0x80 to 0x9F, which nobody writes: text with bytes there is of the Windows charset
 * that its writer meant. */
static enum charset windows_twin(enum charset label, span in)
{
    static const struct {
        enum charset iso, windows;
    } TWINS[] = {
        {CHARSET_ISO_8859_2, CHARSET_WINDOWS_1250},  {CHARSET_ISO_8859_4, CHARSET_WINDOWS_1257},
        {CHARSET_ISO_8859_5, CHARSET_WINDOWS_1251},  {CHARSET_ISO_8859_6, CHARSET_WINDOWS_1256},
        {CHARSET_ISO_8859_7, CHARSET_WINDOWS_1253},  {CHARSET_ISO_8859_8, CHARSET_WINDOWS_1255},
        {CHARSET_ISO_8859_13, CHARSET_WINDOWS_1257}, {CHARSET_ISO_8859_15, CHARSET_WINDOWS_1252},
    };
    enum charset twin = label;
    for (size_t i = 0; i < sizeof TWINS / sizeof *TWINS; i++)
        if (TWINS[i].iso == label) twin = TWINS[i].windows;
    if (twin == label) return label;
    for (size_t i = 0; i < in.n; i++)
        if (in.p[i] >= 0x80 && in.p[i] < 0xA0) return twin;
    return label;
}

/* The charset of 8-bit bytes without escape sequences. */
static enum charset decide(span in, enum charset label, uint64_t *odd)
{
    enum { ENOUGH = 3 }; /* characters that are no accident in a charset whose trail bytes are like UTF-8's */
    label = windows_twin(label, in);
    enum charset c = label;
    bool multi = label < CHARSET_COUNT && CHARSETS[label].kind == KIND_MULTI;
    if (looks_utf8(in, label == CHARSET_UTF_8) && (!multi || count_utf8(in, ENOUGH) == ENOUGH))
        c = CHARSET_UTF_8;
    else if (judged(label))
        c = OF_GUESS[guessed(in, favoured_by(label))];
    if (label == CHARSET_NONE) *odd |= ODD(NO_CHARSET);
    if (label >= CHARSET_COUNT || c == label) return c;
    /* Relatives that the guess does not tell apart, as KOI8-R and KOI8-U. */
    if (favoured_by(label) && favoured_by(label) == favoured_by(c) && CHARSETS[label].kind == KIND_SINGLE) return label;
    *odd |= ODD(WRONG_CHARSET);
    return c;
}

/* ISO-2022-JP, with whatever else stands between. */
static void put_iso2022_jp(struct sink *out, span in, struct arena *a, uint64_t *odd)
{
    uint8_t *euc = arena_alloc(a, 2 * in.n);
    if (!euc) return;
    struct iso2022_reader r;
    iso2022_init(&r, in);
    while (r.rest.n) {
        size_t n = iso2022_next(&r, euc);
        if (n) put_iconv(out, CHARSET_EUC_JP, span_of(euc, n));
        if (!r.rest.n) break;
        uint64_t ignored = 0;
        span stray = iso2022_stray(&r);
        put_charset(out, decide(stray, CHARSET_ISO_2022_JP, &ignored), stray);
        *odd |= ODD(WRONG_CHARSET);
    }
    arena_trim(a, euc, 0);
}

/* HZ (RFC 1843): ~{ and ~} around GB 2312 with the high bits off; "~~" is a tilde, a line end shifts back. */
static void put_hz(struct sink *out, span in, struct arena *a)
{
    uint8_t *gb = arena_alloc(a, in.n);
    if (!gb) return;
    size_t n = 0;
    bool shifted = false;
    for (size_t i = 0; i < in.n; i++) {
        uint8_t c = in.p[i], next = i + 1 < in.n ? in.p[i + 1] : 0;
        if (c == '~' && (next == '{' || next == '}' || next == '~' || next == '\n')) {
            if (next == '{' || next == '}') shifted = next == '{';
            if (next == '~') gb[n++] = '~';
            i++;
            continue;
        }
        if (c == '\n') shifted = false;
        gb[n++] = shifted && c > ' ' ? c | 0x80 : c;
    }
    put_iconv(out, CHARSET_GB18030, span_of(gb, n));
    arena_trim(a, gb, 0);
}

/* Does wide text stand here, or only its label? Text in two bytes a character has NULs, unless it is East Asian. */
static bool looks_wide(span in)
{
    bool mark = in.n >= 2 && ((in.p[0] == 0xFF && in.p[1] == 0xFE) || (in.p[0] == 0xFE && in.p[1] == 0xFF));
    return mark || (in.n && memchr(in.p, 0, in.n));
}

span charset_to_utf8(span in, span label, struct arena *a, uint64_t *odd)
{
    enum charset c = charset_by_label(label);
    if (c == CHARSET_UNKNOWN) *odd |= ODD(BAD_CHARSET);
    enum charset_kind kind = c < CHARSET_COUNT ? CHARSETS[c].kind : KIND_PLAIN;
    if (kind == KIND_WIDE && !looks_wide(in)) {
        *odd |= ODD(WRONG_CHARSET);
        kind = KIND_PLAIN;
    }
    size_t plain = scan->plain(in.p, in.n);
    bool shifts = kind == KIND_WIDE || (kind == KIND_HZ && span_find(in, '~') < in.n) ||
                  (kind == KIND_UTF7 && span_find(in, '+') < in.n);
    if (plain == in.n && !shifts) return in;

    enum iso2022 escapes = shifts ? ISO2022_NONE : iso2022_kind(in);
    size_t valid = scan->utf8(in.p, in.n);
    if (!shifts && escapes == ISO2022_NONE) {
        struct scan_census census;
        scan->census(in.p, in.n, &census);
        if (!census.high) return in; /* 7 bits and an ESC that means nothing */
        c = decide(in, c, odd);
        if (valid == in.n && (c == CHARSET_UTF_8 || c == CHARSET_ASCII)) return in;
    }

    struct sink out = {.cap = GROWTH * in.n + 16};
    size_t left = arena_left(a) & ~(size_t)15;
    bool iso = escapes == ISO2022_JP || kind == KIND_HZ; /* needs room for a first step */
    size_t most = iso ? left / 2 & ~(size_t)15 : left;
    if (out.cap > most) {
        out.cap = most;
        a->full = true;
    }
    out.p = arena_alloc(a, out.cap);
    if (!out.p) return SPAN_NONE;
    if (escapes != ISO2022_NONE) {
        enum charset by_escapes = escapes == ISO2022_JP   ? CHARSET_ISO_2022_JP
                                  : escapes == ISO2022_KR ? CHARSET_ISO_2022_KR
                                                          : CHARSET_ISO_2022_CN;
        if (c == CHARSET_NONE)
            *odd |= ODD(NO_CHARSET);
        else if (c < CHARSET_COUNT && c != by_escapes)
            *odd |= ODD(WRONG_CHARSET);
        if (escapes == ISO2022_JP)
            put_iso2022_jp(&out, in, a, odd);
        else
            put_iconv(&out, by_escapes, in);
    } else if (kind == KIND_HZ && shifts) {
        put_hz(&out, in, a);
    } else {
        put_charset(&out, c, in);
    }
    arena_trim(a, out.p, out.n);
    return span_of(out.p, out.n);
}

bool utf8_valid(span s)
{
    return scan->utf8(s.p, s.n) == s.n;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* decode: bytes of a charset that is known to UTF-8.
 *
 * A table holds a character's UTF-8 packed into 32 bits, first byte lowest, 0 for none: to decode is to look up, store
 * four bytes and step by their number. A byte that begins no character costs one U+FFFD and never swallows an ASCII
 * byte behind it, so that a stray lead byte hides no '<' (WHATWG Encoding does the same). */
#include "worker/text/decode.h"

#include <endian.h>
#include <iconv.h>
#include <pthread.h>

#include "proto/base/utf8.h"
#include "worker/simd/scan.h"

static const struct {
    const char *iconv;
    enum charset_kind kind;
} CHARSETS[CHARSET_COUNT] = {
#define X(id, name, kind) [CHARSET_##id] = {name, CODED_##kind},
    CHARSET_LIST(X)
#undef X
};

enum {
    LEAD = 0x81,
    LEADS = 0xFE - LEAD + 1,
    TRAIL = 0x40,
    TRAILS = 0xFE - TRAIL + 1,
    UNKNOWN = 0xBDBFEF,   /* U+FFFD, packed */
    SET = 94,             /* rows and cells of a 94 by 94 set */
    GB_FOUR = 39420,      /* four-byte characters of GB18030 below U+10000 */
    GB_FOUR_HIGH = 189000 /* place of U+10000 among them */
};

typedef uint32_t single_table[256]; /* UNKNOWN for none, so that nobody needs to ask */
typedef uint32_t pair_table[LEADS][TRAILS];

static single_table single[CHARSET_SINGLES];
static pair_table pairs[CHARSET_PAIRS_END - CHARSET_PAIRS];
static uint32_t jis0208[SET][SET], jis0212[SET][SET], gb_four[GB_FOUR];

static _Thread_local struct {
    bool open[CHARSET_COUNT];
    iconv_t cd[CHARSET_COUNT]; /* (iconv_t)-1 when this system does not have it */
} cache;

/* --- filling the tables ------------------------------------------------------------------------------------------- */

/* The UTF-8 of one character, packed; 0 when it is none. */
static uint32_t by_iconv(iconv_t cd, const uint8_t *bytes, size_t n)
{
    char in[4], out[4] = {0}, *from = in, *to = out;
    size_t in_left = n, out_left = sizeof out;
    memcpy(in, bytes, n);
    if (cd == (iconv_t)-1) return 0;
    if (iconv(cd, &from, &in_left, &to, &out_left) == (size_t)-1 || in_left) {
        iconv(cd, NULL, NULL, NULL, NULL);
        return 0;
    }
    if (out_left == sizeof out) iconv(cd, NULL, NULL, &to, &out_left); /* CP1255, CP1258 and BIG5-HKSCS hold one back */
    const uint8_t *u = (const uint8_t *)out;
    return (uint32_t)u[0] | (uint32_t)u[1] << 8 | (uint32_t)u[2] << 16 | (uint32_t)u[3] << 24;
}

static void fill_single(enum charset c)
{
    iconv_t cd = iconv_open("UTF-8", CHARSETS[c].iconv);
    for (int i = 0; i < 0x80; i++) single[c][i] = (uint32_t)i; /* all of them hold ASCII */
    for (int i = 0x80; i < 0x100; i++) {
        uint32_t u = by_iconv(cd, &(uint8_t){(uint8_t)i}, 1);
        single[c][i] = u ? u : UNKNOWN;
    }
    if (cd != (iconv_t)-1) iconv_close(cd);
}

static void fill_singles(void)
{
    for (enum charset c = 0; c < CHARSET_SINGLES; c++) fill_single(c);
}

static uint32_t *pair_of(enum charset c, uint8_t a, uint8_t b)
{
    return &pairs[c - CHARSET_PAIRS][a - LEAD][b - TRAIL];
}

/* What is not filled yet. */
static void fill_pairs(enum charset c, const char *name)
{
    iconv_t cd = iconv_open("UTF-8", name);
    for (int a = LEAD; a < LEAD + LEADS; a++)
        for (int b = TRAIL; b < TRAIL + TRAILS; b++)
            if (!*pair_of(c, (uint8_t)a, (uint8_t)b))
                *pair_of(c, (uint8_t)a, (uint8_t)b) = by_iconv(cd, (uint8_t[]){(uint8_t)a, (uint8_t)b}, 2);
    if (cd != (iconv_t)-1) iconv_close(cd);
}

/* Shift_JIS, then all that is the same characters otherwise numbered. */
static void fill_japanese(void)
{
    fill_pairs(CHARSET_SHIFT_JIS, CHARSETS[CHARSET_SHIFT_JIS].iconv);
    for (int a = 0xA1; a <= 0xDF; a++) /* half-width kana are no lead bytes */
        for (int b = TRAIL; b < TRAIL + TRAILS; b++) *pair_of(CHARSET_SHIFT_JIS, (uint8_t)a, (uint8_t)b) = 0;
    for (int row = 0; row < SET; row++) {
        for (int cell = 0; cell < SET; cell++) {
            int a = row / 2 + (row < 62 ? 0x81 : 0xC1);
            int b = row & 1 ? cell + 0x9F : cell + (cell < 63 ? 0x40 : 0x41);
            uint32_t u = *pair_of(CHARSET_SHIFT_JIS, (uint8_t)a, (uint8_t)b);
            jis0208[row][cell] = u;
            *pair_of(CHARSET_EUC_JP, (uint8_t)(row + 0xA1), (uint8_t)(cell + 0xA1)) = u;
        }
    }
    for (int k = 0; k < 63; k++) /* U+FF61 and on */
        *pair_of(CHARSET_EUC_JP, 0x8E, (uint8_t)(0xA1 + k)) =
            k < 31 ? 0xA1BDEFu + ((uint32_t)k << 16) : 0x80BEEFu + ((uint32_t)(k - 31) << 16);
    iconv_t cd = iconv_open("UTF-8", CHARSETS[CHARSET_EUC_JP].iconv);
    for (int row = 0; row < SET; row++)
        for (int cell = 0; cell < SET; cell++)
            jis0212[row][cell] = by_iconv(cd, (uint8_t[]){0x8F, (uint8_t)(row + 0xA1), (uint8_t)(cell + 0xA1)}, 3);
    if (cd != (iconv_t)-1) iconv_close(cd);
}

static void fill_gb(void)
{
    fill_pairs(CHARSET_GB18030, CHARSETS[CHARSET_GB18030].iconv);
    iconv_t cd = iconv_open("UTF-8", CHARSETS[CHARSET_GB18030].iconv);
    for (int i = 0; i < GB_FOUR; i++)
        gb_four[i] = by_iconv(cd,
                              (uint8_t[]){(uint8_t)(0x81 + i / 12600), (uint8_t)(0x30 + i / 1260 % 10),
                                          (uint8_t)(0x81 + i / 10 % 126), (uint8_t)(0x30 + i % 10)},
                              4);
    if (cd != (iconv_t)-1) iconv_close(cd);
}

static void fill_big5(void)
{
    fill_pairs(CHARSET_BIG5, CHARSETS[CHARSET_BIG5].iconv);
    fill_pairs(CHARSET_BIG5, "CP950"); /* a few signs that HKSCS has elsewhere */
}

static void fill_korean(void)
{
    fill_pairs(CHARSET_EUC_KR, CHARSETS[CHARSET_EUC_KR].iconv);
}

/* The table behind a charset is there. */
static void want(enum charset c)
{
    static pthread_once_t singles = PTHREAD_ONCE_INIT, japanese = PTHREAD_ONCE_INIT, gb = PTHREAD_ONCE_INIT,
                          big5 = PTHREAD_ONCE_INIT, korean = PTHREAD_ONCE_INIT;
    if (c < CHARSET_SINGLES) pthread_once(&singles, fill_singles);
    if (c == CHARSET_SHIFT_JIS || c == CHARSET_EUC_JP) pthread_once(&japanese, fill_japanese);
    if (c == CHARSET_GB18030) pthread_once(&gb, fill_gb);
    if (c == CHARSET_BIG5) pthread_once(&big5, fill_big5);
    if (c == CHARSET_EUC_KR) pthread_once(&korean, fill_korean);
}

static bool tabled(enum charset c)
{
    return c < CHARSET_SINGLES || (c >= CHARSET_PAIRS && c < CHARSET_PAIRS_END);
}

static iconv_t descriptor(enum charset c)
{
    if (!cache.open[c]) {
        cache.open[c] = true;
        cache.cd[c] = *CHARSETS[c].iconv ? iconv_open("UTF-8", CHARSETS[c].iconv) : (iconv_t)-1;
    }
    return cache.cd[c];
}

void decode_warm(void)
{
    for (enum charset c = 0; c < CHARSET_COUNT; c++) {
        want(c);
        if (!tabled(c)) descriptor(c);
    }
}

void decode_close(void)
{
    for (enum charset c = 0; c < CHARSET_COUNT; c++) {
        if (cache.open[c] && cache.cd[c] != (iconv_t)-1) iconv_close(cache.cd[c]);
        cache.open[c] = false;
    }
}

size_t decode_backwards(enum charset c, const char *utf8, uint8_t *out, size_t cap)
{
    iconv_t cd = iconv_open(CHARSETS[c].iconv, "UTF-8");
    if (cd == (iconv_t)-1) return 0;
    char *from = (char *)(uintptr_t)utf8, *to = (char *)out;
    size_t in_left = strlen(utf8), out_left = cap;
    while (in_left && iconv(cd, &from, &in_left, &to, &out_left) == (size_t)-1 && in_left) {
        if (out_left < 4) break;
        from++, in_left--;
    }
    iconv_close(cd);
    return cap - out_left;
}

bool decode_knows(enum charset c, uint8_t a, uint8_t b)
{
    want(c);
    if (c < CHARSET_SINGLES) return single[c][a] != UNKNOWN;
    return a >= LEAD && a < LEAD + LEADS && b >= TRAIL && b < TRAIL + TRAILS && *pair_of(c, a, b) != 0;
}

/* --- converting --------------------------------------------------------------------------------------------------- */

static bool put(struct sink *out, span s)
{
    bool fits = s.n <= out->cap - out->n;
    if (!fits) {
        s = utf8_cut(s, out->cap - out->n);
        out->cap = out->n + s.n; /* nothing may follow what was cut */
    }
    if (s.n) memcpy(out->p + out->n, s.p, s.n);
    out->n += s.n;
    return fits;
}

/* The ASCII that begins at in.p[i], whose end is returned. Mostly a word: no call, no loop. */
static inline size_t put_run(struct sink *out, span in, size_t i)
{
    enum { WORD = 16 };
    size_t start = i;
    while (i < in.n && in.p[i] < 0x80) i++;
    if (i - start <= WORD && in.n - start >= WORD && out->cap - out->n >= WORD) {
        memcpy(out->p + out->n, in.p + start, WORD);
        out->n += i - start;
    } else {
        put(out, span_of(in.p + start, i - start));
    }
    return i;
}

/* Bytes of a packed character, without a branch. */
static inline size_t packed_bytes(uint32_t u)
{
    return (size_t)(39 - __builtin_clz(u | 1)) / 8;
}

/* One character, packed; U+FFFD for 0. */
static inline void put_packed(struct sink *out, uint32_t u)
{
    if (!u) u = UNKNOWN;
    uint8_t bytes[4] = {(uint8_t)u, (uint8_t)(u >> 8), (uint8_t)(u >> 16), (uint8_t)(u >> 24)};
    size_t n = packed_bytes(u);
    if (out->cap - out->n < 4) {
        put(out, span_of(bytes, n));
        return;
    }
    memcpy(out->p + out->n, bytes, 4);
    out->n += n;
}

static uint32_t packed(uint32_t c)
{
    if (c < 0x80) return c;
    if (c < 0x800) return (0xC0 | c >> 6) | (0x80 | (c & 63)) << 8;
    if (c < 0x10000) return (0xE0 | c >> 12) | (0x80 | (c >> 6 & 63)) << 8 | (0x80 | (c & 63)) << 16;
    return (0xF0 | c >> 18) | (0x80 | (c >> 12 & 63)) << 8 | (0x80 | (c >> 6 & 63)) << 16 | (0x80 | (c & 63)) << 24;
}

void decode_ascii(struct sink *out, span in)
{
    put(out, in);
}

void decode_unknown(struct sink *out)
{
    put_packed(out, 0);
}

/* U+FFFD for each broken character. */
static void decode_utf8(struct sink *out, span in)
{
    while (in.n) {
        size_t valid = scan->utf8(in.p, in.n);
        if (!put(out, span_head(in, valid))) return;
        in = span_from(in, valid);
        if (!in.n) return;
        put_packed(out, 0);
        /* The rest of a cut character goes with its beginning. */
        size_t skip = 1;
        if (in.p[0] >= 0xC2)
            while (skip < 3 && skip < in.n && (in.p[skip] & 0xC0) == 0x80) skip++;
        in = span_from(in, skip);
    }
}

void decode_utf8_latin(struct sink *out, span in)
{
    want(CHARSET_WINDOWS_1252);
    while (in.n) {
        size_t valid = scan->utf8(in.p, in.n);
        if (!put(out, span_head(in, valid))) return;
        in = span_from(in, valid);
        if (in.n) put_packed(out, single[CHARSET_WINDOWS_1252][in.p[0]]);
        in = span_from(in, 1);
    }
}

void decode_utf16(struct sink *out, span in, bool little)
{
    if (in.n >= 2 && in.p[0] == (little ? 0xFF : 0xFE) && in.p[1] == (little ? 0xFE : 0xFF)) in = span_from(in, 2);
    for (size_t i = 0; i + 1 < in.n; i += 2) {
        uint32_t c = little ? in.p[i] | (uint32_t)in.p[i + 1] << 8 : in.p[i + 1] | (uint32_t)in.p[i] << 8;
        if ((c & 0xFC00) == 0xD800 && i + 3 < in.n) {
            uint32_t low = little ? in.p[i + 2] | (uint32_t)in.p[i + 3] << 8 : in.p[i + 3] | (uint32_t)in.p[i + 2] << 8;
            if ((low & 0xFC00) == 0xDC00) {
                put_packed(out, packed(0x10000 + ((c & 0x3FF) << 10) + (low & 0x3FF)));
                i += 2;
                continue;
            }
        }
        if (c) put_packed(out, (c & 0xF800) == 0xD800 ? 0 : packed(c));
    }
}

static void put_single(struct sink *out, enum charset c, span in)
{
    want(c);
    size_t i = 0, n = out->n; /* by itself: what is written could be out->n for all that a compiler knows */
    /* Which bytes are ASCII is as good as random in noise, so within a step of eight nothing branches on it. */
    for (uint8_t *p = out->p; in.n - i >= 8 && out->cap - n >= 32;) {
        uint64_t word;
        memcpy(&word, in.p + i, 8);
        if (!(word & UINT64_C(0x8080808080808080))) {
            memcpy(p + n, &word, 8);
            n += 8;
            i += 8;
            continue;
        }
        for (size_t end = i + 8; i < end; i++) {
            uint32_t u = single[c][in.p[i]], bytes = htole32(u);
            memcpy(p + n, &bytes, 4);
            n += packed_bytes(u);
        }
    }
    out->n = n;
    while (i < in.n) {
        if (in.p[i] >= 0x80)
            put_packed(out, single[c][in.p[i++]]);
        else
            i = put_run(out, in, i);
    }
}

/* The four-byte character of GB18030 at the start of s, packed; 0 for none. */
static uint32_t gb_four_at(span s)
{
    if (s.n < 4 || s.p[2] < 0x81 || s.p[2] > 0xFE || !ascii_digit(s.p[3])) return 0;
    uint32_t place = (s.p[0] - 0x81u) * 12600 + (s.p[1] - 0x30u) * 1260 + (s.p[2] - 0x81u) * 10 + s.p[3] - 0x30u;
    if (place < GB_FOUR) return gb_four[place];
    return place >= GB_FOUR_HIGH && place < GB_FOUR_HIGH + 0x100000 ? packed(0x10000 + place - GB_FOUR_HIGH) : 0;
}

/* A byte over 127 that is a character by itself, packed; 0 for none. */
static uint32_t alone(enum charset c, uint8_t b)
{
    if (c == CHARSET_SHIFT_JIS && b >= 0xA1 && b <= 0xDF) return packed(0xFF61u + b - 0xA1u);
    if (c == CHARSET_GB18030 && b == 0x80) return packed(0x20AC); /* code page 936 */
    return 0;
}

static void put_pairs(struct sink *out, enum charset c, span in)
{
    want(c);
    for (size_t i = 0; i < in.n;) {
        uint8_t a = in.p[i], b = i + 1 < in.n ? in.p[i + 1] : 0;
        if (a < 0x80) {
            i = put_run(out, in, i);
            continue;
        }
        bool lead = a >= LEAD && a < LEAD + LEADS;
        if (c == CHARSET_EUC_JP && a == 0x8F && i + 2 < in.n && b >= 0xA1 && b < 0xFF && in.p[i + 2] >= 0xA1 &&
            in.p[i + 2] < 0xFF) {
            put_packed(out, jis0212[b - 0xA1][in.p[i + 2] - 0xA1]);
            i += 3;
            continue;
        }
        uint32_t u = lead && b >= TRAIL && b < TRAIL + TRAILS ? *pair_of(c, a, b) : 0;
        size_t n = 2;
        if (!u && c == CHARSET_GB18030 && ascii_digit(b)) {
            u = gb_four_at(span_from(in, i));
            n = u ? 4 : 1;
        } else if (!u) {
            u = alone(c, a);
            n = u || !lead || b < 0x80 ? 1 : 2;
            if (!u && lead && i + 1 == in.n) return; /* cut at the end */
        }
        put_packed(out, u);
        i += n;
    }
}

void decode_pairs(struct sink *out, enum charset c, span in)
{
    want(c);
    for (size_t i = 0; i + 1 < in.n; i += 2) {
        uint8_t a = in.p[i], b = in.p[i + 1];
        uint32_t u = c == CHARSET_SHIFT_JIS ? jis0208[a - 0x21][b - 0x21]
                     : c == CHARSET_EUC_JP  ? jis0212[a - 0x21][b - 0x21]
                                            : *pair_of(c, a | 0x80, b | 0x80);
        put_packed(out, u);
    }
}

void decode_kana(struct sink *out, span in)
{
    for (size_t i = 0; i < in.n; i++) put_packed(out, packed(0xFF61u + in.p[i] - 0x21u));
}

/* Without iconv, or after too many errors: ASCII as it is, U+FFFD for each run of anything else. */
static void put_plain(struct sink *out, span in)
{
    while (in.n) {
        size_t plain = 0, other;
        while (plain < in.n && in.p[plain] < 0x80) plain++;
        if (!put(out, span_head(in, plain))) return;
        for (other = plain; other < in.n && in.p[other] >= 0x80;) other++;
        if (other > plain) put_packed(out, 0);
        in = span_from(in, other);
    }
}

static void put_iconv(struct sink *out, enum charset c, span in)
{
    iconv_t cd = descriptor(c);
    if (cd == (iconv_t)-1) {
        put_plain(out, in);
        return;
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
        put_packed(out, 0);
        if (++errors < DECODE_ERRORS_MAX) continue;
        put_plain(out, span_of(from, left));
        break;
    }
    char *to = (char *)out->p + out->n;
    size_t room = out->cap - out->n;
    iconv(cd, NULL, NULL, &to, &room);
    out->n = out->cap - room;
}

void decode(struct sink *out, enum charset c, span in)
{
    switch (CHARSETS[c].kind) {
    case CODED_SINGLE: put_single(out, c, in); break;
    case CODED_PAIRS: put_pairs(out, c, in); break;
    case CODED_PLAIN:
    case CODED_UTF8: decode_utf8(out, in); break;
    default: put_iconv(out, c, in);
    }
}

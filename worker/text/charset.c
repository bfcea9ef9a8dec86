/* SPDX-License-Identifier: Apache-2.0 */
/* charset: bytes in any encoding to UTF-8; labels that lie are found out and repaired.
 *
 * What decides comes first: UTF-16 by its NULs or byte order mark, ISO-2022 by its escapes, UTF-8 by its form, then the
 * label, if guess.c does not know better. Then decode.c converts. */
#include "worker/text/charset.h"

#include <pthread.h>

#include "worker/simd/scan.h"
#include "worker/text/decode.h"
#include "worker/text/guess.h"
#include "worker/text/iso2022.h"
#include "worker/text/odd.h"

enum {
    SAMPLE = 4096,     /* bytes from the first over 127 on by which damaged UTF-8 is told */
    WIDE_SAMPLE = 512, /* bytes by which UTF-16 is told */
    STRAY_SAMPLE = 512 /* 8-bit bytes between escape sequences by which their charset is told */
};

#define X(id, iconv, kind) [CHARSET_##id] = CODED_##kind,
static const enum charset_kind KINDS[CHARSET_COUNT] = {CHARSET_LIST(X)};
#undef X

#define X(id) [GUESS_##id] = CHARSET_##id,
static const enum charset OF_GUESS[GUESS_COUNT] = {GUESS_LIST(X)};
#undef X

/* --- guessing ----------------------------------------------------------------------------------------------------- */

static bool known(enum guess g, uint8_t a, uint8_t b)
{
    return decode_knows(OF_GUESS[g], a, b);
}

/* Give guess.c the frequent characters in each charset's own bytes. */
static void teach(void)
{
    for (enum guess g = 0; g < GUESS_COUNT; g++) {
        for (enum guess_class k = 0; k < GUESS_CLASSES; k++) {
            uint8_t bytes[2048];
            size_t n = decode_backwards(OF_GUESS[g], guess_frequent(g, k), bytes, sizeof bytes);
            guess_learn(g, k, span_of(bytes, n));
        }
    }
    guess_ready(known);
}

static pthread_once_t taught = PTHREAD_ONCE_INIT;

void charset_warm(void)
{
    decode_warm();
    pthread_once(&taught, teach);
}

void charset_close(void)
{
    decode_close();
}

/* What guess.c should lean to, if the text is said to be in `label`. */
static unsigned favoured_by(enum charset label)
{
#define X(id) [CHARSET_##id] = 1u << GUESS_##id,
    static const unsigned FAVOURED[CHARSET_COUNT] = {
        GUESS_LIST(X) /* and who shares their language */
            [CHARSET_ISO_2022_JP] = 1u << GUESS_SHIFT_JIS | 1u << GUESS_EUC_JP,
        [CHARSET_HZ] = 1u << GUESS_GB18030,
        [CHARSET_ISO_2022_CN] = 1u << GUESS_GB18030,
        [CHARSET_ISO_2022_KR] = 1u << GUESS_EUC_KR,
        [CHARSET_KOI8_U] = 1u << GUESS_KOI8_R,
        [CHARSET_ISO_8859_15] = 1u << GUESS_WINDOWS_1252,
    };
#undef X
    return label < CHARSET_COUNT ? FAVOURED[label] : 0;
}

/* Can guess.c judge text of this charset? Others are believed. */
static bool judged(enum charset c)
{
    return c >= CHARSET_COUNT || favoured_by(c) || c == CHARSET_ASCII || c == CHARSET_UTF_8 || c == CHARSET_UTF_7 ||
           KINDS[c] == CODED_WIDE;
}

/* Where the first byte over 127 is, from `at` on, or in.n. An ESC that means nothing may come often. */
static size_t seven_bit(span in, size_t at)
{
    for (uint64_t eight; in.n - at >= sizeof eight; at += sizeof eight) {
        memcpy(&eight, in.p + at, sizeof eight);
        if (eight & UINT64_C(0x8080808080808080)) break;
    }
    while (at < in.n && in.p[at] < 0x80) at++;
    return at;
}

/* --- UTF-8 -------------------------------------------------------------------------------------------------------- */

/* Is `rest` nothing but a character cut short? */
static bool cut_character(span rest)
{
    if (rest.n == 0 || rest.n > 3 || rest.p[0] < 0xC2 || rest.p[0] > 0xF4) return false;
    for (size_t i = 1; i < rest.n; i++)
        if ((rest.p[i] & 0xC0) != 0x80) return false;
    return true;
}

/* Bytes of the UTF-8 character over U+007F that `s` begins with, or 0; hardly strict. */
static size_t character(span s)
{
    uint8_t c = s.p[0];
    size_t n = c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : 2;
    if (c < 0xC2 || c > 0xF4 || s.n < n) return 0;
    for (size_t i = 1; i < n; i++)
        if ((s.p[i] & 0xC0) != 0x80) return 0;
    return n;
}

/* UTF-8 but for a few damaged characters? Without the label there must be fewer of them, unless all that is UTF-8 are
 * letters of western languages: then two texts were pasted together. */
static bool looks_utf8(span in, bool labelled)
{
    enum { FEW = 3, MANY = 16, ENOUGH = 32 };
    size_t whole = 0, latin = 0, broken = 0;
    in = span_head(span_from(in, scan->plain(in.p, in.n)), SAMPLE);
    for (size_t i = 0; (i = seven_bit(in, i)) < in.n;) {
        size_t n = character(span_from(in, i));
        if (!n && cut_character(span_from(in, i))) break;
        whole += n > 0;
        latin += in.p[i] == 0xC2 || in.p[i] == 0xC3;
        broken += n == 0;
        if (broken > ENOUGH && whole < broken) return false;
        i += n ? n : 1;
    }
    if (labelled) return whole && whole >= 4 * broken;
    if (whole >= FEW && latin == whole) return whole >= 2 * broken;
    return whole && whole >= (whole >= MANY ? 10 : 50) * broken;
}

static size_t count_utf8(span in, size_t enough)
{
    size_t n = 0;
    for (size_t i = 0; n < enough && (i = seven_bit(in, i)) < in.n; i++) n += in.p[i] >= 0xC0;
    return n;
}

/* ISO 8859 has control characters from 0x80 to 0x9F, which nobody writes: text with bytes there is of the Windows
 * charset that its writer meant. */
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
    for (size_t i = 0; (i = seven_bit(in, i)) < in.n; i++)
        if (in.p[i] < 0xA0) return twin;
    return label;
}

/* The charset of 8-bit bytes without escape sequences. */
static enum charset decide(span in, enum charset label, unsigned beside, uint64_t *odd)
{
    enum { ENOUGH = 3 }; /* characters that are no accident in a charset whose trail bytes are like UTF-8's */
    label = windows_twin(label, in);
    enum charset c = label;
    bool multi = label < CHARSET_COUNT && (KINDS[label] == CODED_PAIRS || KINDS[label] == CODED_MULTI);
    if (looks_utf8(in, label == CHARSET_UTF_8) && (!multi || count_utf8(in, ENOUGH) == ENOUGH)) {
        c = CHARSET_UTF_8;
    } else if (judged(label)) {
        pthread_once(&taught, teach);
        c = OF_GUESS[guess_charset(in, favoured_by(label), beside)];
    }
    if (label == CHARSET_NONE) *odd |= ODD(NO_CHARSET);
    if (label >= CHARSET_COUNT || c == label) return c;
    /* Relatives that the guess does not tell apart, as KOI8-R and KOI8-U. */
    if (favoured_by(label) && favoured_by(label) == favoured_by(c) && KINDS[label] == CODED_SINGLE) return label;
    *odd |= ODD(WRONG_CHARSET);
    return c;
}

/* --- ISO-2022 and HZ ---------------------------------------------------------------------------------------------- */

/* Are these 8-bit bytes between escape sequences half-width kana, one byte each? Mailers that knew JIS X 0201 with
 * eight bits left them so (RFC 1468 has none). A text in EUC-JP that kept to their range would have hiragana and
 * katakana (rows 4 and 5) in it; its kanji alone are rarer among escape sequences than kana. */
static bool half_width(span in)
{
    size_t pairs = 0, kana = 0;
    for (size_t i = 0; i < in.n; i++) {
        if (in.p[i] < 0x80) continue;
        if (in.p[i] < 0xA1 || in.p[i] > 0xDF) return false;
        if (i + 1 == in.n || in.p[i + 1] < 0x80) continue;
        pairs++;
        kana += in.p[i] == 0xA4 || in.p[i] == 0xA5;
        if (in.p[++i] < 0xA1 || in.p[i] > 0xDF) return false;
    }
    return kana * 4 <= pairs;
}

/* The charset of the 8-bit bytes in ISO-2022 text, judged together: there may be many short ones. */
static enum charset decide_strays(struct iso2022_reader r, span first, enum charset label)
{
    uint8_t sample[STRAY_SAMPLE];
    size_t n = 0;
    for (bool more = true; more && n < sizeof sample;) {
        span s = span_head(first, sizeof sample - n);
        memcpy(sample + n, s.p, s.n);
        n += s.n;
        enum iso2022_set set;
        do more = iso2022_next(&r, &set, &first);
        while (more && set != ISO2022_STRAY);
    }
    uint64_t ignored = 0;
    if (label == CHARSET_ISO_2022_JP && half_width(span_of(sample, n))) return CHARSET_SHIFT_JIS;
    return decide(span_of(sample, n), label, 0, &ignored);
}

/* ISO-2022-JP or -KR, with whatever else stands between. */
static void put_iso2022(struct sink *out, span in, enum iso2022 kind, uint64_t *odd)
{
    static const enum charset OF_SET[] = {
        [ISO2022_JIS0208] = CHARSET_SHIFT_JIS,
        [ISO2022_JIS0212] = CHARSET_EUC_JP,
        [ISO2022_GB2312] = CHARSET_GB18030,
        [ISO2022_KSX1001] = CHARSET_EUC_KR,
    };
    struct iso2022_reader r;
    iso2022_init(&r, in, kind);
    enum charset strays = CHARSET_NONE;
    enum iso2022_set set;
    for (span piece; iso2022_next(&r, &set, &piece);) {
        switch (set) {
        case ISO2022_ASCII: decode_ascii(out, piece); break;
        case ISO2022_KANA: decode_kana(out, piece); break;
        case ISO2022_NOTHING: decode_unknown(out); break;
        case ISO2022_STRAY:
            if (strays == CHARSET_NONE)
                strays = decide_strays(r, piece, kind == ISO2022_JP ? CHARSET_ISO_2022_JP : CHARSET_ISO_2022_KR);
            decode(out, strays, piece);
            *odd |= ODD(WRONG_CHARSET);
            break;
        default: decode_pairs(out, OF_SET[set], piece);
        }
    }
    if (r.broken) *odd |= ODD(BROKEN_ESCAPE);
}

/* HZ (RFC 1843): ~{ and ~} around GB 2312 with the high bits off; "~~" is a tilde, a line end shifts back. */
static void put_hz(struct sink *out, span in)
{
    bool shifted = false;
    for (size_t i = 0; i < in.n;) {
        uint8_t c = in.p[i], next = i + 1 < in.n ? in.p[i + 1] : 0;
        if (c == '~' && (next == '{' || next == '}' || next == '~' || next == '\n')) {
            if (next == '{' || next == '}') shifted = next == '{';
            if (next == '~') decode_ascii(out, SPAN("~"));
            i += 2;
            continue;
        }
        if (c == '\n') shifted = false;
        size_t n = 1;
        if (c & 0x80) { /* GB 2312 as it is */
            while (i + n < in.n && in.p[i + n] & 0x80) n++;
            decode(out, CHARSET_GB18030, span_of(in.p + i, n));
        } else if (shifted && c > ' ' && c < 0x7F && next > ' ' && next < 0x7F) {
            n = 2;
            decode_pairs(out, CHARSET_GB18030, span_of(in.p + i, n));
        } else {
            while (!shifted && i + n < in.n && in.p[i + n] < 0x80 && in.p[i + n] != '~') n++;
            decode_ascii(out, span_of(in.p + i, n));
        }
        i += n;
    }
}

/* --- UTF-16 ------------------------------------------------------------------------------------------------------- */

/* Which of two bytes is the higher one of most characters: those of one script share it, ASCII's is 0. Returns
 * UTF_16LE, UTF_16BE, or NONE when neither order gives text. */
static enum charset wide_order(span in)
{
    in = span_head(in, WIDE_SAMPLE);
    size_t fine[2] = {0}, kept[2] = {0}, units = in.n / 2;
    uint8_t last[2] = {0};
    for (size_t i = 0; i + 1 < in.n; i += 2) {
        for (size_t little = 0; little < 2; little++) {
            uint8_t high = in.p[i + little], low = in.p[i + 1 - little];
            bool control = high == 0 && low < ' ' && low != '\n' && low != '\r' && low != '\t';
            bool living = high <= 0x06 || high == 0x0E || high == 0x1E || high == 0x20 ||
                          (high >= 0x25 && high <= 0x26) || (high >= 0x30 && high <= 0x32) ||
                          (high >= 0x4E && high <= 0x9F) || (high >= 0xAC && high <= 0xDF) || high >= 0xFE;
            fine[little] += living && !control;
            kept[little] += high == last[little];
            last[little] = high;
        }
    }
    size_t little = fine[1] != fine[0] ? fine[1] > fine[0] : kept[1] > kept[0];
    if (fine[little] * 10 < units * 9 || units == 0) return CHARSET_NONE;
    return little ? CHARSET_UTF_16LE : CHARSET_UTF_16BE;
}

/* The order of a text that says it is in two bytes a character: by its byte order mark, or by what its bytes are; NONE
 * when they are none such. Without that label no mail client guesses it, and whoever could make us guess it with a mark
 * or some NULs, which clients pass over, would hide a text from us. */
static enum charset wide(span in, enum charset label)
{
    if (in.n < 2 || label >= CHARSET_COUNT || KINDS[label] != CODED_WIDE) return CHARSET_NONE;
    if (in.p[0] == 0xFF && in.p[1] == 0xFE) return CHARSET_UTF_16LE;
    if (in.p[0] == 0xFE && in.p[1] == 0xFF) return CHARSET_UTF_16BE;
    bool nul = memchr(in.p, 0, in.n < WIDE_SAMPLE ? in.n : WIDE_SAMPLE);
    if (!nul && scan->utf8(in.p, in.n) == in.n) return CHARSET_NONE; /* ASCII or UTF-8 with a wrong label */
    enum charset order = wide_order(in);
    if (order == CHARSET_NONE && nul) return label == CHARSET_UTF_16LE ? label : CHARSET_UTF_16BE;
    return order;
}

/* --- all together ------------------------------------------------------------------------------------------------- */

/* How a text is read. */
struct reading {
    enum charset charset; /* ISO_2022_JP and so on by their escapes */
    bool as_it_is;        /* ASCII or UTF-8: nothing to convert */
    bool pasted;          /* UTF-8 with windows-1252 between */
    span text;
};

static const enum charset BY_ESCAPES[] = {
    [ISO2022_NONE] = CHARSET_NONE,
    [ISO2022_JP] = CHARSET_ISO_2022_JP,
    [ISO2022_KR] = CHARSET_ISO_2022_KR,
    [ISO2022_CN] = CHARSET_ISO_2022_CN,
};

/* ISO-2022 by the escape sequences in it, or by the ruins of some. */
static enum iso2022 shifts_of(span in, size_t plain, enum charset label)
{
    enum iso2022 kind = plain < in.n ? iso2022_kind(in) : ISO2022_NONE;
    if (kind != ISO2022_NONE) return kind;
    for (kind = ISO2022_JP; kind <= ISO2022_KR; kind++)
        if (BY_ESCAPES[kind] == label) return iso2022_lost(in, kind) ? kind : ISO2022_NONE;
    return ISO2022_NONE;
}

static struct reading read_how(span in, enum charset label, unsigned beside, uint64_t *odd)
{
    struct reading how = {.charset = label, .text = in};
    enum charset_kind kind = label < CHARSET_COUNT ? KINDS[label] : CODED_PLAIN;
    enum charset order = wide(in, label);
    if (order != CHARSET_NONE) {
        if (label == CHARSET_UTF_32 && in.n % 4 == 0) return how;
        if (label == CHARSET_NONE) *odd |= ODD(NO_CHARSET);
        if (label < CHARSET_COUNT && kind != CODED_WIDE) *odd |= ODD(WRONG_CHARSET);
        how.charset = order;
        return how;
    }
    if (kind == CODED_WIDE) *odd |= ODD(WRONG_CHARSET);
    if ((kind == CODED_HZ && span_find(in, '~') < in.n) || (kind == CODED_UTF7 && span_find(in, '+') < in.n))
        return how;

    size_t plain = scan->plain(in.p, in.n);
    how.as_it_is = plain == in.n && kind != CODED_ISO2022;
    if (how.as_it_is) return how;
    enum iso2022 escapes = shifts_of(in, plain, label);
    if (escapes != ISO2022_NONE) {
        how.charset = BY_ESCAPES[escapes];
        if (label == CHARSET_NONE) *odd |= ODD(NO_CHARSET);
        if (label < CHARSET_COUNT && label != how.charset) *odd |= ODD(WRONG_CHARSET);
        return how;
    }
    plain = seven_bit(in, plain);
    how.as_it_is = plain >= in.n;
    if (how.as_it_is) return how; /* 7 bits, and an ESC that means nothing */
    size_t valid = scan->utf8(in.p, in.n);
    if (plain < valid && cut_character(span_from(in, valid))) in.n = valid;
    how.charset = decide(in, label, beside, odd);
    how.as_it_is = valid == in.n && (how.charset == CHARSET_UTF_8 || how.charset == CHARSET_ASCII);
    if (how.as_it_is) how.text = in;
    how.pasted = how.charset == CHARSET_UTF_8 && label != CHARSET_UTF_8;
    return how;
}

static span convert(span in, span label, unsigned beside, struct arena *a, uint64_t *odd)
{
    enum charset c = charset_by_label(label);
    if (c == CHARSET_UNKNOWN) *odd |= ODD(BAD_CHARSET);
    struct reading how = read_how(in, c, beside, odd);
    if (how.as_it_is) return how.text;

    struct sink out = {.cap = DECODE_GROWTH * in.n + 16};
    size_t left = arena_left(a) & ~(size_t)15;
    if (out.cap > left) {
        out.cap = left;
        a->full = true;
    }
    out.p = arena_alloc(a, out.cap);
    if (!out.p) return SPAN_NONE;
    span text = how.text;
    switch (how.charset) {
    case CHARSET_ISO_2022_JP: put_iso2022(&out, text, ISO2022_JP, odd); break;
    case CHARSET_ISO_2022_KR: put_iso2022(&out, text, ISO2022_KR, odd); break;
    case CHARSET_HZ: put_hz(&out, text); break;
    case CHARSET_UTF_16LE:
    case CHARSET_UTF_16BE: decode_utf16(&out, text, how.charset == CHARSET_UTF_16LE); break;
    default:
        if (how.pasted)
            decode_utf8_latin(&out, text);
        else
            decode(&out, how.charset, text);
    }
    arena_trim(a, out.p, out.n);
    return span_of(out.p, out.n);
}

span charset_to_utf8(span in, span label, struct arena *a, uint64_t *odd)
{
    return convert(in, label, 0, a, odd);
}

span charset_words(span in, span label, span beside, struct arena *a, uint64_t *odd)
{
    return convert(in, label, favoured_by(charset_by_label(beside)), a, odd);
}

span charset_name(span in, span label)
{
#define X(id, iconv, kind) [CHARSET_##id] = #id,
    static const char *const NAMES[CHARSET_COUNT] = {CHARSET_LIST(X)};
#undef X
    uint64_t ignored = 0;
    struct reading how = read_how(in, charset_by_label(label), 0, &ignored);
    if (how.as_it_is && scan->plain(in.p, in.n) == in.n) return SPAN_NONE;
    return how.charset < CHARSET_COUNT ? span_cstr(NAMES[how.charset]) : SPAN_NONE;
}

bool charset_by_escapes(span label)
{
    return charset_by_label(label) == CHARSET_ISO_2022_JP;
}

bool utf8_valid(span s)
{
    return scan->utf8(s.p, s.n) == s.n;
}

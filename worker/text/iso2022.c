/* SPDX-License-Identifier: Apache-2.0 */
/* iso2022: ISO-2022-JP and -KR (RFC 1468, 1557, and what mailers and gateways made of them), taken into pieces.
 *
 * A line end shifts back to ASCII (as RFC 1468 wants it written) unless the next escape sequence is itself a shift
 * back: then a mailer wrapped the line. "(B" is no character of JIS X 0208, so between kanji it is a shift back that
 * lost its ESC; "$B" outside begins kanji when what follows reads as Japanese. */
#include "worker/text/iso2022.h"

enum { ESC = 0x1B, SO = 0x0E, SI = 0x0F };
enum {
    FOLD_MAX = 4,   /* bytes of a line end with the white space of a folded header line */
    LONE_BYTES = 8, /* behind an 8-bit byte between kanji that tell whether more of them come */
    OPEN_MIN = 4,   /* characters that a run without ESC must have where no "(B" ends it */
};

struct escape {      /* eight bytes, so that it travels in a register */
    uint32_t n;      /* bytes of the sequence, 0 when unknown */
    bool cut;        /* by a line end */
    bool designates; /* names the set of SO, and shifts nothing */
    uint8_t set;     /* enum iso2022_set */
    uint8_t kind;    /* enum iso2022; ISO2022_NONE for a shift to ASCII */
};

static bool is_pairs(enum iso2022_set set)
{
    return set >= ISO2022_JIS0208 && set <= ISO2022_KSX1001;
}

static bool graphic(uint8_t c)
{
    return c > ' ' && c < 0x7F;
}

/* Bytes of a line end at `at`, with the white space of a folded line behind it; 0 when none is there. */
static size_t line_end(span s, size_t at)
{
    size_t n = 0;
    while (at + n < s.n && n < FOLD_MAX && (s.p[at + n] == '\r' || s.p[at + n] == '\n')) n++;
    while (n && at + n < s.n && n < FOLD_MAX && (s.p[at + n] == ' ' || s.p[at + n] == '\t')) n++;
    return n;
}

/* What is known of the bytes behind an ESC, by what they begin with and their last one; n is their number. */
enum { BEHIND_PAREN, BEHIND_DOLLAR, BEHIND_BOTH, BEHIND_CLOSE, BEHINDS }; /* "(", "$", "$(", "$)" */
#define TWO(set_, kind_)                                       \
    {                                                          \
        .n = 2, .set = ISO2022_##set_, .kind = ISO2022_##kind_ \
    }
#define THREE(set_, kind_)                                     \
    {                                                          \
        .n = 3, .set = ISO2022_##set_, .kind = ISO2022_##kind_ \
    }
#define NAMES(kind_)                                        \
    {                                                       \
        .n = 3, .designates = true, .kind = ISO2022_##kind_ \
    }
static const struct escape KNOWN[BEHINDS][128] = {
    [BEHIND_PAREN] =
        {['B'] = TWO(ASCII, NONE), ['J'] = TWO(ASCII, NONE), ['H'] = TWO(ASCII, NONE), ['I'] = TWO(KANA, JP)},
    [BEHIND_DOLLAR] = {['B'] = TWO(JIS0208, JP), ['@'] = TWO(JIS0208, JP), ['A'] = TWO(GB2312, JP)},
    [BEHIND_BOTH] = {['B'] = THREE(JIS0208, JP),
                     ['@'] = THREE(JIS0208, JP),
                     ['Q'] = THREE(JIS0208, JP),
                     ['O'] = THREE(JIS0208, JP),
                     ['D'] = THREE(JIS0212, JP),
                     ['C'] = THREE(KSX1001, JP)},
    [BEHIND_CLOSE] = {['C'] = NAMES(KR), ['A'] = NAMES(CN), ['G'] = NAMES(CN)},
};
#undef TWO
#undef THREE
#undef NAMES

/* p has three bytes; with fewer, put NULs behind. */
static inline struct escape known(const uint8_t *p)
{
    bool both = p[0] == '$' && (p[1] == '(' || p[1] == ')');
    unsigned behind = p[0] == '(' ? BEHIND_PAREN : !both ? BEHIND_DOLLAR : p[1] == '(' ? BEHIND_BOTH : BEHIND_CLOSE;
    uint8_t last = p[both ? 2 : 1];
    return p[0] == '(' || p[0] == '$' ? KNOWN[behind][last & 127] : (struct escape){0};
}

/* One that line ends or a space cut: they are passed over. */
static struct escape cut_escape_at(span s)
{
    uint8_t text[3] = {0};
    size_t i = 1;
    bool cut = false;
    for (unsigned got = 0; got < sizeof text && i < s.n; i++) {
        uint8_t c = s.p[i];
        if (c <= ' ' && !cut) {
            size_t gap = line_end(s, i);
            cut = gap || c == ' ';
            i += gap ? gap - 1 : 0;
            if (cut) continue;
        }
        if (!graphic(c)) break;
        text[got++] = c;
        struct escape e = known(text);
        if (e.n != got) continue;
        e.n = (uint32_t)i + 1;
        e.cut = cut;
        return e;
    }
    return (struct escape){0};
}

/* The escape sequence at the start of s; a line end inside it is passed over, and the space that unfolding left. */
static struct escape escape_at(span s)
{
    if (s.n < 4) return cut_escape_at(s);
    struct escape e = known(s.p + 1);
    if (e.n) e.n++;
    bool whole = graphic(s.p[1]) && graphic(s.p[2]) && (graphic(s.p[3]) || e.n == 3);
    return whole ? e : cut_escape_at(s);
}

enum iso2022 iso2022_kind(span s)
{
    for (size_t at = span_find(s, ESC); at < s.n; at += 1 + span_find(span_from(s, at + 1), ESC)) {
        struct escape e = escape_at(span_from(s, at));
        if (e.n && e.kind != ISO2022_NONE) return e.kind;
    }
    return ISO2022_NONE;
}

static bool shift_back(const uint8_t *p)
{
    return p[0] == '(' && (p[1] == 'B' || p[1] == 'J');
}

/* s begins with "$B" or "$@". Bytes of these and of the pairs behind them, up to a shift back with or without its ESC
 * or to the end of the line, when they read as Japanese, else 0; *end_out is where the reading stopped. */
static size_t lost_run(span s, size_t *end_out)
{
    size_t i = 2, all = 0, kana = 0, strange = 0;
    bool closed = false;
    for (; i + 1 < s.n && graphic(s.p[i]) && graphic(s.p[i + 1]); i += 2) {
        closed = shift_back(s.p + i);
        if (closed) break;
        uint8_t row = s.p[i] - 0x20;
        all++;
        kana += row == 4 || row == 5;
        strange += (row > 8 && row < 16 && row != 13) || row > 47; /* beside kana, signs and everyday kanji */
    }
    if (i < s.n && s.p[i] == ESC) closed = true;
    *end_out = i;
    bool fine = all && (closed ? strange <= all / 4 : all >= OPEN_MIN && strange == 0 && kana * 4 >= all);
    return fine ? i : 0;
}

static bool lost_mark(span s)
{
    return s.n > 3 && s.p[0] == '$' && (s.p[1] == 'B' || s.p[1] == '@');
}

bool iso2022_lost(span s, enum iso2022 kind)
{
    if (span_find(s, SO) < s.n) return true;
    if (kind != ISO2022_JP) return false;
    for (size_t at = span_find(s, '$'); at < s.n; at += span_find(span_from(s, at), '$')) {
        size_t end = 1;
        if (lost_mark(span_from(s, at)) && lost_run(span_from(s, at), &end)) return true;
        at += end;
    }
    return false;
}

void iso2022_init(struct iso2022_reader *r, span in, enum iso2022 kind)
{
    *r = (struct iso2022_reader){
        .rest = in, .kind = kind, .set = ISO2022_ASCII, .esc_left = in.n + 1, .plain_left = in.n + 1};
}

/* Does the next escape sequence shift back to ASCII? Its place is remembered, so each stretch is searched once. */
static bool shifts_back(struct iso2022_reader *r)
{
    if (r->esc_left > r->rest.n) r->esc_left = r->rest.n - span_find(r->rest, ESC);
    if (r->esc_left == 0) return false;
    struct escape e = escape_at(span_from(r->rest, r->rest.n - r->esc_left));
    return e.n && e.set == ISO2022_ASCII && !e.designates;
}

static span take(struct iso2022_reader *r, size_t n)
{
    span s = span_head(r->rest, n);
    r->rest = span_from(r->rest, n);
    return s;
}

/* ESC, SO and SI, and what lost its ESC. Returns false when none stands here. */
static bool take_shift(struct iso2022_reader *r)
{
    span s = r->rest;
    uint8_t c = s.p[0];
    if (c == ESC) {
        struct escape e = escape_at(s);
        r->broken |= e.cut;
        if (!e.n) {
            bool cut = s.n <= 3 && (s.n == 1 || s.p[1] == '$' || s.p[1] == '('); /* by the text's end */
            r->broken |= !cut;
            take(r, cut ? s.n : 1);
            return true;
        }
        take(r, e.n);
        if (!e.designates) r->set = e.set;
        return true;
    }
    if (c == SO || c == SI) {
        r->shifted = c == SO;
        take(r, 1);
        return true;
    }
    if (r->set == ISO2022_JIS0208 && s.n > 1 && shift_back(s.p)) {
        r->set = ISO2022_ASCII;
        r->broken = true;
        take(r, 2);
        return true;
    }
    if (r->set != ISO2022_ASCII || r->shifted) return false;
    if (r->kind == ISO2022_JP && lost_mark(s) && s.n < r->plain_left) {
        size_t end;
        if (lost_run(s, &end)) {
            r->set = ISO2022_JIS0208;
            r->broken = true;
            take(r, 2);
            return true;
        }
        r->plain_left = s.n - end + 1;
    }
    return false;
}

static span take_ascii(struct iso2022_reader *r)
{
    size_t n = 0;
    span s = r->rest;
    for (; n < s.n && s.p[n] < 0x80 && s.p[n] != ESC && s.p[n] != SO && s.p[n] != SI; n++)
        if (s.p[n] == '$' && n && r->kind == ISO2022_JP && lost_mark(span_from(s, n))) break;
    return take(r, n);
}

/* 8-bit bytes, up to the next shift by ESC; SO and SI shift nothing here. */
static span take_stray(struct iso2022_reader *r)
{
    return take(r, span_find(r->rest, ESC));
}

/* Do 7-bit bytes go on behind the 8-bit one at the start of s? Then it is noise, and not another charset's. */
static bool lone(span s)
{
    size_t high = 0, n = s.n < LONE_BYTES ? s.n : LONE_BYTES;
    for (size_t i = 0; i < n; i++) high += s.p[i] >> 7;
    return n > 2 && high * 4 <= n;
}

/* A pair whose second byte stands behind a line end: its bytes with that, else 0. */
static size_t cut_pair(struct iso2022_reader *r)
{
    span s = r->rest;
    size_t gap = line_end(s, 1);
    if (!gap || 1 + gap >= s.n || !graphic(s.p[1 + gap]) || !shifts_back(r)) return 0;
    r->joined[0] = s.p[0];
    r->joined[1] = s.p[1 + gap];
    return 2 + gap;
}

/* What a shift may begin with: take_shift has nothing to say about other bytes. */
static const bool SHIFTS[256] = {[ESC] = true, [SO] = true, [SI] = true, ['('] = true, ['$'] = true};

bool iso2022_next(struct iso2022_reader *r, enum iso2022_set *set_out, span *piece_out)
{
    while (r->rest.n && SHIFTS[r->rest.p[0]] && take_shift(r)) {
    }
    span s = r->rest;
    if (!s.n) return false;
    uint8_t c = s.p[0];
    enum iso2022_set set = r->set;
    if (r->shifted) set = r->kind == ISO2022_KR ? ISO2022_KSX1001 : ISO2022_KANA;
    if (c & 0x80) {
        r->broken = true;
        bool noise = is_pairs(set) && lone(s);
        *set_out = noise ? ISO2022_NOTHING : ISO2022_STRAY;
        *piece_out = noise ? take(r, 1) : take_stray(r);
        return true;
    }
    if (set == ISO2022_ASCII) {
        *set_out = ISO2022_ASCII;
        *piece_out = take_ascii(r);
        return true;
    }
    if (!graphic(c)) { /* blanks and controls are the same in each set */
        if (c == '\n' || c == '\r') {
            bool back = set != ISO2022_ASCII && !r->shifted && !shifts_back(r);
            if (back) {
                r->set = ISO2022_ASCII;
                r->broken = true;
            }
            r->shifted = false;
        }
        *set_out = ISO2022_ASCII;
        *piece_out = take(r, 1);
        return true;
    }
    if (!is_pairs(set)) {
        size_t n = 0;
        while (n < s.n && graphic(s.p[n]) && s.p[n] < 0x60) n++;
        *set_out = n ? set : ISO2022_NOTHING;
        *piece_out = take(r, n ? n : 1);
        return true;
    }
    size_t n = 0;
    while (n + 1 < s.n && graphic(s.p[n]) && graphic(s.p[n + 1])) {
        if (set == ISO2022_JIS0208 && shift_back(s.p + n)) break;
        n += 2;
    }
    *set_out = set;
    if (n) {
        *piece_out = take(r, n);
        return true;
    }
    n = cut_pair(r);
    if (n) {
        r->broken = true;
        take(r, n);
        *piece_out = span_of(r->joined, 2);
        return true;
    }
    *set_out = ISO2022_NOTHING;
    *piece_out = take(r, 1);
    return s.n > 1; /* half a character at the end is a text cut there */
}

/* SPDX-License-Identifier: Apache-2.0 */
/* iso2022: ISO-2022-JP (RFC 1468, and what mailers made of it) to EUC-JP, byte by byte.
 *
 * EUC-JP is the same table with the high bits set, so no table is needed here. A line end shifts back to ASCII (as RFC
 * 1468 wants it written) unless the next escape sequence is itself a shift back: then a mailer wrapped the line. */
#include "worker/text/iso2022.h"

enum { ASCII, KANJI, KANJI_SUPPLEMENT, KANA };
enum { ESC = 0x1B, SO = 0x0E, SI = 0x0F, NO_CHARACTER = 0xFF };

struct escape {
    size_t n; /* bytes of the sequence, 0 when unknown */
    int set;
    enum iso2022 kind; /* ISO2022_NONE for a shift to ASCII */
};

/* The escape sequence at the start of s; line ends inside it are passed over. */
static struct escape escape_at(span s)
{
    static const struct {
        char text[4];
        int set;
        enum iso2022 kind;
    } KNOWN[] = {
        {"(B", ASCII, ISO2022_NONE}, {"(J", ASCII, ISO2022_NONE}, {"$B", KANJI, ISO2022_JP},
        {"$@", KANJI, ISO2022_JP},   {"(I", KANA, ISO2022_JP},    {"$(D", KANJI_SUPPLEMENT, ISO2022_JP},
        {"$(B", KANJI, ISO2022_JP},  {"$(@", KANJI, ISO2022_JP},  {"$(Q", KANJI, ISO2022_JP},
        {"$(O", KANJI, ISO2022_JP},  {"$)C", ASCII, ISO2022_KR},  {"$)A", ASCII, ISO2022_CN},
        {"$)G", ASCII, ISO2022_CN},  {"&@", -1, ISO2022_NONE},    {"(H", ASCII, ISO2022_NONE},
    };
    char text[4] = "";
    size_t ends[4] = {0}, got = 0;
    for (size_t i = 1; i < s.n && i < 10 && got < 3; i++) {
        if (s.p[i] == '\r' || s.p[i] == '\n') continue;
        text[got] = (char)s.p[i];
        ends[got++] = i + 1;
    }
    if (text[0] != '$' && text[0] != '(' && text[0] != '&') return (struct escape){0};
    for (size_t k = 0; k < sizeof KNOWN / sizeof *KNOWN; k++) {
        if (KNOWN[k].text[0] != text[0]) continue;
        size_t n = strlen(KNOWN[k].text);
        if (n <= got && memcmp(text, KNOWN[k].text, n) == 0)
            return (struct escape){.n = ends[n - 1], .set = KNOWN[k].set, .kind = KNOWN[k].kind};
    }
    return (struct escape){0};
}

enum iso2022 iso2022_kind(span s)
{
    for (size_t at = span_find(s, ESC); at < s.n; at += 1 + span_find(span_from(s, at + 1), ESC)) {
        struct escape e = escape_at(span_from(s, at));
        if (e.n && e.kind != ISO2022_NONE) return e.kind;
    }
    return ISO2022_NONE;
}

void iso2022_init(struct iso2022_reader *r, span in)
{
    *r = (struct iso2022_reader){.rest = in, .set = ASCII, .esc_left = in.n + 1};
}

/* Does the next escape sequence shift back to ASCII? Its place is remembered, so each stretch is searched once. */
static bool shifts_back(struct iso2022_reader *r)
{
    if (r->esc_left > r->rest.n) r->esc_left = r->rest.n - span_find(r->rest, ESC);
    if (r->esc_left == 0) return false;
    struct escape e = escape_at(span_from(r->rest, r->rest.n - r->esc_left));
    return e.n && e.set == ASCII;
}

static void skip(struct iso2022_reader *r, size_t n)
{
    r->rest = span_from(r->rest, n);
}

size_t iso2022_next(struct iso2022_reader *r, uint8_t *out)
{
    size_t o = 0;
    while (r->rest.n) {
        uint8_t c = r->rest.p[0];
        if (c == ESC) {
            struct escape e = escape_at(r->rest);
            skip(r, e.n ? e.n : 1);
            if (e.n && e.set >= 0) r->set = e.set;
            continue;
        }
        if (c == SO || c == SI) {
            r->shifted = c == SO;
            skip(r, 1);
            continue;
        }
        if (c == '\n' || c == '\r') {
            if (r->set != ASCII && !shifts_back(r)) r->set = ASCII;
            r->shifted = false;
        }
        if (c <= ' ' || c == 0x7F) {
            out[o++] = c;
            skip(r, 1);
            continue;
        }
        bool kana = r->set == KANA || r->shifted;
        if (r->set == ASCII && !kana) {
            if (c & 0x80) break;
            out[o++] = c;
            skip(r, 1);
            continue;
        }
        c |= 0x80;
        if (kana) {
            bool known = c >= 0xA1 && c <= 0xDF;
            if (known) out[o++] = 0x8E;
            out[o++] = known ? c : NO_CHARACTER;
            skip(r, 1);
            continue;
        }
        uint8_t second = r->rest.n > 1 ? r->rest.p[1] | 0x80 : 0;
        bool pair = c >= 0xA1 && c < 0xFF && second > 0xA0 && second < 0xFF;
        if (!pair) {
            out[o++] = NO_CHARACTER;
            skip(r, 1);
            continue;
        }
        if (r->set == KANJI_SUPPLEMENT) out[o++] = 0x8F;
        out[o++] = c;
        out[o++] = second;
        skip(r, 2);
    }
    return o;
}

span iso2022_stray(struct iso2022_reader *r)
{
    size_t n = span_find(r->rest, ESC);
    span stray = span_head(r->rest, n);
    skip(r, n);
    return stray;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* token: words cut by script, paired with the four before them; see token.h. */
#include "worker/token/token.h"

#include "proto/base/hash.h"

enum script { SCRIPT_NONE, SCRIPT_WORD, SCRIPT_HAN, SCRIPT_KATAKANA, SCRIPT_HIRAGANA, SCRIPT_UNSPACED, SCRIPT_MARK };

uint32_t token_hash(span word, uint32_t seed)
{
    uint8_t low[TOKEN_BYTES_MAX + 1];
    size_t n = word.n < TOKEN_BYTES_MAX ? word.n : TOKEN_BYTES_MAX;
    for (size_t i = 0; i < n; i++) low[i] = ascii_lower(word.p[i]);
    /* A longer one: the beginning, and the length in steps of 16, so that random tails fall together. */
    if (word.n > TOKEN_BYTES_MAX) {
        n = 12;
        low[n++] = (uint8_t)(word.n / 16 < 255 ? word.n / 16 : 255);
    }
    uint64_t h = hash64(span_of(low, n), seed);
    return (uint32_t)(h ^ h >> 32);
}

void token_begin(struct token_stream *t, struct bag *bag, const char *field, enum token_style style, size_t max)
{
    *t = (struct token_stream){.bag = bag, .field = span_cstr(field), .style = style, .left = max};
    t->seed = token_hash(t->field, 0);
}

void token_word(struct token_stream *t, span word)
{
    if (!t->left) return;
    t->left--;
    uint32_t h = token_hash(word, t->seed);
    bag_add(t->bag, h, t->field, word, SPAN_NONE, 0);
    for (size_t i = 0; i < t->filled; i++)
        bag_add(t->bag, hash_mix32(h + hash_mix32(t->last[i].hash ^ (uint32_t)(i + 1) * 0x9E3779B1u)), t->field,
                t->last[i].word, word, (unsigned)i);
    for (size_t i = TOKEN_WINDOW - 2; i > 0; i--) t->last[i] = t->last[i - 1];
    t->last[0].hash = h;
    t->last[0].word = word;
    if (t->filled < TOKEN_WINDOW - 1) t->filled++;
}

/* A piece that counts by itself but is paired with nothing. */
static void token_alone(struct token_stream *t, span piece)
{
    bag_add(t->bag, token_hash(piece, t->seed), t->field, piece, SPAN_NONE, 0);
}

/* One character: its length in bytes (1 for what is not UTF-8) and its script. */
static size_t script_at(const uint8_t *p, const uint8_t *end, enum script *script_out)
{
    uint32_t c = p[0];
    if (c < 0x80) {
        bool word = (c | 0x20) - 'a' < 26u || c - '0' < 10u;
        *script_out = word ? SCRIPT_WORD : c <= ' ' || c == 0x7F ? SCRIPT_NONE : SCRIPT_MARK;
        return 1;
    }
    *script_out = SCRIPT_WORD;
    size_t n = c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : c >= 0xC2 ? 2 : 1;
    if (n == 1 || (size_t)(end - p) < n) return 1;
    c &= 0x7Fu >> n;
    for (size_t i = 1; i < n; i++) {
        if ((p[i] & 0xC0) != 0x80) return 1;
        c = c << 6 | (p[i] & 0x3F);
    }
    if (c < 0x2000) {
        if (c >= 0xE00 && c < 0x1100 && !(c >= 0x10A0))
            *script_out = SCRIPT_UNSPACED; /* Thai, Lao, Tibetan, Burmese */
        else if (c >= 0x1780 && c < 0x1800)
            *script_out = SCRIPT_UNSPACED; /* Khmer */
        else if (c == 0xA0)
            *script_out = SCRIPT_NONE;
    } else if (c < 0x3000) {
        if (c < 0x2070 || (c >= 0x2190 && c < 0x2C00)) *script_out = SCRIPT_NONE; /* punctuation, symbols */
    } else if (c <= 0x3004 || (c >= 0x3008 && c < 0x3040) || c == 0x30FB || (c >= 0xFF5F && c <= 0xFF65)) {
        *script_out = SCRIPT_NONE;
    } else if (c < 0x30A0 && c >= 0x3041) {
        *script_out = SCRIPT_HIRAGANA;
    } else if ((c >= 0x30A0 && c < 0x3100) || (c >= 0x31F0 && c < 0x3200) || (c >= 0xFF66 && c < 0xFFA0)) {
        *script_out = SCRIPT_KATAKANA;
    } else if (c <= 0x3007 || (c >= 0x3400 && c < 0xA000) || (c >= 0xF900 && c < 0xFB00) || c >= 0x20000) {
        *script_out = SCRIPT_HAN;
    } else if (c >= 0xFF00 && c <= 0xFF0F) {
        *script_out = SCRIPT_NONE;
    }
    return n;
}

/* 2-grams (and with `three` also 3-grams) of a run; a single character counts as it is. */
static void cut_run(struct token_stream *t, const uint8_t *p, const uint8_t *end, bool three)
{
    enum script ignored;
    const uint8_t *a = p, *b = a + script_at(a, end, &ignored);
    if (b >= end) {
        token_word(t, span_of(p, (size_t)(end - p)));
        return;
    }
    while (b < end && t->left) {
        const uint8_t *c = b + script_at(b, end, &ignored);
        token_word(t, span_of(a, (size_t)(c - a)));
        if (three && c < end) {
            const uint8_t *d = c + script_at(c, end, &ignored);
            token_alone(t, span_of(a, (size_t)(d - a)));
        }
        a = b;
        b = c;
    }
}

/* Marks that hold a word together when letters stand on both sides. */
static bool joins(uint8_t c)
{
    return c == '\'' || c == '-' || c == '.' || c == '_' || c == '@';
}

void token_text(struct token_stream *t, span text)
{
    const uint8_t *p = text.p, *end = p + text.n;
    while (p < end && t->left) {
        const uint8_t *start = p;
        enum script s, next;
        p += script_at(p, end, &s);
        if (s == SCRIPT_NONE) continue;
        if (s == SCRIPT_MARK) {
            bool money = *start == '$' && p < end && (unsigned)(*p - '0') < 10;
            if (!money) {
                while (p < end && *p == *start && p - start < 4) p++;
                if (t->style == TOKEN_SYNTAX || *start == '!' || *start == '?' || *start == '$' || *start == '%')
                    token_word(t, span_of(start, (size_t)(p - start)));
                continue;
            }
            s = SCRIPT_WORD;
        }
        while (p < end) {
            size_t n = script_at(p, end, &next);
            if (next != s) {
                bool inside = s == SCRIPT_WORD && next == SCRIPT_MARK && joins(*p) && p + 1 < end;
                if (!inside) break;
                script_at(p + 1, end, &next);
                if (next != SCRIPT_WORD) break;
            }
            p += n;
        }
        if (s == SCRIPT_HAN || s == SCRIPT_HIRAGANA || s == SCRIPT_UNSPACED)
            cut_run(t, start, p, s != SCRIPT_HAN);
        else
            token_word(t, span_of(start, (size_t)(p - start)));
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
/* token: words cut by script, paired with the two before them; see token.h. */
#include "worker/token/token.h"

#include "proto/base/hash.h"
#include "worker/simd/scan.h"
#include "worker/text/script.h"
#include "worker/token/plain.h"

#include <assert.h>

enum { ZWJ = 0x200D, LONG_VOWEL = 0x30FC, FLAGS = 0x1F1E6 /* regional indicator A */ };

/* ASCII; what comes after it is asked of script_of, and nothing here. */
static const uint8_t KIND[256] = {
#define W SCRIPT_WORD
#define M SCRIPT_MARK
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, /* controls */
    0, M, M, M, M, M, M, M, M, M, M, M, M, M, M, M, W, W, W, W, W, W, W, W, W, W, M, M, M, M, M, M, /* space to ? */
    M, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, M, M, M, M, M, /* @ to _ */
    M, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, M, M, M, M, 0, /* ` to DEL */
#undef W
#undef M
};
static_assert(SCRIPT_NONE == 0, "controls and space are none");

uint32_t token_hash_folded(span word, uint32_t seed)
{
    uint64_t h;
    if (word.n <= TOKEN_BYTES_MAX) {
        h = hash64(word, seed);
    } else {
        uint8_t head[TOKEN_HEAD_BYTES + 1];
        memcpy(head, word.p, TOKEN_HEAD_BYTES);
        head[TOKEN_HEAD_BYTES] = (uint8_t)(word.n / 16 < 255 ? word.n / 16 : 255);
        h = hash64(span_of(head, sizeof head), seed);
    }
    return (uint32_t)(h ^ h >> 32);
}

uint32_t token_hash(span word, uint32_t seed)
{
    uint8_t low[TOKEN_BYTES_MAX];
    scan->lower(word.p, word.n < TOKEN_BYTES_MAX ? word.n : TOKEN_BYTES_MAX, low);
    return token_hash_folded(span_of(low, word.n), seed); /* of a longer one no more than its head is read */
}

void token_begin(struct token_stream *t, struct bag *bag, const char *field, enum token_style style, size_t max)
{
    *t = (struct token_stream){.bag = bag, .field = span_cstr(field), .style = style, .left = max};
    t->seed = token_hash(t->field, 0);
}

static uint32_t hash_of(const struct token_stream *t, span word)
{
    return t->style == TOKEN_PROSE ? token_hash_folded(word, t->seed) : token_hash(word, t->seed);
}

void token_word(struct token_stream *t, span word)
{
    struct bag *b = t->bag;
    if (!t->left) return;
    t->left--;
    uint32_t h = hash_of(t, word);
    if (t->told && word.n >= FEATURE_TELLING) t->told[t->told_count++] = h;
    pair_hashes pair = pairs_of(h, t->before);
    t->before = (pair_hashes){h, t->before[0]};
    if (bag_reserve(b, TOKEN_WINDOW)) {
        b->v[b->n] = h;
        memcpy(b->v + b->n + 1, &pair, sizeof pair);
        if (b->names) {
            b->names[b->n] = (struct feature_name){.field = t->field, .first = word};
            for (size_t i = 0; i < t->filled; i++)
                b->names[b->n + 1 + i] = (struct feature_name){t->field, t->word[i], word, (uint8_t)i};
        }
        b->n += 1 + t->filled;
    }
    if (t->filled < SCAN_PAIRS) t->filled++;
    if (!b->names) return;
    for (size_t i = SCAN_PAIRS - 1; i > 0; i--) t->word[i] = t->word[i - 1];
    t->word[0] = word;
}

/* A piece that counts by itself but is paired with nothing. */
static void token_alone(struct token_stream *t, const uint8_t *p, const uint8_t *end)
{
    span piece = span_of(p, (size_t)(end - p));
    bag_add(t->bag, hash_of(t, piece), t->field, piece, SPAN_NONE, 0);
}

/* One character: where it ends (a byte for what is not UTF-8, which counts as a letter), what it is, and its kind. */
static const uint8_t *look(const uint8_t *p, const uint8_t *end, uint32_t *c_out, enum script *script_out)
{
    uint32_t c = p[0];
    *c_out = c;
    if (c < 0x80) {
        *script_out = KIND[c];
        return p + 1;
    }
    *script_out = SCRIPT_WORD;
    size_t n = c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : c >= 0xC2 ? 2 : 1;
    if (n == 1 || (size_t)(end - p) < n) return p + 1;
    c &= 0x7Fu >> n;
    for (size_t i = 1; i < n; i++) {
        if ((p[i] & 0xC0) != 0x80) return p + 1;
        c = c << 6 | (p[i] & 0x3F);
    }
    *c_out = c;
    *script_out = script_of(c);
    return p + n;
}

/* Marks that hold a word together when letters stand on both sides. */
static bool joins(uint8_t c)
{
    return c == '\'' || c == '-' || c == '.' || c == '_' || c == '@';
}

/* The end of a run of one script, with the marks that go with it. */
static const uint8_t *run_end(const uint8_t *p, const uint8_t *end, enum script s)
{
    uint32_t c;
    enum script next;
    while (p < end) {
        if (KIND[*p] == s) { /* most of most words */
            p++;
            continue;
        }
        const uint8_t *after = look(p, end, &c, &next);
        bool belongs = next == s || next == SCRIPT_EXTEND || (c == LONG_VOWEL && s == SCRIPT_HIRAGANA);
        if (!belongs) {
            if (s != SCRIPT_WORD || next != SCRIPT_MARK || !joins(*p) || after == end) break;
            look(after, end, &c, &next);
            if (next != SCRIPT_WORD) break;
        }
        p = after;
    }
    return p;
}

/* The end of a character and the marks on it. */
static const uint8_t *letter_end(const uint8_t *p, const uint8_t *end)
{
    uint32_t c;
    enum script s;
    p = look(p, end, &c, &s);
    while (p < end) {
        const uint8_t *after = look(p, end, &c, &s);
        if (s != SCRIPT_EXTEND) break;
        p = after;
    }
    return p;
}

/* Pieces of a run that is written without spaces. A single letter counts as it is. */
static void cut_run(struct token_stream *t, const uint8_t *p, const uint8_t *end, enum script s)
{
    const uint8_t *a = p, *b = letter_end(a, end);
    bool whole = s == SCRIPT_KATAKANA || s == SCRIPT_HANGUL;
    if (whole || b >= end) token_word(t, span_of(p, (size_t)(end - p)));
    if (b >= end || (whole && letter_end(b, end) == end)) return;
    if (s == SCRIPT_HAN) token_alone(t, a, b);
    while (b < end && t->left) {
        const uint8_t *c = letter_end(b, end);
        if (whole)
            token_alone(t, a, c);
        else
            token_word(t, span_of(a, (size_t)(c - a)));
        if (s == SCRIPT_HAN) token_alone(t, b, c);
        if (s == SCRIPT_HIRAGANA && c < end) token_alone(t, a, letter_end(c, end));
        a = b;
        b = c;
    }
}

/* The end of a symbol: with its skin tone, what is joined to it, and of a flag both halves. */
static const uint8_t *symbol_end(const uint8_t *p, const uint8_t *end)
{
    uint32_t c;
    enum script s;
    p = look(p, end, &c, &s);
    bool half = c - FLAGS < 26, joined = false;
    while (p < end) {
        const uint8_t *after = look(p, end, &c, &s);
        bool goes_on = s == SCRIPT_EXTEND || (joined && s == SCRIPT_SYMBOL) || (half && c - FLAGS < 26);
        if (!goes_on) break;
        half = false;
        joined = c == ZWJ;
        p = after;
    }
    return p;
}

/* A symbol as a word; a row of the same (a ruled line) is one word. Returns its end. */
static const uint8_t *put_symbol(struct token_stream *t, const uint8_t *p, const uint8_t *end)
{
    const uint8_t *one = symbol_end(p, end), *at = one;
    size_t n = (size_t)(one - p), times = 1;
    for (; (size_t)(end - at) >= n && memcmp(at, p, n) == 0; at += n) times++;
    token_word(t, span_of(p, n * (times < TOKEN_ROW_MAX ? times : TOKEN_ROW_MAX)));
    return at;
}

static bool currency(uint32_t c)
{
    return c == '$' || (c >= 0xA2 && c <= 0xA5) || (c >= 0x20A0 && c < 0x20D0);
}

/* The careful way: one word, or what is none. Returns its end. */
static const uint8_t *take(struct token_stream *t, const uint8_t *p, const uint8_t *end)
{
    uint32_t c;
    enum script s;
    const uint8_t *start = p;
    p = look(p, end, &c, &s);
    switch (s) {
    case SCRIPT_NONE:
    case SCRIPT_EXTEND: break; /* a mark on nothing */
    case SCRIPT_MARK:
    case SCRIPT_SYMBOL:
        if (currency(c) && p < end && ascii_digit(*p)) {
            p = run_end(p, end, SCRIPT_WORD);
            token_word(t, span_of(start, (size_t)(p - start)));
        } else if (s == SCRIPT_SYMBOL) {
            p = put_symbol(t, start, end);
        } else {
            while (p < end && *p == *start && p - start < TOKEN_MARKS_MAX) p++;
            if (t->style == TOKEN_SYNTAX || c == '!' || c == '?' || c == '$' || c == '%')
                token_word(t, span_of(start, (size_t)(p - start)));
        }
        break;
    case SCRIPT_WORD:
        p = run_end(p, end, s);
        token_word(t, span_of(start, (size_t)(p - start)));
        break;
    default: p = run_end(p, end, s); cut_run(t, start, p, s);
    }
    return p;
}

void token_text(struct token_stream *t, span text)
{
    if (text.n == 0) return; /* p may be NULL */
    const uint8_t *p = text.p, *end = p + text.n;
    while (p < end && t->left) {
        if (*p <= ' ')
            p++;
        else if (t->bag->names || *p > 0x7F)
            p = take(t, p, end);
        else {
            p = plain_words(t, p, end);
            if (p < end && t->left) p = take(t, p, end);
        }
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
/* plain: a window of 64 bytes moves through the text; a word that may go on behind it begins the next one.
 *
 * Most windows hold ASCII words and lone marks only: where these begin and end is two rows of bits, and they are hashed
 * all at once (scan.h's `word_hashes`), since no CPU can foresee how long a word is. */
#include "worker/token/plain.h"

enum { WINDOW = 64, AT_ONCE = 2 * WINDOW };

/* What windows are looked at for, by style: bit c / 16 of [c % 16] for each byte c (struct scan_set). */
enum { LETTERS, JOINS, MARKS, ASCII, SETS };
#define LETTER_BITS 0xA8, 0xF8, 0xF8, 0xF8, 0xF8, 0xF8, 0xF8, 0xF8, 0xF8, 0xF8, 0xF0, 0x50, 0x50, 0x50, 0x50, 0x50
#define JOIN_BITS   0x10, 0, 0, 0, 0, 0, 0, 0x04, 0, 0, 0, 0, 0, 0x04, 0x04, 0x20 /* @ ' - . _ */
#define LOUD_BITS   0, 0x04, 0, 0, 0x04, 0x04, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x08    /* ! $ % ? */
#define MARK_BITS   0x50, 0x04, 0x04, 0x04, 0x04, 0x04, 0x04, 0x04, 0x04, 0x04, 0x0C, 0xAC, 0xAC, 0xAC, 0xAC, 0x2C
#define ASCII_BITS  0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF
static const struct scan_set LOOK[][SETS] = {
    [TOKEN_PROSE] = {{{LETTER_BITS}}, {{JOIN_BITS}}, {{LOUD_BITS}}, {{ASCII_BITS}}},
    [TOKEN_SYNTAX] = {{{LETTER_BITS}}, {{JOIN_BITS}}, {{MARK_BITS}}, {{ASCII_BITS}}},
};

/* Words that wait for their pairs. */
struct row {
    uint32_t hash[SCAN_PAIRS + AT_ONCE + SCAN_PAIRS_STEP]; /* behind those of the words before them */
    uint8_t length[AT_ONCE];                               /* their bytes */
    size_t n;
};

static void tell_row(struct token_stream *t, const struct row *r)
{
    size_t told = t->told_count;
    for (size_t i = 0; i < r->n; i++) {
        t->told[told] = r->hash[SCAN_PAIRS + i];
        told += r->length[i] >= FEATURE_TELLING;
    }
    t->told_count = told;
}

static void put_row(struct token_stream *t, struct row *r)
{
    enum { EACH = 1 + SCAN_PAIRS };
    if (!r->n) return;
    if (t->told) tell_row(t, r);
    if (bag_reserve(t->bag, (r->n + SCAN_PAIRS_STEP) * EACH)) {
        const uint32_t *word = r->hash + SCAN_PAIRS, *end = word + r->n;
        uint32_t *out = t->bag->v + t->bag->n;
        for (; word < end && t->filled < SCAN_PAIRS; word++, t->filled++) { /* those that lack words before them */
            *out++ = *word;
            for (uint32_t d = 1; d <= t->filled; d++)
                *out++ = hash_mix32(*word + hash_mix32(word[-(int)d] ^ d * SCAN_DISTANCE));
        }
        scan->pairs(word, (size_t)(end - word), out);
        t->bag->n = (size_t)(out - t->bag->v) + (size_t)(end - word) * EACH;
    }
    memmove(r->hash, r->hash + r->n, SCAN_PAIRS * sizeof *r->hash);
    r->n = 0;
}

/* The 64 bytes at p, or fewer. */
struct window {
    uint64_t letters;
    uint64_t runs;   /* letters, and what joins them */
    uint64_t starts; /* of words, and each mark that is one; bytes over 127 */
    uint64_t high;   /* bytes over 127 */
    uint64_t joins;
    size_t n, whole; /* words that end before `whole` end within */
};

static void look(struct window *w, const uint8_t *p, const uint8_t *end, enum token_style style)
{
    size_t left = (size_t)(end - p);
    w->n = left < WINDOW ? left : WINDOW;
    w->whole = left <= WINDOW ? WINDOW + 1 : WINDOW - 1; /* behind a mark that joins must stand what it joins */
    uint64_t is[SETS], all = w->n < WINDOW ? (UINT64_C(1) << w->n) - 1 : ~UINT64_C(0);
    scan->among_each(p, left, LOOK[style], SETS, is);
    w->letters = is[LETTERS];
    w->joins = is[JOINS];
    w->high = all & ~is[ASCII];
    w->runs = w->letters | (w->joins & w->letters << 1 & w->letters >> 1);
    w->starts = (w->runs & ~(w->runs << 1)) | (is[MARKS] & ~w->runs) | w->high;
}

/* Where the run that holds byte i ends; WINDOW if it does not. */
static size_t run_end(const struct window *w, size_t i)
{
    uint64_t others = ~w->runs >> i;
    return others ? i + (size_t)__builtin_ctzll(others) : WINDOW;
}

/* Does what follows a run, not being ASCII, perhaps belong to it? */
static bool goes_on(const struct window *w, size_t end)
{
    uint64_t joined = w->high >> 1 & w->joins;
    return end < WINDOW && (w->high | joined) >> end & 1;
}

/* The end of the word that begins at byte i of the window at p. */
static size_t word_end(const struct window *w, const uint8_t *p, size_t i, const uint8_t *end)
{
    if (w->runs >> i & 1) return run_end(w, i);
    if (p[i] == '$' && p + i + 1 < end && ascii_digit(p[i + 1])) return i + 1 < WINDOW ? run_end(w, i + 1) : WINDOW;
    size_t to = i + 1;
    while (to < i + TOKEN_MARKS_MAX && p + to < end && p[to] == p[i]) to++;
    return to;
}

/* The words of the window at p one after the other; `low` are its bytes in lower case. Returns how far it came, and in
 * *careful whether the careful way must go on there. */
static size_t take_each(struct token_stream *t, struct row *r, const struct window *w, const uint8_t *p,
                        const uint8_t *low, const uint8_t *end, bool *careful)
{
    size_t at = 0;
    while (at < WINDOW && w->starts >> at) {
        size_t i = at + (size_t)__builtin_ctzll(w->starts >> at), to = word_end(w, p, i, end);
        bool cut = to >= w->whole;
        *careful = (w->high >> i & 1) || goes_on(w, to) || (cut && i == 0);
        if (*careful || cut || t->left == 0) return i;
        t->left--;
        r->length[r->n] = (uint8_t)(to - i);
        r->hash[SCAN_PAIRS + r->n++] = token_hash_folded(span_of(low + i, to - i), t->seed);
        at = to;
    }
    return at < w->n ? w->n : at;
}

/* The bits of what stands before the first byte over 127: words that end there are told by bits alone. */
static uint64_t before_high(const struct window *w)
{
    return w->high ? (w->high & -w->high) - 1 : ~UINT64_C(0);
}

/* Are all words there letters or lone marks, and as many as may come? */
static bool is_simple(const struct token_stream *t, const struct window *w, const uint8_t *p)
{
    uint64_t lone = w->starts & ~w->runs & before_high(w), sums = lone & w->letters >> 1;
    if (lone & lone << 1 || t->left < (size_t)__builtin_popcountll(w->starts)) return false;
    for (; sums; sums &= sums - 1)
        if (p[__builtin_ctzll(sums)] == '$') return false;
    return w->n < WINDOW || w->whole < WINDOW; /* else a word may end at 64, for which there is no bit */
}

/* Where more than SCAN_WORD_MAX bits are in a row. */
static uint64_t long_runs(uint64_t runs)
{
    uint64_t x = runs & runs >> 1;
    x &= x >> 2;
    x &= x >> 4;
    x &= x >> 8;
    return x & runs >> SCAN_WORD_MAX;
}

/* The same as take_each when is_simple. */
static size_t take_simple(struct token_stream *t, struct row *r, const struct window *w, const uint8_t *low,
                          bool *careful)
{
    uint64_t starts = w->starts, lone = starts & ~w->runs & before_high(w);
    uint64_t ends = ((w->runs << 1 & ~w->runs) | lone << 1) & before_high(w);
    uint32_t *hash = r->hash + SCAN_PAIRS + r->n;
    uint8_t *length = r->length + r->n;
    if (w->whole < WINDOW) ends &= ~(UINT64_C(1) << w->whole);
    ends &= ~(w->high >> 1 & w->joins); /* what is joined there may go on */
    size_t n = scan->word_hashes(low, w->n, starts, ends, t->seed, hash, length);
    if (long_runs(w->runs)) {
        uint64_t rest = starts;
        for (size_t i = 0; i < n; i++, rest &= rest - 1)
            if (length[i] > SCAN_WORD_MAX)
                hash[i] = token_hash_folded(span_of(low + __builtin_ctzll(rest), length[i]), t->seed);
    }
    r->n += n;
    t->left -= n;
    if (ends) starts &= ~UINT64_C(0) << (63 - __builtin_clzll(ends)); /* of what is left */
    *careful = w->high || (starts & 1);
    return starts ? (size_t)__builtin_ctzll(starts) : w->n;
}

static size_t take(struct token_stream *t, struct row *r, const uint8_t *p, const uint8_t *end, bool *careful)
{
    struct window w;
    uint8_t lowered[WINDOW + TOKEN_MARKS_MAX];
    const uint8_t *low = p;
    look(&w, p, end, t->style);
    if (t->style == TOKEN_SYNTAX && w.starts) {
        scan->lower(p, w.n, lowered);
        low = lowered;
    }
    if (r->n > AT_ONCE - WINDOW) put_row(t, r);
    return is_simple(t, &w, p) ? take_simple(t, r, &w, low, careful) : take_each(t, r, &w, p, low, end, careful);
}

const uint8_t *plain_words(struct token_stream *t, const uint8_t *p, const uint8_t *end)
{
    struct row r;
    r.n = 0;
    for (unsigned i = 0; i < SCAN_PAIRS; i++) r.hash[i] = t->before[SCAN_PAIRS - 1 - i];
    bool careful = false;
    while (p < end && t->left && !careful) p += take(t, &r, p, end, &careful);
    put_row(t, &r);
    for (unsigned i = 0; i < SCAN_PAIRS; i++) t->before[SCAN_PAIRS - 1 - i] = r.hash[i];
    return p;
}

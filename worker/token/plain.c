/* SPDX-License-Identifier: Apache-2.0 */
/* plain: a window of 64 bytes moves through the text; a word that may go on behind it begins the next one. */
#include "worker/token/plain.h"

enum { WINDOW = 64, AT_ONCE = 64 };

/* Bit c / 16 of [c % 16] for each byte c (struct scan_set). */
static const struct scan_set LETTERS = {{0xA8, 0xF8, 0xF8, 0xF8, 0xF8, 0xF8, 0xF8, 0xF8, 0xF8, 0xF8, 0xF0, 0x50, 0x50,
                                         0x50, 0x50, 0x50}},                   /* and digits */
    JOINS = {{0x10, 0, 0, 0, 0, 0, 0, 0x04, 0, 0, 0, 0, 0, 0x04, 0x04, 0x20}}, /* @ ' - . _ */
    LOUD = {{0, 0x04, 0, 0, 0x04, 0x04, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x08}},     /* ! $ % ? */
    MARKS = {{0x50, 0x04, 0x04, 0x04, 0x04, 0x04, 0x04, 0x04, 0x04, 0x04, 0x0C, 0xAC, 0xAC, 0xAC, 0xAC, 0x2C}},
                             ASCII = {{0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
                                       0xFF, 0xFF, 0xFF}};

/* Hashes of words that wait for their pairs, behind those of the words before them. */
struct row {
    uint32_t hash[SCAN_PAIRS + AT_ONCE];
    size_t n;
};

static void put_row(struct token_stream *t, struct row *r)
{
    enum { EACH = 1 + SCAN_PAIRS };
    if (!r->n) return;
    if (bag_reserve(t->bag, r->n * EACH)) {
        uint32_t *out = t->bag->v + t->bag->n, first[SCAN_PAIRS * EACH];
        size_t few = SCAN_PAIRS - t->filled < r->n ? SCAN_PAIRS - t->filled : r->n; /* that lack words before them */
        if (few) scan->pairs(r->hash + SCAN_PAIRS, few, first);
        for (size_t i = 0; i < few; i++, out += 1 + t->filled++) memcpy(out, first + i * EACH, EACH * sizeof *out);
        scan->pairs(r->hash + SCAN_PAIRS + few, r->n - few, out);
        t->bag->n = (size_t)(out - t->bag->v) + (r->n - few) * EACH;
    }
    memmove(r->hash, r->hash + r->n, SCAN_PAIRS * sizeof *r->hash);
    r->n = 0;
}

/* The 64 bytes at p, or fewer. */
struct window {
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
    uint64_t letters = scan->among(p, left, &LETTERS), all = w->n < WINDOW ? (UINT64_C(1) << w->n) - 1 : ~UINT64_C(0);
    uint64_t marks = scan->among(p, left, style == TOKEN_SYNTAX ? &MARKS : &LOUD);
    w->joins = scan->among(p, left, &JOINS);
    w->high = all & ~scan->among(p, left, &ASCII);
    w->runs = letters | (w->joins & letters << 1 & letters >> 1);
    w->starts = (w->runs & ~(w->runs << 1)) | (marks & ~w->runs) | w->high;
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

/* The words of one window. Returns how far it came, and in *careful whether the careful way must go on there. */
static size_t take(struct token_stream *t, struct row *r, const uint8_t *p, const uint8_t *end, bool *careful)
{
    struct window w;
    uint8_t low[WINDOW + TOKEN_MARKS_MAX];
    look(&w, p, end, t->style);
    const uint8_t *from = p;
    if (t->style == TOKEN_SYNTAX && w.starts) {
        scan->lower(p, w.n, low);
        from = low;
    }
    size_t at = 0;
    while (at < WINDOW && w.starts >> at) {
        size_t i = at + (size_t)__builtin_ctzll(w.starts >> at), to = word_end(&w, p, i, end);
        bool cut = to >= w.whole;
        *careful = (w.high >> i & 1) || goes_on(&w, to) || (cut && i == 0);
        if (*careful || cut || t->left == 0) return i;
        t->left--;
        uint32_t h = token_hash_folded(span_of(from + i, to - i), t->seed);
        r->hash[SCAN_PAIRS + r->n++] = h;
        if (t->told) {
            t->told[t->told_count] = h;
            t->told_count += to - i >= FEATURE_TELLING;
        }
        if (r->n == AT_ONCE) put_row(t, r);
        at = to;
    }
    return at < w.n ? w.n : at;
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

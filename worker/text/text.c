/* SPDX-License-Identifier: Apache-2.0 */
/* text: the reader's view being written down, white space folded as it comes.
 *
 * A separator is only owed (`pending`) until the next word pays for it, so nothing is ever taken back and the end of
 * the text is always the end of a word; and what kind of white space it stands for is known when that word begins. */
#include "worker/text/text.h"

#include "worker/simd/scan.h"

/* Is the character at p (p < end) han, kana, or their punctuation, full or half width? Hangul is not: it has spaces. */
static bool east_asian_at(const uint8_t *p, const uint8_t *end)
{
    if (end - p < 3 || *p < 0xE3) return false;
    uint32_t c = (uint32_t)(p[0] & 15) << 12 | (uint32_t)(p[1] & 63) << 6 | (p[2] & 63);
    if (*p >= 0xF0) return *p == 0xF0 && (p[1] & 0xF0) == 0xA0; /* U+20000..U+2FFFF */
    return (c > 0x3000 && c < 0xA000 && !(c >= 0x3130 && c < 0x3190)) || (c >= 0xF900 && c < 0xFB00) ||
           (c > 0xFF00 && c < 0xFFA0);
}

/* Is the separator that is owed a line end after such a character? */
static bool owes_line_end(const struct text *t)
{
    if (t->pending != ' ' || t->lines != 1 || t->n < 3) return false;
    const uint8_t *last = t->p + t->n;
    if (last[-3] >= 0xE3 && last[-3] < 0xF0) return east_asian_at(last - 3, last);
    return t->n >= 4 && last[-4] >= 0xF0 && east_asian_at(last - 4, last);
}

/* Append a run without white space, the first `n` of `rest`, after the separator that is owed. */
static inline void put_run(struct text *t, span rest, size_t n)
{
    enum { WORD = 16 };
    if (n <= WORD && rest.n >= WORD && t->cap - t->n > WORD) { /* as most words are: no call, no loop */
        t->p[t->n] = t->pending;
        t->n += t->pending != 0;
        t->pending = 0;
        memcpy(t->p + t->n, rest.p, WORD);
        t->n += n;
        return;
    }
    span run = span_head(rest, n);
    size_t separator = t->pending ? 1 : 0, room = t->cap - t->n;
    size_t fits = room > separator ? room - separator : 0;
    if (run.n > fits) {
        t->full = true;
        while (fits && (run.p[fits] & 0xC0) == 0x80) fits--;
        if (!fits) return;
        run.n = fits;
    }
    if (separator) t->p[t->n++] = t->pending;
    t->pending = 0;
    memcpy(t->p + t->n, run.p, run.n);
    t->n += run.n;
}

void text_init(struct text *t, struct arena *a, size_t cap)
{
    size_t left = arena_left(a) & ~(size_t)15; /* whole steps of the arena */
    if (cap > left) cap = left;
    *t = (struct text){.p = arena_alloc(a, cap), .cap = cap};
    if (!t->p) t->cap = 0;
}

/* White space that begins with c: now it is owed. Returns its bytes. */
static size_t owe(struct text *t, uint8_t c)
{
    if (!t->pending && t->n) {
        t->pending = ' ';
        t->lines = 0;
    }
    if (c == '\n')
        t->lines = t->lines ? TEXT_SPACED : 1;
    else if (c >= 0x80)
        t->lines = TEXT_SPACED; /* an indent that was meant */
    return c < 0x80 ? 1 : c < 0xE0 ? 2 : 3;
}

/* Where white space begins, 64 bytes at a time. */
struct whites {
    uint64_t bits; /* of the bytes from `at` */
    size_t at;
};

/* The first white space at i or behind it, or s.n. i never goes back. */
static inline size_t next_white(struct whites *w, span s, size_t i)
{
    enum { STEP = 64 };
    for (;;) {
        if (i - w->at < STEP) {
            uint64_t bits = w->bits >> (i - w->at);
            if (bits) return i + (size_t)__builtin_ctzll(bits);
            i = w->at + STEP;
        }
        if (i >= s.n) return s.n;
        *w = (struct whites){scan->white(s.p + i, s.n - i), i};
    }
}

size_t text_put_words(struct text *t, span s)
{
    enum { ROOM = 256, FEW = 16 }; /* where the end of the buffer is near each word is looked at by itself; */
    if (t->cap - t->n < ROOM || s.n < FEW) return 0;                           /* a few bytes, too */
    if (t->n > 1 && t->p[t->n - 1] >= 0x80 && t->p[t->n - 2] < 0xC0) return 0; /* behind three bytes or more */
    if (ascii_space(s.p[0])) {                                                 /* the line end between tags */
        size_t n = 1 + ascii_space(s.p[1]);
        if (s.p[n] == '<') return text_space(t, (s.p[0] == '\n') + (s.p[n - 1] == '\n' && n > 1)), n;
    }
    size_t owed = t->pending != 0, wrote;
    unsigned space = owed || !t->n;
    t->p[t->n] = t->pending;
    size_t room = t->cap - t->n - owed;
    if (s.n > room) { /* whole characters */
        s.n = room;
        while ((s.p[s.n] & 0xC0) == 0x80) s.n--;
    }
    size_t read = scan->words(s.p, s.n, t->p + t->n + owed, room, &space, &wrote);
    if (wrote) {
        t->n += owed + wrote - (space > 0);
        t->pending = 0;
        if (!space) return read;
    }
    if (read) text_space(t, space - 1);
    return read;
}

void text_put(struct text *t, span utf8)
{
    enum { FEW = 16, APART = 128 }; /* where so few words are between what ends them, that far each is read by itself */
    struct whites w = {.at = SIZE_MAX / 2}; /* far from all */
    for (size_t i = 0, apart = 0; i < utf8.n && !t->full;) {
        size_t words = i >= apart && !scan_ends_words(utf8.p[i]) ? text_put_words(t, span_from(utf8, i)) : 0;
        if (words < FEW && i >= apart) apart = i + APART;
        if (words) {
            i += words;
            continue;
        }
        size_t white = next_white(&w, utf8, i);
        if (white > i) {
            if (t->pending && east_asian_at(utf8.p + i, utf8.p + utf8.n) && owes_line_end(t)) t->pending = 0;
            put_run(t, span_from(utf8, i), white - i);
        }
        i = white < utf8.n ? white + owe(t, utf8.p[white]) : white;
    }
}

span text_span(const struct text *t)
{
    return span_of(t->p, t->n);
}

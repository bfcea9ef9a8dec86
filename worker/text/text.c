/* SPDX-License-Identifier: Apache-2.0 */
/* text: the reader's view being written down, white space folded as it comes.
 *
 * A separator is only owed (`pending`) until the next word pays for it, so nothing is ever taken back and the end of
 * the text is always the end of a word; and what kind of white space it stands for is known when that word begins. The
 * list of spaces is Unicode's White_Space property (UAX #44, PropList.txt).
 */
#include "worker/text/text.h"

enum { PLAIN, SPACE, MAYBE }; /* what a byte may begin */

static const uint8_t KIND[256] = {
    [' '] = SPACE,  ['\t'] = SPACE, ['\n'] = SPACE, ['\v'] = SPACE, ['\f'] = SPACE,
    ['\r'] = SPACE, [0xC2] = MAYBE, [0xE1] = MAYBE, [0xE2] = MAYBE, [0xE3] = MAYBE,
};

/* Bytes of the white space of more than one byte that begins at s.p[i], or 0. */
static size_t wide_white(span s, size_t i)
{
    const uint8_t *p = s.p + i;
    size_t left = s.n - i;
    if (p[0] == 0xC2) return left >= 2 && (p[1] == 0x85 || p[1] == 0xA0) ? 2 : 0; /* U+0085, U+00A0 */
    if (left < 3) return 0;
    uint32_t c = (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
    bool white = (c >= 0xE28080 && c <= 0xE2808A)                    /* U+2000..U+200A */
                 || c == 0xE280A8 || c == 0xE280A9 || c == 0xE280AF  /* U+2028, U+2029, U+202F */
                 || c == 0xE2819F || c == 0xE19A80 || c == 0xE38080; /* U+205F, U+1680, U+3000 */
    return white ? 3 : 0;
}

/* Bytes of the white space that begins at s.p[i], or 0. */
static inline size_t white_at(span s, size_t i)
{
    uint8_t kind = KIND[s.p[i]];
    return kind == PLAIN ? 0 : kind == SPACE ? 1 : wide_white(s, i);
}

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

void text_put(struct text *t, span utf8)
{
    for (size_t i = 0; i < utf8.n && !t->full;) {
        size_t white = white_at(utf8, i);
        if (white) {
            if (!t->pending && t->n) {
                t->pending = ' ';
                t->lines = 0;
            }
            if (utf8.p[i] == '\n')
                t->lines = t->lines ? TEXT_SPACED : 1;
            else if (white > 1)
                t->lines = TEXT_SPACED; /* an indent that was meant */
            i += white;
            continue;
        }
        if (t->pending && east_asian_at(utf8.p + i, utf8.p + utf8.n) && owes_line_end(t)) t->pending = 0;
        size_t start = i;
        do i++;
        while (i < utf8.n && !white_at(utf8, i));
        put_run(t, span_from(utf8, start), i - start);
    }
}

void text_break(struct text *t)
{
    if (t->n) t->pending = '\n';
}

span text_span(const struct text *t)
{
    return span_of(t->p, t->n);
}

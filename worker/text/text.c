/* SPDX-License-Identifier: Apache-2.0 */
/* text: the reader's view being written down, white space folded as it comes.
 *
 * A separator is only owed (`pending`) until the next word pays for it, so nothing is ever taken back and the end of
 * the text is always the end of a word. The list of spaces is Unicode's White_Space property (UAX #44, PropList.txt).
 */
#include "worker/text/text.h"

enum { PLAIN, SPACE, MAYBE }; /* what a byte may begin */

static const uint8_t KIND[256] = {
    [' '] = SPACE,  ['\t'] = SPACE, ['\n'] = SPACE, ['\v'] = SPACE, ['\f'] = SPACE,
    ['\r'] = SPACE, [0xC2] = MAYBE, [0xE1] = MAYBE, [0xE2] = MAYBE, [0xE3] = MAYBE,
};

/* Bytes of the white space that begins at s.p[i], or 0. */
static size_t white_at(span s, size_t i)
{
    const uint8_t *p = s.p + i;
    size_t left = s.n - i;
    switch (KIND[p[0]]) {
    case SPACE: return 1;
    case MAYBE: break;
    default: return 0;
    }
    if (p[0] == 0xC2) return left >= 2 && (p[1] == 0x85 || p[1] == 0xA0) ? 2 : 0; /* U+0085, U+00A0 */
    if (left < 3) return 0;
    uint32_t c = (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
    bool white = (c >= 0xE28080 && c <= 0xE2808A)                    /* U+2000..U+200A */
                 || c == 0xE280A8 || c == 0xE280A9 || c == 0xE280AF  /* U+2028, U+2029, U+202F */
                 || c == 0xE2819F || c == 0xE19A80 || c == 0xE38080; /* U+205F, U+1680, U+3000 */
    return white ? 3 : 0;
}

/* Append a run without white space, after the separator that is owed. */
static void put_run(struct text *t, span run)
{
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
            if (!t->pending && t->n) t->pending = ' ';
            i += white;
            continue;
        }
        size_t start = i;
        do i++;
        while (i < utf8.n && (KIND[utf8.p[i]] == PLAIN || !white_at(utf8, i)));
        put_run(t, span_of(utf8.p + start, i - start));
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

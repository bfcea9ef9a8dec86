/* SPDX-License-Identifier: Apache-2.0 */
/* text: the reader's view being written down: UTF-8, white space folded, blocks ended by one '\n'.
 *
 * A buffer of fixed size in the arena. What does not fit is left out, cut between characters, and `full` says so. */
#ifndef FURUI_TEXT_TEXT_H
#define FURUI_TEXT_TEXT_H

#include "proto/base/arena.h"
#include "proto/base/span.h"

enum { TEXT_SPACED = 2 };

struct text {
    uint8_t *p;
    size_t n, cap;
    bool full;
    uint8_t pending; /* a separator owed before the next word: 0, ' ' or '\n' */
    uint8_t lines;   /* line ends in the white space that is owed; TEXT_SPACED: it is more than a line end */
};

/* A buffer of `cap` bytes, or as many as the arena has left. Cannot fail; cap may come out 0. */
void text_init(struct text *t, struct arena *a, size_t cap);

/* Append UTF-8, whole characters a call; runs of white space (ASCII's and Unicode's, U+00A0 and U+3000 among them)
 * become one space; a line end counts as white space, but between two characters of Chinese or Japanese it is none (CSS
 * Text 3, 4.1.2, segment break transformation): their words are wrapped anywhere. Nothing is appended any more once
 * `full`. O(utf8.n). */
void text_put(struct text *t, span utf8);

/* The same for the words that `s` begins with, up to what ends them (scan_ends_words); returns how many bytes these are,
 * or 0 where only text_put can tell what becomes of them. */
size_t text_put_words(struct text *t, span s);

/* text_put of white space with `lines` line ends in it, TEXT_SPACED where it is more than these. */
static inline void text_space(struct text *t, unsigned lines)
{
    if (t->full) return;
    if (!t->pending && t->n) {
        t->pending = ' ';
        t->lines = 0;
    }
    lines += t->lines;
    t->lines = lines < TEXT_SPACED ? (uint8_t)lines : TEXT_SPACED;
}

/* End a block: what follows stands on a new line. Twice is once; at the start it is nothing. */
static inline void text_break(struct text *t)
{
    if (t->n) t->pending = '\n';
}

/* What was written; a pending separator is not part of it. */
span text_span(const struct text *t);

#endif

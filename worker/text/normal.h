/* SPDX-License-Identifier: Apache-2.0 */
/* normal: a text as models read it, so that the same words are the same bytes however they were dressed up.
 *
 * NFKC (full-width letters, half-width kana, circled and mathematical letters become plain ones), full case folding,
 * zero-width, variation and bidi controls removed, combining marks beyond what a language needs dropped, and inside
 * words that mix scripts confusable letters replaced by those they pass for. Sources: UAX #15, UAX #44 (CaseFolding),
 * UTS #39 (confusables.txt). docs/scoring.md says what is kept and why. */
#ifndef FURUI_TEXT_NORMAL_H
#define FURUI_TEXT_NORMAL_H

#include "proto/base/arena.h"
#include "proto/base/span.h"

enum {
    NORMAL_GROWTH = 2,         /* a result is at most so many times as long, and NORMAL_SLACK; the rest is left out */
    NORMAL_SLACK = 64,         /* (one character of 3 bytes, U+FDFA, becomes 33 bytes) */
    NORMAL_MARKS_MAX = 6,      /* combining marks on one letter; if there are more they all go */
    NORMAL_ACCENTS_MAX = 3,    /* ... of those that any letter can take (U+0300..036F and their like) */
    NORMAL_SIGNS_MAX = 4,      /* vowel signs and their like in a row on one letter; more are dropped */
    NORMAL_WORD_MAX = 128,     /* bytes; longer words are not looked through for confusables */
    NORMAL_DECOMPOSED_MAX = 4, /* characters that one is canonically made of, at most */
    NORMAL_WORK_MAX = 6144, /* characters of a text that are looked up one by one; of the rest those that would be are
                                * left out. Models read its first thousand words; letters of most scripts pass
                                * without */
};

/* Characters that were repaired, by kind. Joiners where a script needs them, soft hyphens where a word may be broken,
 * and a byte order mark at the start, are no repairs. */
struct normal_count {
    uint32_t zero_width; /* invisible characters inside words */
    uint32_t bidi;       /* overrides (U+202D, 202E), and other embeddings and isolates in text that is left to right */
    uint32_t styled;     /* letters and digits in mathematical, circled, small-capital ... forms */
    uint32_t confusables; /* letters replaced by the one that they pass for */
    uint32_t marks;       /* combining marks dropped */
    uint32_t wide;        /* full-width ASCII letters and digits; styled only where nothing else is East Asian */
    uint32_t east_asian;  /* han, kana and hangul; not a repair */
};

/* Normalise.
 *
 *   text   valid UTF-8; lent. Lower-case ASCII comes back as itself, without a copy
 *   a      for the result, which is then the newest allocation; what does not fit is left out
 *   n      counts are added
 *
 * Valid UTF-8; idempotent (but past NORMAL_WORK_MAX). Lines stay lines. O(text.n). */
span normal_text(span text, struct arena *a, struct normal_count *n);

/* ODD bits that say which repairs there were: ZERO_WIDTH, BIDI and CONFUSABLE from the first on, STYLED and MARKS from
 * a short word's worth on (4). */
uint64_t normal_odd(const struct normal_count *n);

/* What a character is canonically made of (NFD of it alone); returns how many, at least 1. */
size_t normal_decompose(uint32_t c, uint32_t out[NORMAL_DECOMPOSED_MAX]);

/* Canonical combining class: 0 for letters, else the rank of a mark among its letter's marks. */
uint8_t normal_order(uint32_t c);

#endif

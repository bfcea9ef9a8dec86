/* SPDX-License-Identifier: Apache-2.0 */
/* token: words of a text, and pairs of words that stand near each other (orthogonal sparse bigrams).
 *
 * Languages that put spaces between words are split there. In the others a run of one script is cut into pieces: kanji
 * into single ones and bigrams, hiragana into 2- and 3-grams, Thai and its neighbours into bigrams; katakana and hangul
 * are kept whole, and their bigrams too. A symbol or pictograph is a word. Pairs: Siefkes, Assis, Chhabra,
 * Yerazunis, "Combining Winnow and orthogonal sparse bigrams for incremental spam filtering", PKDD 2004. */
#ifndef FURUI_TOKEN_TOKEN_H
#define FURUI_TOKEN_TOKEN_H

#include "worker/simd/pairs.h"
#include "worker/token/bag.h"

enum {
    TOKEN_WINDOW = 1 + SCAN_PAIRS, /* a word is paired with the 2 before it */
    TOKEN_BYTES_MAX = 40,          /* a longer word counts by its beginning and rough length */
    TOKEN_HEAD_BYTES = 12,
    TOKEN_MARKS_MAX = 4, /* of the same ASCII punctuation in a row that are one word */
    TOKEN_ROW_MAX = 3,   /* of the same symbol in a row; a longer row is the same word */
};

enum token_style {
    TOKEN_PROSE, /* lower case already (normal_text); punctuation separates; runs of ! ? $ % are words */
    TOKEN_SYNTAX /* header fields: lower-cased here (ASCII), each punctuation mark is a word too */
};

struct token_stream {
    struct bag *bag;
    span field;
    uint32_t seed; /* the field's own; the same word in another field is another feature */
    enum token_style style;
    size_t left;           /* words that may still come */
    pair_hashes before;    /* of the words before this one, the nearest first */
    span word[SCAN_PAIRS]; /* these words, when there are names */
    size_t filled;
    uint32_t *told; /* hashes of words of FEATURE_TELLING bytes or more are written down here; NULL: nowhere */
    size_t told_count;
};

/* Begin a field: no pair reaches across. `field` names it, for people and as the hash's seed; static. */
void token_begin(struct token_stream *t, struct bag *bag, const char *field, enum token_style style, size_t max);

/* The words of some UTF-8 text; what is not UTF-8 counts as letters. */
void token_text(struct token_stream *t, span text);

/* One word as it is: counted, paired. */
void token_word(struct token_stream *t, span word);

/* Hash of a word in lower case, under a seed. A long one counts by its beginning, and its length in steps of 16, so that
 * random tails fall together. */
uint32_t token_hash_folded(span word, uint32_t seed);

/* The same of one that is lower-cased (ASCII) for it. */
uint32_t token_hash(span word, uint32_t seed);

#endif

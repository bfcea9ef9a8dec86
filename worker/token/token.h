/* SPDX-License-Identifier: Apache-2.0 */
/* token: words of a text, and pairs of words that stand near each other (orthogonal sparse bigrams).
 *
 * Languages that put spaces between words are split there; in the others a run of one script is cut into pieces:
 * kanji and hanja into bigrams, katakana kept whole, hiragana into 2- and 3-grams. Pairs: Siefkes, Assis, Chhabra,
 * Yerazunis, "Combining Winnow and orthogonal sparse bigrams for incremental spam filtering", PKDD 2004. */
#ifndef FURUI_TOKEN_TOKEN_H
#define FURUI_TOKEN_TOKEN_H

#include "worker/token/bag.h"

enum {
    TOKEN_WINDOW = 5,     /* a word is paired with the 4 before it */
    TOKEN_BYTES_MAX = 40, /* a longer word counts by its beginning and rough length */
};

enum token_style {
    TOKEN_PROSE, /* punctuation separates; runs of ! ? are words */
    TOKEN_SYNTAX /* header fields: each punctuation mark is a word too */
};

struct token_stream {
    struct bag *bag;
    span field;
    uint32_t seed; /* the field's own; the same word in another field is another feature */
    enum token_style style;
    size_t left; /* words that may still come */
    struct {
        uint32_t hash;
        span word;
    } last[TOKEN_WINDOW - 1]; /* newest first */
    size_t filled;
};

/* Begin a field: no pair reaches across. `field` names it, for people and as the hash's seed; static. */
void token_begin(struct token_stream *t, struct bag *bag, const char *field, enum token_style style, size_t max);

/* The words of some UTF-8 text; what is not UTF-8 counts as letters. */
void token_text(struct token_stream *t, span text);

/* One word as it is: lower-cased, counted, paired. */
void token_word(struct token_stream *t, span word);

/* Hash of a lower-cased word under a seed. */
uint32_t token_hash(span word, uint32_t seed);

#endif

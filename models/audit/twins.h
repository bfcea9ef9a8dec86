/* SPDX-License-Identifier: Apache-2.0 */
/* twins: mails that say the same, or nearly: groups of a corpus in linear time.
 *
 * Each mail's set of 4-grams of what its reader sees (VIEW_TEXT_GRAM: in normal form, so that tricks with letters hide
 * nothing) is kept as one-permutation MinHash (Li, Owen, Zhang, NIPS 2012; empty bins filled as Shrivastava, ICML 2017)
 * of a byte a bin (b-bit minwise hashing: Li and Koenig, WWW 2010). Bins that agree estimate the Jaccard similarity;
 * mails that agree in a whole band of bins are candidates (Leskovec, Rajaraman, Ullman, "Mining of Massive Datasets",
 * 3.4). */
#ifndef FURUI_AUDIT_TWINS_H
#define FURUI_AUDIT_TWINS_H

#include "models/corpus/corpus.h"

enum {
    TWINS_BANDS = 20,
    TWINS_ROWS = 6, /* bins a band */
    TWINS_BINS = TWINS_BANDS * TWINS_ROWS,
    TWINS_LEAST = 60, /* 4-grams; a shorter text is compared by its hash alone */
};
/* Estimated Jaccard similarity from which two mails are near-duplicates. Two of 0.8 become candidates in 99.7 of 100
 * cases, two of 0.5 in 27. */
#define TWINS_NEAR 0.8

struct twins {
    uint32_t *group; /* [n]: the first mail of those that this one belongs to: itself, if it is alone; owned */
    uint8_t *sketch; /* [n][TWINS_BINS]; owned */
    bool *sketched;  /* [n]: is the text long enough? owned */
};

/* Group a corpus: equal bytes, equal visible text, or near-duplicates; likeness is handed on, so the ends of a chain
 * may differ. 150 bytes a mail; O(n log n), and one pass over the features. ERR_MEMORY. */
enum err twins_open(const struct corpus *c, struct twins *out);
void twins_close(struct twins *t);

/* How alike two mails of the corpus are. */
enum twins_kind {
    TWINS_NONE,
    TWINS_NEARLY,
    TWINS_TEXT, /* the same visible text */
    TWINS_MAIL, /* the same, byte for byte */
};
enum twins_kind twins_kind(const struct twins *t, const struct corpus *c, size_t a, size_t b);

/* Estimated Jaccard similarity of two mails that are sketched. */
double twins_likeness(const struct twins *t, size_t a, size_t b);

#endif

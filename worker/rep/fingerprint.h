/* SPDX-License-Identifier: Apache-2.0 */
/* fingerprint: what a text shares with texts that say nearly the same.
 *
 * Of the words of the visible text (struct features, `told`) the least hash of each of FINGERPRINT_BANDS *
 * FINGERPRINT_ROWS classes is kept (min-hash: Broder, "On the resemblance and containment of documents", SEQUENCES 1997;
 * one permutation: Li, Owen, Zhang, NIPS 2012). A band is a hash of FINGERPRINT_ROWS of them: two texts that share the
 * part J of their words share a band with probability J^ROWS. A short text has one band, of all its words.
 * docs/reputation.md has what was measured, and what was tried instead. */
#ifndef FURUI_REP_FINGERPRINT_H
#define FURUI_REP_FINGERPRINT_H

#include <stddef.h>
#include <stdint.h>

enum {
    FINGERPRINT_BANDS = 5,
    FINGERPRINT_ROWS = 4,
    FINGERPRINT_MAX = FINGERPRINT_BANDS,
    FINGERPRINT_SHORT = 16, /* fewer words: the text as a whole */
    FINGERPRINT_MIN = 5,    /* fewer still: no fingerprint; "thanks" is nobody's campaign */
};

struct fingerprint {
    uint64_t band[FINGERPRINT_MAX];
    size_t n;
};

/* Of n hashes of words, in any order. O(n). */
void fingerprint_make(const uint32_t *v, size_t n, struct fingerprint *out);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* normal: a text as models read it, so that the same words are the same bytes however they were dressed up.
 *
 * NFKC (full-width letters, half-width kana, circled and mathematical letters become plain ones), full case folding,
 * zero-width, variation and bidi controls removed, combining marks beyond what a language needs dropped, and inside
 * words that mix scripts confusable letters replaced by those they pass for. Sources: UAX #15, UAX #44 (CaseFolding),
 * UTS #39 (confusables.txt). */
#ifndef FURUI_TEXT_NORMAL_H
#define FURUI_TEXT_NORMAL_H

#include "proto/base/arena.h"
#include "proto/base/span.h"

/* Characters that were repaired, by kind. Joiners where a script needs them, and a byte order mark at the start, are no
 * repairs. */
struct normal_count {
    uint32_t zero_width;  /* invisible characters inside words */
    uint32_t bidi;        /* embeddings, overrides and isolates (U+202A..202E, U+2066..2069) */
    uint32_t styled;      /* letters and digits in mathematical, circled, full-width ... forms */
    uint32_t confusables; /* letters replaced by the one that they pass for */
    uint32_t marks;       /* combining marks dropped */
};

/* Normalise.
 *
 *   text   valid UTF-8; lent. Lower-case ASCII comes back as itself, without a copy
 *   a      for the result, which is then the newest allocation; what does not fit is left out
 *   n      counts are added
 *
 * Valid UTF-8; idempotent. Lines stay lines. O(text.n). */
span normal_text(span text, struct arena *a, struct normal_count *n);

/* ODD bits that say which repairs there were. */
uint64_t normal_odd(const struct normal_count *n);

#endif

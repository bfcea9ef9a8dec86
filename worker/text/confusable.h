/* SPDX-License-Identifier: Apache-2.0 */
/* confusable: which letters pass for which.
 *
 * The table is Unicode's own (UTS #39, confusables.txt), written into confusable_table.h by confusable_table.py. */
#ifndef FURUI_TEXT_CONFUSABLE_H
#define FURUI_TEXT_CONFUSABLE_H

#include "proto/base/span.h"

/* The skeleton of a text (UTS #39, section 4): two texts that look alike have the same.
 *
 *   utf8      valid UTF-8; case counts ("I" looks like "l", "i" does not)
 *   out, cap  for it, UTF-8; what does not fit is left out, whole characters at a time
 *
 * Returns its bytes. Not for people: "m" comes out as "rn". O(utf8.n). */
size_t confusable_skeleton(span utf8, uint8_t *out, size_t cap);

/* The ASCII letter that `c`, a lower-case letter of another script, passes for; 0 when none. `upper` is its capital: a
 * text in capitals was made lower case by whoever asks. */
uint8_t confusable_latin(uint32_t c, uint32_t upper);

/* The lower-case Cyrillic letter that passes for a lower-case ASCII letter; 0 when none. */
uint32_t confusable_cyrillic(uint32_t c);

/* What a letter in disguise (small capital, white on black) is: one or two ASCII letters or digits; NULL for others. */
const char *confusable_disguise(uint32_t c);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* alphabet: does a name mix alphabets as no language does?
 *
 * "раypal" with two Cyrillic letters is read as a word that it is not. By Unicode's Script property (UAX #24). */
#ifndef FURUI_TEXT_ALPHABET_H
#define FURUI_TEXT_ALPHABET_H

#include "proto/base/span.h"

/* Would UTS #39 (5.2, "highly restrictive") refuse one label of a host? Latin with kanji and kana, with hanzi and
 * bopomofo, or with hanja and hangul is fine; digits and what all scripts share go with each. Valid UTF-8. O(n). */
bool alphabet_mixed(span label);

#endif

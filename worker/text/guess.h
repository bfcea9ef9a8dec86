/* SPDX-License-Identifier: Apache-2.0 */
/* guess: which charset are these 8-bit bytes in, when the label is missing or lies?
 *
 * Each candidate reads the bytes as text of its language and adds up how surprised it is (bits, by what share of such
 * text is kana, everyday kanji, frequent letters, ...); the least surprised wins. No dictionary, one pass each. */
#ifndef FURUI_TEXT_GUESS_H
#define FURUI_TEXT_GUESS_H

#include "proto/base/span.h"

enum guess {
    GUESS_SHIFT_JIS,
    GUESS_EUC_JP,
    GUESS_GB18030,
    GUESS_BIG5,
    GUESS_EUC_KR,
    GUESS_KOI8_R,
    GUESS_WINDOWS_1251,
    GUESS_WINDOWS_1252,
    GUESS_COUNT
};

enum { GUESS_BYTES = 2048 }; /* looked at, from the first byte over 127 on */

/* Which candidate explains `text` best. `favoured` is a set of (1 << guess): what the label says, or its language; they
 * win when the rest is near. Never fails: windows-1252 explains anything, badly. O(GUESS_BYTES). */
enum guess guess_charset(span text, unsigned favoured);

/* The frequent characters of a candidate's language, UTF-8, or an empty string when it needs none. */
const char *guess_frequent(enum guess g);

/* Teach a candidate its frequent characters, converted to its own charset; none if they cannot be, the guesses are
 * only less sharp then. At start, each candidate once, before any guess. */
void guess_learn(enum guess g, span characters);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* script: how the characters of a text hang together as words.
 *
 * By Unicode's Script and General_Category properties (UAX #24, UAX #44), from a generated table of ranges. */
#ifndef FURUI_TEXT_SCRIPT_H
#define FURUI_TEXT_SCRIPT_H

#include <stdint.h>

enum script {
    SCRIPT_NONE,     /* spaces, punctuation, controls: between words */
    SCRIPT_WORD,     /* letters and digits of scripts that put spaces between words */
    SCRIPT_HAN,      /* kanji, hanzi, hanja; bopomofo */
    SCRIPT_KATAKANA, /* and the long vowel mark */
    SCRIPT_HIRAGANA,
    SCRIPT_HANGUL,
    SCRIPT_UNSPACED, /* Thai, Lao, Khmer, Burmese, Tai */
    SCRIPT_SYMBOL,   /* pictographs, currency, mathematical and other signs */
    SCRIPT_EXTEND,   /* marks and joiners: goes with what stands before it */
    SCRIPT_MARK,     /* ASCII punctuation; only a tokeniser has a use for it */
};

/* The kind of any character from U+0080 on. Common ranges at once, others by bisection. */
enum script script_find(uint32_t c);

static inline enum script script_of(uint32_t c)
{
    if (c - 0x4E00 < 0x9FFF - 0x4E00) return SCRIPT_HAN;
    if (c - 0x3041 < 0x3097 - 0x3041) return SCRIPT_HIRAGANA;
    if (c - 0x30A1 < 0x30FB - 0x30A1) return SCRIPT_KATAKANA;
    if (c - 0xAC00 < 0xD7A4 - 0xAC00) return SCRIPT_HANGUL;
    if (c - 0x400 < 0x482 - 0x400 || c - 0xF8 < 0x250 - 0xF8) return SCRIPT_WORD;
    return script_find(c);
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* letter: kinds of characters, as normal.c tells them apart.
 *
 * Ranges by hand, since each is a judgement of what a reader sees and not a property that Unicode has a name for. */
#ifndef FURUI_TEXT_LETTER_H
#define FURUI_TEXT_LETTER_H

#include "proto/base/span.h"
#include "worker/text/script.h"

/* Its own normal form, a letter or sign to which nothing else applies. Not all such, but the common ones. */
static inline bool letter_inert(uint32_t c)
{
    if (c - 0x3400 < 0xA000 - 0x3400 || c - 0xAC00 < 0xD7A4 - 0xAC00) return true; /* han, hangul */
    if (c - 0x3041 < 0x3097 - 0x3041 || c - 0x30A0 < 0x30FF - 0x30A0) return true; /* kana */
    if (c - 0xE0 < 0x100 - 0xE0 || c - 0x430 < 0x460 - 0x430) return true;         /* Latin-1, Cyrillic */
    if (c - 0x3B1 < 0x3CA - 0x3B1) return c != 0x3C2;                              /* Greek; final sigma is folded */
    if (c - 0x3001 < 0x302A - 0x3001) return c != 0x301C;                          /* CJK punctuation */
    if (c - 0x2500 < 0x2700 - 0x2500) return true;                                 /* boxes, signs */
    if (c - 0x5D0 < 27 || c - 0x621 < 0x63B - 0x621 || c - 0x641 < 0x64B - 0x641) return true; /* Hebrew, Arabic */
    return c - 0xE01 < 0xE31 - 0xE01 || c - 0x2013 < 2 || c - 0x201C < 8; /* Thai; dashes, quotes */
}

/* Of these the ones of three bytes that a text of Japanese, Chinese or Korean consists of. */
static inline bool letter_ideographic(uint32_t c)
{
    return c - 0x4E00 < 0xA000 - 0x4E00 || c - 0x3041 < 0x3097 - 0x3041 || c - 0x30A0 < 0x30FF - 0x30A0 ||
           c - 0xAC00 < 0xD7A4 - 0xAC00;
}

/* Letters of the alphabets whose letters pass for Latin ones. */
static inline bool letter_foreign(uint32_t c)
{
    if (c < 0x370) return false;
    if (c < 0x590) return true; /* Greek, Cyrillic, Armenian */
    if (c < 0x10A0) return false;
    if (c < 0x2000) return c < 0x1100 || (c >= 0x13A0 && c < 0x1680) || (c >= 0x1C80 && c < 0x1CC0) || c >= 0x1F00;
    return (c >= 0x2C80 && c < 0x2D30) || (c >= 0xA4D0 && c < 0xA500) || (c >= 0xA640 && c < 0xA6A0) ||
           (c >= 0xAB70 && c < 0xABC0) || (c >= 0x10280 && c < 0x10800) || (c >= 0x118A0 && c < 0x11900);
}

/* Scripts and signs that use joiners: Arabic to Sinhala, Burmese, Khmer, Mongolian, pictographs. */
static inline bool letter_uses_joiners(uint32_t c)
{
    return (c >= 0x600 && c < 0xE00) || (c >= 0x1000 && c < 0x10A0) || (c >= 0x1780 && c < 0x18B0) ||
           (c >= 0x2190 && c < 0x2C00) || (c >= 0x1F000 && c < 0x1FC00) || (c >= 0x11000 && c < 0x12000);
}

/* Letters, digits and their marks of any script. */
static inline bool letter_in_word(uint32_t c)
{
    return c < 0x80 ? ascii_alnum((uint8_t)c) : script_of(c) != SCRIPT_NONE && script_of(c) != SCRIPT_SYMBOL;
}

/* Letters or digits, not those of scripts without capitals and spaces. */
static inline bool letter_alphabetic(uint32_t c)
{
    return c < 0x80 ? ascii_alnum((uint8_t)c) : script_of(c) == SCRIPT_WORD || script_of(c) == SCRIPT_EXTEND;
}

/* Shows nothing, or steers what stands around it. */
static inline bool letter_invisible(uint32_t c)
{
    if (c < 0x2000)
        return c == 0xAD || c == 0x34F || c == 0x61C || c == 0x115F || c == 0x1160 || c == 0x17B4 || c == 0x17B5 ||
               (c >= 0x180B && c <= 0x180F);
    if (c < 0xFE00) return (c >= 0x200B && c <= 0x200F) || (c >= 0x202A && c <= 0x202E) || (c >= 0x2060 && c <= 0x206F);
    return c <= 0xFE0F || c == 0xFEFF || (c >= 0xFFF0 && c <= 0xFFFB) || (c >= 0x1BCA0 && c <= 0x1BCA3) ||
           (c >= 0x1D173 && c <= 0x1D17A) || (c >= 0xE0000 && c <= 0xE0FFF);
}

/* Marks that any letter can take, as stacks of them are made of. */
static inline bool letter_accent(uint32_t c)
{
    return (c >= 0x300 && c < 0x370) || (c >= 0x483 && c < 0x488) || (c >= 0x1AB0 && c < 0x1B00) ||
           (c >= 0x1DC0 && c < 0x1E00) || (c >= 0x20D0 && c < 0x2100) || (c >= 0xFE20 && c < 0xFE30);
}

/* Lines through a letter or under it, which no language's letters have in this form. */
static inline bool letter_strikes(uint32_t c)
{
    return (c >= 0x334 && c <= 0x338) || c == 0x332 || c == 0x333 || c == 0x305 || c == 0x33F;
}

/* Letters and digits in a dress that a plain text has no need of; units and signs are none. */
static inline bool letter_styled(uint32_t c)
{
    if (c < 0x1D00) return false;
    if (c < 0x2000) return c < 0x1DC0; /* modifier letters */
    if (c < 0x2100) return c == 0x2071 || c == 0x207F || c >= 0x2090;
    if (c < 0x2150)
        return c != 0x2100 && c != 0x2101 && c != 0x2103 && c != 0x2105 && c != 0x2106 && c != 0x2109 && c != 0x2113 &&
               c != 0x2116 && c != 0x2126 && c != 0x212A && c != 0x212B; /* units */
    return (c >= 0x249C && c <= 0x24E9) || (c >= 0x1D400 && c < 0x1D800) || (c >= 0x1F110 && c < 0x1F150);
}

/* Full-width ASCII letters and digits. */
static inline bool letter_wide(uint32_t c)
{
    return c - 0xFF10 < 10 || c - 0xFF21 < 26 || c - 0xFF41 < 26;
}

/* Of two characters that are one in Japanese charsets, and become one or the other by who converts them (JIS X 0208 as
 * Unicode's and as Microsoft's table has it: wave dash, minus, parallel sign, dash), what Microsoft's becomes. */
static inline uint32_t letter_twin(uint32_t c)
{
    switch (c) {
    case 0x301C: return '~'; /* FF5E */
    case 0x2212: return '-'; /* FF0D */
    case 0x2016: return 0x2225;
    case 0x2015: return 0x2014; /* here Unicode's is what others write too */
    default: return c;
    }
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* utf8_nibbles: what two bytes in a row tell about UTF-8: a bit for each way in which they do not fit together.
 *
 * Three look-ups, by the first byte's halves and by the second's upper half, say which ways each allows; the ways that
 * all three allow are errors, but for UTF8_TWO, which two continuation bytes in a row set and longer characters want.
 * Source: Keiser, Lemire, "Validating UTF-8 In Less Than One Instruction Per Byte", SPE 2021. */
#ifndef FURUI_SIMD_UTF8_NIBBLES_H
#define FURUI_SIMD_UTF8_NIBBLES_H

#include <stdint.h>

enum {
    UTF8_SHORT = 1 << 0,                            /* a leading byte, and no continuation behind it */
    UTF8_LONG = 1 << 1,                             /* ASCII, and a continuation behind it */
    UTF8_OVER3 = 1 << 2,                            /* three bytes for what two can say */
    UTF8_LARGE = 1 << 3,                            /* past U+10FFFF: F4 90 and on */
    UTF8_SURROGATE = 1 << 4,                        /* U+D800..DFFF */
    UTF8_OVER2 = 1 << 5,                            /* two bytes for what one can say */
    UTF8_LARGE1000 = 1 << 6,                        /* past U+10FFFF: F5 80 and on */
    UTF8_OVER4 = 1 << 6,                            /* four bytes for what three can say */
    UTF8_TWO = 1 << 7,                              /* two continuations */
    UTF8_CARRY = UTF8_SHORT | UTF8_LONG | UTF8_TWO, /* these do not ask for the first byte's lower half */
    UTF8_HUGE = UTF8_CARRY | UTF8_LARGE | UTF8_LARGE1000
};

/* By the upper half of the first byte. */
static const uint8_t UTF8_FIRST_HIGH[16] = {
    [0x0 ... 0x7] = UTF8_LONG,
    [0x8 ... 0xB] = UTF8_TWO,
    [0xC] = UTF8_SHORT | UTF8_OVER2,
    [0xD] = UTF8_SHORT,
    [0xE] = UTF8_SHORT | UTF8_OVER3 | UTF8_SURROGATE,
    [0xF] = UTF8_SHORT | UTF8_LARGE | UTF8_LARGE1000 | UTF8_OVER4,
};

/* By its lower half. */
static const uint8_t UTF8_FIRST_LOW[16] = {
    [0x0] = UTF8_CARRY | UTF8_OVER3 | UTF8_OVER2 | UTF8_OVER4,
    [0x1] = UTF8_CARRY | UTF8_OVER2,
    [0x2 ... 0x3] = UTF8_CARRY,
    [0x4] = UTF8_CARRY | UTF8_LARGE,
    [0x5 ... 0xC] = UTF8_HUGE,
    [0xD] = UTF8_HUGE | UTF8_SURROGATE,
    [0xE ... 0xF] = UTF8_HUGE,
};

/* By the upper half of the second byte. */
static const uint8_t UTF8_SECOND_HIGH[16] = {
    [0x0 ... 0x7] = UTF8_SHORT,
    [0x8] = UTF8_LONG | UTF8_OVER2 | UTF8_TWO | UTF8_OVER3 | UTF8_LARGE1000 | UTF8_OVER4,
    [0x9] = UTF8_LONG | UTF8_OVER2 | UTF8_TWO | UTF8_OVER3 | UTF8_LARGE,
    [0xA ... 0xB] = UTF8_LONG | UTF8_OVER2 | UTF8_TWO | UTF8_SURROGATE | UTF8_LARGE,
    [0xC ... 0xF] = UTF8_SHORT,
};

#endif

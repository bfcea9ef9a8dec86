/* SPDX-License-Identifier: Apache-2.0 */
/* base64: what decoding base64 means (RFC 2045 6.8, and what is met in mail), around a loop over clean groups that each
 * instruction set brings.
 *
 * The loop is a function that does nothing but what the careful way would do too, so that all variants agree to the
 * bit: at a group's start it decodes whole groups of digits and may pass over white space between them. */
#ifndef FURUI_SIMD_BASE64_H
#define FURUI_SIMD_BASE64_H

#include "worker/simd/scan.h"

enum { BASE64_DIGIT = 0x40, BASE64_SPACE = 0x80, BASE64_PAD = 0x81 };

/* What a byte means: BASE64_DIGIT | value, BASE64_SPACE, BASE64_PAD, or 0 for a foreign byte. */
extern const uint8_t BASE64_MEANING[256];

struct base64_at {
    size_t in, out;
};

/* Decode clean groups from p into out until something else comes or room for a group is missing; returns how far it
 * came in both. */
typedef struct base64_at base64_run(const uint8_t *p, size_t n, uint8_t *out, size_t cap);

base64_run base64_run_scalar;

/* Write what a group of `have` digits (0 to 4), in the low bits of `bits`, holds: a byte less than digits, at most
 * `room` of them; returns how many. Bits left over are dropped. */
size_t base64_group(uint32_t bits, int have, uint8_t *out, size_t room);

/* Behind padding: does a line of whole groups follow, or something else, as a mailing list's footer? */
bool base64_goes_on(const uint8_t *p, size_t n);

/* scan.h's `base64`, by a loop of one instruction set. */
size_t base64_decode(base64_run *run, const uint8_t *p, size_t n, uint8_t *out, size_t cap, bool *bad);

#endif

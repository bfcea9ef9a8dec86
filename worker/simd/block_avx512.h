/* SPDX-License-Identifier: Apache-2.0 */
/* block_avx512: 64 bytes as one AVX-512 register (BW, VBMI); what scan_block.h is written in.
 *
 * Sources as block_avx2.h; base64 by byte permutations: Mula, Lemire, "Base64 encoding and decoding at almost the speed
 * of a memory copy", SPE 2020. */
#ifndef FURUI_SIMD_BLOCK_H
#define FURUI_SIMD_BLOCK_H

#include "worker/simd/utf8_nibbles.h"

#include <immintrin.h>
#include <stdbool.h>
#include <stdint.h>

#define BLOCK_LEVEL CPU_AVX512

typedef __m512i block;

static inline block block_load(const uint8_t *p)
{
    return _mm512_loadu_si512(p);
}

static inline void block_store(uint8_t *p, block x)
{
    _mm512_storeu_si512(p, x);
}

static inline uint64_t block_high(block x)
{
    return _mm512_movepi8_mask(x);
}

static inline uint64_t block_eq(block x, uint8_t c)
{
    return _mm512_cmpeq_epi8_mask(x, _mm512_set1_epi8((char)c));
}

static inline uint64_t block_range(block x, uint8_t lo, uint8_t hi)
{
    __m512i moved = _mm512_sub_epi8(x, _mm512_set1_epi8((char)lo));
    return _mm512_cmple_epu8_mask(moved, _mm512_set1_epi8((char)(hi - lo)));
}

static inline block block_lower(block x)
{
    __mmask64 upper = _mm512_cmplt_epu8_mask(_mm512_sub_epi8(x, _mm512_set1_epi8('A')), _mm512_set1_epi8(26));
    return _mm512_mask_add_epi8(x, upper, x, _mm512_set1_epi8(0x20));
}

/* --- base64 --- */

static inline uint64_t block_base64(block x, uint8_t *out)
{
    /* Values of the bytes 0..63 and 64..127; 0x80 for those that are no digits. */
    static const uint8_t VALUES[128] = {
#define NONE8 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80
        NONE8, NONE8, NONE8, NONE8, NONE8, 0x80, 0x80, 0x80, 62, 0x80, 0x80, 0x80, 63, /* '+', '/' */
        52,    53,    54,    55,    56,    57,   58,   59,   60, 61,   0x80, 0x80, 0x80, 0x80, 0x80, 0x80,
        0x80,  0,     1,     2,     3,     4,    5,    6,    7,  8,    9,    10,   11,   12,   13,   14,
        15,    16,    17,    18,    19,    20,   21,   22,   23, 24,   25,   0x80, 0x80, 0x80, 0x80, 0x80,
        0x80,  26,    27,    28,    29,    30,   31,   32,   33, 34,   35,   36,   37,   38,   39,   40,
        41,    42,    43,    44,    45,    46,   47,   48,   49, 50,   51,   0x80, 0x80, 0x80, 0x80, 0x80,
#undef NONE8
    };
    static const uint8_t ORDER[64] = {2,  1,  0,  6,  5,  4,  10, 9,  8,  14, 13, 12, 18, 17, 16, 22,
                                      21, 20, 26, 25, 24, 30, 29, 28, 34, 33, 32, 38, 37, 36, 42, 41,
                                      40, 46, 45, 44, 50, 49, 48, 54, 53, 52, 58, 57, 56, 62, 61, 60};
    __m512i values = _mm512_permutex2var_epi8(block_load(VALUES), x, block_load(VALUES + 64));
    __m512i pairs = _mm512_maddubs_epi16(values, _mm512_set1_epi32(0x01400140));
    __m512i groups = _mm512_madd_epi16(pairs, _mm512_set1_epi32(0x00011000));
    _mm512_mask_storeu_epi8(out, (UINT64_C(1) << 48) - 1, _mm512_permutexvar_epi8(block_load(ORDER), groups));
    return _mm512_movepi8_mask(_mm512_or_si512(values, x));
}

/* --- 4-grams --- */

enum { BLOCK_GRAMS = 16 };

/* The first BLOCK_GRAMS hashes of scan.h's `grams`. Reads 19 bytes. */
static inline void block_grams(const uint8_t *p, uint32_t seed, uint32_t *out)
{
    static const uint8_t WINDOWS[64] = {0,  1,  2,  3,  1,  2,  3,  4,  2,  3,  4,  5,  3,  4,  5,  6,
                                        4,  5,  6,  7,  5,  6,  7,  8,  6,  7,  8,  9,  7,  8,  9,  10,
                                        8,  9,  10, 11, 9,  10, 11, 12, 10, 11, 12, 13, 11, 12, 13, 14,
                                        12, 13, 14, 15, 13, 14, 15, 16, 14, 15, 16, 17, 15, 16, 17, 18};
    __m512i x = _mm512_permutexvar_epi8(block_load(WINDOWS), _mm512_maskz_loadu_epi8((UINT64_C(1) << 19) - 1, p));
    x = _mm512_xor_si512(x, _mm512_set1_epi32((int)seed));
    x = _mm512_xor_si512(x, _mm512_srli_epi32(x, 16));
    x = _mm512_mullo_epi32(x, _mm512_set1_epi32(0x7FEB352D));
    x = _mm512_xor_si512(x, _mm512_srli_epi32(x, 15));
    x = _mm512_mullo_epi32(x, _mm512_set1_epi32((int)0x846CA68Bu));
    x = _mm512_xor_si512(x, _mm512_srli_epi32(x, 16));
    _mm512_storeu_si512(out, x);
}

/* --- UTF-8 --- */

static inline bool block_utf8_clash(block x, const uint8_t *p)
{
    const __m512i nibble = _mm512_set1_epi8(0x0F);
#define TABLE(t) _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)(t)))
    __m512i one = block_load(p - 1), two = block_load(p - 2), three = block_load(p - 3);
    __m512i a = _mm512_shuffle_epi8(TABLE(UTF8_FIRST_HIGH), _mm512_and_si512(_mm512_srli_epi16(one, 4), nibble));
    __m512i b = _mm512_shuffle_epi8(TABLE(UTF8_FIRST_LOW), _mm512_and_si512(one, nibble));
    __m512i c = _mm512_shuffle_epi8(TABLE(UTF8_SECOND_HIGH), _mm512_and_si512(_mm512_srli_epi16(x, 4), nibble));
#undef TABLE
    __m512i third = _mm512_subs_epu8(two, _mm512_set1_epi8((char)(0xE0 - 0x80)));
    __m512i fourth = _mm512_subs_epu8(three, _mm512_set1_epi8((char)(0xF0 - 0x80)));
    __m512i must = _mm512_and_si512(_mm512_or_si512(third, fourth), _mm512_set1_epi8((char)0x80));
    __m512i clash = _mm512_xor_si512(must, _mm512_and_si512(_mm512_and_si512(a, b), c));
    return _mm512_test_epi8_mask(clash, clash) != 0;
}

#endif

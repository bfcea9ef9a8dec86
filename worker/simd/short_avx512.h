/* SPDX-License-Identifier: Apache-2.0 */
/* short_avx512: XXH3 of 8 strings of 1 to 16 bytes at once.
 *
 * How long a word is no CPU can foresee: all three ways that XXH3 goes by length are gone, and the right one is kept.
 * Source: xxHash 0.8 (xxhash.h: XXH3_len_1to3_64b, XXH3_len_4to8_64b, XXH3_len_9to16_64b), with its default secret. */
#ifndef FURUI_SIMD_SHORT_H
#define FURUI_SIMD_SHORT_H

#include <immintrin.h>
#include <stdint.h>

/* What of the secret meets strings of 1 to 3, of 4 to 8, and both ends of those of 9 to 16 bytes. */
#define SHORT_TINY  UINT64_C(0x87275A9B)
#define SHORT_SMALL UINT64_C(0xC73AB174C5ECD5A2)
#define SHORT_FIRST UINT64_C(0x6782737BEA4239B9)
#define SHORT_LAST  UINT64_C(0xAF56BC3B0996523A)

static inline __m512i short_same(uint64_t x)
{
    return _mm512_set1_epi64((long long)x);
}

static inline __m512i short_times(__m512i x, uint64_t factor)
{
    return _mm512_mullo_epi64(x, short_same(factor));
}

/* x ^ x >> bits */
#define SHORT_SHIFTED(x, bits) _mm512_xor_si512(x, _mm512_srli_epi64(x, bits))

/* Strings of 1 to 3 bytes. `first` are a string's first 8 bytes, `last` its last 8; what is not of it is of no meaning. */
static inline __m512i short_tiny(__m512i first, __m512i last, __m512i bytes, uint64_t seed)
{
    const __m512i one = short_same(0xFF);
    __mmask8 many = _mm512_cmpgt_epu64_mask(bytes, short_same(1));
    __m512i middle = _mm512_mask_srli_epi64(first, many, first, 8); /* the byte at half of the length */
    __m512i x = _mm512_or_si512(_mm512_slli_epi64(_mm512_and_si512(first, one), 16),
                                _mm512_slli_epi64(_mm512_and_si512(middle, one), 24));
    x = _mm512_or_si512(x, _mm512_or_si512(_mm512_srli_epi64(last, 56), _mm512_slli_epi64(bytes, 8)));
    x = _mm512_xor_si512(x, short_same(SHORT_TINY + seed));
    x = short_times(SHORT_SHIFTED(x, 33), UINT64_C(0xC2B2AE3D27D4EB4F));
    x = short_times(SHORT_SHIFTED(x, 29), UINT64_C(0x165667B19E3779F9));
    return SHORT_SHIFTED(x, 32);
}

/* Of 4 to 8. */
static inline __m512i short_small(__m512i first, __m512i last, __m512i bytes, uint64_t seed)
{
    seed ^= (uint64_t)__builtin_bswap32((uint32_t)seed) << 32;
    __m512i x = _mm512_or_si512(_mm512_slli_epi64(first, 32), _mm512_srli_epi64(last, 32));
    x = _mm512_xor_si512(x, short_same(SHORT_SMALL - seed));
    x = _mm512_ternarylogic_epi64(x, _mm512_rol_epi64(x, 49), _mm512_rol_epi64(x, 24), 0x96);
    x = short_times(x, UINT64_C(0x9FB21C651E98DF25));
    x = _mm512_xor_si512(x, _mm512_add_epi64(_mm512_srli_epi64(x, 35), bytes));
    x = short_times(x, UINT64_C(0x9FB21C651E98DF25));
    return SHORT_SHIFTED(x, 28);
}

/* The lower half of a product of 64 bits, xor its upper half. */
static inline __m512i short_folded(__m512i a, __m512i b)
{
    const __m512i low = short_same(0xFFFFFFFF);
    __m512i a_high = _mm512_srli_epi64(a, 32), b_high = _mm512_srli_epi64(b, 32);
    __m512i least = _mm512_mul_epu32(a, b), most = _mm512_mul_epu32(a_high, b_high);
    __m512i one = _mm512_mul_epu32(a_high, b), other = _mm512_mul_epu32(a, b_high);
    __m512i middle = _mm512_add_epi64(_mm512_srli_epi64(least, 32), _mm512_and_si512(one, low));
    middle = _mm512_add_epi64(middle, other);
    most = _mm512_add_epi64(_mm512_add_epi64(most, _mm512_srli_epi64(one, 32)), _mm512_srli_epi64(middle, 32));
    least = _mm512_mask_mov_epi32(least, 0xAAAA, _mm512_slli_epi64(middle, 32));
    return _mm512_xor_si512(least, most);
}

/* Of 9 to 16. */
static inline __m512i short_medium(__m512i first, __m512i last, __m512i bytes, uint64_t seed)
{
    const __m512i reversed =
        _mm512_broadcast_i32x4(_mm_setr_epi8(7, 6, 5, 4, 3, 2, 1, 0, 15, 14, 13, 12, 11, 10, 9, 8));
    first = _mm512_xor_si512(first, short_same(SHORT_FIRST + seed));
    last = _mm512_xor_si512(last, short_same(SHORT_LAST - seed));
    __m512i x = _mm512_add_epi64(_mm512_add_epi64(bytes, last), _mm512_shuffle_epi8(first, reversed));
    x = _mm512_add_epi64(x, short_folded(first, last));
    x = short_times(SHORT_SHIFTED(x, 37), UINT64_C(0x165667B19E3779F9));
    return SHORT_SHIFTED(x, 32);
}

/* The hashes of 8 strings, their halves one xor the other. */
static inline __m256i short_hashes(__m512i first, __m512i last, __m512i bytes, uint64_t seed)
{
    __m512i x = short_tiny(first, last, bytes, seed);
    x = _mm512_mask_mov_epi64(x, _mm512_cmpgt_epu64_mask(bytes, short_same(3)), short_small(first, last, bytes, seed));
    x = _mm512_mask_mov_epi64(x, _mm512_cmpgt_epu64_mask(bytes, short_same(8)), short_medium(first, last, bytes, seed));
    return _mm512_cvtepi64_epi32(SHORT_SHIFTED(x, 32));
}

/* scan.h's `word_hashes` of a block of bytes. */
static inline size_t short_words(__m512i x, uint64_t starts, uint64_t ends, uint64_t seed, uint32_t *hash,
                                 uint8_t *length)
{
    enum { LANES = 8 };
    static const uint8_t PLACES[64] = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15,
                                       16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31,
                                       32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47,
                                       48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63};
    const __m512i places = _mm512_loadu_si512(PLACES), after = short_same(UINT64_C(0x0706050403020100));
    const __m512i before = short_same(UINT64_C(0xFFFEFDFCFBFAF9F8));
    __m512i from = _mm512_maskz_compress_epi8(starts, places), to = _mm512_maskz_compress_epi8(ends, places);
    size_t n = (size_t)__builtin_popcountll(ends);
    _mm512_storeu_si512(length, _mm512_sub_epi8(to, from));
    /* The k-th place in all 8 bytes of lane k. */
    __m512i lane =
        _mm512_shuffle_epi8(_mm512_set_epi64(7, 6, 5, 4, 3, 2, 1, 0),
                            _mm512_broadcast_i32x4(_mm_setr_epi8(0, 0, 0, 0, 0, 0, 0, 0, 8, 8, 8, 8, 8, 8, 8, 8)));
    for (size_t i = 0; i < n; i += LANES) {
        __m512i begin = _mm512_permutexvar_epi8(lane, from), end = _mm512_permutexvar_epi8(lane, to);
        __m512i first = _mm512_permutexvar_epi8(_mm512_add_epi8(begin, after), x);
        __m512i last = _mm512_permutexvar_epi8(_mm512_add_epi8(end, before), x);
        __m512i bytes = _mm512_and_si512(_mm512_sub_epi8(end, begin), short_same(0xFF));
        _mm256_storeu_si256((__m256i *)(hash + i), short_hashes(first, last, bytes, seed));
        lane = _mm512_add_epi8(lane, _mm512_set1_epi8(LANES));
    }
    return n;
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* block_avx512: 64 bytes as one AVX-512 register (BW, DQ, VBMI, VBMI2, VNNI); what scan_block.h is written in.
 *
 * Sources as block_avx2.h; base64 by byte permutations: Mula, Lemire, "Base64 encoding and decoding at almost the speed
 * of a memory copy", SPE 2020. */
#ifndef FURUI_SIMD_BLOCK_H
#define FURUI_SIMD_BLOCK_H

#include "worker/simd/base64.h"
#include "worker/simd/distinct.h"
#include "worker/simd/scan.h"
#include "worker/simd/short_avx512.h"
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

#define BLOCK_HEAD

/* The first n <= 64 bytes, the rest NULs; a masked load touches nothing behind them, nor does a masked store. */
static inline block block_load_head(const uint8_t *p, size_t n)
{
    return _mm512_maskz_loadu_epi8(_bzhi_u64(UINT64_MAX, (unsigned)n), p);
}

static inline void block_store_head(uint8_t *p, block x, size_t n)
{
    _mm512_mask_storeu_epi8(p, _bzhi_u64(UINT64_MAX, (unsigned)n), x);
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

static inline uint64_t block_among(block x, const struct scan_set *set)
{
    const __m512i low = _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)set->low));
    const __m512i bit = _mm512_set1_epi64((long long)0x8040201008040201); /* by the high nibble's lower three bits */
    __m512i high = _mm512_and_si512(_mm512_srli_epi16(x, 4), _mm512_set1_epi8(15));
    /* A byte over 127 makes the first look-up 0. */
    return _mm512_test_epi8_mask(_mm512_shuffle_epi8(low, x), _mm512_shuffle_epi8(bit, high));
}

/* c where the bits are. */
static inline block block_put(block x, uint64_t bits, uint8_t c)
{
    return _mm512_mask_mov_epi8(x, bits, _mm512_set1_epi8((char)c));
}

/* Write the bytes whose bits are set, close together. What stands behind them up to 64 is of no meaning.
 * (Compressed in a register: straight to memory it is slow on Zen 4.) */
#define BLOCK_KEEP_CHEAP
static inline void block_keep(block x, uint64_t bits, uint8_t *out)
{
    _mm512_storeu_si512(out, _mm512_maskz_compress_epi8(bits, x));
}

static inline block block_lower(block x)
{
    __mmask64 upper = _mm512_cmplt_epu8_mask(_mm512_sub_epi8(x, _mm512_set1_epi8('A')), _mm512_set1_epi8(26));
    return _mm512_mask_add_epi8(x, upper, x, _mm512_set1_epi8(0x20));
}

/* --- base64 --- */

static inline uint64_t block_base64(block x, uint8_t *out)
{
    static const uint8_t ORDER[64] = {2,  1,  0,  6,  5,  4,  10, 9,  8,  14, 13, 12, 18, 17, 16, 22,
                                      21, 20, 26, 25, 24, 30, 29, 28, 34, 33, 32, 38, 37, 36, 42, 41,
                                      40, 46, 45, 44, 50, 49, 48, 54, 53, 52, 58, 57, 56, 62, 61, 60};
    __m512i meaning = _mm512_permutex2var_epi8(block_load(BASE64_MEANING), x, block_load(BASE64_MEANING + 64));
    __m512i values = _mm512_and_si512(meaning, _mm512_set1_epi8(63));
    __m512i pairs = _mm512_maddubs_epi16(values, _mm512_set1_epi32(0x01400140));
    __m512i groups = _mm512_madd_epi16(pairs, _mm512_set1_epi32(0x00011000));
    _mm512_mask_storeu_epi8(out, (UINT64_C(1) << 48) - 1, _mm512_permutexvar_epi8(block_load(ORDER), groups));
    return _mm512_testn_epi8_mask(meaning, _mm512_set1_epi8(BASE64_DIGIT)) | _mm512_movepi8_mask(x);
}

/* --- quoted-printable --- */

/* Of three bytes in a row (at p, p + 1, p + 2): where they are '=' and two hex digits, which *hex tells, x becomes the
 * byte that they mean. */
static inline block block_unescape(block x, block second, block third, uint64_t *hex)
{
    /* Values of the bytes 0..63 and 64..127; 0x80 for those that are no hex digits. */
    static const uint8_t VALUES[128] = {
#define NONE8 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80
        NONE8, NONE8, NONE8, NONE8, NONE8, NONE8, 0,    1,    2,  3,  4,    5,     6,     7,     8,
        9,     0x80,  0x80,  0x80,  0x80,  0x80,  0x80, 0x80, 10, 11, 12,   13,    14,    15,    0x80,
        NONE8, NONE8, NONE8, 0x80,  10,    11,    12,   13,   14, 15, 0x80, NONE8, NONE8, NONE8,
#undef NONE8
    };
    __m512i low_table = block_load(VALUES), high_table = block_load(VALUES + 64);
    __m512i high = _mm512_permutex2var_epi8(low_table, second, high_table);
    __m512i low = _mm512_permutex2var_epi8(low_table, third, high_table);
    __m512i none = _mm512_or_si512(_mm512_or_si512(high, low), _mm512_or_si512(second, third));
    *hex = block_eq(x, '=') & ~block_high(none);
    __m512i moved = _mm512_and_si512(_mm512_slli_epi16(high, 4), _mm512_set1_epi8((char)0xF0));
    return _mm512_mask_mov_epi8(x, *hex, _mm512_or_si512(moved, low));
}

/* --- 4-grams --- */

enum { BLOCK_GRAMS = 16 };

static inline __m512i mix16(__m512i x)
{
    x = _mm512_xor_si512(x, _mm512_srli_epi32(x, 16));
    x = _mm512_mullo_epi32(x, _mm512_set1_epi32(0x7FEB352D));
    x = _mm512_xor_si512(x, _mm512_srli_epi32(x, 15));
    x = _mm512_mullo_epi32(x, _mm512_set1_epi32((int)0x846CA68Bu));
    return _mm512_xor_si512(x, _mm512_srli_epi32(x, 16));
}

/* The first BLOCK_GRAMS hashes of scan.h's `grams`. Reads 19 bytes. */
static inline void block_grams(const uint8_t *p, uint32_t seed, uint32_t *out)
{
    static const uint8_t WINDOWS[64] = {0,  1,  2,  3,  1,  2,  3,  4,  2,  3,  4,  5,  3,  4,  5,  6,
                                        4,  5,  6,  7,  5,  6,  7,  8,  6,  7,  8,  9,  7,  8,  9,  10,
                                        8,  9,  10, 11, 9,  10, 11, 12, 10, 11, 12, 13, 11, 12, 13, 14,
                                        12, 13, 14, 15, 13, 14, 15, 16, 14, 15, 16, 17, 15, 16, 17, 18};
    __m512i x = _mm512_permutexvar_epi8(block_load(WINDOWS), _mm512_maskz_loadu_epi8((UINT64_C(1) << 19) - 1, p));
    x = _mm512_xor_si512(x, _mm512_set1_epi32((int)seed));
    _mm512_storeu_si512(out, mix16(x));
}

/* --- windows of 8 bytes --- */

#define BLOCK_WINDOWS 16

/* scan.h's `samples` for 16 windows: the upper halves of products from 32-bit ones. Reads 23 bytes. */
static inline size_t block_samples(const uint8_t *p, uint32_t mask, uint32_t *out)
{
    static const uint8_t BIG_ENDIAN_WORDS[64] = {3,  2,  1,  0,  4,  3,  2,  1,  5,  4,  3,  2,  6,  5,  4,  3,
                                                 7,  6,  5,  4,  8,  7,  6,  5,  9,  8,  7,  6,  10, 9,  8,  7,
                                                 11, 10, 9,  8,  12, 11, 10, 9,  13, 12, 11, 10, 14, 13, 12, 11,
                                                 15, 14, 13, 12, 16, 15, 14, 13, 17, 16, 15, 14, 18, 17, 16, 15};
    const __m512i low_factor = _mm512_set1_epi32((int)(uint32_t)SCAN_WINDOW);
    __m512i bytes = _mm512_maskz_loadu_epi8((UINT64_C(1) << 23) - 1, p), order = block_load(BIG_ENDIAN_WORDS);
    __m512i upper = _mm512_permutexvar_epi8(order, bytes);
    __m512i lower = _mm512_permutexvar_epi8(_mm512_add_epi8(order, _mm512_set1_epi8(4)), bytes);
    __m512i even = _mm512_srli_epi64(_mm512_mul_epu32(lower, low_factor), 32);
    __m512i odd = _mm512_mul_epu32(_mm512_srli_epi64(lower, 32), low_factor);
    __m512i hash = _mm512_mask_mov_epi32(even, 0xAAAA, odd);
    hash = _mm512_add_epi32(hash, _mm512_mullo_epi32(upper, low_factor));
    hash = _mm512_add_epi32(hash, _mm512_mullo_epi32(lower, _mm512_set1_epi32((int)(SCAN_WINDOW >> 32))));
    __mmask16 bits = _mm512_testn_epi32_mask(hash, _mm512_set1_epi32((int)mask));
    _mm512_storeu_si512(out, _mm512_maskz_compress_epi32(bits, hash));
    return (size_t)__builtin_popcount(bits);
}

/* --- words --- */

#define BLOCK_WORD_HASHES

/* scan.h's `word_hashes` of the block. */
static inline size_t block_word_hashes(block x, uint64_t starts, uint64_t ends, uint32_t seed, uint32_t *hash,
                                       uint8_t *length)
{
    return short_words(x, starts, ends, seed, hash, length);
}

/* --- pairs of words --- */

#define BLOCK_PAIRS 16

/* The hashes of 16 words with those that stand `distance` before them. */
static inline __m512i pairs_at(const uint32_t *word, __m512i of, int distance)
{
    __m512i before = _mm512_loadu_si512(word - distance);
    before = _mm512_xor_si512(before, _mm512_set1_epi32((int)((unsigned)distance * SCAN_DISTANCE)));
    return mix16(_mm512_add_epi32(of, mix16(before)));
}

/* scan.h's `pairs` for 16 words. */
static inline void block_pairs(const uint32_t *word, uint32_t *out)
{
    __m512i of = _mm512_loadu_si512(word), near = pairs_at(word, of, 1), far = pairs_at(word, of, 2);
    /* Words and their nearer pairs where they belong; then, from 16 on, the others. */
    __m512i a =
        _mm512_permutex2var_epi32(of, _mm512_setr_epi32(0, 16, 0, 1, 17, 0, 2, 18, 0, 3, 19, 0, 4, 20, 0, 5), near);
    __m512i b =
        _mm512_permutex2var_epi32(of, _mm512_setr_epi32(21, 0, 6, 22, 0, 7, 23, 0, 8, 24, 0, 9, 25, 0, 10, 26), near);
    __m512i c = _mm512_permutex2var_epi32(
        of, _mm512_setr_epi32(0, 11, 27, 0, 12, 28, 0, 13, 29, 0, 14, 30, 0, 15, 31, 0), near);
    a = _mm512_mask_permutexvar_epi32(a, 0x4924, _mm512_setr_epi32(0, 0, 0, 0, 0, 1, 0, 0, 2, 0, 0, 3, 0, 0, 4, 0),
                                      far);
    b = _mm512_mask_permutexvar_epi32(b, 0x2492, _mm512_setr_epi32(0, 5, 0, 0, 6, 0, 0, 7, 0, 0, 8, 0, 0, 9, 0, 0),
                                      far);
    c = _mm512_mask_permutexvar_epi32(c, 0x9249,
                                      _mm512_setr_epi32(10, 0, 0, 11, 0, 0, 12, 0, 0, 13, 0, 0, 14, 0, 0, 15), far);
    _mm512_storeu_si512(out, a);
    _mm512_storeu_si512(out + 16, b);
    _mm512_storeu_si512(out + 32, c);
}

/* --- distinct hashes: the steps of distinct.h for BLOCK_HASHES of them --- */

#define BLOCK_HASHES 16

static inline __m512i places16(uint32_t first)
{
    return _mm512_add_epi32(_mm512_set1_epi32((int)first),
                            _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
}

static inline __m512i values16(const uint32_t *v)
{
    return _mm512_max_epu32(_mm512_loadu_si512(v), _mm512_set1_epi32(1));
}

static inline __m512i entries16(__m512i hash, uint32_t place)
{
    return _mm512_or_si512(_mm512_slli_epi32(hash, DISTINCT_PLACE_BITS), places16(place));
}

/* Of values with the same slot the first one remains: those behind it are written first. */
static inline void block_distinct_put(const uint32_t *v, uint32_t place, uint32_t *slot)
{
    const __m512i order = _mm512_setr_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
    __m512i hash = values16(v), entry = entries16(hash, place);
    hash = _mm512_permutexvar_epi32(order, _mm512_srli_epi32(hash, DISTINCT_SLOT_SHIFT));
    _mm512_i32scatter_epi32(slot, hash, _mm512_permutexvar_epi32(order, entry), 4);
}

/* Which are the first of their kind? A bit for each that lost its slot. */
static inline uint32_t block_distinct_look(const uint32_t *v, uint32_t place, const uint32_t *slot, uint8_t *first)
{
    __m512i hash = values16(v);
    __m512i other = _mm512_i32gather_epi32(_mm512_srli_epi32(hash, DISTINCT_SLOT_SHIFT), slot, 4);
    other = _mm512_xor_si512(other, entries16(hash, place));
    _mm_storeu_si128((__m128i *)first, _mm_maskz_set1_epi8(_mm512_testn_epi32_mask(other, other), 1));
    return _mm512_cmpge_epu32_mask(other, _mm512_set1_epi32(SCAN_DISTINCT_MAX));
}

/* Write down the places with a bit (and what else fills a register); returns how many. */
static inline size_t block_distinct_wait(uint32_t *to, uint32_t place, uint32_t bits)
{
    _mm512_storeu_si512(to, _mm512_maskz_compress_epi32((__mmask16)bits, places16(place)));
    return (size_t)__builtin_popcount(bits);
}

/* The same for the values that are the first of their kind. */
static inline size_t block_distinct_pack(uint32_t *to, const uint32_t *v, const uint8_t *first)
{
    __m128i x = _mm_loadu_si128((const __m128i *)first);
    __mmask16 bits = _mm_test_epi8_mask(x, x);
    _mm512_storeu_si512(to, _mm512_maskz_compress_epi32(bits, values16(v)));
    return (size_t)__builtin_popcount(bits);
}

/* --- weights --- */

enum { BLOCK_GROUPS = 4 };

struct block_weights {
    __m512i joint, view, vote, magnitude;
};

/* Add what four features weigh (scan.h's `weigh`), whose groups begin at `group`, and fetch those `ahead`. */
static inline void block_weigh(const uint8_t *slots, const uint32_t *hash, const uint32_t *group, const uint32_t *ahead,
                               struct block_weights *sum)
{
#define GROUP(i) _mm_loadu_si128((const __m128i *)(slots + group[i]))
#define FETCH(i) __builtin_prefetch(slots + ahead[i])
    FETCH(0), FETCH(1), FETCH(2), FETCH(3);
    __m512i x = _mm512_castsi128_si512(GROUP(0));
    x = _mm512_inserti32x4(x, GROUP(1), 1);
    x = _mm512_inserti32x4(x, GROUP(2), 2);
    x = _mm512_inserti32x4(x, GROUP(3), 3);
#undef FETCH
#undef GROUP
    __m512i check = _mm512_castsi128_si512(_mm_srli_epi32(_mm_loadu_si128((const __m128i *)hash), 24));
    check = _mm512_permutexvar_epi32(_mm512_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3), check);
    x = _mm512_xor_si512(x, check); /* the check byte becomes 0; the others stay */
    __mmask16 same = _mm512_testn_epi32_mask(x, _mm512_set1_epi32(0xFF));
    /* Sums of products of the four bytes with ones and zeros. */
    sum->joint = _mm512_mask_dpbusd_epi32(sum->joint, same, _mm512_set1_epi32(0x00000100), x);
    sum->view = _mm512_mask_dpbusd_epi32(sum->view, same, _mm512_set1_epi32(0x00010000), x);
    sum->vote = _mm512_mask_dpbusd_epi32(sum->vote, same, _mm512_set1_epi32(0x01000000), x);
    sum->magnitude = _mm512_mask_dpbusd_epi32(sum->magnitude, same, _mm512_abs_epi8(x), _mm512_set1_epi32(0x01000000));
}

static inline int32_t block_sum(__m512i x)
{
    return _mm512_reduce_add_epi32(x);
}

/* --- cells --- */

#define BLOCK_CELLS 16
enum { BLOCK_CELLS_MOST = 1 << 19 }; /* cells whose sum a lane can hold */

/* scan.h's `cells` of whole blocks: each gather reads 32 bits that end with the cell. */
static inline int64_t block_cells(const int16_t *cell, uint32_t mask, const uint32_t *hash, size_t n, uint32_t own)
{
    const __m512i low = _mm512_set1_epi32((int)mask), mix = _mm512_set1_epi32((int)own);
    __m512i sum = _mm512_setzero_si512();
    for (size_t i = 0; i < n; i += BLOCK_CELLS) {
        __m512i h = _mm512_loadu_si512(hash + i);
        if (own) {
            h = _mm512_mullo_epi32(_mm512_xor_si512(h, mix), _mm512_set1_epi32((int)0x9E3779B1u));
            h = _mm512_xor_si512(h, _mm512_srli_epi32(h, 15));
        }
        __m512i x = _mm512_i32gather_epi32(_mm512_and_si512(h, low), cell - 1, 2);
        sum = _mm512_add_epi32(sum, _mm512_srai_epi32(x, 16));
    }
    return _mm512_reduce_add_epi32(_mm512_srai_epi32(sum, 16)) * 65536LL +
           _mm512_reduce_add_epi32(_mm512_and_si512(sum, _mm512_set1_epi32(0xFFFF)));
}

/* --- products --- */

/* One sum of scan.h's `dots`. */
static inline float block_dot(const float *w, const float *x, size_t n)
{
    __m512 sum = _mm512_setzero_ps();
    for (size_t i = 0; i < n; i += 16) {
        __mmask16 have = (__mmask16)_bzhi_u32(0xFFFF, n - i < 16 ? (unsigned)(n - i) : 16);
        sum = _mm512_add_ps(sum, _mm512_mul_ps(_mm512_maskz_loadu_ps(have, w + i), _mm512_maskz_loadu_ps(have, x + i)));
    }
    __m512i upper = _mm512_shuffle_i64x2(_mm512_castps_si512(sum), _mm512_castps_si512(sum), 0x4E);
    __m256 eight = _mm256_add_ps(_mm512_castps512_ps256(sum), _mm256_castsi256_ps(_mm512_castsi512_si256(upper)));
    __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
    four = _mm_add_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_add_ss(four, _mm_movehdup_ps(four)));
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

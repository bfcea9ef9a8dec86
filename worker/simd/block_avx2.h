/* SPDX-License-Identifier: Apache-2.0 */
/* block_avx2: 64 bytes as two AVX2 registers; what scan_block.h is written in.
 *
 * Sources: Mula, Lemire, "Faster Base64 Encoding and Decoding Using AVX2 Instructions", ACM TWEB 2018; UTF-8 as
 * utf8_nibbles.h says. */
#ifndef FURUI_SIMD_BLOCK_H
#define FURUI_SIMD_BLOCK_H

#include "worker/simd/distinct.h"
#include "worker/simd/keep.h"
#include "worker/simd/scan.h"
#include "worker/simd/utf8_nibbles.h"

#include <immintrin.h>
#include <stdbool.h>
#include <stdint.h>

#define BLOCK_LEVEL CPU_AVX2

typedef struct {
    __m256i a, b;
} block;

static inline block block_load(const uint8_t *p)
{
    return (block){_mm256_loadu_si256((const __m256i *)p), _mm256_loadu_si256((const __m256i *)(p + 32))};
}

static inline void block_store(uint8_t *p, block x)
{
    _mm256_storeu_si256((__m256i *)p, x.a);
    _mm256_storeu_si256((__m256i *)(p + 32), x.b);
}

/* A bit for each byte whose highest bit is set. */
static inline uint64_t block_high(block x)
{
    return (uint32_t)_mm256_movemask_epi8(x.a) | (uint64_t)(uint32_t)_mm256_movemask_epi8(x.b) << 32;
}

/* A bit for each byte that is c. */
static inline uint64_t block_eq(block x, uint8_t c)
{
    __m256i k = _mm256_set1_epi8((char)c);
    return block_high((block){_mm256_cmpeq_epi8(x.a, k), _mm256_cmpeq_epi8(x.b, k)});
}

/* A bit for each byte that is lo .. hi. */
static inline uint64_t block_range(block x, uint8_t lo, uint8_t hi)
{
    __m256i from = _mm256_set1_epi8((char)lo), most = _mm256_set1_epi8((char)(hi - lo));
    __m256i a = _mm256_sub_epi8(x.a, from), b = _mm256_sub_epi8(x.b, from);
    return block_high(
        (block){_mm256_cmpeq_epi8(_mm256_min_epu8(a, most), a), _mm256_cmpeq_epi8(_mm256_min_epu8(b, most), b)});
}

static inline uint32_t among32(__m256i x, __m256i low)
{
    const __m256i bit = _mm256_set1_epi64x((long long)0x8040201008040201); /* by the high nibble's lower three bits */
    __m256i high = _mm256_and_si256(_mm256_srli_epi16(x, 4), _mm256_set1_epi8(15));
    /* A byte over 127 makes the first look-up 0. */
    __m256i hit = _mm256_and_si256(_mm256_shuffle_epi8(low, x), _mm256_shuffle_epi8(bit, high));
    return ~(uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(hit, _mm256_setzero_si256()));
}

static inline uint64_t block_among(block x, const struct scan_set *set)
{
    __m256i low = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)set->low));
    return among32(x.a, low) | (uint64_t)among32(x.b, low) << 32;
}

/* Bytes of all bits set where the bits are. */
static inline __m256i bytes_of(uint32_t bits)
{
    const __m256i part = _mm256_setr_epi64x(0, 0x0101010101010101, 0x0202020202020202, 0x0303030303030303);
    const __m256i bit = _mm256_set1_epi64x((long long)0x8040201008040201);
    __m256i x = _mm256_shuffle_epi8(_mm256_set1_epi32((int)bits), part);
    return _mm256_cmpeq_epi8(_mm256_and_si256(x, bit), bit);
}

/* c where the bits are. */
static inline block block_put(block x, uint64_t bits, uint8_t c)
{
    __m256i k = _mm256_set1_epi8((char)c);
    return (block){_mm256_blendv_epi8(x.a, k, bytes_of((uint32_t)bits)),
                   _mm256_blendv_epi8(x.b, k, bytes_of((uint32_t)(bits >> 32)))};
}

/* Write the bytes whose bits are set, close together. What stands behind them up to 64 is of no meaning. */
static inline void block_keep(block x, uint64_t bits, uint8_t *out)
{
    uint8_t bytes[64];
    block_store(bytes, x);
    for (int i = 0; i < 64; i += 8, bits >>= 8) {
        __m128i eight = _mm_loadl_epi64((const __m128i *)(bytes + i));
        __m128i kept = _mm_loadl_epi64((const __m128i *)&KEEP[bits & 0xFF]);
        _mm_storel_epi64((__m128i *)out, _mm_shuffle_epi8(eight, kept));
        out += __builtin_popcountll(bits & 0xFF);
    }
}

static inline __m256i lower32(__m256i x)
{
    /* 'A'..'Z' are the bytes that become less than -128 + 26 when 'A' is moved to -128. */
    __m256i moved = _mm256_add_epi8(x, _mm256_set1_epi8((char)(0x80 - 'A')));
    __m256i upper = _mm256_cmpgt_epi8(_mm256_set1_epi8(-128 + 26), moved);
    return _mm256_or_si256(x, _mm256_and_si256(upper, _mm256_set1_epi8(0x20)));
}

/* ASCII capitals made small. */
static inline block block_lower(block x)
{
    return (block){lower32(x.a), lower32(x.b)};
}

/* --- base64 --- */

/* 32 digits to values; bytes that are no digits set their bits in *bad. */
static inline __m256i base64_values(__m256i x, __m256i *bad)
{
    const __m256i lo = _mm256_setr_epi8(0x15, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x13, 0x1A, 0x1B,
                                        0x1B, 0x1B, 0x1A, 0x15, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11,
                                        0x13, 0x1A, 0x1B, 0x1B, 0x1B, 0x1A);
    const __m256i hi = _mm256_setr_epi8(0x10, 0x10, 0x01, 0x02, 0x04, 0x08, 0x04, 0x08, 0x10, 0x10, 0x10, 0x10, 0x10,
                                        0x10, 0x10, 0x10, 0x10, 0x10, 0x01, 0x02, 0x04, 0x08, 0x04, 0x08, 0x10, 0x10,
                                        0x10, 0x10, 0x10, 0x10, 0x10, 0x10);
    const __m256i roll = _mm256_setr_epi8(0, 16, 19, 4, -65, -65, -71, -71, 0, 0, 0, 0, 0, 0, 0, 0, 0, 16, 19, 4, -65,
                                          -65, -71, -71, 0, 0, 0, 0, 0, 0, 0, 0);
    __m256i high = _mm256_and_si256(_mm256_srli_epi32(x, 4), _mm256_set1_epi8(0x0F));
    __m256i low = _mm256_and_si256(x, _mm256_set1_epi8(0x0F));
    __m256i clash = _mm256_and_si256(_mm256_shuffle_epi8(lo, low), _mm256_shuffle_epi8(hi, high));
    *bad = _mm256_cmpgt_epi8(clash, _mm256_setzero_si256());
    __m256i slash = _mm256_cmpeq_epi8(x, _mm256_set1_epi8('/'));
    return _mm256_add_epi8(x, _mm256_shuffle_epi8(roll, _mm256_add_epi8(slash, high)));
}

static inline void base64_pack(__m256i values, uint8_t *out)
{
    __m256i pairs = _mm256_maddubs_epi16(values, _mm256_set1_epi32(0x01400140));
    __m256i groups = _mm256_madd_epi16(pairs, _mm256_set1_epi32(0x00011000));
    const __m256i order = _mm256_setr_epi8(2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1, 2, 1, 0, 6, 5, 4, 10,
                                           9, 8, 14, 13, 12, -1, -1, -1, -1);
    __m256i bytes = _mm256_shuffle_epi8(groups, order);
    bytes = _mm256_permutevar8x32_epi32(bytes, _mm256_setr_epi32(0, 1, 2, 4, 5, 6, 7, 7));
    _mm256_storeu_si256((__m256i *)out, bytes);
}

/* Decode 64 bytes of base64 to 48, writing 56 (those behind are of no meaning); returns a bit for each byte that is no
 * digit. What stands before the first of them is right, in whole groups. */
static inline uint64_t block_base64(block x, uint8_t *out)
{
    block bad;
    __m256i first = base64_values(x.a, &bad.a), second = base64_values(x.b, &bad.b);
    base64_pack(first, out);
    base64_pack(second, out + 24);
    return block_high(bad);
}

/* --- quoted-printable --- */

/* Values of hex digits; over 15 for what is none. */
static inline __m256i hex_values(__m256i x)
{
    /* '0'..'9' move to the top, where what is less can be told, and so do small letters to the bottom. */
    __m256i digit = _mm256_subs_epu8(_mm256_add_epi8(x, _mm256_set1_epi8((char)(0xFF - '9'))), _mm256_set1_epi8(6));
    __m256i big = _mm256_and_si256(x, _mm256_set1_epi8((char)0xDF));
    __m256i letter = _mm256_adds_epu8(_mm256_sub_epi8(big, _mm256_set1_epi8('A')), _mm256_set1_epi8(10));
    return _mm256_min_epu8(_mm256_sub_epi8(digit, _mm256_set1_epi8((char)0xF0)), letter);
}

static inline __m256i unescape32(__m256i x, __m256i second, __m256i third, __m256i *hex)
{
    __m256i high = hex_values(second), low = hex_values(third), most = _mm256_set1_epi8(15);
    __m256i equals = _mm256_cmpeq_epi8(x, _mm256_set1_epi8('='));
    __m256i fine = _mm256_cmpeq_epi8(_mm256_max_epu8(_mm256_max_epu8(high, low), most), most);
    __m256i moved = _mm256_and_si256(_mm256_slli_epi16(high, 4), _mm256_set1_epi8((char)0xF0));
    *hex = _mm256_and_si256(equals, fine);
    return _mm256_blendv_epi8(x, _mm256_or_si256(moved, low), *hex);
}

/* Of three bytes in a row (at p, p + 1, p + 2): where they are '=' and two hex digits, which *hex tells, x becomes the
 * byte that they mean. */
static inline block block_unescape(block x, block second, block third, uint64_t *hex)
{
    block is;
    x.a = unescape32(x.a, second.a, third.a, &is.a);
    x.b = unescape32(x.b, second.b, third.b, &is.b);
    *hex = block_high(is);
    return x;
}

/* --- 4-grams --- */

enum { BLOCK_GRAMS = 16 };

static inline __m256i mix8(__m256i x)
{
    x = _mm256_xor_si256(x, _mm256_srli_epi32(x, 16));
    x = _mm256_mullo_epi32(x, _mm256_set1_epi32(0x7FEB352D));
    x = _mm256_xor_si256(x, _mm256_srli_epi32(x, 15));
    x = _mm256_mullo_epi32(x, _mm256_set1_epi32((int)0x846CA68Bu));
    return _mm256_xor_si256(x, _mm256_srli_epi32(x, 16));
}

/* The first BLOCK_GRAMS hashes of scan.h's `grams`. Reads 19 bytes. */
static inline void block_grams(const uint8_t *p, uint32_t seed, uint32_t *out)
{
    const __m256i windows = _mm256_setr_epi8(0, 1, 2, 3, 1, 2, 3, 4, 2, 3, 4, 5, 3, 4, 5, 6, 4, 5, 6, 7, 5, 6, 7, 8, 6,
                                             7, 8, 9, 7, 8, 9, 10);
    /* The second eight lie in bytes 8 to 18: loaded 5 early, so that nothing behind them is read. */
    __m256i a = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)p));
    __m256i b = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(p + 3)));
    __m256i s = _mm256_set1_epi32((int)seed);
    a = _mm256_shuffle_epi8(a, windows);
    b = _mm256_shuffle_epi8(b, _mm256_add_epi8(windows, _mm256_set1_epi8(5)));
    _mm256_storeu_si256((__m256i *)out, mix8(_mm256_xor_si256(a, s)));
    _mm256_storeu_si256((__m256i *)(out + 8), mix8(_mm256_xor_si256(b, s)));
}

/* --- pairs of words --- */

#define BLOCK_PAIRS 8

/* The hashes of 8 words with those that stand `distance` before them. */
static inline __m256i pairs_at(const uint32_t *word, __m256i of, int distance)
{
    __m256i before = _mm256_loadu_si256((const __m256i *)(word - distance));
    before = _mm256_xor_si256(before, _mm256_set1_epi32((int)((unsigned)distance * SCAN_DISTANCE)));
    return mix8(_mm256_add_epi32(of, mix8(before)));
}

/* scan.h's `pairs` for 8 words. */
static inline void block_pairs(const uint32_t *word, uint32_t *out)
{
    __m256i of = _mm256_loadu_si256((const __m256i *)word), near = pairs_at(word, of, 1), far = pairs_at(word, of, 2);
    const __m256i first = _mm256_setr_epi32(0, 0, 0, 1, 1, 1, 2, 2), second = _mm256_setr_epi32(2, 3, 3, 3, 4, 4, 4, 5),
                  third = _mm256_setr_epi32(5, 5, 6, 6, 6, 7, 7, 7);
#define AT(x, where) _mm256_permutevar8x32_epi32(x, where)
    __m256i a = _mm256_blend_epi32(_mm256_blend_epi32(AT(of, first), AT(near, first), 0x92), AT(far, first), 0x24);
    __m256i b = _mm256_blend_epi32(_mm256_blend_epi32(AT(of, second), AT(near, second), 0x24), AT(far, second), 0x49);
    __m256i c = _mm256_blend_epi32(_mm256_blend_epi32(AT(of, third), AT(near, third), 0x49), AT(far, third), 0x92);
#undef AT
    _mm256_storeu_si256((__m256i *)out, a);
    _mm256_storeu_si256((__m256i *)(out + 8), b);
    _mm256_storeu_si256((__m256i *)(out + 16), c);
}

/* --- distinct hashes: the steps of distinct.h for BLOCK_HASHES of them --- */

#define BLOCK_HASHES 8
#define LOWEST_BITS  UINT64_C(0x0101010101010101) /* of 8 bytes */

static inline __m256i places8(uint32_t first)
{
    return _mm256_add_epi32(_mm256_set1_epi32((int)first), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

static inline __m256i values8(const uint32_t *v)
{
    return _mm256_max_epu32(_mm256_loadu_si256((const __m256i *)v), _mm256_set1_epi32(1));
}

/* Of values with the same slot the first one remains: those behind it are written first. */
static inline void block_distinct_put(const uint32_t *v, uint32_t place, uint32_t *slot)
{
    for (uint32_t i = BLOCK_HASHES; i-- > 0;) {
        uint32_t hash = distinct_value(v[i]);
        slot[distinct_slot(hash)] = distinct_entry(hash, place + i);
    }
}

/* Which are the first of their kind? A bit for each that lost its slot. */
static inline uint32_t block_distinct_look(const uint32_t *v, uint32_t place, const uint32_t *slot, uint8_t *first)
{
    __m256i hash = values8(v);
    __m256i other = _mm256_i32gather_epi32((const int *)slot, _mm256_srli_epi32(hash, DISTINCT_SLOT_SHIFT), 4);
    other = _mm256_xor_si256(other, _mm256_slli_epi32(hash, DISTINCT_PLACE_BITS));
    other = _mm256_xor_si256(other, places8(place));
    __m256i same = _mm256_cmpeq_epi32(_mm256_srli_epi32(other, DISTINCT_PLACE_BITS), _mm256_setzero_si256());
    __m256i own = _mm256_cmpeq_epi32(other, _mm256_setzero_si256());
    uint64_t bytes = _pdep_u64((uint64_t)_mm256_movemask_ps(_mm256_castsi256_ps(own)), LOWEST_BITS);
    memcpy(first, &bytes, sizeof bytes);
    return ~(uint32_t)_mm256_movemask_ps(_mm256_castsi256_ps(same)) & 0xFF;
}

/* The words of x with a bit to the front. */
static inline __m256i compress8(__m256i x, uint32_t bits)
{
    __m128i order = _mm_cvtsi64_si128((long long)KEEP[bits]);
    return _mm256_permutevar8x32_epi32(x, _mm256_cvtepu8_epi32(order));
}

/* Write down the places with a bit (and what else fills a register); returns how many. */
static inline size_t block_distinct_wait(uint32_t *to, uint32_t place, uint32_t bits)
{
    _mm256_storeu_si256((__m256i *)to, compress8(places8(place), bits));
    return (size_t)__builtin_popcount(bits);
}

/* The same for the values that are the first of their kind. */
static inline size_t block_distinct_pack(uint32_t *to, const uint32_t *v, const uint8_t *first)
{
    uint64_t bytes;
    memcpy(&bytes, first, sizeof bytes);
    uint32_t bits = (uint32_t)_pext_u64(bytes, LOWEST_BITS);
    _mm256_storeu_si256((__m256i *)to, compress8(values8(v), bits));
    return (size_t)__builtin_popcount(bits);
}

/* --- weights --- */

enum { BLOCK_GROUPS = 2 };

struct block_weights {
    __m256i joint, view, vote, magnitude;
};

/* Add what two features weigh (scan.h's `weigh`), whose groups begin at `group`, and fetch those `ahead`. */
static inline void block_weigh(const uint8_t *slots, const uint32_t *hash, const uint32_t *group, const uint32_t *ahead,
                               struct block_weights *sum)
{
    const uint8_t *first = slots + group[0], *second = slots + group[1];
    __builtin_prefetch(slots + ahead[0]);
    __builtin_prefetch(slots + ahead[1]);
    __m256i x = _mm256_loadu2_m128i((const __m128i *)second, (const __m128i *)first);
    __m256i check = _mm256_set_m128i(_mm_set1_epi32((int)(hash[1] >> 24)), _mm_set1_epi32((int)(hash[0] >> 24)));
    x = _mm256_and_si256(x, _mm256_cmpeq_epi32(_mm256_and_si256(x, _mm256_set1_epi32(0xFF)), check));
    __m256i vote = _mm256_srai_epi32(x, 24);
    sum->joint = _mm256_add_epi32(sum->joint, _mm256_srai_epi32(_mm256_slli_epi32(x, 16), 24));
    sum->view = _mm256_add_epi32(sum->view, _mm256_srai_epi32(_mm256_slli_epi32(x, 8), 24));
    sum->vote = _mm256_add_epi32(sum->vote, vote);
    sum->magnitude = _mm256_add_epi32(sum->magnitude, _mm256_abs_epi32(vote));
}

static inline int32_t block_sum(__m256i x)
{
    __m128i y = _mm_add_epi32(_mm256_castsi256_si128(x), _mm256_extracti128_si256(x, 1));
    y = _mm_add_epi32(y, _mm_shuffle_epi32(y, 0x4E));
    return _mm_cvtsi128_si32(_mm_add_epi32(y, _mm_shuffle_epi32(y, 0xB1)));
}

/* --- products --- */

/* One sum of scan.h's `dots`. */
static inline float block_dot(const float *w, const float *x, size_t n)
{
    static const int32_t HAVE[32] = {-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1};
    __m256 low = _mm256_setzero_ps(), high = low;
    size_t i = 0;
    for (; n - i >= 16; i += 16) {
        low = _mm256_add_ps(low, _mm256_mul_ps(_mm256_loadu_ps(w + i), _mm256_loadu_ps(x + i)));
        high = _mm256_add_ps(high, _mm256_mul_ps(_mm256_loadu_ps(w + i + 8), _mm256_loadu_ps(x + i + 8)));
    }
    if (i < n) {
        __m256i a = _mm256_loadu_si256((const __m256i *)(HAVE + 16 - (n - i)));
        __m256i b = _mm256_loadu_si256((const __m256i *)(HAVE + 24 - (n - i)));
        low = _mm256_add_ps(low, _mm256_mul_ps(_mm256_maskload_ps(w + i, a), _mm256_maskload_ps(x + i, a)));
        high = _mm256_add_ps(high, _mm256_mul_ps(_mm256_maskload_ps(w + i + 8, b), _mm256_maskload_ps(x + i + 8, b)));
    }
    low = _mm256_add_ps(low, high);
    __m128 four = _mm_add_ps(_mm256_castps256_ps128(low), _mm256_extractf128_ps(low, 1));
    four = _mm_add_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_add_ss(four, _mm_movehdup_ps(four)));
}

/* --- UTF-8 --- */

static inline __m256i twice(const uint8_t table[16])
{
    return _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)table));
}

static inline __m256i utf8_clash(__m256i x, const uint8_t *p)
{
    const __m256i nibble = _mm256_set1_epi8(0x0F);
    __m256i one = _mm256_loadu_si256((const __m256i *)(p - 1));
    __m256i two = _mm256_loadu_si256((const __m256i *)(p - 2));
    __m256i three = _mm256_loadu_si256((const __m256i *)(p - 3));
    __m256i a = _mm256_shuffle_epi8(twice(UTF8_FIRST_HIGH), _mm256_and_si256(_mm256_srli_epi16(one, 4), nibble));
    __m256i b = _mm256_shuffle_epi8(twice(UTF8_FIRST_LOW), _mm256_and_si256(one, nibble));
    __m256i c = _mm256_shuffle_epi8(twice(UTF8_SECOND_HIGH), _mm256_and_si256(_mm256_srli_epi16(x, 4), nibble));
    __m256i third = _mm256_subs_epu8(two, _mm256_set1_epi8((char)(0xE0 - 0x80)));
    __m256i fourth = _mm256_subs_epu8(three, _mm256_set1_epi8((char)(0xF0 - 0x80)));
    __m256i must = _mm256_and_si256(_mm256_or_si256(third, fourth), _mm256_set1_epi8((char)0x80));
    return _mm256_xor_si256(must, _mm256_and_si256(_mm256_and_si256(a, b), c));
}

/* Does any of the 64 bytes at p not fit to those before it? Reads p[-3 .. 64). */
static inline bool block_utf8_clash(block x, const uint8_t *p)
{
    __m256i e = _mm256_or_si256(utf8_clash(x.a, p), utf8_clash(x.b, p + 32));
    return !_mm256_testz_si256(e, e);
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* block_neon: 64 bytes as four NEON registers; what scan_block.h is written in.
 *
 * Sources: bits of comparisons by pairwise sums as in simdjson's arm64 kernels (Langdale, Lemire, VLDB Journal 2019);
 * UTF-8 as utf8_nibbles.h says. */
#ifndef FURUI_SIMD_BLOCK_H
#define FURUI_SIMD_BLOCK_H

#include "worker/simd/base64.h"
#include "worker/simd/keep.h"
#include "worker/simd/scan.h"
#include "worker/simd/utf8_nibbles.h"

#include <arm_neon.h>
#include <stdbool.h>
#include <stdint.h>

#define BLOCK_LEVEL CPU_NEON

typedef uint8x16x4_t block;

enum { BLOCK_PARTS = 4 };

static inline block block_load(const uint8_t *p)
{
    return vld1q_u8_x4(p);
}

static inline void block_store(uint8_t *p, block x)
{
    vst1q_u8_x4(p, x);
}

/* A bit for each byte, of which all bits are set or none. */
static inline uint64_t block_bits(block x)
{
    static const uint8_t BITS[16] = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
    uint8x16_t bits = vld1q_u8(BITS);
    uint8x16_t low = vpaddq_u8(vandq_u8(x.val[0], bits), vandq_u8(x.val[1], bits));
    uint8x16_t high = vpaddq_u8(vandq_u8(x.val[2], bits), vandq_u8(x.val[3], bits));
    low = vpaddq_u8(low, high);
    return vgetq_lane_u64(vreinterpretq_u64_u8(vpaddq_u8(low, low)), 0);
}

/* A bit for each byte whose highest bit is set. */
static inline uint64_t block_high(block x)
{
    for (int i = 0; i < BLOCK_PARTS; i++) x.val[i] = vcltzq_s8(vreinterpretq_s8_u8(x.val[i]));
    return block_bits(x);
}

/* A bit for each byte that is c. */
static inline uint64_t block_eq(block x, uint8_t c)
{
    for (int i = 0; i < BLOCK_PARTS; i++) x.val[i] = vceqq_u8(x.val[i], vdupq_n_u8(c));
    return block_bits(x);
}

/* A bit for each byte that is lo .. hi. */
static inline uint64_t block_range(block x, uint8_t lo, uint8_t hi)
{
    for (int i = 0; i < BLOCK_PARTS; i++)
        x.val[i] = vcleq_u8(vsubq_u8(x.val[i], vdupq_n_u8(lo)), vdupq_n_u8((uint8_t)(hi - lo)));
    return block_bits(x);
}

/* A bit for each byte that is in the set. */
static inline uint64_t block_among(block x, const struct scan_set *set)
{
    static const uint8_t BIT[16] = {1, 2, 4, 8, 16, 32, 64, 128}; /* none for the upper halves of bytes over 127 */
    uint8x16_t low = vld1q_u8(set->low), bit = vld1q_u8(BIT);
    for (int i = 0; i < BLOCK_PARTS; i++)
        x.val[i] =
            vtstq_u8(vqtbl1q_u8(low, vandq_u8(x.val[i], vdupq_n_u8(15))), vqtbl1q_u8(bit, vshrq_n_u8(x.val[i], 4)));
    return block_bits(x);
}

/* Bytes of all bits set where the bits are. */
static inline uint8x16_t bytes_of(uint64_t bits)
{
    static const uint8_t BITS[16] = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
    uint8x16_t both = vcombine_u8(vdup_n_u8((uint8_t)bits), vdup_n_u8((uint8_t)(bits >> 8)));
    return vtstq_u8(both, vld1q_u8(BITS));
}

/* c where the bits are. */
static inline block block_put(block x, uint64_t bits, uint8_t c)
{
    for (int i = 0; i < BLOCK_PARTS; i++) x.val[i] = vbslq_u8(bytes_of(bits >> 16 * i), vdupq_n_u8(c), x.val[i]);
    return x;
}

/* Write the bytes whose bits are set, close together. What stands behind them up to 64 is of no meaning. */
static inline void block_keep(block x, uint64_t bits, uint8_t *out)
{
    for (int i = 0; i < BLOCK_PARTS; i++) {
        for (int half = 0; half < 2; half++, bits >>= 8) {
            uint8x8_t eight = half ? vget_high_u8(x.val[i]) : vget_low_u8(x.val[i]);
            vst1_u8(out, vtbl1_u8(eight, vcreate_u8(KEEP[bits & 0xFF])));
            out += __builtin_popcountll(bits & 0xFF);
        }
    }
}

/* ASCII capitals made small. */
static inline block block_lower(block x)
{
    for (int i = 0; i < BLOCK_PARTS; i++) {
        uint8x16_t upper = vcltq_u8(vsubq_u8(x.val[i], vdupq_n_u8('A')), vdupq_n_u8(26));
        x.val[i] = vorrq_u8(x.val[i], vandq_u8(upper, vdupq_n_u8(0x20)));
    }
    return x;
}

/* --- base64 --- */

/* Decode 64 bytes of base64 to 48, writing 52 (those behind are of no meaning); returns a bit for each byte that is no
 * digit. What stands before the first of them is right, in whole groups. */
static inline uint64_t block_base64(block x, uint8_t *out)
{
    static const uint8_t ORDER[16] = {2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, 0xFF, 0xFF, 0xFF, 0xFF};
    const uint8x16x4_t low = vld1q_u8_x4(BASE64_MEANING), high = vld1q_u8_x4(BASE64_MEANING + 64);
    block foreign;
    for (int i = 0; i < BLOCK_PARTS; i++) {
        /* A look-up past its table gives 0, or leaves what is there. */
        uint8x16_t meaning = vqtbl4q_u8(low, x.val[i]);
        meaning = vqtbx4q_u8(meaning, high, vsubq_u8(x.val[i], vdupq_n_u8(64)));
        foreign.val[i] = vmvnq_u8(vtstq_u8(meaning, vdupq_n_u8(BASE64_DIGIT)));
        /* Four values of 6 bits to 24 bits, the first one's on top. */
        uint32x4_t v = vreinterpretq_u32_u8(vandq_u8(meaning, vdupq_n_u8(63)));
        uint32x4_t group = vorrq_u32(vshlq_n_u32(vandq_u32(v, vdupq_n_u32(63)), 18),
                                     vshlq_n_u32(vandq_u32(v, vdupq_n_u32(63 << 8)), 4));
        group = vorrq_u32(group, vandq_u32(vshrq_n_u32(v, 10), vdupq_n_u32(63 << 6)));
        group = vorrq_u32(group, vshrq_n_u32(v, 24));
        vst1q_u8(out + 12 * i, vqtbl1q_u8(vreinterpretq_u8_u32(group), vld1q_u8(ORDER)));
    }
    return block_bits(foreign);
}

/* --- quoted-printable --- */

/* Values of hex digits; over 15 for what is none. */
static inline uint8x16_t hex_values(uint8x16_t x)
{
    uint8x16_t digit = vsubq_u8(x, vdupq_n_u8('0'));
    uint8x16_t letter = vsubq_u8(vandq_u8(x, vdupq_n_u8(0xDF)), vdupq_n_u8('A'));
    return vbslq_u8(vcltq_u8(digit, vdupq_n_u8(10)), digit, vqaddq_u8(letter, vdupq_n_u8(10)));
}

/* Of three bytes in a row (at p, p + 1, p + 2): where they are '=' and two hex digits, which *hex tells, x becomes the
 * byte that they mean. */
static inline block block_unescape(block x, block second, block third, uint64_t *hex)
{
    block is;
    for (int i = 0; i < BLOCK_PARTS; i++) {
        uint8x16_t high = hex_values(second.val[i]), low = hex_values(third.val[i]);
        uint8x16_t fine = vcleq_u8(vmaxq_u8(high, low), vdupq_n_u8(15));
        is.val[i] = vandq_u8(fine, vceqq_u8(x.val[i], vdupq_n_u8('=')));
        x.val[i] = vbslq_u8(is.val[i], vorrq_u8(vshlq_n_u8(high, 4), low), x.val[i]);
    }
    *hex = block_bits(is);
    return x;
}

/* --- 4-grams --- */

enum { BLOCK_GRAMS = 16 };

/* The first BLOCK_GRAMS hashes of scan.h's `grams`. Reads 19 bytes. */
static inline void block_grams(const uint8_t *p, uint32_t seed, uint32_t *out)
{
    static const uint8_t WINDOWS[16] = {0, 1, 2, 3, 1, 2, 3, 4, 2, 3, 4, 5, 3, 4, 5, 6};
    uint8x16_t windows = vld1q_u8(WINDOWS), first = vld1q_u8(p), last = vld1q_u8(p + 3);
    for (uint8_t i = 0; i < 4; i++) {
        /* The last four lie in bytes 12 to 18: loaded 3 early, so that nothing behind them is read. */
        uint8x16_t at = vaddq_u8(windows, vdupq_n_u8((uint8_t)(i < 3 ? 4 * i : 9)));
        uint32x4_t x = vreinterpretq_u32_u8(vqtbl1q_u8(i < 3 ? first : last, at));
        x = veorq_u32(x, vdupq_n_u32(seed));
        x = veorq_u32(x, vshrq_n_u32(x, 16));
        x = vmulq_u32(x, vdupq_n_u32(0x7FEB352D));
        x = veorq_u32(x, vshrq_n_u32(x, 15));
        x = vmulq_u32(x, vdupq_n_u32(0x846CA68Bu));
        vst1q_u32(out + 4 * i, veorq_u32(x, vshrq_n_u32(x, 16)));
    }
}

/* --- weights --- */

enum { BLOCK_GROUPS = 1 };

struct block_weights {
    int32x4_t joint, view, vote, magnitude;
};

/* Add what a feature weighs (scan.h's `weigh`), whose group begins at `group`, and fetch the one `ahead`. */
static inline void block_weigh(const uint8_t *slots, const uint32_t *hash, const uint32_t *group, const uint32_t *ahead,
                               struct block_weights *sum)
{
    __builtin_prefetch(slots + ahead[0]);
    uint32x4_t x = vreinterpretq_u32_u8(vld1q_u8(slots + group[0]));
    uint32x4_t same = vceqq_u32(vandq_u32(x, vdupq_n_u32(0xFF)), vdupq_n_u32(hash[0] >> 24));
    int32x4_t slot = vreinterpretq_s32_u32(vandq_u32(x, same));
    int32x4_t vote = vshrq_n_s32(slot, 24);
    sum->joint = vaddq_s32(sum->joint, vshrq_n_s32(vshlq_n_s32(slot, 16), 24));
    sum->view = vaddq_s32(sum->view, vshrq_n_s32(vshlq_n_s32(slot, 8), 24));
    sum->vote = vaddq_s32(sum->vote, vote);
    sum->magnitude = vaddq_s32(sum->magnitude, vabsq_s32(vote));
}

static inline int32_t block_sum(int32x4_t x)
{
    return vaddvq_s32(x);
}

/* --- products --- */

static inline void products16(const float *w, const float *x, float32x4_t sum[4])
{
    for (int k = 0; k < 4; k++) sum[k] = vaddq_f32(sum[k], vmulq_f32(vld1q_f32(w + 4 * k), vld1q_f32(x + 4 * k)));
}

/* One sum of scan.h's `dots`. */
static inline float block_dot(const float *w, const float *x, size_t n)
{
    float32x4_t sum[4] = {vdupq_n_f32(0), vdupq_n_f32(0), vdupq_n_f32(0), vdupq_n_f32(0)};
    size_t i = 0;
    for (; n - i >= 16; i += 16) products16(w + i, x + i, sum);
    if (i < n) {
        float last_w[16] = {0}, last_x[16] = {0};
        for (size_t k = 0; k < n - i; k++) last_w[k] = w[i + k], last_x[k] = x[i + k];
        products16(last_w, last_x, sum);
    }
    float32x4_t four = vaddq_f32(vaddq_f32(sum[0], sum[2]), vaddq_f32(sum[1], sum[3]));
    float32x2_t two = vadd_f32(vget_low_f32(four), vget_high_f32(four));
    return vget_lane_f32(two, 0) + vget_lane_f32(two, 1);
}

/* --- UTF-8 --- */

/* Does any of the 64 bytes at p not fit to those before it? Reads p[-3 .. 64). */
static inline bool block_utf8_clash(block x, const uint8_t *p)
{
    const uint8x16_t nibble = vdupq_n_u8(0x0F);
    const uint8x16_t first_high = vld1q_u8(UTF8_FIRST_HIGH), first_low = vld1q_u8(UTF8_FIRST_LOW);
    const uint8x16_t second_high = vld1q_u8(UTF8_SECOND_HIGH);
    block one = block_load(p - 1), two = block_load(p - 2), three = block_load(p - 3);
    uint8x16_t clash = vdupq_n_u8(0);
    for (int i = 0; i < BLOCK_PARTS; i++) {
        uint8x16_t ways = vandq_u8(vqtbl1q_u8(first_high, vshrq_n_u8(one.val[i], 4)),
                                   vqtbl1q_u8(first_low, vandq_u8(one.val[i], nibble)));
        ways = vandq_u8(ways, vqtbl1q_u8(second_high, vshrq_n_u8(x.val[i], 4)));
        uint8x16_t third = vqsubq_u8(two.val[i], vdupq_n_u8(0xE0 - 0x80));
        uint8x16_t fourth = vqsubq_u8(three.val[i], vdupq_n_u8(0xF0 - 0x80));
        uint8x16_t must = vandq_u8(vorrq_u8(third, fourth), vdupq_n_u8(0x80));
        clash = vorrq_u8(clash, veorq_u8(must, ways));
    }
    return vmaxvq_u8(clash) != 0;
}

#endif

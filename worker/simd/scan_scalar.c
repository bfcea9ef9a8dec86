/* SPDX-License-Identifier: Apache-2.0 */
/* scan_scalar: the plain C of each kernel; what the other variants are compared with.
 *
 * Written to be read; where there is no better variant these run, too, and where lines end is memchr's to find. */
#include "proto/base/hash.h"
#include "worker/simd/base64.h"
#include "worker/simd/distinct.h"
#include "worker/simd/pairs.h"
#include "worker/simd/qp.h"
#include "worker/simd/scan.h"

#include <stdlib.h>
#include <string.h>

static size_t dashes(const uint8_t *p, size_t n, uint8_t eol)
{
    size_t at = 0;
    while (n - at >= 2) {
        if (p[at] == '-' && p[at + 1] == '-') return at;
        const uint8_t *end = memchr(p + at, eol, n - at);
        if (!end) break;
        at = (size_t)(end - p) + 1;
    }
    return n;
}

static bool any_high(const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (p[i] & 0x80) return true;
    return false;
}

static void census(const uint8_t *p, size_t n, struct scan_census *out)
{
    *out = (struct scan_census){.nul = n && memchr(p, 0, n), .high = any_high(p, n)};
    bool cr = n && memchr(p, '\r', n);
    for (size_t at = 0; at < n;) {
        const uint8_t *lf = memchr(p + at, '\n', n - at);
        size_t end = lf ? (size_t)(lf - p) : n, next = lf ? end + 1 : n;
        if (end > at && p[end - 1] == '\r') end--;
        if (cr && !out->bare_cr) out->bare_cr = memchr(p + at, '\r', end - at);
        if (end - at > out->longest) out->longest = end - at;
        at = next;
    }
}

static size_t base64(const uint8_t *p, size_t n, uint8_t *out, size_t cap, bool *bad)
{
    return base64_decode(base64_run_scalar, p, n, out, cap, bad);
}

static size_t qp(const uint8_t *p, size_t n, uint8_t *out, size_t cap, bool *bad)
{
    return qp_run(p, n, n, out, cap, bad).out;
}

static size_t utf8(const uint8_t *p, size_t n)
{
    size_t i = 0;
    while (i < n) {
        uint8_t c = p[i];
        if (c < 0x80) {
            i++;
        } else if (c < 0xE0) {
            if (c < 0xC2 || n - i < 2 || (p[i + 1] & 0xC0) != 0x80) return i;
            i += 2;
        } else if (c < 0xF0) {
            if (n - i < 3 || (p[i + 1] & 0xC0) != 0x80 || (p[i + 2] & 0xC0) != 0x80) return i;
            if ((c == 0xE0 && p[i + 1] < 0xA0) || (c == 0xED && p[i + 1] > 0x9F)) return i;
            i += 3;
        } else {
            if (c > 0xF4 || n - i < 4 || (p[i + 1] & 0xC0) != 0x80) return i;
            if ((p[i + 2] & 0xC0) != 0x80 || (p[i + 3] & 0xC0) != 0x80) return i;
            if ((c == 0xF0 && p[i + 1] < 0x90) || (c == 0xF4 && p[i + 1] > 0x8F)) return i;
            i += 4;
        }
    }
    return i;
}

static size_t plain(const uint8_t *p, size_t n)
{
    size_t i = 0; /* never looks past the answer: callers go on behind it, and all of that must stay linear */
    while (i < n && p[i] < 0x80 && p[i] != 0x1B) i++;
    return i;
}

/* Does the white space of more than one byte begin at p? Sorted by first byte. */
static bool wide_white(const uint8_t *p, size_t left)
{
    if (p[0] == 0xC2) return left >= 2 && (p[1] == 0x85 || p[1] == 0xA0); /* U+0085, U+00A0 */
    if (left < 3) return false;
    uint32_t c = (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
    return (c >= 0xE28080 && c <= 0xE2808A)                    /* U+2000..U+200A */
           || c == 0xE280A8 || c == 0xE280A9 || c == 0xE280AF  /* U+2028, U+2029, U+202F */
           || c == 0xE2819F || c == 0xE19A80 || c == 0xE38080; /* U+205F, U+1680, U+3000 */
}

static uint64_t white(const uint8_t *p, size_t n)
{
    enum { OTHER, SPACE, MAYBE }; /* what a byte may begin */
    static const uint8_t KIND[256] = {
        [' '] = SPACE,  ['\t'] = SPACE, ['\n'] = SPACE, ['\v'] = SPACE, ['\f'] = SPACE,
        ['\r'] = SPACE, [0xC2] = MAYBE, [0xE1] = MAYBE, [0xE2] = MAYBE, [0xE3] = MAYBE,
    };
    uint64_t bits = 0, one = 1;
    for (size_t i = 0; i < n && i < 64; i++, one <<= 1) {
        uint8_t kind = KIND[p[i]];
        if (kind == SPACE || (kind == MAYBE && wide_white(p + i, n - i))) bits |= one;
    }
    return bits;
}

static uint64_t among(const uint8_t *p, size_t n, const struct scan_set *set)
{
    uint64_t bits = 0;
    for (size_t i = 0; i < n && i < 64; i++) bits |= (uint64_t)scan_in(set, p[i]) << i;
    return bits;
}

static void among_each(const uint8_t *p, size_t n, const struct scan_set *set, size_t count, uint64_t *out)
{
    for (size_t k = 0; k < count; k++) out[k] = among(p, n, &set[k]);
}

static size_t pick(const uint8_t *p, size_t n, const struct scan_set *set, uint8_t *out)
{
    size_t o = 0;
    for (size_t i = 0; i < n; i++) {
        out[o] = p[i];
        o += p[i] > 127 || scan_in(set, p[i]);
    }
    return o;
}

static size_t samples(const uint8_t *p, size_t n, uint32_t mask, uint32_t *out)
{
    size_t o = 0;
    for (size_t i = 0; i < n; i++) {
        out[o] = scan_window(p + i);
        o += (out[o] & mask) == 0;
    }
    return o;
}

static void lower(const uint8_t *p, size_t n, uint8_t *out)
{
    for (size_t i = 0; i < n; i++) out[i] = ascii_lower(p[i]);
}

static size_t fold(const uint8_t *p, size_t n, uint8_t *out, size_t cap, bool *space)
{
    size_t o = 0;
    for (size_t i = 0; i < n && o < cap; i++) {
        bool white = ascii_space(p[i]);
        if (!white || !*space) out[o++] = white ? ' ' : ascii_lower(p[i]);
        *space = white;
    }
    return o;
}

static size_t words(const uint8_t *p, size_t n, uint8_t *out, size_t cap, unsigned *space, size_t *wrote)
{
    size_t i = 0, o = 0;
    for (; i < n && o < cap && !scan_ends_words(p[i]); i++) {
        bool white = ascii_space(p[i]);
        if (!white || !*space) out[o++] = white ? ' ' : p[i];
        *space = !white ? 0 : (*space ? *space : 1) + (p[i] == '\n');
    }
    *wrote = o;
    return i;
}

static size_t form(const uint8_t *p, size_t n, uint8_t *out, size_t cap)
{
    static const uint8_t FORM[256] = {
        ['a' ... 'z'] = 'a',   ['A' ... 'Z'] = 'A',   ['0' ... '9'] = '9',
        [0x80 ... 0xFF] = 'x', ['\t' ... '\r'] = ' ', [' '] = ' ',
    };
    size_t o = 0;
    uint8_t last = 0;
    for (size_t i = 0; i < n && o < cap; i++) {
        uint8_t made_of = FORM[p[i]];
        out[o] = made_of ? made_of : p[i];
        o += !made_of || made_of != last;
        last = made_of;
    }
    return o;
}

static void tally(const uint8_t *p, size_t n, struct scan_tally *out)
{
    *out = (struct scan_tally){0};
    for (size_t i = 0; i < n; i++) {
        uint8_t c = p[i];
        out->high += c >= 0x80;
        out->upper += c >= 'A' && c <= 'Z';
        out->lower += c >= 'a' && c <= 'z';
        out->digits += c >= '0' && c <= '9';
        out->bangs += c == '!';
        out->dollars += c == '$';
        out->han += c >= 0xE4 && c <= 0xE9;
        out->kana += c == 0xE3;
        out->cyrillic += c == 0xD0 || c == 0xD1;
    }
}

static void grams(const uint8_t *p, size_t n, uint32_t seed, uint32_t *out)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t four = (uint32_t)p[i] | (uint32_t)p[i + 1] << 8 | (uint32_t)p[i + 2] << 16 | (uint32_t)p[i + 3] << 24;
        out[i] = hash_mix32(four ^ seed);
    }
}

static size_t word_hashes(const uint8_t *p, size_t n, uint64_t starts, uint64_t ends, uint32_t seed, uint32_t *hash,
                          uint8_t *length)
{
    size_t words = 0;
    (void)n;
    for (; ends; starts &= starts - 1, ends &= ends - 1) {
        size_t from = (size_t)__builtin_ctzll(starts), bytes = (size_t)__builtin_ctzll(ends) - from;
        uint64_t h = bytes <= SCAN_WORD_MAX ? hash64(span_of(p + from, bytes), seed) : 0;
        hash[words] = (uint32_t)(h ^ h >> 32);
        length[words++] = (uint8_t)bytes;
    }
    return words;
}

static void pairs(const uint32_t *word, size_t n, uint32_t *out)
{
    for (const uint32_t *w = word; w < word + n; w++) {
        pair_hashes pair = pairs_of(w[0], (pair_hashes){w[-1], w[-2]});
        *out++ = w[0];
        memcpy(out, &pair, sizeof pair);
        out += SCAN_PAIRS;
    }
}

static size_t distinct(uint32_t *v, size_t n, struct scan_room *room)
{
    distinct_put(v, 0, n, room);
    distinct_again(v, room, distinct_look(v, 0, n, room, 0));
    return distinct_pack(v, 0, n, room, 0);
}

/* Without a branch, since no CPU can foresee whether and where a feature is known. */
static void weigh_list(const uint8_t *slots, uint32_t group_mask, const struct scan_list *list,
                       struct scan_weights *out)
{
    typedef uint32_t words __attribute__((vector_size(SCAN_GROUP_BYTES)));
    *out = (struct scan_weights){0};
    for (size_t i = 0; i < list->n; i++) {
        uint32_t hash = list->v[i];
        if (i + SCAN_AHEAD < list->n) __builtin_prefetch(scan_group(slots, group_mask, list->v[i + SCAN_AHEAD]));
        words w;
        memcpy(&w, scan_group(slots, group_mask, hash), sizeof w);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
        for (int k = 0; k < 4; k++) w[k] = __builtin_bswap32(w[k]);
#endif
        w &= (words)((w & 0xFF) == hash >> 24);
        uint32_t found = w[0] | w[1] | w[2] | w[3];
        int8_t vote = (int8_t)(found >> 24);
        out->joint += (int8_t)(found >> 8);
        out->view += (int8_t)(found >> 16);
        out->vote += vote;
        out->magnitude += abs(vote);
    }
}

static void weigh(const uint8_t *slots, uint32_t group_mask, const struct scan_list *list, size_t lists,
                  struct scan_weights *out)
{
    for (size_t i = 0; i < lists; i++) weigh_list(slots, group_mask, list + i, out + i);
}

static int cell_of(const int16_t *cell, uint32_t mask, uint32_t h, uint32_t own)
{
    uint32_t x = (h ^ own) * 0x9E3779B1u;
    return __atomic_load_n(cell + ((own ? x ^ x >> 15 : h) & mask), __ATOMIC_RELAXED);
}

static void fetch_cell(const int16_t *cell, uint32_t mask, uint32_t h, uint32_t own)
{
    uint32_t x = (h ^ own) * 0x9E3779B1u;
    __builtin_prefetch(cell + ((own ? x ^ x >> 15 : h) & mask));
}

static int64_t cells(const int16_t *cell, uint32_t mask, const uint32_t *hash, size_t n, uint32_t own)
{
    int64_t sum = 0;
    for (size_t i = 0; i < n && i < SCAN_AHEAD; i++) fetch_cell(cell, mask, hash[i], own);
    for (size_t i = 0; i < n; i++) {
        if (i + SCAN_AHEAD < n) fetch_cell(cell, mask, hash[i + SCAN_AHEAD], own);
        sum += cell_of(cell, mask, hash[i], own);
    }
    return sum;
}

static float dot(const float *w, const float *x, size_t n)
{
    enum { LANES = 16 };
    float lane[LANES] = {0};
    for (size_t i = 0; i < n; i += LANES)
        for (size_t k = 0; k < LANES; k++) lane[k] += i + k < n ? w[i + k] * x[i + k] : 0.0f;
    for (size_t half = LANES / 2; half; half /= 2)
        for (size_t k = 0; k < half; k++) lane[k] += lane[k + half];
    return lane[0];
}

static void dots(const float *w, size_t rows, size_t stride, const float *x, size_t n, float *out)
{
    for (size_t k = 0; k < rows; k++) out[k] = dot(w + k * stride, x, n);
}

const struct scan_ops scan_scalar = {
    .level = CPU_SCALAR,
    .dashes = dashes,
    .census = census,
    .base64 = base64,
    .qp = qp,
    .utf8 = utf8,
    .plain = plain,
    .white = white,
    .among = among,
    .among_each = among_each,
    .pick = pick,
    .samples = samples,
    .lower = lower,
    .fold = fold,
    .words = words,
    .form = form,
    .tally = tally,
    .grams = grams,
    .word_hashes = word_hashes,
    .pairs = pairs,
    .distinct = distinct,
    .weigh = weigh,
    .cells = cells,
    .dots = dots,
};

/* SPDX-License-Identifier: Apache-2.0 */
/* scan: the few loops that touch every byte of a mail, behind one table, so that each instruction set brings its own.
 *
 * scan_scalar.c is the readable truth; any other variant gives the same results to the bit (one program tests each
 * against it). Kernels read only [p, p+n). The table is chosen once at start; before that it is the scalar one. */
#ifndef FURUI_SIMD_SCAN_H
#define FURUI_SIMD_SCAN_H

#include "proto/base/cpu.h"
#include "proto/base/span.h"

#include <endian.h>
#include <string.h>

/* What is remarkable about a block of lines. */
struct scan_census {
    bool nul;       /* a NUL */
    bool bare_cr;   /* a CR that no LF follows; one as the last byte does not count */
    bool high;      /* a byte over 127 */
    size_t longest; /* bytes of the longest line, without its line end */
};

/* Some bytes of ASCII: bit c / 16 of low[c % 16] for each. */
struct scan_set {
    uint8_t low[16];
};

static inline struct scan_set scan_set_of(const char *bytes)
{
    struct scan_set set = {0};
    for (; *bytes; bytes++) set.low[*bytes & 15] |= (uint8_t)(1 << (*bytes >> 4));
    return set;
}

static inline bool scan_in(const struct scan_set *set, uint8_t c)
{
    return c < 0x80 && set->low[c & 15] >> (c >> 4) & 1;
}

/* Does it end the words of `words`? */
static inline bool scan_ends_words(uint8_t c)
{
    return c == 0 || c == '<' || c == '&' || c == 0xC2 || c == 0xCD || c == 0xD8 || c >= 0xE0;
}

/* Bytes of each kind. */
struct scan_tally {
    size_t high, upper, lower, digits, bangs, dollars; /* over 127, A-Z, a-z, 0-9, '!', '$' */
    size_t han, kana, cyrillic;                        /* first bytes of many of these: E4-E9, E3, D0-D1 */
};

struct scan_list {
    const uint32_t *v;
    size_t n;
};

struct scan_weights {
    int32_t joint, view, vote, magnitude;
};

enum { SCAN_GROUP_BYTES = 16, SCAN_AHEAD = 64 /* groups that `weigh` has on their way from memory */ };

enum { SCAN_PAIRS = 2, SCAN_PAIRS_STEP = 16, SCAN_WORD_MAX = 16 };
#define SCAN_DISTANCE 0x9E3779B1u

/* Room for `distinct`; need not be cleared. */
enum { SCAN_DISTINCT_MAX = 1 << 13 };
struct scan_room {
    uint32_t slot[SCAN_DISTINCT_MAX], waiting[SCAN_DISTINCT_MAX + 16]; /* 16 more: vectors are written whole */
    uint8_t first[SCAN_DISTINCT_MAX];                                  /* of its kind? 1, or 0 */
};

#define SCAN_WINDOW UINT64_C(0x9E3779B97F4A7C15)

/* The hash of 8 bytes: the upper half of their product, big-endian. */
static inline uint32_t scan_window(const uint8_t *p)
{
    uint64_t window;
    memcpy(&window, p, sizeof window);
    return (uint32_t)(be64toh(window) * SCAN_WINDOW >> 32);
}

/* The group of slots that a hash belongs into. */
static inline const uint8_t *scan_group(const uint8_t *slots, uint32_t group_mask, uint32_t hash)
{
    return slots + (size_t)(hash & group_mask) * SCAN_GROUP_BYTES;
}

struct scan_ops {
    enum cpu_level level;

    /* Where the first line that begins with "--" starts, or n; p is the start of a line, lines end with `eol`. */
    size_t (*dashes)(const uint8_t *p, size_t n, uint8_t eol);

    /* Lines end with LF. Every field of out is set. */
    void (*census)(const uint8_t *p, size_t n, struct scan_census *out);

    /* Base64 (RFC 2045 6.8) to bytes: returns how many were written to out, at most `cap`, then stops. White space is
     * passed over; foreign bytes are too and set *bad, as do wrong padding and a cut group (what it holds is given).
     * Padding ends the data, but for a line of whole groups behind it (joined pieces); what else follows, as a mailing
     * list's footer, sets *bad and is left. `bad` is only ever set. */
    size_t (*base64)(const uint8_t *p, size_t n, uint8_t *out, size_t cap, bool *bad);

    /* Quoted-printable (RFC 2045 6.7) to bytes, as base64. '=' before a line end, or white space and a line end, joins
     * lines; any other '=' without two hex digits (either case) stays as it is and sets *bad. */
    size_t (*qp)(const uint8_t *p, size_t n, uint8_t *out, size_t cap, bool *bad);

    /* Bytes of the longest prefix that is whole UTF-8 characters (RFC 3629: no surrogates, no overlong forms). */
    size_t (*utf8)(const uint8_t *p, size_t n);

    /* Bytes before the first that is not plain text: over 127, or ESC (which begins a shift to another charset). */
    size_t (*plain)(const uint8_t *p, size_t n);

    /* A bit for each of the first 64 bytes (of n, when there are fewer) that begins white space: Unicode's White_Space
     * (UAX #44) in UTF-8. What is cut at p + n is none. */
    uint64_t (*white)(const uint8_t *p, size_t n);

    /* A bit for each of the first 64 bytes (of n, when there are fewer) that is in the set. */
    uint64_t (*among)(const uint8_t *p, size_t n, const struct scan_set *set);

    /* The same of `count` sets at once. */
    void (*among_each)(const uint8_t *p, size_t n, const struct scan_set *set, size_t count, uint64_t *out);

    /* The bytes that are in the set or over 127, close together; returns how many. `out` has room for n + 64. */
    size_t (*pick)(const uint8_t *p, size_t n, const struct scan_set *set, uint8_t *out);

    /* Hashes (scan_window) of the windows of 8 bytes that begin at p[0] to p[n - 1], those without a bit of `mask`, in
     * order; returns how many. Reads n + 7 bytes; `out` has room for n + 16. */
    size_t (*samples)(const uint8_t *p, size_t n, uint32_t mask, uint32_t *out);

    /* ASCII lower case of p into out (which may be p). */
    void (*lower)(const uint8_t *p, size_t n, uint8_t *out);

    /* The same with each run of ASCII white space as one space, or none when *space (such stands before p; told anew of
     * what stands before p + n). At most `cap` bytes; returns how many. */
    size_t (*fold)(const uint8_t *p, size_t n, uint8_t *out, size_t cap, bool *space);

    /* Words up to the first byte that is '<', '&', NUL or that begins a character which may be more than a letter:
     * white space, nothing to be seen, East Asian (C2, CD, D8, E0 and up). Each run of ASCII white space becomes one
     * space as in `fold`; *space is 0, or where such stands before p, or p + what is read, 1 and how many line ends are
     * in it. Returns bytes read; *wrote of at most `cap` that out has room for, whatever stands there behind them. */
    size_t (*words)(const uint8_t *p, size_t n, uint8_t *out, size_t cap, unsigned *space, size_t *wrote);

    /* Of what a text is made: letters are a or A, digits 9, ASCII white space a space, bytes over 127 x, and a run of
     * these counts once; other ASCII stays as it is. At most `cap` bytes; returns how many. `out` has room for cap + 64. */
    size_t (*form)(const uint8_t *p, size_t n, uint8_t *out, size_t cap);

    void (*tally)(const uint8_t *p, size_t n, struct scan_tally *out);

    /* Hashes of overlapping byte 4-grams: out[i] = hash_mix32(p[i..i+4) little endian ^ seed) for i < n. Reads n + 3
     * bytes. */
    void (*grams)(const uint8_t *p, size_t n, uint32_t seed, uint32_t *out);

    /* Hashes of words of a block of n <= 64 bytes: the k-th begins at the k-th bit of `starts`, has 1 byte or more, and
     * ends before the k-th bit of `ends`; these may be fewer. length[k] are its bytes, and hash[k] is hash64 of them, the
     * halves one xor the other; of words over SCAN_WORD_MAX bytes it is of no meaning. Returns how many; hash and length
     * have room for 64. */
    size_t (*word_hashes)(const uint8_t *p, size_t n, uint64_t starts, uint64_t ends, uint32_t seed, uint32_t *hash,
                          uint8_t *length);

    /* Hashes of n words and of their pairs, out[n][1 + SCAN_PAIRS]: word[i], then for each of the SCAN_PAIRS words before
     * it, the nearest first, hash_mix32(word[i] + hash_mix32(that one ^ its distance * SCAN_DISTANCE)). Reads
     * word[-SCAN_PAIRS] to word[n - 1] and, whatever stands there, to the next SCAN_PAIRS_STEP words; out has room for
     * those of as many more. */
    void (*pairs)(const uint32_t *word, size_t n, uint32_t *out);

    /* Leave the first of each value in v[n], in order, and return how many; a 0 becomes 1. n <= SCAN_DISTINCT_MAX.
     * (What finds no room in ten rounds is left out, too: see distinct.c.) */
    size_t (*distinct)(uint32_t *v, size_t n, struct scan_room *room);

    /* What lists of hashes weigh by a table of score/table.h, out[lists]: of each hash's group of 4 slots (16 bytes,
     * little endian) that with its check byte; no two of a group have the same one and a weight. Sums of the slots' bytes
     * 1, 2 and 3, signed, and of the last one's magnitudes. All lists together have less than 2^23 hashes. */
    void (*weigh)(const uint8_t *slots, uint32_t group_mask, const struct scan_list *list, size_t lists,
                  struct scan_weights *out);

    /* Sum of n cells of 16 bits: of cell[h & mask] for each hash h, which with `own` (not 0) is mixed before: x = (h ^ own)
     * * 0x9E3779B1, h = x ^ x >> 15. Another process may write cells meanwhile; each is read whole. cell[-1] is there to
     * be read. mask < 2^30. */
    int64_t (*cells)(const int16_t *cell, uint32_t mask, const uint32_t *hash, size_t n, uint32_t own);

    /* Sums of products: out[k] = w[k * stride .. + n) . x[0 .. n) for k < rows. Lane i of 16 adds products i, i + 16, ...
     * (zeros where the last ones are missing); then lane i meets i + 8, i + 4, i + 2, i + 1: the same bits everywhere. */
    void (*dots)(const float *w, size_t rows, size_t stride, const float *x, size_t n, float *out);
};

extern const struct scan_ops scan_scalar;
#if defined(__x86_64__)
extern const struct scan_ops scan_avx2, scan_avx512;
#elif defined(__aarch64__)
extern const struct scan_ops scan_neon;
#endif

/* The chosen table. Written by scan_init alone, before threads. */
extern const struct scan_ops *scan;

/* The variants of this build, best first; NULL behind the last. This CPU may lack some. */
const struct scan_ops *scan_variant(size_t i);

/* Where bytes of one kind are, 64 bytes at a time, for whoever goes from one to the next. */
struct scan_marks {
    uint64_t bits; /* of the bytes from `at` */
    size_t at;
};

static const struct scan_marks SCAN_NO_MARKS = {.at = SIZE_MAX / 2}; /* far from all */

/* The first byte of the set at i or behind it, or s.n. i never goes back, nor do s and set change. */
static inline size_t scan_next(struct scan_marks *m, const struct scan_set *set, span s, size_t i)
{
    enum { STEP = 64 };
    for (;;) {
        if (i - m->at < STEP) {
            uint64_t bits = m->bits >> (i - m->at);
            if (bits) return i + (size_t)__builtin_ctzll(bits);
            i = m->at + STEP;
        }
        if (i >= s.n) return s.n;
        *m = (struct scan_marks){scan->among(s.p + i, s.n - i, set), i};
    }
}

/* Choose: the best variant that this build and CPU have, or the one that FURUI_SIMD names. NULL when fine, else a
 * sentence why the forced level cannot be had (static). cpu_level_name(scan->level) is the name for people. */
const char *scan_init(void);

#endif

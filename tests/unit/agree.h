/* SPDX-License-Identifier: Apache-2.0 */
/* agree: each kernel of one variant beside the scalar one, on any bytes. test_scan and fuzz_scan ask it. */
#ifndef FURUI_TESTS_AGREE_H
#define FURUI_TESTS_AGREE_H

#include "worker/simd/scan.h"

enum { AGREE_MOST = 8192 };

/* What a kernel has to leave alone: all from `cap` on. */
static uint8_t agree_out[AGREE_MOST], agree_want[AGREE_MOST];

static void agree_begin(void)
{
    memset(agree_out, 0xEE, sizeof agree_out);
}

static bool agree_end(size_t made, size_t wanted, size_t cap)
{
    if (made != wanted || made > cap || memcmp(agree_out, agree_want, made) != 0) return false;
    for (size_t i = cap; i < sizeof agree_out && i < cap + 128; i++)
        if (agree_out[i] != 0xEE) return false;
    return true;
}

static bool agree_codec(size_t (*run)(const uint8_t *, size_t, uint8_t *, size_t, bool *),
                        size_t (*scalar)(const uint8_t *, size_t, uint8_t *, size_t, bool *), const uint8_t *p,
                        size_t n, size_t cap)
{
    bool bad = false, wrong = false;
    agree_begin();
    size_t made = run(p, n, agree_out, cap, &bad);
    return agree_end(made, scalar(p, n, agree_want, cap, &wrong), cap) && bad == wrong;
}

static bool agree_fold(const struct scan_ops *ops, const uint8_t *p, size_t n, size_t cap, bool space)
{
    bool got = space, right = space;
    agree_begin();
    size_t made = ops->fold(p, n, agree_out, cap, &got);
    return agree_end(made, scan_scalar.fold(p, n, agree_want, cap, &right), cap) && (made == cap || got == right);
}

static bool agree_words(const struct scan_ops *ops, const uint8_t *p, size_t n, size_t cap, bool space)
{
    unsigned got = space, right = space;
    size_t wrote, wanted;
    agree_begin();
    size_t read = ops->words(p, n, agree_out, cap, &got, &wrote);
    if (read != scan_scalar.words(p, n, agree_want, cap, &right, &wanted)) return false;
    return agree_end(wrote, wanted, cap) && got == right;
}

static bool agree_form(const struct scan_ops *ops, const uint8_t *p, size_t n, size_t cap)
{
    static uint8_t got[AGREE_MOST + 64], right[AGREE_MOST + 64];
    size_t made = ops->form(p, n, got, cap);
    return made == scan_scalar.form(p, n, right, cap) && memcmp(got, right, made) == 0;
}

static bool agree_lower(const struct scan_ops *ops, const uint8_t *p, size_t n)
{
    agree_begin();
    ops->lower(p, n, agree_out);
    scan_scalar.lower(p, n, agree_want);
    if (!agree_end(n, n, n)) return false;
    if (n) memcpy(agree_out, p, n);
    ops->lower(agree_out, n, agree_out); /* in place, too */
    return memcmp(agree_out, agree_want, n) == 0;
}

static bool agree_census(const struct scan_ops *ops, const uint8_t *p, size_t n)
{
    struct scan_census got, right;
    ops->census(p, n, &got);
    scan_scalar.census(p, n, &right);
    return got.nul == right.nul && got.bare_cr == right.bare_cr && got.high == right.high &&
           got.longest == right.longest;
}

static bool agree_tally(const struct scan_ops *ops, const uint8_t *p, size_t n)
{
    struct scan_tally got, right;
    ops->tally(p, n, &got);
    scan_scalar.tally(p, n, &right);
    return memcmp(&got, &right, sizeof got) == 0;
}

static bool agree_among_each(const struct scan_ops *ops, const uint8_t *p, size_t n, unsigned dice)
{
    struct scan_set sets[3];
    uint64_t got[3], right[3];
    memset(sets, (int)(dice & 0xFF), sizeof sets);
    sets[1] = scan_set_of("aeiou \n");
    ops->among_each(p, n, sets, 3, got);
    scan_scalar.among_each(p, n, sets, 3, right);
    return memcmp(got, right, sizeof got) == 0;
}

static bool agree_grams(const struct scan_ops *ops, const uint8_t *p, size_t n, uint32_t seed)
{
    static uint32_t got[AGREE_MOST], right[AGREE_MOST];
    size_t count = n < 4 ? 0 : n - 3;
    ops->grams(p, count, seed, got);
    scan_scalar.grams(p, count, seed, right);
    return memcmp(got, right, count * sizeof *got) == 0;
}

/* Of a block, cut into words by the bytes of one half of the alphabet, or by what `dice` stands for. */
static bool agree_word_hashes(const struct scan_ops *ops, const uint8_t *p, size_t n, unsigned dice)
{
    struct scan_set set;
    uint32_t got[64], right[64];
    uint8_t length[64], want[64];
    if (n > 63) n = 63; /* ends are behind words */
    memset(&set, dice & 8 ? 0x55 : 0xF0, sizeof set);
    uint64_t all = (UINT64_C(1) << n) - 1, runs = scan_scalar.among(p, n, &set);
    if (dice & 4) runs = all & ~((dice * UINT64_C(0x9E3779B97F4A7C15)) & (dice * UINT64_C(0xC2B2AE3D27D4EB4F)));
    uint64_t starts = runs & ~(runs << 1), ends = runs << 1 & ~runs;
    if (dice & 2 && ends) ends &= ~(UINT64_C(1) << (63 - __builtin_clzll(ends))); /* the last one is cut */
    size_t words = ops->word_hashes(p, n, starts, ends, dice, got, length);
    if (words != scan_scalar.word_hashes(p, n, starts, ends, dice, right, want)) return false;
    if (memcmp(length, want, words) != 0) return false;
    for (size_t i = 0; i < words; i++)
        if (length[i] <= SCAN_WORD_MAX && got[i] != right[i]) return false;
    return true;
}

/* Words of the input as hashes: somebody who writes a mail can choose them. */
static bool agree_hashes(const struct scan_ops *ops, const uint8_t *p, size_t n)
{
    static uint32_t word[AGREE_MOST / 4 + SCAN_PAIRS + SCAN_PAIRS_STEP];
    static uint32_t got[(1 + SCAN_PAIRS) * (AGREE_MOST / 4 + SCAN_PAIRS_STEP)], right[sizeof got / 4];
    static struct scan_room room;
    size_t words = n / 4;
    if (words) memcpy(word + SCAN_PAIRS, p, words * 4);
    ops->pairs(word + SCAN_PAIRS, words, got);
    scan_scalar.pairs(word + SCAN_PAIRS, words, right);
    if (memcmp(got, right, (1 + SCAN_PAIRS) * words * 4) != 0) return false;
    memcpy(got, word, sizeof word);
    memcpy(right, word, sizeof word);
    size_t left = ops->distinct(got, words, &room);
    return left == scan_scalar.distinct(right, words, &room) && memcmp(got, right, left * 4) == 0;
}

/* The first kernel that says something else than its scalar twin, by name; NULL when all agree. n and cap are at most
 * AGREE_MOST; `dice` decides what else there is to choose. */
static const char *agree(const struct scan_ops *ops, const uint8_t *p, size_t n, size_t cap, unsigned dice)
{
    bool space = dice & 1;
    uint8_t eol = dice & 2 ? '\n' : '\r';
    if (ops->dashes(p, n, eol) != scan_scalar.dashes(p, n, eol)) return "dashes";
    if (!agree_census(ops, p, n)) return "census";
    if (!agree_codec(ops->base64, scan_scalar.base64, p, n, cap)) return "base64";
    if (!agree_codec(ops->qp, scan_scalar.qp, p, n, cap)) return "qp";
    if (ops->utf8(p, n) != scan_scalar.utf8(p, n)) return "utf8";
    if (ops->plain(p, n) != scan_scalar.plain(p, n)) return "plain";
    if (ops->white(p, n) != scan_scalar.white(p, n)) return "white";
    struct scan_set set = scan_set_of(dice & 4 ? "<>&=\"'" : dice & 8 ? ".:/@" : "\n\r\t !-");
    if (dice & 16) set.low[0] |= 1; /* NUL */
    if (ops->among(p, n, &set) != scan_scalar.among(p, n, &set)) return "among";
    if (!agree_among_each(ops, p, n, dice)) return "among_each";
    if (!agree_lower(ops, p, n)) return "lower";
    if (!agree_fold(ops, p, n, cap, space)) return "fold";
    if (!agree_words(ops, p, n, cap, space)) return "words";
    if (!agree_form(ops, p, n, cap)) return "form";
    if (!agree_tally(ops, p, n)) return "tally";
    if (!agree_grams(ops, p, n, dice)) return "grams";
    if (!agree_word_hashes(ops, p, n, dice)) return "word_hashes";
    return agree_hashes(ops, p, n) ? NULL : "pairs or distinct";
}

#endif

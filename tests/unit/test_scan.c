/* SPDX-License-Identifier: Apache-2.0 */
/* test_scan: the kernels.
 *
 * Known answers for each variant of this build, then noise against loops written here the slow way, flush against an
 * unreadable page on either side, and each variant against the scalar one. A variant that this CPU cannot run is
 * printed as skipped. `furui bench kernels` times them. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

#include "proto/base/hash.h"
#include "tests/unit/agree.h"
#include "worker/simd/scan.h"

static const struct scan_ops *ops;

#define COUNT(table) (sizeof(table) / sizeof *(table))

/* --- known answers ------------------------------------------------------------------------------------------------ */

static const struct {
    const char *in, *want;
    bool bad;
} BASE64[] =
    {
        /* RFC 4648 section 10 */
        {"", "", false},
        {"Zg==", "f", false},
        {"Zm8=", "fo", false},
        {"Zm9v", "foo", false},
        {"Zm9vYg==", "foob", false},
        {"Zm9vYmE=", "fooba", false},
        {"Zm9vYmFy", "foobar", false},
        {"Zm9v\r\nYmFy\r\n", "foobar", false},
        {" Z m 9\tv ", "foo", false},
        {"Zg==Zg==", "ff", false}, /* joined pieces */
        {"Zm9*v", "foo", true},
        {"Zm9vYg", "foob", true},
        {"Zm9vY", "foo", true},
        {"Zg=", "f", true},
        {"Zg=Zg==", "ff", true},
        {"====", "", true},
        {"Zm9vYg==\nZm9v\n\n", "foobfoo", false},
        {"Zm9vYg==\nSent from here\n", "foob", true},
        {"Zm9vYg==\n_____\nZm9v", "foob", true},
        {"Zg==  \r\n\r\n", "f", false},
        {"Zm9v=", "foo", true},
},
  QP[] = {
      {"", "", false},          {"plain", "plain", false},   {"=41=4a=4A", "AJJ", false}, {"a=\nb", "ab", false},
      {"a=\r\nb", "ab", false}, {"a= \t\r\nb", "ab", false}, {"a=", "a", false},          {"a= ", "a", false},
      {"a=\rb", "ab", false},   {"a=zb", "a=zb", true},      {"a=4", "a=4", true},        {"a=4z", "a=4z", true},
      {"100%=", "100%", false}, {"==41", "=A", true},
};

static void test_decoders(void **state)
{
    (void)state;
    for (int which = 0; which < 2; which++) {
        for (size_t i = 0; i < (which ? COUNT(QP) : COUNT(BASE64)); i++) {
            const char *in = which ? QP[i].in : BASE64[i].in, *want = which ? QP[i].want : BASE64[i].want;
            for (size_t cap = 0; cap < 64; cap++) {
                uint8_t out[64];
                memset(out, 0xEE, sizeof out);
                bool bad = false;
                size_t n = (which ? ops->qp : ops->base64)((const uint8_t *)in, strlen(in), out, cap, &bad);
                size_t all = strlen(want);
                assert_int_equal(n, all < cap ? all : cap);
                if (n) assert_memory_equal(out, want, n);
                if (n < sizeof out) assert_int_equal(out[n], 0xEE);
                if (cap > all) assert_int_equal(bad, which ? QP[i].bad : BASE64[i].bad);
            }
        }
    }
}

static void test_utf8(void **state)
{
    (void)state;
    static const struct {
        const char *in;
        size_t valid;
    } CASES[] = {
        {"", 0},
        {"plain text of more than eight bytes", 35},
        {"\xC2\x80", 2},
        {"\xDF\xBF", 2},
        {"\xE0\xA0\x80\xEF\xBF\xBF", 6},
        {"\xF0\x90\x80\x80\xF4\x8F\xBF\xBF", 8},
        {"a\x80", 1},
        {"a\xC1\xBF", 1},         /* overlong */
        {"a\xE0\x9F\xBF", 1},     /* overlong */
        {"a\xF0\x8F\xBF\xBF", 1}, /* overlong */
        {"a\xED\xA0\x80", 1},     /* a surrogate */
        {"a\xF4\x90\x80\x80", 1}, /* past U+10FFFF */
        {"a\xF5", 1},
        {"a\xFF", 1},
        {"a\xC2", 1},
        {"a\xE3\x81", 1},
        {"a\xF0\x9F\x98", 1},
        {"12345678\xE3\x81\x82 12345678\xE3", 20},
    };
    for (size_t i = 0; i < COUNT(CASES); i++)
        if (ops->utf8((const uint8_t *)CASES[i].in, strlen(CASES[i].in)) != CASES[i].valid) fail_msg("case %zu", i);
}

static void test_lines(void **state)
{
    (void)state;
    static const struct {
        const char *in;
        char eol;
        size_t at;
    } DASHES[] = {
        {"", '\n', 0},       {"-", '\n', 1},        {"--", '\n', 0},        {"a--\n", '\n', 4},
        {"a\n--b", '\n', 2}, {"a\r\n--b", '\n', 3}, {"a\n-b\n--", '\n', 5}, {"a\r--b", '\n', 5},
        {"a\r--b", '\r', 2}, {"\n\n--", '\n', 2},   {"a\n-", '\n', 3},      {"a\n", '\n', 2},
    };
    for (size_t i = 0; i < COUNT(DASHES); i++)
        if (ops->dashes((const uint8_t *)DASHES[i].in, strlen(DASHES[i].in), (uint8_t)DASHES[i].eol) != DASHES[i].at)
            fail_msg("case %zu", i);

    struct scan_census c;
    ops->census((const uint8_t *)"one\r\nthree\nx\r", 13, &c);
    assert_true(c.longest == 5 && !c.bare_cr && !c.nul && !c.high);
    ops->census((const uint8_t *)"a\rb\0\xC3", 5, &c);
    assert_true(c.longest == 5 && c.bare_cr && c.nul && c.high);
    ops->census((const uint8_t *)"a\r\r\n", 4, &c);
    assert_true(c.bare_cr);
    ops->census(NULL, 0, &c);
    assert_true(c.longest == 0 && !c.bare_cr && !c.nul && !c.high);
}

/* --- noise, against the slow way ---------------------------------------------------------------------------------- */

/* UAX #44, PropList.txt, White_Space. */
static const char *const WHITE[] = {
    "\t",     "\n",     "\v",     "\f",     "\r",     " ",      "\xC2\x85", "\u00A0", "\u1680",
    "\u2000", "\u2001", "\u2002", "\u2003", "\u2004", "\u2005", "\u2006",   "\u2007", "\u2008",
    "\u2009", "\u200A", "\u2028", "\u2029", "\u202F", "\u205F", "\u3000",
};

static size_t slow_dashes(const uint8_t *p, size_t n, uint8_t eol)
{
    for (size_t i = 0; i + 1 < n; i++)
        if (p[i] == '-' && p[i + 1] == '-' && (i == 0 || p[i - 1] == eol)) return i;
    return n;
}

static size_t slow_plain(const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (p[i] == 0x1B || p[i] > 127) return i;
    return n;
}

static uint64_t slow_white(const uint8_t *p, size_t n)
{
    uint64_t bits = 0;
    for (size_t i = 0; i < n && i < 64; i++)
        for (size_t k = 0; k < COUNT(WHITE); k++)
            if (strlen(WHITE[k]) <= n - i && memcmp(p + i, WHITE[k], strlen(WHITE[k])) == 0) bits |= UINT64_C(1) << i;
    return bits;
}

static bool slow_bare_cr(const uint8_t *p, size_t n)
{
    for (size_t i = 0; i + 1 < n; i++)
        if (p[i] == '\r' && p[i + 1] != '\n') return true;
    return false;
}

static size_t slow_fold(const uint8_t *p, size_t n, uint8_t *out, bool space)
{
    size_t o = 0;
    for (size_t i = 0; i < n; i++) {
        bool white = p[i] && strchr(" \t\n\v\f\r", p[i]);
        if (white && (i ? o && out[o - 1] == ' ' : space)) continue;
        if (white && space && !o) continue;
        out[o++] = white ? ' ' : ascii_lower(p[i]);
    }
    return o;
}

/* A decoder for lines of whole base64 only: digits, no padding. */
static size_t slow_base64(const uint8_t *p, size_t n, uint8_t *out)
{
    static const char DIGITS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uint32_t bits = 0;
    size_t have = 0, o = 0;
    for (size_t i = 0; i < n; i++) {
        const char *digit = strchr(DIGITS, p[i]);
        if (!p[i] || !digit) continue;
        bits = bits << 6 | (uint32_t)(digit - DIGITS);
        if (++have % 4) continue;
        for (int k = 16; k >= 0; k -= 8) out[o++] = (uint8_t)(bits >> k);
    }
    return o;
}

static void test_noise(void **state)
{
    (void)state;
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    uint8_t *pages = mmap(NULL, 3 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(pages, MAP_FAILED);
    assert_int_equal(mprotect(pages + page, page, PROT_READ | PROT_WRITE), 0);
    static const char LIKELY[] = "--\n\r\x1B=A4z+/ \0<&\xE3\x81\x82";
    static const char SPACES[] = " \xC2\x85\xA0\xE1\x9A\x80\xE2\x8A\x8B\x81\x9F\xA7\xA8\xA9\xAF\xE3\x80\x80";
    static const char DIGITS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    unsigned seed = 1;
    for (int round = 0; round < 20000; round++) {
        size_t n = (size_t)rand_r(&seed) % 200;
        uint8_t *p = round & 1 ? pages + page : pages + 2 * page - n; /* flush with either end */
        int kind = rand_r(&seed) % 4;
        for (size_t i = 0; i < n; i++) {
            int r = rand_r(&seed) >> 4;
            p[i] = (uint8_t)(kind == 0   ? r
                             : kind == 1 ? LIKELY[(size_t)r % (sizeof LIKELY - 1)]
                             : kind == 2 ? SPACES[(size_t)r % (sizeof SPACES - 1)]
                                         : 'a' + r % 26);
        }
        assert_int_equal(ops->dashes(p, n, '\n'), slow_dashes(p, n, '\n'));
        assert_int_equal(ops->plain(p, n), slow_plain(p, n));
        assert_true(ops->white(p, n) == slow_white(p, n));
        struct scan_set set;
        for (size_t i = 0; i < sizeof set.low; i++) set.low[i] = (uint8_t)(rand_r(&seed) >> 8 & rand_r(&seed) >> 9);
        uint64_t bits = 0;
        for (size_t i = 0; i < n && i < 64; i++)
            bits |= (uint64_t)(p[i] < 0x80 && set.low[p[i] % 16] & 1 << p[i] / 16) << i;
        assert_true(ops->among(p, n, &set) == bits);
        const struct scan_set two[] = {scan_set_of("a b"), set};
        uint64_t of[2];
        ops->among_each(p, n, two, 2, of);
        assert_true(of[0] == ops->among(p, n, &two[0]) && of[1] == bits);
        uint8_t picked[200 + 64];
        size_t left = 0, got = ops->pick(p, n, &set, picked);
        for (size_t i = 0; i < n; i++)
            if (p[i] > 127 || set.low[p[i] % 16] & 1 << p[i] / 16) assert_int_equal(picked[left++], p[i]);
        assert_int_equal(got, left);
        uint32_t sample[200 + 16], mask = (uint32_t)rand_r(&seed) & (uint32_t)rand_r(&seed) & (uint32_t)rand_r(&seed);
        size_t windows = n < 8 ? 0 : n - 7;
        got = ops->samples(p, windows, mask, sample);
        left = 0;
        for (size_t i = 0; i < windows; i++) {
            uint64_t window = 0;
            for (size_t k = 0; k < 8; k++) window = window << 8 | p[i + k];
            uint32_t hash = (uint32_t)(window * UINT64_C(0x9E3779B97F4A7C15) >> 32);
            if (!(hash & mask)) assert_int_equal(sample[left++], hash);
        }
        assert_int_equal(got, left);
        struct scan_census c;
        ops->census(p, n, &c);
        assert_int_equal(c.bare_cr, slow_bare_cr(p, n));
        assert_int_equal(c.nul, memchr(p, 0, n) != NULL);
        uint8_t low[200], out[200], want[200];
        ops->lower(p, n, low);
        for (size_t i = 0; i < n; i++) assert_int_equal(low[i], ascii_lower(p[i]));
        bool space = round & 2;
        size_t folded = slow_fold(p, n, want, space);
        assert_int_equal(ops->fold(p, n, out, sizeof out, &space), folded);
        assert_memory_equal(out, want, folded);
        unsigned begun = round & 2, feeds = begun;
        size_t stop = 0, wrote;
        while (stop < n && p[stop] && !strchr("<&\xC2\xCD\xD8", p[stop]) && p[stop] < 0xE0) stop++;
        assert_int_equal(ops->words(p, n, out, sizeof out, &begun, &wrote), stop);
        for (size_t i = 0; i < stop; i++) feeds = !ascii_space(p[i]) ? 0 : (feeds ? feeds : 1) + (p[i] == '\n');
        assert_int_equal(begun, feeds);
        folded = slow_fold(p, stop, want, round & 2);
        assert_int_equal(wrote, folded);
        for (size_t i = 0; i < wrote; i++) assert_int_equal(ascii_lower(out[i]), want[i]);
        bool bad = false;
        assert_true(ops->base64(p, n, out, sizeof out, &bad) <= n);
        assert_true(ops->qp(p, n, out, sizeof out, &bad) <= n);
        assert_true(ops->utf8(p, n) <= n);

        n = n / 4 * 4;
        for (size_t i = 0; i < n; i++) p[i] = (uint8_t)DIGITS[rand_r(&seed) % 64];
        size_t wanted = slow_base64(p, n, want);
        bad = false;
        assert_int_equal(ops->base64(p, n, out, sizeof out, &bad), wanted);
        assert_memory_equal(out, want, wanted);
        assert_false(bad);
    }
    munmap(pages, 3 * page);
}

/* --- each variant against the scalar one -------------------------------------------------------------------------- */

/* Pieces that mail is made of, whole and broken. */
static const char *const PIECES[] = {
    "plain words and more of them ",
    "   \t\r\n  ",
    "<b>",
    "&amp;",
    "--",
    "\n--",
    "\r\n",
    "\n",
    "\r",
    "=",
    "=\n",
    "= \t\r\n",
    "=E3=81=82",
    "=3D",
    "=e3",
    "=zz",
    "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9wcXJzdHV2d3h5ejAxMjM0NTY3\r\n",
    "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9wcXJzdHV2d3h5ejAxMjM0NTY3ODkr",
    "Zg==",
    "*",
    "\x1B$B",
    "\xE3\x81\x82",
    "\xE3\x80\x80",
    "\xC2\xA0",
    "\xE2\x80\xA8",
    "\xE2\x80",
    "\xE3\x81",
    "\xC3\xA9",
    "\xD0\xBF\xD1\x80 \xD0\xB8  \xD0\xB2\xD0\xB5",
    "\xCD\x8F",
    "\xF0\x9F\x98\x80",
    "\xF0\x9F",
    "\xFF",
    "\xED\xA0\x80",
    "\xC0\x80",
    "\xF4\x90\x80\x80",
    "\x80",
    "UPPER",
    "ABCDEFGHIJKLMNOPQRSTUVWXYZ[@`{",
    "0123456789012345678901234567890123456789012345678901234567890123456789",
};

static size_t compose(uint8_t *p, size_t most, unsigned *seed)
{
    size_t n = 0, sorts = 1 + (size_t)rand_r(seed) % 4, sort[4];
    for (size_t i = 0; i < sorts; i++) sort[i] = (size_t)rand_r(seed) % COUNT(PIECES);
    for (;;) {
        /* Mostly a few sorts of pieces, so that long clean runs occur, and now and then another. */
        size_t which = rand_r(seed) % 16 ? sort[(size_t)rand_r(seed) % sorts] : (size_t)rand_r(seed) % COUNT(PIECES);
        size_t length = strlen(PIECES[which]);
        if (n + length > most) return n;
        memcpy(p + n, PIECES[which], length);
        n += length;
        if (rand_r(seed) % 64 == 0 && n < most) p[n++] = 0;
    }
}

static void test_same(void **state)
{
    (void)state;
    enum { MOST = 700 };
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    uint8_t *pages = mmap(NULL, 3 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(pages, MAP_FAILED);
    assert_int_equal(mprotect(pages + page, page, PROT_READ | PROT_WRITE), 0);
    static uint8_t whole[MOST];
    unsigned seed = 2;
    for (int round = 0; round < 20000; round++) {
        size_t n = compose(whole, 1 + (size_t)rand_r(&seed) % MOST, &seed), from = n ? (size_t)rand_r(&seed) % n : 0;
        uint8_t *p = round & 1 ? pages + page : pages + 2 * page - n;
        memcpy(p, whole, n);
        if (!(round & 2)) from = 0;
        size_t cap = round & 4 ? MOST : (size_t)rand_r(&seed) % MOST;
        const char *kernel = agree(ops, p + from, n - from, cap, (unsigned)rand_r(&seed));
        if (kernel) fail_msg("%s: round %d", kernel, round);
    }
    munmap(pages, 3 * page);
}

static void test_pairs(void **state)
{
    (void)state;
    enum { MOST = 50 };
    uint32_t word[SCAN_PAIRS + MOST + SCAN_PAIRS_STEP] = {0}, out[(MOST + SCAN_PAIRS_STEP) * (1 + SCAN_PAIRS)];
    unsigned seed = 6;
    for (size_t n = 0; n <= MOST; n++) {
        for (size_t i = 0; i < SCAN_PAIRS + n; i++) word[i] = (uint32_t)rand_r(&seed) * 5;
        ops->pairs(word + SCAN_PAIRS, n, out);
        const uint32_t *got = out;
        for (const uint32_t *w = word + SCAN_PAIRS; w < word + SCAN_PAIRS + n; w++) {
            assert_int_equal(*got++, *w);
            for (uint32_t d = 1; d <= SCAN_PAIRS; d++)
                assert_int_equal(*got++, hash_mix32(*w + hash_mix32(w[-(int)d] ^ d * SCAN_DISTANCE)));
        }
    }
}

/* Words of each length at each place, three in a block. */
static void test_word_hashes(void **state)
{
    (void)state;
    unsigned seed = 7;
    for (size_t n = 1; n <= SCAN_WORD_MAX; n++)
        for (size_t at = 0; at + 3 * n < 62; at++) {
            uint8_t block[64], length[64];
            uint32_t hash[64], own = (uint32_t)rand_r(&seed) * 5;
            for (size_t i = 0; i < sizeof block; i++) block[i] = (uint8_t)(rand_r(&seed) >> 5);
            uint64_t starts = 0, ends = 0;
            for (size_t k = 0; k < 3; k++)
                starts |= UINT64_C(1) << (at + k * n), ends |= UINT64_C(1) << (at + k * n + n);
            size_t bytes = at + 3 * n + 1;
            assert_int_equal(ops->word_hashes(block, bytes, starts, ends, own, hash, length), 3);
            for (size_t k = 0; k < 3; k++) {
                uint64_t h = hash64(span_of(block + at + k * n, n), own);
                assert_int_equal(length[k], n);
                assert_int_equal(hash[k], (uint32_t)(h ^ h >> 32));
            }
        }
}

/* Values of several kinds: few of them, many, such as begin alike and so are in each other's way, and zeros. */
static uint32_t some_value(int kind, unsigned *seed)
{
    uint32_t x = (uint32_t)rand_r(seed);
    switch (kind) {
    case 0: return x % 7;
    case 1: return x % 3000 * 2654435761u;
    case 2: return x % 50000;                             /* one slot in the first round */
    case 3: return (x % 64 << 19 | x % 61) * 0x144CBC89u; /* few in the first two */
    default: return x * 2u + (uint32_t)rand_r(seed);
    }
}

static const uint32_t *compared;

static int by_value_and_place(const void *x, const void *y)
{
    uint32_t i = *(const uint32_t *)x, j = *(const uint32_t *)y;
    if (compared[i] != compared[j]) return compared[i] < compared[j] ? -1 : 1;
    return i < j ? -1 : 1;
}

static size_t distinct_slowly(uint32_t *v, size_t n)
{
    static uint32_t order[SCAN_DISTINCT_MAX];
    static bool repeated[SCAN_DISTINCT_MAX];
    size_t left = 0;
    for (size_t i = 0; i < n; i++) {
        if (v[i] == 0) v[i] = 1;
        order[i] = (uint32_t)i;
    }
    compared = v;
    qsort(order, n, sizeof *order, by_value_and_place);
    for (size_t i = 0; i < n; i++) repeated[order[i]] = i > 0 && v[order[i]] == v[order[i - 1]];
    for (size_t i = 0; i < n; i++)
        if (!repeated[i]) v[left++] = v[i];
    return left;
}

static void test_distinct(void **state)
{
    (void)state;
    static uint32_t got[SCAN_DISTINCT_MAX], want[SCAN_DISTINCT_MAX];
    static struct scan_room room;
    unsigned seed = 4;
    memset(&room, 0x5A, sizeof room);
    for (int round = 0; round < 1500; round++) {
        size_t n = (size_t)rand_r(&seed) % (round % 50 ? 400 : SCAN_DISTINCT_MAX + 1);
        if (round == 0) n = SCAN_DISTINCT_MAX;
        for (size_t i = 0; i < n; i++) got[i] = want[i] = some_value(round % 5, &seed);
        size_t left = distinct_slowly(want, n);
        assert_int_equal(ops->distinct(got, n, &room), left);
        assert_memory_equal(got, want, left * sizeof *got);
    }
}

/* A table full of what looks alike: few check bytes, slots without a weight, weights at both ends. */
static void test_weigh(void **state)
{
    (void)state;
    enum { GROUPS = 64, MOST = 300 };
    static uint8_t slots[GROUPS * SCAN_GROUP_BYTES];
    static const uint8_t WEIGHTS[] = {0, 0, 0, 1, 127, 128, 255, 77};
    uint32_t hash[MOST];
    unsigned seed = 3;
    for (int round = 0; round < 3000; round++) {
        for (size_t i = 0; i < sizeof slots; i++) slots[i] = i % 4 ? WEIGHTS[rand_r(&seed) % 8] : (uint8_t)(i / 4 % 4);
        size_t n = (size_t)rand_r(&seed) % MOST;
        for (size_t i = 0; i < n; i++) hash[i] = (uint32_t)rand_r(&seed) % 5 << 24 | (uint32_t)rand_r(&seed) % 0xFFFFFF;
        struct scan_weights got, want = {0};
        size_t cut = n ? (size_t)rand_r(&seed) % n : 0;
        const struct scan_list list[] = {{hash, cut}, {hash + cut, n - cut}, {hash + n, 0}};
        struct scan_weights of[3];
        ops->weigh(slots, GROUPS - 1, list, 3, of);
        got = of[2];
        for (size_t i = 0; i < 2; i++) {
            got.joint += of[i].joint;
            got.view += of[i].view;
            got.vote += of[i].vote;
            got.magnitude += of[i].magnitude;
        }
        for (size_t i = 0; i < n; i++) {
            const uint8_t *slot = slots + hash[i] % GROUPS * SCAN_GROUP_BYTES, *end = slot + SCAN_GROUP_BYTES;
            while (slot < end && slot[0] != hash[i] >> 24) slot += 4;
            if (slot == end) continue;
            want.joint += (int8_t)slot[1];
            want.view += (int8_t)slot[2];
            want.vote += (int8_t)slot[3];
            want.magnitude += abs((int8_t)slot[3]);
        }
        assert_memory_equal(&got, &want, sizeof got);
    }
}

/* Cells that end at an unreadable page; and so many of the least ones that their sum takes more than 32 bits. */
static void test_cells(void **state)
{
    (void)state;
    enum { CELLS = 1024, MOST = 100, MANY = 1 << 20 };
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    uint8_t *pages = mmap(NULL, 3 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_int_equal(mprotect(pages, 2 * page, PROT_READ | PROT_WRITE), 0);
    int16_t *cell = (int16_t *)(pages + 2 * page) - CELLS;
    uint32_t hash[MOST], *many = calloc(MANY, sizeof *many);
    unsigned seed = 3;
    for (int i = -1; i < CELLS; i++)
        cell[i] = (int16_t)(rand_r(&seed) % 3 ? rand_r(&seed) : i % 2 ? INT16_MIN : INT16_MAX);
    for (int round = 0; round < 3000; round++) {
        uint32_t own = round % 2 ? (uint32_t)rand_r(&seed) | 1 : 0;
        size_t n = (size_t)rand_r(&seed) % MOST;
        int64_t want = 0;
        for (size_t i = 0; i < n; i++) {
            hash[i] = (uint32_t)rand_r(&seed) * 3u;
            uint32_t mixed = (hash[i] ^ own) * 0x9E3779B1u;
            want += cell[(own ? mixed ^ mixed >> 15 : hash[i]) % CELLS];
        }
        assert_true(ops->cells(cell, CELLS - 1, hash, n, own) == want);
    }
    cell[0] = INT16_MIN;
    assert_true(ops->cells(cell, 0, many, MANY, 0) == (int64_t)MANY * INT16_MIN);
    free(many);
    munmap(pages, 3 * page);
}

/* Rows flush against an unreadable page, whatever their length; the order of sums is what the bits tell. */
static void test_dots(void **state)
{
    (void)state;
    enum { ROWS = 5, MOST = 70 };
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    uint8_t *pages = mmap(NULL, 4 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(pages, MAP_FAILED);
    assert_int_equal(mprotect(pages, page, PROT_READ | PROT_WRITE), 0);
    assert_int_equal(mprotect(pages + 2 * page, page, PROT_READ | PROT_WRITE), 0);
    unsigned seed = 4;
    for (size_t n = 0; n <= MOST; n++) {
        for (int round = 0; round < 50; round++) {
            size_t stride = n + (size_t)round % 3, floats = (ROWS - 1) * stride + n;
            float *w = (float *)(void *)(pages + page) - floats, *x = (float *)(void *)(pages + 3 * page) - n;
            for (size_t i = 0; i < floats + n; i++) {
                float v = (float)(rand_r(&seed) % 2000 - 1000) * (round % 2 ? 1e-3f : 1e30f);
                (i < floats ? w : x - floats)[i] = rand_r(&seed) % 8 ? v : v < 0 ? -0.0f : 0.0f;
            }
            float got[ROWS], right[ROWS];
            ops->dots(w, ROWS, stride, x, n, got);
            scan_scalar.dots(w, ROWS, stride, x, n, right);
            assert_memory_equal(got, right, sizeof got);
        }
    }
    /* The order that scan.h tells: any other loses the 1. */
    float one[32] = {0}, w[32];
    for (size_t i = 0; i < 32; i++) w[i] = 1;
    one[0] = 1e9f, one[16] = -1e9f, one[8] = 1;
    float sum;
    ops->dots(w, 1, 0, one, 32, &sum);
    assert_true(sum == 1);
    munmap(pages, 4 * page);
}

/* --- choosing ----------------------------------------------------------------------------------------------------- */

static void test_choice(void **state)
{
    (void)state;
    static const struct {
        const char *forced;
        bool fine;
    } CASES[] = {{"scalar", true}, {"", true}, {"sse9", false}};
    for (size_t i = 0; i < COUNT(CASES); i++) {
        setenv("FURUI_SIMD", CASES[i].forced, 1);
        assert_int_equal(scan_init() == NULL, CASES[i].fine);
    }
    setenv("FURUI_SIMD", "scalar", 1);
    assert_null(scan_init());
    assert_ptr_equal(scan, &scan_scalar);
    /* Every level that is not among the variants is refused, never replaced. */
    for (enum cpu_level level = CPU_SCALAR; level < CPU_LEVELS; level++) {
        bool built = false;
        for (size_t i = 0; scan_variant(i); i++) built |= scan_variant(i)->level == level;
        setenv("FURUI_SIMD", cpu_level_name(level), 1);
        assert_int_equal(scan_init() == NULL, built && cpu_has(level));
    }
    unsetenv("FURUI_SIMD");
    assert_null(scan_init());
}

int main(void)
{
    const struct CMUnitTest kernels[] = {
        cmocka_unit_test(test_decoders),    cmocka_unit_test(test_utf8),     cmocka_unit_test(test_lines),
        cmocka_unit_test(test_noise),       cmocka_unit_test(test_same),     cmocka_unit_test(test_pairs),
        cmocka_unit_test(test_word_hashes), cmocka_unit_test(test_distinct), cmocka_unit_test(test_weigh),
        cmocka_unit_test(test_dots),        cmocka_unit_test(test_cells),
    };
    int failed = 0;
    for (size_t i = 0; (ops = scan_variant(i)); i++) {
        if (!cpu_has(ops->level)) {
            printf("ok - kernels of %s # SKIP this CPU does not have it\n", cpu_level_name(ops->level));
            continue;
        }
        printf("kernels: %s\n", cpu_level_name(ops->level));
        failed += cmocka_run_group_tests(kernels, NULL, NULL);
    }
    const struct CMUnitTest rest[] = {cmocka_unit_test(test_choice)};
    return failed + cmocka_run_group_tests(rest, NULL, NULL);
}

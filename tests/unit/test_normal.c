/* SPDX-License-Identifier: Apache-2.0 */
/* test_normal: the same words are the same bytes, repairs are counted, languages keep what they need, and doing it
 * twice is doing it once, for every character of Unicode. Expected values follow normal.h and UTS #39. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

#include "proto/base/utf8.h"
#include "worker/text/charset.h"
#include "worker/text/confusable.h"
#include "worker/text/normal.h"
#include "worker/text/odd.h"

/* Counts in the order of struct normal_count: zero_width, bidi, styled, confusables, marks, wide (east_asian is not
 * looked at). */
static const struct {
    const char *in, *want;
    uint32_t count[6];
} CASES[] = {
    {"", "", {0}},
    {"plain lower case", "plain lower case", {0}},
    {"Buy NOW\nand SAVE", "buy now\nand save", {0}},
    {"ESC \x1b[0m Stays", "esc \x1b[0m stays", {0}},
    /* NFKC and case folding */
    {u8"ＦＲＥＥ　１２", "free 12", {0, 0, 0, 0, 0, 6}},
    {u8"ｶﾞｲﾄﾞ ﾊﾟｿｺﾝ", u8"ガイド パソコン", {0}},
    {u8"①㈱㌔", u8"1(株)キロ", {0}},
    {u8"STRASSE Straße", "strasse strasse", {0}},
    {u8"ΣΟΦΟΣ σοφός", u8"σοφοσ σοφόσ", {0}},
    {u8"İstanbul ISTANBUL", "istanbul istanbul", {0}},
    {u8"e\u0301 e\u0323\u0302 한", u8"é ệ 한", {0}},
    {u8"\u1112\u1161\u11ab", u8"한", {0}},
    {u8"don’t don´t don't", "don't don't don't", {0}},
    {u8"Furui™ ¨", u8"furui™ ¨", {0}},
    /* letters in disguise */
    {u8"𝐅𝐫𝐞𝐞 𝓂𝑜𝓃𝑒𝓎", "free money", {0, 0, 9}},
    {u8"Ⓕⓡⓔⓔ ⒡", "free (f)", {0, 0, 5}},
    {u8"ᴘᴀʏᴘᴀʟ", "paypal", {0, 0, 6}},
    {u8"🅵🆁🅴🅴 🅕🅡🅔🅔 ❶❿", "free free 110", {0, 0, 10}},
    {u8"🇫 🇷🇷🇪 🇯🇵", u8"f 🇷🇷e 🇯🇵", {0, 0, 2}},
    /* invisible characters: tricks */
    {u8"via\u200bgra", "viagra", {1}},
    {u8"v\u2060i\u200ca\ufeffg\u200dr\u180ea", "viagra", {5}},
    {u8"v\u00adi\u00adagra", "viagra", {2}},
    {u8"pay\u034f\ufe0fpal", "paypal", {2}},
    {u8"p\U000E0041ay", "pay", {1}},
    {u8"重\u200b要", u8"重要", {1}},
    {u8"a\u2800b\u3164c", "a b c", {0}},
    /* ... and what has its reasons */
    {u8"\ufeffstart", "start", {0}},
    {u8"one \u200b two\u200b", "one  two", {0}},
    {u8"Donau\u00addampf\u00adschiff", "donaudampfschiff", {0}},
    {u8"می\u200cخواهم", u8"می\u200cخواهم", {0}},
    {u8"क\u094d\u200dष", u8"क\u094d\u200dष", {0}},
    {u8"👩\u200d👧 ❤\ufe0f 1\ufe0f\u20e3", u8"👩\u200d👧 ❤ 1", {0}},
    {u8"สวัสดี\u200bครับ", u8"สวัสดีครับ", {0}},
    {u8"葛\U000E0100城", u8"葛城", {0}},
    /* direction */
    {u8"abc\u202efdp.exe\u202c", "abcfdp.exe", {0, 1}},
    {u8"\u202ahello\u202c \u2068you\u2069", "hello you", {0, 2}},
    {u8"\u202bשלום\u202c", u8"שלום", {0}},
    /* marks */
    {u8"h\u0300\u0301\u0302\u0303\u0304e\u0327\u0328\u0329\u032a\u0300y", "hey", {0, 0, 0, 0, 10}},
    {u8"f\u0336r\u0336e\u0336e\u0336", "free", {0, 0, 0, 0, 4}},
    {u8"nghiệp tiếng", u8"nghiệp tiếng", {0}},
    {u8"ẹ\u0301 į\u0303", u8"ẹ\u0301 į\u0303", {0}},
    {u8"שָׁלוֹם", u8"ש\u05b8\u05c1לו\u05b9ם", {0}},
    {u8"مُحَمَّد", u8"مُحَم\u064e\u0651د", {0}},
    {u8"น้ำใจ", u8"น\u0e49\u0e4dาใจ", {0}},
    {u8"ก็็็็็", u8"ก็", {0, 0, 0, 0, 4}},
    /* confusables, in words that mix scripts and only there */
    {u8"pаypаl", "paypal", {0, 0, 0, 2}}, /* Cyrillic a */
    {u8"РАYPAL АMAZОN", "paypal amazon", {0, 0, 0, 4}},
    {u8"miсrоsоft gοοgle", "microsoft google", {0, 0, 0, 5}},
    {u8"Ꮲaypal аpplе1", "paypal apple1", {0, 0, 0, 3}},
    {u8"кupить бeсплaтнo", u8"кupить бесплатно", {0, 0, 0, 3}}, /* u and i have no twin: left alone */
    {u8"п0купка д3ло", u8"покупка дзло", {0, 0, 0, 2}},
    {u8"Привет, мир! сор", u8"привет, мир! сор", {0}},
    {u8"Καλημέρα κόσμε", u8"καλημέρα κόσμε", {0}},
    {u8"10μm Δt Tシャツ IT-отдел", u8"10μm δt tシャツ it-отдел", {0}},
    {u8"аёpty", u8"aëpty", {0, 0, 0, 2}},
};

static struct arena arena;

static void cases_come_out_as_documented(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        arena_reset(&arena);
        struct normal_count n = {0};
        span got = normal_text(span_cstr(CASES[i].in), &arena, &n);
        if (!span_eq(got, span_cstr(CASES[i].want)))
            fail_msg("'%s': got '%.*s', want '%s'", CASES[i].in, SPAN_ARG(got), CASES[i].want);
        const uint32_t *count = &n.zero_width;
        for (size_t k = 0; k < 6; k++)
            if (count[k] != CASES[i].count[k])
                fail_msg("'%s': count %zu is %u, want %u", CASES[i].in, k, count[k], CASES[i].count[k]);
    }
}

/* Normalise twice; what comes out the second time. */
static void check_twice(span in)
{
    arena_reset(&arena);
    struct normal_count n = {0};
    span once = normal_text(in, &arena, &n), twice = normal_text(once, &arena, &n);
    if (!utf8_valid(once)) fail_msg("'%.*s': '%.*s' is not UTF-8", SPAN_ARG(in), SPAN_ARG(once));
    if (!span_eq(once, twice)) fail_msg("'%.*s': '%.*s', then '%.*s'", SPAN_ARG(in), SPAN_ARG(once), SPAN_ARG(twice));
    assert_true(once.n <= NORMAL_GROWTH * in.n + NORMAL_SLACK);
}

static void twice_is_once_for_every_character(void **state)
{
    (void)state;
    static const char *const AROUND[][2] = {
        {"", ""},
        {"a", "b"},
        {"i\u0307", "\u0301\u0323"},
        {u8"бa", u8"cк"},
        {u8"か", u8"\u3099"},
        {u8"가", u8"\u11a8"},
        {u8"क\u200d", u8"\u200dष"},
    };
    for (uint32_t c = 0; c < 0x110000; c++) {
        if (c >= 0xD800 && c < 0xE000) continue;
        for (size_t k = 0; k < sizeof AROUND / sizeof *AROUND; k++) {
            uint8_t text[64];
            size_t n = strlen(AROUND[k][0]);
            memcpy(text, AROUND[k][0], n);
            n += utf8_put(c, text + n);
            size_t tail = strlen(AROUND[k][1]);
            memcpy(text + n, AROUND[k][1], tail);
            check_twice(span_of(text, n + tail));
        }
    }
}

static void words_of_random_pieces_too(void **state)
{
    (void)state;
    static const char *const PIECES[] = {
        "a",      "i",      "B",      "0",      "3",          " ",      "\n",     "-",      u8"а",    u8"е",
        u8"ж",    u8"ο",    u8"Ꮲ",    u8"é",    u8"й",        u8"ї",    "\u0301", "\u0307", "\u0308", "\u0323",
        "\u0336", "\u3099", "\u200b", "\u200c", "\u200d",     "\u00ad", "\u202e", "\ufe0f", u8"か",   u8"ｶ",
        u8"ﾞ",    u8"가",   "\u1100", "\u1161", "\u11a8",     u8"क",    "\u094d", "\u0e47", "\u09c7", "\u09be",
        u8"س",    "\u064b", u8"ש",    "\u05b8", "\U0001F1EB", u8"👩",    u8"ﷺ",    u8"Ａ",   u8"𝐀",    u8"ᴀ",
        u8"①",    "\u2800", u8"’",    "\u20e3", u8"ß",        u8"ẞ",    "\u0345",
    };
    uint32_t seed = 1;
    for (size_t i = 0; i < 200000; i++) {
        uint8_t text[128];
        size_t n = 0;
        for (size_t k = 0; k < 12; k++) {
            seed = seed * 1664525 + 1013904223;
            const char *piece = PIECES[(seed >> 8) % (sizeof PIECES / sizeof *PIECES)];
            memcpy(text + n, piece, strlen(piece));
            n += strlen(piece);
        }
        check_twice(span_of(text, n));
    }
}

/* Long runs of what expands, stacks or mixes: bounded, and no longer than the arena. */
static void hostile_runs_are_bounded(void **state)
{
    (void)state;
    static const char *const RUNS[] = {u8"ﷺ",    "\u0301", "\u0301\u0323", u8"а",    u8"аa",
                                       "\u200b", u8"ᾂ",    "\U0001F1EB",   "\u0e47", "\u09be"};
    static uint8_t text[1 << 18];
    for (size_t i = 0; i < sizeof RUNS / sizeof *RUNS; i++) {
        size_t n = 0, step = strlen(RUNS[i]);
        for (; n + step <= sizeof text; n += step) memcpy(text + n, RUNS[i], step);
        check_twice(span_of(text, n));
        struct arena small;
        assert_int_equal(arena_open(&small, 4096), ERR_OK);
        struct normal_count count = {0};
        span got = normal_text(span_of(text, n), &small, &count);
        assert_true(utf8_valid(got) && got.n <= 4096);
        arena_close(&small);
    }
}

/* Past the limit of work what costs some is left out, or a word left as it is; what costs nothing has no limit. */
static void much_work_is_cut_short(void **state)
{
    (void)state;
    enum { TIMES = 3 * NORMAL_WORK_MAX };
    static const struct {
        const char *again;
        bool cut;
    } TEXTS[] = {{"\xEF\xAC\x81", true}, {"\xD0\xB0z ", true},    {"e\xCC\x81", true},
                 {"\xE2\x80\x8B", true}, {"\xE6\xBC\xA2", false}, {"Az ", false}};
    static const span BEHIND = SPAN(" behind");
    static uint8_t text[TIMES * 4 + 8];
    for (size_t i = 0; i < sizeof TEXTS / sizeof *TEXTS; i++) {
        struct arena a;
        struct normal_count n = {0};
        size_t each = strlen(TEXTS[i].again);
        for (size_t k = 0; k < TIMES; k++) memcpy(text + k * each, TEXTS[i].again, each);
        assert_int_equal(arena_open(&a, 1 << 20), ERR_OK);
        memcpy(text + TIMES * each, BEHIND.p, BEHIND.n);
        span out = normal_text(span_of(text, TIMES * each + BEHIND.n), &a, &n);
        if (TEXTS[i].again[0] == '\xE2') assert_true(span_eq(span_from(out, out.n - BEHIND.n), BEHIND));
        if ((out.n < TIMES) != TEXTS[i].cut) fail_msg("%s: %zu bytes", TEXTS[i].again, out.n);
        for (span rest = out; rest.n; rest = span_from(rest, utf8_len(rest))) assert_true(utf8_len(rest) > 0);
        arena_close(&a);
    }
}

/* NORMAL_WORD_MAX, NORMAL_SIGNS_MAX, NORMAL_MARKS_MAX: at the limit, and one more. */
static void words_and_marks_end_somewhere(void **state)
{
    (void)state;
    static const struct {
        const char *head, *again[2]; /* in turn */
        int times;
        const char *want; /* what the result begins with */
        size_t bytes;     /* of it */
    } TEXTS[] = {
        {u8"\u0430", {"x", "y"}, NORMAL_WORD_MAX - 2, "ax", NORMAL_WORD_MAX - 1},
        {u8"\u0430", {"x", "y"}, NORMAL_WORD_MAX - 1, u8"\u0430x", NORMAL_WORD_MAX + 1},
        {u8"क", {u8"\u0941", u8"\u0942"}, NORMAL_SIGNS_MAX, u8"कु", 3 + 3 * NORMAL_SIGNS_MAX},
        {u8"क", {u8"\u0941", u8"\u0942"}, NORMAL_SIGNS_MAX + 1, u8"कु", 3 + 3 * NORMAL_SIGNS_MAX},
    };
    for (size_t i = 0; i < sizeof TEXTS / sizeof *TEXTS; i++) {
        char text[512];
        int n = snprintf(text, sizeof text, "%s", TEXTS[i].head);
        for (int k = 0; k < TEXTS[i].times; k++)
            n += snprintf(text + n, sizeof text - (size_t)n, "%s", TEXTS[i].again[k % 2]);
        struct normal_count count = {0};
        arena_reset(&arena);
        span out = normal_text(span_of(text, (size_t)n), &arena, &count), want = span_cstr(TEXTS[i].want);
        if (out.n != TEXTS[i].bytes || !span_eq(span_head(out, want.n), want))
            fail_msg("%zu: %zu bytes: %.*s", i, out.n, SPAN_ARG(out));
    }
    /* Points of Hebrew, which are no accents, each of another class. */
    static const char *const POINTS[] = {u8"\u05B0", u8"\u05B4", u8"\u05B7", u8"\u05B9",
                                         u8"\u05BB", u8"\u05BC", u8"\u05BD"};
    for (size_t most = NORMAL_MARKS_MAX; most <= NORMAL_MARKS_MAX + 1; most++) {
        char text[64] = u8"ה";
        for (size_t k = 0; k < most; k++) strcat(text, POINTS[k]);
        struct normal_count count = {0};
        arena_reset(&arena);
        span out = normal_text(span_cstr(text), &arena, &count);
        assert_int_equal(out.n, most > NORMAL_MARKS_MAX ? 2 : 2 + 2 * most);
        assert_int_equal(count.marks, most > NORMAL_MARKS_MAX ? most : 0);
    }
}

static void lower_case_ascii_is_lent(void **state)
{
    (void)state;
    arena_reset(&arena);
    struct normal_count n = {0};
    span in = SPAN("nothing to do here");
    assert_ptr_equal(normal_text(in, &arena, &n).p, in.p);
    assert_int_equal(arena.used, 0);
}

static void bits_say_what_is_evidence(void **state)
{
    (void)state;
    static const struct {
        struct normal_count n;
        uint64_t odd;
    } BITS[] = {
        {{.zero_width = 1}, ODD(ZERO_WIDTH)},
        {{.bidi = 1}, ODD(BIDI)},
        {{.confusables = 1}, ODD(CONFUSABLE)},
        {{.styled = 3}, 0},
        {{.styled = 4}, ODD(STYLED)},
        {{.wide = 9}, ODD(STYLED)},
        {{.wide = 9, .east_asian = 20}, 0},
        {{.marks = 3}, 0},
        {{.marks = 4}, ODD(MARKS)},
    };
    for (size_t i = 0; i < sizeof BITS / sizeof *BITS; i++) assert_int_equal(normal_odd(&BITS[i].n), BITS[i].odd);
}

static void what_looks_alike_has_one_skeleton(void **state)
{
    (void)state;
    static const char *const PAIRS[][2] = {
        {"paypal.example", u8"рауpal.example"},
        {"google", u8"ɡοοgle"},
        {"rnicrosoft", "microsoft"},
        {"apple", u8"аррlе"},
        {u8"é", "e\u0301"},
        {u8"ӓ", u8"ä"},
    };
    for (size_t i = 0; i < sizeof PAIRS / sizeof *PAIRS; i++) {
        uint8_t a[64], b[64];
        size_t n = confusable_skeleton(span_cstr(PAIRS[i][0]), a, sizeof a);
        size_t m = confusable_skeleton(span_cstr(PAIRS[i][1]), b, sizeof b);
        if (!span_eq(span_of(a, n), span_of(b, m)))
            fail_msg("%s: %.*s, %s: %.*s", PAIRS[i][0], (int)n, a, PAIRS[i][1], (int)m, b);
    }
    uint8_t out[8];
    assert_int_equal(confusable_skeleton(SPAN("mmmmmmm"), out, 7), 7); /* "rn" each, cut */
    assert_int_equal(confusable_skeleton(SPAN(""), out, 0), 0);
    assert_int_equal(confusable_skeleton(SPAN(u8"篩篩"), out, 5), 3);
}

static int start(void **state)
{
    (void)state;
    return arena_open(&arena, 4 << 20);
}

static int stop(void **state)
{
    (void)state;
    arena_close(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cases_come_out_as_documented),      cmocka_unit_test(twice_is_once_for_every_character),
        cmocka_unit_test(words_of_random_pieces_too),        cmocka_unit_test(hostile_runs_are_bounded),
        cmocka_unit_test(words_and_marks_end_somewhere),     cmocka_unit_test(much_work_is_cut_short),
        cmocka_unit_test(lower_case_ascii_is_lent),          cmocka_unit_test(bits_say_what_is_evidence),
        cmocka_unit_test(what_looks_alike_has_one_skeleton),
    };
    return cmocka_run_group_tests_name("normal", tests, start, stop);
}

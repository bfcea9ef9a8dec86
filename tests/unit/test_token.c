/* SPDX-License-Identifier: Apache-2.0 */
/* test_token: each script is cut as docs/scoring.md says, in order, and nothing reaches past the end.
 *
 * Texts are folded first, as mail_read does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "worker/text/normal.h"
#include "worker/text/script.h"
#include "worker/token/gram.h"
#include "worker/token/token.h"

static struct arena arena;

/* Words in order of first occurrence, by spaces; pairs are left out. */
static const struct {
    const char *text, *words;
} CUTS[] = {
    {"", ""},
    {"Buy NOW, it's only $9.95!!", "buy now it's only $9.95 !!"},
    {"a-b c--d mail@example.org. x_", "a-b c d mail@example.org x"},
    {"1,000 +81-3-1234-5678 50% off???????", "1 000 81-3-1234-5678 50 % off ???? ???"},
    /* words between spaces, whatever the alphabet */
    {u8"Größe naïve ŽLUŤOUČKÝ", u8"grösse naïve žluťoučký"},
    {u8"Привет, мир! Що-небудь", u8"привет мир ! що-небудь"},
    {u8"Καλημέρα κόσμε", u8"καλημέρα κόσμε"},
    {u8"Բարեւ გამარჯობა", u8"բարեւ გამარჯობა"},
    {u8"שלום, עולם", u8"שלום עולם"},
    {u8"مرحبا، بالعالم می‌خواهم", u8"مرحبا بالعالم می‌خواهم"},
    {u8"नमस्ते दुनिया।", u8"नमस्ते दुनिया"},
    {u8"வணக்கம் ሰላም", u8"வணக்கம் ሰላም"},
    {u8"don’t “quote” l’été", "don't quote l'été"},
    /* Japanese and Chinese */
    {u8"会議室", u8"会 会議 議 議室 室"},
    {u8"茶", u8"茶"},
    {u8"メール", u8"メール メー ール"},
    {u8"カギ ﾒｰﾙ", u8"カギ メール メー ール"},
    {u8"あいう", u8"あい あいう いう"},
    {u8"すごーい", u8"すご すごー ごー ごーい ーい"},
    {u8"【重要】お客様のＡＢＣカード、１，０００円", u8"重 重要 要 お 客 客様 様 の abc カード カー ード 1 000 円"},
    {u8"クレジット・カ", u8"クレジット クレ レジ ジッ ット カ"},
    {u8"人々 东京大学", u8"人 人々 々 东 东京 京 京大 大 大学 学"},
    {u8"𠮷野", u8"𠮷 𠮷野 野"},
    /* Korean: words and their syllables */
    {u8"무료 대출상담", u8"무료 대출상담 대출 출상 상담"},
    /* no spaces, marks stay with their letter */
    {u8"ธนาคาร", u8"ธน นา าค คา าร"},
    {u8"ที่นี่", u8"ที่นี่"},
    {u8"ສະບາຍດີ", u8"ສະ ະບ ບາ າຍ ຍດີ"},
    {u8"ជំរាប", u8"ជំរា រាប"},
    /* symbols are words, a row of them one */
    {u8"★★★★★★ ★ ━━━━━━━━", u8"★★★ ★ ━━━"},
    {u8"Win 💰💰 👩‍👧👍🏽❤️🇯🇵🇫🇷 now",
     u8"win 💰💰 👩‍👧 👍🏽 ❤ 🇯🇵 🇫🇷 now"},
    {u8"£9.99 €5 10€ ¥100", u8"£9.99 €5 10 € ¥100"},
    {u8"x≤y ©2024", u8"x ≤ y © 2024"},
    {u8"🇯", "j"},
};

static void words_are_cut_as_documented(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof CUTS / sizeof *CUTS; i++) {
        arena_reset(&arena);
        struct normal_count count = {0};
        struct bag b;
        struct token_stream t;
        uint8_t got[512];
        size_t n = 0;
        span text = normal_text(span_cstr(CUTS[i].text), &arena, &count);
        bag_open(&b, &arena, bag_room(&arena), 100, true);
        token_begin(&t, &b, "t", TOKEN_PROSE, 100);
        token_text(&t, text);
        bag_settle(&b);
        for (size_t k = 0; k < b.n; k++) {
            span word = b.names[k].first;
            if (b.names[k].second.n) continue;
            if (n) got[n++] = ' ';
            memcpy(got + n, word.p, word.n);
            n += word.n;
        }
        if (!span_eq(span_of(got, n), span_cstr(CUTS[i].words)))
            fail_msg("'%s': '%.*s', not '%s'", CUTS[i].text, (int)n, got, CUTS[i].words);
    }
}

static void what_is_no_utf8_is_letters(void **state)
{
    (void)state;
    arena_reset(&arena);
    struct bag b;
    struct token_stream t;
    bag_open(&b, &arena, bag_room(&arena), 100, true);
    token_begin(&t, &b, "t", TOKEN_SYNTAX, 100);
    token_text(&t, SPAN("a\xff\xfe\xe3\x81: B"));
    bag_settle(&b);
    assert_int_equal(b.n, 6); /* three words, the pairs of each with those before it */
    assert_true(span_eq(b.names[0].first, SPAN("a\xff\xfe\xe3\x81")));
}

/* Named or not, in whatever numbers they come: none twice, in order, and of too many the first ones. */
static void a_bag_keeps_the_first(void **state)
{
    (void)state;
    enum { CAP = 3000, MANY = 4000 };
    static const uint8_t text[MANY + 3];
    for (int named = 0; named < 2; named++)
        for (size_t step = 1; step < 900; step += 449) {
            arena_reset(&arena);
            struct bag b;
            bag_open(&b, &arena, bag_room(&arena), CAP, named);
            for (uint32_t i = 0; i < MANY; i++)
                for (uint32_t back = 0; back < 3 * step && back <= i; back += (uint32_t)step)
                    bag_add(&b, hash_mix32(i + 1 - back), SPAN("f"), span_of(text, i - back), SPAN_NONE, 0);
            bag_settle(&b);
            assert_int_equal(b.n, CAP);
            for (uint32_t i = 0; i < CAP; i++) assert_int_equal(b.v[i], hash_mix32(i + 1));
            for (uint32_t i = 0; named && i < CAP; i++) assert_int_equal(b.names[i].first.n, i);
            assert_false(bag_reserve(&b, 1));
        }
}

/* The 4-grams of a text longer than what is looked at in one go. */
static void grams_are_named_by_where_they_stand(void **state)
{
    (void)state;
    static uint8_t text[2500];
    for (size_t i = 0; i < sizeof text; i++) text[i] = (uint8_t)(hash_mix32((uint32_t)i) % 5);
    arena_reset(&arena);
    struct bag plain, named;
    bag_open(&plain, &arena, bag_room(&arena), sizeof text, false);
    gram_add(&plain, span_of(text, sizeof text), 7, SPAN("g"));
    bag_settle(&plain);
    bag_open(&named, &arena, bag_room(&arena), sizeof text, true);
    gram_add(&named, span_of(text, sizeof text), 7, SPAN("g"));
    bag_settle(&named);
    assert_int_equal(plain.n, named.n);
    assert_true(plain.n > 500 && plain.n <= 625);
    assert_memory_equal(plain.v, named.v, plain.n * sizeof *plain.v);
    for (size_t i = 0; i < named.n; i++) {
        uint32_t hash;
        const uint8_t *p = named.names[i].first.p;
        scan->grams(p, 1, 7, &hash);
        assert_int_equal(named.v[i], hash);
        if (i) assert_true(p > named.names[i - 1].first.p);
    }
}

/* Pieces of texts in which words begin and end in all ways, at all places of a block. */
static const char *const PIECES[] = {
    "a",      "be",
    "word",   "Another",
    " ",      " ",
    "  ",     "\n",
    ".",      "-",
    "'",      "_",
    "@",      "..",
    "$",      "$9",
    "$$",     "!",
    "!!!!!",  "%",
    "?",      "/",
    "////",   ":",
    "0",      "9",
    "\x7f",   "\x01",
    "~",      "(",
    u8"é",    u8"e\u0301",
    u8"日本", u8"の",
    u8"キー", u8"한국",
    u8"ไทย",  u8"💰",
    u8"£5",   u8"\u00a0",
    "\xff",   "\xe3\x81",
    "\x80",   "a-word-that-is-longer-than-a-block-of-sixty-four-bytes.and_then_some@more.of.it-and-again",
};

/* With names words are cut a character at a time, else as plain.c does: the same words. */
static void many_at_a_time_is_no_other_way(void **state)
{
    (void)state;
    unsigned seed = 5;
    const struct scan_ops *chosen = scan;
    for (size_t variant = 0; (scan = scan_variant(variant)); variant++)
        for (int round = 0; cpu_has(scan->level) && round < 6000; round++) {
            uint8_t text[600];
            size_t n = 0, most = (size_t)rand_r(&seed) % (sizeof text - 100);
            int plain = rand_r(&seed) % 4 ? 30 : (int)(sizeof PIECES / sizeof *PIECES); /* most are ASCII */
            while (n < most) {
                const char *piece = PIECES[rand_r(&seed) % plain];
                memcpy(text + n, piece, strlen(piece));
                n += strlen(piece);
            }
            struct bag bag[2];
            size_t words = round % 3 ? 1000 : (size_t)rand_r(&seed) % 40;
            arena_reset(&arena);
            for (int named = 0; named < 2; named++) {
                struct token_stream t;
                bag_open(&bag[named], &arena, bag_room(&arena), 3000, named);
                token_begin(&t, &bag[named], "t", round & 1 ? TOKEN_PROSE : TOKEN_SYNTAX, words);
                token_text(&t, span_of(text, n / 2)); /* the field goes on */
                token_text(&t, span_of(text + n / 2, n - n / 2));
                bag_settle(&bag[named]);
            }
            if (bag[0].n != bag[1].n || memcmp(bag[0].v, bag[1].v, bag[0].n * sizeof *bag[0].v) != 0)
                fail_msg("%s: '%.*s' is cut otherwise", cpu_level_name(scan->level), (int)n, text);
        }
    scan = chosen;
}

/* Header words are lower-cased here, folded text is not looked at again: both are the same word. */
static void a_word_is_the_same_in_both_styles(void **state)
{
    (void)state;
    static const char *const WORDS[][2] = {
        {"Free", "free"},
        {"A-LONGER-WORD-THAN-FORTY-BYTES-IS-CUT-SOMEWHERE", "a-longer-word-than-forty-bytes-is-cut-elsewhere"},
        {u8"ÉTÉ", u8"ÉtÉ"},
    };
    for (size_t i = 0; i < sizeof WORDS / sizeof *WORDS; i++) {
        struct bag a, b;
        struct token_stream t;
        arena_reset(&arena);
        bag_open(&a, &arena, bag_room(&arena), 10, false);
        token_begin(&t, &a, "t", TOKEN_SYNTAX, 10);
        token_word(&t, span_cstr(WORDS[i][0]));
        bag_open(&b, &arena, bag_room(&arena), 10, false);
        token_begin(&t, &b, "t", i == 2 ? TOKEN_SYNTAX : TOKEN_PROSE, 10);
        token_word(&t, span_cstr(WORDS[i][1]));
        bag_settle(&a);
        bag_settle(&b);
        assert_int_equal(a.v[0], b.v[0]);
    }
}

static void scripts_are_known(void **state)
{
    (void)state;
    static const struct {
        uint32_t c;
        enum script script;
    } KNOWN[] = {
        {0xE9, SCRIPT_WORD},       {0xA0, SCRIPT_NONE},       {0xB7, SCRIPT_NONE},       {0x416, SCRIPT_WORD},
        {0x301, SCRIPT_EXTEND},    {0x5D0, SCRIPT_WORD},      {0x660, SCRIPT_WORD},      {0xE01, SCRIPT_UNSPACED},
        {0xE31, SCRIPT_EXTEND},    {0x1000, SCRIPT_UNSPACED}, {0x10D0, SCRIPT_WORD},     {0x1780, SCRIPT_UNSPACED},
        {0x2014, SCRIPT_NONE},     {0x20AC, SCRIPT_SYMBOL},   {0x2605, SCRIPT_SYMBOL},   {0x3001, SCRIPT_NONE},
        {0x3005, SCRIPT_HAN},      {0x3042, SCRIPT_HIRAGANA}, {0x30A2, SCRIPT_KATAKANA}, {0x30FB, SCRIPT_NONE},
        {0x30FC, SCRIPT_KATAKANA}, {0x3105, SCRIPT_HAN},      {0x4E00, SCRIPT_HAN},      {0xAC00, SCRIPT_HANGUL},
        {0xD7A3, SCRIPT_HANGUL},   {0xFF66, SCRIPT_KATAKANA}, {0x1F600, SCRIPT_SYMBOL},  {0x1F3FB, SCRIPT_EXTEND},
        {0x20BB7, SCRIPT_HAN},     {0x10FFFF, SCRIPT_WORD},
    };
    for (size_t i = 0; i < sizeof KNOWN / sizeof *KNOWN; i++)
        if (script_of(KNOWN[i].c) != KNOWN[i].script)
            fail_msg("U+%04X is %d, not %d", KNOWN[i].c, script_of(KNOWN[i].c), KNOWN[i].script);
    /* The short way and the table agree. */
    for (uint32_t c = 0x80; c < 0x110000; c++) assert_int_equal(script_of(c), script_find(c));
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
        cmocka_unit_test(words_are_cut_as_documented),
        cmocka_unit_test(what_is_no_utf8_is_letters),
        cmocka_unit_test(a_bag_keeps_the_first),
        cmocka_unit_test(grams_are_named_by_where_they_stand),
        cmocka_unit_test(many_at_a_time_is_no_other_way),
        cmocka_unit_test(a_word_is_the_same_in_both_styles),
        cmocka_unit_test(scripts_are_known),
    };
    return cmocka_run_group_tests_name("token", tests, start, stop);
}

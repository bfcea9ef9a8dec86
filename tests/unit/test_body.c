/* SPDX-License-Identifier: Apache-2.0 */
/* test_body: what happens to a text between its transfer encoding and its reader: flowed lines, blocks written into it,
 * header fields as text, and how alike two sides are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "worker/mime/alike.h"
#include "worker/mime/block.h"
#include "worker/mime/codec.h"
#include "worker/mime/fields.h"
#include "worker/mime/flow.h"

#define COUNT(table) (sizeof(table) / sizeof *(table))

static struct arena arena;

/* --- format=flowed ------------------------------------------------------------------------------------------------ */

static void test_flow(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool delsp;
        const char *want;
    } CASES[] = {
        {"", false, ""},
        {"one line", false, "one line"},
        {"soft \nbreak\n", false, "soft break "},
        {"soft \r\nbreak\r\n", false, "soft break "},
        {"soft \nbreak", true, "softbreak"},
        {"two  \nspaces", true, "two spaces"},
        {"hard\nbreak", true, "hard break"},
        {"ends soft \n", true, "ends soft "},
        {"ends soft ", true, "ends soft"},
        /* quotes */
        {"> a \n> b", false, "> a b"},
        {">> a \n>> b", true, ">> ab"},
        {"> a \nb", false, "> a \nb"},
        {"a \n> b", false, "a \n> b"},
        {"> a \n>> b \n> c", false, "> a \n>> b \n> c"},
        {">a \n>b", false, ">a b"},
        {"> \n> x", false, ">  > x"}, /* an empty line, stuffed */
        /* stuffing */
        {" From here", false, " From here"},
        {"a \n  b", true, "a b"},
        {" > no quote \n goes on", false, " > no quote goes on"},
        /* signatures */
        {"text \n-- \nname \nmore", false, "text  --  name more"},
        {"> text \n> -- \n> name", true, "> text > --  > name"},
        {"-- \nname", true, "--  name"},
        {"--  \nname", true, "-- name"},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        span got = flow_text(span_cstr(CASES[i].text), CASES[i].delsp, &arena);
        if (!span_eq(got, span_cstr(CASES[i].want))) fail_msg("%s: %.*s|", CASES[i].text, SPAN_ARG(got));
        arena_reset(&arena);
    }
}

/* --- blocks ------------------------------------------------------------------------------------------------------- */

#define LINE "M5&AE('%U:6-K(&)R;W=N(&9O>\"!J=6UP<R!O=F5R('1H92!L87IY(&1O9RP@\n"
#define LAST "'='=I8V4N\"@  \n"
#define Y40                                                                            \
    "\x93\x94\x95\x96\x97\x98\x99\x9A\x9B\x9C\x9D\x9E\x9F\xA0\xA1\xA2\xA3\xA4\xA5\xA6" \
    "\x93\x94\x95\x96\x97\x98\x99\x9A\x9B\x9C\x9D\x9E\x9F\xA0\xA1\xA2\xA3\xA4\xA5\xA6"
#define YBEGIN "=ybegin line=40 size=99 name=a.bin\n"

static const struct {
    const char *text;
    int blocks;       /* how many there are */
    const char *rest; /* the text without them */
} BLOCKS[] = {
    {"", 0, ""},
    /* behind the first 64 bytes, where lines that may begin one are looked for */
    {"................................................................\nbegin 644 x\n" LINE LAST "`\nend\nb\n", 1,
     "................................................................\nb\n"},
    {"...............................................................\nbegin 644 x\n" LINE LAST "`\nend\nb\n", 1,
     "...............................................................\nb\n"},
    {"a\nbegin 644 x.bin\n" LINE LAST "`\nend\nb\n", 1, "a\nb\n"},
    {"begin 0755 my file.exe\r\nM\r\n" LINE LAST "end\r\nb", 0, "begin 0755 my file.exe\r\nM\r\n" LINE LAST "end\r\nb"},
    {"begin 0755 my file.exe\r\n#86)C\r\n`\r\nend\r\nb", 1, "b"},
    {"begin 644 x\n#86)C\nend\n", 1, ""},
    {"begin 644 x\n`\nend\n", 1, ""},
    {"begin 644 x\n#86)C\n#86)C\nbegin 644 y\n#86)C\nend\nb", 1, "b"}, /* "end" was lost, then found */
    {"begin 644 x\n#86)C\nend\nbegin 644 y\n#86)C\nend\nb", 2, "b"},
    {"begin-base64 644 x\nQUJD\nQUJD\n====\nb", 1, "b"},
    /* damaged, cut short */
    {"begin 644 x\n" LINE "damage\n" LINE "end\nb", 1, "b"},
    {"begin 644 x\n" LINE LINE "b\nc", 1, "b\nc"},
    {"begin 644 x\n#86)C\n#86)C", 1, ""},
    {"begin 644 x\n#86)C", 1, ""},
    {"begin 644 x\n#86)C\nb", 0, "begin 644 x\n#86)C\nb"},
    /* what only looks like one */
    {"begin 644 x", 0, "begin 644 x"},
    {"begin 644 x\nend\n", 0, "begin 644 x\nend\n"},
    {"begin  the work\nand end\n", 0, "begin  the work\nand end\n"},
    {"begin 64 x\n" LINE LINE "end\n", 0, "begin 64 x\n" LINE LINE "end\n"},
    {"begin 888 x\n" LINE LINE "end\n", 0, "begin 888 x\n" LINE LINE "end\n"},
    {"begin 644\n" LINE LINE "end\n", 0, "begin 644\n" LINE LINE "end\n"},
    {" begin 644 x\n" LINE LINE "end\n", 0, " begin 644 x\n" LINE LINE "end\n"},
    {"begin 644 x\nA SHOUT\nAND MORE\nend\n", 0, "begin 644 x\nA SHOUT\nAND MORE\nend\n"},
    /* yEnc */
    {"a\n" YBEGIN Y40 "\n" Y40 "\n\x93\n=yend size=81\nb", 1, "a\nb"},
    {YBEGIN "=ypart begin=1 end=40\n" Y40 "=}\r\n=yend size=40\nb", 0,
     YBEGIN "=ypart begin=1 end=40\n" Y40 "=}\r\n=yend size=40\nb"},
    {YBEGIN "=ypart begin=1 end=40\n" Y40 "}\r\n=yend size=40\nb", 1, "b"},
    {YBEGIN "\x93\n=yend size=1\nb", 1, "b"},
    {YBEGIN Y40 "\n" Y40 "\nb\n", 1, "b\n"},
    {YBEGIN Y40 "\n" Y40, 1, ""},
    {YBEGIN "=yend size=0\n", 0, YBEGIN "=yend size=0\n"},
    {YBEGIN "what one can read is no yEnc, and stays\n=yend\n", 0,
     YBEGIN "what one can read is no yEnc, and stays\n=yend\n"},
    {"=ybegin line=40 name=x\n" Y40 "\n=yend\n", 0, "=ybegin line=40 name=x\n" Y40 "\n=yend\n"},
    {"=ybegin line=40 size=40\n" Y40 "\n=yend\n", 0, "=ybegin line=40 size=40\n" Y40 "\n=yend\n"},
};

static void test_blocks(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(BLOCKS); i++) {
        span text = span_cstr(BLOCKS[i].text);
        struct block block;
        char rest[4096];
        size_t at = 0, n = 0;
        int blocks = 0;
        for (; block_next(text, at, &block); blocks++) {
            size_t start = (size_t)(block.whole.p - text.p);
            assert_true(start >= at && block.whole.n > 0 && start + block.whole.n <= text.n);
            memcpy(rest + n, text.p + at, start - at);
            n += start - at;
            at = start + block.whole.n;
        }
        memcpy(rest + n, text.p + at, text.n - at);
        n += text.n - at;
        if (blocks != BLOCKS[i].blocks || !span_eq(span_of(rest, n), span_cstr(BLOCKS[i].rest)))
            fail_msg("%s: %d blocks beside %.*s", BLOCKS[i].text, blocks, (int)n, rest);
    }
}

/* What is in them, and what they are called. */
static void test_block_data(void **state)
{
    (void)state;
    static const struct {
        const char *text, *name, *data;
        enum mail_encoding encoding;
    } CASES[] = {
        {"begin 644  my file.txt \n" LINE LAST "`\nend\n", "my file.txt",
         "The quick brown fox jumps over the lazy dog, twice.\n", MAIL_UUENCODE},
        {"begin-base64 644 b\nQUJD\nREVG\n====\n", "b", "ABCDEF", MAIL_BASE64},
        {"=ybegin part=1 line=5 size=5 name=a name=b.bin\n=ypart begin=1 end=5\n\x92\x8F\x96\x96=\xD9\n=yend size=5\n",
         "a name=b.bin", "hello", MAIL_YENC},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        struct block block;
        uint64_t odd = 0;
        assert_true(block_next(span_cstr(CASES[i].text), 0, &block));
        assert_int_equal(block.encoding, CASES[i].encoding);
        assert_true(span_eq(block.name, span_cstr(CASES[i].name)));
        span data = codec_decode(block.encoding, block.data, 1 << 10, &arena, &odd);
        if (!span_eq(data, span_cstr(CASES[i].data))) fail_msg("%s: %.*s", CASES[i].text, SPAN_ARG(data));
        assert_int_equal(odd, 0);
        arena_reset(&arena);
    }
}

static char *big;
static size_t big_n;

static void put(const char *s)
{
    memcpy(big + big_n, s, strlen(s));
    big_n += strlen(s);
}

static bool holds_block(void)
{
    struct block block;
    return block_next(span_of(big, big_n), 0, &block);
}

static void test_block_limits(void **state)
{
    (void)state;
    struct block block;
    for (int stray = BLOCK_STRAY_LINES; stray <= BLOCK_STRAY_LINES + 1; stray++) {
        big_n = 0;
        put("begin 644 x\n" LINE LINE);
        for (int i = 0; i < stray; i++) put("damage\n");
        put(LINE "end\n");
        assert_true(block_next(span_of(big, big_n), 0, &block));
        assert_int_equal(block.whole.n == big_n, stray == BLOCK_STRAY_LINES);
    }
    for (int over = 0; over <= 1; over++) {
        big_n = 0;
        put("begin 644 ");
        while (big_n < BLOCK_NAME_MAX + (size_t)over) put("x");
        put("\n" LINE LINE "end\n");
        assert_int_equal(holds_block(), !over);
    }
    for (int over = 0; over <= 1; over++) {
        big_n = 0;
        char begin[64];
        snprintf(begin, sizeof begin, "=ybegin line=%d size=9 name=x\n", BLOCK_LINE_MAX + over);
        put(begin);
        for (int i = 0; i < BLOCK_LINE_MAX + over; i++) put("\x93");
        put("\n=yend\n");
        assert_int_equal(holds_block(), !over);
    }
}

/* --- fields ------------------------------------------------------------------------------------------------------- */

static void test_fields(void **state)
{
    (void)state;
    static const char FIELDS[] =
        "Subject: =?utf-8?Q?f=C3=BCr?=\r\n =?utf-8?Q?_dich?=\r\nX-Spam-Flag: YES\r\n folded\r\n"
        "\r\nAction:failed\nno field\n\n\nURL: http://www.example.org/";
    struct text text;
    struct url_list urls;
    text_init(&text, &arena, 1 << 10);
    url_list_init(&urls, &arena, 4);
    fields_put(&text, &urls, span_cstr(FIELDS), SPAN_NONE, &arena);
    assert_true(
        span_eq(text_span(&text), SPAN("Subject: für dich\nAction:failed\nno field\nURL: http://www.example.org/")));
    assert_int_equal(urls.n, 1);
    arena_reset(&arena);
}

/* --- likeness ----------------------------------------------------------------------------------------------------- */

static void test_alike(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        unsigned least, most;
    } CASES[] = {
        {"", "", 100, 100},
        {"short", "else", 100, 100},
        {"the same words stand here", "the same words stand here", 100, 100},
        {"the same words stand here", "the, same\nwords-stand here!", 100, 100},
        {"the same words stand here again", "before the same words stand here again and behind it", 100, 100},
        {"quite other words stand here", "the same words in the other place", 0, 20},
        {"look at http://www.example.com/a/long/link/that/tells/nothing now and tell", "look at http now and tell me",
         100, 100},
        /* ALIKE_FEW */
        {"abcdefghijklmnopqrstuv", "another text with other letters", 100, 100},
        {"abcdefghijklmnopqrstuvw", "another text with other letters", 0, 0},
        {"日本語の文章はここにあります", "日本語の文章は\nここに あります", 100, 100},
        {"日本語の文章はここにあります", "別のことが書いてある文面なので似ていない", 0, 10},
    };
    for (size_t i = 0; i < COUNT(CASES); i++) {
        unsigned got = alike(span_cstr(CASES[i].a), span_cstr(CASES[i].b));
        if (got < CASES[i].least || got > CASES[i].most || got != alike(span_cstr(CASES[i].b), span_cstr(CASES[i].a)))
            fail_msg("%s, %s: %u", CASES[i].a, CASES[i].b, got);
    }
    /* Long texts are sampled; what stands past the limits is not looked at. */
    enum { LONG = ALIKE_LONGER_MAX + ALIKE_SHORTER_MAX };
    static uint8_t a[LONG], b[LONG];
    uint32_t r = 1;
    for (size_t i = 0; i < LONG; i++) {
        r = r * 1664525u + 1013904223u;
        a[i] = (uint8_t)('a' + (r >> 24) % 26);
        b[i] = (uint8_t)('a' + (r >> 16) % 26);
    }
    assert_int_equal(alike(span_of(a, LONG), span_of(a, LONG)), 100);
    assert_int_equal(alike(span_of(a, LONG), span_of(b, LONG)), 0);
    assert_int_equal(alike(span_of(a + ALIKE_LONGER_MAX, ALIKE_SHORTER_MAX), span_of(a, LONG)), 0);
    memcpy(b + ALIKE_LONGER_MAX - ALIKE_SHORTER_MAX, a, ALIKE_SHORTER_MAX);
    assert_int_equal(alike(span_of(a, LONG - 1), span_of(b, LONG)), 100);
    /* Half is half, about. */
    memcpy(b, a, ALIKE_SHORTER_MAX / 2);
    for (size_t i = 0; i < ALIKE_SHORTER_MAX / 2; i++) b[ALIKE_LONGER_MAX - ALIKE_SHORTER_MAX + i] = 'x';
    assert_in_range(alike(span_of(a, ALIKE_SHORTER_MAX), span_of(b, ALIKE_LONGER_MAX)), 90, 100);
    assert_in_range(alike(span_of(a, ALIKE_SHORTER_MAX), span_of(b, ALIKE_SHORTER_MAX + 1)), 40, 60);
    /* One window again and again. */
    memset(a, 'a', LONG);
    assert_int_equal(alike(span_of(a, LONG), span_of(a, LONG)), 100);
}

static int open_arena(void **state)
{
    (void)state;
    big = malloc(1 << 16);
    return arena_open(&arena, 1u << 20);
}

static int close_arena(void **state)
{
    (void)state;
    arena_close(&arena);
    free(big);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_flow),         cmocka_unit_test(test_blocks), cmocka_unit_test(test_block_data),
        cmocka_unit_test(test_block_limits), cmocka_unit_test(test_fields), cmocka_unit_test(test_alike),
    };
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}

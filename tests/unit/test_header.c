/* SPDX-License-Identifier: Apache-2.0 */
/* test_header: encoded words, parameters, addresses: well written, badly written, and hostile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

#include "worker/mime/address.h"
#include "worker/attach/name.h"
#include "worker/mime/param.h"
#include "worker/mime/walk.h"
#include "worker/mime/word.h"
#include "worker/text/charset.h"
#include "worker/text/odd.h"

static struct arena arena;

#define COUNT(table) (sizeof(table) / sizeof *(table))

/* --- RFC 2047 ----------------------------------------------------------------------------------------------------- */

static const struct {
    const char *raw, *want;
    uint64_t odd;
} WORDS[] = {
    {"", "", 0},
    {" plain ", "plain", 0},
    {" folded\r\n\tvalue\r\n again", "folded value again", 0},
    /* RFC 2047 section 8 */
    {"=?ISO-8859-1?Q?a?=", "a", 0},
    {"=?ISO-8859-1?Q?a?= b", "a b", 0},
    {"=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=", "ab", 0},
    {"=?ISO-8859-1?Q?a?=  =?ISO-8859-1?Q?b?=", "ab", 0},
    {"=?ISO-8859-1?Q?a?=\r\n   =?ISO-8859-1?Q?b?=", "ab", 0},
    {"=?ISO-8859-1?Q?a_b?=", "a b", 0},
    {"=?ISO-8859-1?Q?a?= =?ISO-8859-2?Q?_b?=", "a b", 0},
    {"=?US-ASCII?Q?Keith_Moore?=", "Keith Moore", 0},
    {"=?ISO-8859-1?Q?Andr=E9?= Pirard", "André Pirard", 0},
    {"=?ISO-8859-1?B?SWYgeW91IGNhbiByZWFkIHRoaXMgeW8=?=\n =?ISO-8859-2?B?dSB1bmRlcnN0YW5kIHRoZSBleGFtcGxlLg==?=",
     "If you can read this you understand the example.", 0},
    {"=?iso-8859-8?b?7eXs+SDv4SDp7Oj08A==?=", "םולש ןב ילטפנ", 0},
    /* a language (RFC 2231 section 5) */
    {"=?US-ASCII*EN?Q?Keith_Moore?=", "Keith Moore", 0},
    /* characters split across words, in one and in two encodings */
    {"=?utf-8?Q?=E3=81?= =?utf-8?Q?=82?=", "あ", 0},
    {"=?utf-8?B?44E=?=\n =?UTF-8?Q?=82?=", "あ", 0},
    {"=?iso-2022-jp?B?GyRCJCIkJBsoQg==?= =?iso-2022-jp?B?GyRCJCYbKEI=?=", "あいう", 0},
    /* words that touch text, hold spaces or question marks: shown decoded by mail clients */
    {"a=?utf-8?Q?b?=c", "abc", 0},
    {"=?utf-8?Q?What is this?\?=", "What is this?", 0},
    {"=?utf-8?q?a?b?=", "a?b", 0},
    {"=?utf-8?Q?\?= x", "x", 0},
    {"=?utf-8?Q?a?==?utf-8?Q?b?=", "ab", 0},
    {"=?utf-8?Q?a?=x=?utf-8?Q?b?=", "axb", 0},
    {"\"=?utf-8?Q?a?= =?utf-8?Q?b?=\" <c>", "\"ab\" <c>", 0},
    {"=?UTF-8?q?=e3=81=82?= =?Utf-8?b?44GE?=", "あい", 0},
    {"=?utf-8?Q?a_=20_b?=", "a   b", 0},
    /* padding that is missing, too much, or between two halves of a character */
    {"=?utf-8?B?44GC44G?=", "あ", ODD(BAD_WORD)},
    {"=?utf-8?B?YWI?=", "ab", ODD(BAD_WORD)},
    {"=?utf-8?B?YWI==?=", "ab", ODD(BAD_WORD)},
    {"=?utf-8?B?44GC44E=?= =?utf-8?B?hA==?=", "あい", 0},
    {"=?utf-8?B?44GC\r\n 44GE?=", "あい", 0},
    {"=?utf-8?B?\?=", "", 0},
    /* the whole of a mislabelled one */
    {"=?iso-2022-jp?B?lsCYZoOBgVuDi4LFgrc=?=", "迷惑メールです", ODD(WRONG_CHARSET)},
    {"=?x-none?Q?=E9t=E9?=", "été", ODD(BAD_CHARSET)},
    /* broken ones stay */
    {"=?utf-8?X?a?=", "=?utf-8?X?a?=", ODD(BAD_WORD)},
    {"=?utf-8?Q?never closed", "=?utf-8?Q?never closed", ODD(BAD_WORD)},
    {"=?utf-8?Q?open =?utf-8?Q?=41?=", "=?utf-8?Q?open A", ODD(BAD_WORD)},
    {"=?utf-8?B?Q*UI?=", "AB", ODD(BAD_WORD)},
    {"=?utf-8?Q?a=zz?=", "a=zz", ODD(BAD_WORD)},
    {"=?", "=?", 0},
    {"what =? this ?=", "what =? this ?=", 0},
    {"=??Q?a?=", "=??Q?a?=", 0},
    {"=?a b?Q?c?=", "=?a b?Q?c?=", 0},
    /* raw bytes: UTF-8 is fine (RFC 6532), others are guessed */
    {"日本語", "日本語", 0},
    {"\x93\xFA\x96{\x8C\xEA\x82\xCC\x8C\x8F\x96\xBC", "日本語の件名", ODD(RAW_8BIT)},
    {"\x1B$BF|K\\8l\x1B(B", "日本語", 0},
    {"\xE9t\xE9 =?utf-8?Q?=C3=A9?=", "été é", ODD(RAW_8BIT)},
    {"bell\a tab\there", "bell tab here", 0},
    /* folds: as many line ends as there are, a CR amid a line, a fold of nothing */
    {"a\r\n b\n\tc\r\n \td", "a b c  d", 0},
    {"eight characters and more\r\n\tbehind the fold", "eight characters and more behind the fold", 0},
    {"a\rb\r\r\n c", "ab c", 0},
    {"\r\n a\r\n ", "a", 0},
    {"0123456\x7F"
     "89",
     "012345689", 0},
    {"0123456=?utf-8?Q?a?=", "0123456a", 0},
};

static void test_words(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(WORDS); i++) {
        uint64_t odd = 0;
        span got = word_decode(span_cstr(WORDS[i].raw), SPAN_NONE, &arena, &odd, NULL);
        if (!span_eq(got, span_cstr(WORDS[i].want)) || odd != WORDS[i].odd)
            fail_msg("%s: odd %llx: %.*s", WORDS[i].raw, (unsigned long long)odd, SPAN_ARG(got));
        arena_reset(&arena);
    }
    uint64_t odd = 0;
    span charset, got = word_decode(SPAN("a\0b =?utf-8*ja?Q?=00c?="), SPAN_NONE, &arena, &odd, &charset);
    assert_true(span_eq(got, SPAN("ab c")));
    assert_true(span_eq(charset, SPAN("utf-8")));
    assert_int_equal(odd, ODD(NUL));
    /* WORD_CHARSET_MAX */
    char name[WORD_CHARSET_MAX + 2];
    for (size_t n = WORD_CHARSET_MAX; n <= WORD_CHARSET_MAX + 1; n++) {
        memset(name, 'x', n);
        name[n] = 0;
        char word[128];
        snprintf(word, sizeof word, "=?%s?Q?a?=", name);
        got = word_decode(span_cstr(word), SPAN_NONE, &arena, &odd, NULL);
        assert_int_equal(got.n == 1, n == WORD_CHARSET_MAX);
    }
    arena_reset(&arena);
}

/* --- RFC 2231 and the parameters of RFC 2045 ---------------------------------------------------------------------- */

static const struct {
    const char *field, *key, *want; /* NULL: there is none */
} PARAMS[] = {
    {"text/plain; charset=utf-8", "charset", "utf-8"},
    {"text/plain; CharSet = \"utf-8\"", "charset", "utf-8"},
    {"text/plain;charset=us-ascii (Plain text)", "charset", "us-ascii (Plain text)"},
    {"text/plain; charset=\"us-ascii\" (Plain; text)", "charset", "us-ascii"},
    {"text/plain (a; name=x); name=y", "name", "y"},
    {"text/plain; format=flowed;\r\n charset=utf-8", "charset", "utf-8"},
    {"text/plain charset=utf-8", "charset", "utf-8"},
    {"text/plain; charset", "charset", NULL},
    {"text/plain; ;; charset=a; charset=b", "charset", "a"},
    {"text/plain", "charset", NULL},
    {"", "charset", NULL},
    {"multipart/mixed; boundary=\"a;b\\\"c\\\\d\"", "boundary", "a;b\"c\\d"},
    {"multipart/mixed; boundary==_x=y", "boundary", "=_x=y"},
    {"multipart/mixed; boundary=\"not closed", "boundary", "not closed"},
    {"multipart/mixed; boundary=\"folded\r\n value\"", "boundary", "folded value"},
    {"a/b; name=my file.pdf", "name", "my file.pdf"},
    {"a/b; name=\"C:\\dir\\x.exe\"", "name", "C:\\dir\\x.exe"},
    /* RFC 2231 section 3 and 4 */
    {"message/external-body; access-type=URL; URL*0=\"ftp://\"; URL*1=\"cs.utk.edu/pub/moore/bulk-mailer.tar\"", "url",
     "ftp://cs.utk.edu/pub/moore/bulk-mailer.tar"},
    {"application/x-stuff; title*=us-ascii'en-us'This%20is%20%2A%2A%2Afun%2A%2A%2A", "title", "This is ***fun***"},
    {"application/x-stuff; title*0*=us-ascii'en'This%20is%20even%20more%20; title*1*=%2A%2A%2Afun%2A%2A%2A%20; "
     "title*2=\"isn't it!\"",
     "title", "This is even more ***fun*** isn't it!"},
    {"a/b; name*1=b; name*0=a; name*2=c", "name", "abc"},
    {"a/b; name*0=a; name*2=c", "name", "a"},
    {"a/b; name*1=b; name=plain", "name", "plain"},
    {"a/b; name=plain; name*=utf-8''ext", "name", "ext"},
    {"a/b; name*0=a; name*0=b", "name", "a"},
    {"a/b; name*=no%20charset", "name", "no charset"},
    {"a/b; name*=utf-8''%zz%4", "name", "%zz%4"},
    {"a/b; name*x=a; name*99999=b", "name", NULL},
    {"a/b; \"stray; name=x\"; name=y", "name", "y"},
};

static void test_params(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(PARAMS); i++) {
        span value, charset;
        bool found = param_get(span_cstr(PARAMS[i].field), span_cstr(PARAMS[i].key), &arena, &value, &charset);
        if (found != (PARAMS[i].want != NULL) || !span_eq(value, span_cstr(PARAMS[i].want)))
            fail_msg("%s: %s = %.*s", PARAMS[i].field, PARAMS[i].key, SPAN_ARG(value));
        if (found && !(param_letters(span_cstr(PARAMS[i].field)) & param_letter(span_cstr(PARAMS[i].key))))
            fail_msg("%s: no parameter begins as %s does", PARAMS[i].field, PARAMS[i].key);
        arena_reset(&arena);
    }
    span last;
    assert_true(param_last(SPAN("a/b; n=x; n*=y; n=\"z\\\"\"; m=w"), SPAN("n"), &arena, &last));
    assert_true(span_eq(last, SPAN("z\"")));
    assert_false(param_last(SPAN("a/b; n*=y; n*0=x"), SPAN("n"), &arena, &last));
    arena_reset(&arena);
    assert_true(span_eq(param_value(SPAN(" (x) text/html (y); charset=z")), SPAN("text/html")));
    assert_true(span_eq(param_value(SPAN("")), SPAN("")));

    /* PARAM_SECTIONS_MAX */
    char field[4096] = "a/b";
    for (int i = 0; i < PARAM_SECTIONS_MAX + 5; i++) {
        size_t n = strlen(field);
        snprintf(field + n, sizeof field - n, "; name*%d=x", i);
    }
    span value, charset;
    assert_true(param_get(span_cstr(field), SPAN("name"), &arena, &value, &charset));
    assert_int_equal(value.n, PARAM_SECTIONS_MAX);
    assert_true(param_get(SPAN("a/b; n*=euc-jp'ja'%A4%A2"), SPAN("n"), &arena, &value, &charset));
    assert_true(span_eq(charset, SPAN("euc-jp")));
    arena_reset(&arena);
}

/* --- addresses ---------------------------------------------------------------------------------------------------- */

static const struct {
    const char *raw, *addr, *name;
} FROMS[] = {
    {" Jane Doe <Jane@Example.ORG>", "jane@example.org", "Jane Doe"},
    {"\"Doe, Jane\" <jane@example.org>", "jane@example.org", "Doe, Jane"},
    {"jane@example.org", "jane@example.org", ""},
    {"jane@example.org (Jane Doe)", "jane@example.org", "Jane Doe"},
    {"<jane@example.org>", "jane@example.org", ""},
    {"Doe, Jane <jane@example.org>", "jane@example.org", "Jane"},
    {"Jane <jane@example.org>, Joe <joe@example.org>", "jane@example.org", "Jane"},
    {"jane@example.org, joe@example.org", "jane@example.org", ""},
    {"Jane <jane@example.org", "jane@example.org", "Jane"},
    {"Jane <@relay.example.net:jane@example.org>", "jane@example.org", "Jane"},
    {"Jane < jane @ example.org. >", "jane@example.org", "Jane"},
    {"Jane <jane(her (own) account)@example.org(.evil.example)>", "jane@example.org", "Jane"},
    {"Jane <\"(jane)\"@example.org>", "\"(jane)\"@example.org", "Jane"},
    {"\"service@bank.example\" <x@evil.example>", "x@evil.example", "service@bank.example"},
    {"service@bank.example <x@evil.example>", "x@evil.example", "service@bank.example"},
    {"Jane jane@example.org", "jane@example.org", ""},
    {"\"Jane \\\"J\\\" Doe\" <jane@example.org>", "jane@example.org", "Jane \"J\" Doe"},
    {"'Jane' <jane@example.org>", "jane@example.org", "Jane"},
    {"=?utf-8?Q?Jan=C3=A9_<x=40y>?= <jane@example.org>", "jane@example.org", "Jané <x@y>"},
    {"=?utf-8?B?SmFuZSA8amFuZUBleGFtcGxlLm9yZz4=?=", "jane@example.org", "Jane"},
    {"Group: jane@example.org, joe@example.org;", "jane@example.org", ""},
    {"undisclosed-recipients:;", "", ""},
    {"Jane", "", ""},
    {"", "", ""},
    {"@", "", ""},
    {"<>", "", ""},
    {"jane@[192.0.2.1]", "jane@[192.0.2.1]", ""},
    {"(comment (nested) \\)) jane@example.org", "jane@example.org", "comment (nested) )"},
    {"mailto:jane@example.org", "jane@example.org", ""},
};

static void test_addresses(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(FROMS); i++) {
        span addr, name;
        uint64_t odd = 0;
        address_first(span_cstr(FROMS[i].raw), SPAN_NONE, &arena, &addr, &name, &odd);
        if (!span_eq(addr, span_cstr(FROMS[i].addr)) || !span_eq(name, span_cstr(FROMS[i].name)))
            fail_msg("%s: <%.*s> %.*s", FROMS[i].raw, SPAN_ARG(addr), SPAN_ARG(name));
        arena_reset(&arena);
    }
    assert_true(span_eq(address_domain(SPAN("a@b@c.example")), SPAN("c.example")));
    assert_true(span_eq(address_domain(SPAN("a@[192.0.2.1]")), SPAN("192.0.2.1")));
    assert_true(span_eq(address_domain(SPAN("nobody")), SPAN("")));
}

/* --- attachments -------------------------------------------------------------------------------------------------- */

static void test_attachments(void **state)
{
    (void)state;
    static const uint64_t RUNS = ODD(EXECUTABLE), TWICE = ODD(DOUBLE_EXTENSION);
    static const struct {
        const char *name;
        uint64_t odd;
    } NAMES[] = {
        {"", 0},
        {"report.pdf", 0},
        {"setup.exe", RUNS},
        {"SETUP.EXE", RUNS},
        {"invoice.pdf.exe", RUNS | TWICE},
        {"invoice.pdf   .exe ", RUNS | TWICE},
        {"photo.jpg.scr.", RUNS | TWICE},
        {"invoice.pdf.html", TWICE},
        {"page.html", 0},
        {"archive.tar.gz", 0},
        {"letter.doc.zip", 0},
        {"v1.2.exe", RUNS},
        {"a.b.c.d", 0},
        {"...", 0},
        {"exe", 0},
    };
    for (size_t i = 0; i < COUNT(NAMES); i++)
        if (attach_name_odd(span_cstr(NAMES[i].name)) != NAMES[i].odd) fail_msg("%s", NAMES[i].name);
}

static int open_arena(void **state)
{
    (void)state;
    return arena_open(&arena, 1u << 20);
}

static int close_arena(void **state)
{
    (void)state;
    arena_close(&arena);
    charset_close();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_params),
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_attachments),
    };
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}

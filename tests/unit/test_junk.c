/* SPDX-License-Identifier: Apache-2.0 */
/* test_junk: what a mail client shows is read, whatever junk that it does not show stands before it: each limit is used
 * up first, by what costs a sender nothing, and the mail is marked for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "worker/attach/view.h"
#include "worker/mime/mail.h"
#include "worker/rep/rep.h"
#include "worker/text/squeeze.h"

enum { MB = 1 << 20, CAP = 12 * MB };
static struct arena arena;
static struct mail mail;
static char *raw, *html;
static size_t raw_n, html_n;

#define HEAD    "From: a@example.org\nSubject: s\nDate: d\nMessage-ID: <1@example.org>\nMIME-Version: 1.0\n"
#define PAYLOAD "<p>the payload of <a href=http://payload.example.com/x>our shop</a></p>\n"

static void put(const char *s)
{
    size_t n = strlen(s);
    assert_true(raw_n + n <= CAP);
    memcpy(raw + raw_n, s, n);
    raw_n += n;
}

__attribute__((format(printf, 1, 2))) static void putf(const char *format, ...)
{
    char line[512];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    put(line);
}

static void put_html(const char *s)
{
    size_t n = strlen(s);
    assert_true(html_n + n <= CAP / 3);
    memcpy(html + html_n, s, n);
    html_n += n;
}

static void put_base64(const char *p, size_t n)
{
    static const char DIGIT[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < n; i += 3) {
        uint32_t v = 0;
        for (size_t k = 0; k < 3; k++) v = v << 8 | (i + k < n ? (uint8_t)p[i + k] : ' ');
        char group[] = {DIGIT[v >> 18], DIGIT[v >> 12 & 63], DIGIT[v >> 6 & 63], DIGIT[v & 63], 0};
        put(group);
        if (i / 3 % 19 == 18) put("\n");
    }
}

static void put_quoted(const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        char c[] = {p[i], 0};
        put(p[i] == '=' ? "=3D" : c);
        if (i % 70 == 69) put("=\n");
    }
}

static void read_mail(void)
{
    arena_reset(&arena);
    mail_read(&mail, span_of(raw, raw_n), NULL, &arena);
}

static bool link_seen(void)
{
    for (size_t i = 0; i < mail.url_count; i++)
        if (span_eq(mail.urls[i].host, SPAN("payload.example.com"))) return true;
    return false;
}

static void want(const char *what, size_t k, uint64_t odd)
{
    read_mail();
    if (span_search(mail.folded.text, SPAN("the payload of our shop")) == mail.folded.text.n)
        fail_msg("%s, %zu: the text is missing", what, k);
    if (!link_seen()) fail_msg("%s, %zu: the link is missing", what, k);
    if (odd & ~mail.odd) fail_msg("%s, %zu: not marked", what, k);
    if (arena_left(&arena) < MAIL_ARENA_SPARE / 2) fail_msg("%s, %zu: %zu bytes left", what, k, arena_left(&arena));
}

/* --- texts -------------------------------------------------------------------------------------------------------- */

static const struct {
    const char *before, *again, *after;
} JUNK[] = {
    {"<!--", "words that are no text\n", "-->"},
    {"<!--", "x", "-->"},
    {"", "<!-- a -->", ""},
    {"", "<b><i></i></b>\n", ""},
    {"<style>", ".a{color:red}\n", "</style>"},
    {"<style>", "words that are no rule\n", "</style>"},
    {"<style>.a{", "color:red;\n", "}</style>"},
    {"<style>@media print{", "p{display:none}\n", "}</style>"},
    {"<style>/*", "p{display:none}\n", "*/</style>"},
    {"<script>", "a < b;\n", "</script>"},
    {"<title>", "a title &amp; more\n", "</title>"},
    {"<p title='", "words > of a title\n", "'>"},
    {"<p junk=\"", "words > of nothing\n", "\">"},
    {"<p ", "a=b\n", ">"},
    {"<p ", "a=\"b\"", ">"},
    {"<p style=a ", "style=display:none\n", ">"},
    {"<p ", "\n", ">"},
    {"<p", "ppppppp", ">"},
    {"<!", "doctype\n", ">"},
    {"<?", "php\n", ">"},
    {"</ ", "comment\n", ">"},
    {"<div hidden>", "hidden words\n", "</div>"},
    {"<svg><![CDATA[", "]]\n", "]]></svg>"},
    {"", "&zwnj;", ""},
    {"", "\u200B\u200C\u2060", ""},
    {"", "\u00AD \u3164", ""},
};

static void test_texts(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof JUNK / sizeof *JUNK; k++)
        for (int encoding = 0; encoding < 3; encoding++) {
            static const char *const NAMES[] = {"8bit", "base64", "quoted-printable"};
            html_n = raw_n = 0;
            put_html(JUNK[k].before);
            for (size_t n = 0; n < (size_t)(5 * MB / 2); n += strlen(JUNK[k].again)) put_html(JUNK[k].again);
            put_html(JUNK[k].after);
            put_html(PAYLOAD);
            putf(HEAD "Content-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: %s\n\n", NAMES[encoding]);
            if (encoding == 0) memcpy(raw + raw_n, html, html_n), raw_n += html_n;
            if (encoding == 1) put_base64(html, html_n);
            if (encoding == 2) put_quoted(html, html_n);
            want(NAMES[encoding], k, ODD(TEXT_LIMIT));
        }
}

/* A tag that goes on and on holds its link in the end. */
static void test_late_attribute(void **state)
{
    (void)state;
    for (size_t k = 0; k < 3; k++) {
        static const char *const AGAIN[] = {"x", "\" y=\"", "' z='\" a=\""};
        raw_n = 0;
        put(HEAD "Content-Type: text/html\n\n<p>the payload of <a junk=\"");
        for (size_t n = 0; n < (size_t)(2 * MB); n += strlen(AGAIN[k])) put(AGAIN[k]);
        put("\" href=http://payload.example.com/x>our shop</a>");
        want("attribute", k, ODD(TEXT_LIMIT));
    }
}

/* Parts whose decoding and conversion would fill the arena, and what is seen of them the room for text. */
static void test_text_parts(void **state)
{
    (void)state;
    static const struct {
        const char *type, *before, *again, *after;
    } PARTS[] = {
        {"text/html; charset=windows-1252", "<!--", "\xE9\xE8\x80\x93\xE9\xE8\x80\x93\n", "-->"},
        {"text/html; charset=shift_jis", "<!--", "\x93\xFA\x96\x7B\x8C\xEA\n", "-->"},
        {"text/html", "<i>", "<i></i>\n", "</i>"},
        {"text/plain", "", "words and words and words\n", ""},
    };
    for (size_t k = 0; k < sizeof PARTS / sizeof *PARTS; k++) {
        raw_n = 0;
        put(HEAD "Content-Type: multipart/mixed; boundary=b\n\n");
        for (int i = 0; i < 11; i++) {
            putf("--b\nContent-Type: %s\n\n%s", PARTS[k].type, PARTS[k].before);
            for (size_t n = 0; n < (size_t)(MAIL_DECODE_MAX - 100); n += strlen(PARTS[k].again)) put(PARTS[k].again);
            putf("%s\n", PARTS[k].after);
        }
        put("--b\nContent-Type: text/html\n\n" PAYLOAD "--b--\n");
        want(PARTS[k].type, k, k == 2 ? 0 : ODD(TEXT_LIMIT));
    }
    raw_n = 0;
    put(HEAD "Content-Type: text/plain; charset=utf-8\n\n");
    for (size_t n = 0; n < (size_t)(2 * MB); n += 3) put("\u200B");
    put("\nthe payload of our shop http://payload.example.com/\n");
    want("plain", 0, ODD(TEXT_LIMIT));
}

/* --- parts -------------------------------------------------------------------------------------------------------- */

static void test_parts(void **state)
{
    (void)state;
    static const struct {
        int before;
        const char *part, *outer; /* repeated before the payload; the multipart around it, or NULL */
        int behind;               /* ... and behind */
    } CASES[] = {
        {600, "--b\n", NULL, 0},
        {600, "--b\n\n", NULL, 0},
        {100000, "--b\n\n", NULL, 100000},
        {100000, "--b\n\nx\n", NULL, 0},
        {5000, "--b\n\nx\n", NULL, MAIL_PARTS_LAST / 2 - 1},
        {5000, "--b\nContent-Type: text/html\n\n<br>\n", NULL, 3},
        {3000,
         "--b\nSubject: a\nFrom: b\nContent-Type: text/html\nContent-Transfer-Encoding: 7bit\n"
         "Content-Disposition: inline\nX-A: b\n\n<br>\n",
         NULL, 0},
        {1000, "--b\n\nx\n", "c", 0},
        {1000, "--b\n\nx\n", "c", 3},
    };
    for (size_t k = 0; k < sizeof CASES / sizeof *CASES; k++) {
        raw_n = 0;
        put(HEAD);
        for (int i = 0; i < 1000; i++) put("X-Filler: a\n");
        put("Content-Type: multipart/mixed; boundary=b\n\n");
        for (int i = 0; i < CASES[k].before; i++) put(CASES[k].part);
        if (CASES[k].outer) {
            put("--b\nContent-Type: multipart/mixed; boundary=c\n\n");
            for (int i = 0; i < 1000; i++) put("--c\n\ny\n");
            put("--c\nContent-Type: text/html\n\n" PAYLOAD "--c--\n");
        } else {
            put("--b\nContent-Type: text/html\nContent-Transfer-Encoding: base64\n\n");
            put_base64(PAYLOAD, strlen(PAYLOAD));
            put("\n");
        }
        for (int i = 0; i < CASES[k].behind; i++) put(CASES[k].part);
        put("--b--\n");
        want("parts", k, ODD(MANY_PARTS));
        if (mail.odd & ODD(TRUNCATED)) fail_msg("%zu: the end was there", k);
    }
}

/* --- links -------------------------------------------------------------------------------------------------------- */

static void test_links(void **state)
{
    (void)state;
    static const char *const LINKS[] = {
        "<a href=http://j%d.example.org/></a>\n",
        "<a href=http://j%d.example.org/>.</a>\n",
        "<a href=http://example.org/%d> </a>\n",
        "<a href=http://j%d.example.org/><img src=cid:x width=1 height=1></a>\n",
        "<img src=http://j%d.example.org/ width=1 height=1>\n",
        "<p style='background:url(http://j%d.example.org/)'></p>\n",
    };
    for (size_t k = 0; k < 2 * sizeof LINKS / sizeof *LINKS; k++) {
        raw_n = 0;
        put(HEAD "From: b\nContent-Type: text/html\n\n<base href=http://example.org/>\n");
        for (int i = 0; i < 3000; i++) {
            char line[256];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
            snprintf(line, sizeof line, LINKS[k / 2], i);
#pragma GCC diagnostic pop
            put(line);
        }
        put(k % 2 ? "the payload of our shop <a href=http://payload.example.com/><img src=cid:y></a>" : PAYLOAD);
        want("links", k, ODD(URL_LIMIT));
        static struct rep_names names;
        rep_names(&mail, SPAN_NONE, SPAN_NONE, &names);
        bool looked_up = false;
        for (size_t i = 0; i < names.n; i++) looked_up |= span_eq(names.v[i].name, SPAN("example.com"));
        assert_true(looked_up && names.urls_cut);
    }
    /* The header's are read last, and have places of their own. */
    raw_n = 0;
    put("Subject: http://payload.example.com/\n" HEAD "Content-Type: text/html\n\nthe payload of our shop");
    for (int i = 0; i < MAIL_URLS_MAX + 1; i++) putf("<a href=http://j%d.example.org/>more</a>\n", i);
    want("subject", 0, ODD(URL_LIMIT));
}

/* --- squeezing ---------------------------------------------------------------------------------------------------- */

/* What is made short is short, and reads the same with what follows. */
static void test_squeeze(void **state)
{
    (void)state;
    enum { LONG = 1 << 17 };
    static const struct {
        const char *before, *again, *after, *rest, *want;
    } CASES[] = {
        {"<!--", "ab", "-", "->", "<!--aab-->"},
        {"<!--x", "->", "", "x-->", "<!--x>->x-->"},
        {"<a", " b=c", "", ">", "<a b=c>"},
        {"<a ", "b='c'", "", ">", "<a >"},
        {"<a href='x' ", "b='c'", "", ">", "<a href='x' >"},
        {"<a href=x ", "href=y ", "", ">", "<a href=x >"},
        {"<a b='", "c", "", "' href=x>", "<a b='' href=x>"},
        {"<a b=", "c", "", " href=x>", "<a b=c href=x>"},
        {"<a b", " ", "", "=c href=x>", "<a b =c href=x>"},
        {"<a b=", " ", "", "'c' href=x>", "<a b='c' href=x>"},
        {"<a b ", "/ ", "", "href=x>", "<a href=x>"},
        {"<a ", "b='c'", " h", "ref=x>", "<a href=x>"},
        {"</a ", "b ", "", ">", "</a b >"},
        {"<?", "ab", "", ">", "<?abab>"},
    };
    char *s = malloc(LONG + 256);
    assert_non_null(s);
    for (size_t k = 0; k < sizeof CASES / sizeof *CASES; k++) {
        size_t n = (size_t)sprintf(s, "%s", CASES[k].before);
        while (n < LONG) n += (size_t)sprintf(s + n, "%s", CASES[k].again);
        n += (size_t)sprintf(s + n, "%s", CASES[k].after);
        n = squeeze((uint8_t *)s, n);
        assert_true(n <= SQUEEZED_MAX);
        strcpy(s + n, CASES[k].rest);
        if (strcmp(s, CASES[k].want) != 0) fail_msg("%s%s...: %s", CASES[k].before, CASES[k].again, s);
    }
    free(s);
}

static int open_all(void **state)
{
    (void)state;
    raw = malloc(CAP);
    html = malloc(CAP / 3);
    mail_init();
    return raw && html ? (int)arena_open(&arena, MAIL_ARENA_BYTES) : -1;
}

static int close_all(void **state)
{
    (void)state;
    mail_close();
    arena_close(&arena);
    free(raw);
    free(html);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts), cmocka_unit_test(test_late_attribute), cmocka_unit_test(test_text_parts),
        cmocka_unit_test(test_parts), cmocka_unit_test(test_links),          cmocka_unit_test(test_squeeze),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}

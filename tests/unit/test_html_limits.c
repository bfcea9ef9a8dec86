/* SPDX-License-Identifier: Apache-2.0 */
/* test_html_limits: documents without end: each limit of html.h and css.h is reached, and what is beyond it is told.
 *
 * What is read and what is forgotten there stands in those headers. */
#include "tests/unit/read_html.h"

#include "proto/base/hash.h"
#include "worker/text/css.h"

/* What an attacker repeats: each alone, to the size of a large mail. Nothing is timed; a quadratic reader would not end
 * before the test's runner loses patience. */
static void reads_storms(void **state)
{
    (void)state;
    static const struct {
        const char *before, *again;
    } STORMS[] = {
        {"", "<"},
        {"", "&"},
        {"", "&#x"},
        {"", "&#0"},
        {"", "&CounterClockwiseContourIntegra"},
        {"", "<!--"},
        {"", "<!-- -"},
        {"", "a<!---->"},
        {"", "<a "},
        {"", "<a href=\""},
        {"", "</"},
        {"", "<div>"},
        {"", "<b>"},
        {"", "<p>"},
        {"", "<table><tr><td>"},
        {"", "<x></y>"},
        {"", "<font color=red><div></font></div>"},
        {"<div><div><div><div><div><div>", "<font color=red><p></div><div>"},
        {"<span><div><i><i><i><i><i><i>", "</span>"},
        {"", "<title>"},
        {"", "<script></scrip>"},
        {"", "<style>.a,.b{color:red}</style>"},
        {"<style>", "@media{"},
        {"<style>", "/*"},
        {"<style>", " "},
        {"<style>", "content:"},
        {"<style>", "content:'a"},
        {"<style>a{content:''}", "  :"},
        {"<style>", ":is("},
        {"<style>", ":is(a,b){color:red}"},
        {"<style>", ":is(:is(a,b),:is(c,d)):is(e,f){color:red}"},
        {"<style>", "a:not(b):not("},
        {"<style>", "[a=b]"},
        {"<style>", "a+"},
        {"<style>", "@media (1px<"},
        {"<style>", "@media not ("},
        {"<style>", "@supports (a:b) or "},
        {"", "<!--[if mso]>"},
        {"", "<!--[if mso]>a<!--[if mso]-->"},
        {"<!--[if mso]>", "<a href=x>"},
        {"<!--[if mso]>", "<xml>"},
        {"", "<bdo dir=rtl>a"},
        {"", "<bdo dir=rtl>a</bdo>"},
        {"", "<a href=data:text/html,a.bc>"},
        {"<a href=data:text/html,", "%"},
        {"", "<a href=x:>"},
        {"", "<a href=x>"},
        {"<a href='x:", "http"},
        {"<div style='", "text-shadow:0 0,"},
        {"<div style='filter:", "a("},
        {"<div style='mask:", "t"},
        {"<style>", ".a{"},
        {"<style>", ".a,"},
        {"<style>.a{color:red}</style>", "<b class='a a a a'>"},
        {"<b style='", "background:url("},
        {"<b style='", "font-size:1px;"},
        {"<b style='font:", "a "},
        {"<a ", "a=b "},
        {"<base href=http://a.example.com/b>", "<img src=c>"},
        {"", "<a href=//a.example.com>example.net</a>"},
        {"<a href='http://", "a@"},
        {"<a href='http://a.example.com/", "http://a.example.com/"},
        {"", "http://a)"},
        {"", "a.b/ "},
        {"http:", "/"},
        {"", "www."},
        {"", "://"},
    };
    enum { BYTES = 1 << 18 };
    char *html = malloc(BYTES);
    assert_non_null(html);
    for (size_t i = 0; i < sizeof STORMS / sizeof *STORMS; i++) {
        struct reading r;
        setup(&r, 1 << 20);
        size_t n = (size_t)snprintf(html, BYTES, "%s", STORMS[i].before), k = strlen(STORMS[i].again);
        for (; n + k <= BYTES; n += k) memcpy(html + n, STORMS[i].again, k);
        read_html(&r, span_of(html, n));
        assert_true(r.visible.n <= r.visible.cap && r.hidden.n <= r.hidden.cap && r.urls.n <= r.urls.cap);
        arena_close(&r.a);
    }
    free(html);
}

/* Deeper than the stack of elements: styles are forgotten there, but what is hidden stays hidden. */
static void reads_beyond_the_depth(void **state)
{
    (void)state;
    struct reading r;
    setup(&r, 1 << 16);
    char html[16 * HTML_DEPTH_MAX + 256];
    size_t n = 0;
    for (int i = 0; i < HTML_DEPTH_MAX + 10; i++) n += (size_t)snprintf(html + n, sizeof html - n, "<div>");
    n += (size_t)snprintf(html + n, sizeof html - n, "a<div><b hidden>b<i>c</i>d</b></div>e");
    for (int i = 0; i < HTML_DEPTH_MAX + 10; i++) n += (size_t)snprintf(html + n, sizeof html - n, "</div>");
    n += (size_t)snprintf(html + n, sizeof html - n, "f<b hidden>g</b>h");
    read_html(&r, span_of(html, n));
    assert_true(span_eq(text_span(&r.visible), SPAN("a\ne\nfh")));
    assert_true(span_eq(text_span(&r.hidden), SPAN("bcd\ng")));
    arena_close(&r.a);
}

/* Values and counts beyond which no more is read, and just below. */
static void reads_up_to_each_limit(void **state)
{
    (void)state;
    enum { BYTES = 1 << 20 };
    static const struct {
        const char *head, *fill;
        int count;
        const char *tail;
        const char *urls; /* host of the last link, or none */
        uint64_t odd;
        size_t visible;
    } LIMITS[] = {
        /* HTML_VALUE_MAX: a link is cut, and nothing pushes its host out */
        {"<a href='http://a.example/?a&amp;", "b", HTML_VALUE_MAX, "'>", "a.example", 0, 0},
        {"<a href='http://a&#46;example/?a&amp;", "b", HTML_VALUE_MAX, "'>", "a.example", 0, 0},
        {"<a href='http://a&#10;.exam", "&#10;", HTML_VALUE_MAX, "ple/'>", "a.example", 0, 0},
        {"<a href='", "&#32;", HTML_VALUE_MAX, "http://a.example/'>", "a.example", 0, 0},
        {"<a href='", " ", HTML_VALUE_MAX, "http://a&#46;example/'>", "a.example", 0, 0},
        {"<a href='http://a@", "&#38;", HTML_VALUE_MAX - 30, "@b.example/'>", "b.example", 0, 0},
        {"<img srcset='http://a.example/?a&amp;", "b", HTML_VALUE_MAX, " 2x'>", "a.example", 0, 0},
        {"<b style='a:&#32;b;", "x", HTML_VALUE_MAX - 40, ";display:none'>x</b>", NULL, ODD(HIDDEN_TEXT), 0},
        {"<b style='a:&#32;b;", "x", HTML_VALUE_MAX, ";display:none'>x</b>", NULL, 0, 1},
        /* HTML_ALT_MAX */
        {"<img alt='", "x", HTML_ALT_MAX, "'>", NULL, 0, HTML_ALT_MAX},
        {"<img alt='", "x", HTML_ALT_MAX + 1, "'>", NULL, 0, HTML_ALT_MAX},
        /* HTML_COMPARED_MAX: a link with a name that is another's, the last one that is looked at and the one behind */
        {"", "<a href=//a.example>text</a>", HTML_COMPARED_MAX - 1, "<a href=//a.example>http://b.example/</a>",
         "a.example", ODD(URL_MISMATCH), 4 * (HTML_COMPARED_MAX - 1) + 17},
        {"", "<a href=//a.example>text</a>", HTML_COMPARED_MAX, "<a href=//a.example>http://b.example/</a>",
         "a.example", 0, 4 * HTML_COMPARED_MAX + 17},
        /* HTML_BASED_MAX */
        {"<base href=http://b.example/>", "<a href=x>", HTML_BASED_MAX - 1, "<a href=//a.example/><a href=y>",
         "b.example", 0, 0},
        {"<base href=http://b.example/>", "<a href=x>", HTML_BASED_MAX, "<a href=//a.example/><a href=y>", "a.example",
         0, 0},
        /* HTML_EARLY_MAX: relative links before their base */
        {"", "<a href=x>", HTML_EARLY_MAX - 1, "<a href=?y><base href=http://a.example/><img src=//b.example>",
         "b.example", 0, 0},
        {"<a href=//b.example>", "<a href=x>", HTML_EARLY_MAX - 1,
         "<a href=//c.example><a href=y><base "
         "href=http://a.example/>",
         "a.example", 0, 0},
        {"", "<a href=?x>", HTML_EARLY_MAX, "<a href=//c.example><a href=y><base href=http://a.example/>", "a.example",
         0, 0},
        /* HTML_WRAPPED_MAX: links of other schemes */
        {"", "<a href=feed:https://b.com/>", HTML_WRAPPED_MAX - 1, "<a href=blob:http://a.com/>", "a.com", 0, 0},
        {"", "<a href=feed:https://b.com/>", HTML_WRAPPED_MAX, "<a href=blob:http://a.com/>", "b.com", 0, 0},
    };
    char *html = malloc(BYTES);
    assert_non_null(html);
    for (size_t i = 0; i < sizeof LIMITS / sizeof *LIMITS; i++) {
        struct reading r;
        setup(&r, 1 << 16);
        size_t n = (size_t)snprintf(html, BYTES, "%s", LIMITS[i].head);
        for (int k = 0; k < LIMITS[i].count; k++) n += (size_t)snprintf(html + n, BYTES - n, "%s", LIMITS[i].fill);
        n += (size_t)snprintf(html + n, BYTES - n, "%s", LIMITS[i].tail);
        read_html(&r, span_of(html, n));
        span host = r.urls.n ? r.urls.v[r.urls.n - 1].host : SPAN_NONE;
        uint64_t odd = r.odd & (ODD(HIDDEN_TEXT) | ODD(URL_MISMATCH));
        if (!span_eq(host, LIMITS[i].urls ? span_cstr(LIMITS[i].urls) : SPAN_NONE) || odd != LIMITS[i].odd ||
            text_span(&r.visible).n != LIMITS[i].visible)
            fail_msg("%zu: host %.*s, odd %llx, %zu bytes visible", i, SPAN_ARG(host), (unsigned long long)odd,
                     text_span(&r.visible).n);
        arena_close(&r.a);
    }
    free(html);
}

/* More rules than are remembered: those that hide have room of their own, and what is forgotten is told. */
static void remembers_what_hides(void **state)
{
    (void)state;
    enum { BYTES = 1 << 16 };
    static const struct {
        const char *rule; /* with a number in it */
        int count;
        bool hidden, odd; /* is what a rule behind all these hides hidden, and is it odd? */
    } FLOODS[] = {
        {".a%d{color:red}", CSS_RULES_PLAIN, true, false},       {".a%d{color:red}", 4 * CSS_RULES_MAX, true, true},
        {".x.q%d{color:red}", CSS_CHAIN_PLAIN, true, false},     {".x.a%d{color:red}", 4 * CSS_CHAIN_MAX, true, true},
        {".a%d{display:none}", CSS_RULES_MAX, false, true},      {".x.q%d{display:none}", CSS_CHAIN_MAX, false, true},
        {".x{color:red}/*%d*/", 4 * CSS_RULES_MAX, true, false},
    };
    char *html = malloc(BYTES);
    assert_non_null(html);
    for (size_t i = 0; i < sizeof FLOODS / sizeof *FLOODS; i++) {
        struct reading r;
        setup(&r, 1 << 16);
        size_t n = (size_t)snprintf(html, BYTES, "<style>");
        for (int k = 0; k < FLOODS[i].count; k++) n += (size_t)snprintf(html + n, BYTES - n, FLOODS[i].rule, k);
        n += (size_t)snprintf(html + n, BYTES - n, ".x{display:none}</style>a<b class=x>b</b>");
        read_html(&r, span_of(html, n));
        if (span_eq(text_span(&r.hidden), SPAN("b")) != FLOODS[i].hidden ||
            ((r.odd & ODD(STYLE_LIMIT)) != 0) != FLOODS[i].odd)
            fail_msg("%d of %s: odd %llx", FLOODS[i].count, FLOODS[i].rule, (unsigned long long)r.odd);
        arena_close(&r.a);
    }
    free(html);
}

/* Classes whose hashes all belong into one slot: what does not fit is told, and costs no more than the others. */
static void gives_up_colliding_rules(void **state)
{
    (void)state;
    enum { BYTES = 1 << 16, RULES = 64, CLASS = 1 };
    char *html = malloc(BYTES), name[16];
    assert_non_null(html);
    size_t n = (size_t)snprintf(html, BYTES, "<style>");
    for (int i = 0, kept = 0; kept < RULES; i++) {
        snprintf(name, sizeof name, "q%d", i);
        if ((hash64(span_cstr(name), CLASS) >> 1) % (2 * CSS_RULES_MAX)) continue;
        n += (size_t)snprintf(html + n, BYTES - n, ".%s{display:none}", name);
        kept++;
    }
    n += (size_t)snprintf(html + n, BYTES - n, ".x{display:none}</style><b class=%s>a</b><b class=x>b</b>", name);
    struct reading r;
    setup(&r, 1 << 16);
    read_html(&r, span_of(html, n));
    assert_true(r.odd & ODD(STYLE_LIMIT));
    assert_true(span_eq(text_span(&r.visible), SPAN("a")));
    assert_true(span_eq(text_span(&r.hidden), SPAN("b")));
    arena_close(&r.a);
    free(html);
}

/* Full texts, lists and arenas: reading goes on and says so. */
static void reads_on_when_full(void **state)
{
    (void)state;
    static const char HTML[] =
        "<a href=http://one.example.com/>one</a> <a href=http://two.example.com/>two</a><b hidden>x</b>"
        "<a href=http://three.example.com/>www.example.net</a>";
    struct reading r = {0};
    assert_int_equal(arena_open(&r.a, 4096), ERR_OK);
    text_init(&r.visible, &r.a, 5);
    text_init(&r.hidden, &r.a, 0);
    url_list_init(&r.urls, &r.a, 2);
    read_html(&r, SPAN(HTML));
    assert_true(span_eq(text_span(&r.visible), SPAN("one t")));
    assert_true(r.visible.full && r.hidden.full);
    assert_int_equal(r.urls.n, 2);
    assert_true(r.urls.odd & ODD(URL_LIMIT));
    assert_true(r.odd & ODD(HIDDEN_TEXT));
    assert_int_equal(r.shape.links, 3);
    arena_close(&r.a);

    r = (struct reading){0};
    assert_int_equal(arena_open(&r.a, 64), ERR_OK);
    text_init(&r.visible, &r.a, 32);
    text_init(&r.hidden, &r.a, 32);
    url_list_init(&r.urls, &r.a, 16);
    assert_int_equal(r.urls.cap, 0);
    read_html(&r, SPAN(HTML));
    assert_int_equal(r.urls.n, 0);
    assert_true(r.urls.odd & ODD(URL_LIMIT));
    arena_close(&r.a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_storms),
        cmocka_unit_test(reads_beyond_the_depth),
        cmocka_unit_test(reads_up_to_each_limit),
        cmocka_unit_test(remembers_what_hides),
        cmocka_unit_test(gives_up_colliding_rules),
        cmocka_unit_test(reads_on_when_full),
    };
    return cmocka_run_group_tests_name("html_limits", tests, NULL, NULL);
}

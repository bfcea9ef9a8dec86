/* SPDX-License-Identifier: Apache-2.0 */
/* test_url: what a browser would open, for each way to hide it.
 *
 * Expected hosts were derived by hand from the URL standard's parser and the public suffix list. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

#include "worker/text/domain.h"
#include "worker/text/odd.h"
#include "worker/text/url.h"

enum { IP = 1, USER = 2, OBSCURED = 4, MIXED = 8 };

static const struct {
    const char *link, *host, *domain, *path; /* host NULL: no web link */
    unsigned odd, port;
} LINKS[] = {
    /* plain */
    {"http://www.example.com/", "www.example.com", "example.com", "/", 0, 0},
    {"https://example.co.jp/a?b#c", "example.co.jp", "example.co.jp", "/a?b#c", 0, 0},
    {"HTTP://WWW.Example.COM/Path", "www.example.com", "example.com", "/Path", 0, 0},
    {"ftp://ftp.example.org/x", "ftp.example.org", "example.org", "/x", 0, 0},
    {"http://a.b.c.example.co.uk", "a.b.c.example.co.uk", "example.co.uk", "", 0, 0},
    {"http://shop.blogspot.com/", "shop.blogspot.com", "shop.blogspot.com", "/", 0, 0},
    {"http://localhost/", "localhost", "localhost", "/", 0, 0},
    {"http://example.com:8080/x", "example.com", "example.com", "/x", 0, 8080},
    {"http://example.com:/x", "example.com", "example.com", "/x", 0, 0},
    {"http://example.com?q=1", "example.com", "example.com", "?q=1", 0, 0},
    {"http://example.com#top", "example.com", "example.com", "#top", 0, 0},
    {"http://under_score.example.com/", "under_score.example.com", "example.com", "/", 0, 0},
    {"http://xn--r8jz45g.xn--zckzah/", "xn--r8jz45g.xn--zckzah", "xn--r8jz45g.xn--zckzah", "/", 0, 0},
    {"http://co.jp/", "co.jp", "co.jp", "/", 0, 0},
    /* slashes and white space */
    {"  http://example.com/  ", "example.com", "example.com", "/", 0, 0},
    {"\x01http://example.com/", "example.com", "example.com", "/", 0, 0},
    {"ht\ntp://exam\tple.com/a\r\nb", "example.com", "example.com", "/ab", 0, 0},
    {"http:\\\\example.com\\a", "example.com", "example.com", "\\a", 0, 0},
    {"http:/example.com/", "example.com", "example.com", "/", 0, 0},
    {"http:example.com/", "example.com", "example.com", "/", 0, 0},
    {"http://///example.com/", "example.com", "example.com", "/", 0, 0},
    {"//example.com/x", "example.com", "example.com", "/x", 0, 0},
    {"/\\example.com/x", "example.com", "example.com", "/x", 0, 0},
    {"http://example.com/a b", "example.com", "example.com", "/ab", 0, 0},
    {"http://example.com\\@evil.example.net/", "example.com", "example.com", "\\@evil.example.net/", 0, 0},
    /* userinfo */
    {"http://user@example.com/", "example.com", "example.com", "/", USER, 0},
    {"http://www.bank.example@evil.example.net/", "evil.example.net", "example.net", "/", USER, 0},
    {"http://a:b@c@example.com/", "example.com", "example.com", "/", USER, 0},
    {"http://www.bank.example:80@203.0.113.9/", "203.0.113.9", "203.0.113.9", "/", USER | IP, 0},
    {"http://example.com/@evil", "example.com", "example.com", "/@evil", 0, 0},
    {"http://example.com?@evil.example.net", "example.com", "example.com", "?@evil.example.net", 0, 0},
    {"http://@example.com/", "example.com", "example.com", "/", USER, 0},
    /* escapes in the host */
    {"http://%65xample.com/", "example.com", "example.com", "/", OBSCURED, 0},
    {"http://%77%77%77.example.com/", "www.example.com", "example.com", "/", OBSCURED, 0},
    {"http://example%2Ecom/", "example.com", "example.com", "/", OBSCURED, 0},
    {"http://example.com%2f.evil.example.net/", NULL, "", "", 0, 0},
    {"http://exa%6", NULL, "", "", 0, 0},
    {"http://%ff.example.com/", NULL, "", "", 0, 0},
    {"http://\xEF\xBD\x85xample\xE3\x80\x82"
     "com/",
     "example.com", "example.com", "/", OBSCURED, 0},                                    /* full-width e, 。 */
    {"http://exam\xC2\xADple.com/", "example.com", "example.com", "/", OBSCURED, 0},     /* soft hyphen */
    {"http://exam\xE2\x80\x8Bple.com/", "example.com", "example.com", "/", OBSCURED, 0}, /* zero width space */
    /* dots */
    {"http://example.com./", "example.com", "example.com", "/", 0, 0},
    {"http://./", NULL, "", "", 0, 0},
    /* addresses */
    {"http://192.0.2.1/", "192.0.2.1", "192.0.2.1", "/", IP, 0},
    {"http://192.0.2.1./", "192.0.2.1", "192.0.2.1", "/", IP, 0},
    {"http://3221225985/", "192.0.2.1", "192.0.2.1", "/", IP | OBSCURED, 0},
    {"http://0xC0000201/", "192.0.2.1", "192.0.2.1", "/", IP | OBSCURED, 0},
    {"http://0300.0.02.01/", "192.0.2.1", "192.0.2.1", "/", IP | OBSCURED, 0},
    {"http://0xc0.0x0.0x2.0x1/", "192.0.2.1", "192.0.2.1", "/", IP | OBSCURED, 0},
    {"http://192.513/", "192.0.2.1", "192.0.2.1", "/", IP | OBSCURED, 0},
    {"http://192.0.513/", "192.0.2.1", "192.0.2.1", "/", IP | OBSCURED, 0},
    {"http://%31%39%32.0.2.1/", "192.0.2.1", "192.0.2.1", "/", IP | OBSCURED, 0},
    {"http://0/", "0.0.0.0", "0.0.0.0", "/", IP | OBSCURED, 0},
    {"http://0x/", "0.0.0.0", "0.0.0.0", "/", IP | OBSCURED, 0},
    {"http://192.0.2.256/", NULL, "", "", 0, 0},
    {"http://192.0.2.1.5/", NULL, "", "", 0, 0},
    {"http://4294967296/", NULL, "", "", 0, 0},
    {"http://1.2.3.08/", NULL, "", "", 0, 0},
    {"http://a.1/", NULL, "", "", 0, 0},
    {"http://192.0.2.1.example.com/", "192.0.2.1.example.com", "example.com", "/", 0, 0},
    {"http://[2001:DB8::0:1]/x", "[2001:db8::1]", "[2001:db8::1]", "/x", IP, 0},
    {"http://[2001:db8::1]:81/", "[2001:db8::1]", "[2001:db8::1]", "/", IP, 81},
    {"http://[::ffff:192.0.2.1]/", "192.0.2.1", "192.0.2.1", "/", IP | OBSCURED, 0},
    {"http://[::FFFF:c000:201]/", "192.0.2.1", "192.0.2.1", "/", IP | OBSCURED, 0},
    {"http://[::1", NULL, "", "", 0, 0},
    {"http://[zz]/", NULL, "", "", 0, 0},
    {"http://[::1]x/", NULL, "", "", 0, 0},
    /* no scheme */
    {"www.example.org/x", "www.example.org", "example.org", "/x", 0, 0},
    {"www.example.org", "www.example.org", "example.org", "", 0, 0},
    {"WWW.EXAMPLE.ORG:81", "www.example.org", "example.org", "", 0, 81},
    {"example.org/x", "example.org", "example.org", "/x", 0, 0},
    {"example.org", NULL, "", "", 0, 0},
    {"www.", NULL, "", "", 0, 0},
    {"images/logo.gif", NULL, "", "", 0, 0},
    {"index.html?x", NULL, "", "", 0, 0},
    {"index.html/", NULL, "", "", 0, 0},
    {"/relative", NULL, "", "", 0, 0},
    {"#top", NULL, "", "", 0, 0},
    {"?q", NULL, "", "", 0, 0},
    {"", NULL, "", "", 0, 0},
    /* not of the web, or not a URL */
    {"mailto:someone@example.com", NULL, "", "", 0, 0},
    {"javascript:location='http://example.com/'", NULL, "", "", 0, 0},
    {"data:text/html,http://example.com/", NULL, "", "", 0, 0},
    {"cid:part1@example.com", NULL, "", "", 0, 0},
    {"tel:+81312345678", NULL, "", "", 0, 0},
    {"http://", NULL, "", "", 0, 0},
    {"http:", NULL, "", "", 0, 0},
    {"http:///", NULL, "", "", 0, 0},
    {"http://user@/", NULL, "", "", 0, 0},
    {"http://example.com:99999/", NULL, "", "", 0, 0},
    {"http://example.com:8x/", NULL, "", "", 0, 0},
    {"http://exam ple.com/", NULL, "", "", 0, 0},
    {"http://exam<ple.com/", NULL, "", "", 0, 0},
    {"http://a\"`{}.example.com/", "a\"`{}.example.com", "example.com", "/", 0, 0},
};

/* '|' parts what must be found, as "whole" of the links. */
static const struct {
    const char *text, *want;
} TEXTS[] = {
    {"", ""},
    {"no link here, e.g. and/or 1.2/3 a.b c.d/", ""},
    {"see http://example.com/a.", "http://example.com/a"},
    {"see http://example.com/a, or (http://example.net/b).", "http://example.com/a|http://example.net/b"},
    {"(see http://example.com/a_(b))", "http://example.com/a_(b)"},
    {"<http://example.com/a> \"http://example.net/b\" 'http://example.org/c'",
     "http://example.com/a|http://example.net/b|http://example.org/c"},
    {"[http://example.com/a]http://example.net/b", "http://example.com/a|http://example.net/b"},
    {"\xE8\xA9\xB3\xE7\xB4\xB0\xE3\x81\xAFhttp://example.jp/x\xE3\x81\xBE\xE3\x81\xA7", "http://example.jp/x"},
    {"http://example.jp/x\xE3\x80\x82http://example.jp/y\xE3\x80\x81", "http://example.jp/x|http://example.jp/y"},
    {"www.example.com and WWW.EXAMPLE.NET!", "www.example.com|WWW.EXAMPLE.NET"},
    {"www.example.invalid wwww.example.com awww.example.com", "wwww.example.com/|awww.example.com/"},
    {"example.com/path and example.html/path", "example.com/path"},
    {"mail someone@example.com/x or someone@www.example.com", ""},
    {"HTTPS://Example.COM", "HTTPS://Example.COM"},
    {"xhttp://example.com/ and ://example.com/", "http://example.com/"},
    {"ftp://ftp.example.com/pub/", "ftp://ftp.example.com/pub/"},
    {"http://example.com/\nhttp://example.com/\nhttp://EXAMPLE.com/", "http://example.com/"},
    {"http://http://example.com/", "http://http://example.com/"},
    {"http:// www.example.com", "www.example.com"},
    {"http://r.example.com/?u=http://t.example.net/x&v=1", "http://r.example.com/?u=http://t.example.net/x&v=1|"
                                                           "http://t.example.net/x"},
    {"http://r.example.com/?u=http%3A%2F%2Ft.example.net%2Fx%3Fy&v=1",
     "http://r.example.com/?u=http%3A%2F%2Ft.example.net%2Fx%3Fy&v=1|http://t.example.net/x?y"},
    {"http://r.example.com/?u=https%253A%252F%252Ft.example.net%252Fx",
     "http://r.example.com/?u=https%253A%252F%252Ft.example.net%252Fx|https://t.example.net/x"},
    {"http://r.example.com/http://s.example.com/http://t.example.com/",
     "http://r.example.com/http://s.example.com/http://t.example.com/|"
     "http://s.example.com/http://t.example.com/|http://t.example.com/"},
    {"http://a.example.com/{x} http://b.example.com/|c", "http://a.example.com/|http://b.example.com/"},
    /* bare domains */
    {"visit example.com, EXAMPLE.NET or shop.example.it.", "example.com/|EXAMPLE.NET/|shop.example.it/"},
    {"example.comをご覧ください。例はexample.co.jpです", "example.com/|example.co.jp/"},
    {"example.com:8080/x example.com: yes", "example.com:8080/x|example.com/"},
    {"at the end.In the file.py and list.map or foo.read(x), e.g. a.b.py", ""},
    {"Well...so what....com users.....net", ""},
    {"x=example.com /usr/example.com $a.com a_b.com@ me@example.com me@mail.example.com/x", ""},
    {"example.com(x) example.com=y", ""},
    {"it did.it was example.it", ""},
    /* hosts in other scripts, and text around them */
    {"http://日本語.jpをご覧ください", "http://日本語.jp"},
    {"詳細はhttp://例え.テスト/パス、または", "http://例え.テスト/"},
    {"http://日本語。jp/x、http://ｅｘａｍｐｌｅ．ｃｏｍ/y", "http://日本語。jp/x|http://ｅｘａｍｐｌｅ．ｃｏｍ/y"},
    {"http://example.jpを見て http://example.com。", "http://example.jp|http://example.com"},
    {"www.日本語.jp/x、www.日本語。jpへ", "http://www.日本語.jp/x|http://www.日本語。jp"},
    {"www.日本語 www.日本語.invalid me@www.日本語.jp www.。.", ""},
    {"http://пример.рф/x «http://bücher.example.com»", "http://пример.рф/x|http://bücher.example.com"},
    {"http://exam\xE2\x80\x8Bple.com/x", "http://exam\xE2\x80\x8Bple.com/x"},
    /* broken over lines */
    {"<http://example.com/a\nb/c>", "http://example.com/ab/c"},
    {"<http://exa\r\nmple.com/\r\n  a>.", "http://example.com/a"},
    {"<http://example.com/a b>", "http://example.com/a"},
    {"<http://example.com/a\n<b>", "http://example.com/a"},
    {"<http://example.com/a\n1\n2\n3\n4\n5\n6\n7\n8\n9>", "http://example.com/a"},
    /* spelt for people */
    {"hxxp://example.com/a hXXps://example[.]net/b", "http://example.com/a|http://example.net/b"},
    {"http : //example.com/a and http: / /example.net", "http://example.com/a|http://example.net/"},
    {"http://www[.]example[.]com/x", "www.example.com/x"},
    {"example[.]com example(.)net/x www[dot]example(dot)org", "example.com/|example.net/x|www.example.org/"},
    {"example (dot) com, me@example[.]com", "example.com/"},
    {"www . example . com / www. example. net/x", "www.example.com/|www.example.net/x"},
    {"the www. to us, x www . x", ""},
    {"f(x) and g[i] (see [1].) tip: yes http: no", ""},
    {"foo[.]bar[.]invalid [.] (dot)com a(dot)", ""},
    /* inner links */
    {"http://r.example.com/?u=//t.example.net/x", "http://r.example.com/?u=//t.example.net/x|//t.example.net/x"},
    {"http://r.example.com/?u=www.example.net&x", "http://r.example.com/?u=www.example.net&x|www.example.net"},
    {"http://r.example.com/?u=%2f%2ft.example.net%2fx&x",
     "http://r.example.com/?u=%2f%2ft.example.net%2fx&x|//t.example.net/x"},
    {"http://r.example.com/aHR0cHM6Ly90LmV4YW1wbGUubmV0L3g_eT0x/z",
     "http://r.example.com/aHR0cHM6Ly90LmV4YW1wbGUubmV0L3g_eT0x/z|https://t.example.net/x?y=1"},
    {"http://r.example.com/?aHR0c=aHR0cDovL3QuZXhhbXBsZS5uZXQ%3D",
     "http://r.example.com/?aHR0c=aHR0cDovL3QuZXhhbXBsZS5uZXQ%3D|http://t.example.net"},
    {"http://r.example.com/v2/url?u=http-3A__t.example.net_x-3Fy&d=z",
     "http://r.example.com/v2/url?u=http-3A__t.example.net_x-3Fy&d=z|http://t.example.net/x?y"},
    {"https://r.example.com/v3/__https://t.example.net/x__;!!A$",
     "https://r.example.com/v3/__https://t.example.net/x__;!!A$|https://t.example.net/x__;!!A$"},
    {"http://r.example.com/amp/s/t.example.net/x http://r.example.com/c/s/none/x",
     "http://r.example.com/amp/s/t.example.net/x|https://t.example.net/x|http://r.example.com/c/s/none/x"},
    {"https://t-example--x-net.cdn.ampproject.org/c/",
     "https://t-example--x-net.cdn.ampproject.org/c/|https://t.example-x.net"},
    {"https://www-example-net.translate.goog/x", "https://www-example-net.translate.goog/x|https://www.example.net"},
    {"http://r.example.com/?a=http://s.example.com/&b=http://t.example.com/&c=http://u.example.com/"
     "&d=http://v.example.com/",
     "http://r.example.com/?a=http://s.example.com/&b=http://t.example.com/&c=http://u.example.com/"
     "&d=http://v.example.com/|http://s.example.com/|http://t.example.com/|http://u.example.com/"},
};

/* Hosts that are not plain ASCII. A-labels were made by Python's codec "punycode" of the mapped label. */
static const struct {
    const char *link, *host, *shown, *domain;
    unsigned odd;
} NAMES[] = {
    {"http://篩.example.jp/", "xn--x1z.example.jp", "篩.example.jp", "example.jp", 0},
    {"http://%E7%AF%A9.example.jp/", "xn--x1z.example.jp", "篩.example.jp", "example.jp", OBSCURED},
    {"http://xn--x1z.example.jp/", "xn--x1z.example.jp", "篩.example.jp", "example.jp", 0},
    {"http://XN--X1Z.example.jp/", "xn--x1z.example.jp", "篩.example.jp", "example.jp", 0},
    {"http://日本語。jp/", "xn--wgv71a119e.jp", "日本語.jp", "xn--wgv71a119e.jp", 0},
    {"http://日本語.ｊｐ/", "xn--wgv71a119e.jp", "日本語.jp", "xn--wgv71a119e.jp", OBSCURED},
    {"http://bücher.example.com/", "xn--bcher-kva.example.com", "bücher.example.com", "example.com", 0},
    {"http://BÜCHER.example.com/", "xn--bcher-kva.example.com", "bücher.example.com", "example.com", 0},
    {"http://bu\u0308cher.example.com/", "xn--bcher-kva.example.com", "bücher.example.com", "example.com", 0},
    {"http://faß.example.com/", "xn--fa-hia.example.com", "faß.example.com", "example.com", 0},
    {"http://ｅｘａｍｐｌｅ．ｃｏｍ/", "example.com", "example.com", "example.com", OBSCURED},
    {"http://𝐞𝐱𝐚𝐦𝐩𝐥𝐞.com/", "example.com", "example.com", "example.com", OBSCURED},
    {"http://ⓔⓧample.com/", "example.com", "example.com", "example.com", OBSCURED},
    {"http://𝟏𝟗𝟐.0.2.1/", "192.0.2.1", "192.0.2.1", "192.0.2.1", IP | OBSCURED},
    {"http://１９２。0。2。1/", "192.0.2.1", "192.0.2.1", "192.0.2.1", IP | OBSCURED},
    {"http://例え.テスト/", "xn--r8jz45g.xn--zckzah", "例え.テスト", "xn--r8jz45g.xn--zckzah", 0},
    {"http://пример.рф/", "xn--e1afmkfd.xn--p1ai", "пример.рф", "xn--e1afmkfd.xn--p1ai", 0},
    /* what mixes scripts: Cyrillic р and а in "paypal"; and what may */
    {"http://раypal.example.com/", "xn--ypal-43d9g.example.com", "раypal.example.com", "example.com", MIXED},
    {"http://xn--ypal-43d9g.example.com/", "xn--ypal-43d9g.example.com", "раypal.example.com", "example.com", MIXED},
    {"http://раураӏ.example.com/", "xn--80aa0cbo65f.example.com", "раураӏ.example.com", "example.com", 0},
    {"http://abc日本カナかな.example.jp/", "xn--abc-n73b9fnphh3141bdoc.example.jp", "abc日本カナかな.example.jp",
     "example.jp", 0},
    {"http://ตabc.example.com/", "xn--abc-nml.example.com", "ตabc.example.com", "example.com", MIXED},
    /* no such label: as written, or no host */
    {"http://xn--zzzz.example.com/", "xn--zzzz.example.com", "xn--zzzz.example.com", "example.com", 0},
    {"http://xn--.example.com/", "xn--.example.com", "xn--.example.com", "example.com", 0},
    {"http://☃.example.com/", "☃.example.com", "☃.example.com", "example.com", 0},
    {"http://axn--x1z.example.jp/", "axn--x1z.example.jp", "axn--x1z.example.jp", "example.jp", 0},
    {"http://a℀b.example.com/", NULL, "", "", 0},
    /* joiners: where a script has them (U+200C in Persian), and as a disguise */
    {"http://نامه\u200Cای.example.com/", "xn--mgba3gch31f060k.example.com", "نامه\u200Cای.example.com", "example.com",
     0},
    {"http://exa\u200Dmple.com/", "example.com", "example.com", "example.com", OBSCURED},
    {"http://1\u200D92.0.2.1/", "192.0.2.1", "192.0.2.1", "192.0.2.1", IP | OBSCURED},
};

static unsigned odd_of(uint64_t odd)
{
    return (odd & ODD(URL_IP) ? IP : 0) | (odd & ODD(URL_USERINFO) ? USER : 0) |
           (odd & ODD(URL_OBSCURED) ? OBSCURED : 0) | (odd & ODD(URL_MIXED) ? MIXED : 0);
}

static void converts_names(void **state)
{
    (void)state;
    struct arena a;
    assert_int_equal(arena_open(&a, 1 << 16), ERR_OK);
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++)
        for (int round = 0; round < 2; round++) { /* from the form found, and from the normal one */
            struct url_list l;
            char again[256];
            arena_reset(&a);
            url_list_init(&l, &a, 8);
            snprintf(again, sizeof again, "http://%s/", NAMES[i].host ? NAMES[i].host : "");
            const struct url *u = url_add(&l, span_cstr(round ? again : NAMES[i].link), URL_IN_HREF);
            if (!u != !NAMES[i].host) fail_msg("\"%s\": %s", NAMES[i].link, u ? "is a link" : "is none");
            if (!u) continue;
            unsigned odd = odd_of(u->odd), want = NAMES[i].odd & (round ? IP | MIXED : ~0u);
            if (!span_eq(u->host, span_cstr(NAMES[i].host)) || !span_eq(u->shown, span_cstr(NAMES[i].shown)) ||
                !span_eq(u->domain, span_cstr(NAMES[i].domain)) || odd != want)
                fail_msg("\"%s\": host %.*s shown %.*s domain %.*s odd %u", NAMES[i].link, SPAN_ARG(u->host),
                         SPAN_ARG(u->shown), SPAN_ARG(u->domain), odd);
            /* once more, from memory */
            const struct url *same = url_add(&l, span_cstr(round ? again : NAMES[i].link), URL_IN_HREF);
            assert_ptr_equal(u, same);
        }
    arena_close(&a);
}

/* Names that turn out to be no host count too, and a name converted before costs nothing. */
static void remembers_names(void **state)
{
    (void)state;
    struct arena a;
    struct url_list l;
    struct url_room room;
    struct url u;
    assert_int_equal(arena_open(&a, 1 << 18), ERR_OK);
    url_list_init(&l, &a, 8);
    for (int i = 0; i < URL_IDN_MAX; i++)
        for (int round = 0; round < 2; round++) {
            char link[64];
            snprintf(link, sizeof link, "http://℀%d.example.com/", i);
            assert_false(url_split(&l, span_cstr(link), &room, &u));
            assert_int_equal(l.name_count, i + 1);
        }
    assert_int_equal(l.odd, 0);
    assert_true(url_split(&l, SPAN("http://é.example.com/"), &room, &u));
    assert_true(span_eq(u.host, SPAN("é.example.com")));
    assert_int_equal(l.odd, ODD(URL_LIMIT));
    /* with little room there are fewer, or none */
    for (size_t cap = 0; cap < 4096; cap += 16) {
        struct arena small = {.base = a.base, .cap = cap};
        struct url_list few = {.a = &small};
        bool converted = true;
        for (int i = 0; i < 8; i++) {
            char link[64];
            snprintf(link, sizeof link, "http://é%d.example.com/", i);
            assert_true(url_split(&few, span_cstr(link), &room, &u));
            bool now = span_istarts(u.host, SPAN("xn--"));
            assert_true(converted || !now);
            assert_int_equal(now, !span_eq(u.host, u.shown));
            converted = now;
        }
        assert_int_equal(converted, (few.odd & ODD(URL_LIMIT)) == 0);
    }
    arena_close(&a);
}

/* Names longer than any host, cut nowhere within a character. */
static void refuses_long_names(void **state)
{
    (void)state;
    struct idn_room room;
    span host, shown;
    uint64_t odd = 0;
    char name[IDN_SHOWN_MAX + 8];
    for (size_t n = IDN_HOST_MAX - 3; n <= IDN_SHOWN_MAX + 1; n++) {
        for (size_t i = 0; i < n; i++) name[i] = "\xC3\xA9"[i % 2];
        bool whole = idn_name(span_of(name, n), &room, &host, &shown, &odd);
        assert_int_equal(whole, n % 2 == 0 && n <= IDN_HOST_MAX);
    }
}

/* More names than are converted: the rest stays as written, and it is said. */
static void converts_so_many_names(void **state)
{
    (void)state;
    struct arena a;
    struct url_list l;
    assert_int_equal(arena_open(&a, 1 << 18), ERR_OK);
    url_list_init(&l, &a, 2 * URL_IDN_MAX);
    for (int i = 0; i <= URL_IDN_MAX; i++) {
        char link[64];
        snprintf(link, sizeof link, "http://é%d.example.com/", i);
        const struct url *u = url_add(&l, span_cstr(link), URL_IN_TEXT);
        assert_int_equal(span_istarts(u->host, SPAN("xn--")), i < URL_IDN_MAX);
        assert_int_equal(l.odd, i < URL_IDN_MAX ? 0 : ODD(URL_LIMIT));
    }
    arena_close(&a);
}

static void takes_links_apart(void **state)
{
    (void)state;
    struct arena a;
    assert_int_equal(arena_open(&a, 1 << 16), ERR_OK);
    for (size_t i = 0; i < sizeof LINKS / sizeof *LINKS; i++) {
        struct url_list l;
        url_list_init(&l, &a, 8);
        const struct url *u = url_add(&l, span_cstr(LINKS[i].link), URL_IN_HREF);
        unsigned odd = odd_of(l.odd);
        if (!u != !LINKS[i].host) fail_msg("\"%s\": %s", LINKS[i].link, u ? "is a link" : "is none");
        if (u && !(span_eq(u->host, span_cstr(LINKS[i].host)) && span_eq(u->domain, span_cstr(LINKS[i].domain)) &&
                   span_eq(u->path, span_cstr(LINKS[i].path)) && u->port == LINKS[i].port && odd == LINKS[i].odd))
            fail_msg("\"%s\": host %.*s domain %.*s path %.*s port %u odd %u", LINKS[i].link, SPAN_ARG(u->host),
                     SPAN_ARG(u->domain), SPAN_ARG(u->path), u->port, odd);
        if (u) assert_int_equal(u->odd, l.odd);
        if (!u) assert_int_equal(l.odd, 0);
        arena_reset(&a);
    }
    arena_close(&a);
}

static void finds_links_in_text(void **state)
{
    (void)state;
    struct arena a;
    assert_int_equal(arena_open(&a, 1 << 16), ERR_OK);
    for (size_t i = 0; i < sizeof TEXTS / sizeof *TEXTS; i++) {
        struct url_list l;
        url_list_init(&l, &a, 16);
        url_find(&l, span_cstr(TEXTS[i].text), URL_IN_TEXT);
        char got[1024] = "";
        for (size_t k = 0, n = 0; k < l.n; k++)
            n += (size_t)snprintf(got + n, sizeof got - n, "%s%.*s", k ? "|" : "", SPAN_ARG(l.v[k].whole));
        if (strcmp(got, TEXTS[i].want) != 0) fail_msg("\"%s\": got %s", TEXTS[i].text, got);
        arena_reset(&a);
    }
    arena_close(&a);
}

/* A text full of what looks like a domain and is none: after so many, only links with a scheme are found. */
static void tries_so_many_domains(void **state)
{
    (void)state;
    static char text[16 * (URL_BARE_MAX + 8)];
    struct arena a;
    assert_int_equal(arena_open(&a, 1 << 16), ERR_OK);
    for (int tries = URL_BARE_MAX - 1; tries <= URL_BARE_MAX; tries++) {
        struct url_list l;
        size_t n = 0;
        for (int i = 0; i < tries; i++) n += (size_t)snprintf(text + n, sizeof text - n, "a.invalid ");
        n += (size_t)snprintf(text + n, sizeof text - n, "example.com http://example.net/");
        arena_reset(&a);
        url_list_init(&l, &a, 8);
        url_find(&l, span_of(text, n), URL_IN_TEXT);
        assert_int_equal(l.n, tries < URL_BARE_MAX ? 2 : 1);
        assert_true(span_eq(l.v[l.n - 1].host, SPAN("example.net")));
    }
    arena_close(&a);
}

static void keeps_each_link_once(void **state)
{
    (void)state;
    enum { CAP = 100 };
    struct arena a;
    struct url_list l;
    assert_int_equal(arena_open(&a, 1 << 16), ERR_OK);
    url_list_init(&l, &a, CAP);
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < CAP; i++) {
            char link[64];
            int n = snprintf(link, sizeof link, "http://h%d.example.com/%d", i, i);
            const struct url *u = url_add(&l, span_of(link, (size_t)n), URL_IN_TEXT);
            assert_ptr_equal(u, &l.v[i]);
            assert_int_equal(l.n, round ? CAP : i + 1);
        }
    assert_int_equal(l.odd, 0);
    assert_null(url_add(&l, SPAN("http://more.example.com/"), URL_IN_TEXT));
    assert_int_equal(l.odd, ODD(URL_LIMIT));
    assert_non_null(url_add(&l, SPAN("https://H7.example.com:80/7"), URL_IN_HREF)); /* host and path of a kept one */
    arena_close(&a);
}

/* Longer than is kept, or than anything reads: the host is right or there is none. */
static void cuts_long_links(void **state)
{
    (void)state;
    enum { BYTES = 1 << 16 };
    static char link[BYTES];
    struct url_room room;
    struct url u;
    struct url_list none = {0};
    /* a long path */
    size_t n = (size_t)snprintf(link, sizeof link, "http://example.com/");
    memset(link + n, 'a', BYTES - n);
    assert_true(url_split(&none, span_of(link, BYTES), &room, &u));
    assert_int_equal(u.whole.n, URL_BYTES_MAX);
    assert_true(span_eq(u.host, SPAN("example.com")));
    /* a long userinfo before the real host */
    static const char END[] = "@evil.example.net/x";
    memcpy(link, "http://bank.example/", 19);
    memset(link + 19, 'a', BYTES - 19);
    memcpy(link + BYTES - sizeof END, END, sizeof END);
    assert_true(url_split(&none, span_of(link, BYTES - 1), &room, &u));
    assert_true(span_eq(u.host, SPAN("evil.example.net")));
    assert_true(span_eq(u.whole, SPAN("//evil.example.net/x")));
    assert_int_equal(u.odd, ODD(URL_USERINFO));
    /* the same with line ends in it, too long to be copied: not taken for the first host */
    link[30] = '\n';
    assert_false(url_split(&none, span_of(link, BYTES - 1), &room, &u));
    /* a host longer than a name can be */
    memset(link + 7, 'a', 300);
    assert_false(url_split(&none, span_of(link, 307), &room, &u));
    /* characters are kept whole */
    n = (size_t)snprintf(link, sizeof link, "http://example.com/x");
    for (; n + 3 <= BYTES; n += 3) memcpy(link + n, "\xE7\xAF\xA9", 3);
    assert_true(url_split(&none, span_of(link, n), &room, &u));
    assert_int_equal((u.path.n - 2) % 3, 0);
}

static void finds_the_registrable_domain(void **state)
{
    (void)state;
    static const struct {
        const char *host, *domain;
        bool known;
    } HOSTS[] = {
        {"mail.example.co.jp", "example.co.jp", true},
        {"example.co.jp", "example.co.jp", true},
        {"co.jp", "co.jp", true},
        {"a.b.example.tokyo.jp", "example.tokyo.jp", true},
        {"x.github.io", "x.github.io", true},
        {"www.city.kobe.jp", "city.kobe.jp", true},
        {"a.example.invalid", "example.invalid", false},
        {"localhost", "localhost", false},
        {"192.0.2.1", "192.0.2.1", false},
        {"[2001:db8::1]", "[2001:db8::1]", false},
        {"index.html", "index.html", false},
        {"", "", false},
    };
    domain_init();
    for (size_t i = 0; i < sizeof HOSTS / sizeof *HOSTS; i++) {
        span got = domain_registrable(span_cstr(HOSTS[i].host));
        if (!span_eq(got, span_cstr(HOSTS[i].domain)) || domain_known(span_cstr(HOSTS[i].host)) != HOSTS[i].known)
            fail_msg("%s: %.*s", HOSTS[i].host, SPAN_ARG(got));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_links_apart),      cmocka_unit_test(converts_names),
        cmocka_unit_test(converts_so_many_names), cmocka_unit_test(refuses_long_names),
        cmocka_unit_test(remembers_names),        cmocka_unit_test(finds_links_in_text),
        cmocka_unit_test(tries_so_many_domains),  cmocka_unit_test(keeps_each_link_once),
        cmocka_unit_test(cuts_long_links),        cmocka_unit_test(finds_the_registrable_domain),
    };
    return cmocka_run_group_tests_name("url", tests, NULL, NULL);
}

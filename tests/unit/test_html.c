/* SPDX-License-Identifier: Apache-2.0 */
/* test_html: what a reader sees of a document, and where its links lead.
 *
 * Expected values are what browsers show; line ends in them stand for blocks. */
#include "tests/unit/read_html.h"
#include "worker/text/tag.h"

static const struct html_case CASES[] = {
    /* text and blocks */
    {"", "", "", "", 0},
    {"plain  text\n here", "plain text here", "", "", 0},
    {"<p>one<p>two</p>three", "one\ntwo\nthree", "", "", 0},
    {"a<br>b<BR/>c</br>d", "a\nb\nc\nd", "", "", 0},
    {"<h1>T</h1><ul><li>a<li>b</ul>", "T\na\nb", "", "", 0},
    {"<table><tr><td>a</td><td>b</td></tr><tr><th>c<th>d</table>e", "a b\nc d\ne", "", "", 0},
    {"wo<b>r</b>d <i>w</i>ord", "word word", "", "", 0},
    {"<div>a<div>b</div>c</div>d", "a\nb\nc\nd", "", "", 0},
    {"<span style=display:block>a</span>b", "a\nb", "", "", 0},
    {"<div style='display:inline'>a</div><div style=\"display: inline-block\">b</div>", "ab", "", "", 0},
    {"<pre>a\n  b</pre>", "a b", "", "", 0},
    {"<select><option>a<option>b</select>", "a\nb", "", "", 0},
    {"<textarea>a&lt;<b></textarea>c", "a<<b>c", "", "", 0},
    {"a<wbr>b<hr>c", "ab\nc", "", "", 0},
    {"<noscript>a</noscript><object>b</object>", "ab", "", "", 0},
    /* tokens */
    {"a < b <> c <3 </ d", "a < b <> c <3", "", "", 0},
    {"a<", "a<", "", "", 0},
    {"a</", "a</", "", "", 0},
    {"a<b", "a", "", "", 0},
    {"a<b c='d>e", "a", "", "", 0},
    {"<p title='a>b'>c</p>", "c", "", "", 0},
    {"<p title=\"a'>b\">c", "c", "", "", 0},
    {"<p/a=b/c>d", "d", "", "", 0},
    {"a </>b</ x>c<?php x?>d", "a bcd", "", "", SPLIT},
    {"a <!doctype html> b<!x> c", "a b c", "", "", 0},
    {"a <!-- > b --> c", "a c", "", "", 0},
    {"a <!--> b <!---> c", "a b c", "", "", 0},
    {"a <!-- x --!> b", "a b", "", "", 0},
    {"a <!-- x -- > b", "a", "", "", 0},
    {"a <!--[if mso]> b <![endif]--> c", "a c", "", "", 0},
    {"a <![if !mso]> b <![endif]> c", "a b c", "", "", 0},
    {"a <!--[if !mso]><!--> b <!--<![endif]--> c", "a b c", "", "", 0},
    {"a <![CDATA[ b ]]> c", "a c", "", "", 0},
    {"<xmp>a<b>&amp;</xmp>c<plaintext>d</plaintext>e", "a<b>&amp;\nc\nd</plaintext>e", "", "", 0},
    {"a<script>b<c></script >d", "ad", "", "", SCRIPT},
    {"a<script>b</scripts></script", "a", "", "", SCRIPT},
    {"a<style>b</style>c<iframe>d</iframe>e<noembed>f</noembed>", "ace", "", "", 0},
    {"<title>a &amp; <b></title>c", "c", "a & <b>", "", 0},
    /* references */
    {"&lt;&gt;&amp;&quot;&eacute;&copy;&euro;", "<>&\"\xC3\xA9\xC2\xA9\xE2\x82\xAC", "", "", 0},
    {"&#65;&#x42;&#X43;&#67", "ABCC", "", "", 0},
    {"&#128;&#x92;&#150;", "\xE2\x82\xAC\xE2\x80\x99\xE2\x80\x93", "", "", 0},
    {"&#0;&#xD800;&#x110000;&#99999999999;", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD", "", "", 0},
    {"a&nbsp;&#160;&#x3000;&emsp;b", "a b", "", "", 0},
    {"&ampx &notit; &notin; &nosuch; &; & &# &#x; &#;", "&x \xC2\xACit; \xE2\x88\x89 &nosuch; &; & &# &#x; &#;", "", "",
     0},
    {"&EACUTE; &AMP; &colon;&sol;", "&EACUTE; & :/", "", "", 0},
    {"&CounterClockwiseContourIntegral;&CounterClockwiseContourIntegralx;",
     "\xE2\x88\xB3&CounterClockwiseContourIntegralx;", "", "", 0},
    /* tags that come again, and what changes between them */
    {"<p class='one x'>a</p><style>.x{display:none}</style><p class='one x'>b</p><p class='one x'>c</p>d", "a\nd",
     "b\nc", "", HID},
    {"<style>div>.x{display:none}</style><p class='one x'>a</p><div><p class='one x'>b</p></div><p class='one x'>c</p>",
     "a\nc", "b", "", HID},
    {"<style>b+i{display:none}</style>1 <i>a</i> 2 <b>b</b><i>c</i> 3 <i>d</i>", "1 a 2 b 3 d", "c", "", HID},
    {"<p title='a>b'>c</p><p title='a>d'>e</p><p title='a>b'>f</p>", "c\ne\nf", "", "", 0},
    {"<span style='display:none'>a</span><svg><span style='display:none'>b</span></svg>c", "c", "ab", "", HID},
    /* open elements */
    {"<font color=white><p>a</font>b</p>c", "b\nc", "a", "", HID},
    {"<p><font color=white>a<p>b</font>c", "c", "a\nb", "", HID}, /* formatting outlives its block */
    {"<table><td><font color=white>a<td>b", "b", "a", "", HID},
    {"<div hidden>a<table><tr><td>b</div>c</td></tr></table>d</div>e", "e", "a\nbc\nd", "", HID},
    {"<span hidden>a<div>b</span>c</div>d</span>e", "e", "a\nbc\nd", "", HID},
    {"<o:p hidden>a</o:p>b<x hidden>c</y>d</x>", "b", "a cd", "", HID},
    {"</b></p></div></table>a", "a", "", "", 0},
    {"<b hidden>a</b></b></b>b", "b", "a", "", HID},
    /* split words */
    {"V<!-- x -->iagra", "Viagra", "", "", SPLIT},
    {"V<b></b>iagra", "Viagra", "", "", SPLIT},
    {"V<font size=1></font>iagra", "Viagra", "", "", SPLIT},
    {"V<xyzzy>iagra", "Viagra", "", "", SPLIT},
    {"V</xyzzy>iagra", "Viagra", "", "", SPLIT},
    {"V<span style=display:none>x</span>iagra", "Viagra", "x", "", SPLIT | HID},
    {"V<span style=font-size:0>x</span>iagra", "Viagra", "x", "", SPLIT | HID},
    {"\xE8\xA8\xBC<!-- x -->\xE5\x88\xB8", "\xE8\xA8\xBC\xE5\x88\xB8", "", "", SPLIT},
    {"<b>V</b>iagra V<o:p></o:p>i a<!-- x --> b <!-- x -->c $<!-- -->9", "Viagra Vi a b c $9", "", "", 0},
    {"end.<!-- x -->Next<br><!-- x -->line", "end.Next\nline", "", "", 0},
    /* a letter a cell */
    {"<table><tr><td>V<td>i<td>a<td>g<td>r<td>a<tr><td>n<td>o<td>w<td>&nbsp;<td>b<td>u<td>y</table>", "Viagra\nnow buy",
     "", "", 0},
    {"<table><tr><td>c<td>h<td>e<td>a<td>p<td>e<td>s<td>t</table>", "cheapest", "", "", SPLIT},
    {"<table><tr><td>V<br>b<td>i<br>u<td>a<br>y<td>g<td>r<td>a<br>!</table>", "Viagra\nbuy !", "", "", SPLIT},
    {"<table><tr><td>V<tr><td>i<tr><td>a<tr><td>g<tr><td>r<tr><td>a<tr><td>end</table>", "Viagra\nend", "", "", SPLIT},
    {"<table><tr><td>a<tr><td>b<tr><td>c</table>x", "a\nb\nc\nx", "", "", 0},
    {"<table><tr><td>1<td>2<td>3<td>4<td>5</table>", "1 2 3 4 5", "", "", 0},
    {"<table><tr><td>a<td>bc<td>d<td>e<td>f</table>", "a bc d e f", "", "", 0},
    {"<table><tr><td>\xE8\xA8\xBC<td>\xE5\x88\xB8<td>\xE4\xBC\x9A<td>\xE7\xA4\xBE</table>",
     "\xE8\xA8\xBC\xE5\x88\xB8\xE4\xBC\x9A\xE7\xA4\xBE", "", "", 0},
    {"<table><tr><td>\xE8\xA8\xBC<br>\xE4\xBC\x9A<td>b<td>c<td>d</table>", "\xE8\xA8\xBC\n\xE4\xBC\x9A b c d", "", "",
     0},
    /* links */
    {"<a href=\"http://example.com/a?b=1&amp;c=2&copy=3\">x</a>", "x", "", "example.com/a?b=1&c=2&copy=3", 0},
    {"<A HREF=http://example.com/a>x</A>", "x", "", "example.com/a", 0},
    {"<a href='ht&#x74;p&colon;//ex&#97;mple.com/'>x</a>", "x", "", "example.com/", 0},
    {"<a href='mailto:a@example.com'>a@example.com</a><a href=#top>x</a><a href='/y'>y</a>", "a@example.comxy", "", "",
     0},
    {"<a href='javascript:go()'>x</a>", "x", "", "", SCRIPT},
    {"<a href=//user@192.0.2.1/>x</a>", "x", "", "192.0.2.1/", IP | USER},
    {"<img src=http://example.com/i.gif width=1 height=1 alt=x>", "", "", "example.com/i.gif", 0},
    {"a<img src=http://example.com/i.gif alt='b &amp; c'>d", "a b & c d", "", "example.com/i.gif", 0},
    {"<body background=http://example.com/b.gif><form action=http://example.com/f><input type=submit value='Go &gt;'>"
     "<input type=hidden value=x></form>",
     "Go >", "", "example.com/b.gif example.com/f", FORM},
    {"<base href='http://example.com/a/b?c'><a href=d>1</a><a href=/e>2</a><a href='?f'>3</a><img "
     "src=http://example.net/g>",
     "123", "", "example.com/a/d example.com/e example.com/a/b?f example.net/g", 0},
    {"<base href=http://example.com><a href=d>1</a>", "1", "", "example.com/d", 0},
    {"<meta http-equiv=Refresh content='0; URL=http://example.com/m'>", "", "", "example.com/m", 0},
    {"<p style=\"background:url('http://example.com/p.png')\">a", "a", "", "example.com/p.png", 0},
    {"<map><area href=http://example.com/m></map><link href=http://example.com/l><iframe "
     "src=http://example.com/i></iframe>",
     "", "", "example.com/m example.com/l example.com/i", 0},
    {"see http://example.com/a. and www.example.net", "see http://example.com/a. and www.example.net", "",
     "example.com/a www.example.net", 0},
    {"h<b>ttp://example</b>.com/", "http://example.com/", "", "example.com/", 0},
    {"<meta http-equiv=refresh content='5;http://example.com/m?a=b'><meta http-equiv=refresh content=\"0; "
     "url='http://example."
     "com/n' x\">",
     "", "", "example.com/m?a=b example.com/n", 0},
    {"<img src=http://example.com/a srcset='http://example.com/b 1x, http://example.com/c,d 2x,http://example.com/e'>"
     "<source srcset=\"http://example.com/f&amp;g, //example.com/h\">",
     "", "", "example.com/a example.com/b example.com/c,d example.com/e example.com/f&g example.com/h", 0},
    {"<table background=http://example.com/a><video poster=http://example.com/b><object "
     "data=http://example.com/c></object>"
     "<button formaction=http://example.com/d>x</button></table>",
     "x", "", "example.com/a example.com/b example.com/c example.com/d", 0},
    {"<a/href=http://example.com/a>x</a><a href='http://example.com/b'href=http://example.com/c>y</a>", "xy", "",
     "example.com/a example.com/b", 0},
    {"<form action=http://example.com/a><form action=http://example.com/b><input placeholder=p></form>q", "p\nq", "",
     "example.com/a example.com/b", FORM},
    /* comments for Outlook */
    {"a<!--[if gte mso 9]><xml><o:x>96</o:x></xml><![endif]-->b", "ab", "", "", SPLIT},
    {"a <!--[if (mso)|(IE)]><v:rect href='http://example.com/o'><v:fill src=//example.com/f>b &amp; "
     "c</v:rect><p>http://example.com/p<![endif]-->d",
     "a d", "", "example.com/o example.com/f example.com/p", 0},
    {"a <!--[if !mso]><a href=//example.com/>b</a><![endif]--><!--[if supportFields]>c<![endif]-->", "a", "", "", 0},
    {"<!--[if mso]><table><tr><td bgcolor=red hidden><![endif]-->a<!--[if mso]></td></table><![endif]-->b", "ab", "",
     "", SPLIT},
    /* links in links of other schemes */
    {"<a href='intent://example.com/a#Intent;scheme=https;end'>x</a>", "x", "", "example.com/a#Intent;scheme=https;end",
     OBS},
    {"<a href='intent:#Intent;S.browser_fallback_url=https%3A%2F%2Fexample.com/a;end'>www.example.net</a>",
     "www.example.net", "", "example.com/a;end", OBS | MIS},
    {"<a href='ms-word:ofe|u|https://example.com/a.doc'>x</a><a href='ms-excel:ofv%7Cu%7Chttp%3A//example.com/b'>x</a>",
     "xx", "", "example.com/a.doc example.com/b", OBS},
    {"<a href='search-ms:query=a&crumb=location:\\\\example.com\\s'>x</a><a href='\\\\example.com\\t'>y</a>", "xy", "",
     "example.com\\s example.com\\t", OBS},
    {"<a href=file://example.com/s>x</a><a href=file:////192.0.2.1/s>x</a><a href=file:///C:/a>x</a><a "
     "href=file://server/a>x</a>",
     "xxxx", "", "example.com/s 192.0.2.1/s", OBS | IP},
    {"<a href='data:text/html,%3Cscript%3Elocation=%22http://example.com/a%22'>x</a>", "x", "", "example.com/a",
     OBS | SCRIPT},
    {"<a href='da\nta:text/html;base64,PGEgaHJlZj0iaHR0cDovL2V4YW1wbGUuY29tL2IiPg=='>x</a>", "x", "", "example.com/b",
     OBS | SCRIPT},
    {"<img src='data:image/png;base64,aHR0cDovL2V4YW1wbGUuY29tLw=='><a href=data:,http://example.com/>x</a>", "x", "",
     "", 0},
    {"<a href=\"java\tscript:location='http://example.com/a'\">x</a><a href=blob:http://example.com/b>y</a>", "xy", "",
     "example.com/a example.com/b", OBS | SCRIPT},
    {"<a href='whatsapp://send?text=http%3A%2F%2Fexample.com%2Fa'>x</a><a href='webcal://example.com/b'>y</a><a "
     "href='fb://profile/1'>z</a><a href='tel:1'>t</a><a href='mailto:a@example.com?body=http://example.net/'>m</a>",
     "xyztm", "", "example.com/a example.com/b", 0},
    /* a base behind its links */
    {"<a href=a>1</a><img src='/b'><base target=x><base href=http://example.com/c/><base href=http://example.net/><a "
     "href=d>2</a>",
     "12", "", "example.com/c/a example.com/b example.com/c/d", 0},
    /* what is shown and what is followed */
    {"<a href=http://evil.example.net/>www.example.com</a>", "www.example.com", "", "evil.example.net/", MIS},
    {"<a href=http://evil.example.net/>Log in: https://www.example.com/x</a>", "Log in: https://www.example.com/x", "",
     "evil.example.net/", MIS},
    {"<a href=http://evil.example.net/><b>example</b>.com</a>", "example.com", "", "evil.example.net/", MIS},
    {"<a href=http://a.example.com/>www.example.com</a>", "www.example.com", "", "a.example.com/", 0},
    {"<a href=http://192.0.2.1/>http://www.example.com/</a>", "http://www.example.com/", "", "192.0.2.1/", MIS | IP},
    {"<a href=http://example.net/>click here</a><a href=http://example.net/>a.b</a>", "click herea.b", "",
     "example.net/", 0},
    {"<a href=http://example.net/>someone@example.com</a>", "someone@example.com", "", "example.net/", 0},
    {"<a href=http://example.net/>x<a href=http://example.com/>www.example.com</a>", "xwww.example.com", "",
     "example.net/ example.com/", 0},
    {"<a href=http://evil.example.net/>www.example.com", "www.example.com", "", "evil.example.net/", MIS},
};

static void shows_what_a_reader_sees(void **state)
{
    (void)state;
    assert_int_equal(count_wrong(CASES, sizeof CASES / sizeof *CASES), 0);
}

static void knows_each_name(void **state)
{
    (void)state;
    static const char *const TAGS[] = {"",
#define X(id, name, kind, flags) #name,
                                       TAG_LIST(X)
#undef X
    };
    for (int t = TAG_OTHER + 1; t < TAG_COUNT; t++)
        if (tag_by_name(span_cstr(TAGS[t])) != (enum tag)t) fail_msg("tag %s", TAGS[t]);
    static const char *const ATTRS[] = {
#define X(id, name) name,
        ATTR_LIST(X)
#undef X
    };
    for (int t = 0; t < ATTR_COUNT; t++)
        if (attr_by_name(span_cstr(ATTRS[t])) != (enum attr)t) fail_msg("attribute %s", ATTRS[t]);
    assert_int_equal(tag_by_name(SPAN("TaBlE")), TAG_TABLE);
    assert_int_equal(tag_by_name(SPAN("tables")), TAG_OTHER);
    assert_int_equal(tag_by_name(SPAN("averylongelementname")), TAG_OTHER);
    assert_int_equal(attr_by_name(SPAN("sizes")), ATTR_COUNT);
}

static void counts_the_shape(void **state)
{
    (void)state;
    struct reading r;
    setup(&r, 1 << 16);
    read_html(&r,
              SPAN("<style></style><table><tr><td><font size=2><a href=http://example.com/>a</a><a name=x></a></font>"
                   "<img src=x><img src=y width=1 height=1><img style='width:0;height:1px'></table><!-- c --><form>"
                   "<p style='color:red'></form><script></script><img src=z style='display:none'>"));
    const struct html_shape *s = &r.shape;
    assert_int_equal(s->links, 1);
    assert_int_equal(s->images, 4);
    assert_int_equal(s->pixels, 3);
    assert_int_equal(s->forms, 1);
    assert_int_equal(s->scripts, 1);
    assert_int_equal(s->comments, 1);
    assert_int_equal(s->tables, 1);
    assert_int_equal(s->fonts, 1);
    assert_int_equal(s->styles, 4);
    assert_int_equal(s->tags, 14);
    arena_close(&r.a);
}

/* What some readers see and others do not. */
static void keeps_the_other_side(void **state)
{
    (void)state;
    static const struct {
        const char *html, *other;
    } OTHERS[] = {
        {"a<!--[if mso]><p>b &amp; c</p><img alt=d><style>e</style>f<![endif]-->g", "b & c\nd f"},
        {"<!--[if gte mso 9]><xml><w:x>1</w:x></xml><![endif]--><!--[if !mso]>2<![endif]--><!-- [if mso]>3 --><!--4-->",
         "3"},
        {"<!--[if mso]><table><tr><td>a<td>b<![endif]-->c<!--[if vml]><v:p/>d<<br>e<a", "a b\nd<\ne"},
        {"<style>p::before{content:'a \\62' \"c\" attr(x)}q{content:'\\201C'}r{align-content:'d'}s{/**/content : 'e;}'}"
         "</style>",
         "a b\nc\ne;}"},
        {"<style>@media screen{a:after{content:' \\2014  '}}b{content:'f", "f"},
    };
    for (size_t i = 0; i < sizeof OTHERS / sizeof *OTHERS; i++) {
        struct reading r;
        setup(&r, 1 << 16);
        read_html(&r, span_cstr(OTHERS[i].html));
        if (!span_eq(text_span(&r.other), span_cstr(OTHERS[i].other)))
            fail_msg("%s: \"%.*s\"", OTHERS[i].html, SPAN_ARG(text_span(&r.other)));
        arena_close(&r.a);
    }
}

/* NULs in text are not there for browsers; a tag with one is another tag. */
static void passes_over_nuls(void **state)
{
    (void)state;
    struct reading r;
    setup(&r, 1 << 16);
    read_html(&r, SPAN("V\0ia\0\0gra &am\0p; <b\0>x</b\0> <p hidden\0>y"));
    assert_true(span_eq(text_span(&r.visible), SPAN("Viagra &amp; x\ny")));
    arena_close(&r.a);
}

/* Two parts of one mail: what one leaves open does not reach into the other. */
static void parts_documents(void **state)
{
    (void)state;
    struct reading r;
    setup(&r, 1 << 16);
    read_html(&r, SPAN("<b hidden><a href=http://example.com/>a"));
    read_html(&r, SPAN("b http://example.net/"));
    assert_true(span_eq(text_span(&r.visible), SPAN("b http://example.net/")));
    assert_int_equal(r.urls.n, 2);
    arena_close(&r.a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shows_what_a_reader_sees), cmocka_unit_test(knows_each_name),
        cmocka_unit_test(counts_the_shape),         cmocka_unit_test(keeps_the_other_side),
        cmocka_unit_test(passes_over_nuls),         cmocka_unit_test(parts_documents),
    };
    return cmocka_run_group_tests_name("html", tests, NULL, NULL);
}

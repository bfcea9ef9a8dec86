/* SPDX-License-Identifier: Apache-2.0 */
/* test_document: PDF, RTF, pages, pictures, calendars, cards and plain files: their links and what they can do.
 *
 * A table of small files, each seen whole and in pieces; then the limits. */
#include "tests/unit/attach_file.h"

#include "worker/attach/pdf.h"

static const struct {
    const char *text;
    uint64_t odd;
    const char *links, *inner;
} DOCUMENTS[] = {
    {"%PDF-1.4 <</URI (http://a.example.com/x)>>", 0, "http://a.example.com/x", ""},
    {"%PDF-1.4 <</URI(http://a.example.com/\\050\\051\\)\\\nx(y))>>", 0, "http://a.example.com/())x(y)", ""},
    {"%PDF-1.4 <</#55#52#49<68 7474703a2f2f622e6578616d706c652e636f6d2f>>>", 0, "http://b.example.com/", ""},
    {"%PDF-1.4 /S/URI/URI(http://a.example.com/)/URI(mailto:x)/URI(www.example.org)", 0,
     "http://a.example.com/|www.example.org", ""},
    {"%PDF-1.4 /URI(http://a.example.com/", 0, "http://a.example.com/", ""},
    {"%PDF-1.4 /URI/URIS(http://a.example.com/)", 0, "", ""},
    {"%PDF-1.4 /JS(x)", ODD(ACTIVE_DOCUMENT), "", "JS"},
    {"%PDF-1.4 /JSX /Java /Launcher", 0, "", ""},
    {"%PDF-1.4 /Launch/JS", ODD(ACTIVE_DOCUMENT), "", "Launch"},
    {"%PDF-1.4 /Type/EmbeddedFile", ODD(ACTIVE_DOCUMENT), "", "EmbeddedFile"},
    {"%PDF-1.4 /Encrypt 5 0 R", ODD(ENCRYPTED), "", ""},
    {"%PDF-1.4 /OpenAction [1 0 R /Fit]", 0, "", ""},
    {"%PDF-1.4 /OpenAction 3 0 R", 0, "", ""},
    {"%PDF-1.4 /OpenAction <</S/GoTo/D[1 0 R]>>", 0, "", ""},
    {"%PDF-1.4 /OpenAction <</S/URI/URI(http://a.example.com/)>>", ODD(ACTIVE_DOCUMENT), "http://a.example.com/",
     "OpenAction"},
    {"{\\rtf1 text}", 0, "", ""},
    {"{\\rtf1{\\field{\\*\\fldinst HYPERLINK \"http://a.example.com/x\"}}}", 0, "http://a.example.com/x", ""},
    {"{\\rtf1{\\object\\objupdate{\\*\\objdata 01}}}", ODD(ACTIVE_DOCUMENT), "", "objupdate"},
    {"<html><a href='http://a.example.com/'>x</a>", 0, "http://a.example.com/", ""},
    {"<html><a href='http://a.example.com/'>http://bank.example.org/</a>", ODD(URL_MISMATCH), "http://a.example.com/",
     ""},
    {"<html><form action=http://a.example.com/><input></form>", ODD(HTML_FORM), "http://a.example.com/", ""},
    {"<html><p>caf\xE9 <a href=http://a.example.com/>x</a>", 0, "http://a.example.com/", ""}, /* Latin-1 */
    {"<html><script>x=1</script>", ODD(HTML_SCRIPT), "", ""},
    {"<html><script>y=URL.createObjectURL(b)</script>", ODD(HTML_SCRIPT) | ODD(ACTIVE_DOCUMENT), "", "createObjectURL"},
    {"<svg><script>x()</script></svg>", ODD(HTML_SCRIPT) | ODD(ACTIVE_DOCUMENT), "", ""},
    {"<svg onload='x()'>", ODD(HTML_SCRIPT) | ODD(ACTIVE_DOCUMENT), "", ""},
    {"<svg><a xlink:href='http://a.example.com/'/></svg>", 0, "http://a.example.com/", ""},
    {"BEGIN:VCALENDAR\r\nURL:http://a.example.com/l\r\n ong/er\r\n", 0, "http://a.example.com/long/er", ""},
    {"BEGIN:VCALENDAR\nDESCRIPTION:see http://a.example.com/\\nthen\\, go\n", 0, "http://a.example.com/", ""},
    {"BEGIN:VCARD\r\nURL:http://c.example.com/\r\n", 0, "http://c.example.com/", ""},
    {"Just http://t.example.com/ in a text", 0, "http://t.example.com/", ""},
};

static void reads_documents(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(DOCUMENTS); i++) {
        for (size_t each = 0; each < 3; each++) { /* where it lies; byte by byte; three at a time */
            file_n = 0;
            put(DOCUMENTS[i].text, strlen(DOCUMENTS[i].text));
            look_as("", SPAN("application"), SPAN("octet-stream"), each);
            want(DOCUMENTS[i].text, got.kind, DOCUMENTS[i].odd, 0, DOCUMENTS[i].inner);
            char links[256] = "";
            size_t at = 0;
            for (size_t k = 0; k < urls.n; k++) {
                at +=
                    (size_t)snprintf(links + at, sizeof links - at, "%s%.*s", k ? "|" : "", SPAN_ARG(urls.v[k].whole));
                assert_int_equal(urls.v[k].place, URL_IN_FILE);
            }
            if (strcmp(links, DOCUMENTS[i].links) != 0) fail_msg("%s: links %s", DOCUMENTS[i].text, links);
            assert_int_equal(got.links, urls.n);
        }
    }
}

static void bounds_links(void **state)
{
    (void)state;
    /* ATTACH_LINKS_MAX: what files add to a mail's links */
    file_n = 0;
    put_span(SPAN("%PDF-1.4\n"));
    for (int k = 0; k < ATTACH_LINKS_MAX + 10; k++) {
        char link[64];
        put(link, (size_t)snprintf(link, sizeof link, "/URI(http://h%d.example.com/)", k));
    }
    look();
    assert_int_equal(got.links, ATTACH_LINKS_MAX);
    assert_int_equal(urls.cap, 256);
    assert_true(urls.odd & ODD(URL_LIMIT));
    /* PDF_WASTED_MAX: strings that are no links */
    for (int wasted = PDF_WASTED_MAX - 1; wasted <= PDF_WASTED_MAX; wasted++) {
        file_n = 0;
        put_span(SPAN("%PDF-1.4\n"));
        for (int k = 0; k < wasted; k++) put_span(SPAN("/URI(x)"));
        put_span(SPAN("/URI(http://a.example.com/)"));
        look();
        assert_int_equal(got.links, wasted < PDF_WASTED_MAX);
    }
    /* ATTACH_TEXT_MAX: behind so much text of a page, what its links say is not compared any more */
    for (int past = 0; past < 2; past++) {
        file_n = 0;
        put_span(SPAN("<html>"));
        memset(file + file_n, 'x', 2 * ATTACH_TEXT_MAX);
        file_n += past ? ATTACH_TEXT_MAX : ATTACH_TEXT_MAX - 100;
        put_span(SPAN(" <a href=http://a.example.com/>http://bank.example.org/</a>"));
        look();
        assert_int_equal(got.odd, past ? 0 : ODD(URL_MISMATCH));
    }
    /* ATTACH_CALENDAR_MAX */
    for (int past = 0; past < 2; past++) {
        file_n = 0;
        put_span(SPAN("BEGIN:VCALENDAR\r\n"));
        memset(file + file_n, ' ', ATTACH_CALENDAR_MAX);
        file_n = past ? ATTACH_CALENDAR_MAX : ATTACH_CALENDAR_MAX - 30;
        put_span(SPAN("http://a.example.com/ "));
        look();
        assert_int_equal(got.links, !past);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_documents),
        cmocka_unit_test(bounds_links),
    };
    return cmocka_run_group_tests_name("document", tests, open_arena, close_arena);
}

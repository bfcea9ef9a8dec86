/* SPDX-License-Identifier: Apache-2.0 */
/* test_choose: of several sides, encodings and names of a part, which counts; what is a file; which fields count.
 *
 * Rules of choice are in worker/mime/choose.h, fields that others added in worker/mime/foreign.h. */
#include "tests/unit/made_mail.h"

/* MAIL_OTHER_MAX, MAIL_COMMON_MIN: the shown side repeats `shared` of the other's 40 sentences. */
static void sides(int shared, int length)
{
    start();
    put("Content-Type: multipart/alternative; boundary=b\n\n--b\n\n");
    for (int i = 0; i < length; i++)
        putf("sentence %c%c%c%c%c\n", 'a' + i % 26, 'a' + i / 3 % 26, 'b' + i % 5, 'k' + i % 9, 'z');
    put("--b\nContent-Type: text/html\n\n");
    for (int i = 0; i < 40; i++) {
        if (i < shared)
            putf("sentence %c%c%c%c%c\n", 'a' + i % 26, 'a' + i / 3 % 26, 'b' + i % 5, 'k' + i % 9, 'z');
        else
            putf("%d another phrase %d\n", i * 7919, i);
    }
    put("--b--\n");
    read_mail();
}

static void test_sides(void **state)
{
    (void)state;
    sides(40, 40);
    assert_in_range(mail.shape.common, 95, 100);
    assert_false(mail.odd & ODD(ALTERNATIVES));
    sides(MAIL_COMMON_MIN * 2 / 3, 40);
    assert_in_range(mail.shape.common, MAIL_COMMON_MIN, 60);
    assert_false(mail.odd & ODD(ALTERNATIVES));
    sides(MAIL_COMMON_MIN / 10, 40);
    assert_in_range(mail.shape.common, 0, MAIL_COMMON_MIN - 1);
    want_odd("different sides", ODD(ALTERNATIVES));
    sides(0, 5); /* much shorter than what is shown: a stub */
    assert_in_range(mail.shape.common, 0, MAIL_COMMON_MIN - 1);
    assert_false(mail.odd & ODD(ALTERNATIVES));
    sides(40, MAIL_OTHER_MAX / 10);
    want_odd("other side", ODD(TEXT_LIMIT));
    assert_in_range(mail.other.n, MAIL_OTHER_MAX - 16, MAIL_OTHER_MAX);
    assert_true(utf8_valid(mail.other));
}

/* Links of a side behind the one that is shown count: clients that take the last one show it. So do those of kinds that
 * some clients know; what is opened and not shown (RTF, calendars) is a file. */
static void test_last_side(void **state)
{
    static const struct {
        const char *sides;
        size_t urls;
    } CASES[] = {
        {"--b\n\nhttp://a.example.com/\n--b\nContent-Type: text/html\n\nx\n", 0},
        {"--b\nContent-Type: text/html\n\nx\n--b\n\nhttp://a.example.com/\n", 1},
        {"--b\nContent-Type: text/html\n\nx\n--b\nContent-Type: text/enriched\n\nhttp://a.example.com/\n", 1},
        {"--b\nContent-Type: text/html\n\nx\n--b\nContent-Type: text/x-never\n\nhttp://a.example.com/\n", 1},
        {"--b\nContent-Type: text/x-never\n\nhttp://a.example.com/\n--b\nContent-Type: text/html\n\nx\n", 0},
        {"--b\nContent-Type: text/html\n\nx\n--b\nContent-Type: text/calendar\n\nhttp://a.example.com/\n", 1},
        {"--b\nContent-Type: text/html\n\nx\n--b\nContent-Type: text/rtf\n\n{\\rtf1 http://a.example.com/}\n", 1},
        {"--b\nContent-Type: text/html\n\nx\n--b\nContent-Type: text/rtf\nContent-Transfer-Encoding: base64\n\n"
         "e1xydGYxIGh0dHA6Ly9hLmV4YW1wbGUuY29tL30=\n",
         1},
        {"--b\nContent-Type: text/html\n\nx\n--b\nContent-Type: text/rtf\n\nno RTF: http://a.example.com/\n", 1},
        {"--b\nContent-Type: text/x-amp-html\n\n<a href=http://a.example.com/>y</a>\n"
         "--b\nContent-Type: text/html\n\nx\n",
         1},
        {"--b\nContent-Type: text/html\n\nx\n--b\nContent-Type: multipart/mixed; boundary=c\n\n--c\n\n"
         "http://a.example.com/\n--c--\n",
         1},
        {"--b\nContent-Type: text/html\n\nx\n--b\nContent-Type: multipart/mixed; boundary=c\n\n--c\n"
         "Content-Type: text/plain\n\n\n--c\nContent-Type: message/delivery-status\n\na: "
         "http://a.example.com/\n--c--\n",
         1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        start();
        put("Content-Type: multipart/alternative; boundary=b\n\n");
        put(CASES[i].sides);
        put("--b--\n");
        read_mail();
        assert_int_equal(mail.url_count, CASES[i].urls);
        assert_true(span_eq(mail.text, SPAN("x")));
    }
}

/* Two encodings of a part: mail clients take the first or the last; the body tells which of them anybody can use. */
static void test_two_encodings(void **state)
{
    static const struct {
        const char *fields, *body, *text;
        bool odd;
    } CASES[] = {
        {"base64/7bit", "VHdvIGVuY29kaW5ncw==", "Two encodings", true},
        {"7bit/base64", "VHdvIGVuY29kaW5ncw==", "Two encodings", true},
        {"7bit/base64", "VHdvIGVuY29kaW5ncyBhdCBvbmNl", "Two encodings at once", true},
        {"/base64", "VHdvIGVuY29kaW5ncw==", "Two encodings", true},
        {"rot13/base64", "VHdvIGVuY29kaW5ncw==", "Two encodings", true},
        {"base64/7bit", "Two words", "Two words", true},
        {"base64/quoted-printable", "T=77o words", "Two words", true},
        {"quoted-printable/base64", "VHdvIGVuY29kaW5ncw==", "Two encodings", true},
        {"base64/quoted-printable/7bit", "Just text", "Just text", true},
        {"base64/8bit", "Abcdefghijklmnopqrstuvwx", "Abcdefghijklmnopqrstuvwx", true}, /* a word, perhaps */
        {"base64/BASE64", "VHdv", "Two", false},
        {"7bit/8bit", "VHdv", "VHdv", false},
        {"x-uuencode/7bit", "begin 644 a\n#5'=O\nend", "Two", true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        start();
        for (const char *p = CASES[i].fields; p; p = strchr(p, '/') ? strchr(p, '/') + 1 : NULL)
            putf("Content-Transfer-Encoding: %.*s\n", (int)strcspn(p, "/"), p);
        put("\n");
        put(CASES[i].body);
        read_mail();
        if (!span_eq(mail.text, span_cstr(CASES[i].text))) fail_msg("%s: %.*s", CASES[i].fields, SPAN_ARG(mail.text));
        assert_int_equal(mail.odd >> ODD_BIT_DUPLICATE_HEADER & 1, CASES[i].odd);
    }
}

/* Two names of one file: the most dangerous counts, and a difference in what they stand for is odd. */
static void test_two_names(void **state)
{
    static const struct {
        const char *fields, *name;
        uint64_t odd;
    } CASES[] = {
        {"Content-Disposition: attachment; filename=a.pdf\nContent-Type: x/y; name=a.pdf\n", "a.pdf", 0},
        {"Content-Disposition: attachment; filename=a.pdf\nContent-Type: x/y; name=b.pdf\n", "a.pdf", 0},
        {"Content-Disposition: attachment; filename=a\nContent-Type: x/y; name=a.pdf\n", "a", 0},
        {"Content-Disposition: attachment; filename=a.pdf\nContent-Type: x/y; name=a.exe\n", "a.exe",
         ODD(EXECUTABLE) | ODD(DOUBLE_EXTENSION)},
        {"Content-Disposition: attachment; filename=a.exe\nContent-Type: x/y; name=a.pdf\n", "a.exe",
         ODD(EXECUTABLE) | ODD(DOUBLE_EXTENSION)},
        {"Content-Disposition: attachment; filename=a.exe\nContent-Type: x/y; name=b.exe\n", "a.exe", ODD(EXECUTABLE)},
        {"Content-Disposition: attachment; filename=a.exe; filename*=''a.pdf\n", "a.exe",
         ODD(EXECUTABLE) | ODD(DOUBLE_EXTENSION)},
        {"Content-Disposition: attachment; filename=a.pdf; filename*0=a.; filename*1=scr\n", "a.scr",
         ODD(EXECUTABLE) | ODD(DOUBLE_EXTENSION)},
        {"Content-Disposition: attachment; filename=a.pdf; filename=a.exe\n", "a.exe",
         ODD(EXECUTABLE) | ODD(DOUBLE_EXTENSION)},
        {"Content-Disposition: attachment; filename=a.pdf\nContent-Disposition: x; filename=a.exe\n", "a.exe",
         ODD(EXECUTABLE) | ODD(DOUBLE_EXTENSION)},
        {"Content-Disposition: attachment; filename=a.jpg\nContent-Type: x/y; name=a.zip\n", "a.zip",
         ODD(TYPE_MISMATCH)},
        {"Content-Disposition: attachment; filename=a.xlsx\nContent-Type: x/y; name=a.xlsm\n", "a.xlsm", 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        start();
        put(CASES[i].fields);
        put("\n\1\2");
        read_mail();
        if (!span_eq(mail.parts[0].name, span_cstr(CASES[i].name))) fail_msg("%s", CASES[i].fields);
        uint64_t looked = ODD(EXECUTABLE) | ODD(DOUBLE_EXTENSION) | ODD(TYPE_MISMATCH);
        if ((mail.odd & looked) != CASES[i].odd) fail_msg("%s: %#llx", CASES[i].fields, (unsigned long long)mail.odd);
    }
}

/* Attached messages: their links count as those of files, their text stands behind that of other sides, which alone is
 * compared; however much there is, the mail's own text and links have their room. */
static void test_attached_messages(void **state)
{
    static const char ATTACHED[] = "--b\nContent-Type: message/rfc822\nContent-Disposition: attachment\n\n";
    (void)state;
    for (int many = 0; many < 2; many++) {
        start();
        put("Content-Type: multipart/mixed; boundary=b\n\n");
        for (int i = 0; i <= (many ? ATTACH_LINKS_MAX : 0); i++) {
            put(ATTACHED);
            char links[128];
            snprintf(links, sizeof links, "Subject: see http://s%d.example.com/\n\nhttp://t%d.example.com/\n", i, i);
            put(links);
            for (int k = 0; k < (many ? 40 : 1); k++) put("quite other words\n");
        }
        put("--b\n\nown http://own.example.org/\n--b--\n");
        read_mail();
        assert_true(span_eq(mail.text, SPAN("own http://own.example.org/")));
        assert_true(span_eq(mail.urls[0].domain, SPAN("example.org")));
        assert_int_equal(mail.url_count, many ? 1 + ATTACH_LINKS_MAX : 3);
        for (size_t i = 1; i < mail.url_count; i++) assert_int_equal(mail.urls[i].place, URL_IN_FILE);
        assert_int_equal(mail.nearer.n, 0);
        assert_int_equal(mail.odd >> ODD_BIT_ALTERNATIVES & 1, 0);
        assert_true(many ? mail.other.n > MAIL_OTHER_MAX - 16 : mail.other.n > 40);
    }
}

/* A program by its first bytes, in any encoding, whatever its name. */
static void test_magic(void **state)
{
    (void)state;
    static const struct {
        const char *encoding, *body;
        bool program;
    } CASES[] = {
        {"base64", "TVqQAAMAAAAEAAAA//8AALgAAAA=", true},
        {"base64", "f0VMRgIBAQAAAAAAAAAAAAIAPgA=", true},
        {"base64", "JVBERi0xLjQK", false},
        {"8bit", "MZ\x90", true},
        {"quoted-printable", "=4D=5A=90", true},
        {"x-uuencode", "begin 644 a.bin\n#35J0\n`\nend", true},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        start();
        putf("Content-Type: application/x; name=a.bin\nContent-Transfer-Encoding: %s\n\n%s\n", CASES[i].encoding,
             CASES[i].body);
        read_mail();
        assert_int_equal(mail.odd >> ODD_BIT_EXECUTABLE & 1, CASES[i].program);
    }
}

/* The same file is the same digest, however it came. */
static void test_digests(void **state)
{
    (void)state;
    static const char *const BODIES[][2] = {
        {"base64", "R0lGODlhIWE9YQ=="},
        {"base64", "R0lG\nODlh\n\nIWE9YQ==\n"},
        {"quoted-printable", "GIF89a=\n!a=3Da"},
        {"8bit", "GIF89a!a=a"},
        {"x-uuencode", "begin 644 a.gif\n*1TE&.#EA(6$]80\n`\nend"},
    };
    uint64_t first[2] = {0};
    for (size_t i = 0; i < sizeof BODIES / sizeof *BODIES; i++) {
        start();
        putf("Content-Type: multipart/mixed; boundary=b\n\n--b\n\ntext\n--b\nContent-Type: image/gif; name=a%zu.gif\n"
             "Content-Transfer-Encoding: %s\n\n%s\n--b--\n",
             i, BODIES[i][0], BODIES[i][1]);
        read_mail();
        const struct attachment *f = &mail.parts[2].file;
        assert_int_equal(f->kind, ATTACH_GIF);
        assert_int_equal(f->bytes, 10);
        if (i == 0) memcpy(first, f->digest, sizeof first);
        assert_memory_equal(f->digest, first, sizeof first);
        assert_int_equal(mail.parts[1].file.kind, ATTACH_NONE); /* text that is shown is no file */
    }
}

static void test_foreign(void **state)
{
    (void)state;
    static const char *const IGNORED[] = {
        "X-Spam-Status",
        "x-spam",
        "X-Bogosity",
        "X-DSPAM-Result",
        "X-CRM114-Status",
        "X-Virus-Scanned",
        "X-Barracuda-Spam-Score",
        "X-MailScanner",
        "X-Rspamd-Server",
        "X-Proofpoint-Spam-Details",
        "X-Perlmx-Spam",
        "X-MS-Exchange-Organization-SCL",
        "X-Forefront-Antispam-Report",
        "X-Microsoft-Antispam",
        "X-SID-PRA",
        "X-Ovh-Spam-Status",
        "X-Gmail-Labels",
        "X-FOFF-x",
        "Authentication-Results",
        "ARC-Seal",
        "ARC-Authentication-Results",
        "received-spf",
        "Delivered-To",
        "X-Original-To",
        "Status",
        "X-Status",
        "X-UID",
        "X-Mozilla-Status",
        "X-Mozilla-Status2",
    };
    static const char *const KEPT[] = {"X-Spa",       "X-Sender",  "X-Mailer",       "X-UIDL", "Statu",
                                       "Archived-At", "X-Virtual", "Received",       "X-Mime", "X-Bogosity2",
                                       "X",           "",          "DKIM-Signature", "List-Id"};
    for (size_t i = 0; i < sizeof IGNORED / sizeof *IGNORED; i++) {
        raw_n = 0;
        putf("%s: secret\n\n", IGNORED[i]);
        read_mail();
        assert_int_equal(mail.headers[0].id, FIELD_IGNORED);
        assert_int_equal(mail.headers[0].value.n, 0);
    }
    for (size_t i = 0; i < sizeof KEPT / sizeof *KEPT; i++) {
        raw_n = 0;
        putf("A: b\n%s: seen\n\n", KEPT[i]);
        read_mail();
        for (size_t k = 0; k < mail.header_count; k++) assert_int_not_equal(mail.headers[k].id, FIELD_IGNORED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sides),
        cmocka_unit_test(test_last_side),
        cmocka_unit_test(test_two_encodings),
        cmocka_unit_test(test_two_names),
        cmocka_unit_test(test_attached_messages),
        cmocka_unit_test(test_magic),
        cmocka_unit_test(test_digests),
        cmocka_unit_test(test_foreign),
    };
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}

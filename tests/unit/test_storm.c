/* SPDX-License-Identifier: Apache-2.0 */
/* test_storm: mails of great size or endless repetition: time grows with their bytes, memory has a bound.
 *
 * What each costs is measured in read_mail (CPU time, so that a busy machine does not matter). */
#include "tests/unit/made_mail.h"

static void test_big(void **state)
{
    (void)state;
    start();
    put("\n");
    fill('x', 50 * MB);
    read_mail();
    want_odd("one line", ODD(LONG_LINE) | ODD(TEXT_LIMIT));

    raw_n = 0;
    put("Subject: ");
    fill('x', 50 * MB);
    read_mail();
    want_odd("one header line", ODD(LONG_LINE) | ODD(HEADER_LIMIT) | ODD(NO_BODY));

    raw_n = 0;
    fill(0, 10 * MB);
    read_mail();
    want_odd("NULs", ODD(NUL) | ODD(NO_HEADERS));

    start();
    put("Content-Type: multipart/mixed; boundary=b\n\n--b\n\ntext\n--b\nContent-Type: application/octet-stream; "
        "name=a.bin\n"
        "Content-Transfer-Encoding: base64\n\nTVqQ");
    for (size_t n = 0; n < 64u * MB; n += 77)
        put("QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9wcXJzdHV2d3h5ejAxMjM0\n");
    put("\n--b--\n");
    read_mail();
    want_odd("64 MB attachment", ODD(EXECUTABLE));
    assert_true(arena.used < ATTACH_WINDOW_MAX + 2 * MB);
    assert_in_range(mail.parts[2].decoded, 46u * MB, 48u * MB);
    assert_true(span_eq(mail.text, SPAN("text")));
}

/* Patterns repeated to some megabytes, each aimed at a loop that could start again and again. */
static void test_repeated(void **state)
{
    (void)state;
    static const struct {
        const char *head, *unit;
    } HOSTILE[] = {
        {"", "\n"},
        {"", "\r"},
        {"", "a:\n"},
        {"", " \n"},
        {"", "--\n"},
        {"", "x\n"},
        {"a: b\n", "x\n"},
        {"a: b\n", " fold\n"},
        {"Subject: ", "=?"},
        {"Subject: ", "=?a?q?"},
        {"Subject: ", "=?utf-8?q?x?= "},
        {"Subject: ", "=?utf-8?b?\n "},
        {"Subject: ", "=?utf-8?q?a?b"},
        {"From: ", "("},
        {"From: ", "\"\\"},
        {"From: ", "<"},
        {"From: ", "@"},
        {"From: ", "a@,"},
        {"From: ", "\xE9@"},
        {"Content-Type: ", ";"},
        {"Content-Type: a/b; ", "name*0*=x;"},
        {"Content-Type: a/b; ", "name=\"\\"},
        {"Content-Type: a/b; ", "a=("},
        {"Content-Type: multipart/mixed; boundary=-\n\n", "---\n"},
        {"Content-Type: multipart/mixed; boundary=b\n\n", "--b"},
        {"Content-Type: multipart/mixed; boundary=b\n\n",
         "--b\nContent-Type: multipart/x; boundary=c; boundary=d\n\n--\n"},
        {"Content-Type: message/rfc822\n\n", "\n"},
        {"Content-Type: multipart/mixed; boundary=b\n\n", "--b\n--b--\n"},
        {"Content-Type: multipart/mixed; boundary=b\n\n", "--b\nContent-Type: multipart/mixed; boundary=b\n\n"},
        {"Content-Type: multipart/mixed; boundary=b\n\n", "--b\nContent-Type: message/rfc822\n\n"},
        {"Content-Type: multipart/digest; boundary=b\n\n", "--b\n\n"},
        {"", "Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n"},
        {"", "Content-Type: message/rfc822; x==y\nContent-Transfer-Encoding: quoted-printable\n\n"},
        {"", "Content-Type: message/rfc822\nContent-Transfer-Encoding: quoted-printable\n\n"},
        {"Content-Type: multipart/digest; boundary=b\n\n", "--b\nContent-Transfer-Encoding: base64\n\nOgoK\n"},
        {"Content-Transfer-Encoding: base64\n\n", "*"},
        {"Content-Transfer-Encoding: base64\n\n", "A="},
        {"Content-Transfer-Encoding: quoted-printable\n\n", "= "},
        {"Content-Transfer-Encoding: quoted-printable\n\n", "=\n"},
        {"Content-Transfer-Encoding: quoted-printable\n\n", "=E"},
        {"Content-Transfer-Encoding: uuencode\n\n", "begin \n"},
        {"Content-Transfer-Encoding: uuencode\n\n", "M\n"},
        {"Content-Type: text/plain; charset=iso-2022-jp\n\n", "\x1B$B\n"},
        {"Content-Type: text/plain; charset=iso-2022-jp\n\n", "\x1B"},
        {"Content-Type: text/plain; charset=iso-2022-jp\n\n", "\xE9\x1B$B$\"\x1B(B"},
        {"Content-Type: text/plain; charset=iso-2022-jp\n\n\x1B$B", "\n"},
        {"Content-Type: text/plain; charset=euc-kr\n\n", "\xFF"},
        {"Content-Type: text/plain; charset=iso-2022-kr\n\n\x1B$)C", "\xFF"},
        {"Content-Type: text/plain; charset=utf-7\n\n", "+"},
        {"Content-Type: text/plain; charset=utf-16\n\n", "\xD8"},
        {"Content-Type: text/plain; charset=gb18030\n\n", "\x81\x30\x81 "},
        {"Content-Type: text/plain\n\n", "\xE3\x81"},
        {"Content-Type: text/plain\n\n", "http://"},
        {"Content-Type: text/plain\n\n", "begin 644 a\n"},
        {"Content-Type: text/plain\n\n", "begin 644 a\n`\n"},
        {"Content-Type: text/plain\n\n", "begin 644 a\n#86)C\n"},
        {"Content-Type: text/plain\n\n", "begin 644 a\n#86)C\nend\n"},
        {"Content-Type: text/plain\n\nbegin 644 a\n", "#86)C\n"},
        {"Content-Type: text/plain\n\n", "=ybegin line=31 size=9 name=abc\n"},
        {"Content-Type: text/plain\n\n", "=ybegin line=99 size=9 name=\x93\x93\x93\x93\x93\x93\x93\n"},
        {"Content-Type: text/plain\n\n=ybegin line=8 size=9 name=a\n", "=9999999\n"},
        {"Content-Type: text/plain; format=flowed; delsp=yes\n\n", "> \n"},
        {"Content-Type: text/plain; format=flowed\n\n", " \n>"},
        {"Content-Type: message/delivery-status\n\n", "a\n"},
        {"Content-Type: message/delivery-status\n\n", "\x80\n"},
        {"Content-Type: message/delivery-status\n\na:", " =?utf-8?q?"},
        {"Content-Type: multipart/alternative; boundary=b\n\n", "--b\nContent-Type: text/html\n\n<b>x\n"},
        {"Content-Type: multipart/alternative; boundary=b\n\n--b\n\n", "aaaaaaa\n"},
        {"Content-Type: text/plain\n\n", "www."},
        {"Content-Type: text/html\n\n", "<"},
        {"Content-Type: text/html\n\n", "<a href="},
        {"Content-Type: text/html\n\n", "&"},
        {"Content-Type: text/html\n\n", "<!--"},
        {"Content-Type: text/html\n\n", "<div style=\"display:none\">"},
        {"Content-Type: text/html\n\n", "charset="},
    };
    for (size_t i = 0; i < sizeof HOSTILE / sizeof *HOSTILE; i++) {
        for (size_t size = MB; size <= 4 * MB; size *= 4) {
            raw_n = 0;
            put(HOSTILE[i].head);
            while (raw_n < size) put(HOSTILE[i].unit);
            read_mail();
            assert_false(mail.odd & ODD(ARENA_FULL));
        }
    }
}

/* A boundary of each open level looks like the others but for its end. */
static void test_boundaries(void **state)
{
    (void)state;
    start();
    char same[200];
    memset(same, 'x', sizeof same);
    for (int i = 0; i < MAIL_DEPTH_MAX; i++)
        putf("Content-Type: multipart/mixed; boundary=%.*s%02d\n\n--%.*s%02d\n", 200, same, i, 200, same, i);
    put("\n");
    while (raw_n < 4 * MB) putf("--%.*s99\n", 200, same);
    read_mail();
    assert_int_equal(mail.part_count, MAIL_DEPTH_MAX + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_big),
        cmocka_unit_test(test_repeated),
        cmocka_unit_test(test_boundaries),
    };
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* test_mail: limits: each is hit by a mail made here, and named.
 *
 * What ordinary and merely odd mail looks like is in tests/mail (test_golden). */
#include "tests/unit/made_mail.h"

static void nested(int depth, bool message)
{
    start();
    for (int i = 0; i < depth; i++) {
        if (message)
            put("Content-Type: message/rfc822\n\n");
        else
            putf("Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", i, i);
    }
    put("\ninnermost text\n");
}

static void test_depth(void **state)
{
    (void)state;
    nested(MAIL_DEPTH_MAX, false);
    read_mail();
    assert_int_equal(mail.odd & ODD(DEEP), 0);
    assert_int_equal(mail.part_count, MAIL_DEPTH_MAX + 1);
    assert_true(span_eq(mail.text, SPAN("innermost text")));
    nested(MAIL_DEPTH_MAX + 1, false);
    read_mail();
    want_odd("multiparts", ODD(DEEP) | ODD(TRUNCATED));
    assert_int_equal(mail.part_count, MAIL_DEPTH_MAX + 1);
    nested(10000, false);
    read_mail();
    want_odd("10,000 multiparts", ODD(DEEP));
    nested(MAIL_DEPTH_MAX + 1, true);
    read_mail();
    want_odd("messages", ODD(DEEP));
    nested(10000, true);
    read_mail();
    want_odd("10,000 messages", ODD(DEEP));
}

static void encoded(const char *encoding, int levels)
{
    for (int i = 0; i < levels; i++) putf("Content-Type: message/rfc822\nContent-Transfer-Encoding: %s\n\n", encoding);
}

/* Messages in quoted-printable within each other: with no '=' in it, each level looks like the one around it. */
static void test_encoded_messages(void **state)
{
    (void)state;
    static const int LEVELS[] = {MAIL_DEPTH_MAX, MAIL_DEPTH_MAX + 1, 500};
    for (size_t i = 0; i < sizeof LEVELS / sizeof *LEVELS; i++) {
        int levels = LEVELS[i];
        start();
        encoded("quoted-printable", levels);
        put("Subject: s\n\ninnermost text\n");
        read_mail();
        want_odd("encoded messages", ODD(ENCODED_MESSAGE));
        assert_int_equal(mail.odd >> ODD_BIT_DEEP & 1, levels > MAIL_DEPTH_MAX);
        assert_int_equal(mail.part_count, MAIL_DEPTH_MAX + 1);
        assert_int_equal(span_ends(mail.text, SPAN("innermost text")), levels == MAIL_DEPTH_MAX);
        assert_false(mail.odd & ODD(TEXT_LIMIT));
    }
    /* MAIL_DECODE_MAX: one is cut, and what stands before the cut is read. */
    start();
    encoded("quoted-printable", 1);
    put("\nfirst\n");
    fill(' ', MAIL_DECODE_MAX);
    put("last\n");
    read_mail();
    want_odd("one message", ODD(ENCODED_MESSAGE) | ODD(TEXT_LIMIT));
    assert_int_equal(mail.parts[0].decoded, MAIL_DECODE_MAX);
    assert_true(span_eq(mail.text, SPAN("first")));
    /* MAIL_DECODE_MESSAGES_MAX: a bomb; the text beside it is read all the same. */
    start();
    put("Content-Type: multipart/mixed; boundary=b\n\n--b\n");
    encoded("quoted-printable", 30);
    put("\n");
    fill('\n', 3 * MAIL_DECODE_MAX);
    put("--b\n\nbeside\n--b--\n");
    read_mail();
    want_odd("bomb", ODD(ENCODED_MESSAGE) | ODD(TEXT_LIMIT));
    assert_in_range(mail.part_count, 4, 8);
    assert_true(span_eq(mail.text, SPAN("beside")));
    assert_in_range(arena.used, MAIL_DECODE_MESSAGES_MAX, MAIL_DECODE_MESSAGES_MAX + ATTACH_WINDOW_MAX + 2 * MB);
}

static void many_parts(int n, const char *inside)
{
    start();
    put("Content-Type: multipart/mixed; boundary=b\n\n");
    for (int i = 0; i < n; i++) putf("--b\n%s", inside);
    put("--b--\n");
}

static void test_parts(void **state)
{
    (void)state;
    many_parts(MAIL_PARTS_MAX - 1, "\nx\n");
    read_mail();
    assert_int_equal(mail.odd & ODD(MANY_PARTS), 0);
    assert_int_equal(mail.part_count, MAIL_PARTS_MAX);
    many_parts(MAIL_PARTS_MAX, "\nx\n");
    read_mail();
    want_odd("parts", ODD(MANY_PARTS));
    assert_int_equal(mail.part_count, MAIL_PARTS_MAX - MAIL_PARTS_LAST / 2);
    many_parts(200000, "");
    read_mail();
    want_odd("empty parts", ODD(MANY_PARTS));
}

/* Blocks are parts, and count as such. */
static void test_block_parts(void **state)
{
    (void)state;
    for (int over = 0; over <= 1; over++) {
        start();
        put("\n");
        for (int i = 1; i < MAIL_PARTS_MAX + over; i++) put("begin 644 a.exe\n#86)C\nend\n");
        put("text");
        read_mail();
        want_odd("blocks", ODD(BLOCK) | ODD(EXECUTABLE));
        assert_int_equal(mail.odd >> ODD_BIT_MANY_PARTS & 1, over);
        assert_int_equal(mail.part_count, MAIL_PARTS_MAX);
        assert_int_equal(mail.shape.attachments, MAIL_PARTS_MAX - 1);
        assert_int_equal(span_eq(mail.text, SPAN("text")), !over);
    }
}

static void test_header_count(void **state)
{
    (void)state;
    raw_n = 0;
    for (int i = 0; i < MAIL_HEADERS_MAX; i++) putf("X-%d: v\n", i);
    put("\ntext\n");
    read_mail();
    assert_int_equal(mail.odd & ODD(HEADER_LIMIT), 0);
    assert_int_equal(mail.header_count, MAIL_HEADERS_MAX);
    raw_n = 0;
    for (int i = 0; i < MAIL_HEADERS_MAX + 1; i++) putf("X-%d: v\n", i);
    put("\ntext\n");
    read_mail();
    want_odd("fields", ODD(HEADER_LIMIT));
    assert_int_equal(mail.header_count, MAIL_HEADERS_MAX);
    assert_true(span_eq(mail.text, SPAN("text")));
}

/* Fields that nobody needs, however many there are, do not push out those that say how a body is to be read. */
static void test_header_spare(void **state)
{
    static const int JUNK[] = {MAIL_HEADERS_MAX, MAIL_HEADERS_MAX + MAIL_HEADERS_SPARE, MAIL_HEADER_TOTAL_MAX / 50};
    (void)state;
    for (size_t k = 0; k < sizeof JUNK / sizeof *JUNK; k++) {
        raw_n = 0;
        for (int i = 0; i < JUNK[k]; i++) put("X-Filler: 01234567890123456789012345678901234567890123456789\n");
        put("Subject: late\nContent-Type: multipart/mixed;\n boundary=b\n\n");
        put("--b\nContent-Type:\n text/html\nContent-Transfer-Encoding: base64\n\nPHA+dGV4dA==\n--b--\n");
        read_mail();
        want_odd("junk before what counts", ODD(HEADER_LIMIT));
        assert_true(span_eq(mail.text, SPAN("text")));
        assert_true(span_eq(mail_find(&mail, FIELD_SUBJECT)->value, SPAN("late")));
    }
    start();
    put("Content-Type: multipart/mixed; boundary=b\n\n");
    for (int i = 0; i < MAIL_PARTS_MAX; i++)
        put("--b\nSubject: a\nFrom: b\nSubject: c\nX-A: d\nContent-Type: text/plain\nContent-Type: text/plain\n"
            "Content-Transfer-Encoding: 7bit\nContent-Disposition: inline\n\nx\n");
    put("--b--\n");
    read_mail();
    want_odd("all that can be kept", ODD(HEADER_LIMIT));
    assert_true(mail.header_total <= MAIL_HEADERS_MAX + MAIL_HEADERS_SPARE);
}

static void test_header_bytes(void **state)
{
    (void)state;
    start();
    for (size_t n = 0; n <= MAIL_HEADER_BYTES_MAX; n += 64)
        put("X-Filler: 012345678901234567890123456789012345678901234567890123\n");
    put("Subject: too late\n\ntext\n");
    read_mail();
    want_odd("one block", ODD(HEADER_LIMIT));
    assert_true(span_eq(mail.text, SPAN("text")));

    start();
    put("X-Long: ");
    fill('x', MAIL_FIELD_BYTES_MAX + 1);
    put("\n\ntext\n");
    read_mail();
    want_odd("one field", ODD(HEADER_LIMIT) | ODD(LONG_LINE));
    assert_true(mail.headers[5].value.n <= MAIL_FIELD_BYTES_MAX);

    start();
    put("Content-Type: multipart/mixed; boundary=b\n\n");
    for (int i = 0; i < 12; i++) {
        put("--b\nX-Long: ");
        for (int k = 0; k < 1400; k++) put("0123456789012345678901234567890123456789012345678901234567890\n ");
        put("\n\ntext\n");
    }
    put("--b--\n");
    read_mail();
    want_odd("all blocks: MAIL_HEADER_TOTAL_MAX", ODD(HEADER_LIMIT));
}

static void test_text(void **state)
{
    (void)state;
    start();
    put("\n");
    for (size_t n = 0; n <= MAIL_TEXT_MAX; n += 8) put("0123456\n");
    read_mail();
    want_odd("visible text", ODD(TEXT_LIMIT));
    assert_true(mail.text.n <= MAIL_TEXT_MAX);

    start();
    put("Content-Type: text/html\n\n<p>seen</p><div style=\"display:none\">");
    for (size_t n = 0; n <= MAIL_HIDDEN_MAX; n += 8) put("0123456\n");
    put("</div>");
    read_mail();
    want_odd("hidden text", ODD(TEXT_LIMIT) | ODD(HIDDEN_TEXT));
    assert_true(mail.hidden.n <= MAIL_HIDDEN_MAX);

    start(); /* tags only: little text, much to decode */
    put("Content-Type: text/html\n\nfirst");
    for (size_t n = 0; n <= MAIL_DECODE_MAX; n += 16) put("<b><i></i></b>\r\n");
    put("last");
    read_mail();
    want_odd("one part", ODD(TEXT_LIMIT));
    assert_true(span_eq(mail.text, SPAN("first last")));
    assert_int_equal(mail.parts[0].decoded, mail.parts[0].body.n);

    start();
    put("Content-Type: multipart/mixed; boundary=b\n\n");
    for (int i = 0; i < MAIL_DECODE_TOTAL_MAX / (MAIL_DECODE_MAX / 2) + 1; i++) {
        put("--b\nContent-Type: text/html\n\n");
        for (size_t n = 0; n < MAIL_DECODE_MAX / 2; n += 16) put("<b><i></i></b>\r\n");
    }
    put("--b\n\nlast\n--b--\n");
    read_mail();
    want_odd("all parts", ODD(TEXT_LIMIT));
    assert_true(span_eq(mail.text, SPAN("last")));
}

static void test_urls(void **state)
{
    (void)state;
    start();
    put("\n");
    for (int i = 0; i < MAIL_URLS_MAX + 1; i++) putf("http://www%d.example.com/\n", i);
    read_mail();
    want_odd("urls", ODD(URL_LIMIT));
    assert_int_equal(mail.url_count, MAIL_URLS_MAX);
}

static void test_name(void **state)
{
    (void)state;
    start();
    put("Content-Type: application/x; name=\"");
    for (int i = 0; i < MAIL_NAME_MAX; i++) put("あ");
    put(".exe\"\n\nx\n");
    read_mail();
    want_odd("long name", ODD(EXECUTABLE));
    assert_in_range(mail.parts[0].name.n, MAIL_NAME_MAX - 4, MAIL_NAME_MAX);
    assert_true(utf8_valid(mail.parts[0].name));
    assert_int_equal(mail.shape.attachments, 1);

    start(); /* a program by its name, though it stands there as text */
    put("Content-Type: text/plain; name=a.exe\n\nx\n");
    read_mail();
    want_odd("name", ODD(EXECUTABLE));
}

static void test_few_text(void **state)
{
    (void)state;
    for (size_t n = MAIL_FEW_TEXT; n <= MAIL_FEW_TEXT + 1; n++) {
        start();
        put("Content-Type: text/html\n\n<img src=\"http://example.com/a.png\">");
        fill('x', n);
        read_mail();
        assert_int_equal(mail.odd >> ODD_BIT_ONLY_IMAGE & 1, n == MAIL_FEW_TEXT);
    }
}

/* How far a boundary that nobody named, a charset in the document itself, and a header's next field are looked for. */
static void test_look_ahead(void **state)
{
    (void)state;
    for (int blank = MAIL_SNIFF_LINES - 1; blank <= MAIL_SNIFF_LINES; blank++) {
        start();
        put("Content-Type: multipart/mixed\n\n");
        for (int i = 0; i < blank; i++) put("\n");
        put("--b\n\ntext\n--b--\n");
        read_mail();
        want_odd("sniffed", ODD(NO_BOUNDARY));
        assert_int_equal(mail.part_count, blank < MAIL_SNIFF_LINES ? 2 : 1);
    }
    for (int blank = MAIL_SNIFF_LINES - 1; blank <= MAIL_SNIFF_LINES; blank++) {
        start();
        put("Content-Type: message/rfc822\n\n");
        for (int i = 0; i < blank; i++) put("\n");
        put("Content-Type: text/html\n\n<b>text</b>\n");
        read_mail();
        assert_int_equal(mail.shape.html_parts, blank < MAIL_SNIFF_LINES);
    }
    for (int over = 0; over <= 1; over++) { /* MAIL_LIE_BYTES: a '=' of plain text, then one of quoted-printable */
        start();
        encoded("quoted-printable", 1);
        put("X: ");
        fill('x', MAIL_LIE_BYTES - 9 + (size_t)over);
        put("\nY: =no\n\n=41\n");
        read_mail();
        want_odd("lie", ODD(BAD_QP));
        assert_true(span_eq(mail.text, over ? SPAN("A") : SPAN("=41")));
    }
    static const char TWO[] = "Content-Type: multipart/mixed; boundary=a; boundary=b\n\n";
    for (size_t ahead = MAIL_AHEAD_BYTES - 4; ahead <= MAIL_AHEAD_BYTES; ahead += 4) {
        start();
        put(TWO);
        fill('\n', ahead);
        put("--b\n\ntext\n--b--\n");
        read_mail();
        assert_int_equal(mail.odd >> ODD_BIT_BOUNDARY_UNSEEN & 1, ahead == MAIL_AHEAD_BYTES);
        assert_int_equal(mail.part_count, ahead < MAIL_AHEAD_BYTES ? 2 : 1);
    }
    static const char META[] = "<meta charset=koi8-r>";
    for (size_t at = MAIL_META_BYTES - (sizeof META - 1); at <= MAIL_META_BYTES; at += sizeof META - 1) {
        start();
        put("Content-Type: text/html\n\n");
        fill(' ', at);
        put(META);
        put("\xED\xC9\xD2"); /* too short to be guessed */
        read_mail();
        assert_int_equal(mail.odd >> ODD_BIT_NO_CHARSET & 1, at == MAIL_META_BYTES);
        if (at < MAIL_META_BYTES) assert_true(span_eq(mail.text, SPAN("Мир")));
    }
    for (int stray = MAIL_STRAY_LINES; stray <= MAIL_STRAY_LINES + 1; stray++) {
        start();
        for (int i = 0; i < stray; i++) put("a stray line\n");
        put("To: you@example.org\n\ntext\n");
        read_mail();
        want_odd("stray lines", ODD(BAD_HEADER));
        assert_int_equal(mail_find(&mail, FIELD_TO) != NULL, stray == MAIL_STRAY_LINES);
    }
}

/* Every size of arena is enough not to crash, and says that it was too small. */
static void test_arena(void **state)
{
    (void)state;
    many_parts(20,
               "Content-Type: text/plain; charset=shift_jis\nContent-Transfer-Encoding: base64\nX: =?utf-8?q?=41?=\n\n"
               "lsCYZoOBgVuDi4KggqKCpIKmgqg=\n");
    for (size_t cap = 16; cap < 1u << 19; cap += cap < 8192 ? 272 : 16384) {
        struct arena a;
        assert_int_equal(arena_open(&a, cap), ERR_OK);
        mail_read(&mail, span_of(raw, raw_n), NULL, &a);
        assert_true(utf8_valid(mail.text));
        if (cap < 16384) want_odd("small arena", ODD(ARENA_FULL));
        arena_close(&a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_depth),        cmocka_unit_test(test_encoded_messages),
        cmocka_unit_test(test_parts),        cmocka_unit_test(test_block_parts),
        cmocka_unit_test(test_header_count), cmocka_unit_test(test_header_spare),
        cmocka_unit_test(test_header_bytes), cmocka_unit_test(test_text),
        cmocka_unit_test(test_urls),         cmocka_unit_test(test_name),
        cmocka_unit_test(test_few_text),     cmocka_unit_test(test_look_ahead),
        cmocka_unit_test(test_arena),
    };
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* test_mail: limits and hostile mail: each limit is hit by a mail made here, and named; time and memory stay bounded.
 *
 * What ordinary and merely odd mail looks like is in tests/mail (test_golden). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <cmocka.h>

#include "proto/base/clock.h"
#include "worker/mime/mail.h"
#include "worker/text/charset.h"
#include "worker/text/domain.h"

enum { MB = 1 << 20, ARENA = 48 * MB };
static struct arena arena;
static struct mail mail;

/* A mail being written. */
static char *raw;
static size_t raw_n, raw_cap;

static void put_n(const void *p, size_t n)
{
    if (raw_n + n > raw_cap) {
        raw_cap = (raw_n + n) * 2;
        raw = realloc(raw, raw_cap);
        assert_non_null(raw);
    }
    memcpy(raw + raw_n, p, n);
    raw_n += n;
}

static void put(const char *s)
{
    put_n(s, strlen(s));
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

static void fill(char c, size_t n)
{
    char block[4096];
    memset(block, c, sizeof block);
    for (; n; n -= n < sizeof block ? n : sizeof block) put_n(block, n < sizeof block ? n : sizeof block);
}

static void start(void)
{
    raw_n = 0;
    put("From: a@example.org\nSubject: s\nDate: d\nMessage-ID: <1@example.org>\nMIME-Version: 1.0\n");
}

/* CPU time of this thread: what a busy machine does not change. */
static int64_t cpu_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* Read what was written; at most `ms_per_mb`, generous for sanitisers, so that only the wrong order of growth fails. */
static void read_mail(void)
{
    enum { MS_PER_MB = 400, FLOOR_US = 100000 };
    arena_reset(&arena);
    /* Exactly as many bytes as there are, so that a sanitiser sees one read past them. */
    uint8_t *exact = malloc(raw_n ? raw_n : 1);
    memcpy(exact, raw, raw_n);
    static uint8_t *last;
    free(last);
    last = exact;
    int64_t t = cpu_us();
    mail_read(&mail, span_of(exact, raw_n), NULL, &arena);
    int64_t spent = cpu_us() - t, may = FLOOR_US + (int64_t)(raw_n / 1000) * MS_PER_MB;
    if (spent > may) fail_msg("%zu bytes took %lld us", raw_n, (long long)spent);
    assert_true(utf8_valid(mail.text));
}

static void want_odd(const char *what, uint64_t bits)
{
    for (enum odd_bit b = 0; b < ODD_COUNT; b++)
        if ((bits & ~mail.odd) >> b & 1) fail_msg("%s: not marked %s", what, odd_word(b));
}

/* --- limits, one mail each ---------------------------------------------------------------------------------------- */

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

/* --- size and shape ----------------------------------------------------------------------------------------------- */

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

/* --- fields ------------------------------------------------------------------------------------------------------- */

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

static int open_arena(void **state)
{
    (void)state;
    domain_init();
    return arena_open(&arena, ARENA);
}

static int close_arena(void **state)
{
    (void)state;
    arena_close(&arena);
    charset_close();
    free(raw);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_depth),        cmocka_unit_test(test_encoded_messages),
        cmocka_unit_test(test_parts),        cmocka_unit_test(test_header_count),
        cmocka_unit_test(test_header_spare), cmocka_unit_test(test_header_bytes),
        cmocka_unit_test(test_text),         cmocka_unit_test(test_urls),
        cmocka_unit_test(test_name),         cmocka_unit_test(test_magic),
        cmocka_unit_test(test_look_ahead),   cmocka_unit_test(test_digests),
        cmocka_unit_test(test_few_text),     cmocka_unit_test(test_arena),
        cmocka_unit_test(test_big),          cmocka_unit_test(test_repeated),
        cmocka_unit_test(test_boundaries),   cmocka_unit_test(test_foreign),
        cmocka_unit_test(test_last_side),    cmocka_unit_test(test_two_encodings),
        cmocka_unit_test(test_two_names),    cmocka_unit_test(test_attached_messages),
        cmocka_unit_test(test_sides),        cmocka_unit_test(test_block_parts),
    };
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* test_lookalike: what a hurried reader would take for another domain, and what is no such thing.
 *
 * The first table holds pairs of names, the second whole mails of a few lines. Names are made up, or of the well-known
 * kind that nobody needs a mail to know. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

#include "worker/mime/pose.h"
#include "worker/text/alphabet.h"
#include "worker/text/lookalike.h"

static const struct {
    const char *of, *host;
    int tail; /* bytes of host's registrable domain; 0: all */
    bool want;
} PAIRS[] = {
    /* looks the same */
    {"paypal.com", "paypa1.com", 0, true},
    {"paypal.com", "paypai.com", 0, true},
    {"microsoft.com", "rnicrosoft.com", 0, true},
    {"rakuten.co.jp", "www.rakuten.co.jp.example.net", 11, true},
    {"google.com", "g00gle.com", 0, true},
    {"wikipedia.org", "vvikipedia.org", 0, true},
    {"wikipedia.org", "vvikipedia.net", 0, true},
    {"paypal.com", "раураӏ.com", 0, true}, /* Cyrillic */
    {"раураӏ.com", "paypal.com", 0, true},
    {"paypal.com", "раypal.net", 0, true},
    {"amazon.co.jp", "amаzon.co.jp", 0, true}, /* one Cyrillic letter */
    {"facebook.com", "face-book.com", 0, true},
    /* one slip */
    {"mercari.com", "mercarri.com", 0, true},
    {"mercari.com", "mecrari.com", 0, true},
    {"mercari.com", "mercar.com", 0, true},
    {"mercari.com", "nercari.com", 0, true},
    {"mercari.com", "mercari.net", 0, false},
    {"mercari.com", "nerkari.com", 0, false},
    {"apple.com", "aple.com", 0, false}, /* short names are near to many */
    {"mailer1.com", "mailer2.com", 0, false},
    {"mailer.com", "mailer2.com", 0, false},
    {"conference2024.org", "conference2025.org", 0, false},
    /* with words around it, and another suffix */
    {"paypal.com", "paypal-login.example", 0, true},
    {"paypal.com", "secure-paypal-login.net", 0, true},
    {"paypal.com", "paypal-communication.com", 0, false},
    {"paypal.com", "notpaypal.net", 0, false},
    {"visa.com", "visa-help.net", 0, false}, /* short, a word */
    /* the whole domain before another */
    {"paypal.com", "paypal.com.evil.example", 12, true},
    {"paypal.com", "www.paypal.com.evil.example", 12, true},
    {"paypal.com", "paypal-com.evil.example", 12, true},
    {"paypal.com", "login-paypal-com.example", 0, true},
    {"paypal.com", "paypal-com.com", 0, true},
    {"paypal.com", "mypaypal.com.evil.example", 12, false},
    {"example.com", "example.zendesk.com", 11, false},
    /* the same, or nothing alike */
    {"paypal.com", "paypal.com", 0, false},
    {"paypal.com", "www.paypal.com", 10, false},
    {"paypal.com", "paypal.co.uk", 0, false},
    {"paypal.com", "example.com", 0, false},
    {"paypal.com", "com", 0, false},
    {"paypal.com", "192.0.2.1", 0, false},
    {"paypal.com", "[2001:db8::1]", 0, false},
};

static void compares_names(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof PAIRS / sizeof *PAIRS; i++) {
        struct lookalike of;
        span host = span_cstr(PAIRS[i].host);
        span domain = PAIRS[i].tail ? span_from(host, host.n - (size_t)PAIRS[i].tail) : host;
        bool got = lookalike_init(&of, span_cstr(PAIRS[i].of)) && lookalike(&of, host, domain);
        if (got != PAIRS[i].want) fail_msg("%s as %s: %d", PAIRS[i].host, PAIRS[i].of, got);
    }
}

static void knows_what_cannot_be_posed_as(void **state)
{
    (void)state;
    static const char *const NONE[] = {"", "com", "abc.com", "192.0.2.1", "[2001:db8::1]"};
    struct lookalike of;
    for (size_t i = 0; i < sizeof NONE / sizeof *NONE; i++) assert_false(lookalike_init(&of, span_cstr(NONE[i])));
}

/* Domains longer than are compared, and names longer than are folded. */
static void compares_so_much(void **state)
{
    (void)state;
    char a[LOOKALIKE_DOMAIN_MAX + 2], b[301];
    struct lookalike of;
    memset(a, 'a', sizeof a);
    memcpy(a + sizeof a - 5, ".com", 5);
    assert_false(lookalike_init(&of, span_cstr(a)));
    assert_true(lookalike_init(&of, span_cstr(a + 1)));
    memset(b, 'a', 300);
    memcpy(b + 296, ".com", 5);
    assert_false(lookalike(&of, span_cstr(b), span_cstr(b)));
}

static const struct {
    const char *mail;
    bool want;
} MAILS[] = {
    {"From: a@paypal.com\n\nhttp://www.paypal.com/ http://example.com/\n", false},
    {"From: a@paypal.com\n\nhttp://example.com/ http://www.paypa1.com/\n", true},
    {"From: a@paypal.com\n\nhttp://www.xn--ypal-43d9g.com/\n", true},
    {"From: a@paypal.com\nContent-Type: text/html\n\n<img src=\"http://paypa1.com/x.gif\">\n", false},
    {"From: a@paypal.com\nContent-Type: text/html\n\n<a href=\"http://paypa1.com/x.gif\">x</a>\n", true},
    {"From: a@paypal.com\nList-Unsubscribe: <http://paypa1.com/x>\n\nx\n", false},
    {"From: a@paypal.com\nSubject: http://paypa1.com/x\n\nx\n", true},
    /* the domain in From's name */
    {"From: \"service@paypal.com\" <a@example.com>\n\nhttp://paypa1.com/\n", true},
    {"From: PayPal.com <a@example.com>\n\nhttp://paypal.com.example.net/\n", true},
    {"From: PayPal.com <a@paypa1.com>\n\nhello\n", true},
    {"From: PayPal.com <a@example.com>\n\nhttp://example.com/\n", false},
    {"From: Dr. John A. Smith <a@example.com>\n\nhttp://example.com/\n", false},
    /* From poses as what the links go to */
    {"From: a@paypa1.com\n\nhttp://paypal.com/1 http://www.paypal.com/2 http://paypal.com/3\n", true},
    {"From: a@paypa1.com\n\nhttp://paypal.com/1\n", true},
    {"From: a@paypal.com.example.net\n\nhttp://paypal.com/1 http://www.paypal.com/2\n", false},
    {"From: a@paypal.com.example.net\n\nhttp://paypal.com/1 http://www.paypal.com/2 http://paypal.com/3\n", true},
    {"From: a@xn--80aa0cbo65f.com\n\nhttp://paypal.com/1 http://www.paypal.com/2 http://paypal.com/3\n", true},
    /* nobody to pose as */
    {"Subject: x\n\nhttp://paypa1.com/\n", false},
    {"From: a@[192.0.2.1]\n\nhttp://paypa1.com/\n", false},
    {"From: a\xFF@b\xFF.com\n\nhttp://paypa1.com/\n", false},
};

static void tells_whom_a_mail_poses_as(void **state)
{
    (void)state;
    struct arena a;
    assert_int_equal(arena_open(&a, MAIL_ARENA_BYTES), ERR_OK);
    mail_init();
    for (size_t i = 0; i < sizeof MAILS / sizeof *MAILS; i++) {
        struct mail m;
        arena_reset(&a);
        mail_read(&m, span_cstr(MAILS[i].mail), NULL, &a);
        bool got = (m.odd & ODD(URL_LOOKALIKE)) != 0;
        if (got != MAILS[i].want) fail_msg("%s: %d", MAILS[i].mail, got);
    }
    mail_close();
    arena_close(&a);
}

/* A lookalike behind so many other hosts is not looked for. */
static void looks_at_so_many_hosts(void **state)
{
    (void)state;
    struct arena a;
    assert_int_equal(arena_open(&a, MAIL_ARENA_BYTES), ERR_OK);
    mail_init();
    for (int others = POSE_HOSTS_MAX - 1; others <= POSE_HOSTS_MAX; others++) {
        static char text[1 << 14];
        size_t n = (size_t)snprintf(text, sizeof text, "From: a@paypal.com\n\n");
        for (int i = 0; i < others; i++)
            n += (size_t)snprintf(text + n, sizeof text - n, "http://h%d.example.com/\n", i);
        n += (size_t)snprintf(text + n, sizeof text - n, "http://paypa1.com/\n");
        struct mail m;
        arena_reset(&a);
        mail_read(&m, span_of(text, n), NULL, &a);
        assert_int_equal((m.odd & ODD(URL_LOOKALIKE)) != 0, others < POSE_HOSTS_MAX);
    }
    mail_close();
    arena_close(&a);
}

/* A link of List-* is kept behind all others, and its oddities are its own. */
static void keeps_list_links_apart(void **state)
{
    (void)state;
    static const char MAIL[] = "From: \"www.example.org\" <a@example.com>\n"
                               "Subject: http://example.com/s and http://example.com/b\n"
                               "List-Id: <list.example.net>\n"
                               "List-Unsubscribe: <mailto:x@example.net>,\n"
                               " <http://192.0.2.1/?u=http://example.net/>\n"
                               "List-Archive: <http://example.com/b>\n\nhttp://example.com/b\n";
    static const struct {
        const char *whole;
        enum url_place place;
    } WANT[] = {
        {"http://example.com/b", URL_IN_TEXT}, {"http://example.com/s", URL_IN_HEADER},
        {"www.example.org", URL_IN_HEADER},    {"http://192.0.2.1/?u=http://example.net/", URL_IN_LIST},
        {"http://example.net/", URL_IN_LIST},
    };
    struct arena a;
    struct mail m;
    assert_int_equal(arena_open(&a, MAIL_ARENA_BYTES), ERR_OK);
    mail_init();
    mail_read(&m, span_cstr(MAIL), NULL, &a);
    assert_int_equal(m.url_count, 3);
    assert_int_equal(m.list_url_count, 2);
    for (size_t i = 0; i < 5; i++) {
        assert_true(span_eq(m.urls[i].whole, span_cstr(WANT[i].whole)));
        assert_int_equal(m.urls[i].place, WANT[i].place);
    }
    assert_int_equal(m.urls[3].odd, ODD(URL_IP) | ODD(URL_REDIRECT));
    assert_int_equal(m.odd & (ODD(URL_IP) | ODD(URL_REDIRECT)), 0);
    mail_close();
    arena_close(&a);
}

static void tells_mixed_alphabets(void **state)
{
    (void)state;
    static const struct {
        const char *label;
        bool want;
    } LABELS[] = {
        {"", false},       {"example-1", false},     {"日本語", false},      {"ひらがなカタカナ漢字abc1", false},
        {"東京ー", false}, {"한국어abc漢字", false}, {"ㄅㄆabc漢字", false}, {"한국어かな", true},
        {"ㄅかな", true},  {"пример1", false},       {"приmер", true},       {"ελληνικά", false},
        {"αb", true},      {"ไทยabc", true},         {"ไทย1", false},        {"аα", true},
        {"bücher", false}, {"עברית", false},
    };
    for (size_t i = 0; i < sizeof LABELS / sizeof *LABELS; i++)
        if (alphabet_mixed(span_cstr(LABELS[i].label)) != LABELS[i].want) fail_msg("%s", LABELS[i].label);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(compares_names),         cmocka_unit_test(knows_what_cannot_be_posed_as),
        cmocka_unit_test(compares_so_much),       cmocka_unit_test(tells_whom_a_mail_poses_as),
        cmocka_unit_test(tells_mixed_alphabets),  cmocka_unit_test(looks_at_so_many_hosts),
        cmocka_unit_test(keeps_list_links_apart),
    };
    return cmocka_run_group_tests_name("lookalike", tests, NULL, NULL);
}

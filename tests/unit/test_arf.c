/* SPDX-License-Identifier: Apache-2.0 */
/* arf: feedback reports as providers write them; what is none is named. */
#include "worker/arf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static struct arena arena;
static char text[4096];

/* A report whose middle part and reported part are these. */
static const char *read_report(const char *fields, const char *reported, struct arf *out)
{
    static struct mail m;
    snprintf(
        text, sizeof text,
        "From: abuse@provider.example\r\nContent-Type: multipart/report; boundary=b\r\n\r\n--b\r\n\r\nwords\r\n--b\r\n"
        "Content-Type: message/feedback-report\r\n%s\r\n--b\r\n%s\r\n--b--\r\n",
        fields, reported);
    arena_reset(&arena);
    mail_read(&m, span_cstr(text), NULL, &arena);
    return arf_read(&m, &arena, out);
}

#define MAIL    "Content-Type: message/rfc822\r\n\r\nFrom: a@b.example\r\n\r\nbuy it\r\n"
#define HEADERS "Content-Type: text/rfc822-headers\r\n\r\nFrom: a@b.example\r\nSubject: buy it\r\n"

static void as_providers_write_them(void **state)
{
    (void)state;
    static const struct {
        const char *fields, *reported;
        enum wire_say says;
        bool whole;
        const char *reporter, *ip, *from;
    } CASES[] = {
        {"\r\nFeedback-Type: abuse\r\nVersion: 1\r\n", MAIL, WIRE_SAY_SPAM, true, "", "", ""},
        {"\r\nVersion: 1\r\nfeedback-type:\r\n  Fraud\r\n", MAIL, WIRE_SAY_SPAM, true, "", "", ""},
        {"\r\nFeedback-Type: not-spam\r\nOriginal-Rcpt-To: <u@example.net>\r\nSource-IP: 2001:db8::1\r\n", HEADERS,
         WIRE_SAY_HAM, false, "u@example.net", "2001:db8::1", ""},
        {"\r\nFeedback-Type: virus\r\nOriginal-Rcpt-To: rfc822; u@example.net\r\nOriginal-Mail-From: <x@b.example>\r\n",
         MAIL, WIRE_SAY_SPAM, true, "u@example.net", "", "x@b.example"},
        {"Content-Transfer-Encoding: base64\r\n\r\nRmVlZGJhY2stVHlwZTogYWJ1c2UNCg==\r\n", MAIL, WIRE_SAY_SPAM, true, "",
         "", ""},
        {"\r\nFeedback-Type: other\r\nOriginal-Rcpt-To: two words\r\n", MAIL, WIRE_SAY_SPAM, true, "", "", ""},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct arf a;
        const char *wrong = read_report(CASES[i].fields, CASES[i].reported, &a);
        if (wrong) fail_msg("case %zu: %s", i, wrong);
        assert_int_equal(a.says, CASES[i].says);
        assert_int_equal(a.whole, CASES[i].whole);
        assert_true(span_eq(a.reporter, span_cstr(CASES[i].reporter)));
        assert_true(span_eq(a.client_ip, span_cstr(CASES[i].ip)));
        assert_true(span_eq(a.mail_from, span_cstr(CASES[i].from)));
        assert_true(span_starts(a.mail, SPAN("From: a@b.example")));
    }
}

static void what_is_none_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *fields, *reported, *why;
    } CASES[] = {
        {"\r\nVersion: 1\r\n", MAIL, "Feedback-Type is missing"},
        {"\r\nFeedback-Type: praise\r\n", MAIL, "no known one"},
        {"\r\nFeedback-Type: auth-failure\r\n", MAIL, "says nothing about spam"},
        {"\r\nFeedback-Type: abuse\r\n", "\r\nhello\r\n", "neither a mail nor its header"},
        {"\r\nFeedback-Type: abuse\r\n", "Content-Type: message/rfc822\r\n\r\n \r\n", "is empty"},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct arf a;
        const char *wrong = read_report(CASES[i].fields, CASES[i].reported, &a);
        if (!wrong || !strstr(wrong, CASES[i].why)) fail_msg("case %zu: %s", i, wrong ? wrong : "taken");
    }
    struct mail m;
    struct arf a;
    arena_reset(&arena);
    mail_read(&m, SPAN("Subject: hello\r\n\r\nno report\r\n"), NULL, &arena);
    assert_non_null(strstr(arf_read(&m, &arena, &a), "no part message/feedback-report"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(as_providers_write_them),
                                       cmocka_unit_test(what_is_none_is_named)};
    if (arena_open(&arena, MAIL_ARENA_BYTES) != ERR_OK) return 1;
    mail_init();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    mail_close();
    arena_close(&arena);
    return failed;
}

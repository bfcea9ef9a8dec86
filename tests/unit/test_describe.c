/* SPDX-License-Identifier: Apache-2.0 */
/* test_describe: languages and kinds of mail, days of arrival, addresses: a table of each. */
#include "models/corpus/arrival.h"
#include "models/eval/describe.h"
#include "worker/text/domain.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static void languages(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum judged_language want;
    } CASES[] = {
        {"", JUDGED_NO_TEXT},
        {"12:30 -- 100% !!! \xF0\x9F\x98\x80", JUDGED_NO_TEXT},
        {"please find the minutes of our meeting, and tell me what you think", JUDGED_ENGLISH},
        {"patch applied", JUDGED_ENGLISH},
        {"see http://example.com and http://www.example.net for more", JUDGED_ENGLISH},
        {"wir haben den bericht noch nicht bekommen und warten auf eine antwort", JUDGED_LATIN},
        {"nous vous prions de trouver la facture pour le mois de mai", JUDGED_LATIN},
        {"gracias por la respuesta, nos vemos en la oficina", JUDGED_LATIN},
        {"grazie per il messaggio, ci vediamo domani con gli altri che sono in ufficio", JUDGED_LATIN},
        {"de vergadering van morgen gaat niet door, het spijt me", JUDGED_LATIN},
        {"ol\xC3\xA1, segue a ata da reuni\xC3\xA3o", JUDGED_LATIN},
        {"kiitos viestist\xC3\xA4, p\xC3\xA4iv\xC3\xA4\xC3\xA4", JUDGED_LATIN},
        {"xin ch\xC3\xA0o, h\xE1\xBA\xB9n g\xE1\xBA\xB7p b\xE1\xBA\xA1n", JUDGED_LATIN},
        {"お世話になっております。会議の資料を送ります。", JUDGED_JAPANESE},
        {"株式会社 御中 請求書送付の件", JUDGED_CHINESE}, /* by its letters alone it is */
        {"資料送付の件、株式会社", JUDGED_JAPANESE},
        {"Microsoft Windows 7 をご利用の皆様へ、大切なお知らせです", JUDGED_JAPANESE},
        {"您好,请查收附件中的会议记录,谢谢", JUDGED_CHINESE},
        {"안녕하세요, 회의 자료를 보내드립니다", JUDGED_KOREAN},
        {"Добрый день, высылаю протокол собрания", JUDGED_CYRILLIC},
        {"مرحبا، أرسل إليكم محضر الاجتماع", JUDGED_ARABIC},
        {"שלום, מצורף סיכום הפגישה", JUDGED_HEBREW},
        {"สวัสดีครับ ส่งรายงานการประชุม", JUDGED_THAI},
        {"Καλημέρα, σας στέλνω τα πρακτικά", JUDGED_OTHER},
        {"नमस्ते, बैठक का विवरण", JUDGED_OTHER},
        {"the \xFF\xFE\x80 and \xE3\x81", JUDGED_ENGLISH}, /* no UTF-8 */
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        enum judged_language l = describe_text(span_cstr(CASES[i].text));
        if (l != CASES[i].want)
            fail_msg("'%s': %s, not %s", CASES[i].text, judged_language_name(l), judged_language_name(CASES[i].want));
    }
}

#define HEAD "From: a@example.org\nTo: b@example.net\nSubject: hello\n"
#define LONG                                                                                                      \
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen " \
    "eighteen nineteen twenty\n"
#define MIXED "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=x\n\n--x\n\n" LONG "\n--x\n"

static void kinds(void **state)
{
    (void)state;
    static const struct {
        const char *mail;
        enum judged_kind want;
    } CASES[] = {
        {HEAD "\n" LONG, JUDGED_PLAIN},
        {HEAD "\nsee you\n", JUDGED_SHORT},
        {HEAD "\nお世話になっております。会議の資料を送りますので、よろしくお願いいたします。\n", JUDGED_SHORT},
        {HEAD "Content-Type: text/plain; charset=utf-8\n\n"
              "お世話になっております。会議の資料を送りますので、どうぞよろしくお願いいたします。\n"
              "お世話になっております。会議の資料を送りますので、どうぞよろしくお願いいたします。\n",
         JUDGED_PLAIN},
        {HEAD "MIME-Version: 1.0\nContent-Type: text/html\n\n<p>" LONG "</p>\n", JUDGED_HTML},
        {HEAD "MIME-Version: 1.0\nContent-Type: text/html\n\n<a href=http://example.com/><img src=http://example.com/x>"
              "</a>\n",
         JUDGED_PICTURES},
        {HEAD MIXED "Content-Type: application/pdf; name=a.pdf\nContent-Disposition: attachment\n\n%PDF-1.4\n--x--\n",
         JUDGED_ATTACHED},
        {HEAD MIXED "Content-Type: text/calendar; method=REQUEST\n\nBEGIN:VCALENDAR\nEND:VCALENDAR\n--x--\n",
         JUDGED_INVITATION},
        {HEAD "List-Id: <l.example.org>\n" MIXED "Content-Type: application/pdf; name=a.pdf\n\n%PDF-1.4\n--x--\n",
         JUDGED_LIST},
        {HEAD "Precedence: bulk\n\n" LONG, JUDGED_LIST},
        {HEAD "Return-Path: <>\nList-Id: <l.example.org>\n\n" LONG, JUDGED_BOUNCE},
        {"From: Mailer-Daemon@example.org\n\n" LONG, JUDGED_BOUNCE},
        {HEAD MIXED "Content-Type: message/delivery-status\n\nStatus: 5.1.1\n--x--\n", JUDGED_BOUNCE},
        {"", JUDGED_SHORT},
    };
    struct arena a;
    assert_int_equal(arena_open(&a, MAIL_ARENA_BYTES), ERR_OK);
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct mail m;
        arena_reset(&a);
        mail_read(&m, span_cstr(CASES[i].mail), NULL, &a);
        enum judged_kind k = describe_kind(&m);
        if (k != CASES[i].want) fail_msg("%zu: %s, not %s", i, judged_kind_name(k), judged_kind_name(CASES[i].want));
    }
    /* Where nothing is to be seen the subject tells. */
    struct mail m;
    mail_read(&m, SPAN("Subject: =?utf-8?B?44GK55+l44KJ44Gb?=\n\n<123>\n"), NULL, &a);
    assert_int_equal(describe_language(&m), JUDGED_JAPANESE);
    mail_close();
    arena_close(&a);
}

static void days(void **state)
{
    (void)state;
    enum { NONE = -1, NOON = 1795262400 }; /* 2026-11-21 12:00 UTC */
    static const struct {
        const char *field;
        int64_t want;
    } CASES[] = {
        {" Sat, 21 Nov 2026 12:00:00 +0000", NOON},
        {"21 Nov 2026 12:00:00 GMT", NOON},
        {"21 nov 26 12:00 UT", NOON},
        {"Sat, 21 November 2026 21:00:00 +0900 (JST)", NOON},
        {" from a (b; c) by d with e\n\tid 1 for <f>; Sat, 21 Nov 2026 07:00:00 EST", NOON},
        {"Sat, 21 Nov 2026 04:30:00 -0730", NOON},
        {"21-Nov-2026 12:00:00", NOON},
        {"Thu, 1 Jan 1970 00:00:00 +0000", 0},
        {"1 Jan 99 00:00:00", 915148800},
        {"29 Feb 2000 00:00:00", 951782400},
        {"", NONE},
        {";", NONE},
        {"yesterday", NONE},
        {"Sat, 21 Nov", NONE},
        {"Sat, 21 Nov 2026", NONE},
        {"32 Nov 2026 12:00:00", NONE},
        {"21 Nix 2026 12:00:00", NONE},
        {"21 Nov 2026 25:00:00", NONE},
        {"21 Nov 2026 12:60:00", NONE},
        {"21 Nov 99999999999 12:00:00", NONE},
        {"21-Nov-05 12:00:00", 1132574400},
        {"-1 Nov 2026 12:00:00", NONE},
        {"21 Nov 1969 12:00:00", NONE},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        int64_t t = NONE;
        bool found = arrival_parse(span_cstr(CASES[i].field), &t);
        if (found != (CASES[i].want != NONE) || (found && t != CASES[i].want))
            fail_msg("'%s': %d %lld", CASES[i].field, found, (long long)t);
    }
}

static void arrivals(void **state)
{
    (void)state;
    static const struct {
        const char *mail, *address;
        int64_t want; /* -1: no date */
    } CASES[] = {
        {"Received: a; 1 Jan 1970 00:00:09 +0000\nReceived: b; 1 Jan 1970 00:00:05 +0000\nDate: 1 Jan 1970 00:00:01\n"
         "To: Ann <Ann@Example.org>, bob@example.org\n\n",
         "ann@example.org", 9},
        {"Received: a\nDate: 1 Jan 1970 00:00:01 +0000\nCc: x@example.org\nTo: y@example.org\n\n", "y@example.org", 1},
        {"To: y@example.org\nDelivered-To: z@example.org\n\n", "z@example.org", -1},
        {"To: undisclosed-recipients:;\nCc: x@example.org\n\n", "x@example.org", -1},
        {"Subject: none\n\n", "", -1},
    };
    struct arena a;
    assert_int_equal(arena_open(&a, MAIL_ARENA_BYTES), ERR_OK);
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct mail m;
        int64_t t = -1;
        arena_reset(&a);
        mail_read(&m, span_cstr(CASES[i].mail), NULL, &a);
        assert_int_equal(arrival_time(&m, &t), CASES[i].want >= 0);
        assert_int_equal(t, CASES[i].want);
        span to = arrival_address(&m, &a);
        if (!span_eq(to, span_cstr(CASES[i].address))) fail_msg("%zu: '%.*s'", i, SPAN_ARG(to));
    }
    mail_close();
    arena_close(&a);
}

static int setup(void **state)
{
    (void)state;
    domain_init();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(languages), cmocka_unit_test(kinds), cmocka_unit_test(days),
                                       cmocka_unit_test(arrivals)};
    return cmocka_run_group_tests(tests, setup, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* test_auth: whom a mail's authentication results are believed from, and what they say.
 *
 * The forms of RFC 8601 appendix B (results alone, several, nested comments, quoted strings, versions) in words of our
 * own, what real writers make of them, and what a forger would try. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "worker/mime/auth.h"

#define FROM "From: A <a@shop.example.com>\r\n"
#define AR   "Authentication-Results: "
#define AAR  "ARC-Authentication-Results: "
#define RCV  "Received: from x (x [192.0.2.1]) by mx.example.net; Mon, 2 Feb 2026 00:00:00 +0000\r\n"

/* Results are written "spf dkim dmarc arc", '-' for ABSENT; "pass=domain" and "pass!domain": aligned, not aligned; then
 * the oddities. */
static const struct {
    const char *header, *want;
} FIELDS[] = {
    /* RFC 8601 appendix B: nothing done, one result, several, from several hosts */
    {AR "mx.example.net 1; none\r\n" FROM, "- - - -"},
    {AR "mx.example.net; spf=pass smtp.mailfrom=example.com\r\n" RCV FROM, "pass=example.com - - -"},
    {AR
     "mx.example.net;\r\n auth=pass (cram-md5) smtp.auth=a@example.com;\r\n spf=pass smtp.mailfrom=example.com\r\n" RCV
         FROM,
     "pass=example.com - - -"},
    {AR
     "mx.example.net; auth=pass (cram-md5)\r\n smtp.auth=a@example.com;\r\n spf=fail smtp.mailfrom=example.com\r\n" AR
     "mx.example.net; sender-id=fail header.from=example.com;\r\n dkim=pass (good signature) "
     "header.d=example.com\r\n" RCV FROM,
     "fail pass=example.com - - auth-fail"},
    {AR "mx.example.net;\r\n dkim=pass reason=\"good signature\"\r\n  header.i=@mail-router.list.example;\r\n"
        " dkim=fail reason=\"bad signature\"\r\n  header.i=@shop.example.com\r\n" FROM,
     "- pass!mail-router.list.example - - auth-unaligned"},
    {AR "foo.example.net (foobar) 1 (baz);\r\n dkim (Because I like it) / 1 (One yay) = (wait for it) fail\r\n"
        "  policy (A dot can go here) . (like that) expired\r\n  (this surprised me) = (as I wasn't expecting it)\r\n"
        "  1362471462\r\n" FROM,
     "- fail - - auth-fail"},
    /* well formed */
    {AR "(c(n(e)s)ted) \"mx.example.net\" ; spf=softfail\r\n" FROM, "softfail - - -"},
    {AR "MX.Example.NET; SPF=Pass SMTP.MailFrom=B@Shop.Example.COM\r\n" FROM, "pass=shop.example.com - - -"},
    {AR "mx.example.net; spf=pass smtp.mailfrom=\"a; dkim=pass header.d=example.com\"@evil.example.org\r\n" FROM,
     "pass!evil.example.org - - - auth-unaligned"},
    {AR "mx.example.net; spf=pass (dkim=pass header.d=example.com;) smtp.mailfrom=evil.example.org\r\n" FROM,
     "pass!evil.example.org - - - auth-unaligned"},
    {AR "mx.example.net; spf=fail reason=\"x; dkim=pass\" smtp.mailfrom=evil.example.org\r\n" FROM,
     "fail - - - auth-fail"},
    {AR "mx.example.net; dkim=pass header.d=example.com; dmarc=pass header.from=shop.example.com; arc=pass\r\n" FROM,
     "- pass=example.com pass pass"},
    {AR "mx.example.net; spf=none; dkim=neutral; dmarc=temperror; arc=permerror;\r\n" FROM,
     "none neutral temperror permerror"},
    {AR "mx.example.net; dkim=policy; spf=hardfail\r\n" FROM, "fail policy - - auth-fail"},
    {AR "mx.example.net; spf=pass smtp.mailfrom=<>\r\n" FROM, "pass - - -"},
    {AR "mx.example.net; spf=pass smtp.mailfrom=\"<a@example.com>\"\r\n" FROM, "pass=example.com - - -"},
    {AR "mx.example.net; spf=pass smtp.mailfrom=<a@example.com>\r\n" FROM, "pass=example.com - - -"},
    {AR "mx.example.net; spf=pass smtp.helo=mail.example.com\r\n" FROM, "pass=mail.example.com - - -"},
    {AR "mx.example.net; spf=pass smtp.helo=mail.example.com; spf=fail smtp.mailfrom=example.com\r\n" FROM,
     "fail - - - auth-fail"},
    {AR "mx.example.net; dkim=pass (2048-bit key; unprotected) header.d=example.com header.i=@example.com\r\n"
        " header.a=rsa-sha256 header.s=s1 header.b=Ab/cd+e=\r\n" FROM,
     "- pass=example.com - -"},
    {AR "mx.example.net; dkim=fail header.d=example.com; dkim=pass header.d=esp.example.org; dkim=pass "
        "header.d=example.com"
        "\r\n" FROM,
     "- pass=example.com - -"},
    {AR
     "mx.example.net; dkim=none; dmarc=fail action=none header.from=shop.example.com;compauth=fail reason=001\r\n" FROM,
     "- none fail - auth-fail"},
    /* EAI (RFC 8616): UTF-8 names */
    {AR "mx.example.net; spf=pass smtp.mailfrom=\xE7\xAF\xA9@\xE7\xAF\xA9.example.com\r\n" FROM,
     "pass=xn--x1z.example.com - - -"},
    {AR "mx.example.net; dkim=pass header.d=xn--r8jz45g.jp\r\nFrom: a@\xE4\xBE\x8B\xE3\x81\x88.jp\r\n",
     "- pass=xn--r8jz45g.jp - -"},
    {AR "mx.example.net; dkim=pass header.d=\xE4\xBE\x8B\xE3\x81\x88.jp\r\nFrom: a@mail.xn--r8jz45g.jp\r\n",
     "- pass=xn--r8jz45g.jp - -"},
    /* alignment: the registrable domain decides, the public suffix list knows it */
    {AR "mx.example.net; dkim=pass header.d=bounce.example.com\r\n" FROM, "- pass=bounce.example.com - -"},
    {AR "mx.example.net; dkim=pass header.d=badexample.com\r\n" FROM, "- pass!badexample.com - - auth-unaligned"},
    {AR "mx.example.net; dkim=pass header.d=com\r\n" FROM, "- pass!com - - auth-unaligned"},
    {AR "mx.example.net; dkim=pass header.d=other.co.jp\r\nFrom: a@shop.co.jp\r\n",
     "- pass!other.co.jp - - auth-unaligned"},
    {AR "mx.example.net; dkim=pass header.d=mail.shop.co.jp\r\nFrom: a@www.shop.co.jp\r\n",
     "- pass=mail.shop.co.jp - -"},
    {AR "mx.example.net; dkim=pass header.d=example.com; dmarc=pass header.from=example.com\r\n"
        "From: a@example.com, b@bank.example.org\r\n",
     "- pass!example.com pass -"},
    {AR "mx.example.net; dkim=pass header.d=example.com\r\nFrom: \"b@x.example.org, c\" <a@example.com>\r\n",
     "- pass=example.com - -"},
    {AR "mx.example.net; dkim=pass header.d=example.com\r\n" FROM "From: b@bank.example.org\r\n",
     "- pass!example.com - - auth-unaligned"},
    {AR "mx.example.net; dkim=pass header.d=example.com\r\n", "- pass!example.com - - auth-unaligned"},
    {AR "mx.example.net; dmarc=pass header.from=evil.example.org\r\n" FROM, "- - - -"},
    {AR "mx.example.net; dkim=pass header.d=esp.example.org; dmarc=pass header.from=example.com\r\n" FROM,
     "- pass!esp.example.org pass -"},
    /* not trusted */
    {AR "mx.example.org; dkim=pass header.d=example.com\r\n" FROM, "- - - -"},
    {AR "mx.example.net.evil.example.org; dkim=pass header.d=example.com\r\n" FROM, "- - - -"},
    {AR "xmx.example.net; dkim=pass\r\n" FROM, "- - - -"},
    {AR "spf=pass smtp.mailfrom=example.com; dkim=pass header.d=example.com\r\n" FROM, "- - - -"},
    {AR "mx.example.net=x; dkim=pass\r\n" FROM, "- - - -"},
    {AR "; dkim=pass\r\n" FROM, "- - - -"},
    {AR "\r\n" FROM, "- - - -"},
    {"X-" AR "mx.example.net; dkim=pass\r\n" FROM, "- - - -"},
    {"Old-" AR "mx.example.net; dkim=pass\r\n" FROM, "- - - -"},
    {FROM "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n" AR
          "mx.example.net; dkim=pass\r\n\r\nx\r\n--b--\r\n",
     "- - - -"},
    {FROM "Content-Type: message/rfc822\r\n\r\n" AR "mx.example.net; dkim=pass\r\n" FROM "\r\nx\r\n", "- - - -"},
    /* forged below: under the Received field of the host that took the mail in */
    {RCV AR "mx.example.net; dmarc=pass header.from=example.com\r\n" FROM, "- - - -"},
    {AR "mx.example.net; spf=fail\r\n" RCV AR "mx.example.net; spf=pass; dkim=pass header.d=example.com\r\n" FROM,
     "fail - - - auth-fail"},
    /* forged right below: the topmost result of a method stands */
    {AR "mx.example.net; spf=fail; dkim=none\r\n" AR
        "mx.example.net; spf=pass; dkim=pass header.d=example.com\r\n" FROM,
     "fail none - - auth-fail"},
    {AR "mx.example.net; dmarc=bestguesspass\r\n" AR "mx.example.net; dmarc=pass\r\n" FROM, "- - - -"},
    {AR "mx.example.net; spf=pass smtp.mailfrom=x.example.org\r\n" AR "mx.example.net; dkim=none\r\n" FROM,
     "pass!x.example.org none - - auth-unaligned"},
    /* broken: what stood before counts, nothing behind it, nothing below it */
    {AR "mx.example.net; spf=fail; dkim=pass=x; dmarc=pass\r\n" AR "mx.example.net; arc=pass\r\n" FROM,
     "fail - - - auth-fail"},
    {AR "mx.example.net; spf=fail smtp.mailfrom=\"a; dkim=pass\r\n" AR "mx.example.net; dkim=pass\r\n" FROM, "- - - -"},
    {AR "mx.example.net; spf=none; (dkim=pass; dmarc=pass\r\n" FROM, "none - - -"},
    {AR "mx.example.net; =pass; dkim=pass\r\n" FROM, "- - - -"},
    {AR "mx.example.net; spf\r\n" FROM, "- - - -"},
    {AR "mx.example.net; spf=; dkim=pass\r\n" FROM, "- - - -"},
    {AR "mx.example.net; spf=pass.evil; dkim=pass\r\n" FROM, "- - - -"},
    {AR "mx.example.net; spf=pass smtp.mailfrom example.com; dkim=pass\r\n" FROM, "- - - -"},
    {AR "mx.example.net; spf=pass smtp.=example.com; dkim=pass\r\n" FROM, "- - - -"},
    {AR "mx.example.net; dkim/2=pass header.d=example.com\r\n" FROM, "- - - -"},
    {AR "mx.example.net; dkim/01=pass header.d=example.com\r\n" FROM, "- pass=example.com - -"},
    {AR "mx.example.net 2; dkim=pass header.d=example.com\r\n" FROM, "- - - -"},
    {AR "mx.example.net mx.example.net; dkim=pass\r\n" FROM, "- - - -"},
    {AR "mx.example.net dkim=pass\r\n" FROM, "- - - -"},
    {AR "mx.example.net; dkim=pass header.d=exa\\mple.com\r\n" FROM, "- pass - -"},
    {AR "mx.example.net; dkim=pass header.d=\"example.com /\"\r\n" FROM, "- pass - -"},
    {AR "\"mx.example.net; dkim=pass\r\n" FROM, "- - - -"},
    {AR "(mx.example.net; dkim=pass\r\n" FROM, "- - - -"},
    {AR "(mx.example.net; dkim=pass\\", "- - - -"},
    /* ARC: the highest instance, when it stands on top and its host is trusted; Authentication-Results go first */
    {AAR "i=1; mx.example.net; spf=pass smtp.mailfrom=example.com; dkim=none\r\n" FROM, "pass=example.com none - -"},
    {AAR "i = 2 (x) ; mx.example.net; spf=fail\r\n" AAR "i=1; list.example.org; spf=pass\r\n" FROM,
     "fail - - - auth-fail"},
    {AAR "i=2; list.example.org; spf=fail\r\n" AAR "i=1; mx.example.net; spf=pass\r\n" FROM, "- - - -"},
    {AAR "i=1; mx.example.net; spf=fail\r\n" AAR "i=2; list.example.org; spf=pass\r\n" FROM, "- - - -"},
    {AAR "i=1; mx.example.net; spf=fail\r\n" AAR "i=1; mx.example.net; spf=pass\r\n" FROM, "- - - -"},
    {RCV AAR "i=1; mx.example.net; spf=pass\r\n" FROM, "- - - -"},
    {AAR "mx.example.net; spf=pass\r\n" FROM, "- - - -"},
    {AAR "i=0; mx.example.net; spf=pass\r\n" FROM, "- - - -"},
    {AAR "i=51; mx.example.net; spf=pass\r\n" FROM, "- - - -"},
    {AAR "i=99999999999999999999; mx.example.net; spf=pass\r\n" FROM, "- - - -"},
    {AAR "i=; mx.example.net; spf=pass\r\n" FROM, "- - - -"},
    {AR "i=1; mx.example.net; spf=pass\r\n" FROM, "- - - -"},
    {AAR "i=1; mx.example.net; spf=pass; dkim=pass header.d=example.com\r\n" AR "mx.example.net; spf=fail\r\n" FROM,
     "fail pass=example.com - - auth-fail"},
};

/* With Received fields of our own. */
static const struct {
    const char *header, *want;
    unsigned own_received;
} HOPS[] = {
    {RCV RCV AR "mx.example.net; spf=pass\r\n" FROM, "- - - -", 1},
    {RCV AR "mx.example.net; spf=fail\r\n" RCV AR "mx.example.net; dkim=pass\r\n" FROM, "fail - - - auth-fail", 1},
    {RCV RCV AR "mx.example.net; spf=softfail\r\n" RCV FROM, "softfail - - -", 2},
    {RCV AR "mx.example.net; spf=softfail\r\n" FROM, "softfail - - -", 9},
};

static const struct {
    const char *header, *want;
    struct mail_context c;
} GATEWAYS[] = {
    /* the gateway's word goes first, per method */
    {FROM,
     "pass=example.com fail none - auth-fail",
     {.auth = {SPAN("pass"), SPAN("FAIL"), SPAN("none")}, .mail_from = SPAN("<b@Example.com>")}},
    {FROM,
     "- pass!esp.example.org - pass auth-unaligned",
     {.auth = {SPAN(""), SPAN("pass"), SPAN(""), SPAN("pass")}, .dkim_domain = SPAN("ESP.example.org")}},
    {FROM, "pass - - -", {.auth = {SPAN("pass")}, .dkim_domain = SPAN("example.com")}},
    {AR "mx.example.net; spf=pass; dkim=pass header.d=example.com\r\n" FROM,
     "softfail pass=example.com - -",
     {.auth = {SPAN("softfail")}}},
    {AR "mx.example.net; spf=pass\r\n" FROM, "- - - -", {.auth = {SPAN("nonsense")}}},
};

static struct arena arena;

static void write_word(FILE *to, const struct mail_auth *a, enum auth_method k)
{
    span domain = k == AUTH_SPF ? a->spf_domain : k == AUTH_DKIM ? a->dkim_domain : SPAN_NONE;
    bool aligned = k == AUTH_SPF ? a->spf_aligned : k == AUTH_DKIM ? a->dkim_aligned : false;
    const char *word = a->result[k] ? auth_result_word(a->result[k]) : "-";
    fprintf(to, "%s%s%s%.*s", k ? " " : "", word, !domain.n ? "" : aligned ? "=" : "!", SPAN_ARG(domain));
}

static void check(const char *header, const char *want, struct mail_context c)
{
    static const span TRUSTED[] = {{(const uint8_t *)"foo.example.net", 15}, {(const uint8_t *)"mx.example.net", 14}};
    struct mail m;
    char got[512] = "";
    c.trusted = TRUSTED;
    c.trusted_count = 2;
    arena_reset(&arena);
    mail_read(&m, span_cstr(header), &c, &arena);
    FILE *to = fmemopen(got, sizeof got, "w");
    for (int k = 0; k < AUTH_METHOD_COUNT; k++) write_word(to, &m.auth, (enum auth_method)k);
    if (m.odd & ODD(AUTH_FAIL)) fputs(" auth-fail", to);
    if (m.odd & ODD(UNALIGNED)) fputs(" auth-unaligned", to);
    fclose(to);
    if (strcmp(got, want) != 0) fail_msg("%s\ngot  '%s'\nwant '%s'", header, got, want);

    static const struct mail_auth NONE;
    arena_reset(&arena);
    mail_read(&m, span_cstr(header), NULL, &arena); /* trusts nobody */
    assert_memory_equal(&m.auth, &NONE, sizeof NONE);
    assert_true((m.odd & (ODD(AUTH_FAIL) | ODD(UNALIGNED))) == 0);
}

static void test_fields(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof FIELDS / sizeof *FIELDS; i++)
        check(FIELDS[i].header, FIELDS[i].want, (struct mail_context){0});
}

static void test_own_received(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof HOPS / sizeof *HOPS; i++)
        check(HOPS[i].header, HOPS[i].want, (struct mail_context){.own_received = HOPS[i].own_received});
}

static void test_gateways(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof GATEWAYS / sizeof *GATEWAYS; i++)
        check(GATEWAYS[i].header, GATEWAYS[i].want, GATEWAYS[i].c);
}

/* More results than are read: the rest of the mail's results are not believed. */
static void test_limit(void **state)
{
    (void)state;
    for (int over = 0; over < 2; over++) {
        char *text;
        size_t n;
        FILE *f = open_memstream(&text, &n);
        fputs(AR "mx.example.net", f);
        for (int i = 0; i < AUTH_RESULTS_MAX - 1 + over; i++) fputs("; dkim=pass header.d=x.example.org", f);
        fputs("; spf=fail\r\n" AR "mx.example.net; dmarc=pass\r\n" FROM, f);
        fclose(f);
        struct mail m;
        span host = SPAN("mx.example.net");
        struct mail_context c = {.trusted = &host, .trusted_count = 1};
        arena_reset(&arena);
        mail_read(&m, span_of(text, n), &c, &arena);
        assert_int_equal(m.auth.result[AUTH_DKIM], AUTH_PASS);
        assert_int_equal(m.auth.result[AUTH_SPF], over ? AUTH_ABSENT : AUTH_FAIL);
        assert_int_equal(m.auth.result[AUTH_DMARC], AUTH_ABSENT);
        free(text);
    }
}

static void test_words(void **state)
{
    (void)state;
    assert_string_equal(auth_method_word(AUTH_DMARC), "dmarc");
    assert_string_equal(auth_result_word(AUTH_PERMERROR), "permerror");
    assert_string_equal(auth_result_word(AUTH_ABSENT), "");
    assert_string_equal(auth_result_word(AUTH_RESULT_COUNT), "?");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(test_fields), cmocka_unit_test(test_own_received),
                                              cmocka_unit_test(test_gateways), cmocka_unit_test(test_limit),
                                              cmocka_unit_test(test_words)};
    if (arena_open(&arena, MAIL_ARENA_BYTES) != ERR_OK) return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}

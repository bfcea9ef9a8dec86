/* SPDX-License-Identifier: Apache-2.0 */
/* test_rep_score: keys in canonical form, and the formula of docs/reputation.md beside a plain reference of it.
 *
 * Tables of what a mail says and which keys that makes; counts and the log-odds that follow. */
#include "worker/rep/rep.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

static struct rep_names names;

static void address_becomes_one_key(void **state)
{
    static const struct {
        const char *in, *want, *net;
    } T[] = {
        {"192.0.2.1", "192.0.2.1", "192.0.2.0/24"},
        {"2001:DB8:0:0:0:0:0:1", "2001:db8::1", "2001:db8::/64"},
        {"2001:db8:1:2:3:4:5:6", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"},
        {"::ffff:192.0.2.1", "192.0.2.1", "192.0.2.0/24"},
        {"::FFFF:c000:0201", "192.0.2.1", "192.0.2.0/24"},
        {"192.0.2.01", NULL, NULL},
        {"192.0.2.1 ", NULL, NULL},
        {"192.0.2", NULL, NULL},
        {"fe80::1%eth0", NULL, NULL},
        {"", NULL, NULL},
        {"192.0.2.1\r\nFLUSHALL", NULL, NULL},
        {"1111:2222:3333:4444:5555:6666:7777:8888:9999:0000:1111:2222", NULL, NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof T / sizeof *T; i++) {
        struct mail m = {0};
        rep_names(&m, span_cstr(T[i].in), SPAN_NONE, &names);
        assert_int_equal(names.n, T[i].want ? 2 : 0);
        if (!T[i].want) continue;
        assert_int_equal(names.v[0].kind, NAME_IP);
        assert_int_equal(names.v[1].kind, NAME_NET);
        assert_true(span_eq(names.v[1].name, span_cstr(T[i].net)));
        assert_true(span_eq(names.v[0].name, span_cstr(T[i].want)));
    }
    struct mail m = {0};
    rep_names(&m, span_of("192.0.2.1\0", 10), SPAN_NONE, &names);
    assert_int_equal(names.n, 0);
}

static void domain_becomes_one_key(void **state)
{
    static char longest[NAME_MAX_BYTES + 2];
    static const struct {
        const char *in, *want;
    } T[] = {
        {"Example.ORG", "example.org"},
        {"example.org.", "example.org"},
        {"xn--bcher-kva.example", "xn--bcher-kva.example"},
        {"bücher.example", "bücher.example"},
        {"a b.example", NULL},
        {"a\nb.example", NULL},
        {"a:b", NULL},
        {"", NULL},
        {"...", NULL},
        {"a*b", NULL},
        {longest, NULL},
    };
    (void)state;
    memset(longest, 'a', NAME_MAX_BYTES + 1);
    for (size_t i = 0; i < sizeof T / sizeof *T; i++) {
        struct mail m = {.from_domain = span_cstr(T[i].in)};
        rep_names(&m, SPAN_NONE, SPAN_NONE, &names);
        assert_int_equal(names.n, T[i].want ? 1 : 0);
        if (T[i].want) assert_true(span_eq(names.v[0].name, span_cstr(T[i].want)));
    }
    struct mail m = {.from_domain = span_of(longest, NAME_MAX_BYTES)};
    rep_names(&m, SPAN_NONE, SPAN_NONE, &names);
    assert_int_equal(names.n, 1);
    assert_int_equal(names.v[0].name.n, NAME_MAX_BYTES);
}

static void links_are_looked_up_once_and_in_bounds(void **state)
{
    struct url urls[40];
    char host[40][16];
    struct mail m = {.from_domain = SPAN("a.example"), .urls = urls};
    (void)state;
    for (size_t i = 0; i < 40; i++) {
        snprintf(host[i], sizeof host[i], "u%zu.example", i / 2);
        urls[i] = (struct url){.domain = span_cstr(host[i])};
    }
    m.url_count = 2 * REP_URLS_MAX;
    rep_names(&m, SPAN("192.0.2.1"), SPAN_NONE, &names);
    assert_int_equal(names.n, 3 + REP_URLS_MAX);
    assert_false(names.urls_cut);
    for (size_t i = 3; i < names.n; i++) assert_true(span_eq(names.v[i].name, span_cstr(host[2 * (i - 3)])));
    m.url_count += 1;
    rep_names(&m, SPAN("192.0.2.1"), SPAN_NONE, &names);
    assert_int_equal(names.n, 3 + REP_URLS_MAX);
    assert_true(names.urls_cut);
    m.url_count = 2;
    m.odd = ODD(URL_LIMIT);
    rep_names(&m, SPAN("192.0.2.1"), SPAN_NONE, &names);
    assert_true(names.urls_cut);
}

static void other_names(void **state)
{
    struct mail_part part[9] = {{0}};
    struct mail m = {.from_domain = SPAN("a.example"), .parts = part, .part_count = 9};
    static const struct {
        enum name_kind kind;
        const char *name;
    } WANT[] = {
        {NAME_SENDER, "example.org"},
        {NAME_FROM, "a.example"},
        {NAME_DKIM, "example.co.jp"},
        {NAME_FILE, "0000000000000001000000000000000f"},
        {NAME_FILE, "00000000000000020000000000000000"},
        {NAME_FILE, "00000000000000030000000000000000"},
        {NAME_FILE, "00000000000000040000000000000000"},
        {NAME_TEXT, "00000000deadbeef"},
    };
    (void)state;
    m.auth.result[AUTH_DMARC] = AUTH_PASS;
    m.auth.dkim_domain = SPAN("mail.Example.co.jp");
    for (size_t i = 0; i < 9; i++) part[i].file = (struct attachment){.kind = ATTACH_PDF, .digest = {i}};
    part[1].file.digest[1] = 15;
    part[8].file.kind = ATTACH_PNG;
    rep_names(&m, SPAN_NONE, SPAN("\"a@b\"@Mail.Example.org"), &names);
    rep_names_text(&names, &(struct fingerprint){.band = {0xdeadbeef, 0xdeadbeef}, .n = 2});
    assert_true(names.from_proven && !names.sender_proven);
    assert_int_equal(names.n, sizeof WANT / sizeof *WANT);
    for (size_t i = 0; i < names.n; i++) {
        assert_int_equal(names.v[i].kind, WANT[i].kind);
        assert_true(span_eq(names.v[i].name, span_cstr(WANT[i].name)));
    }
    static const char *const NOBODY[] = {"", "a", "a@", "a@b c", "@:", "a@b}:x"};
    for (size_t i = 0; i < sizeof NOBODY / sizeof *NOBODY; i++) {
        rep_names(&(struct mail){0}, SPAN_NONE, span_cstr(NOBODY[i]), &names);
        assert_int_equal(names.n, 0);
    }
}

/* --- the plain reference: docs/reputation.md, written out ---------------------------------------------------------- */

static const struct {
    double prior, half, said, seen;
} KIND[NAME_KIND_COUNT] = {
    [NAME_IP] = {1, 5, 3, 1},    [NAME_NET] = {2, 10, 2, .5}, [NAME_SENDER] = {1, 5, 2, .5},
    [NAME_FROM] = {1, 5, 2, 1},  [NAME_DKIM] = {1, 5, 2, .5}, [NAME_URL] = {1, 5, 4, 1},
    [NAME_FILE] = {.1, 1, 5, 1}, [NAME_TEXT] = {.1, 1, 5, 1}, [NAME_USER] = {1, 5, 3, 0},
    [NAME_RCPTS] = {1, 1, 0, 0}, [NAME_NETS] = {1, 1, 0, 0},  [NAME_TENANT] = {1, 5, 0, 0},
};

static double bounded(double x, double limit)
{
    return fmax(-limit, fmin(limit, x));
}

static double said_reference(enum name_kind k, const struct record *r)
{
    const double *fast = r->sum[RECORD_FAST], *slow = r->sum[RECORD_SLOW], a = KIND[k].prior;
    double n = slow[SUM_SAID_HAM] + slow[SUM_SAID_SPAM], m = fast[SUM_SAID_HAM] + fast[SUM_SAID_SPAM];
    if (n == 0) return 0;
    double now = log((fast[SUM_SAID_SPAM] + a) / (fast[SUM_SAID_HAM] + a)), w = m / (m + KIND[k].half);
    double ever = log((slow[SUM_SAID_SPAM] + a) / (slow[SUM_SAID_HAM] + a));
    return bounded((w * now + (1 - w) * ever) * n / (n + KIND[k].half), KIND[k].said);
}

static double seen_reference(enum name_kind k, const struct record *r)
{
    double ham = r->sum[RECORD_SLOW][SUM_HAM], spam = r->sum[RECORD_SLOW][SUM_SPAM], n = ham + spam - 20;
    return n <= 0 ? 0 : bounded(log((spam + 1) / (ham + 1)) * n / (n + 50), KIND[k].seen);
}

struct told {
    enum name_kind kind;
    double ham, spam;         /* said, in the weeks */
    double now_ham, now_spam; /* and in the hours */
    double seen_ham, seen_spam;
};

#define SAID(kind, ham, spam)       \
    {                               \
        kind, ham, spam, 0, 0, 0, 0 \
    }
#define SEEN(kind, ham, spam)       \
    {                               \
        kind, 0, 0, 0, 0, ham, spam \
    }

static void records_become_log_odds(void **state)
{
    enum { TOLD = 5 };
    static const struct {
        const char *what;
        struct told told[TOLD]; /* all zero: the end */
        bool proven, cut;
    } T[] = {
        {.what = "nothing", .told = {SAID(NAME_URL, 0, 0)}},
        {.what = "one report", .told = {SAID(NAME_IP, 0, 1)}},
        {.what = "reports", .told = {SAID(NAME_IP, 1, 9), SAID(NAME_NET, 3, 40), SAID(NAME_FROM, 0, 2)}},
        {.what = "bounds",
         .told = {SAID(NAME_IP, 0, 1e9), SAID(NAME_FROM, 0, 1e9), SAID(NAME_URL, 0, 1e9), SAID(NAME_TEXT, 0, 1e9)}},
        {.what = "good bounds",
         .told = {SAID(NAME_IP, 1e9, 0), SAID(NAME_FROM, 1e9, 0), SAID(NAME_URL, 1e9, 0)},
         .proven = true},
        {.what = "a good From that nobody proved", .told = {SAID(NAME_FROM, 50, 0), SAID(NAME_SENDER, 50, 0)}},
        {.what = "a good From, proven", .told = {SAID(NAME_FROM, 50, 0), SAID(NAME_SENDER, 50, 0)}, .proven = true},
        {.what = "a bad From needs no proof", .told = {SAID(NAME_FROM, 0, 50), SAID(NAME_SENDER, 0, 50)}},
        {.what = "the worst link", .told = {SAID(NAME_URL, 90, 0), SAID(NAME_URL, 0, 20), SAID(NAME_URL, 50, 1)}},
        {.what = "an unknown link among good ones", .told = {SAID(NAME_URL, 90, 0), SAID(NAME_URL, 0, 0)}},
        {.what = "good links only", .told = {SAID(NAME_URL, 90, 0), SAID(NAME_URL, 9, 1)}},
        {.what = "good links, more than were looked up", .told = {SAID(NAME_URL, 90, 0)}, .cut = true},
        {.what = "bad link, more than were looked up", .told = {SAID(NAME_URL, 1, 30)}, .cut = true},
        {.what = "three reports of a text",
         .told = {SAID(NAME_TEXT, 0, 3), SAID(NAME_TEXT, 0, 0), SAID(NAME_TEXT, 0, 1)}},
        {.what = "a good text speaks for no mail",
         .told = {SAID(NAME_TEXT, 30, 0), SAID(NAME_FILE, 30, 0)},
         .proven = true},
        {.what = "good for weeks, bad for hours", .told = {{NAME_FROM, 400, 12, 2, 12, 0, 0}}, .proven = true},
        {.what = "bad for weeks, nothing now", .told = {{NAME_FROM, 1, 12, 0, 0.01, 0, 0}}, .proven = true},
        {.what = "seen too little", .told = {SEEN(NAME_IP, 0, 20)}},
        {.what = "seen", .told = {SEEN(NAME_IP, 3, 40), SEEN(NAME_NET, 300, 40)}},
        {.what = "seen, bounded in sum",
         .told = {SEEN(NAME_IP, 0, 1e6), SEEN(NAME_URL, 0, 1e6), SEEN(NAME_TEXT, 0, 1e6)}},
        {.what = "seen good, bounded, and said bad",
         .told = {{NAME_IP, 0, 3, 0, 0, 1e6, 0}, SEEN(NAME_URL, 1e6, 0), SEEN(NAME_FROM, 1e6, 0)},
         .proven = true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof T / sizeof *T; i++) {
        struct record records[REP_NAMES_MAX] = {{0}};
        struct rep_score got;
        double said[NAME_KIND_COUNT], seen[NAME_KIND_COUNT], seen_sum = 0, sum = 0;
        names = (struct rep_names){.from_proven = T[i].proven, .sender_proven = T[i].proven, .urls_cut = T[i].cut};
        for (int k = 0; k < NAME_KIND_COUNT; k++) said[k] = seen[k] = -1e9;
        for (size_t n = 0; n < TOLD; n++) {
            const struct told *t = &T[i].told[n];
            struct record *r = &records[names.n];
            if (n > 0 && memcmp(t, &(struct told){0}, sizeof *t) == 0) break;
            r->sum[RECORD_SLOW][SUM_SAID_HAM] = t->ham, r->sum[RECORD_SLOW][SUM_SAID_SPAM] = t->spam;
            r->sum[RECORD_FAST][SUM_SAID_HAM] = t->now_ham, r->sum[RECORD_FAST][SUM_SAID_SPAM] = t->now_spam;
            r->sum[RECORD_SLOW][SUM_HAM] = t->seen_ham, r->sum[RECORD_SLOW][SUM_SPAM] = t->seen_spam;
            names.v[names.n++] = (struct rep_name){t->kind, SPAN("x")};
            double a = said_reference(t->kind, r), b = seen_reference(t->kind, r);
            if (a + b > said[t->kind] + seen[t->kind]) said[t->kind] = a, seen[t->kind] = b;
        }
        for (int k = 0; k < NAME_KIND_COUNT; k++) {
            if (said[k] < -1e8) said[k] = seen[k] = 0;
            bool against_only = k == NAME_TEXT || k == NAME_FILE || (k == NAME_URL && T[i].cut) ||
                                ((k == NAME_FROM || k == NAME_SENDER) && !T[i].proven);
            if (against_only) said[k] = fmax(said[k], 0), seen[k] = fmax(seen[k], 0);
            seen_sum += seen[k];
        }
        rep_score(&names, records, &(struct record_lives){.minutes = {360, 30240}}, &got);
        assert_true(got.known);
        for (int k = 0; k < NAME_KIND_COUNT; k++) {
            double want = said[k] + seen[k] * (fabs(seen_sum) > 1.5 ? 1.5 / fabs(seen_sum) : 1);
            sum += want;
            assert_true(fabs(got.by_kind[k] - want) < 1e-9);
        }
        assert_true(fabs(got.log_odds - bounded(sum, 6)) < 1e-9);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(address_becomes_one_key),
        cmocka_unit_test(domain_becomes_one_key),
        cmocka_unit_test(links_are_looked_up_once_and_in_bounds),
        cmocka_unit_test(other_names),
        cmocka_unit_test(records_become_log_odds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

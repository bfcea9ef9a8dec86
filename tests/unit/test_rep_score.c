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

static struct rep_keys keys;

static void address_becomes_one_key(void **state)
{
    static const struct {
        const char *in, *want;
    } T[] = {
        {"192.0.2.1", "192.0.2.1"},
        {"2001:DB8:0:0:0:0:0:1", "2001:db8::1"},
        {"::ffff:192.0.2.1", "192.0.2.1"},
        {"::FFFF:c000:0201", "192.0.2.1"},
        {"192.0.2.01", NULL},
        {"192.0.2.1 ", NULL},
        {"192.0.2", NULL},
        {"fe80::1%eth0", NULL},
        {"", NULL},
        {"192.0.2.1\r\nFLUSHALL", NULL},
        {"1111:2222:3333:4444:5555:6666:7777:8888:9999:0000:1111:2222", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof T / sizeof *T; i++) {
        struct mail m = {0};
        rep_keys(&m, span_cstr(T[i].in), false, &keys);
        assert_int_equal(keys.n, T[i].want ? 1 : 0);
        if (!T[i].want) continue;
        assert_int_equal(keys.v[0].kind, REP_IP);
        assert_true(span_eq(keys.v[0].name, span_cstr(T[i].want)));
    }
    struct mail m = {0};
    rep_keys(&m, span_of("192.0.2.1\0", 10), false, &keys);
    assert_int_equal(keys.n, 0);
}

static void domain_becomes_one_key(void **state)
{
    static char longest[REP_NAME_MAX + 2];
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
    memset(longest, 'a', REP_NAME_MAX + 1);
    for (size_t i = 0; i < sizeof T / sizeof *T; i++) {
        struct mail m = {.from_domain = span_cstr(T[i].in)};
        rep_keys(&m, SPAN_NONE, true, &keys);
        assert_int_equal(keys.n, T[i].want ? 1 : 0);
        if (T[i].want) assert_true(span_eq(keys.v[0].name, span_cstr(T[i].want)));
    }
    struct mail m = {.from_domain = span_of(longest, REP_NAME_MAX)};
    rep_keys(&m, SPAN_NONE, true, &keys);
    assert_int_equal(keys.n, 1);
    assert_int_equal(keys.v[0].name.n, REP_NAME_MAX);
}

static void links_are_looked_up_once_and_in_bounds(void **state)
{
    struct url urls[40];
    char names[40][16];
    struct mail m = {.from_domain = SPAN("a.example"), .urls = urls};
    (void)state;
    for (size_t i = 0; i < 40; i++) {
        snprintf(names[i], sizeof names[i], "u%zu.example", i / 2);
        urls[i] = (struct url){.domain = span_cstr(names[i])};
    }
    m.url_count = 2 * (REP_KEYS_MAX - 2);
    rep_keys(&m, SPAN("192.0.2.1"), false, &keys);
    assert_int_equal(keys.n, REP_KEYS_MAX);
    assert_false(keys.urls_cut);
    for (size_t i = 2; i < keys.n; i++) assert_true(span_eq(keys.v[i].name, span_cstr(names[2 * (i - 2)])));
    m.url_count += 1;
    rep_keys(&m, SPAN("192.0.2.1"), false, &keys);
    assert_int_equal(keys.n, REP_KEYS_MAX);
    assert_true(keys.urls_cut);
    m.url_count = 2;
    m.odd = ODD(URL_LIMIT);
    rep_keys(&m, SPAN("192.0.2.1"), false, &keys);
    assert_true(keys.urls_cut);
}

/* The plain reference: docs/reputation.md, written out. */
static double reference(enum rep_kind kind, double ham, double spam)
{
    static const double limit[] = {3, 2, 4};
    double n = ham + spam;
    if (n == 0) return 0;
    double x = log((spam + 1) / (ham + 1)) * n / (n + 5);
    return fmax(-limit[kind], fmin(limit[kind], x));
}

struct said {
    const char *name;
    double ham, spam;
};

static void counts_become_log_odds(void **state)
{
    static const struct {
        const char *what;
        struct said ip, from, url[3]; /* name NULL: no such key */
        bool proven, cut;
        double ip_want, from_want, url_want; /* counts of the reference: see below */
    } T[] = {
        {.what = "no labels say nothing",
         .ip = {"192.0.2.1", 0, 0},
         .from = {"a.example", 0, 0},
         .url = {{"b.example", 0, 0}}},
        {.what = "spam", .ip = {"192.0.2.1", 1, 9}},
        {.what = "bounds by kind and in sum",
         .ip = {"192.0.2.1", 0, 1e9},
         .from = {"a.example", 0, 1e9},
         .url = {{"b.example", 0, 1e9}}},
        {.what = "good bounds",
         .ip = {"192.0.2.1", 1e9, 0},
         .from = {"a.example", 1e9, 0},
         .url = {{"b.example", 1e9, 0}},
         .proven = true},
        {.what = "a good From that nobody proved", .from = {"a.example", 50, 0}},
        {.what = "a good From, proven", .from = {"a.example", 50, 0}, .proven = true},
        {.what = "a bad From needs no proof", .from = {"a.example", 0, 50}},
        {.what = "the worst link speaks", .url = {{"g.example", 90, 0}, {"b.example", 0, 20}, {"h.example", 50, 1}}},
        {.what = "an unknown link among good ones", .url = {{"g.example", 90, 0}, {"b.example", 0, 0}}},
        {.what = "good links only", .url = {{"g.example", 90, 0}, {"b.example", 9, 1}}},
        {.what = "good links, more than were looked up", .url = {{"g.example", 90, 0}}, .cut = true},
        {.what = "bad link, more than were looked up", .url = {{"g.example", 1, 30}}, .cut = true},
        {.what = "fractions, as decayed counters have", .ip = {"192.0.2.1", 0.25, 3.5}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof T / sizeof *T; i++) {
        struct rep_counts counts[REP_KEYS_MAX];
        struct rep_score got;
        keys = (struct rep_keys){.from_proven = T[i].proven, .urls_cut = T[i].cut};
        const struct said *said[] = {&T[i].ip, &T[i].from, &T[i].url[0], &T[i].url[1], &T[i].url[2]};
        double ip = 0, from = 0, url = -INFINITY;
        for (size_t k = 0; k < 5; k++) {
            enum rep_kind kind = k < 2 ? (enum rep_kind)k : REP_URL_DOMAIN;
            if (!said[k]->name) continue;
            counts[keys.n] = (struct rep_counts){said[k]->ham, said[k]->spam};
            keys.v[keys.n++] = (struct rep_key){kind, span_cstr(said[k]->name)};
            double x = reference(kind, said[k]->ham, said[k]->spam);
            if (kind == REP_IP) ip = x;
            if (kind == REP_FROM_DOMAIN) from = x < 0 && !T[i].proven ? 0 : x;
            if (kind == REP_URL_DOMAIN) url = fmax(url, x);
        }
        if (url == -INFINITY || (T[i].cut && url < 0)) url = 0;
        rep_score(&keys, counts, &got);
        assert_true(got.known);
        assert_true(fabs(got.by_kind[REP_IP] - ip) < 1e-12);
        assert_true(fabs(got.by_kind[REP_FROM_DOMAIN] - from) < 1e-12);
        assert_true(fabs(got.by_kind[REP_URL_DOMAIN] - url) < 1e-12);
        assert_true(fabs(got.log_odds - fmax(-6, fmin(6, ip + from + url))) < 1e-12);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(address_becomes_one_key),
        cmocka_unit_test(domain_becomes_one_key),
        cmocka_unit_test(links_are_looked_up_once_and_in_bounds),
        cmocka_unit_test(counts_become_log_odds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

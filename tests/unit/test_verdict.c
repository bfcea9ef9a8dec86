/* SPDX-License-Identifier: Apache-2.0 */
/* test_verdict: what a client is told, by score, reputation, policy and what was odd or missing.
 *
 * Policies of two tenants, a table of scores; reasons in order of weight; tickets against a plain decoder. */
#include "worker/verdict.h"

#include "proto/base/hash.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

static struct judged j;
static struct verdict_space space;

static struct config *two_tenants(void)
{
    static struct config c;
    static struct config_policy policies[] = {
        {.tenant = "", .unsure_at = 0.5, .spam_at = 0.9, .action = {"deliver", "tag", "junk"}},
        {.tenant = "strict", .unsure_at = 0.2, .spam_at = 0.6, .action = {"accept", "hold", "reject"}},
    };
    config_init(&c);
    free(c.policies);
    c.policies = policies;
    c.policy_count = 2;
    return &c;
}

static struct wire_verdict build(const struct config *c, double score, const struct rep_score *rep)
{
    struct wire_verdict v;
    j.scores.score = score;
    j.scores.p = 1 / (1 + exp(-score));
    verdict_build(&j, rep, c, "0123456789abcdef", 1500, &space, &v);
    return v;
}

static void class_and_action_follow_policy(void **state)
{
    static const struct {
        const char *tenant;
        double score, reputation, live;
        enum wire_class klass;
        const char *action;
    } T[] = {
        {"", -3, 0, 0, WIRE_HAM, "deliver"},       {"", 0.1, 0, 0, WIRE_UNSURE, "tag"},
        {"", 3, 0, 0, WIRE_SPAM, "junk"},          {"strict", -3, 0, 0, WIRE_HAM, "accept"},
        {"strict", -1, 0, 0, WIRE_UNSURE, "hold"}, {"strict", 1, 0, 0, WIRE_SPAM, "reject"},
        {"nobody", 1, 0, 0, WIRE_UNSURE, "tag"},   {"", -3, 6, 0, WIRE_SPAM, "junk"},
        {"", 3, -6, 0, WIRE_HAM, "deliver"},       {"", 800, 6, 0, WIRE_SPAM, "junk"},
        {"", -800, -6, 0, WIRE_HAM, "deliver"},    {"", -3, 0, 6, WIRE_SPAM, "junk"},
        {"", 3, 0, -6, WIRE_HAM, "deliver"},       {"", -3, 3, 3, WIRE_SPAM, "junk"},
        {"", 0.1, 4, -4, WIRE_UNSURE, "tag"},
    };
    (void)state;
    const struct config *c = two_tenants();
    for (size_t i = 0; i < sizeof T / sizeof *T; i++) {
        struct rep_score rep = {.known = true, .log_odds = T[i].reputation};
        j = (struct judged){.id = 7, .tenant = span_cstr(T[i].tenant), .live = T[i].live, .begun_us = 1000};
        struct wire_verdict v = build(c, T[i].score, &rep);
        assert_int_equal(v.klass, T[i].klass);
        /* a candidate's by the same rule */
        assert_int_equal(verdict_class(c, j.tenant, &j.scores, j.live, &rep), T[i].klass);
        assert_true(span_eq(v.action, span_cstr(T[i].action)));
        assert_true(fabs(v.p - 1 / (1 + exp(-(T[i].score + T[i].live + T[i].reputation)))) < 1e-15);
        assert_true(v.score == T[i].score);
        assert_true(v.reputation == T[i].reputation && v.live == T[i].live);
        assert_int_equal(v.id, 7);
        assert_int_equal(v.time_us, 500);
        assert_int_equal(v.degraded_count, 0);
        assert_int_equal(v.reason_count + v.oddity_count, 0);
    }
}

static void missing_evidence_is_named(void **state)
{
    struct rep_score rep = {.known = false};
    (void)state;
    j = (struct judged){.odd = ODD(EMPTY) | ODD(ARENA_FULL) | ODD(BIDI)};
    struct wire_verdict v = build(two_tenants(), 1.25, &rep);
    assert_int_equal(v.degraded_count, 1);
    assert_true(span_eq(v.degraded[0], SPAN("reputation")));
    assert_true(v.p == j.scores.p);
    assert_int_equal(v.oddity_count, 3);
    assert_true(span_eq(v.oddities[0], SPAN("empty")));
    assert_true(span_eq(v.oddities[2], SPAN("bidi-control")));
}

static void reasons_stand_by_weight(void **state)
{
    struct mail m = {.from_domain = SPAN("bad.example")};
    struct rep_score rep = {.known = true, .by_kind = {[NAME_FROM] = 1.5, [NAME_IP] = 0.25}, .log_odds = 1.5};
    (void)state;
    j = (struct judged){.explain = true, .reason_count = WIRE_REASON_MAX};
    for (int i = 0; i < WIRE_REASON_MAX; i++)
        j.reasons[i] = (struct model_reason){SPAN("word"), (i % 2 ? -1 : 1) * 0.1 * (WIRE_REASON_MAX - i)};
    rep_names(&m, SPAN("192.0.2.1"), SPAN_NONE, &j.names);
    rep.from[NAME_FROM].name = 2; /* behind address and network */
    rep.from[NAME_FROM].record.sum[RECORD_SLOW][SUM_SAID_SPAM] = 12;
    rep.from[NAME_FROM].record.sum[RECORD_SLOW][SUM_SAID_HAM] = 0.5;
    memcpy(rep.from[NAME_IP].record.sum[RECORD_SLOW], (double[SUM_COUNT]){[SUM_VOLUME] = 123456.7, [SUM_SPAM] = 40},
           sizeof rep.from[NAME_IP].record.sum[RECORD_SLOW]);
    struct wire_verdict v = build(two_tenants(), 1, &rep);
    assert_int_equal(v.reason_count, WIRE_REASON_MAX);
    for (size_t i = 1; i < v.reason_count; i++) assert_true(fabs(v.reasons[i].weight) <= fabs(v.reasons[i - 1].weight));
    size_t at = 0;
    while (at < v.reason_count && v.reasons[at].weight != 1.5) at++;
    assert_true(at < v.reason_count);
    assert_true(span_eq(v.reasons[at].what, SPAN("reputation: From domain bad.example called spam 12, ham 0.5 times")));
    j.reason_count = 0;
    v = build(two_tenants(), 1, &rep);
    assert_int_equal(v.reason_count, 2);
    assert_true(
        span_eq(v.reasons[1].what, SPAN("reputation: address 192.0.2.1: content found spam in 40 of 123457 mails")));
    j.explain = false;
    v = build(two_tenants(), 1, &rep);
    assert_int_equal(v.reason_count, 0);
}

static void ticket_names_mail_and_moment(void **state)
{
    static const char ALPHABET[] = "abcdefghijklmnopqrstuvwxyz234567";
    span mail = SPAN("From: a@example.org\r\n\r\nhello\r\n");
    char text[TICKET_BYTES];
    uint64_t word[3] = {0}, hash[2];
    (void)state;
    ticket_make(mail, 1700000000123456, text);
    for (int bit = 0; bit < 160; bit++) {
        const char *at = strchr(ALPHABET, text[bit / 5]);
        assert_true(at && *at);
        uint64_t one = (uint64_t)(at - ALPHABET) >> (4 - bit % 5) & 1;
        word[bit / 64] = word[bit / 64] << 1 | one;
    }
    hash128(mail, hash);
    assert_true(word[0] == hash[1] && word[1] == hash[0]);
    assert_true(word[2] == (uint32_t)(1700000000 * INT64_C(16) + 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(class_and_action_follow_policy),
        cmocka_unit_test(missing_evidence_is_named),
        cmocka_unit_test(reasons_stand_by_weight),
        cmocka_unit_test(ticket_names_mail_and_moment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* wire: what is written is read back, what is wrong is named, and no bytes at all do harm.
 *
 * msgpack-c's reader is the oracle for our own; the vectors of docs/protocol.md are checked by test_protocol.c. */
#include "proto/wire.h"

#include <math.h>
#include <msgpack.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static struct arena arena;

/* Bytes from a C literal that may hold NULs. */
#define B(lit) span_of(lit, sizeof(lit) - 1)

static void faults_are_named(void **state)
{
    (void)state;
    /* 0x8N: a map of N pairs; 0xaN: a string of N bytes; 0x9N: a list of N. */
    static const struct {
        const char *bytes;
        size_t n;
        enum err err;
        const char *fault;
        uint64_t id;
    } CASES[] = {
#define CASE(lit, err, fault, id) {lit, sizeof(lit) - 1, err, fault, id}
#define HEAD3                     "\xa1v\x01\xa4kind\xa4ping\xa2id\x07"
        CASE("\x83" HEAD3, ERR_OK, "", 7),
        CASE("\x83\xa2id\x07\xa4kind\xa4ping\xa1v\x01", ERR_OK, "", 7),
        CASE("", ERR_SYNTAX, "byte 0: ends where a value should begin", 0),
        CASE("\xc1", ERR_SYNTAX, "byte 1: 0xc1, which is no msgpack", 0),
        CASE("\x93\x01\x02\x03", ERR_SYNTAX, "expected a map, got a list", 0),
        CASE("\x80", ERR_SYNTAX, "key 'v': missing", 0),
        CASE("\x81\xa1v\x01", ERR_SYNTAX, "key 'kind': missing", 0),
        CASE("\x82\xa1v\x01\xa4kind\xa4ping", ERR_SYNTAX, "key 'id': missing", 0),
        CASE("\x83\xa1v\x01\xa4kind\xa4ping\xa2id\xc0", ERR_SYNTAX, "key 'id': missing", 0),
        CASE("\x83" HEAD3 "\x00", ERR_SYNTAX, "1 bytes after the map", 7),
        CASE("\x84" HEAD3, ERR_SYNTAX, "byte 18: ends where a value should begin", 7),
        CASE("\x83\xa1v\x02\xa4kind\x05\xa2id\x07", ERR_VERSION, "key 'v': version 2; this side speaks version 1", 7),
        CASE("\x82\xa1v\x02\xa2id\x07", ERR_VERSION, "key 'v': version 2; this side speaks version 1", 7),
        CASE("\x83\xa1v\xff\xa4kind\xa4ping\xa2id\x07", ERR_SYNTAX,
             "key 'v': expected an unsigned integer, got a negative integer", 7),
        CASE("\x83\xa1v\x01\xa4kind\xa4ping\xa2id\xa1"
             "7",
             ERR_SYNTAX, "key 'id': expected an unsigned integer, got a string", 0),
        CASE("\x83\xa1v\x01\xa4kind\xa4pong\xa2id\x07", ERR_SYNTAX, "key 'kind': 'pong' is not one of its words", 7),
        CASE("\x83\xa1v\x01\xa4kind\xa4\x1b[2J\xa2id\x07", ERR_SYNTAX, "key 'kind': '?[2J' is not one of its words", 7),
        CASE("\x83\xa1v\x01\xa4kind\xa6report\xa2id\x07", ERR_SYNTAX, "key 'says': missing", 7),
        CASE("\x84" HEAD3 "\xab"
             "deadline_ms\xa1"
             "5",
             ERR_SYNTAX, "key 'deadline_ms': expected an unsigned integer, got a string", 7),
        CASE("\x84" HEAD3 "\xab"
             "deadline_ms\xcf\x00\x00\x00\x01\x00\x00\x00\x00",
             ERR_SYNTAX, "key 'deadline_ms': 4294967296 is over 4294967295", 7),
        CASE("\x84" HEAD3 "\xa7"
             "explain\x01",
             ERR_SYNTAX, "key 'explain': expected a boolean, got an unsigned integer", 7),
        CASE("\x84" HEAD3 "\xa4helo\x91\x91\x91\x80", ERR_SYNTAX, "key 'helo': expected a string, got a list", 7),
        CASE("\x84" HEAD3 "\xa9"
             "direction\xa2up",
             ERR_SYNTAX, "key 'direction': 'up' is not one of its words", 7),
        CASE("\x84" HEAD3 "\xa7rcpt_to\xa1x", ERR_SYNTAX, "key 'rcpt_to': expected a list, got a string", 7),
        CASE("\x84" HEAD3 "\xa7rcpt_to\x92\xa1x\x05", ERR_SYNTAX,
             "key 'rcpt_to': expected strings in the list, got an unsigned integer", 7),
        CASE("\x84" HEAD3 "\xa7rcpt_to\xdd\xff\xff\xff\xff", ERR_SYNTAX,
             "byte 31: a list or map with more elements than bytes are left", 7),
        CASE("\x84" HEAD3 "\xa7what_of\xdf\xff\xff\xff\xff", ERR_SYNTAX,
             "byte 31: a list or map with more elements than bytes are left", 7),
        CASE("\x84" HEAD3 "\xa4helo\xdb\xff\xff\xff\xff", ERR_SYNTAX,
             "byte 28: a string, bytes or extension longer than what is left", 7),
        CASE("\x84" HEAD3 "\xa4"
             "auth\x05",
             ERR_SYNTAX, "key 'auth': expected a map, got an unsigned integer", 7),
        CASE("\x84" HEAD3 "\xa4"
             "auth\x81\xa3spf\xc3",
             ERR_SYNTAX, "key 'auth.spf': expected a string, got a boolean", 7),
        CASE("\x85" HEAD3 "\xa4helo\xa1x\xa4helo\xa1y", ERR_SYNTAX, "key 'helo': given twice", 7),
        CASE("\x84" HEAD3 "\x05\x06", ERR_SYNTAX, "a key is an unsigned integer; expected a string", 7),
        /* unknown keys are skipped whole; nil is as if left out; bytes are as good as a string */
        CASE("\x84" HEAD3 "\xa3new\x92\x82\xa1x\x05\xc0\xc0\xcb\x00\x00\x00\x00\x00\x00\x00\x00", ERR_OK, "", 7),
        CASE("\x84" HEAD3 "\xa3new\xc7\x02\x05xy", ERR_OK, "", 7),
        CASE("\x84" HEAD3 "\xa4helo\xc0", ERR_OK, "", 7),
        CASE("\x84" HEAD3 "\xa4helo\xc4\x01\xff", ERR_OK, "", 7),
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct wire_request r;
        char fault[WIRE_FAULT_MAX];
        arena_reset(&arena);
        enum err e = wire_parse_request(span_of(CASES[i].bytes, CASES[i].n), &arena, &r, fault);
        if (strcmp(fault, CASES[i].fault) != 0 || e != CASES[i].err || r.id != CASES[i].id)
            fail_msg("case %zu: %s, '%s', id %llu", i, err_str(e), fault, (unsigned long long)r.id);
    }
}

static void limits_hold(void **state)
{
    (void)state;
    enum { ROOM = WIRE_HEADER_MAX + 64 };
    static char big[WIRE_TEXT_MAX + 1];
    static span rcpt[WIRE_RCPT_MAX + 1];
    struct wire_buf b = {0};
    struct wire_request r;
    char fault[WIRE_FAULT_MAX];
    memset(big, 'x', sizeof big);

    wire_put_request(&b, &(struct wire_request){.id = 1, .helo = span_of(big, WIRE_TEXT_MAX)});
    assert_int_equal(wire_parse_request(span_of(b.p, b.n), &arena, &r, fault), ERR_OK);
    wire_put_request(&b, &(struct wire_request){.id = 1, .helo = span_of(big, WIRE_TEXT_MAX + 1)});
    assert_int_equal(wire_parse_request(span_of(b.p, b.n), &arena, &r, fault), ERR_TOO_BIG);
    assert_string_equal(fault, "key 'helo': 1025 bytes; the limit is 1024");
    assert_int_equal(r.id, 1);

    for (size_t i = 0; i <= WIRE_RCPT_MAX; i++) rcpt[i] = span_of(big, i % 200);
    wire_put_request(&b, &(struct wire_request){.id = 1, .rcpt_to = rcpt, .rcpt_count = WIRE_RCPT_MAX});
    assert_int_equal(wire_parse_request(span_of(b.p, b.n), &arena, &r, fault), ERR_OK);
    assert_int_equal(r.rcpt_count, WIRE_RCPT_MAX);
    assert_int_equal(r.rcpt_to[999].n, 199);
    wire_put_request(&b, &(struct wire_request){.id = 1, .rcpt_to = rcpt, .rcpt_count = WIRE_RCPT_MAX + 1});
    assert_int_equal(wire_parse_request(span_of(b.p, b.n), &arena, &r, fault), ERR_TOO_BIG);
    assert_string_equal(fault, "key 'rcpt_to': 1001 elements; the limit is 1000");

    struct arena none;
    assert_int_equal(arena_open(&none, 16), ERR_OK);
    wire_put_request(&b, &(struct wire_request){.id = 1, .rcpt_to = rcpt, .rcpt_count = 2});
    assert_int_equal(wire_parse_request(span_of(b.p, b.n), &none, &r, fault), ERR_MEMORY);
    arena_close(&none);

    /* Nesting costs no stack: a header of nothing but lists in lists. */
    char *nest = malloc(ROOM);
    memcpy(nest, "\x84\xa1v\x01\xa4kind\xa4ping\xa2id\x07\xa1x", 20);
    memset(nest + 20, '\x91', WIRE_HEADER_MAX - 20);
    nest[WIRE_HEADER_MAX - 1] = '\x90';
    assert_int_equal(wire_parse_request(span_of(nest, WIRE_HEADER_MAX), &arena, &r, fault), ERR_OK);
    nest[WIRE_HEADER_MAX - 1] = '\x91';
    assert_int_equal(wire_parse_request(span_of(nest, WIRE_HEADER_MAX), &arena, &r, fault), ERR_SYNTAX);
    assert_int_equal(wire_parse_request(span_of(nest, WIRE_HEADER_MAX + 1), &arena, &r, fault), ERR_TOO_BIG);
    assert_string_equal(fault, "a header of 262145 bytes; the limit is 262144");
    free(nest);
    wire_buf_close(&b);
}

static void requests_come_back(void **state)
{
    (void)state;
    const span rcpt[] = {SPAN("a@example.org"), B("\xff\x00\xfe"), SPAN("")};
    const struct wire_request full = {
        .kind = WIRE_CLASSIFY,
        .id = UINT64_MAX,
        .tenant = SPAN("example"),
        .outbound = true,
        .client_ip = SPAN("2001:db8::1"),
        .helo = B("\x80\x81"),
        .mail_from = SPAN("\xe7\xaf\xa9@example.org"),
        .auth_user = SPAN("u"),
        .rcpt_to = rcpt,
        .rcpt_count = 3,
        .auth = {SPAN("pass"), SPAN("fail"), SPAN("none"), SPAN("pass"), SPAN("example.net")},
        .deadline_ms = UINT32_MAX,
        .explain = true,
        .dry_run = true,
    };
    struct wire_buf b = {0};
    struct wire_request r;
    char fault[WIRE_FAULT_MAX];
    arena_reset(&arena);
    wire_put_request(&b, &full);
    assert_int_equal(wire_parse_request(span_of(b.p, b.n), &arena, &r, fault), ERR_OK);
    assert_int_equal(r.kind, WIRE_CLASSIFY);
    assert_true(r.id == UINT64_MAX && r.outbound && r.explain && r.dry_run && r.deadline_ms == UINT32_MAX);
    assert_true(span_eq(r.tenant, full.tenant) && span_eq(r.client_ip, full.client_ip));
    assert_true(span_eq(r.helo, full.helo) && span_eq(r.mail_from, full.mail_from));
    assert_true(span_eq(r.auth_user, full.auth_user) && r.rcpt_count == 3);
    for (int i = 0; i < 3; i++) assert_true(span_eq(r.rcpt_to[i], rcpt[i]));
    assert_true(span_eq(r.auth.spf, full.auth.spf) && span_eq(r.auth.dkim, full.auth.dkim));
    assert_true(span_eq(r.auth.dmarc, full.auth.dmarc) && span_eq(r.auth.arc, full.auth.arc));
    assert_true(span_eq(r.auth.dkim_domain, full.auth.dkim_domain));

    /* The oracle reads it too, to its end; and every cut of it is refused. */
    msgpack_unpacked un;
    size_t off = 0;
    msgpack_unpacked_init(&un);
    assert_int_equal(msgpack_unpack_next(&un, (char *)b.p, b.n, &off), MSGPACK_UNPACK_SUCCESS);
    assert_int_equal(off, b.n);
    assert_int_equal(un.data.via.map.size, 14);
    msgpack_unpacked_destroy(&un);
    for (size_t n = 0; n < b.n; n++) {
        uint8_t *cut = malloc(n + 1);
        memcpy(cut, b.p, n);
        assert_int_equal(wire_parse_request(span_of(cut, n), &arena, &r, fault), ERR_SYNTAX);
        free(cut);
    }
    wire_buf_close(&b);
}

static void answers_come_back(void **state)
{
    (void)state;
    struct wire_reason reasons[WIRE_REASON_MAX + 5];
    span words[WIRE_WORDS_MAX + 5];
    for (size_t i = 0; i < WIRE_REASON_MAX + 5; i++) reasons[i] = (struct wire_reason){SPAN("word"), (double)i - 3.5};
    for (size_t i = 0; i < WIRE_WORDS_MAX + 5; i++) words[i] = SPAN("bad-base64");
    reasons[0].what = B("caf\xe9 \xe7\xaf\xa9");
    const struct wire_verdict v = {
        .id = 9,
        .klass = WIRE_SPAM,
        .p = 1,
        .score = -12.25,
        .action = SPAN("reject"),
        .bayes = 1e300,
        .linear = -0.5,
        .net = 3,
        .reputation = 0.125,
        .live = -2.5,
        .reasons = reasons,
        .reason_count = WIRE_REASON_MAX + 5,
        .oddities = words,
        .oddity_count = WIRE_WORDS_MAX + 5,
        .degraded = words,
        .degraded_count = 1,
        .model = SPAN("00ff"),
        .time_us = 77,
        .ticket = SPAN("t"),
    };
    struct wire_buf b = {0};
    struct wire_answer a;
    char fault[WIRE_FAULT_MAX];
    arena_reset(&arena);
    wire_put_verdict(&b, &v);
    assert_int_equal(wire_parse_answer(span_of(b.p, b.n), &arena, &a, fault), ERR_OK);
    assert_int_equal(a.type, WIRE_ANSWER_VERDICT);
    assert_true(a.id == 9 && a.verdict.id == 9 && a.verdict.klass == WIRE_SPAM);
    assert_true(a.verdict.p == 1 && a.verdict.score == -12.25 && a.verdict.bayes == 1e300);
    assert_true(a.verdict.linear == -0.5 && a.verdict.net == 3 && a.verdict.reputation == 0.125);
    assert_true(a.verdict.live == -2.5);
    assert_int_equal(a.verdict.reason_count, WIRE_REASON_MAX);
    assert_true(span_eq(a.verdict.reasons[0].what, SPAN("caf\xef\xbf\xbd \xe7\xaf\xa9")));
    assert_true(a.verdict.reasons[31].weight == 27.5);
    assert_int_equal(a.verdict.oddity_count, WIRE_WORDS_MAX);
    assert_int_equal(a.verdict.degraded_count, 1);
    assert_true(span_eq(a.verdict.action, v.action) && span_eq(a.verdict.model, v.model));
    assert_true(span_eq(a.verdict.ticket, v.ticket) && a.verdict.time_us == 77);

    static char big[WIRE_TEXT_MAX + 100];
    memset(big, 0xff, sizeof big);
    wire_put_refusal(&b, &(struct wire_refused){3, WIRE_POISON, span_of(big, sizeof big)});
    assert_int_equal(wire_parse_answer(span_of(b.p, b.n), &arena, &a, fault), ERR_OK);
    assert_true(a.type == WIRE_ANSWER_REFUSAL && a.id == 3 && a.refusal.id == 3 && a.refusal.why == WIRE_POISON);
    assert_int_equal(a.refusal.detail.n, WIRE_TEXT_MAX / 3 * 3);

    wire_put_pong(&b, 4);
    assert_int_equal(wire_parse_answer(span_of(b.p, b.n), &arena, &a, fault), ERR_OK);
    assert_true(a.type == WIRE_ANSWER_PONG && a.id == 4);

    wire_put_stat(&b, 5, SPAN("{\"workers\":2}"));
    assert_int_equal(wire_parse_answer(span_of(b.p, b.n), &arena, &a, fault), ERR_OK);
    assert_true(a.type == WIRE_ANSWER_STAT && a.id == 5 && span_eq(a.stat_json, SPAN("{\"workers\":2}")));

    wire_put_reported(&b, &(struct wire_reported){6, WIRE_KEPT_JOURNAL, true, SPAN("t-3")});
    assert_int_equal(wire_parse_answer(span_of(b.p, b.n), &arena, &a, fault), ERR_OK);
    assert_true(a.type == WIRE_ANSWER_REPORTED && a.id == 6 && a.reported.id == 6);
    assert_true(a.reported.kept == WIRE_KEPT_JOURNAL && a.reported.again && span_eq(a.reported.ticket, SPAN("t-3")));
    wire_buf_close(&b);

    static const struct {
        const char *bytes;
        size_t n;
        const char *fault;
    } BAD[] = {
#define BAD(lit, fault) {lit, sizeof(lit) - 1, fault}
        BAD("\x83\xa1v\x01\xa4kind\xa7verdict\xa2id\x07", "key 'class': missing"),
        BAD("\x84\xa1v\x01\xa4kind\xa7verdict\xa2id\x07\xa5"
            "class\xa3ham",
            "key 'p': missing"),
        BAD("\x85\xa1v\x01\xa4kind\xa7verdict\xa2id\x07\xa5"
            "class\xa3ham\xa1p\x02",
            "key 'p': not within 0 and 1"),
        BAD("\x85\xa1v\x01\xa4kind\xa7verdict\xa2id\x07\xa5"
            "class\xa3ham\xa1p\xcb\x7f\xf8\x00\x00\x00\x00\x00\x00",
            "key 'p': not a finite number"),
        BAD("\x83\xa1v\x01\xa4kind\xa7refusal\xa2id\x07", "key 'why': missing"),
        BAD("\x83\xa1v\x01\xa4kind\xa4stat\xa2id\x07", "key 'json': missing"),
        BAD("\x84\xa1v\x01\xa4kind\xa4pong\xa2id\x07\xa7reasons\x91\x91\xa1x",
            "key 'reasons': expected [what, weight] in the list"),
        BAD("\x84\xa1v\x01\xa4kind\xa4pong\xa2id\x07\xa7reasons\x91\x92\x05\x05",
            "key 'reasons': expected a string before the weight, got an unsigned integer"),
        BAD("\x84\xa1v\x01\xa4kind\xa4pong\xa2id\x07\xa7reasons\x91\x92\xa1x\xc0",
            "key 'reasons': expected a number as weight, got nil"),
    };
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        assert_int_equal(wire_parse_answer(span_of(BAD[i].bytes, BAD[i].n), &arena, &a, fault), ERR_SYNTAX);
        assert_string_equal(fault, BAD[i].fault);
        assert_int_equal(a.id, 7);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(faults_are_named),
        cmocka_unit_test(limits_hold),
        cmocka_unit_test(requests_come_back),
        cmocka_unit_test(answers_come_back),
    };
    if (arena_open(&arena, 1 << 20) != ERR_OK) return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_close(&arena);
    return failed;
}

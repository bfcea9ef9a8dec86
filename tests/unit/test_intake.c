/* SPDX-License-Identifier: Apache-2.0 */
/* intake and follow, over a real journal and a real redis-server: what was acknowledged is taken from the stream exactly
 * once and in order, however often the server, or the learner itself, is killed in between. */
#define _GNU_SOURCE
#include "models/live/stream/follow.h"
#include "models/live/stream/intake.h"
#include "tests/unit/own_redis.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { PATIENCE_US = 30000000 };
static const span KEY = {(const uint8_t *)"t:2:reports", 11}, DEAD = {(const uint8_t *)"t:2:reports:dead", 16};

/* One learner's half that is tested here, and what it told. */
static char dir[64];
static struct journal *journal;
static struct store *writer, *reader;
static struct intake *intake;
static struct follow *follow;
static struct follow_state state;
static struct voices voices;
static struct {
    uint64_t kept[2], refused;
    enum wire_refusal why;
    char detail[200];
} told;
static struct {
    uint64_t n, last; /* reports taken; the ticket of the last, which counts up */
} got;

static void on_answer(void *ctx, uint64_t job, span frame)
{
    (void)ctx, (void)job;
    static struct arena a;
    struct wire_answer w;
    char fault[WIRE_FAULT_MAX];
    if (!a.base) assert_int_equal(arena_open(&a, 1 << 16), ERR_OK);
    arena_reset(&a);
    assert_int_equal(wire_parse_answer(frame, &a, &w, fault), ERR_OK);
    if (w.type == WIRE_ANSWER_REPORTED) {
        told.kept[w.reported.kept]++;
        return;
    }
    assert_int_equal(w.type, WIRE_ANSWER_REFUSAL);
    told.refused++;
    told.why = w.refusal.why;
    snprintf(told.detail, sizeof told.detail, "%.*s", SPAN_ARG(w.refusal.detail));
}

static void on_report(void *ctx, const struct feedback *r, struct follow_place at)
{
    (void)ctx, (void)at;
    char text[24];
    snprintf(text, sizeof text, "%.*s", SPAN_ARG(r->ticket));
    uint64_t number = strtoull(text, NULL, 10);
    if (number != got.last + 1) fail_msg("report %d came after %d", (int)number, (int)got.last);
    got.last = number;
    got.n++;
}

static const struct secret SECRET = {{1, 2, 3}};

static void begin(double a_minute)
{
    char fault[JOURNAL_FAULT_MAX];
    if (journal_open(dir, 1 << 16, 64 << 20, &journal, fault) != ERR_OK) fail_msg("%s", fault);
    writer = own_redis_store();
    reader = own_redis_store();
    struct intake_limits limits = {
        .reporter_a_minute = a_minute, .stream_max = 1000000, .prefix = "t", .secret = &SECRET};
    struct intake_ops in_ops = {.answer = on_answer};
    struct follow_ops out_ops = {.report = on_report};
    assert_int_equal(intake_open(journal, writer, KEY, &limits, &in_ops, &intake), ERR_OK);
    assert_int_equal(follow_open(reader, KEY, DEAD, &SECRET, &state, &out_ops, &follow), ERR_OK);
}

static void end(void)
{
    intake_close(intake);
    follow_close(follow);
    store_close(writer);
    store_close(reader);
    journal_close(journal);
}

static void report(uint64_t number, uint64_t reporter)
{
    static uint8_t bytes[FEEDBACK_BYTES_MAX];
    char ticket[24];
    snprintf(ticket, sizeof ticket, "%d", (int)number);
    struct feedback r = {.digest = {number, 1}, .reporter = reporter, .ticket = span_cstr(ticket)};
    size_t n = feedback_pack(&r, bytes, sizeof bytes);
    intake_take(intake, number, number, span_of(bytes, n), &voices, clock_us());
}

static void turn(void)
{
    struct store_reply r;
    store_pump(writer);
    while (store_next(writer, &r)) intake_reply(intake, &r, &voices, clock_us());
    intake_turn(intake, clock_us());
    follow_turn(follow, clock_us());
}

static uint64_t acknowledged(void)
{
    return told.kept[WIRE_KEPT_STREAM] + told.kept[WIRE_KEPT_JOURNAL];
}

/* Turn until so many were acknowledged and taken. */
static void until(uint64_t known, uint64_t taken)
{
    int64_t until_us = clock_us() + PATIENCE_US;
    while (acknowledged() < known || got.n < taken) {
        turn();
        usleep(500);
        if (clock_us() > until_us)
            fail_msg("%d acknowledged, %d taken; wanted %d, %d", (int)acknowledged(), (int)got.n, (int)known,
                     (int)taken);
    }
}

static int set_up(void **unused)
{
    (void)unused;
    snprintf(dir, sizeof dir, "/tmp/furui-intake.XXXXXX");
    if (!mkdtemp(dir) || follow_state_open(&state) != ERR_OK) return 1;
    memset(&told, 0, sizeof told);
    memset(&got, 0, sizeof got);
    own_redis_start();
    begin(0);
    return voices_open(&voices, &(struct voices_rules){0}) != ERR_OK;
}

static int tear_down(void **unused)
{
    (void)unused;
    char command[128];
    end();
    own_redis_remove();
    own_redis_dir[0] = 0;
    follow_state_close(&state);
    voices_close(&voices);
    snprintf(command, sizeof command, "rm -rf %s", dir);
    return system(command);
}

static void redis_comes_and_goes(void **unused)
{
    (void)unused;
    until(0, 0);
    for (uint64_t i = 1; i <= 10; i++) report(i, i);
    until(10, 10);
    own_redis_kill();
    for (uint64_t i = 11; i <= 15; i++) report(i, i);
    until(15, 10);
    assert_true(told.kept[WIRE_KEPT_JOURNAL] >= 5);
    struct intake_stat s;
    intake_stat(intake, &s);
    assert_int_equal(s.waiting, 5);
    own_redis_start();
    until(15, 15);
    report(16, 16);
    until(16, 16);
    assert_int_equal(told.refused, 0);
}

/* The server dies 12 times while 3,000 reports come in; the learner twice, and begins again from what it had. */
static void exactly_once(void **unused)
{
    (void)unused;
    unsigned seed = 7;
    for (uint64_t i = 1; i <= 3000; i++) {
        report(i, i);
        if (i % 4 == 0) turn();
        if (i % 250 == 0) {
            own_redis_kill();
            for (int k = rand_r(&seed) % 40; k > 0; k--) turn();
            own_redis_start();
        }
        if (i % 1100 == 0) {
            until(i, 0); /* a client would ask again for what was not acknowledged */
            end();
            begin(0);
        }
    }
    until(3000, 3000);
    struct follow_stat f;
    follow_stat(follow, &f);
    assert_int_equal(f.dead + f.gaps, 0);
}

static void limits_and_refusals(void **unused)
{
    (void)unused;
    end();
    begin(5);
    for (uint64_t i = 1; i <= 5; i++) report(i, 77);
    report(6, 77);
    assert_int_equal(told.refused, 1);
    assert_int_equal(told.why, WIRE_DENIED);
    assert_string_equal(told.detail, "this reporter says more than 5 reports a minute");
    report(6, 78);
    intake_take(intake, 9, 9, SPAN("\7rubbish"), &voices, clock_us());
    assert_int_equal(told.why, WIRE_BAD_REQUEST);
    assert_string_equal(told.detail, "record of the report: byte 1: made for another version");
    until(6, 6);
}

static const char *ask(struct store *s, const span *words, size_t n)
{
    static char text[256];
    struct store_reply r;
    while (!store_put(s, KEY, words, n, 99)) { /* what it says first makes it serve */
        store_pump(s);
        while (store_next(s, &r)) {
        }
        usleep(500);
    }
    for (;;) {
        store_pump(s);
        while (store_next(s, &r)) {
            if (r.tag != 99) continue;
            snprintf(text, sizeof text, "%.*s", SPAN_ARG(r.v[0].text));
            if (r.v[0].kind == STORE_INTEGER) snprintf(text, sizeof text, "%d", (int)r.v[0].integer);
            return text;
        }
        usleep(500);
    }
}
#define ASK(s, ...) ask(s, (span[]){__VA_ARGS__}, sizeof((span[]){__VA_ARGS__}) / sizeof(span))

/* Strangers, and a host of ours whose records another version wrote. Nobody is silenced by a number in his name. */
static void the_poisoned_are_buried(void **unused)
{
    (void)unused;
    struct store *s = own_redis_store();
    char seal[SECRET_SEAL_HEX + 1], host[20];
    static const span HOST = {(const uint8_t *)"00000000000000aa", 16}, CUT = {(const uint8_t *)"\1\0\0 cut", 7};
    report(1, 1);
    until(1, 1);
    follow_seal(&SECRET, HOST, SPAN("5"), SPAN("4"), CUT, seal);
    ASK(s, SPAN("XADD"), KEY, SPAN("*"), SPAN("h"), HOST, SPAN("n"), SPAN("5"), SPAN("p"), SPAN("4"), SPAN("r"), CUT,
        SPAN("s"), span_cstr(seal));
    ASK(s, SPAN("XADD"), KEY, SPAN("*"), SPAN("what"), SPAN("ever"));
    ASK(s, SPAN("XADD"), KEY, SPAN("*"), SPAN("h"), SPAN("zz"), SPAN("n"), SPAN("99999999999999999999999"), SPAN("p"),
        SPAN("-1"));
    snprintf(host, sizeof host, "%016llx", (unsigned long long)journal_host(journal));
    ASK(s, SPAN("XADD"), KEY, SPAN("*"), SPAN("h"), span_cstr(host), SPAN("n"), SPAN("18446744073709551615"), SPAN("p"),
        SPAN("1"), SPAN("r"), CUT, SPAN("s"), span_cstr(seal)); /* one that was seen elsewhere */
    ASK(s, SPAN("EVAL"), SPAN("redis.call('XADD', KEYS[1], '*', 'r', string.rep('x', 3000000))"), SPAN("1"), KEY);
    ASK(s, SPAN("EVAL"),
        SPAN("local f = {}; for i = 1, 4000 do f[i] = string.rep('r', 500) end; "
             "redis.call('XADD', KEYS[1], '*', unpack(f))"),
        SPAN("1"), KEY);
    report(2, 2);
    until(2, 2);
    for (int64_t until_us = clock_us() + PATIENCE_US; strcmp(ASK(s, SPAN("XLEN"), DEAD), "6") != 0;) {
        turn();
        assert_true(clock_us() < until_us);
    }
    struct follow_stat f;
    follow_stat(follow, &f);
    assert_int_equal(f.dead, 6);
    report(3, 3);
    until(3, 3);
    store_close(s);
}

static void what_the_stream_forgot_is_said(void **unused)
{
    (void)unused;
    struct store *s = own_redis_store();
    for (uint64_t i = 1; i <= 3; i++) report(i, i);
    until(3, 3);
    end();
    begin(0);
    store_close(reader);
    reader = own_redis_store(); /* not read yet: reports 4 and 5 come and are forgotten */
    for (uint64_t i = 4; i <= 6; i++) {
        report(i, i);
        for (int64_t until_us = clock_us() + PATIENCE_US; acknowledged() < i;) {
            struct store_reply r;
            store_pump(writer);
            while (store_next(writer, &r)) intake_reply(intake, &r, &voices, clock_us());
            intake_turn(intake, clock_us());
            assert_true(clock_us() < until_us);
        }
    }
    ASK(s, SPAN("XTRIM"), KEY, SPAN("MAXLEN"), SPAN("1"));
    follow_close(follow);
    struct follow_ops ops = {.report = on_report};
    assert_int_equal(follow_open(reader, KEY, DEAD, &SECRET, &state, &ops, &follow), ERR_OK);
    got.last = 5; /* what comes next is the sixth */
    until(6, 4);
    struct follow_stat f;
    follow_stat(follow, &f);
    assert_int_equal(f.gaps, 1);
    store_close(s);
}

static void places(void **unused)
{
    (void)unused;
    struct follow_place p;
    assert_true(follow_place_read(SPAN("1790000000123-4"), &p) && p.ms == 1790000000123 && p.n == 4);
    static const char *const BAD[] = {"", "1", "1-", "-1", "1-2x", "x-1", "1--2", "18446744073709551616-0"};
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) assert_false(follow_place_read(span_cstr(BAD[i]), &p));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(redis_comes_and_goes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(exactly_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(limits_and_refusals, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_poisoned_are_buried, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_the_stream_forgot_is_said, set_up, tear_down),
        cmocka_unit_test(places),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

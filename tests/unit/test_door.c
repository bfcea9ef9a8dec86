/* SPDX-License-Identifier: Apache-2.0 */
/* door: what an operator asks of the learner is answered, once each; an order comes back out of the stream, waits in
 * the journal while Redis is away, and is told of either way. With a real journal and a real redis-server. */
#define _GNU_SOURCE
#include "models/live/door.h"
#include "proto/livetable.h"
#include "tests/unit/own_redis.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { PATIENCE_US = 30000000, TOLD_MAX = 16 };
static const span KEY = {(const uint8_t *)"t:2:reports", 11}, DEAD = {(const uint8_t *)"t:2:reports:dead", 16};

static char dir[64];
static struct journal *journal;
static struct store *writer, *reader;
static struct intake *intake;
static struct follow *follow;
static struct live live;
static struct door door;
static struct secret secret;
static uint64_t unlimited[1];
static char told[TOLD_MAX][4096]; /* by ticket; "" none yet */

static void on_answer(void *ctx, uint64_t job, span frame)
{
    (void)ctx, (void)job, (void)frame;
}

static void on_told(void *ctx, uint64_t ticket, span answer)
{
    (void)ctx;
    assert_true(ticket < TOLD_MAX && !told[ticket][0] && answer.n < sizeof told[0]);
    memcpy(told[ticket], answer.p, answer.n);
    told[ticket][answer.n] = 0;
}

static void on_report(void *ctx, const struct feedback *r, struct follow_place at)
{
    (void)ctx;
    struct control_order o;
    struct voices_effect e;
    char why[CONTROL_WHY_MAX];
    if (r->kind != FEEDBACK_CONTROL) {
        live_take(&live, r, at, &e);
        return;
    }
    enum control_outcome outcome = live_obey(&live, r, at, &o, why);
    door_met(&door, &o, outcome, why);
}

static int set_up(void **unused)
{
    (void)unused;
    char fault[JOURNAL_FAULT_MAX], path[96];
    snprintf(dir, sizeof dir, "/tmp/furui-door.XXXXXX");
    if (!mkdtemp(dir)) return 1;
    snprintf(path, sizeof path, "%s/secret", dir);
    memset(told, 0, sizeof told);
    own_redis_start();
    writer = own_redis_store();
    reader = own_redis_store();
    struct intake_limits limits = {.reporter_a_minute = 5,
                                   .tenant_a_minute = 7,
                                   .unlimited = unlimited,
                                   .unlimited_count = 1,
                                   .stream_max = 1000,
                                   .prefix = "t",
                                   .secret = &secret};
    struct intake_ops in_ops = {.answer = on_answer};
    struct follow_ops out_ops = {.report = on_report};
    if (secret_load(path, true, &secret) != ERR_OK) return 1;
    unlimited[0] = secret_number(&secret, SPAN("reporter"), SPAN("loud"));
    if (live_open(&live, &(struct live_rules){.bits = LIVETABLE_BITS_MIN}) != ERR_OK ||
        journal_open(dir, 1 << 16, 64 << 20, &journal, fault) != ERR_OK ||
        intake_open(journal, writer, KEY, &limits, &in_ops, &intake) != ERR_OK ||
        follow_open(reader, KEY, DEAD, &secret, &live.follow, &out_ops, &follow) != ERR_OK)
        return 1;
    struct door_parts parts = {&live, intake, NULL, writer, &secret, NULL};
    door_init(&door, &parts, &(struct door_ops){.told = on_told});
    return 0;
}

static int tear_down(void **unused)
{
    (void)unused;
    char command[128];
    intake_close(intake);
    follow_close(follow);
    store_close(writer);
    store_close(reader);
    journal_close(journal);
    live_close(&live);
    own_redis_remove();
    own_redis_dir[0] = 0;
    snprintf(command, sizeof command, "rm -rf %s", dir);
    return system(command);
}

static void turn(void)
{
    struct store_reply r;
    store_pump(writer);
    while (store_next(writer, &r)) intake_reply(intake, &r, &live.voices, clock_us());
    intake_turn(intake, clock_us());
    follow_turn(follow, clock_us());
    door_turn(&door, clock_us());
}

/* Ask; what is answered holds this text. */
static void ask(uint64_t ticket, const char *text, const char *holds)
{
    door_hear(&door, ticket, SPAN("uid=1000\n"), span_cstr(text), clock_us());
    for (int64_t until_us = clock_us() + PATIENCE_US; !told[ticket][0]; usleep(500)) {
        turn();
        assert_true(clock_us() < until_us);
    }
    if (!strstr(told[ticket], holds)) fail_msg("%s: %s", text, told[ticket]);
}

static void report(uint64_t number, const char *who, enum wire_say says)
{
    uint8_t bytes[1024];
    struct feedback r = {.digest = {number, 1},
                         .says = says,
                         .reporter = secret_number(&secret, SPAN("reporter"), span_cstr(who)),
                         .tenant = SPAN("acme")};
    size_t n = feedback_pack(&r, bytes, sizeof bytes);
    uint64_t before = live.reports;
    intake_take(intake, number, number, span_of(bytes, n), &live.voices, clock_us());
    for (int64_t until_us = clock_us() + PATIENCE_US; live.reports == before; usleep(500)) {
        turn();
        assert_true(clock_us() < until_us);
    }
}

static void requests(void **unused)
{
    (void)unused;
    static const struct {
        const char *who, *text, *wrong;
    } CASES[] = {
        {"uid=0\n", "v=1\ndo=learner\nask=show\n", NULL},
        {"uid=0\n", "ask=reporter\nwho=\ntenant=acme\nnew=1\n", NULL},
        {"uid=0\n", "ask=rewind\nto=1795357133114-0\n", NULL},
        {"", "ask=show\n", "who asks"},
        {"gid=0\n", "ask=show\n", "who asks"},
        {"uid=x\n", "ask=show\n", "who asks"},
        {"uid=0\n", "", "what is asked"},
        {"uid=0\n", "ask=melt\n", "cannot have"},
        {"uid=0\n", "ask=rewind\n", "place to go back to"},
        {"uid=0\n", "ask=freeze\nto=1-1\n", "place to go back to"},
        {"uid=0\n", "ask=rewind\nto=now\n", "cannot have"},
        {"uid=0\n", "ask=reporter\nwho=\\x00\n", "cannot have"},
        {"uid=0\n", "ask=show", "lines of key=value"},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct door_request q;
        const char *wrong = door_parse(span_cstr(CASES[i].who), span_cstr(CASES[i].text), &q);
        if (!CASES[i].wrong != !wrong || (wrong && !strstr(wrong, CASES[i].wrong)))
            fail_msg("row %zu: %s", i, wrong ? wrong : "taken");
    }
}

static void a_reporter(void **unused)
{
    (void)unused;
    ask(1, "ask=reporter\nwho=hana\n", "standing=newcomer\nwords=0\n");
    assert_non_null(strstr(told[1], "weight=0.2\n"));
    assert_non_null(strstr(told[1], "unlimited=no\na_minute=5\nleft=5\n"));
    report(1, "Hana", WIRE_SAY_SPAM);
    report(2, "hana", WIRE_SAY_HAM);
    report(3, "loud", WIRE_SAY_HAM);
    ask(2, "ask=reporter\nwho=hana\ntenant=acme\n", "standing=stranger\nwords=2\n");
    assert_non_null(strstr(told[2], "how=(agreed 0 + 1) / (agreed 0 + 4 x disagreed 0 + 5)\n"));
    assert_non_null(strstr(told[2], "left=3\ntenant_a_minute=7\ntenant_left=5\n"));
    ask(3, "ask=reporter\nwho=loud\n", "unlimited=yes\n");
    ask(4, "ask=reporter\nwho=\n", "hash=0000000000000000\n");
}

static void orders(void **unused)
{
    (void)unused;
    ask(1, "ask=thaw\nby=hana\n", "status=refused\nwhy=it is not frozen\n");
    ask(2, "ask=freeze\nby=hana\nnote=\\xe7\\xaf\\xa9\n", "status=done\nplace=");
    ask(3, "ask=show\n", "frozen=yes\nfrozen_since=");
    assert_non_null(strstr(told[3], "content=frozen\nlearnt=0\n"));
    assert_non_null(strstr(told[3], "frozen_by=hana (uid 1000)\nfrozen_note=\\xe7\\xaf\\xa9\n\nkind=order\nat="));
    assert_true(live.control.frozen);
    ask(4, "ask=rewind\nto=9999999999999-0\n", "nothing was learnt since that place\n");
    ask(5, "ask=rewind\nto=0-0\n", "status=done\n");
    ask(6, "ask=show\n", "kind=skip\nfrom=0-0\n");
    assert_true(control_skips(&live.control, (struct follow_place){1, 0}));

    /* Records come from workers, which read mail: none of them orders. */
    uint8_t bytes[256];
    struct feedback r = {.kind = FEEDBACK_CONTROL, .order = SPAN("do=thaw\n"), .digest = {1, 1}};
    size_t n = feedback_pack(&r, bytes, sizeof bytes);
    uint64_t next = journal_next(journal);
    intake_take(intake, 1, 1, span_of(bytes, n), &live.voices, clock_us());
    assert_int_equal(journal_next(journal), next);
}

static void redis_away(void **unused)
{
    (void)unused;
    ask(1, "ask=show\n", "redis=");
    own_redis_kill();
    ask(2, "ask=freeze\n", "status=kept\nwhy=it waits in this host's journal");
    for (uint64_t i = 3; i < 3 + DOOR_WAITING_MAX; i++)
        door_hear(&door, i, SPAN("uid=0\n"), SPAN("ask=freeze\n"), clock_us());
    ask(11, "ask=freeze\n", "status=busy\n");
    intake_turn(intake, clock_us()); /* now they are on disk */
    door_leave(&door);
    for (uint64_t i = 3; i < 3 + DOOR_WAITING_MAX; i++) assert_non_null(strstr(told[i], "status=kept\n"));
    assert_false(live.control.frozen);
    own_redis_start();
    for (int64_t until_us = clock_us() + PATIENCE_US; !live.control.frozen; usleep(500)) {
        turn();
        assert_true(clock_us() < until_us);
    }
    door.parts.store = NULL;
    ask(12, "ask=freeze\n", "status=refused\nwhy=Redis is off");
    ask(13, "ask=show\n", "redis=off\n");
    ask(14, "rubbish", "status=refused\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests),
        cmocka_unit_test_setup_teardown(a_reporter, set_up, tear_down),
        cmocka_unit_test_setup_teardown(orders, set_up, tear_down),
        cmocka_unit_test_setup_teardown(redis_away, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* test_store_cluster: three masters, one with a replica; a slot moves under load, a master ends, another one too. */
#include "proto/store/cluster.h"

#include "proto/store/name.h"
#include "tests/unit/redis_farm.h"
#include "worker/rep/rep.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

enum { MASTERS = 3, REPLICA = MASTERS, SERVERS, TAGS = 64, IN_FLIGHT = 500 };

static const struct secret SECRET = {{1, 2, 3}};
static const struct record_lives LIVES = {.minutes = {360, 21 * 1440}};
static char where[128], id[SERVERS][41];

static const char *line(const char *format, ...) __attribute__((format(printf, 1, 2)));
static const char *line(const char *format, ...)
{
    static char text[256];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return text;
}

static int start(void **state)
{
    (void)state;
    for (int i = 0; i < SERVERS; i++) {
        farm_start(i, (const char *[]){"--cluster-enabled", "yes", "--cluster-node-timeout", "500",
                                       "--cluster-require-full-coverage", "no", "--repl-diskless-sync-delay", "0",
                                       "--cluster-replica-validity-factor", "0", NULL});
        memcpy(id[i], farm_say(i, "CLUSTER MYID") + 5, 40); /* "$40\r\n" */
    }
    for (int i = 0; i < MASTERS; i++)
        farm_say(
            i, line("CLUSTER ADDSLOTSRANGE %d %d", i * CLUSTER_SLOTS / MASTERS, (i + 1) * CLUSTER_SLOTS / MASTERS - 1));
    for (int i = 1; i < SERVERS; i++) {
        farm_say(i, line("CLUSTER SET-CONFIG-EPOCH %d", i + 1));
        farm_say(i, line("CLUSTER MEET 127.0.0.1 %d", farm[0].port));
    }
    for (int i = 0; i < SERVERS; i++) {
        farm_until(i, "CLUSTER INFO", "cluster_slots_ok:16384");
        farm_until(i, "CLUSTER INFO", "cluster_known_nodes:4");
        farm_until(i, "CLUSTER INFO", "cluster_state:ok");
    }
    char order[64];
    snprintf(order, sizeof order, "CLUSTER REPLICATE %s", id[0]);
    farm_until(REPLICA, order, "+OK");
    farm_until(REPLICA, "ROLE", "connected");
    snprintf(where, sizeof where, "cluster:127.0.0.1:%d,127.0.0.1:%d", farm[1].port, farm[2].port);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    farm_remove();
    return 0;
}

static int owner(unsigned slot)
{
    return (int)(slot * MASTERS / CLUSTER_SLOTS);
}

static struct store *open_store(void)
{
    struct store *s;
    assert_int_equal(store_open(&(struct store_options){.where = where}, &s), ERR_OK);
    return s;
}

static void slots_are_those_of_servers(void **state)
{
    (void)state;
    static const char *const KEYS[] = {"123456789", "a",  "{00}", "t:2:{3f}:x:from:example.org",
                                       "a{}b",      "{}", "a{b",  "}{b}"};
    assert_int_equal(cluster_slot(SPAN("123456789")), 0x31C3);
    for (size_t i = 0; i < sizeof KEYS / sizeof *KEYS; i++)
        assert_int_equal(atoi(farm_say(0, line("CLUSTER KEYSLOT %s", KEYS[i])) + 1), cluster_slot(span_cstr(KEYS[i])));
}

/* --- load --------------------------------------------------------------------------------------------------------- */

/* Additions to a list of each tag, many under way: of each, the server must say how long it is now. */
struct load {
    struct store *s;
    uint32_t sent[TAGS], done[TAGS];
    size_t flight, refused;
};

static span key_of(unsigned tag, char text[16])
{
    return span_of(text, (size_t)snprintf(text, 16, "{%02x}:list", tag));
}

static void load_turn(struct load *l, bool more)
{
    struct store_reply r;
    char text[16];
    store_pump(l->s);
    while (store_next(l->s, &r)) {
        unsigned tag = (unsigned)r.tag;
        l->flight--;
        if (r.v[0].kind == STORE_INTEGER) {
            /* In order, each once. */
            if (r.v[0].integer != ++l->done[tag]) fail_msg("tag %u: %u is %d", tag, l->done[tag], (int)r.v[0].integer);
        } else {
            assert_true(r.passing && r.v[0].kind == STORE_ERROR); /* not done: to be sent again */
            l->refused++;
            l->sent[tag]--;
        }
    }
    for (unsigned i = 0; more && i < TAGS; i++) {
        span words[] = {SPAN("RPUSH"), key_of(i, text), SPAN("x")};
        if (l->flight >= IN_FLIGHT || !store_put(l->s, words[1], words, 3, i)) continue;
        l->flight++;
        l->sent[i]++;
    }
    store_pump(l->s);
}

static void a_slot_moves_under_load(void **state)
{
    (void)state;
    struct load l = {.s = open_store()};
    char text[16], keys[64];
    farm_ask(l.s, SPAN("k"), (span[]){SPAN("GET"), SPAN("k")}, 2);
    for (unsigned i = 0; i < TAGS; i++)
        while (l.done[i] == 0) load_turn(&l, true);
    for (unsigned tag = 0; tag < 8; tag++) { /* one after the other */
        unsigned slot = cluster_slot(key_of(tag, text));
        int from = owner(slot), to = (from + 1) % MASTERS;
        assert_string_equal(farm_say(to, line("CLUSTER SETSLOT %u IMPORTING %s", slot, id[from])), "+OK\r\n");
        assert_string_equal(farm_say(from, line("CLUSTER SETSLOT %u MIGRATING %s", slot, id[to])), "+OK\r\n");
        for (int i = 0; i < 20; i++) load_turn(&l, true);
        snprintf(keys, sizeof keys, "MIGRATE 127.0.0.1 %d {%02x}:list 0 5000", farm[to].port, tag);
        assert_string_equal(farm_say(from, keys), "+OK\r\n");
        for (int i = 0; i < 20; i++) load_turn(&l, true), usleep(100); /* ASK */
        assert_string_equal(farm_say(to, line("CLUSTER SETSLOT %u NODE %s", slot, id[to])), "+OK\r\n");
        for (int i = 0; i < 5; i++) load_turn(&l, true);
        assert_string_equal(farm_say(from, line("CLUSTER SETSLOT %u NODE %s", slot, id[to])), "+OK\r\n");
        for (int i = 0; i < 20; i++) load_turn(&l, true), usleep(100); /* MOVED */
    }
    for (int64_t until_us = clock_us() + FARM_PATIENCE_US; l.flight > 0 && clock_us() < until_us; store_wait(l.s, 1000))
        load_turn(&l, false);
    uint64_t sum = 0;
    for (unsigned i = 0; i < TAGS; i++) {
        span words[] = {SPAN("LLEN"), key_of(i, text)};
        struct store_reply r = farm_ask(l.s, words[1], words, 2);
        assert_int_equal(r.v[0].integer, l.done[i]);
        assert_int_equal(l.sent[i], l.done[i]);
        sum += l.done[i];
    }
    print_message("[          ] %llu additions\n", (unsigned long long)sum);
    assert_int_equal(l.refused, 0); /* all were sent on, none back to us */
    struct store_stat st;
    store_stat(l.s, &st);
    assert_int_equal(st.lost, 0);
    store_close(l.s);
}

/* --- a worker ----------------------------------------------------------------------------------------------------- */

static struct rep_score look(struct rep *r, const char *domain, struct rep_names *k)
{
    struct mail m = {.from_domain = span_cstr(domain)};
    struct rep_score s;
    rep_names(&m, SPAN("192.0.2.1"), SPAN_NONE, k);
    int64_t start_us = clock_us();
    rep_begin(r);
    rep_ask(r, 0, SPAN_NONE, k);
    rep_send(r);
    rep_collect(r, clock_us() + 20000);
    rep_result(r, 0, &s);
    assert_true(clock_us() - start_us < 400000);
    return s;
}

/* Look until all is known: on a busy machine a server may be late now and then. */
static void look_until_known(struct rep *r, const char *domain, struct rep_names *k)
{
    for (int64_t until_us = clock_us() + FARM_PATIENCE_US; !look(r, domain, k).known; usleep(2000)) {
        assert_true(clock_us() < until_us);
        rep_tick(r);
    }
}

static int owner_of(enum name_kind kind, const char *name)
{
    uint8_t text[NAME_KEY_BYTES];
    char line[32];
    snprintf(line, sizeof line, "%u", cluster_slot(name_key("t", SPAN_NONE, kind, span_cstr(name), text)));
    return owner((unsigned)atoi(line));
}

static double counted(struct store *s, const char *domain)
{
    uint8_t text[NAME_KEY_BYTES];
    struct record r;
    span key = name_key("t", SPAN_NONE, NAME_FROM, span_cstr(domain), text);
    struct store_reply a = farm_ask(s, key, (span[]){SPAN("GET"), key}, 2);
    record_read(a.v[0].text, &r);
    return r.sum[RECORD_SLOW][SUM_VOLUME];
}

static void written(struct rep *r)
{
    struct rep_stat st;
    for (int64_t until_us = clock_us() + FARM_PATIENCE_US;; usleep(1000)) {
        rep_tick(r);
        rep_stat(r, &st);
        if (st.waiting == 0) return;
        if (clock_us() > until_us) fail_msg("%zu wait", (size_t)st.waiting);
    }
}

/* A master with a replica ends, then one without. */
static void masters_end(void **state)
{
    (void)state;
    static struct rep_names k;
    struct rep *r;
    struct rep_stat st;
    struct store *s = open_store(), *blocked = open_store();
    struct rep_options ro = {.store.where = where, .prefix = "t", .flush_ms = 20, .lives = LIVES, .secret = &SECRET};
    char domain[MASTERS][32];
    assert_int_equal(rep_open(&ro, &r), ERR_OK);
    int ip = owner_of(NAME_IP, "192.0.2.1"), net = owner_of(NAME_NET, "192.0.2.0/24");
    for (int i = 0; i < MASTERS; i++) /* a domain of each master */
        for (int n = 0; snprintf(domain[i], sizeof domain[i], "d%d.example", n), owner_of(NAME_FROM, domain[i]) != i;)
            n++;
    rep_warm(r, 5000);
    for (int i = 0; i < 30; i++) {
        look_until_known(r, domain[i % 3], &k);
        rep_count(r, 0, SPAN_NONE, &k, (struct tally_seen){.mails = 1, .ham = 1});
        rep_tick(r);
    }
    written(r);
    for (int i = 0; i < MASTERS; i++) assert_true(counted(s, domain[i]) > 9.9 && counted(s, domain[i]) < 10.1);

    /* A reader that waits, as the learner's. */
    char stream[16] = "";
    for (int n = 0; owner(cluster_slot(span_cstr(stream))) != 0 || !*stream; n++)
        snprintf(stream, sizeof stream, "s%d", n);
    span add[] = {SPAN("XADD"), span_cstr(stream), SPAN("*"), SPAN("a"), SPAN("b")};
    farm_ask(blocked, add[1], add, 5);
    span read[] = {SPAN("XREAD"), SPAN("BLOCK"), SPAN("60000"), SPAN("STREAMS"), add[1], SPAN("$")};
    assert_true(store_put(blocked, add[1], read, 6, 5));
    store_pump(blocked);
    farm_until(0, "INFO clients", "blocked_clients:1");
    farm_until(REPLICA, line("READONLY\r\nXLEN %s", stream), ":1"); /* it came after the counts: the replica has all */

    farm_kill(0);
    int64_t died_us = clock_us();
    struct store_reply reply = {0};
    while (!store_next(blocked, &reply) && clock_us() - died_us < 3000000)
        store_pump(blocked), store_wait(blocked, 1000);
    assert_true(reply.tag == 5 && reply.v[0].kind == STORE_LOST);
    size_t degraded = 0;
    for (int64_t until_us = clock_us() + FARM_PATIENCE_US;; usleep(2000)) {
        struct rep_score one = look(r, domain[0], &k);
        rep_count(r, 0, SPAN_NONE, &k, (struct tally_seen){.mails = 1, .ham = 1});
        if (ip != 0 && net != 0) look_until_known(r, domain[1], &k); /* all that it needs is there */
        degraded++;
        rep_tick(r);
        if (one.known) break;
        assert_true(clock_us() < until_us);
    }
    print_message("[          ] the replica serves after %.1f s\n", (double)(clock_us() - died_us) / 1e6);
    written(r);
    double got = counted(s, domain[0]);
    if (fabs(got - 10 - (double)degraded) > 0.1) fail_msg("%g of %zu", got, degraded + 10);
    farm_ask(blocked, add[1], add, 5);

    /* What people said of a domain counts, though the server of another one is away. */
    uint8_t bytes[RECORD_BYTES], text[NAME_KEY_BYTES];
    struct record said = {.minute = record_minute(clock_wall_us())};
    said.sum[RECORD_FAST][SUM_SAID_SPAM] = said.sum[RECORD_SLOW][SUM_SAID_SPAM] = 50;
    record_write(&said, bytes);
    int gone = ip == 2 || net == 2 ? 2 : 1, here = 3 - gone;
    span key = name_key("t", SPAN_NONE, NAME_FROM, span_cstr(domain[here]), text);
    farm_ask(s, key, (span[]){SPAN("SET"), key, span_of(bytes, sizeof bytes)}, 3);
    farm_kill(gone);
    for (int64_t until_us = clock_us() + FARM_PATIENCE_US;; usleep(2000)) {
        struct rep_score x = look(r, domain[here], &k);
        rep_tick(r);
        rep_stat(r, &st);
        bool late = ip != gone && net != gone && !x.known;
        if (st.away && x.log_odds > 0 && !late) { /* 2, less what the address was seen to send */
            assert_int_equal(x.known, ip != gone && net != gone);
            break;
        }
        assert_true(clock_us() < until_us);
    }
    assert_false(look(r, domain[gone], &k).known);
    rep_close(r);
    store_close(s);
    store_close(blocked);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slots_are_those_of_servers),
        cmocka_unit_test_teardown(a_slot_moves_under_load, stop),
        cmocka_unit_test_setup_teardown(masters_end, start, stop),
    };
    return cmocka_run_group_tests(tests, start, stop);
}

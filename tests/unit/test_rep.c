/* SPDX-License-Identifier: Apache-2.0 */
/* test_rep: reputation against a real redis-server: what is read, counted, faded and kept apart. */
#define _GNU_SOURCE
#include "tests/unit/rep_redis.h"
#include "worker/rep/cache.h"

static void reads_what_was_said(void **state)
{
    struct rep *r = *state;
    put_said(key_of(NAME_IP, "192.0.2.1"), 0, 20, 0);
    struct rep_score s = look_until(r, "192.0.2.1", true);
    assert_true(s.log_odds > 2.4 && s.log_odds < 2.5); /* ln 21 · 20/25 */
    assert_true(look_until(r, "192.0.2.2", true).log_odds == 0);
    put_said(key_of(NAME_IP, "192.0.2.1"), 0, 40, 21 * 1440); /* one half-life ago */
    double faded = look_until(r, "192.0.2.1", true).log_odds;
    assert_true(faded > 2.4 && faded < s.log_odds + 1e-3);
}

static void odd_answers_are_no_evidence(void **state)
{
    struct rep *r = *state;
    uint8_t bytes[RECORD_BYTES + 1] = {0};
    span key = key_of(NAME_IP, "192.0.2.1");
    ask("LPUSH", key_text(NAME_IP, "192.0.2.1"), "a list", NULL);
    assert_true(look_until(r, "192.0.2.1", true).log_odds == 0);
    ask("DEL", key_text(NAME_IP, "192.0.2.1"), NULL, NULL);
    for (int i = 0; i < 6; i++) {
        struct record x = {.minute = record_minute(clock_wall_us())};
        float bad = i == 3 ? NAN : i == 4 ? INFINITY : -5;
        x.sum[RECORD_FAST][SUM_SAID_SPAM] = x.sum[RECORD_SLOW][SUM_SAID_SPAM] = 1000;
        record_write(&x, bytes);
        if (i == 2) bytes[3]++; /* another version */
        if (i >= 3) memcpy(bytes + 4, &bad, sizeof bad);
        size_t n = i == 0 ? RECORD_BYTES - 1 : i == 1 ? RECORD_BYTES + 1 : RECORD_BYTES;
        command((span[]){SPAN("SET"), key, span_of(bytes, n)}, 3);
        assert_true(look_until(r, "192.0.2.1", true).log_odds == 0);
    }
    ask("CONFIG", "SET", "requirepass", "secret"); /* a new connection is told NOAUTH: away, not wrong */
    struct rep *late;
    assert_int_equal(open_rep(0, &late), ERR_OK);
    for (int i = 0; i < 20; i++) {
        rep_tick(late);
        assert_false(look(late, "192.0.2.1").known);
        usleep(1000);
    }
    rep_close(late);
}

static void counts_are_summed_and_written(void **state)
{
    struct rep *r = *state;
    struct rep_names k;
    for (int i = 0; i < 500; i++)
        rep_count(r, 0, SPAN_NONE, names_of(&k, "192.0.2.7", "example.org"), i % 5 ? HAM : SPAM_SEEN);
    tick_until_written(r);
    struct record got = recorded(NAME_NET, "192.0.2.0/24");
    assert_true(near(got.sum[RECORD_FAST][SUM_VOLUME], 500) && near(got.sum[RECORD_SLOW][SUM_VOLUME], 500));
    assert_true(near(got.sum[RECORD_SLOW][SUM_HAM], 400) && near(got.sum[RECORD_SLOW][SUM_SPAM], 100));
    assert_true(near(recorded(NAME_FROM, "example.org").sum[RECORD_SLOW][SUM_VOLUME], 500));
    int ttl = atoi(ask("TTL", key_text(NAME_FROM, "example.org"), NULL, NULL).text);
    assert_true(ttl > 6.9 * 86400 && ttl <= 7 * 86400);
}

/* The server's script against the plain one in C. */
static void sums_fade_in_the_server(void **state)
{
    static const uint32_t AGE[] = {0, 1, 59, 360, 1440, 21 * 1440, 400 * 1440};
    struct rep *r = *state;
    struct rep_names k;
    for (size_t i = 0; i < sizeof AGE / sizeof *AGE; i++) {
        put_said(key_of(NAME_FROM, "faded.example"), 3, 70, AGE[i]);
        struct record want = recorded(NAME_FROM, "faded.example");
        rep_count(r, 0, SPAN_NONE, names_of(&k, "", "faded.example"), SPAM_SEEN);
        tick_until_written(r);
        struct record got = recorded(NAME_FROM, "faded.example");
        record_decay(&want, got.minute, &LIVES);
        for (int speed = 0; speed < RECORD_SPEEDS; speed++) {
            want.sum[speed][SUM_VOLUME]++, want.sum[speed][SUM_SPAM]++;
            for (int s = 0; s < SUM_COUNT; s++)
                assert_true(fabs(got.sum[speed][s] - want.sum[speed][s]) <= 1e-6 * (1 + want.sum[speed][s]));
        }
        int ttl = atoi(ask("TTL", key_text(NAME_FROM, "faded.example"), NULL, NULL).text);
        assert_true(ttl > 41.9 * 86400 && ttl <= 42 * 86400); /* people spoke about it */
    }
    put_said(key_of(NAME_FROM, "faded.example"), 0, 8, 0); /* a clock ahead of the server's takes nothing away */
    struct record ahead = {.minute = record_minute(clock_wall_us()) + 600, .sum = {{1}, {1}}};
    uint8_t bytes[RECORD_BYTES];
    record_write(&ahead, bytes);
    command((span[]){SPAN("SET"), key_of(NAME_FROM, "faded.example"), span_of(bytes, sizeof bytes)}, 3);
    rep_count(r, 0, SPAN_NONE, names_of(&k, "", "faded.example"), HAM);
    tick_until_written(r);
    assert_true(near(recorded(NAME_FROM, "faded.example").sum[RECORD_FAST][SUM_VOLUME], 2));
}

static void cache_spares_look_ups(void **state)
{
    struct rep *r;
    struct rep_stat st;
    (void)state;
    assert_int_equal(open_rep(600000, &r), ERR_OK);
    put_said(key_of(NAME_IP, "192.0.2.1"), 0, 20, 0);
    double was = look_until(r, "192.0.2.1", true).log_odds;
    rep_stat(r, &st);
    uint64_t asked = st.asked;
    put_said(key_of(NAME_IP, "192.0.2.1"), 0, 2, 0);
    assert_true(fabs(look_until(r, "192.0.2.1", true).log_odds - was) < 1e-3); /* stale, as was agreed */
    rep_stat(r, &st);
    assert_int_equal(st.asked, asked);
    assert_true(st.kept >= 2);
    /* More names than it holds: the oldest make room, and answers stay right. */
    char ip[20];
    for (int i = 0; i < 3 * CACHE_ENTRIES; i++) {
        snprintf(ip, sizeof ip, "198.18.%d.%d", i / 256, i % 256);
        assert_true(look_until(r, ip, true).log_odds == 0);
    }
    double is = look_until(r, "192.0.2.1", true).log_odds;
    assert_true(is > 0 && is < was);
    rep_close(r);
}

/* A batch of as many names as there can be finds room for all of them. */
static void a_full_batch_fits(void **state)
{
    struct rep *r = *state;
    static struct rep_names k[REP_BATCH_MAX / 2];
    struct rep_score s;
    struct rep_stat st;
    uint64_t hurried = 0;
    char name[32];
    for (int round = 0; round < 40; round++) {
        for (size_t i = 0; i < REP_BATCH_MAX / 2; i++) {
            k[i].n = k[i].used = 0;
            for (size_t n = 0; n < REP_NAMES_MAX; n++) {
                snprintf(name, sizeof name, "n%zu.m%zu.r%d", n, i, round);
                memcpy(k[i].text + k[i].used, name, strlen(name));
                k[i].v[k[i].n++] = (struct rep_name){NAME_URL, span_of(k[i].text + k[i].used, strlen(name))};
                k[i].used += strlen(name);
            }
        }
        do { /* once more, if none waited because some had waited in vain */
            rep_stat(r, &st);
            hurried = st.hurried;
            rep_tick(r);
            rep_begin(r);
            for (size_t i = 0; i < REP_BATCH_MAX / 2; i++) rep_ask(r, i, SPAN("a tenant"), &k[i]);
            rep_collect(r, clock_us() + PATIENCE_US);
            rep_stat(r, &st);
        } while (st.hurried > hurried);
        for (size_t i = 0; i < REP_BATCH_MAX / 2; i++) {
            rep_result(r, i, &s);
            assert_true(s.known);
        }
    }
}

static void tenants_are_apart(void **state)
{
    struct rep *r = *state;
    static struct rep_names k;
    uint8_t text[NAME_KEY_BYTES];
    static const char *const TENANT[] = {"", "a.example", "b.example", "a}:b {c"};
    span ip = SPAN("192.0.2.1");
    struct rep_score s[4];
    put_said(name_key("t", SPAN_NONE, NAME_IP, ip, text), 0, 1, 0);
    put_said(name_key("t", SPAN("a.example"), NAME_IP, ip, text), 0, 4, 0); /* of which everybody has a quarter */
    put_said(name_key("t", SPAN("a.example"), NAME_TENANT, SPAN("all"), text), 0, 4, 0);
    put_said(name_key("t", span_cstr(TENANT[3]), NAME_IP, ip, text), 40, 0, 0);
    put_said(name_key("t", span_cstr(TENANT[3]), NAME_TENANT, SPAN("all"), text), 40, 0, 0);
    for (int i = 0; i < 8; i++) { /* that it has records of its own is known from the second time on */
        do {
            rep_tick(r);
            rep_begin(r);
            rep_ask(r, 0, span_cstr(TENANT[i % 4]), names_of(&k, "192.0.2.1", ""));
            rep_collect(r, clock_us() + PATIENCE_US);
            rep_result(r, 0, &s[i % 4]);
        } while (!s[i % 4].known);
    }
    /* Near: a minute may have passed. */
    assert_true(fabs(s[0].log_odds - log(2) / 6) < 1e-4);
    assert_true(fabs(s[1].log_odds - log(5) * 4 / 9) < 1e-3); /* 1 + 4 * 3/4 */
    assert_true(fabs(s[2].log_odds - s[0].log_odds) < 1e-4);
    assert_true(s[3].log_odds < -2);
}

/* Recipients of one user, some twice, in mails of one recipient and of many; and the networks it sends from. */
static void people_are_counted_once_a_day(void **state)
{
    struct rep *r = *state;
    static struct rep_names k;
    static char to[300][24];
    static span rcpt[300];
    uint8_t user[SECRET_HEX], text[NAME_KEY_BYTES];
    secret_hash(&SECRET, SPAN("user"), SPAN("somebody"), user);
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < 60; i++) {
            char ip[20];
            size_t n = i == 0 ? 300 : 1;
            snprintf(ip, sizeof ip, "192.0.%d.1", 2 + i % 3);
            for (size_t j = 0; j < n; j++) {
                snprintf(to[j], sizeof to[j], "u%zu@example.org", i * 2 + j);
                rcpt[j] = span_cstr(to[j]);
            }
            names_of(&k, ip, "");
            rep_people(r, &k, SPAN("Somebody"), rcpt, n);
            assert_true(k.outbound && k.rcpt_count == (n < CROWD_MEMBERS ? n : CROWD_MEMBERS));
            rep_count(r, 0, SPAN("a.example"), &k, SPAM_SEEN);
            if (i % 20 == 0) tick_until_written(r);
        }
    tick_until_written(r);
    static const struct {
        enum name_kind kind;
        double mails;
    } T[] = {{NAME_USER, 120}, {NAME_RCPTS, CROWD_MEMBERS}, {NAME_NETS, 3}};
    for (size_t i = 0; i < sizeof T / sizeof *T; i++) {
        span key = name_key("t", SPAN("a.example"), T[i].kind, span_of(user, sizeof user), text);
        struct answer a = command((span[]){SPAN("GET"), key}, 2);
        struct record got;
        assert_true(record_read(span_of(a.text, a.n), &got));
        assert_true(fabs(got.sum[RECORD_FAST][SUM_VOLUME] - T[i].mails) <= 0.03 * T[i].mails);
        a = command((span[]){SPAN("TTL"), key}, 2);
        assert_true(atoi(a.text) > 41 * 86400); /* a user's history is kept through a holiday */
    }
    struct rep_score s;
    do {
        rep_tick(r);
        rep_begin(r);
        rep_ask(r, 0, SPAN("a.example"), &k);
        rep_collect(r, clock_us() + PATIENCE_US);
        rep_result(r, 0, &s);
    } while (!s.known);
    assert_true(s.outbound.by_sign[OUT_SPAM] > 2.5 && s.by_kind[NAME_USER] == s.outbound.log_odds);
    assert_int_equal(lround(s.outbound.now[OUT_MAILS]), 120);
}

static void close_writes_what_is_left(void **state)
{
    struct rep *r = *state;
    struct rep_names k;
    for (int i = 0; i < 3; i++) rep_count(r, 0, SPAN_NONE, names_of(&k, "192.0.2.3", ""), HAM);
    rep_close(r);
    assert_true(near(recorded(NAME_IP, "192.0.2.3").sum[RECORD_SLOW][SUM_VOLUME], 3));
    struct rep_options off = {
        .store.where = "off", .prefix = "t", .flush_ms = FLUSH_MS, .lives = LIVES, .secret = &SECRET};
    assert_int_equal(rep_open(&off, &r), ERR_OK);
    assert_true(look(r, "192.0.2.3").known);
    assert_int_equal(rep_tick(r), -1);
    assert_int_equal(rep_fd(r), -1);
    rep_count(r, 0, SPAN_NONE, names_of(&k, "192.0.2.3", ""), HAM);
    *state = r;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(reads_what_was_said, start, stop),
        cmocka_unit_test_setup_teardown(odd_answers_are_no_evidence, start, stop),
        cmocka_unit_test_setup_teardown(counts_are_summed_and_written, start, stop),
        cmocka_unit_test_setup_teardown(sums_fade_in_the_server, start, stop),
        cmocka_unit_test_setup_teardown(cache_spares_look_ups, start, stop),
        cmocka_unit_test_setup_teardown(a_full_batch_fits, start, stop),
        cmocka_unit_test_setup_teardown(tenants_are_apart, start, stop),
        cmocka_unit_test_setup_teardown(people_are_counted_once_a_day, start, stop),
        cmocka_unit_test_setup_teardown(close_writes_what_is_left, start, stop),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    own_redis_remove();
    return failed;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* test_campaign: which band a mail counts for, what the index keeps in a real redis-server, and how rows come of it. */
#include "proto/store/campaign.h"

#include "proto/cli/campaign_rows.h"
#include "tests/unit/own_redis.h"
#include "worker/rep/campaigns.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

static const struct record_lives LIVES = {.minutes = {360, 21 * 1440}};

/* --- pure --------------------------------------------------------------------------------------------------------- */

static void subjects_can_be_shown(void **state)
{
    static const struct {
        const char *in, *want;
    } T[] = {
        {"", ""},
        {"plain", "plain"},
        {" \t two\r\n words \n", "two words"},
        {"\033[2Jgone\007", "[2Jgone"},
        {"caf\xC3\xA9 \xE7\xAF\xA9", "caf\xC3\xA9 \xE7\xAF\xA9"},
        {"broken \xC3 \xFF\xFE utf", "broken utf"},
        {"\xE2\x80\xAEgnp.exe\xE2\x80\xAC", "gnp.exe"}, /* right to left */
        {"a\xC2\x85"
         "b\xE2\x80\xA8"
         "c\xE2\x81\xA6"
         "d",
         "a b c d"}, /* C1, line, isolate */
        {"\x7F", ""},
    };
    uint8_t out[CAMPAIGN_SUBJECT_BYTES];
    (void)state;
    for (size_t i = 0; i < sizeof T / sizeof *T; i++) {
        size_t n = campaign_subject(span_cstr(T[i].in), out);
        assert_true(span_eq(span_of(out, n), span_cstr(T[i].want)));
    }
    char lengthy[200] = "x"; /* characters of three bytes behind it: none is cut */
    for (int i = 0; i < 60; i++) memcpy(lengthy + 1 + 3 * i, "\xE7\xAF\xA9", 4);
    assert_int_equal(campaign_subject(span_cstr(lengthy), out), 100);
    lengthy[0] = ' ';
    assert_int_equal(campaign_subject(span_cstr(lengthy), out), 99);
}

static void what_is_no_entry_is_none(void **state)
{
    uint8_t bytes[CAMPAIGN_BYTES + 1] = {0};
    struct campaign c = {.band = 7};
    struct record r = {.minute = 5};
    (void)state;
    r.sum[RECORD_FAST][SUM_VOLUME] = 3;
    record_write(&r, bytes);
    bytes[RECORD_BYTES] = 9;
    assert_false(campaign_read(span_of(bytes, RECORD_BYTES), &c));
    assert_true(campaign_read(span_of(bytes, RECORD_BYTES + 5), &c));
    assert_true(c.band == 7 && c.first == 9 && c.with_count == 0 && c.subject.n == 0);
    assert_true(c.seen.sum[RECORD_FAST][SUM_VOLUME] == 3);
    bytes[RECORD_BYTES + 4] = 2;
    bytes[RECORD_BYTES + 5 + 7] = 1;
    bytes[RECORD_BYTES + 5 + 15] = 2;
    assert_false(campaign_read(span_of(bytes, RECORD_BYTES + 5 + 15), &c));
    assert_true(campaign_read(span_of(bytes, RECORD_BYTES + 5 + 16 + 4), &c));
    assert_true(c.with_count == 2 && c.with[0] == 1 && c.with[1] == 2 && c.subject.n == 4);
    assert_false(campaign_read(span_of(bytes, sizeof bytes), &c));
    bytes[RECORD_BYTES + 4] = CAMPAIGN_WITH + 1;
    assert_false(campaign_read(span_of(bytes, CAMPAIGN_BYTES), &c));
    bytes[RECORD_BYTES + 4] = 0;
    bytes[3]++; /* another version */
    assert_false(campaign_read(span_of(bytes, RECORD_BYTES + 5), &c));
}

static void keys_of_an_index_are_together(void **state)
{
    uint8_t a[CAMPAIGN_INDEX_BYTES], b[CAMPAIGN_INDEX_BYTES], key[CAMPAIGN_KEY_BYTES], digits[CAMPAIGN_DIGITS];
    char prefix[NAME_PREFIX_BYTES + 1] = "", tenant[NAME_TENANT_BYTES + 1] = "";
    uint64_t band;
    (void)state;
    memset(prefix, 'p', sizeof prefix - 1);
    memset(tenant, 't', sizeof tenant - 1);
    span everybody = campaign_index("f", SPAN_NONE, a), odd = campaign_index("f", SPAN("a:b}"), b);
    assert_true(span_starts(everybody, SPAN("f:2:{")) && span_ends(everybody, SPAN("}::campaign")));
    assert_true(span_starts(span_from(odd, 8), SPAN(":~")) && span_ends(odd, SPAN(":campaign")));
    span lengthy = campaign_index(prefix, span_cstr(tenant), b);
    assert_int_equal(lengthy.n, NAME_PREFIX_BYTES + 8 + NAME_TENANT_BYTES + 9);
    assert_int_equal(campaign_nets(lengthy, 1, key).n, lengthy.n + 18);
    span entry = campaign_key(everybody, 0x0123456789abcdefu, key);
    assert_true(span_starts(entry, everybody) && span_ends(entry, SPAN(":0123456789abcdef")));
    campaign_digits(0xFEDCBA9876543210u, digits);
    assert_true(campaign_band(span_of(digits, sizeof digits), &band) && band == 0xFEDCBA9876543210u);
    assert_false(campaign_band(SPAN("0123456789abcde"), &band) || campaign_band(SPAN("0123456789abcdeg"), &band));
}

static void a_mail_counts_for_one_band(void **state)
{
    static const struct {
        struct campaigns_band v[FINGERPRINT_MAX];
        size_t n;
        int want;
    } T[] = {
        {{{5, 0}}, 0, -1},
        {{{5, 2.9}, {4, 2}}, 2, -1},
        {{{5, 3}, {4, 2}}, 2, 0},
        {{{5, 3}, {4, 3}}, 2, 1},             /* alike: the least */
        {{{5, 100}, {4, 88}, {9, 87}}, 3, 1}, /* nearly */
        {{{5, 100}, {4, 86}}, 2, 0},
        {{{5, 3}, {4, 100}, {3, 7}}, 3, 1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof T / sizeof *T; i++) {
        struct campaigns_mail m = {.n = T[i].n};
        memcpy(m.v, T[i].v, sizeof m.v);
        assert_int_equal(campaigns_leader(&m), T[i].want);
    }
}

static struct campaign entry_of(uint64_t band, double mails, uint64_t with1, uint64_t with2, const char *subject)
{
    struct campaign c = {
        .band = band, .first = 100 + (uint32_t)band, .with = {with1, with2}, .subject = span_cstr(subject)};
    c.with_count = with2 ? 2 : with1 ? 1 : 0;
    c.seen.sum[RECORD_FAST][SUM_VOLUME] = c.seen.sum[RECORD_SLOW][SUM_VOLUME] = mails;
    c.seen.sum[RECORD_FAST][SUM_SPAM] = mails / 2;
    return c;
}

static void bands_that_come_together_are_one_row(void **state)
{
    (void)state;
    /* 1 is the largest; 2 stands beside it, 3 beside what stands beside it, 4 has it beside itself; 5 only shares a band
     * with 4, which began no row; 6 is alone. */
    struct campaign v[] = {
        entry_of(6, 40, 0, 0, "six"),  entry_of(4, 10, 1, 20, "four"), entry_of(1, 100, 2, 9, ""),
        entry_of(5, 8, 20, 0, "five"), entry_of(2, 50, 0, 0, "two"),   entry_of(3, 20, 9, 0, "three"),
    };
    static struct campaign_row row[6];
    assert_int_equal(campaign_rows(v, 6, row), 3);
    assert_true(row[0].band[0] == 1 && row[1].band[0] == 6 && row[2].band[0] == 5);
    assert_true(row[0].seen.sum[RECORD_FAST][SUM_VOLUME] == 180 && row[0].seen.sum[RECORD_FAST][SUM_SPAM] == 90);
    assert_true(row[0].first == 101 && span_eq(row[0].subject, SPAN("two")));
    assert_int_equal(row[0].band_count, 5); /* 1, 2, 9, 3, 4: what 4 goes with is not looked at */
    static const bool ENTRY[] = {true, true, false, true, true};
    assert_memory_equal(row[0].entry, ENTRY, sizeof ENTRY);
    assert_int_equal(campaign_rows(v, 0, row), 0);
}

static void five_hundred_entries_of_one_text(void **state)
{
    static struct campaign v[CAMPAIGN_KEPT];
    static struct campaign_row row[CAMPAIGN_KEPT];
    (void)state;
    for (uint64_t i = 0; i < CAMPAIGN_KEPT; i++) v[i] = entry_of(i + 1, 1000 - (double)i, i > 0 ? 1 : 0, 0, "x");
    assert_int_equal(campaign_rows(v, CAMPAIGN_KEPT, row), 1);
    assert_int_equal(row[0].band_count, CAMPAIGN_ROW_BANDS);
    for (uint64_t i = 0; i < CAMPAIGN_KEPT; i++) v[i] = entry_of(i + 1, 1000 - (double)i, i, i + 2, "x"); /* a chain */
    assert_true(campaign_rows(v, CAMPAIGN_KEPT, row) > CAMPAIGN_KEPT / 6);
}

static void growth_is_against_the_usual(void **state)
{
    static const struct {
        double hours, index_weeks, weeks, growth; /* mails: of the index; of the texts' records */
    } T[] = {
        {0, 0, 0, 1},
        {3, 3, 3, 1.3},
        {300, 300, 300, 22.8}, /* new: a 84th is usual already */
        {300, 0, 300, 22.8},   /* seen by people before it came to the index */
        {300, 300, 0, 22.8},   /* its record is gone */
        {10000, 10000, 10000, 77.6},
        {100, 100, 8400, 1}, /* a steady sender */
        {1000, 1000, 840000, 0.1},
    };
    static struct campaign_row rows[2];
    (void)state;
    for (size_t i = 0; i < sizeof T / sizeof *T; i++) {
        struct campaign_row row = {.band = {1, 2}, .band_count = 2, .entry = {true, false}};
        struct record r = {0}, other = {0};
        row.seen.sum[RECORD_FAST][SUM_VOLUME] = T[i].hours;
        row.seen.sum[RECORD_SLOW][SUM_VOLUME] = T[i].index_weeks;
        r.sum[RECORD_FAST][SUM_VOLUME] = 1e6; /* counted for others of its mails' bands */
        r.sum[RECORD_SLOW][SUM_VOLUME] = T[i].weeks;
        r.sum[RECORD_SLOW][SUM_SAID_SPAM] = 1;
        other.sum[RECORD_FAST][SUM_VOLUME] = other.sum[RECORD_SLOW][SUM_VOLUME] = 1e6; /* another text's */
        other.sum[RECORD_SLOW][SUM_SAID_SPAM] = 3;
        other.sum[RECORD_SLOW][SUM_SAID_HAM] = 0.25;
        campaign_row_add(&row, 0, &r);
        campaign_row_add(&row, 1, &other);
        campaign_row_finish(&row, &LIVES);
        if (fabs(row.growth - T[i].growth) > 0.06) fail_msg("row %zu: growth %g", i, row.growth);
        assert_true(row.said_spam == 3 && row.said_ham == 0.25);
        rows[0] = rows[1];
        rows[1] = row;
    }
    campaign_rows_sort(rows, 2);
    assert_true(rows[0].growth > rows[1].growth);
}

/* --- with a server ------------------------------------------------------------------------------------------------ */

static struct store *store;
static struct campaigns *campaigns;
static struct campaigns_writer writer;

static int start(void **state)
{
    (void)state;
    own_redis_start();
    store = own_redis_store();
    assert_int_equal(campaigns_open(store, "t", &LIVES, &campaigns), ERR_OK);
    campaigns_writer_init(&writer, store, &LIVES);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    campaigns_close(campaigns);
    store_close(store);
    own_redis_remove();
    own_redis_dir[0] = 0;
    return 0;
}

/* Hear replies until the one with this tag; text and number of it. */
static int64_t hear(uint64_t tag, uint8_t *text, size_t *n)
{
    struct store_reply reply;
    for (int64_t until_us = clock_us() + 20000000; clock_us() < until_us;) {
        store_pump(store);
        if (!store_next(store, &reply)) {
            store_wait(store, 1000);
            continue;
        }
        if (reply.v[0].kind == STORE_ERROR) fail_msg("%.*s", SPAN_ARG(reply.v[0].text));
        if (reply.tag != tag) continue;
        if (text && reply.v[0].kind == STORE_TEXT) memcpy(text, reply.v[0].text.p, *n = reply.v[0].text.n);
        return reply.v[0].kind == STORE_LIST ? (int64_t)reply.v[0].n : reply.v[0].integer;
    }
    fail_msg("no answer from redis-server");
    return 0;
}

static int64_t ask(const span *words, size_t n)
{
    for (int64_t until_us = clock_us() + 20000000; !store_put(store, words[1], words, n, 99);) {
        assert_true(clock_us() < until_us);
        store_pump(store);
        store_wait(store, 1000);
    }
    return hear(99, NULL, NULL);
}

static span index_of(const char *tenant)
{
    static uint8_t text[4][CAMPAIGN_INDEX_BYTES];
    static int turn;
    return campaign_index("t", span_cstr(tenant), text[turn++ % 4]);
}

static int64_t kept(const char *tenant)
{
    return ask((span[]){SPAN("ZCARD"), index_of(tenant)}, 2);
}

static bool get(const char *tenant, uint64_t band, struct campaign *out)
{
    static uint8_t bytes[CAMPAIGN_BYTES];
    uint8_t key[CAMPAIGN_KEY_BYTES];
    size_t n = 0;
    span words[] = {SPAN("GET"), campaign_key(index_of(tenant), band, key)};
    assert_true(store_put(store, words[1], words, 2, 98));
    hear(98, bytes, &n);
    return campaign_read(span_of(bytes, n), out);
}

static int64_t networks(const char *tenant, uint64_t band)
{
    uint8_t key[CAMPAIGN_KEY_BYTES];
    return ask((span[]){SPAN("PFCOUNT"), campaign_nets(index_of(tenant), band, key)}, 2);
}

static int64_t put(const char *tenant, const struct campaign_more *more, size_t n)
{
    for (int64_t until_us = clock_us() + 20000000; !campaigns_put(&writer, index_of(tenant), more, n, 97);) {
        assert_true(clock_us() < until_us);
        store_pump(store);
        store_wait(store, 1000);
    }
    return hear(97, NULL, NULL);
}

static double hours(const struct campaign *c, enum record_sum k)
{
    return c->seen.sum[RECORD_FAST][k];
}

static bool near(double got, double want)
{
    return fabs(got - want) <= 0.005 * want;
}

static void entries_are_added_to(void **state)
{
    struct campaign c;
    struct campaign_more more = {.band = 0xABCD,
                                 .makes = true,
                                 .mails = 3,
                                 .ham = 1,
                                 .spam = 2,
                                 .with = {1, 2},
                                 .with_count = 2,
                                 .net = {11, 12},
                                 .net_count = 2,
                                 .subject = SPAN("first")};
    (void)state;
    assert_int_equal(put("", &more, 1), 1);
    assert_true(get("", 0xABCD, &c));
    assert_true(near(hours(&c, SUM_VOLUME), 3) && near(hours(&c, SUM_HAM), 1) && near(hours(&c, SUM_SPAM), 2));
    assert_true(near(c.seen.sum[RECORD_SLOW][SUM_VOLUME], 3) && hours(&c, SUM_SAID_SPAM) == 0);
    assert_true(c.first > 0 && c.first == c.seen.minute && c.with_count == 2 && c.with[0] == 1 && c.with[1] == 2);
    assert_true(span_eq(c.subject, SPAN("first")));

    more = (struct campaign_more){.band = 0xABCD,
                                  .mails = 4,
                                  .spam = 4,
                                  .with = {3, 2, 4, 5, 6, 7, 8, 9},
                                  .with_count = 8,
                                  .net = {12, 13},
                                  .net_count = 2,
                                  .subject = SPAN("second")};
    struct campaign_more two[] = {more, {.band = 0xBEEF, .mails = 2}}; /* the latter may not make one */
    assert_int_equal(put("", two, 2), 1);
    assert_true(get("", 0xABCD, &c) && !get("", 0xBEEF, &(struct campaign){0}));
    assert_true(near(hours(&c, SUM_VOLUME), 7) && near(hours(&c, SUM_HAM), 1) && near(hours(&c, SUM_SPAM), 6));
    static const uint64_t LATEST[] = {3, 2, 4, 5, 6, 7, 8, 9};
    assert_int_equal(c.with_count, CAMPAIGN_WITH);
    assert_memory_equal(c.with, LATEST, sizeof LATEST);
    assert_true(span_eq(c.subject, SPAN("first")));
    assert_int_equal(networks("", 0xABCD), 3);
    assert_int_equal(kept(""), 1);

    uint8_t key[CAMPAIGN_KEY_BYTES];
    const span of[] = {index_of(""), campaign_key(index_of(""), 0xABCD, key)};
    for (int i = 0; i < 2; i++) {
        int64_t ttl_s = ask((span[]){SPAN("TTL"), of[i]}, 2);
        assert_true(ttl_s > 86400 - 60 && ttl_s <= 86400);
    }
    assert_true(ask((span[]){SPAN("TTL"), campaign_nets(index_of(""), 0xABCD, key)}, 2) > 86400 - 60);

    /* What is no entry is overwritten, a HyperLogLog that is none left alone. */
    ask((span[]){SPAN("SET"), campaign_key(index_of(""), 0xABCD, key), SPAN("no entry")}, 3);
    ask((span[]){SPAN("SET"), campaign_nets(index_of(""), 0xABCD, key), SPAN("none")}, 3);
    two[0].makes = true;
    assert_int_equal(put("", two, 1), 1);
    assert_true(get("", 0xABCD, &c) && near(hours(&c, SUM_VOLUME), 4));
}

/* The least grown go, with all of their keys. */
static void an_index_is_bounded(void **state)
{
    struct campaign_more more[CAMPAIGN_BATCH];
    (void)state;
    for (uint64_t i = 0; i < CAMPAIGN_KEPT + 64; i += CAMPAIGN_BATCH) {
        for (uint64_t k = 0; k < CAMPAIGN_BATCH; k++)
            more[k] = (struct campaign_more){
                .band = i + k, .makes = true, .mails = (uint32_t)(10 + i + k), .net = {1}, .net_count = 1};
        assert_int_equal(put("", more, CAMPAIGN_BATCH), CAMPAIGN_BATCH);
    }
    assert_int_equal(kept(""), CAMPAIGN_KEPT);
    assert_int_equal(ask((span[]){SPAN("DBSIZE"), SPAN_NONE}, 1), 2 * CAMPAIGN_KEPT + 1);
    assert_false(get("", 63, &(struct campaign){0}));
    assert_true(get("", 64, &(struct campaign){0}));
    /* What comes as it always came makes room for what is new. */
    uint8_t key[CAMPAIGN_KEY_BYTES], bytes[RECORD_BYTES + 5] = {0};
    struct record r = {.minute = record_minute(clock_wall_us())};
    r.sum[RECORD_FAST][SUM_VOLUME] = 1000;
    r.sum[RECORD_SLOW][SUM_VOLUME] = 84000;
    record_write(&r, bytes);
    ask((span[]){SPAN("SET"), campaign_key(index_of(""), 70, key), span_of(bytes, sizeof bytes)}, 3);
    struct campaign_more last[] = {{.band = 70, .makes = true, .mails = 10},
                                   {.band = 9999, .makes = true, .mails = 90}};
    put("", last, 2);
    assert_true(get("", 9999, &(struct campaign){0}) && !get("", 70, &(struct campaign){0}));
}

static struct campaigns_mail like(uint64_t band, const char *tenant, uint64_t net)
{
    return (struct campaigns_mail){.v = {{band, 50}, {band + 1, 40}, {band + 2, 3}, {band + 3, 2}},
                                   .n = 4,
                                   .seen = {1, 0, 1},
                                   .net = net,
                                   .tenant = span_cstr(tenant),
                                   .subject = SPAN("of a tenant")};
}

static void flush(void)
{
    while (!store_up(store)) {
        store_pump(store);
        store_wait(store, 1000);
    }
    assert_false(campaigns_flush(campaigns, CAMPAIGNS_SETS, 1));
    assert_int_equal(campaigns_waiting(campaigns), 0);
}

static void tenants_have_their_own(void **state)
{
    struct campaign c;
    (void)state;
    for (int i = 0; i < 40; i++) {
        struct campaigns_mail m = like(100, i < 30 ? "a" : i < 32 ? "b" : "", 1 + (uint64_t)i % 20);
        campaigns_note(campaigns, &m);
        m = like(400, "", 1);
        for (uint64_t net = 0; net < 20; net++) {
            m.net = 1 + 20 * (uint64_t)i + net;
            campaigns_note(campaigns, &m);
        }
        m = like(200, "a", 0);
        m.shared = true;
        campaigns_note(campaigns, &m);
        m.v[0].mails = m.v[1].mails = 2; /* like too few others */
        m.v[0].band = 300;
        m.n = 2;
        campaigns_note(campaigns, &m);
    }
    assert_int_equal(campaigns_waiting(campaigns), 6);
    flush();
    assert_true(get("", 100, &c) && near(hours(&c, SUM_VOLUME), 40) && near(hours(&c, SUM_SPAM), 40));
    assert_true(c.subject.n == 0 && c.with_count == 1 && c.with[0] == 101);
    assert_int_equal(networks("", 100), 20);
    int64_t some = networks("", 400); /* of 800, as many as are looked at; 0.8% off */
    assert_true(some >= CAMPAIGN_NETS - 2 && some <= CAMPAIGN_NETS + 2);
    assert_true(get("", 200, &c) && span_eq(c.subject, SPAN("of a tenant")));
    assert_true(get("a", 100, &c) && near(hours(&c, SUM_VOLUME), 30) && span_eq(c.subject, SPAN("of a tenant")));
    assert_int_equal(kept(""), 3);
    assert_int_equal(kept("a"), 2);
    assert_int_equal(kept("b"), 0); /* two are no campaign of b's */
}

/* However many texts there are at once, those with many mails stay. */
static void little_room_is_for_the_large(void **state)
{
    struct campaign c;
    (void)state;
    for (uint64_t i = 0; i < 20000; i++) {
        struct campaigns_mail m = like(i % 40 == 0 ? 7 : 1000 + i, "", 1);
        campaigns_note(campaigns, &m);
    }
    assert_int_equal(campaigns_waiting(campaigns), CAMPAIGNS_SETS * CAMPAIGNS_WAYS);
    flush();
    assert_true(get("", 7, &c) && near(hours(&c, SUM_VOLUME), 500));
    assert_int_equal(kept(""), CAMPAIGN_KEPT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(subjects_can_be_shown),
        cmocka_unit_test(what_is_no_entry_is_none),
        cmocka_unit_test(keys_of_an_index_are_together),
        cmocka_unit_test(a_mail_counts_for_one_band),
        cmocka_unit_test(bands_that_come_together_are_one_row),
        cmocka_unit_test(five_hundred_entries_of_one_text),
        cmocka_unit_test(growth_is_against_the_usual),
        cmocka_unit_test_setup_teardown(entries_are_added_to, start, stop),
        cmocka_unit_test_setup_teardown(an_index_is_bounded, start, stop),
        cmocka_unit_test_setup_teardown(tenants_have_their_own, start, stop),
        cmocka_unit_test_setup_teardown(little_room_is_for_the_large, start, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

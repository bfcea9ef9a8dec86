/* SPDX-License-Identifier: Apache-2.0 */
/* course: hosts that share a stream end alike, whenever they came, whatever the stream has lost meanwhile, and wherever
 * they began again when a rewind was ordered. Over a real redis-server; times are those of the entries. */
#define _GNU_SOURCE
#include "models/live/resume/bookmark.h"
#include "models/live/resume/note.h"
#include "models/live/resume/series.h"
#include "tests/unit/hosts.h"

#include <dirent.h>

static void bookmarks_show_every_host(void **unused)
{
    (void)unused;
    struct host a, b;
    come(&a, 0xa);
    come(&b, 0xb);
    tell_to(10);
    follow_to(&a, 10);
    follow_to(&b, 10);
    tell_to(14);
    const char *want =
        "name 000000000000000a consumers 0 pending 0 last-delivered-id 1790000720000-1 entries-read 10 lag 4";
    UNTIL(&a, strstr(ASK(SPAN("XINFO"), SPAN("GROUPS"), KEY), want));
    follow_to(&b, 14);
    want = "name 000000000000000b consumers 0 pending 0 last-delivered-id 1790001008000-1 entries-read 14 lag 0";
    UNTIL(&b, strstr(ASK(SPAN("XINFO"), SPAN("GROUPS"), KEY), want));
    go(&a);
    go(&b);
}

/* Redis removes whole nodes, of up to 100 entries. */
static uint64_t left(void)
{
    return strtoull(ASK(SPAN("XLEN"), KEY), NULL, 10);
}

static void the_stream_is_cut_behind_all(void **unused)
{
    (void)unused;
    struct host a, b;
    rewind_days = 1; /* 1,200 entries */
    come(&a, 0xa);
    come(&b, 0xb);
    tell_to(300);
    follow_to(&b, 300);
    UNTIL(&b, strstr(ASK(SPAN("XINFO"), SPAN("GROUPS"), KEY), "000000000000000b"));
    end(&b); /* gone, for good */
    tell_to(2000);
    follow_to(&a, 2000);
    UNTIL(&a, left() <= 1800);
    for (int i = 0; i < 100; i++) turn(&a);
    assert_in_range(left(), 1700, 1800); /* the other host holds what it has not got */
    tell_to(300 + 3 * 1200 + 100);
    follow_to(&a, told);
    UNTIL(&a, left() <= 1300); /* not for longer than three days */
    assert_non_null(strstr(ASK(SPAN("XINFO"), SPAN("GROUPS"), KEY), "000000000000000b"));
    tell_to(told + 1);
    struct feedback r = {.digest = {1, 1}, .reporter = 9};
    told += 31 * 1200; /* time passes */
    uint64_t number = told;
    add(&r);
    told = number + 1;
    follow_to(&a, told);
    UNTIL(&a, !strstr(ASK(SPAN("XINFO"), SPAN("GROUPS"), KEY), "000000000000000b"));
    begin(&b);
    go(&a);
    go(&b);
}

static void memory_is_bounded(void **unused)
{
    (void)unused;
    struct host a;
    come(&a, 0xa);
    tell_to(1000);
    follow_to(&a, 1000);
    for (int i = 0; i < 100; i++) turn(&a);
    assert_int_equal(left(), 1000);
    uint64_t used = strtoull(ASK(SPAN("MEMORY"), SPAN("USAGE"), KEY), NULL, 10);
    end(&a);
    stream_bytes = used / 4;
    begin(&a);
    UNTIL(&a, left() < 400);
    assert_in_range(strtoull(ASK(SPAN("MEMORY"), SPAN("USAGE"), KEY), NULL, 10), used / 8, used / 2);
    tell_to(1010);
    follow_to(&a, 1010);
    assert_true(follow_place_zero(a.live.follow.missed));
    course_press(a.course); /* Redis has no memory left at all */
    UNTIL(&a, left() < 100);
    go(&a);
}

static void a_new_host_takes_over(void **unused)
{
    (void)unused;
    struct host a, b, c;
    struct course_stat s;
    come(&a, 0xa);
    tell_to(250);
    follow_to(&a, 250);
    UNTIL(&a, strstr(ASK(SPAN("GET"), SPAN("t:2:{reports}:snapshot")), "ms="));
    ASK(SPAN("XTRIM"), KEY, SPAN("MAXLEN"), SPAN("20"));
    tell_to(260);
    come(&b, 0xb);
    follow_to(&b, 260);
    follow_to(&a, 260);
    course_stat(b.course, &s);
    assert_int_equal(s.taken_over, 1);
    assert_int_equal(b.taken, 10);
    assert_true(same(&a, &b));
    assert_true(follow_place_zero(b.live.follow.missed));
    end(&b); /* away, until the stream has lost what comes next */
    tell_to(300);
    follow_to(&a, 300);
    UNTIL(&a, strstr(ASK(SPAN("GET"), SPAN("t:2:{reports}:snapshot")), "ms=1790021600000"));
    ASK(SPAN("XTRIM"), KEY, SPAN("MAXLEN"), SPAN("5"));
    begin(&b);
    follow_to(&b, 300);
    assert_true(same(&a, &b));
    assert_true(follow_place_zero(b.live.follow.missed));
    come(&c, 0xc);
    end(&c);
    memset(&c.secret, 8, sizeof c.secret); /* of another installation: it must not believe a word of it */
    begin(&c);
    follow_to(&c, 300);
    assert_false(follow_place_zero(c.live.follow.missed));
    course_stat(c.course, &s);
    assert_int_equal(c.taken, 0);
    assert_int_equal(s.follow.dead, 5);
    go(&a);
    go(&b);
    go(&c);
}

static void what_is_damaged_is_refused(void **unused)
{
    (void)unused;
    static const char *const DAMAGE[][4] = {
        {"SETRANGE", "t:2:{reports}:snapshot", "0", "x"},
        {"SETRANGE", "CHUNK", "5000", "x"},
        {"APPEND", "CHUNK", "x", ""},
        {"DEL", "CHUNK", "t:2:{nothing}", ""},
        {"RENAME", "t:2:{reports}", "t:2:{reports}:snapshot", ""},
    };
    for (size_t i = 0; i < sizeof DAMAGE / sizeof *DAMAGE; i++) {
        struct host a, b;
        struct course_stat s;
        char chunk[128];
        ASK(SPAN("FLUSHALL"));
        told = 0;
        come(&a, 0xa);
        tell_to(30);
        follow_to(&a, 30);
        UNTIL(&a, strstr(ASK(SPAN("GET"), SPAN("t:2:{reports}:snapshot")), "ms="));
        const char *note = ASK(SPAN("GET"), SPAN("t:2:{reports}:snapshot"));
        snprintf(chunk, sizeof chunk, "t:2:{reports}:snapshot:000000000000000a-%.13s:0", strstr(note, "made_ms=") + 8);
        assert_string_equal(ASK(SPAN("EXISTS"), span_cstr(chunk)), "1");
        span words[4];
        size_t n = 0;
        for (; n < 4 && DAMAGE[i][n][0]; n++)
            words[n] = span_cstr(strcmp(DAMAGE[i][n], "CHUNK") == 0 ? chunk : DAMAGE[i][n]);
        ask(words, n);
        if (i == 4) told = 0;
        tell_to(31);
        come(&b, 0xb);
        UNTIL(&b, follow_place_cmp(b.live.follow.place, place(told)) == 0);
        course_stat(b.course, &s);
        assert_int_equal(s.taken_over, 0);
        go(&a);
        go(&b);
    }
}

static void one_that_missed_something_is_healed(void **unused)
{
    (void)unused;
    struct host a, b;
    struct course_stat s;
    come(&a, 0xa);
    come(&b, 0xb);
    tell_to(20);
    follow_to(&a, 20);
    follow_to(&b, 20);
    UNTIL(&a, strstr(ASK(SPAN("GET"), SPAN("t:2:{reports}:snapshot")), "ms="));
    end(&b);
    tell_to(60);
    UNTIL(&a, is_at(&a, 60)); /* no newer snapshot is shared yet */
    ASK(SPAN("DEL"), SPAN("t:2:{reports}:snapshot"));
    ASK(SPAN("XTRIM"), KEY, SPAN("MAXLEN"), SPAN("10"));
    begin(&b);
    UNTIL(&b, is_at(&b, 60));
    assert_false(follow_place_zero(b.live.follow.missed));
    course_stat(b.course, &s);
    assert_int_equal(s.follow.gaps, 1);
    assert_false(same(&a, &b));
    follow_to(&a, 60);
    tell_to(61);
    /* That of entry 60: the first one may have been shared once more. */
    UNTIL(&a, strstr(ASK(SPAN("GET"), SPAN("t:2:{reports}:snapshot")), "\nms=1790004320000\nn=1\nwhole=1\n"));
    UNTIL(&b, follow_place_zero(b.live.follow.missed));
    follow_to(&a, 61);
    follow_to(&b, 61);
    assert_true(same(&a, &b));
    go(&a);
    go(&b);
}

static size_t kept(const struct host *h)
{
    char path[96];
    size_t n = 0;
    snprintf(path, sizeof path, "%s/old", h->dir);
    DIR *d = opendir(path);
    for (const struct dirent *e; d && (e = readdir(d));) n += e->d_name[0] != '.';
    if (d) closedir(d);
    return n;
}

/* Whatever they began again from, and whatever ended in between, all hosts come to one state. */
static void all_go_back_alike(void **unused)
{
    (void)unused;
    struct host a, b, c, d, r;
    struct course_stat s;
    come(&a, 0xa);
    come(&b, 0xb);
    come(&c, 0xc);
    come(&r, 0xd); /* never learns what the others will be told to forget */
    for (uint64_t n = 20; n <= 200; n += 20) {
        tell_to(n);
        follow_to(&a, n);
        if (n != 60) continue;
        follow_to(&b, n);
        follow_to(&r, n);
        r.live.control.skips = 1;
        r.live.control.skip[0] = (struct control_skip){place(130), place(231)};
    }
    assert_int_equal(kept(&a), 5); /* 200 entries are 4 hours; the first of each hour */
    follow_to(&b, 200);
    tell_to(230);
    UNTIL(&a, is_at(&a, 230));
    UNTIL(&r, is_at(&r, 230));
    assert_int_equal(learn_learnt(&a.live.learn) - learn_learnt(&r.live.learn), 100);
    assert_null(course_can_rewind(a.course, place(130)));
    assert_non_null(course_can_rewind(a.course, place(500)));
    order("rewind", 130);
    tell_to(260);
    UNTIL(&a, is_at(&a, 260));
    UNTIL(&b, is_at(&b, 260));
    UNTIL(&c, is_at(&c, 260)); /* has no snapshot at all: it goes back to the beginning */
    course_stat(a.course, &s);
    assert_int_equal(s.rewound, 1);
    assert_int_equal(a.live.control.skips, 1);
    UNTIL(&r, is_at(&r, 260));
    assert_true(same(&a, &b));
    assert_true(same(&a, &c));
    assert_true(same(&a, &r));
    follow_to(&a, 260);
    assert_int_equal(kept(&a), 4); /* what holds that which does not count is gone */

    order("freeze", 0);
    order("rewind", 240); /* from a newer one */
    tell_to(280);
    for (int i = 0; i < 8; i++) { /* b is killed on its way, again and again */
        for (int k = 0; k < 7 * i; k++) turn(&b);
        end(&b);
        begin(&b);
    }
    follow_to(&a, 280);
    follow_to(&b, 280);
    follow_to(&c, 280);
    assert_true(same(&a, &b));
    assert_true(same(&a, &c));
    assert_int_equal(a.live.control.skips, 2);
    order("rewind", 100); /* and over all of it */
    tell_to(300);
    follow_to(&a, 300);
    follow_to(&b, 300);
    UNTIL(&a, strstr(ASK(SPAN("GET"), SPAN("t:2:{reports}:snapshot")), "ms=1790021600000"));
    come(&d, 0xd); /* a new one has it from the shared snapshot */
    follow_to(&d, 300);
    assert_true(same(&a, &b));
    assert_true(same(&a, &d));
    assert_int_equal(a.live.control.skips, 1);
    go(&a);
    go(&b);
    go(&c);
    go(&d);
    go(&r);
}

/* No way back: it keeps what it has, says so, and takes over the state of one that could. */
static void no_way_back(void **unused)
{
    (void)unused;
    struct host a, b;
    struct course_stat s;
    come(&a, 0xa);
    tell_to(50);
    follow_to(&a, 50);
    tell_to(200);
    follow_to(&a, 200);
    ASK(SPAN("XTRIM"), KEY, SPAN("MAXLEN"), SPAN("160"));
    UNTIL(&a, strstr(ASK(SPAN("GET"), SPAN("t:2:{reports}:snapshot")), "ms=1790014400000"));
    come(&b, 0xb);
    follow_to(&b, 200);
    assert_null(course_can_rewind(a.course, place(100)));
    assert_non_null(course_can_rewind(b.course, place(100)));
    order("rewind", 100);
    tell_to(220);
    UNTIL(&b, is_at(&b, 220));
    course_stat(b.course, &s);
    assert_int_equal(s.rewinds_failed, 1);
    assert_int_equal(follow_place_cmp(b.live.follow.missed, place(201)), 0);
    follow_to(&a, 220);
    course_stat(a.course, &s);
    assert_int_equal(s.rewound, 1);
    assert_false(same(&a, &b));
    UNTIL(&a, strstr(ASK(SPAN("GET"), SPAN("t:2:{reports}:snapshot")), "ms=1790015840000"));
    UNTIL(&b, follow_place_zero(b.live.follow.missed) && is_at(&b, 220));
    assert_true(same(&a, &b));
    go(&a);
    go(&b);
}

static void a_series_thins_out(void **unused)
{
    (void)unused;
    char dir[] = "/tmp/furui-series.XXXXXX", old[64], file[64], path[SERIES_PATH_BYTES], command[96];
    struct follow_place at, all = {0, 0};
    size_t n = 0;
    assert_non_null(mkdtemp(dir));
    snprintf(old, sizeof old, "%s/old", dir);
    snprintf(file, sizeof file, "%s/it", dir);
    fclose(fopen(file, "w"));
    for (uint64_t ms = 1789948800000; ms < 1789948800000 + UINT64_C(20) * 86400000; ms += 600000)
        assert_int_equal(series_keep(old, file, (struct follow_place){ms, 0}, 7), ERR_OK);
    for (at = (struct follow_place){UINT64_MAX, 0}; series_find(old, at, path, &at); n++) {
        assert_int_equal(access(path, R_OK), 0);
        all = at;
        at.ms--;
    }
    assert_in_range(n, 24 + 6, 24 + 7);
    assert_int_equal(all.ms, 1789948800000 + UINT64_C(13) * 86400000);
    series_forget(old, all, (struct follow_place){UINT64_MAX, 0});
    assert_true(series_find(old, (struct follow_place){UINT64_MAX, 0}, path, &at));
    assert_int_equal(at.ms, all.ms);
    snprintf(command, sizeof command, "rm -rf %s", dir);
    assert_int_equal(system(command), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(bookmarks_show_every_host, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_stream_is_cut_behind_all, set_up, tear_down),
        cmocka_unit_test_setup_teardown(memory_is_bounded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_new_host_takes_over, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_damaged_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_that_missed_something_is_healed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(all_go_back_alike, set_up, tear_down),
        cmocka_unit_test_setup_teardown(no_way_back, set_up, tear_down),
        cmocka_unit_test(a_series_thins_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* lost: a server that has lost the end of what it had acknowledged: hosts go back, and end alike. */
#define _GNU_SOURCE
#include "tests/unit/hosts.h"

/* It comes back with what `command` made of its file; NULL: with all that it had. */
static void start_again(const char *command)
{
    own_redis_kill();
    assert_int_equal(command ? system(command) : 0, 0);
    own_redis_start();
    store_close(teller);
    teller = own_redis_store();
    ASK(SPAN("CONFIG"), SPAN("SET"), SPAN("appendfsync"), SPAN("always"));
}

/* A server that loses nothing but what the test takes from it. */
static int set_up_safe(void **unused)
{
    int failed = set_up(unused);
    ASK(SPAN("CONFIG"), SPAN("SET"), SPAN("appendfsync"), SPAN("always"));
    return failed;
}

/* Its file as it was, or back to that. */
static void keep_file(const char *to, const char *from)
{
    char command[256];
    snprintf(command, sizeof command, "rm -rf %s/%s && cp -r %s/%s %s/%s", own_redis_dir, to, own_redis_dir, from,
             own_redis_dir, to);
    start_again(command);
}

static uint64_t times_lost(const struct host *h)
{
    struct course_stat s;
    course_stat(h->course, &s);
    return s.lost;
}

/* One host has read what is lost, the other has not; what is sent again comes in other places. */
static void what_a_server_lost_is_taken_again(void **unused)
{
    (void)unused;
    struct host a, b;
    for (int saved = 0; saved < 2; saved++) {
        ASK(SPAN("FLUSHALL"));
        told = late_ms = 0;
        come(&a, 0xa);
        come(&b, 0xb);
        tell_to(120);
        follow_to(&a, 100 + 20);
        follow_to(&b, 120);
        keep_file("kept", "appendonlydir");
        tell_to(150);
        UNTIL(&a, is_at(&a, 150));
        if (saved) follow_to(&a, 150); /* and its snapshot is of what is lost */
        keep_file("appendonlydir", "kept");
        told = 120;
        late_ms = 1000;
        tell_to(155);
        UNTIL(&a, is_at(&a, 155));
        UNTIL(&b, is_at(&b, 155));
        assert_true(same(&a, &b));
        assert_in_range(times_lost(&a), 1, 2); /* both connections may tell */
        assert_int_equal(a.drops, times_lost(&a));
        assert_int_equal(times_lost(&b), 0);
        go(&a);
        go(&b);
    }
}

/* Entries are there, but the words that followed from them may not be. */
static void what_was_told_and_lost_is_told_again(void **unused)
{
    (void)unused;
    struct host a, b;
    char early[FOLLOW_PLACE_TEXT];
    static const span TOLD = {(const uint8_t *)"t:2:{reports}:told:000000000000000a", 35};
    come(&a, 0xa);
    tell_to(20);
    follow_to(&a, 20);
    tell_to(60);
    UNTIL(&a, is_at(&a, 60));
    follow_place_write(place(60), early);
    UNTIL(&a, strcmp(ASK(SPAN("GET"), TOLD), early) == 0);
    start_again(NULL);
    tell_to(61);
    UNTIL(&a, is_at(&a, 61));
    assert_int_equal(times_lost(&a), 0);
    assert_int_equal(a.taken, 61);
    follow_place_write(place(40), early);
    end(&a);
    begin(&a); /* goes on from its snapshot, of 20 */
    UNTIL(&a, is_at(&a, 61));
    assert_int_equal(a.taken, 41);
    UNTIL(&a, strcmp(ASK(SPAN("SET"), TOLD, span_cstr(early)), "OK") == 0);
    start_again(NULL);
    UNTIL(&a, times_lost(&a) == 1);
    UNTIL(&a, is_at(&a, 61));
    assert_int_equal(a.taken, 41 + 41);
    ASK(SPAN("DEL"), TOLD); /* it was never told anything, as when the state was copied from another host */
    start_again(NULL);
    tell_to(62);
    UNTIL(&a, is_at(&a, 62));
    assert_int_equal(times_lost(&a), 1);
    come(&b, 0xb);
    UNTIL(&b, is_at(&b, 62));
    assert_true(same(&a, &b));
    go(&a);
    go(&b);
}

static void an_empty_server_takes_nothing_away(void **unused)
{
    (void)unused;
    struct host a;
    come(&a, 0xa);
    tell_to(20);
    follow_to(&a, 20);
    ASK(SPAN("FLUSHALL"));
    start_again(NULL);
    tell_to(25);
    UNTIL(&a, is_at(&a, 25));
    assert_int_equal(times_lost(&a), 0);
    assert_int_equal(a.live.reports, 25);
    go(&a);
}

/* Entries and what was told of them are there, but one of several servers came back without its words. */
static void words_that_a_bucket_lost_are_told_again(void **unused)
{
    (void)unused;
    struct host a, b;
    struct course_stat s;
    come(&a, 0xa);
    tell_to(20);
    follow_to(&a, 20);
    tell_to(120);
    follow_to(&a, 120);
    tell_to(130);
    UNTIL(&a, is_at(&a, 130));
    a.missing_upto = place(100);
    a.missing = true;
    UNTIL(&a, a.told_again == 1);
    UNTIL(&a, is_at(&a, 130));
    assert_int_equal(a.taken, 130 + 110); /* from the snapshot at 20 */
    a.missing = true;                     /* at once again: a stranger has us run in circles */
    UNTIL(&a, a.went_on == 1);
    tell_to(140);
    UNTIL(&a, is_at(&a, 140));
    assert_int_equal(a.taken, 130 + 110 + 10);
    come(&b, 0xb);
    UNTIL(&b, is_at(&b, 140));
    uint64_t came = b.taken; /* it came with a snapshot that is shared: the one at 20, or a later one */
    b.missing = true;        /* all: from the beginning, as the stream has that */
    UNTIL(&b, b.told_again == 1);
    tell_to(150);
    UNTIL(&b, is_at(&b, 150));
    assert_int_equal(b.taken, came + 150);
    UNTIL(&a, is_at(&a, 150));
    assert_true(same(&a, &b));
    course_stat(a.course, &s);
    assert_true(s.words_lost == 2 && s.lost == 0 && a.drops == 0);
    go(&a);
    go(&b);
}

/* The stream is gone with the words: what it has now is not what the state was made of. */
static void nothing_is_unlearnt_for_words(void **unused)
{
    (void)unused;
    struct host a;
    come(&a, 0xa);
    tell_to(20);
    UNTIL(&a, is_at(&a, 20));
    ASK(SPAN("FLUSHALL"));
    start_again(NULL);
    a.missing = true;
    tell_to(25);
    UNTIL(&a, is_at(&a, 25));
    UNTIL(&a, a.went_on == 1);
    assert_int_equal(a.live.reports, 25);
    go(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_a_server_lost_is_taken_again, set_up_safe, tear_down),
        cmocka_unit_test_setup_teardown(what_was_told_and_lost_is_told_again, set_up_safe, tear_down),
        cmocka_unit_test_setup_teardown(an_empty_server_takes_nothing_away, set_up_safe, tear_down),
        cmocka_unit_test_setup_teardown(words_that_a_bucket_lost_are_told_again, set_up_safe, tear_down),
        cmocka_unit_test_setup_teardown(nothing_is_unlearnt_for_words, set_up_safe, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

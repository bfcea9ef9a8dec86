/* SPDX-License-Identifier: Apache-2.0 */
/* control: orders are read and written, obeyed in their order, and what a rewind takes out stays out, also when the
 * stream is read again from an older place. */
#include "models/live/stream/control.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static struct follow_place at(uint64_t ms)
{
    return (struct follow_place){ms, 0};
}

static struct control_order order(enum control_do what, uint64_t to_ms, const char *by)
{
    struct control_order o = {.what = what, .to = {to_ms, 0}};
    snprintf(o.by, sizeof o.by, "%s", by);
    return o;
}

static void words(void **state)
{
    (void)state;
    static const struct {
        const char *text, *wrong;
    } CASES[] = {
        {"do=freeze\n", NULL},
        {"do=thaw\nid=18446744073709551615\nby=x\nnote=\\xe7\\xaf\\xa9\nnew=1\n", NULL},
        {"do=rewind\nto=1795357133114-3\n", NULL},
        {"", "what to do"},
        {"by=x\n", "what to do"},
        {"do=dance\n", "cannot have"},
        {"do=rewind\n", "place to go back to"},
        {"do=freeze\nto=1-1\n", "place to go back to"},
        {"do=rewind\nto=yesterday\n", "cannot have"},
        {"do=freeze\nid=-1\n", "cannot have"},
        {"do=freeze\nby=\\x00\n", "cannot have"},
        {"do=freeze", "lines of key=value"},
        {"\x81\xa1v\x01", "lines of key=value"},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct control_order o, again;
        const char *wrong = control_parse(span_cstr(CASES[i].text), &o);
        if (!CASES[i].wrong != !wrong || (wrong && !strstr(wrong, CASES[i].wrong)))
            fail_msg("row %zu: %s", i, wrong ? wrong : "taken");
        if (wrong) continue;
        struct pairs text = {0};
        control_write(&o, &text);
        assert_null(control_parse(span_of(text.p, text.n), &again));
        assert_memory_equal(&o, &again, sizeof o);
        pairs_close(&text);
    }
}

static void frozen_and_thawed(void **state)
{
    (void)state;
    static const struct {
        enum control_do what;
        const char *by;
        enum control_outcome outcome;
        bool frozen;
        uint64_t since; /* and by whom */
        const char *whose;
    } STEPS[] = {
        {CONTROL_THAW, "hana", CONTROL_REFUSED, false, 0, ""},
        {CONTROL_FREEZE, CONTROL_GUARD, CONTROL_DONE, true, 2, CONTROL_GUARD},
        {CONTROL_FREEZE, CONTROL_GUARD, CONTROL_REFUSED, true, 2, CONTROL_GUARD},
        {CONTROL_FREEZE, "hana", CONTROL_DONE, true, 2, "hana"}, /* a person's word stands above a guard's */
        {CONTROL_FREEZE, CONTROL_GUARD, CONTROL_REFUSED, true, 2, "hana"},
        {CONTROL_FREEZE, "ken", CONTROL_REFUSED, true, 2, "hana"},
        {CONTROL_THAW, "ken", CONTROL_DONE, false, 0, ""},
        {CONTROL_FREEZE, "ken", CONTROL_DONE, true, 8, "ken"},
    };
    struct control c = {0};
    char why[CONTROL_WHY_MAX];
    uint64_t obeyed = 0;
    for (size_t i = 0; i < sizeof STEPS / sizeof *STEPS; i++) {
        struct control_order o = order(STEPS[i].what, 0, STEPS[i].by);
        enum control_outcome outcome = control_take(&c, &o, at(i + 1), why);
        obeyed += outcome == CONTROL_DONE;
        if (outcome != STEPS[i].outcome || c.frozen != STEPS[i].frozen || c.freeze.at.ms != STEPS[i].since ||
            strcmp(c.freeze.by, STEPS[i].whose) != 0 || (outcome == CONTROL_REFUSED) != (why[0] != 0))
            fail_msg("step %zu: %d, %s", i, (int)outcome, why);
        assert_int_equal(c.orders, obeyed);
    }
    struct control g = {0};
    assert_true(control_guard(&g, at(5), "1 of 20 mails flipped"));
    assert_false(control_guard(&g, at(6), "again"));
    assert_string_equal(g.freeze.note, "1 of 20 mails flipped");
    assert_int_equal(g.freeze.at.ms, 5);
}

static void what_does_not_count(void **state)
{
    (void)state;
    struct control c = {0};
    char why[CONTROL_WHY_MAX];
    static const struct {
        uint64_t to, here;
        uint32_t skips;
    } REWINDS[] = {{10, 20, 1}, {30, 40, 2}, {35, 50, 2}, {60, 70, 3}, {15, 80, 1}};
    static const struct {
        size_t after;
        const char *out; /* tens that do not count, from 1 on */
    } WANT[] = {{1, ".#......"}, {2, ".#.#...."}, {3, ".#.##..."}, {4, ".#.##.#."}, {5, ".#######"}};
    for (size_t i = 0; i < 5; i++) {
        struct control_order o = order(CONTROL_REWIND, REWINDS[i].to, "hana");
        assert_int_equal(control_take(&c, &o, at(REWINDS[i].here), why), CONTROL_REWOUND);
        assert_int_equal(c.skips, REWINDS[i].skips);
        for (uint64_t ten = 1; ten <= 8; ten++)
            if (control_skips(&c, at(10 * ten)) != (WANT[i].out[ten - 1] == '#'))
                fail_msg("after %zu: %d", i, (int)(10 * ten));
    }
    assert_false(control_skips(&c, at(10)));
    assert_true(control_skips(&c, (struct follow_place){10, 1}));
    struct control_order late = order(CONTROL_REWIND, 90, "hana");
    assert_int_equal(control_take(&c, &late, at(90), why), CONTROL_REFUSED);
    assert_non_null(strstr(why, "not in the past"));
}

/* From an older snapshot on, with what is known to skip: the same state as before. */
static void read_again(void **state)
{
    (void)state;
    struct control c = {0}, snapshot = {0};
    char why[CONTROL_WHY_MAX];
    struct control_order o[] = {order(CONTROL_FREEZE, 0, "a"), order(CONTROL_REWIND, 5, "b"),
                                order(CONTROL_THAW, 0, "c"), order(CONTROL_REWIND, 25, "d")};
    for (uint64_t i = 0; i < 4; i++) {
        control_take(&c, &o[i], at(10 * (i + 1)), why);
        if (i == 0) snapshot = c;
    }
    control_skip_as(&snapshot, &c);
    for (uint64_t i = 1; i < 4; i++)
        assert_int_equal(control_take(&snapshot, &o[i], at(10 * (i + 1)), why), CONTROL_DONE);
    assert_memory_equal(&snapshot, &c, sizeof c);
}

static void many_rewinds(void **state)
{
    (void)state;
    static const uint64_t DAY = 86400000;
    struct control c = {0};
    char why[CONTROL_WHY_MAX];
    for (uint64_t i = 1; i <= CONTROL_SKIPS_MAX; i++) {
        struct control_order o = order(CONTROL_REWIND, 1000 * i, "a");
        assert_int_equal(control_take(&c, &o, at(1000 * i + 1), why), CONTROL_REWOUND);
    }
    struct control_order o = order(CONTROL_REWIND, DAY, "a");
    assert_int_equal(control_take(&c, &o, at(DAY + 1), why), CONTROL_REFUSED);
    assert_non_null(strstr(why, "64 rewinds in 30 days"));
    assert_int_equal(c.skips, CONTROL_SKIPS_MAX);
    o.to = at(31 * DAY);
    assert_int_equal(control_take(&c, &o, at(31 * DAY + 1), why), CONTROL_REWOUND);
    assert_int_equal(c.skips, CONTROL_SKIPS_MAX);
    assert_false(control_skips(&c, at(1001)));
    assert_true(control_skips(&c, at(2001)));
    o.to = at(0); /* all of it */
    assert_int_equal(control_take(&c, &o, at(31 * DAY + 2), why), CONTROL_REWOUND);
    assert_int_equal(c.skips, 1);
    assert_true(control_skips(&c, at(1)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words),      cmocka_unit_test(frozen_and_thawed), cmocka_unit_test(what_does_not_count),
        cmocka_unit_test(read_again), cmocka_unit_test(many_rewinds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* test_shadow: when a candidate is promoted, when it goes, and when nothing is decided yet. */
#include "engine/shadow.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static enum shadow_word judge(uint64_t flips, uint64_t mails, uint64_t wanted, double limit, char *why)
{
    struct shadow s = {.max_flips_ppm = (uint32_t)(limit * ADMIN_PPM + 0.5), .mails_wanted = wanted};
    s.count[WIRE_HAM][WIRE_HAM] = mails - flips;
    s.count[WIRE_HAM][WIRE_SPAM] = flips;
    assert_int_equal(shadow_mails(&s), mails);
    assert_int_equal(shadow_flips(&s), flips);
    return shadow_judge(&s, why);
}

static void a_table_of_judgements(void **state)
{
    (void)state;
    static const struct {
        uint64_t flips, mails, wanted;
        double limit;
        enum shadow_word word;
    } CASES[] = {
        {0, 0, 1000, 0.05, SHADOW_GOES_ON},
        {1, 10, 1000, 0.05, SHADOW_GOES_ON},  /* the first flip of ten mails decides nothing */
        {10, 10, 1000, 0.05, SHADOW_GOES_ON}, /* nor do ten: they may be one mailing */
        {99, 99, 1000, 0.05, SHADOW_GOES_ON},
        {100, 100, 1000, 0.05, SHADOW_ROLL_BACK},
        {16, 100, 1000, 0.05, SHADOW_GOES_ON},
        {17, 100, 1000, 0.05, SHADOW_ROLL_BACK},
        {78, 900, 1000, 0.05, SHADOW_GOES_ON}, /* 8.7%: beyond it, not surely */
        {79, 900, 1000, 0.05, SHADOW_ROLL_BACK},
        {50, 1000, 1000, 0.05, SHADOW_PROMOTE}, /* at the end the share alone decides */
        {51, 1000, 1000, 0.05, SHADOW_ROLL_BACK},
        {0, 1, 1, 0.05, SHADOW_PROMOTE},
        {1, 1, 1, 0.05, SHADOW_ROLL_BACK},
        {0, 500, 1000, 0, SHADOW_GOES_ON},
        {1, 500, 1000, 0, SHADOW_ROLL_BACK}, /* none may: one is enough */
        {0, 1000, 1000, 0, SHADOW_PROMOTE},
        {999, 999, 1000, 1, SHADOW_GOES_ON}, /* all may */
        {1000, 1000, 1000, 1, SHADOW_PROMOTE},
        {1000000, 100000000, 1000000000, 0.0101, SHADOW_GOES_ON},
        {1100000, 100000000, 1000000000, 0.0101, SHADOW_ROLL_BACK},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        char why[ADMIN_WHY_MAX] = "";
        enum shadow_word got = judge(CASES[i].flips, CASES[i].mails, CASES[i].wanted, CASES[i].limit, why);
        if (got != CASES[i].word) fail_msg("row %zu: %d (%s)", i, got, why);
        assert_int_equal(got == SHADOW_GOES_ON, why[0] == 0);
    }
}

/* Looked at after each mail, a candidate whose true share is the limit is thrown out early as seldom as promised. */
static void looking_often_does_not_cheat(void **state)
{
    (void)state;
    uint64_t z = 1;
    unsigned out = 0;
    enum { RUNS = 2000, MAILS = 2000 };
    for (int run = 0; run < RUNS; run++) {
        char why[ADMIN_WHY_MAX];
        uint64_t flips = 0;
        for (uint64_t n = 1; n < MAILS; n++) {
            z = z * 6364136223846793005 + 1442695040888963407;
            flips += (z >> 33) % 20 == 0;
            if (judge(flips, n, MAILS, 0.05, why) != SHADOW_ROLL_BACK) continue;
            out++;
            break;
        }
    }
    assert_true(out <= 3 * SHADOW_ERROR * RUNS);
}

static void dead_workers_end_it(void **state)
{
    (void)state;
    char why[ADMIN_WHY_MAX];
    struct shadow s = {.mails_wanted = 10, .max_flips_ppm = ADMIN_PPM, .deaths = SHADOW_DEATHS_MAX};
    assert_int_equal(shadow_judge(&s, why), SHADOW_GOES_ON);
    s.deaths++;
    assert_int_equal(shadow_judge(&s, why), SHADOW_ROLL_BACK);
    assert_non_null(strstr(why, "4 workers died"));
}

static void directions_are_told(void **state)
{
    (void)state;
    char why[ADMIN_WHY_MAX];
    struct shadow s = {.mails_wanted = 28, .count = {{1, 2, 3}, {4, 5, 6}, {7, 0, 0}}};
    assert_int_equal(shadow_judge(&s, why), SHADOW_ROLL_BACK);
    assert_string_equal(why,
                        "22 of 28 mails flipped in shadow: 78.6%, limit 0% (beyond it; ham to unsure 2, to spam 3; "
                        "unsure to ham 4, to spam 6; spam to ham 7, to unsure 0)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_table_of_judgements),
        cmocka_unit_test(looking_often_does_not_cheat),
        cmocka_unit_test(dead_workers_end_it),
        cmocka_unit_test(directions_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* told: where in the stream, from what a person writes. */
#include "proto/cli/told.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const int64_t NOW_MS = 1795357133114; /* 2026-11-22 14:18:53.114Z */

static void places(void **state)
{
    (void)state;
    static const struct {
        const char *text, *place; /* NULL: it is none */
    } CASES[] = {
        {"1795357133114-3", "1795357133114-3"},
        {"0-0", "0-0"},
        {"2026-11-22T10:00", "1795341600000-0"},
        {"2026-11-22T10:00:30", "1795341630000-0"},
        {"2026-11-22T10:00:30Z", "1795341630000-0"},
        {"2026-11-22", "1795305600000-0"},
        {"-2h", "1795349933114-0"},
        {"-90m", "1795351733114-0"},
        {"-1s", "1795357132114-0"},
        {"-3d", "1795097933114-0"},
        {"-0s", "1795357133114-0"},
        {"", NULL},
        {"2026-11", NULL},
        {"2026-11-22 10:00", NULL},
        {"2026-11-22T10", NULL},
        {"2026-11-22T10:00+09:00", NULL},
        {"2026-13-01", NULL},
        {"1960-01-01", NULL},
        {"12-3", NULL},
        {"1795357133114", NULL},
        {"1795357133114-", NULL},
        {"1795357133114-3x", NULL},
        {"99999999999999999999-0", NULL},
        {"-2", NULL},
        {"-h", NULL},
        {"-2y", NULL},
        {"-2hh", NULL},
        {"--2h", NULL},
        {"-30000d", NULL},
        {"-99999999999h", NULL},
        {"now", NULL},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        char place[ADMIN_PLACE_MAX] = "";
        bool is = told_place(CASES[i].text, NOW_MS, place);
        if (is != (CASES[i].place != NULL) || (is && strcmp(place, CASES[i].place) != 0))
            fail_msg("'%s' is '%s'", CASES[i].text, is ? place : "none");
    }
    char when[TOLD_TIME_BYTES];
    told_time((uint64_t)NOW_MS, when);
    assert_string_equal(when, "2026-11-22 14:18:53Z");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(places)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of proto/base/cpus.c: which lists are none, and which CPU stands where. */
#include "proto/base/cpus.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void lists(void **state)
{
    (void)state;
    static const struct {
        const char *list;
        int count, at[6];
    } CASES[] = {
        {"", 0, {0}},
        {"0", 1, {0, 0, 0, 0, 0, 0}},
        {"7", 1, {7, 7, 7, 7, 7, 7}},
        {"0-3", 4, {0, 1, 2, 3, 0, 1}},
        {"0-1,8", 3, {0, 1, 8, 0, 1, 8}},
        {"8, 2-3", 3, {8, 2, 3, 8, 2, 3}},
        {"5,5,4-4", 3, {5, 5, 4, 5, 5, 4}},
        {"1023", 1, {1023, 1023, 1023, 1023, 1023, 1023}},
        {"0-1023", 1024, {0, 1, 2, 3, 4, 5}},
        {"1024", -1, {0}},
        {"99999999999999999999", -1, {0}},
        {"3-2", -1, {0}},
        {"-1", -1, {0}},
        {"1-", -1, {0}},
        {"1-2-3", -1, {0}},
        {"1,", -1, {0}},
        {",1", -1, {0}},
        {"1,,2", -1, {0}},
        {"1 2", -1, {0}},
        {" 1", -1, {0}},
        {"a", -1, {0}},
        {"0x1", -1, {0}},
        {"all", -1, {0}},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        int n = cpus_count(CASES[i].list);
        if (n != CASES[i].count) fail_msg("'%s': %d", CASES[i].list, n);
        for (int k = 0; n > 0 && k < 6; k++) assert_int_equal(cpus_at(CASES[i].list, k), CASES[i].at[k]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(lists)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

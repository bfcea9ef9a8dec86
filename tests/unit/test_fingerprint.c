/* SPDX-License-Identifier: Apache-2.0 */
/* test_fingerprint: near-duplicates meet, unrelated texts do not, and order and length play no part that they should
 * not.
 *
 * Feature sets are made by a generator with a fixed seed: two that share the part J of their features must share a band
 * about as often as min-hash says, 1 - (1 - J^ROWS)^BANDS. */
#include "worker/rep/fingerprint.h"

#include "proto/base/hash.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

enum { SET = 600, ROUNDS = 3000 };

static uint32_t next = 1;

static uint32_t some(void)
{
    return hash_mix32(next++);
}

static bool meet(const struct fingerprint *a, const struct fingerprint *b)
{
    for (size_t i = 0; i < a->n; i++)
        for (size_t j = 0; j < b->n; j++)
            if (a->band[i] == b->band[j]) return true;
    return false;
}

static void alike_meet_as_min_hash_says(void **state)
{
    static const double SHARED[] = {0, 0.05, 0.3, 0.5, 0.7, 0.9};
    (void)state;
    for (size_t s = 0; s < sizeof SHARED / sizeof *SHARED; s++) {
        int met = 0;
        /* Two sets of SET, `both` in common: J = both / (2 SET - both) */
        uint32_t both = (uint32_t)(SHARED[s] * 2 * SET / (1 + SHARED[s]));
        for (int round = 0; round < ROUNDS; round++) {
            uint32_t v[2][SET];
            struct fingerprint f[2];
            for (uint32_t i = 0; i < SET; i++) {
                v[0][i] = some();
                v[1][SET - 1 - i] = i < both ? v[0][i] : some();
            }
            for (int k = 0; k < 2; k++) fingerprint_make(v[k], SET, &f[k]);
            met += meet(&f[0], &f[1]);
        }
        double j = (double)both / (2 * SET - both), want = 1 - pow(1 - pow(j, FINGERPRINT_ROWS), FINGERPRINT_BANDS);
        assert_true(fabs((double)met / ROUNDS - want) < 0.05);
        if (s == 0) assert_int_equal(met, 0);
    }
}

static void short_texts_are_taken_whole(void **state)
{
    uint32_t v[FINGERPRINT_SHORT], w[FINGERPRINT_SHORT];
    struct fingerprint a, b;
    (void)state;
    for (size_t i = 0; i < FINGERPRINT_SHORT; i++) v[i] = w[FINGERPRINT_SHORT - 1 - i] = some();
    for (size_t n = 0; n <= FINGERPRINT_SHORT; n++) {
        fingerprint_make(v, n, &a);
        fingerprint_make(w + FINGERPRINT_SHORT - n, n, &b);
        assert_int_equal(a.n, n < FINGERPRINT_MIN ? 0 : n < FINGERPRINT_SHORT ? 1 : FINGERPRINT_BANDS);
        for (size_t i = 0; i < a.n; i++) assert_true(a.band[i] == b.band[i]);
    }
    fingerprint_make(v, FINGERPRINT_SHORT - 1, &a);
    v[0] ^= 1;
    fingerprint_make(v, FINGERPRINT_SHORT - 1, &b);
    assert_false(meet(&a, &b));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(alike_meet_as_min_hash_says),
        cmocka_unit_test(short_texts_are_taken_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

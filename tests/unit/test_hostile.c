/* SPDX-License-Identifier: Apache-2.0 */
/* test_hostile: mails that are made to break the reader do not, and come out the same from the same seed.
 *
 * Small ones, some of each class; `furui bench hostile` reads the large ones and takes their time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

#include "bench/hostile.h"
#include "worker/token/feature.h"

enum { EACH = 8, MOST = 1 << 14 };

static void reads_each_class(void **state)
{
    (void)state;
    struct arena a;
    struct hostile h = {0}, again = {0};
    assert_int_equal(arena_open(&a, MAIL_ARENA_BYTES), ERR_OK);
    static const span OWN[] = {SPAN("Subject: a\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\ntext\n--b--\n")};
    static struct features f;
    for (size_t class = 0; class < hostile_count(); class ++) {
        uint64_t sizes = 0;
        for (uint64_t seed = 0; seed < EACH; seed++) {
            hostile_make(class, seed, OWN, seed % 2, MOST, &h);
            hostile_make(class, seed, OWN, seed % 2, MOST, &again);
            assert_true(h.n && span_eq(span_of(h.p, h.n), span_of(again.p, again.n)));
            assert_in_range(h.n, 1, 8 * MOST);
            sizes |= h.n;
            struct mail m;
            arena_reset(&a);
            mail_read(&m, span_of(h.p, h.n), NULL, &a);
            features_extract(&m, &a, &f);
            if (m.odd & ODD(ARENA_FULL)) fail_msg("%s %u fills the arena", hostile_name(class), (unsigned)seed);
        }
        if (!(sizes >> 8)) fail_msg("%s makes no large mail", hostile_name(class));
    }
    hostile_close(&h);
    hostile_close(&again);
    arena_close(&a);
    mail_close();
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(reads_each_class)};
    return cmocka_run_group_tests_name("hostile", tests, NULL, NULL);
}

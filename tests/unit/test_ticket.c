/* SPDX-License-Identifier: Apache-2.0 */
/* test_ticket: where a ticket's record lies, and what is found in elements that are cut, foreign, or hostile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "proto/store/ticket.h"

static void a_ticket_says_where(void **state)
{
    (void)state;
    /* RFC 4648 of bytes 0, 1, 2 … 19 */
    uint8_t key[TICKET_KEY_BYTES], name[TICKET_NAME_BYTES];
    size_t n;
    assert_true(ticket_place("furui", SPAN("aaaqeayeaudaocajbifqydiob4ibceqt"), key, &n, name));
    assert_true(span_eq(span_of(key, n), SPAN("furui:2:ticket:10111213")));
    for (uint8_t i = 0; i < sizeof name; i++) assert_int_equal(name[i], i);
    static const char *const WRONG[] = {"",
                                        "a",
                                        "aaaqeayeaudaocajbifqydiob4ibceq",
                                        "AAAQEAYEAUDAOCAJBIFQYDIOB4IBCEQT",
                                        "aaaqeayeaudaocajbifqydiob4ibceq1",
                                        "aaaqeayeaudaocajbifqydiob4ibceqtt"};
    for (size_t i = 0; i < sizeof WRONG / sizeof *WRONG; i++)
        assert_false(ticket_place("furui", span_cstr(WRONG[i]), key, &n, name));
}

static void what_was_put_is_found(void **state)
{
    (void)state;
    enum { N = 30 };
    uint8_t bytes[N * (TICKET_HEAD_BYTES + N)], name[TICKET_NAME_BYTES] = {0}, *p = bytes;
    for (uint8_t i = 0; i < N; p += TICKET_HEAD_BYTES + i++) {
        name[7] = i;
        ticket_put(p, name, span_of("abcdefghijklmnopqrstuvwxyz0123", i));
    }
    span all = span_of(bytes, (size_t)(p - bytes));
    for (uint8_t i = 1; i < N; i++) {
        name[7] = i;
        assert_true(span_eq(ticket_find(all, name), span_of("abcdefghijklmnopqrstuvwxyz0123", i)));
    }
    for (size_t cut = 0; cut < all.n; cut++) { /* the last is not there any more; nothing behind the end is read */
        uint8_t *copy = malloc(cut + 1);
        memcpy(copy, all.p, cut);
        assert_int_equal(ticket_find(span_of(copy, cut), name).n, 0);
        free(copy);
    }
    name[7] = N;
    assert_int_equal(ticket_find(all, name).n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_ticket_says_where), cmocka_unit_test(what_was_put_is_found)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

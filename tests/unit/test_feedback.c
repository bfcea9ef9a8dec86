/* SPDX-License-Identifier: Apache-2.0 */
/* feedback: what is packed comes back, byte by byte cut or changed it is refused by name or another record, never trusted
 * beyond its limits. */
#include "proto/feedback.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static struct arena arena;
static const uint32_t FIRST[] = {1, 127, 128, 300, UINT32_MAX}, SECOND[] = {5};

static struct feedback made(void)
{
    return (struct feedback){
        .says = WIRE_SAY_HAM,
        .trap = true,
        .learns = true,
        .wall_ms = 1790000000123,
        .score = -3.25,
        .features = FEEDBACK_FEATURES,
        .digest = {0x0123456789abcdef, 7},
        .alike = {12, 13},
        .alike_count = 2,
        .reporter = UINT64_MAX,
        .tenant = SPAN("example"),
        .ticket = SPAN("t-1"),
        .order = SPAN("do=freeze\n"),
        .names = {{2, SPAN("example.org")}, {0, SPAN("192.0.2.1")}},
        .name_count = 2,
        .view = {{FIRST, 5}, {NULL, 0}, {SECOND, 1}},
        .view_count = 3,
    };
}

static void comes_back(void **state)
{
    (void)state;
    uint8_t bytes[512], again[512];
    char fault[FEEDBACK_FAULT_MAX];
    struct feedback r = made(), back;
    size_t n = feedback_pack(&r, bytes, sizeof bytes);
    assert_true(n > 0);
    arena_reset(&arena);
    assert_int_equal(feedback_unpack(span_of(bytes, n), &arena, &back, fault), ERR_OK);
    assert_string_equal(fault, "");
    assert_true(back.says == WIRE_SAY_HAM && back.trap && back.learns && back.wall_ms == r.wall_ms);
    assert_true(back.score == -3.25 && back.features == FEEDBACK_FEATURES && back.reporter == UINT64_MAX);
    assert_true(back.digest[0] == r.digest[0] && back.digest[1] == 7 && back.alike_count == 2 && back.alike[1] == 13);
    assert_true(span_eq(back.tenant, r.tenant) && span_eq(back.ticket, r.ticket));
    assert_true(back.kind == FEEDBACK_REPORT && span_eq(back.order, r.order));
    assert_int_equal(back.name_count, 2);
    assert_true(back.names[0].kind == 2 && span_eq(back.names[1].name, SPAN("192.0.2.1")));
    assert_int_equal(back.view_count, 3);
    assert_memory_equal(back.view[0].v, FIRST, sizeof FIRST);
    assert_true(back.view[1].n == 0 && back.view[2].v[0] == 5);
    assert_int_equal(feedback_pack(&back, again, sizeof again), n);
    assert_memory_equal(again, bytes, n);
    for (size_t cap = 0; cap < n; cap++) assert_int_equal(feedback_pack(&r, again, cap), 0);
}

static void damage_is_named(void **state)
{
    (void)state;
    uint8_t bytes[512], again[512];
    char fault[FEEDBACK_FAULT_MAX];
    struct feedback r = made(), back;
    size_t n = feedback_pack(&r, bytes, sizeof bytes);
    for (size_t cut = 0; cut < n; cut++) {
        arena_reset(&arena);
        assert_int_not_equal(feedback_unpack(span_of(bytes, cut), &arena, &back, fault), ERR_OK);
        assert_string_not_equal(fault, "");
    }
    for (size_t at = 0; at < n; at++)
        for (int bit = 0; bit < 8; bit++) {
            bytes[at] ^= (uint8_t)(1 << bit);
            arena_reset(&arena);
            if (feedback_unpack(span_of(bytes, n), &arena, &back, fault) == ERR_OK) {
                assert_int_equal(feedback_pack(&back, again, sizeof again), n);
                assert_memory_equal(again, bytes, n);
            }
            bytes[at] ^= (uint8_t)(1 << bit);
        }
    static const struct {
        size_t at;
        uint8_t byte;
        enum err err;
        const char *fault;
    } CASES[] = {
        {0, 1, ERR_VERSION, "byte 1: made for another version"},      {1, 3, ERR_SYNTAX, "byte 4: of an unknown kind"},
        {2, 3, ERR_SYNTAX, "byte 4: says what is no word"},           {3, 4, ERR_SYNTAX, "byte 4: unknown flags"},
        {19, 0x7F, ERR_SYNTAX, "byte 20: a score that is no number"},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        uint8_t was = bytes[CASES[i].at], next = bytes[CASES[i].at - (CASES[i].at > 0)];
        if (CASES[i].at == 19) bytes[18] = 0xF0; /* exponent of all ones */
        bytes[CASES[i].at] = CASES[i].byte;
        arena_reset(&arena);
        assert_int_equal(feedback_unpack(span_of(bytes, n), &arena, &back, fault), CASES[i].err);
        assert_string_equal(fault, CASES[i].fault);
        bytes[CASES[i].at] = was;
        if (CASES[i].at == 19) bytes[18] = next;
    }
    bytes[n] = 0;
    arena_reset(&arena);
    assert_int_equal(feedback_unpack(span_of(bytes, n + 1), &arena, &back, fault), ERR_SYNTAX);
    assert_non_null(strstr(fault, "bytes behind the end"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(comes_back), cmocka_unit_test(damage_is_named)};
    if (arena_open(&arena, 1 << 20) != ERR_OK) return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_close(&arena);
    return failed;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* test_jsontree: what is JSON and what is not (RFC 8259), and that our own writer's output is read back. */
#include "proto/cli/jsontree.h"

#include "proto/base/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static void write_back(struct json *j, const struct jsontree *v, const char *key)
{
    switch (v->kind) {
    case JSONTREE_OBJECT: json_open_object(j, key); break;
    case JSONTREE_ARRAY: json_open_array(j, key); break;
    default: json_str(j, key, v->text); return;
    }
    for (const struct jsontree *c = v->child; c; c = c->next) {
        char name[64];
        snprintf(name, sizeof name, "%.*s", SPAN_ARG(c->key));
        write_back(j, c, v->kind == JSONTREE_OBJECT ? name : NULL);
    }
    if (v->kind == JSONTREE_OBJECT)
        json_close_object(j);
    else
        json_close_array(j);
}

/* `want`: the tree written again with every scalar as a string; NULL: refused at byte `at`. */
static const struct {
    span in;
    const char *want;
    size_t at;
} cases[] = {
    {SPAN("{}"), "{}", 0},
    {SPAN(" [ ] "), "[]", 0},
    {SPAN("{\"a\":1,\"b\":[true,false,null,-0.5e+3],\"c\":{\"d\":\"x\"}}"),
     "{\"a\":\"1\",\"b\":[\"true\",\"false\",\"null\",\"-0.5e+3\"],\"c\":{\"d\":\"x\"}}", 0},
    {SPAN("[\"\\\"\\\\\\/\\u0041\\u00e9\\u7be9\\ud83d\\udc1f\"]"), "[\"\\\"\\\\/Aé篩🐟\"]", 0},
    {SPAN("[\"\\ud83dx\",\"\\udc1f\",\"\\ud83d\\u0041\"]"),
     "[\"\xEF\xBF\xBDx\",\"\xEF\xBF\xBD\",\"\xEF\xBF\xBD"
     "A\"]",
     0},
    {SPAN(""), NULL, 0},
    {SPAN("{"), NULL, 1},
    {SPAN("[1,]"), NULL, 3},
    {SPAN("[1 2]"), NULL, 3},
    {SPAN("01"), NULL, 1},
    {SPAN("1."), NULL, 2},
    {SPAN("-"), NULL, 1},
    {SPAN("nul"), NULL, 0},
    {SPAN("\"a"), NULL, 2},
    {SPAN("\"\\"), NULL, 2},
    {SPAN("\"\\x\""), NULL, 2},
    {SPAN("\"\\u12g4\""), NULL, 5},
    {SPAN("\"a\nb\""), NULL, 2},
    {SPAN("\"\xFF\""), NULL, 1},
    {SPAN("{\"a\" 1}"), NULL, 5},
    {SPAN("{1:2}"), NULL, 1},
    {SPAN("{} {}"), NULL, 3},
};

static void test_parse(void **state)
{
    (void)state;
    struct arena a;
    assert_int_equal(arena_open(&a, 1 << 16), ERR_OK);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        arena_reset(&a);
        struct jsontree *root = NULL;
        size_t at = 0;
        enum err e = jsontree_parse(cases[i].in, &a, &root, &at);
        if (!cases[i].want) {
            if (e != ERR_SYNTAX || at != cases[i].at) fail_msg("case %zu: %s at %zu", i, err_str(e), at);
            continue;
        }
        if (e != ERR_OK) fail_msg("case %zu: %s at %zu", i, err_str(e), at);
        struct json j;
        json_init(&j);
        write_back(&j, root, NULL);
        assert_string_equal(j.buf, cases[i].want);
        json_close(&j);
    }
    arena_close(&a);
}

static void test_limits(void **state)
{
    (void)state;
    struct arena a;
    assert_int_equal(arena_open(&a, 1 << 16), ERR_OK);
    uint8_t deep[200];
    memset(deep, '[', 100);
    memset(deep + 100, ']', 100);
    struct jsontree *root = NULL;
    size_t at;
    assert_int_equal(jsontree_parse(span_of(deep, 200), &a, &root, &at), ERR_TOO_BIG);
    assert_int_equal(jsontree_parse(span_of(deep + 100 - JSONTREE_DEPTH_MAX, 2 * JSONTREE_DEPTH_MAX), &a, &root, &at),
                     ERR_OK);
    arena_close(&a);
    assert_int_equal(arena_open(&a, 4096), ERR_OK);
    uint8_t wide[20001];
    memset(wide, '0', sizeof wide);
    for (size_t i = 0; i < sizeof wide; i += 2) wide[i] = ',';
    wide[0] = '[';
    wide[sizeof wide - 1] = ']';
    assert_int_equal(jsontree_parse(span_of(wide, sizeof wide), &a, &root, &at), ERR_TOO_BIG);
    arena_close(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* test_rep_key: names, keys, records and the secret, as other hosts and versions rely on them.
 *
 * Nothing that a mail or tenant says may make another name's key; a record is 44 bytes that mean the same everywhere. */
#include "proto/store/name.h"
#include "proto/store/record.h"
#include "proto/store/secret.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

static void names_have_one_form(void **state)
{
    static const struct {
        const char *kind, *in, *want; /* NULL: no such name */
    } T[] = {
        {"ip", "::ffff:192.0.2.1", "192.0.2.1"},
        {"ip", "192.0.2.1/24", NULL},
        {"net", "192.0.2.1", "192.0.2.0/24"},
        {"net", "192.0.2.0/24", "192.0.2.0/24"},
        {"net", "2001:db8:0:1:2::/64", "2001:db8:0:1::/64"},
        {"net", "/24", NULL},
        {"from", "Example.ORG.", "example.org"},
        {"url", "a b", NULL},
        {"sender", "a:b", NULL},
        {"dkim", "a}b", NULL},
        {"dkim", "", NULL},
        {"file", "0123456789ABCDEF0123456789abcdef", "0123456789abcdef0123456789abcdef"},
        {"file", "0123456789abcdef0123456789abcde", NULL},
        {"file", "0123456789abcdef0123456789abcdeg", NULL},
        {"text", "0123456789ABCDEF", "0123456789abcdef"},
        {"text", "0123456789abcdef0", NULL},
        {"user", "somebody@example.org", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof T / sizeof *T; i++) {
        uint8_t out[NAME_MAX_BYTES];
        enum name_kind kind;
        assert_true(name_kind_of(span_cstr(T[i].kind), &kind));
        assert_string_equal(name_kind_word(kind), T[i].kind);
        size_t n = name_canonical(kind, span_cstr(T[i].in), out);
        assert_true(span_eq(span_of(out, n), span_cstr(T[i].want)));
    }
    enum name_kind none;
    assert_false(name_kind_of(SPAN("IP"), &none));
}

static void keys_are_apart(void **state)
{
    static const struct {
        const char *tenant, *name;
    } T[] = {
        {"", "example.org"},  {"a", "example.org"}, {"a:url", "example.org"}, {"a}{b", "example.org"},
        {"A", "example.org"}, {"~", "example.org"}, {"a ", "example.org"},    {"", "a"},
    };
    static char key[sizeof T / sizeof *T][NAME_KEY_BYTES + 1];
    static char tenant[1025];
    uint8_t out[NAME_KEY_BYTES], longest[NAME_MAX_BYTES];
    (void)state;
    for (size_t i = 0; i < sizeof T / sizeof *T; i++) {
        span k = name_key("furui", span_cstr(T[i].tenant), NAME_URL, span_cstr(T[i].name), out);
        snprintf(key[i], sizeof key[i], "%.*s", SPAN_ARG(k));
        int colons = 0, braces = 0;
        for (size_t at = 0; at < k.n; at++) colons += k.p[at] == ':', braces += k.p[at] == '{' || k.p[at] == '}';
        assert_int_equal(colons, 5);
        assert_int_equal(braces, 2);
        assert_true(strtoul(key[i] + 9, NULL, 16) < NAME_BUCKETS);
        for (size_t j = 0; j < i; j++) assert_string_not_equal(key[i], key[j]);
    }
    assert_string_equal(key[0], "furui:2:{02}::url:example.org");
    memset(tenant, ':', 1024);
    memset(longest, 'x', sizeof longest);
    char prefix[NAME_PREFIX_BYTES + 1] = "";
    memset(prefix, 'p', NAME_PREFIX_BYTES);
    assert_true(name_key(prefix, span_cstr(tenant), NAME_TENANT, span_of(longest, sizeof longest), out).n <=
                sizeof out);
}

/* A record as any version 2 writes it. */
static void records_are_these_bytes(void **state)
{
    static const uint8_t WANT[RECORD_BYTES] = {0x40, 0xE2, 0x01, 2, 0,    0,    0x80, 0x3F, 0, 0, 0, 0x40, 0,    0,
                                               0,    0,    0,    0, 0x80, 0x3E, 0,    0,    0, 0, 0, 0,    0x80, 0x3F};
    struct record r = {.minute = 123456, .sum = {{1, 2, 0, 0.25, 0}, {1}}}, back;
    uint8_t bytes[RECORD_BYTES];
    (void)state;
    record_write(&r, bytes);
    assert_memory_equal(bytes, WANT, sizeof bytes);
    assert_true(record_read(span_of(bytes, sizeof bytes), &back));
    assert_memory_equal(&r, &back, sizeof r);
    assert_false(record_read(SPAN_NONE, &back));
    assert_int_equal(back.minute, 0);
    const struct record_lives lives = {.minutes = {10, 1000}};
    record_decay(&r, 123456 + 1000, &lives);
    assert_int_equal(r.minute, 124456);
    assert_true(fabs(r.sum[RECORD_SLOW][SUM_VOLUME] - 0.5) < 1e-12);
    assert_true(r.sum[RECORD_FAST][SUM_HAM] < 1e-29);
    record_decay(&r, 5, &lives);
    assert_int_equal(r.minute, 124456);
    assert_int_equal(record_minute(((int64_t)RECORD_EPOCH + 60) * 1000000), 1);
    assert_int_equal(record_minute(0), 0);
    struct record huge = {.minute = UINT32_MAX, .sum = {{1e300}}};
    record_write(&huge, bytes);
    assert_true(record_read(span_of(bytes, sizeof bytes), &back)); /* held to its bounds */
}

static void secret_is_made_once(void **state)
{
    char dir[] = "/tmp/furui-test-secret-XXXXXX", path[64];
    struct secret a, b;
    struct stat st;
    uint8_t one[SECRET_HEX], two[SECRET_HEX];
    (void)state;
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/secret", dir);
    assert_int_equal(secret_load(path, false, &a), ERR_IO);
    assert_int_equal(secret_load(path, true, &a), ERR_OK);
    assert_int_equal(secret_load(path, true, &b), ERR_OK);
    assert_memory_equal(&a, &b, sizeof a);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    secret_hash(&a, SPAN("user"), SPAN("Somebody"), one);
    secret_hash(&a, SPAN("user"), SPAN("somebody"), two);
    assert_memory_equal(one, two, sizeof one);
    secret_hash(&a, SPAN("rcpt"), SPAN("somebody"), two);
    assert_memory_not_equal(one, two, sizeof one);
    /* Hosts of two versions must agree. */
    for (int i = 0; i < SECRET_BYTES; i++) b.key[i] = (uint8_t)i;
    secret_hash(&b, SPAN("user"), SPAN("a@example.org"), one);
    assert_true(span_eq(span_of(one, sizeof one), SPAN("2db68da0bc8d37d638bd459797c64c9f")));
    FILE *f = fopen(path, "w");
    fputs("0123456789abcdef0123456789abcdeg\n", f);
    fclose(f);
    assert_int_equal(secret_load(path, true, &b), ERR_SYNTAX);
    unlink(path);
    rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_have_one_form),
        cmocka_unit_test(keys_are_apart),
        cmocka_unit_test(records_are_these_bytes),
        cmocka_unit_test(secret_is_made_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

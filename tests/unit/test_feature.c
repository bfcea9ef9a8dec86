/* SPDX-License-Identifier: Apache-2.0 */
/* test_feature: what a mail is turned into: the same words whatever the charset, nothing twice, nothing from ignored
 * fields, and less instead of a fault when memory is short. */
#include "worker/text/domain.h"
#include "worker/token/feature.h"
#include "worker/token/token.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static struct arena arena;

static int start(void **state)
{
    (void)state;
    domain_init();
    return arena_open(&arena, 16 << 20);
}

static int stop(void **state)
{
    (void)state;
    arena_close(&arena);
    return 0;
}

/* Features of a mail in the arena (which is not reset, so that two can be compared). */
static struct features features_of(const char *raw, size_t n)
{
    struct mail m;
    struct features f;
    mail_read(&m, span_of(raw, n), NULL, &arena);
    features_extract(&m, &arena, &f);
    return f;
}

static bool same_list(struct feature_list a, struct feature_list b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.v, b.v, a.n * sizeof *a.v) == 0);
}

/* One sentence ("お茶の会議" and a katakana word) in four encodings. */
#define HEAD "From: a@example.org\nSubject: x\nMIME-Version: 1.0\nContent-Type: text/plain; charset="
static const struct {
    const char *name, *mail;
} ENCODINGS[] = {
    {"utf-8", HEAD
     "utf-8\n\n\xe3\x81\x8a\xe8\x8c\xb6\xe3\x81\xae\xe4\xbc\x9a\xe8\xad\xb0 \xe3\x83\xa1\xe3\x83\xbc\xe3\x83\xab\n"},
    {"iso-2022-jp", HEAD "iso-2022-jp\n\n\x1b$B$*Cc$N2q5D\x1b(B \x1b$B%a!<%k\x1b(B\n"},
    {"shift_jis", HEAD "shift_jis\n\n\x82\xa8\x92\x83\x82\xcc\x89\xef\x8b"
                       "c \x83\x81\x81[\x83\x8b\n"},
    {"euc-jp", HEAD "euc-jp\n\n\xa4\xaa\xc3\xe3\xa4\xce\xb2\xf1\xb5\xc4 \xa5\xe1\xa1\xbc\xa5\xeb\n"},
};

static void japanese_is_the_same_in_each_encoding(void **state)
{
    (void)state;
    arena_reset(&arena);
    struct features first = features_of(ENCODINGS[0].mail, strlen(ENCODINGS[0].mail));
    assert_true(first.view[VIEW_TEXT].n > 8);
    for (size_t i = 1; i < sizeof ENCODINGS / sizeof *ENCODINGS; i++) {
        struct features f = features_of(ENCODINGS[i].mail, strlen(ENCODINGS[i].mail));
        if (!same_list(first.view[VIEW_TEXT], f.view[VIEW_TEXT])) fail_msg("%s: other tokens", ENCODINGS[i].name);
        if (!same_list(first.view[VIEW_TEXT_GRAM], f.view[VIEW_TEXT_GRAM]))
            fail_msg("%s: other grams", ENCODINGS[i].name);
    }
}

/* Facts of VIEW_SHAPE that a mail has: field, first, second. */
#define PLAIN "From: a@example.org\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n\n"
static const struct {
    const char *mail, *fact[3];
    bool is;
} FACTS[] = {
    {PLAIN "plain words\n", {"repairs zero-width", "01", ""}, false},
    {PLAIN u8"via\u200bg\u200bra\n", {"repairs zero-width", "01", ""}, true},
    {PLAIN u8"p\u0430ypal\n", {"repairs confusables", "01", ""}, true},
    {PLAIN u8"p\u0430ypal\n", {"odd", "confusables", ""}, true},
    {PLAIN u8"\U0001D405\U0001D42B\U0001D41E\U0001D41E\n", {"repairs styled", "02", ""}, true},
    {PLAIN u8"f\u0336r\u0336e\u0336e\u0336\n", {"repairs marks", "02", ""}, true},
    {PLAIN u8"\u202eexe.fdp\n", {"repairs bidi", "01", ""}, true},
    {PLAIN u8"\uff26\uff32\uff25\uff25\n", {"repairs full-width", "02", ""}, true},
    {PLAIN "plain\n", {"auth", "dmarc", "pass"}, true},
    {PLAIN "plain\n", {"auth", "spf", "none"}, false},
};

static void what_was_repaired_or_vouched_for_is_a_fact(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof FACTS / sizeof *FACTS; i++) {
        struct mail m;
        struct features f;
        struct mail_context c = {.auth = {[AUTH_DMARC] = SPAN("pass")}};
        arena_reset(&arena);
        mail_read(&m, span_cstr(FACTS[i].mail), &c, &arena);
        features_extract_named(&m, &arena, &f);
        bool found = false;
        for (size_t k = 0; k < f.view[VIEW_SHAPE].n; k++) {
            const struct feature_name *name = &f.names[VIEW_SHAPE][k];
            found |= span_eq(name->field, span_cstr(FACTS[i].fact[0])) &&
                     span_eq(name->first, span_cstr(FACTS[i].fact[1])) &&
                     span_eq(name->second, span_cstr(FACTS[i].fact[2]));
        }
        if (found != FACTS[i].is)
            fail_msg("case %zu: '%s' '%s' '%s' is %sthere", i, FACTS[i].fact[0], FACTS[i].fact[1], FACTS[i].fact[2],
                     found ? "" : "not ");
    }
}

static void nothing_comes_twice(void **state)
{
    (void)state;
    static const char mail[] =
        "From: a@example.org\nSubject: one two one two\n\none two one two http://a.example/x/x\n";
    arena_reset(&arena);
    struct features f = features_of(mail, sizeof mail - 1);
    for (unsigned v = 0; v < VIEW_COUNT; v++)
        for (size_t i = 0; i < f.view[v].n; i++) {
            assert_int_not_equal(f.view[v].v[i], 0);
            for (size_t k = 0; k < i; k++) assert_int_not_equal(f.view[v].v[i], f.view[v].v[k]);
        }
}

static void ignored_fields_change_nothing(void **state)
{
    (void)state;
    static const char plain[] = "From: a@example.org\nSubject: hello\n\ntext\n";
    static const char marked[] =
        "From: a@example.org\nX-Spam-Status: Yes, score=99\nX-Bogosity: Spam\nSubject: hello\n\ntext\n";
    arena_reset(&arena);
    struct features a = features_of(plain, sizeof plain - 1), b = features_of(marked, sizeof marked - 1);
    for (unsigned v = 0; v < VIEW_COUNT; v++)
        if (v != VIEW_SHAPE) assert_true(same_list(a.view[v], b.view[v])); /* its size is another */
}

static void names_go_with_the_same_features(void **state)
{
    (void)state;
    static const char mail[] = "From: A <a@example.org>\nSubject: three little words\n\nsome text here\n";
    struct mail m;
    struct features a, b;
    arena_reset(&arena);
    mail_read(&m, span_of(mail, sizeof mail - 1), NULL, &arena);
    features_extract(&m, &arena, &a);
    features_extract_named(&m, &arena, &b);
    for (unsigned v = 0; v < VIEW_COUNT; v++) {
        assert_true(same_list(a.view[v], b.view[v]));
        assert_null(a.names[v]);
        for (size_t i = 0; i < b.view[v].n; i++) assert_true(b.names[v][i].field.n > 0);
    }
}

/* `told`: the words of the visible text that are long enough, as they come, whichever way they are read. */
static void telling_words_of_the_visible_text(void **state)
{
    static const char *const WANT[] = {"words", "among",        "\xe3\x83\xa1\xe3\x83\xbc\xe3\x83\xab",
                                       "words", "na\xc3\xafve", "there's"};
    enum { WANTED = sizeof WANT / sizeof *WANT };
    (void)state;
    static char mail[40000];
    for (int big = 0; big < 2; big++) {
        size_t n = (size_t)sprintf(
            mail,
            "From: Somebody <a@example.org>\nSubject: subject words\nContent-Type: text/html; "
            "charset=utf-8\n\n<p>Words among a few \xe3\x83\xa1\xe3\x83\xbc\xe3\x83\xab words na\xc3\xafve there's<p>");
        for (int i = 0; big && i < 1200; i++) n += (size_t)sprintf(mail + n, "w%d123 ", i * i % 997);
        n += (size_t)sprintf(mail + n, "<p style='display:none'>hidden words");
        struct mail m;
        struct features plain, named;
        arena_reset(&arena);
        mail_read(&m, span_of(mail, n), NULL, &arena);
        features_extract_views(&m, &arena, 1u << VIEW_TEXT, &plain);
        features_extract_named(&m, &arena, &named);
        uint32_t seed = token_hash(SPAN("text"), 0);
        assert_int_equal(plain.told_count, named.told_count);
        assert_memory_equal(plain.told, named.told, plain.told_count * sizeof *plain.told);
        assert_true(big ? plain.told_count > 900 && plain.told_count <= 1000 : plain.told_count == WANTED);
        for (size_t i = 0; i < WANTED; i++)
            assert_int_equal(plain.told[i], token_hash_folded(span_cstr(WANT[i]), seed));
    }
}

/* 4-grams are those of a mail's beginning: what stands behind it changes none of them. */
static void grams_are_those_of_the_beginning(void **state)
{
    static const struct {
        size_t at;
        bool counts;
    } CHANGE[] = {{100, true}, {900, true}, {1500, false}, {5000, false}};
    (void)state;
    static char mail[6000];
    size_t n = (size_t)sprintf(mail, "From: a@example.org\nSubject: s\n\n");
    for (size_t i = n; i < sizeof mail; i++) mail[i] = (char)('a' + hash_mix32((uint32_t)i) % 26);
    arena_reset(&arena);
    struct features whole = features_of(mail, sizeof mail);
    for (size_t c = 0; c < sizeof CHANGE / sizeof *CHANGE; c++) {
        char was = mail[CHANGE[c].at];
        mail[CHANGE[c].at] = '%';
        struct features f = features_of(mail, sizeof mail);
        mail[CHANGE[c].at] = was;
        for (unsigned v = VIEW_HEAD_GRAM; v <= VIEW_BODY_GRAM; v++)
            if (same_list(whole.view[v], f.view[v]) == CHANGE[c].counts)
                fail_msg("view %u: byte %zu %s", v, CHANGE[c].at, CHANGE[c].counts ? "does not count" : "counts");
    }
}

static void a_full_arena_gives_fewer_features(void **state)
{
    (void)state;
    static const char mail[] = "From: a@example.org\nSubject: hello\n\nsome text\n";
    for (size_t left = 0; left < 200000; left += 997) {
        struct mail m;
        struct features f;
        arena_reset(&arena);
        mail_read(&m, span_of(mail, sizeof mail - 1), NULL, &arena);
        assert_non_null(arena_alloc(&arena, arena_left(&arena) - left - 32));
        features_extract(&m, &arena, &f);
        for (unsigned v = 0; v < VIEW_COUNT; v++) assert_true(f.view[v].n < 8192);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(japanese_is_the_same_in_each_encoding),
        cmocka_unit_test(what_was_repaired_or_vouched_for_is_a_fact),
        cmocka_unit_test(nothing_comes_twice),
        cmocka_unit_test(ignored_fields_change_nothing),
        cmocka_unit_test(names_go_with_the_same_features),
        cmocka_unit_test(telling_words_of_the_visible_text),
        cmocka_unit_test(grams_are_those_of_the_beginning),
        cmocka_unit_test(a_full_arena_gives_fewer_features),
    };
    return cmocka_run_group_tests(tests, start, stop);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* test_twins: sketches estimate what counting says, like mails meet and others do not, and no bucket is too large. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#include "models/audit/twins.h"
#include "proto/base/random.h"
#include "tests/unit/toy_corpus.h"

static uint64_t state = 1;

static uint32_t gram(void)
{
    uint32_t h = (uint32_t)random_next(&state);
    return h ? h : 1;
}

/* A mail of `n` grams; its visible text is long. */
static struct features mail_of(const uint32_t *grams, size_t n)
{
    struct features f = {.view[VIEW_TEXT_GRAM] = {grams, n}};
    f.number[NUMBER_VISIBLE_BYTES] = 0.5f;
    return f;
}

static void add(struct toy_writer *t, const uint32_t *grams, size_t n, bool spam, uint64_t digest, uint64_t body)
{
    struct features f = mail_of(grams, n);
    toy_add(t, &f, spam, 0, digest, body);
}

/* Pairs that share a known part of their grams. */
static void likeness_is_estimated(void **unused)
{
    (void)unused;
    enum { PAIRS = 1000, MOST = 2000 };
    static uint32_t a[MOST], b[MOST];
    double want[PAIRS], off = 0;
    struct toy_writer t;
    struct corpus c;
    struct twins w;
    toy_open(&t, 1);
    for (size_t k = 0; k < PAIRS; k++) {
        size_t n = TWINS_LEAST + random_next(&state) % (MOST - TWINS_LEAST), same = random_next(&state) % (n + 1);
        for (size_t i = 0; i < n; i++) b[i] = (a[i] = gram()) + (i >= same ? gram() : 0);
        want[k] = (double)same / (double)(2 * n - same);
        add(&t, a, n, false, 2 * k, 2 * k);
        add(&t, b, n, false, 2 * k + 1, 2 * k + 1);
    }
    toy_close(&t, &c);
    assert_int_equal(twins_open(&c, &w), ERR_OK);
    size_t missed = 0, like = 0;
    for (size_t k = 0; k < PAIRS; k++) {
        double got = twins_likeness(&w, 2 * k, 2 * k + 1);
        off += (got - want[k]) * (got - want[k]);
        if (fabs(got - want[k]) > 0.35) fail_msg("pair %zu: %.2f, not %.2f", k, got, want[k]);
        if (want[k] < 0.5) assert_true(w.group[2 * k + 1] == 2 * k + 1);
        like += want[k] > 0.92;
        missed += want[k] > 0.92 && w.group[2 * k + 1] != 2 * k;
    }
    off = sqrt(off / PAIRS);
    print_message("off by %.3f; %zu of %zu like pairs missed\n", off, missed, like);
    assert_true(off < 0.06 && like > 20 && missed <= like / 20);
    twins_close(&w);
    corpus_close(&c);
}

/* How alike the second mail is made, and what it must be found to be. */
static void kinds_are_told_apart(void **unused)
{
    (void)unused;
    static const struct {
        size_t other; /* of 600 grams, not shared */
        bool same_body, same_mail;
        enum twins_kind kind;
    } CASES[] = {{600, false, false, TWINS_NONE}, {300, false, false, TWINS_NONE}, {10, false, false, TWINS_NEARLY},
                 {0, false, false, TWINS_NEARLY}, {600, true, false, TWINS_TEXT},  {0, true, true, TWINS_MAIL}};
    enum { N = sizeof CASES / sizeof *CASES, GRAMS = 600 };
    uint32_t a[GRAMS], b[GRAMS];
    struct toy_writer t;
    struct corpus c;
    struct twins w;
    toy_open(&t, 1);
    for (size_t k = 0; k < N; k++) {
        for (size_t i = 0; i < GRAMS; i++) b[i] = (a[i] = gram()) + (i < CASES[k].other ? gram() : 0);
        add(&t, a, GRAMS, false, 10 * k, 10 * k);
        add(&t, b, GRAMS, true, 10 * k + !CASES[k].same_mail, 10 * k + !CASES[k].same_body);
    }
    toy_close(&t, &c);
    assert_int_equal(twins_open(&c, &w), ERR_OK);
    for (size_t k = 0; k < N; k++) {
        assert_int_equal(twins_kind(&w, &c, 2 * k, 2 * k + 1), CASES[k].kind);
        assert_int_equal(w.group[2 * k + 1], CASES[k].kind == TWINS_NONE ? 2 * k + 1 : 2 * k);
    }
    twins_close(&w);
    corpus_close(&c);
}

/* Mails that say next to nothing are not the same for it, unless they are byte for byte. */
static void short_texts_are_strangers(void **unused)
{
    (void)unused;
    struct toy_writer t;
    struct corpus c;
    struct twins w;
    uint32_t grams[TWINS_LEAST - 1];
    for (size_t i = 0; i < TWINS_LEAST - 1; i++) grams[i] = gram();
    struct features f = {.view[VIEW_TEXT_GRAM] = {grams, TWINS_LEAST - 1}};
    f.number[NUMBER_VISIBLE_BYTES] = 0.2f; /* 27 bytes */
    toy_open(&t, 1);
    for (unsigned i = 0; i < 3; i++) toy_add(&t, &f, false, 0, i / 2, 7);
    toy_close(&t, &c);
    assert_int_equal(twins_open(&c, &w), ERR_OK);
    assert_int_equal(w.group[1], 0);
    assert_int_equal(w.group[2], 2);
    twins_close(&w);
    corpus_close(&c);
}

/* Thousands of mails of one text, which is one bucket in every band: groups are found, in linear time. */
static void one_text_many_times(void **unused)
{
    (void)unused;
    enum { N = 20000, GRAMS = 300 };
    uint32_t a[GRAMS];
    struct toy_writer t;
    struct corpus c;
    struct twins w;
    for (size_t i = 0; i < GRAMS; i++) a[i] = gram();
    toy_open(&t, 1);
    for (size_t k = 0; k < N; k++) {
        uint32_t own = a[k % GRAMS];
        a[k % GRAMS] = gram(); /* each has one gram that no other has */
        add(&t, a, GRAMS, k % 2, k, k);
        a[k % GRAMS] = own;
    }
    toy_close(&t, &c);
    assert_int_equal(twins_open(&c, &w), ERR_OK);
    for (size_t k = 0; k < N; k++) assert_int_equal(w.group[k], 0);
    twins_close(&w);
    corpus_close(&c);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(likeness_is_estimated), cmocka_unit_test(kinds_are_told_apart),
        cmocka_unit_test(short_texts_are_strangers), cmocka_unit_test(one_text_many_times)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

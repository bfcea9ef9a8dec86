/* SPDX-License-Identifier: Apache-2.0 */
/* test_weigh: a score is shared out without a loss, in words that are the mail's own. */
#include <dirent.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "proto/base/utf8.h"
#include "worker/score/weigh.h"

#define STARTER "models/starter/starter.bundle"

static struct arena arena;
static struct model *model;

static int start(void **state)
{
    (void)state;
    char fault[MODEL_FAULT_MAX];
    mail_init();
    if (model_open(STARTER, &model, fault) != ERR_OK) fail_msg("%s", fault);
    return arena_open(&arena, 2 * MAIL_ARENA_BYTES);
}

static int stop(void **state)
{
    (void)state;
    model_close(model);
    mail_close();
    arena_close(&arena);
    return 0;
}

static void check(const char *name, span raw)
{
    struct mail m;
    struct weighing w;
    struct features f;
    struct scores s;
    arena_reset(&arena);
    mail_read(&m, raw, NULL, &arena);
    model_weigh(model, &m, &arena, &w);
    double sum = 0, by_view[VIEW_COUNT] = {0};
    for (size_t i = 0; i < w.n; i++) {
        span text = weighed_text(&w.v[i], &arena);
        assert_true(w.v[i].weight != 0 && text.n && text.n <= WEIGHED_TEXT_MAX);
        assert_true(i == 0 || fabs(w.v[i - 1].weight) >= fabs(w.v[i].weight));
        for (size_t at = 0, n; at < text.n; at += n) {
            n = utf8_len(span_from(text, at));
            assert_true(n > 0 && text.p[at] >= ' ' && text.p[at] != 127);
        }
        sum += w.v[i].weight;
        by_view[w.v[i].view] += w.v[i].weight;
    }
    features_extract(&m, &arena, &f);
    model_score(model, &f, &s);
    struct features few;
    struct scores same;
    features_extract_views(&m, &arena, model_views(model), &few);
    model_score(model, &few, &same);
    assert_memory_equal(&same, &s, sizeof s); /* what the model does not look at makes no difference */
    for (unsigned v = 0; v < VIEW_COUNT; v++)
        assert_int_equal(few.view[v].n, model_views(model) >> v & 1 ? f.view[v].n : 0);
    double over = w.scores.score - w.base - w.sum;
    assert_true(memcmp(&s, &w.scores, sizeof s) == 0 && !w.cut);
    assert_true(fabs(sum - w.sum) < 1e-9);
    for (unsigned v = 0; v < VIEW_COUNT; v++) {
        assert_true(fabs(by_view[v] - w.view[v].sum) < 1e-9);
        assert_true(w.view[v].known <= w.view[v].features && w.view[v].features == f.view[v].n);
    }
    if (fabs(over) > 1e-6 * (1 + fabs(w.scores.score)))
        fail_msg("%s: score %f, base %f, sum %f: %f is left over", name, w.scores.score, w.base, w.sum, over);
}

static void shares_add_up(void **state)
{
    (void)state;
    static const char *const FOLDERS[] = {"docs/samples/mails", "tests/mail"};
    for (size_t k = 0; k < 2; k++) {
        DIR *d = opendir(FOLDERS[k]);
        assert_non_null(d);
        for (struct dirent *e; (e = readdir(d));) {
            static char raw[1 << 20];
            char path[600];
            snprintf(path, sizeof path, "%s/%s", FOLDERS[k], e->d_name);
            if (!strstr(e->d_name, ".eml")) continue;
            FILE *f = fopen(path, "rb");
            size_t n = fread(raw, 1, sizeof raw, f);
            fclose(f);
            check(path, span_of(raw, n));
        }
        closedir(d);
    }
}

/* Words that were made up on the way are still there when they are asked for. */
static void made_up_words_live(void **state)
{
    (void)state;
    static const char MAIL[] = "From: Ann Lee <ann.lee99@example.org>\nSubject: hi\n\nhello\n";
    struct mail m;
    struct features f;
    arena_reset(&arena);
    mail_read(&m, span_of(MAIL, sizeof MAIL - 1), NULL, &arena);
    features_extract_named(&m, &arena, &f);
    char clobber[4096];
    memset(clobber, 'Z', sizeof clobber);
    __asm__ volatile("" : : "r"(clobber) : "memory");
    bool seen = false;
    for (size_t i = 0; i < f.view[VIEW_SHAPE].n; i++) {
        const struct feature_name *n = &f.names[VIEW_SHAPE][i];
        if (span_eq(n->field, SPAN("from address form"))) seen = span_eq(n->first, SPAN("a.a9"));
    }
    assert_true(seen);
}

/* 4-grams cut kanji; what is told of them does not. */
static void snippets_are_whole_characters(void **state)
{
    (void)state;
    static const char MAIL[] =
        "From: a@example.org\nSubject: 請求書の件\nContent-Type: text/plain; charset=utf-8\n"
        "\n今月のご請求は¥12,"
        "800です。次の月曜日までにお支払いください。クリック👍🏻ここ\n";
    struct mail m;
    struct weighing w;
    size_t grams = 0;
    arena_reset(&arena);
    mail_read(&m, span_of(MAIL, sizeof MAIL - 1), NULL, &arena);
    model_weigh(model, &m, &arena, &w);
    for (size_t i = 0; i < w.n; i++) {
        span text = weighed_text(&w.v[i], &arena);
        if (span_find(text, '?') < text.n) fail_msg("%.*s", SPAN_ARG(text));
        grams += w.v[i].view == VIEW_TEXT_GRAM;
    }
    assert_true(grams > 10);
}

/* A small arena: less is weighed, nothing breaks. */
static void little_memory(void **state)
{
    (void)state;
    static const char MAIL[] = "From: a@example.org\nSubject: free offer\n\nclick here to claim your prize now\n";
    for (size_t bytes = 1 << 12; bytes <= 1 << 20; bytes += 1 << 14) {
        struct arena small;
        struct mail m;
        struct weighing w;
        assert_int_equal(arena_open(&small, bytes), ERR_OK);
        mail_read(&m, span_of(MAIL, sizeof MAIL - 1), NULL, &small);
        model_weigh(model, &m, &small, &w);
        for (size_t i = 0; i < w.n; i++) (void)weighed_text(&w.v[i], &small);
        arena_close(&small);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(shares_add_up), cmocka_unit_test(made_up_words_live),
                                              cmocka_unit_test(little_memory),
                                              cmocka_unit_test(snippets_are_whole_characters)};
    return cmocka_run_group_tests(tests, start, stop);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* test_learner: the formulas of docs/scoring.md beside the code that runs; that learners learn, that freezing keeps what
 * they learnt, and that damaged tables are refused. */
#include "models/train/learner.h"
#include "tests/unit/plain_learner.h"
#include "tests/unit/toy_mails.h"
#include "worker/score/table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void equals_the_plain_reference(void **state)
{
    (void)state;
    struct plain *ref = calloc(1, sizeof *ref);
    struct learner l;
    assert_non_null(ref);
    ref->joint_rate = ref->view_rate = 0.02;
    assert_int_equal(learner_open(&l, BITS), ERR_OK);
    for (size_t k = 0; k < MAILS; k++) {
        struct parts got, want;
        learner_score(&l, &toy[k].f, &got);
        plain_score(ref, &toy[k].f, &want);
        for (unsigned i = 0; i < PART_COUNT; i++)
            if (fabs(got.v[i] - want.v[i]) > 1e-3 * (1 + fabs(want.v[i])))
                fail_msg("mail %zu part %u: %.9g, reference %.9g", k, i, got.v[i], want.v[i]);
        learner_learn(&l, &toy[k].f, &got, toy[k].spam, 1);
        plain_learn(ref, &toy[k].f, toy[k].spam);
    }
    learner_close(&l);
    free(ref);
}

/* Each once. */
static size_t add_word(struct learner_word *word, size_t n, uint32_t hash, uint8_t view)
{
    for (size_t i = 0; i < n; i++)
        if (word[i].hash == hash) return n;
    word[n] = (struct learner_word){.hash = hash, .cell = hash & ((1 << 20) - 1), .view = view};
    return n + 1;
}

/* A learner that saw all toys, and the words that they have, view by view. */
static size_t learn_toys(struct learner *l, struct learner_word *word)
{
    size_t words = 0;
    assert_int_equal(learner_open(l, 20), ERR_OK);
    for (size_t k = 0; k < MAILS; k++) {
        struct parts p;
        learner_score(l, &toy[k].f, &p);
        learner_learn(l, &toy[k].f, &p, toy[k].spam, 1);
    }
    for (uint8_t v = 0; v < VIEW_COUNT; v++)
        for (size_t k = 0; k < MAILS; k++)
            for (unsigned i = 0; i < PER_VIEW; i++) words = add_word(word, words, toy[k].word[v][i], v);
    return words;
}

/* docs/scoring.md, "The frozen table". */
enum { LEAST = 3 };

static bool plain_weights(const struct learner *l, const struct learner_word *word, double weight[3], double *mails)
{
    const struct learner_cell *c = &l->cell[word->cell];
    weight[0] = (double)c->joint;
    weight[1] = (double)c->view;
    weight[2] = part_vote((double)c->spam, (double)c->ham, l->spams, l->hams);
    *mails = (double)c->spam + (double)c->ham;
    return *mails >= LEAST;
}

/* 1/127 of 6 root mean squares, or of the largest. */
static void plain_steps(const struct learner *l, const struct learner_word *word, size_t n, unsigned view,
                        double step[3])
{
    double square[3] = {0}, most[3] = {0}, count = 0, weight[3], mails;
    for (size_t i = 0; i < n; i++) {
        if (word[i].view != view || !plain_weights(l, &word[i], weight, &mails)) continue;
        count++;
        for (unsigned j = 0; j < 3; j++) {
            square[j] += weight[j] * weight[j];
            most[j] = fmax(most[j], fabs(weight[j]));
        }
    }
    for (unsigned j = 0; j < 3; j++) step[j] = fmin(6 * sqrt(square[j] / count), most[j]) / 127;
}

/* What is known of a group of slots: the least rank that stayed, the highest that was left out. */
struct group {
    double stayed, left;
};

/* Find the words of a view in the table, rounded; returns how many there are. */
static size_t find_words(const struct learner *l, const struct table *t, const struct learner_word *word, size_t n,
                         unsigned view, const double step[3], struct group *group)
{
    size_t found = 0;
    for (size_t i = 0; i < n; i++) {
        double weight[3], mails, rank = 0;
        if (word[i].view != view || !plain_weights(l, &word[i], weight, &mails)) continue;
        struct group *g = &group[word[i].hash % (t->group_mask + 1)];
        for (unsigned j = 0; j < 3; j++) {
            weight[j] = fmax(-127, fmin(127, weight[j] / step[j]));
            rank += (j == 1 ? 2 : 1) * fabs(weight[j]) * sqrt(mails);
        }
        const struct table_slot *s = table_find(t, word[i].hash);
        if (!s) {
            g->left = fmax(g->left, rank);
        } else if (fabs(s->joint - weight[0]) < 0.51 && fabs(s->view - weight[1]) < 0.51 &&
                   fabs(s->vote - weight[2]) < 0.51) { /* else a word of the same check byte is there */
            g->stayed = fmin(g->stayed, rank);
            found++;
        }
    }
    return found;
}

static void frozen_as_the_plain_reference(void **state)
{
    (void)state;
    static struct learner_word word[MAILS * VIEW_COUNT * PER_VIEW];
    static struct group group[1 << 12];
    struct learner l;
    size_t n = learn_toys(&l, word);
    for (unsigned bits = 9; bits <= 14; bits += 5) { /* nearly all groups are full; hardly any is */
        span section;
        struct table t;
        const char *why;
        size_t groups = (size_t)1 << (bits - 2), found = 0;
        assert_int_equal(learner_freeze(&l, word, n, ~0u, bits, LEAST, &section), ERR_OK);
        assert_int_equal(table_load(section, &t, &why), ERR_OK);
        for (size_t g = 0; g < groups; g++) group[g] = (struct group){.stayed = INFINITY};
        for (unsigned v = 0; v < VIEW_COUNT; v++) {
            double step[3];
            plain_steps(&l, word, n, v, step);
            assert_true(fabs((double)t.scale->joint[v] - step[0]) < 1e-6 * step[0]);
            assert_true(fabs((double)t.scale->view[v] - step[1]) < 1e-6 * step[1]);
            assert_true(fabs((double)t.scale->vote[v] - step[2]) < 1e-6 * step[2]);
            found += find_words(&l, &t, word, n, v, step, group);
        }
        for (size_t g = 0; g < groups; g++) /* ranks are of rounded weights there */
            if (group[g].left > group[g].stayed + 30)
                fail_msg("group %zu: left %g out, kept %g", g, group[g].left, group[g].stayed);
        print_message("%zu of %zu words in 2^%u slots\n", found, n, bits);
        assert_true(bits > 9 ? found > n * 9 / 10 : found == 1 << 9);
        free((void *)section.p);
    }
    learner_close(&l);
}

static void freezing_keeps_what_was_learnt(void **state)
{
    (void)state;
    struct learner l;
    static struct learner_word word[MAILS * VIEW_COUNT * PER_VIEW];
    size_t words = learn_toys(&l, word);
    span section, again;
    const char *why;
    struct table t;
    assert_int_equal(learner_freeze(&l, word, words, ~0u, 14, 1, &section), ERR_OK);
    assert_int_equal(learner_freeze(&l, word, words, ~0u, 14, 1, &again), ERR_OK);
    assert_true(span_eq(section, again));
    assert_int_equal(table_load(section, &t, &why), ERR_OK);
    for (size_t k = 0; k < MAILS; k++) {
        struct parts live, frozen;
        learner_score(&l, &toy[k].f, &live);
        table_score(&t, &toy[k].f, &frozen);
        for (unsigned i = 0; i < PART_COUNT; i++)
            if (fabs(live.v[i] - frozen.v[i]) > 0.05 * (1 + fabs(live.v[i])))
                fail_msg("mail %zu part %u: live %g, frozen %g", k, i, live.v[i], frozen.v[i]);
        assert_true((frozen.v[PART_JOINT] > 0) == toy[k].spam);
    }
    /* Each header byte wrong in turn, and each length but the right one. */
    uint8_t *bytes = malloc(section.n);
    memcpy(bytes, section.p, section.n);
    for (size_t i = 0; i < 12; i++) {
        bytes[i] ^= 0xFF;
        assert_int_equal(table_load(span_of(bytes, section.n), &t, &why), ERR_MODEL);
        bytes[i] ^= 0xFF;
    }
    for (size_t n = 0; n < section.n; n += 4097) assert_int_equal(table_load(span_of(bytes, n), &t, &why), ERR_MODEL);
    struct table_slot twins[TABLE_GROUP] = {{9, 1, 0, 0}, {8, 1, 1, 1}, {7, 0, 0, 0}, {9, 0, 0, 2}};
    memcpy(bytes + sizeof(struct table_head) + 16, twins, sizeof twins);
    assert_int_equal(table_load(span_of(bytes, section.n), &t, &why), ERR_MODEL);
    bytes[sizeof(struct table_head) + 16] = 7; /* like one without a weight */
    assert_int_equal(table_load(span_of(bytes, section.n), &t, &why), ERR_OK);
    float nan = NAN;
    memcpy(bytes + offsetof(struct table_head, scale), &nan, sizeof nan);
    assert_int_equal(table_load(span_of(bytes, section.n), &t, &why), ERR_MODEL);
    free(bytes);
    free((void *)section.p);
    free((void *)again.p);
    learner_close(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_the_plain_reference),
        cmocka_unit_test(freezing_keeps_what_was_learnt),
        cmocka_unit_test(frozen_as_the_plain_reference),
    };
    return cmocka_run_group_tests(tests, make_toys, NULL);
}

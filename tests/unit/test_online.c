/* SPDX-License-Identifier: Apache-2.0 */
/* test_online: the two experts of the immediate protocol beside their formulas (docs/scoring.md) in their plainest form,
 * and what is learnt again. */
#include "models/online/online.h"
#include "models/online/fusion.h"
#include "models/online/replay.h"
#include "tests/unit/plain_learner.h"
#include "tests/unit/toy_mails.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* docs/scoring.md, "The steady expert": model 0 is the joint one, 1 + v that of view v. */
enum { MODELS = 1 + VIEW_COUNT };

struct plain_arow {
    double w[MODELS][1 << BITS], var[MODELS][1 << BITS], learnt[2];
};

static void open_plain_arow(struct plain_arow *a)
{
    for (unsigned k = 0; k < MODELS; k++)
        for (size_t i = 0; i < 1 << BITS; i++) a->var[k][i] = 1;
}

/* How long a feature of view v is in model k; 0 when it is not there. */
static double plain_x(const struct features *f, unsigned k, unsigned v)
{
    unsigned views = 0;
    for (unsigned u = 0; u < VIEW_COUNT; u++) views += f->view[u].n > 0;
    if (k == 0) return 1 / sqrt((double)(views * f->view[v].n));
    return k == 1 + v ? 1 / sqrt((double)f->view[v].n) : 0;
}

static double plain_margin(const struct plain_arow *a, const struct features *f, unsigned k)
{
    double m = 0;
    for (unsigned v = 0; v < VIEW_COUNT; v++)
        for (size_t i = 0; i < f->view[v].n; i++) m += plain_x(f, k, v) * a->w[k][f->view[v].v[i] & ((1 << BITS) - 1)];
    return m;
}

static void plain_learn_arow(struct plain_arow *a, const struct features *f, bool spam)
{
    double y = spam ? 1 : -1, turn = 1.1 + 0.4 * 20 / (20 + a->learnt[spam]);
    for (unsigned k = 0; k < MODELS; k++) {
        double loss = 1 - y * plain_margin(a, f, k), variance = 0;
        if (loss > turn) loss = 2 * turn - loss;
        if (loss <= 0) continue;
        for (unsigned v = 0; v < VIEW_COUNT; v++)
            for (size_t i = 0; i < f->view[v].n; i++)
                variance += pow(plain_x(f, k, v), 2) * a->var[k][f->view[v].v[i] & ((1 << BITS) - 1)];
        for (unsigned v = 0; v < VIEW_COUNT; v++)
            for (size_t i = 0; i < f->view[v].n; i++) {
                uint32_t at = f->view[v].v[i] & ((1 << BITS) - 1);
                double x = plain_x(f, k, v);
                a->w[k][at] += y * loss * x * a->var[k][at] / (variance + 0.1);
                a->var[k][at] = 1 / (1 / a->var[k][at] + x * x / (variance + 0.1));
            }
    }
}

/* The mean of margins, and of Bayes parts (which the toys never squash). */
static const double SURE[MODELS] = {5, 2, 1, 0.5, 2, 0.5, 0.2, 2}, SURE_BAYES[] = {0.5, 0.2, 0.2, 0.5, 0.2, 0.2, 0.5};

static void plain_experts(const struct plain_arow *a, const struct features *f, const struct parts *p, double z[2])
{
    double margin = 0, bayes = 0;
    for (unsigned k = 0; k < MODELS; k++) margin += SURE[k] * plain_margin(a, f, k) / 13.2;
    for (unsigned v = 0; v < VIEW_COUNT; v++) bayes += SURE_BAYES[v] * part_squash(p->v[PART_BAYES + v]) / 2.3;
    z[0] = fusion_score(p) + 2 * margin;
    z[1] = 0.8 * bayes + 10 * margin;
}

/* Every tenth label is wrong when `noise` is set, so that both experts have their turn. */
static void check_online(bool noise)
{
    struct plain *ref = calloc(1, sizeof *ref);
    struct plain_arow *arow = calloc(1, sizeof *arow);
    struct online o;
    double wrong[2] = {1, 0}, least = 1, share = 0;
    size_t kept[MAILS], kept_count = 0;
    uint64_t random = 1, other = 2;
    assert_true(ref && arow);
    ref->joint_rate = 0.025;
    ref->view_rate = 0.04;
    open_plain_arow(arow);
    assert_int_equal(online_open(&o, BITS), ERR_OK);
    for (size_t k = 0; k < MAILS; k++) {
        const struct features *f = &toy[k].f;
        bool spam = toy[k].spam != (noise && k % 10 == 3);
        struct online_opinion got;
        online_score(&o, f, &got);

        struct parts parts;
        double z[2], seen = (double)k / ((double)k + 10);
        plain_score(ref, f, &parts);
        plain_experts(arow, f, &parts, z);
        for (unsigned i = 0; i < 2; i++) z[i] *= seen;
        share = 0.98 * plain_sigmoid(4.5 + 4 * (wrong[1] - wrong[0]));
        double p = share * plain_sigmoid(z[0] / 2) + (1 - share) * plain_sigmoid(z[1] / 2);
        double want = 0.65 * 2 * log(p / (1 - p));
        if (k > MAILS / 2) least = fmin(least, share);
        if (fabs(got.score - want) > 2e-3 * (1 + fabs(want)))
            fail_msg("mail %zu: %.9g, plain %.9g", k, got.score, want);
        assert_int_equal(online_learn(&o, f, &got, spam), ERR_OK);

        for (unsigned i = 0; i < 2; i++) wrong[i] = 0.9986 * wrong[i] + plain_sigmoid(spam ? -z[i] : z[i]);
        plain_learn(ref, f, spam);
        if (fabs(spam - plain_sigmoid(fusion_score(&parts))) > 0.1 ||
            fabs(spam - plain_sigmoid(parts.v[PART_JOINT])) > 0.1)
            kept[kept_count++] = k;
        random = random * 6364136223846793005u + 1442695040888963407u;
        size_t again = kept[(random >> 33) % kept_count];
        plain_learn_linear(ref, &toy[again].f, toy[again].spam != (noise && again % 10 == 3));

        arow->learnt[spam]++;
        plain_learn_arow(arow, f, spam);
        if (k == 0) continue;
        other = other * 6364136223846793005u + 1442695040888963407u;
        again = (other >> 33) % k;
        plain_learn_arow(arow, &toy[again].f, toy[again].spam != (noise && again % 10 == 3));
    }
    print_message("share of the quick expert: %.3f at least, %.3f at last\n", least, share);
    assert_true((least < 0.9) == noise);
    online_close(&o);
    free(ref);
    free(arow);
}

static void online_equals_the_plain_reference(void **state)
{
    (void)state;
    check_online(false);
    check_online(true);
}

static void online_gets_the_rest_right(void **state)
{
    (void)state;
    struct online o;
    size_t wrong = 0;
    assert_int_equal(online_open(&o, BITS), ERR_OK);
    for (size_t k = 0; k < MAILS; k++) {
        struct online_opinion now;
        online_score(&o, &toy[k].f, &now);
        if (k > MAILS / 4) wrong += (now.score > 0) != toy[k].spam;
        assert_int_equal(online_learn(&o, &toy[k].f, &now, toy[k].spam), ERR_OK);
    }
    assert_int_equal(wrong, 0);
    online_close(&o);
}

/* A ring of 5: all of the last five come, nothing before, in the same order each time. */
static void replay_draws_the_last_ones(void **state)
{
    (void)state;
    enum { MAX = 5, DRAWS = 200 };
    static const uint32_t *drawn[DRAWS];
    for (unsigned round = 0; round < 2; round++) {
        struct replay r;
        size_t times[MAILS] = {0};
        assert_int_equal(replay_open(&r, MAX, 1), ERR_OK);
        assert_null(replay_draw(&r));
        for (size_t k = 0; k < 3 * MAX - 1; k++) assert_int_equal(replay_keep(&r, &toy[k].f, toy[k].spam), ERR_OK);
        for (size_t i = 0; i < DRAWS; i++) {
            const struct replay_mail *m = replay_draw(&r);
            size_t k = 0;
            while (k < MAILS && memcmp(m->f.view[0].v, toy[k].word[0], sizeof toy[k].word[0]) != 0) k++;
            assert_true(k < MAILS && m->spam == toy[k].spam && features_count(&m->f) == ALL);
            times[k]++;
            if (round) assert_ptr_equal(drawn[i], toy[k].word[0]);
            drawn[i] = toy[k].word[0];
        }
        for (size_t k = 0; k < MAILS; k++) assert_true((times[k] > 0) == (k >= 2 * MAX - 1 && k < 3 * MAX - 1));
        replay_close(&r);
    }
}

static void squash_keeps_order_and_sign(void **state)
{
    (void)state;
    double last = -INFINITY;
    for (double x = -1000; x <= 1000; x += 0.37) {
        double y = part_squash(x);
        assert_true(y > last && (y > 0) == (x > 0));
        if (fabs(x) <= PART_KNEE) assert_true(y == x);
        last = y;
    }
    struct parts none = {0};
    assert_true(fusion_score(&none) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(online_equals_the_plain_reference),
        cmocka_unit_test(online_gets_the_rest_right),
        cmocka_unit_test(replay_draws_the_last_ones),
        cmocka_unit_test(squash_keeps_order_and_sign),
    };
    return cmocka_run_group_tests(tests, make_toys, NULL);
}

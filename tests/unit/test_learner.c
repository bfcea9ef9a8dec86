/* SPDX-License-Identifier: Apache-2.0 */
/* test_learner: the formulas of docs/scoring.md in their plainest form beside the code that runs; that learners learn,
 * that freezing keeps what they learnt, and that damaged tables and lines of calibration are refused. */
#include "models/online/fusion.h"
#include "models/online/online.h"
#include "models/online/replay.h"
#include "models/train/calibrate.h"
#include "models/train/learner.h"
#include "worker/score/calib.h"
#include "worker/score/table.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { MAILS = 400, PER_VIEW = 30, BITS = 16 };

static uint64_t rng = 1;

static uint32_t random32(void)
{
    rng = rng * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(rng >> 32);
}

/* Mails whose features come from 400 common ones a view; the first 40 of those are spam's, the next 40 ham's. */
static struct toy {
    uint32_t word[VIEW_COUNT][PER_VIEW];
    struct features f;
    bool spam;
} toy[MAILS];

static int make_toys(void **state)
{
    (void)state;
    for (size_t k = 0; k < MAILS; k++) {
        struct toy *t = &toy[k];
        t->spam = random32() & 1;
        memset(&t->f, 0, sizeof t->f);
        for (unsigned v = 0; v < VIEW_COUNT; v++) {
            for (unsigned i = 0; i < PER_VIEW; i++) {
                /* Slots of their own, so that nothing is there twice. */
                uint32_t word = i < 4 ? (t->spam ? 0 : 40) + 10 * i + random32() % 10 : 100 + 10 * i + random32() % 10;
                t->word[v][i] = (word + 1 + 1000 * v) * 0x9E3779B1u;
            }
            t->f.view[v] = (struct feature_list){t->word[v], PER_VIEW};
        }
    }
    return 0;
}

/* The reference: cells in an array of doubles, each formula written out, libm's functions. */
struct plain {
    double joint[1 << BITS], joint_g[1 << BITS], view[1 << BITS], view_g[1 << BITS], spam[1 << BITS], ham[1 << BITS];
    double spams, hams, joint_rate, view_rate;
};

static double plain_vote(const struct plain *l, uint32_t at)
{
    double n = l->spam[at] + l->ham[at], s = l->spam[at] / l->spams, h = l->ham[at] / l->hams;
    if (n == 0) return 0;
    double f = (0.1 * 0.5 + n * s / (s + h)) / (0.1 + n);
    return log(f / (1 - f)) * pow((s - h) / (s + h), 4) * n / (n + 1);
}

static void plain_score(const struct plain *l, const struct features *f, struct parts *out)
{
    *out = (struct parts){0};
    for (unsigned v = 0; v < VIEW_COUNT; v++) {
        double sum = 0, magnitude = 0;
        for (size_t i = 0; i < f->view[v].n; i++) {
            uint32_t at = f->view[v].v[i] & ((1 << BITS) - 1);
            out->v[PART_JOINT] += l->joint[at];
            out->v[PART_VIEW + v] += l->view[at];
            if (l->spams > 0 && l->hams > 0) {
                sum += plain_vote(l, at);
                magnitude += fabs(plain_vote(l, at));
            }
        }
        out->v[PART_BAYES + v] = 0.3 * sum / sqrt(1 + magnitude);
    }
}

static double plain_step(double rate, double g, size_t n, double error)
{
    return rate * pow(1000.0 / (double)n, 0.7) * error / sqrt(0.02 + g);
}

static double plain_sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}

enum { ALL = VIEW_COUNT * PER_VIEW };

static void plain_learn_linear(struct plain *l, const struct features *f, bool spam)
{
    struct parts p;
    plain_score(l, f, &p);
    double joint_error = spam - plain_sigmoid(p.v[PART_JOINT]);
    for (unsigned v = 0; v < VIEW_COUNT; v++)
        for (size_t i = 0; i < f->view[v].n; i++) {
            uint32_t at = f->view[v].v[i] & ((1 << BITS) - 1);
            double view_error = spam - plain_sigmoid(p.v[PART_VIEW + v]);
            l->joint_g[at] += joint_error * joint_error;
            l->joint[at] += plain_step(l->joint_rate, l->joint_g[at], ALL, joint_error);
            l->view_g[at] += view_error * view_error;
            l->view[at] += plain_step(l->view_rate, l->view_g[at], f->view[v].n, view_error);
        }
}

static void plain_learn(struct plain *l, const struct features *f, bool spam)
{
    plain_learn_linear(l, f, spam);
    for (unsigned v = 0; v < VIEW_COUNT; v++)
        for (size_t i = 0; i < f->view[v].n; i++) (spam ? l->spam : l->ham)[f->view[v].v[i] & ((1 << BITS) - 1)]++;
    ++*(spam ? &l->spams : &l->hams);
}

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

static void calibration_rises_and_holds(void **state)
{
    (void)state;
    enum { ROWS = 5000 };
    static struct calibrate_row rows[ROWS];
    span section;
    struct calib c;
    const char *why;
    for (size_t i = 0; i < ROWS; i++) {
        /* True log-odds are half the score. */
        double score = (double)(random32() % 20001) / 1000 - 10;
        rows[i] = (struct calibrate_row){score, 1, random32() % 100000 < 100000 / (1 + exp(-score / 2))};
    }
    assert_int_equal(calibrate_fit(rows, ROWS, &section), ERR_OK);
    assert_int_equal(calib_load(section, &c, &why), ERR_OK);
    double last = -INFINITY;
    for (double x = -30; x < 30; x += 0.1) {
        assert_true(calib_at(&c, x) > last);
        last = calib_at(&c, x);
        if (fabs(x) < 5) assert_true(fabs(last - x / 2) < 0.8);
    }
    for (size_t n = 0; n < section.n; n++) assert_int_equal(calib_load(span_of(section.p, n), &c, &why), ERR_MODEL);
    free((void *)section.p);
    for (size_t i = 0; i < ROWS; i++) rows[i].spam = true;
    assert_int_equal(calibrate_fit(rows, ROWS, &section), ERR_MODEL);
}

/* docs/scoring.md, "Calibration", with pools in a list. */
struct pool {
    double weight, spam, score;
};

static int by_plain_score(const void *a, const void *b)
{
    const struct calibrate_row *x = a, *y = b;
    return (x->score > y->score) - (x->score < y->score);
}

static size_t plain_calibration(const struct calibrate_row *rows, size_t n, double *x, double *y)
{
    struct pool pool[41] = {{0}};
    double all = 0, seen = 0;
    size_t pools = 0, points = 0;
    for (size_t i = 0; i < n; i++) all += rows[i].weight;
    for (size_t i = 0; i < n; i++) {
        struct pool *p = &pool[pools];
        p->weight += rows[i].weight;
        p->spam += rows[i].spam * rows[i].weight;
        p->score += rows[i].score * rows[i].weight;
        seen += rows[i].weight;
        bool level = i + 1 < n && rows[i + 1].score == rows[i].score;
        if (i + 1 < n && (level || seen < all * (double)(pools + 1) / 40 || pools == 39)) continue;
        for (pools++; pools > 1; pools--) {
            struct pool *last = &pool[pools - 1], *before = last - 1;
            if (last->spam / last->weight > before->spam / before->weight) break;
            *before =
                (struct pool){before->weight + last->weight, before->spam + last->spam, before->score + last->score};
            *last = (struct pool){0};
        }
    }
    for (size_t i = 0; i < pools; i++) {
        double half = all / (double)n / 2, at = pool[i].score / pool[i].weight;
        double odds = log((pool[i].spam + half) / (pool[i].weight - pool[i].spam + half));
        if (points && (at <= x[points - 1] || odds <= y[points - 1])) continue;
        x[points] = at;
        y[points++] = odds;
    }
    return points;
}

static void calibration_equals_the_plain_reference(void **state)
{
    (void)state;
    enum { FITS = 60, ROWS = 700 };
    static struct calibrate_row rows[ROWS];
    for (unsigned fit = 0; fit < FITS; fit++) {
        for (size_t i = 0; i < ROWS; i++) {
            double score = (double)(random32() % (fit % 2 ? 200 : 20001)) / (fit % 2 ? 10 : 1000) - 10;
            bool spam = random32() % 100000 < 100000 / (1 + exp(-score));
            rows[i] = (struct calibrate_row){score, fit % 3 ? 1 : 0.5 + random32() % 8, spam};
        }
        span section;
        struct calib c;
        const char *why;
        double x[40], y[40];
        assert_int_equal(calibrate_fit(rows, ROWS, &section), ERR_OK);
        assert_int_equal(calib_load(section, &c, &why), ERR_OK);
        qsort(rows, ROWS, sizeof *rows, by_plain_score);
        size_t points = plain_calibration(rows, ROWS, x, y);
        assert_int_equal(points, c.knots);
        for (size_t i = 0; i < points; i++)
            if (fabs(x[i] - c.x[i]) > 1e-9 || fabs(y[i] - c.y[i]) > 1e-9)
                fail_msg("fit %u, point %zu: (%g, %g), not (%g, %g)", fit, i, c.x[i], c.y[i], x[i], y[i]);
        free((void *)section.p);
    }
}

/* Whatever it is fitted to: scores of any size, ties, one score for all, labels against the order, odd weights. */
static void calibration_always_rises(void **state)
{
    (void)state;
    enum { FITS = 400, MOST = 300, PROBES = 400 };
    static struct calibrate_row rows[MOST];
    for (unsigned fit = 0; fit < FITS; fit++) {
        size_t n = 2 + random32() % (MOST - 1);
        double size = pow(10, (int)(random32() % 8) - 3), lean = (int)(random32() % 3) - 1;
        for (size_t i = 0; i < n; i++) {
            double score = ((double)random32() * 0x1p-31 - 1) * size;
            if (fit % 3 == 0) score = floor(score / size * 3) * size;
            if (fit % 10 == 0) score = size;
            bool spam = (double)random32() * 0x1p-32 < 1 / (1 + exp(-lean * score / size * 3));
            rows[i] = (struct calibrate_row){score, fit % 4 ? 1 : pow(10, (int)(random32() % 7) - 3), i < 2 ? i : spam};
        }
        span section;
        struct calib c;
        const char *why;
        assert_int_equal(calibrate_fit(rows, n, &section), ERR_OK);
        if (calib_load(section, &c, &why) != ERR_OK) fail_msg("fit %u: %s", fit, why);
        double last = -INFINITY;
        for (int k = -PROBES; k <= PROBES; k++) {
            double got = calib_at(&c, k * size * 2 / PROBES);
            if (!(got > last)) fail_msg("fit %u: falls at %g", fit, k * size * 2 / PROBES);
            last = got;
        }
        free((void *)section.p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_the_plain_reference),
        cmocka_unit_test(freezing_keeps_what_was_learnt),
        cmocka_unit_test(frozen_as_the_plain_reference),
        cmocka_unit_test(online_equals_the_plain_reference),
        cmocka_unit_test(online_gets_the_rest_right),
        cmocka_unit_test(replay_draws_the_last_ones),
        cmocka_unit_test(squash_keeps_order_and_sign),
        cmocka_unit_test(calibration_rises_and_holds),
        cmocka_unit_test(calibration_equals_the_plain_reference),
        cmocka_unit_test(calibration_always_rises),
    };
    return cmocka_run_group_tests(tests, make_toys, NULL);
}

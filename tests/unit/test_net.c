/* SPDX-License-Identifier: Apache-2.0 */
/* test_net: our kernel says what fann_run says, a trained net learns, and damaged sections are refused.
 *
 * A million random inputs over 400 random nets of the shapes below and of random ones, a third of the inputs far out,
 * within 1e-5 of fann_run (of its size, where that is above 1: float itself has no more digits). */
#include "models/train/net_fann.h"
#include "proto/base/fixmath.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <fann.h>

#include <cmocka.h>

static uint64_t rng = 1;

static float uniform(float low, float high)
{
    rng = rng * 6364136223846793005u + 1442695040888963407u;
    return low + (high - low) * (float)(rng >> 40) * 0x1p-24f;
}

struct shape {
    unsigned layers, size[NET_LAYERS_MAX + 1];
    bool shortcut;
    enum fann_activationfunc_enum hidden, output;
    float steepness;
    int nets;
};

static const struct shape SHAPES[] = {
    {2, {5, 1}, false, FANN_LINEAR, FANN_LINEAR, 0.5f, 40},
    {3, {1, 1, 1}, false, FANN_SIGMOID_SYMMETRIC, FANN_LINEAR, 1.0f, 40},
    {3, {17, 16, 1}, false, FANN_SIGMOID_SYMMETRIC, FANN_LINEAR, 0.5f, 60},
    {3, {31, 6, 1}, true, FANN_SIGMOID_SYMMETRIC, FANN_LINEAR, 0.5f, 100}, /* the fusion's */
    {4, {33, 12, 7, 1}, true, FANN_SIGMOID, FANN_LINEAR, 0.7f, 40},
    {4, {24, 31, 9, 1}, false, FANN_SIGMOID, FANN_SIGMOID, 0.3f, 30},
    {5, {40, 8, 8, 8, 1}, true, FANN_SIGMOID_SYMMETRIC, FANN_SIGMOID, 0.5f, 30},
    {3, {128, 32, 1}, true, FANN_SIGMOID_SYMMETRIC, FANN_LINEAR, 0.25f, 5},
};
enum { SHAPE_COUNT = sizeof SHAPES / sizeof *SHAPES, RANDOM_SHAPES = 55, INPUTS_EACH = 2500 };

static struct fann *random_net(const struct shape *s)
{
    struct fann *a =
        s->shortcut ? fann_create_shortcut_array(s->layers, s->size) : fann_create_standard_array(s->layers, s->size);
    fann_set_activation_function_hidden(a, s->hidden);
    fann_set_activation_function_output(a, s->output);
    fann_set_activation_steepness_hidden(a, s->steepness);
    fann_set_activation_steepness_output(a, s->steepness);
    for (unsigned k = 0; k < fann_get_total_connections(a); k++) a->weights[k] = uniform(-1, 1);
    return a;
}

/* Any that is of use. (Of several linear layers sums cancel: both are as far from the truth as from each other.) */
static struct shape random_shape(void)
{
    static const enum fann_activationfunc_enum ACT[] = {FANN_SIGMOID, FANN_LINEAR, FANN_SIGMOID_SYMMETRIC};
    struct shape s = {.layers = 2 + (unsigned)uniform(0, NET_LAYERS_MAX), .nets = 1};
    for (unsigned i = 0; i + 1 < s.layers; i++) s.size[i] = 1 + (unsigned)uniform(0, i ? 20 : 60);
    s.size[s.layers - 1] = 1;
    s.shortcut = uniform(0, 1) < 0.5f;
    s.hidden = ACT[2 * (unsigned)uniform(0, 2)];
    s.output = ACT[(unsigned)uniform(0, 2)];
    s.steepness = uniform(0.1f, 1);
    return s;
}

/* Largest difference over INPUTS_EACH inputs of one random net. */
static double compare(const struct shape *s)
{
    struct fann *a = random_net(s);
    span section;
    struct net n;
    const char *why;
    double worst = 0;
    assert_int_equal(net_fann_export(a, NULL, NULL, &section, &why), ERR_OK);
    assert_int_equal(net_load(section, &n, &why), ERR_OK);
    for (int k = 0; k < INPUTS_EACH; k++) {
        float x[NET_INPUTS_MAX];
        for (uint32_t c = 0; c < n.inputs; c++) {
            float reach = k % 3 ? 2 : 10; /* deviations from the mean */
            x[c] = k % 3 == 2 && uniform(0, 1) < 0.5f ? (uniform(0, 1) < 0.5f ? -1.0f : 1.0f) : uniform(-reach, reach);
        }
        double want = (double)fann_run(a, x)[0], got = (double)net_eval(&n, x);
        double limit = 150 / (double)s->steepness; /* libfann's, of a linear output; ours has none */
        got = s->output == FANN_SIGMOID ? fix_sigmoid(got) : fmin(fmax(got, -limit), limit);
        worst = fmax(worst, fabs(got - want) / fmax(1, fabs(want)));
    }
    free((void *)section.p);
    fann_destroy(a);
    return worst;
}

static void equals_fann_run(void **state)
{
    (void)state;
    double worst = 0;
    size_t inputs = 0;
    for (size_t i = 0; i < SHAPE_COUNT + RANDOM_SHAPES; i++) {
        struct shape s = i < SHAPE_COUNT ? SHAPES[i] : random_shape();
        for (int net = 0; net < s.nets; net++, inputs += INPUTS_EACH) {
            double off = compare(&s);
            if (!(off <= 1e-5)) fail_msg("shape %zu, net %d: off by %.9g", i, net, off);
            worst = fmax(worst, off);
        }
    }
    print_message("largest difference from fann_run over %zu inputs: %.2g\n", inputs, worst);
    assert_true(inputs >= 1000000);
}

enum { ROWS = 2000, INPUTS = 5 };

/* Spam if the product of the first two is positive (no linear model can), sometimes unknown; one constant input. */
static void problem(float *x, uint8_t *spam, size_t rows)
{
    for (size_t i = 0; i < rows; i++) {
        float *r = x + i * INPUTS, a = uniform(-1, 1), b = uniform(-1, 1);
        spam[i] = (a * b > 0) ^ (uniform(0, 1) < 0.05f);
        r[0] = 100 + 30 * a, r[1] = 0.01f * b, r[2] = uniform(-1, 1), r[3] = 7, r[4] = uniform(0, 1) < 0.5f ? NAN : a;
    }
}

static void learns_and_is_calibrated(void **state)
{
    (void)state;
    float *x = malloc(2 * ROWS * INPUTS * sizeof(float));
    uint8_t *spam = malloc(2 * ROWS);
    problem(x, spam, 2 * ROWS);
    struct net_data train = {.x = x, .spam = spam, .rows = ROWS};
    struct net_data held = {.x = x + ROWS * INPUTS, .spam = spam + ROWS, .rows = ROWS};
    struct net_plan plan = {.inputs = INPUTS, .hidden = {8}, .seed = 42, .epochs_max = 300, .decay = 1e-5f};
    struct net_report r;
    span section, again;
    const char *why;
    assert_int_equal(net_fann_train(&plan, &train, &held, &section, &r, &why), ERR_OK);
    /* A label is wrong in 1 of 20, so no model is below 0.2 nats; a coin is at 0.69. */
    print_message("epoch %u of %u: train %.3f, held %.3f\n", r.best_epoch, r.epochs, r.train_loss, r.held_loss);
    assert_true(r.held_loss < 0.30 && r.train_loss < 0.30 && r.best_epoch <= r.epochs);

    struct net n;
    assert_int_equal(net_load(section, &n, &why), ERR_OK);
    double loss = 0, p = 0, share = 0;
    for (size_t i = ROWS; i < 2 * ROWS; i++) {
        double y = (double)net_eval(&n, x + i * INPUTS), q = fix_sigmoid(y);
        p += q, share += spam[i];
        loss -= fix_log(spam[i] ? q : 1 - q);
    }
    assert_true(fabs(loss / ROWS - r.held_loss) < 1e-4);
    assert_true(fabs(p - share) / ROWS < 0.03);

    /* The same bits from the same input; others from another seed. */
    assert_int_equal(net_fann_train(&plan, &train, &held, &again, NULL, &why), ERR_OK);
    assert_true(span_eq(section, again));
    free((void *)again.p);
    plan.seed++;
    assert_int_equal(net_fann_train(&plan, &train, &held, &again, NULL, &why), ERR_OK);
    assert_false(span_eq(section, again));
    free((void *)again.p);

    /* A constant input must not have got a say. */
    float y0 = net_eval(&n, x);
    x[3] = 1e9f;
    assert_true(net_eval(&n, x) == y0);

    train.rows = 0;
    assert_int_equal(net_fann_train(&plan, &train, &held, &again, NULL, &why), ERR_MODEL);
    train.rows = ROWS;
    memset(spam, 1, ROWS);
    assert_int_equal(net_fann_train(&plan, &train, &held, &again, NULL, &why), ERR_MODEL);
    assert_non_null(strstr(why, "both spam and ham"));
    free((void *)section.p);
    free(x);
    free(spam);
}

/* Far out, where every hidden neuron is saturated, a larger input still means a larger score. */
static void sure_mails_stay_ranked(void **state)
{
    (void)state;
    enum { N = 1000 };
    float x[N];
    uint8_t spam[N];
    for (int i = 0; i < N; i++) x[i] = uniform(-5, 5), spam[i] = uniform(-1, 1) < x[i];
    struct net_data d = {.x = x, .spam = spam, .rows = N}, none = {0};
    struct net_plan plan = {.inputs = 1, .hidden = {4}, .seed = 1, .epochs_max = 100, .decay = 1e-4f};
    span section;
    const char *why;
    struct net n;
    assert_int_equal(net_fann_train(&plan, &d, &none, &section, NULL, &why), ERR_OK);
    assert_int_equal(net_load(section, &n, &why), ERR_OK);
    for (float v = 5; v < 100; v += 0.5f) {
        float more = v + 0.5f, minus = -v, less = -v - 0.5f;
        assert_true(net_eval(&n, &more) > net_eval(&n, &v));
        assert_true(net_eval(&n, &less) < net_eval(&n, &minus));
    }
    free((void *)section.p);
}

static void a_damaged_section_is_refused(void **state)
{
    (void)state;
    struct fann *a = random_net(&SHAPES[4]);
    span section;
    struct net n;
    const char *why = NULL;
    assert_int_equal(net_fann_export(a, NULL, NULL, &section, &why), ERR_OK);
    fann_destroy(a);
    for (size_t cut = 0; cut < section.n; cut++)
        assert_int_equal(net_load(span_head(section, cut), &n, &why), ERR_MODEL);
    /* Any word of the head replaced: refused, or a net that reads only what is there and gives a number. */
    static const uint32_t WORDS[] = {0,  1,   2,   31,       33,         34,         64,
                                     65, 256, 257, 1u << 31, UINT32_MAX, 0x7FC00000, 0x7F800000};
    float x[NET_INPUTS_MAX];
    for (int i = 0; i < NET_INPUTS_MAX; i++) x[i] = i % 3 ? INFINITY : NAN;
    uint8_t *p = (uint8_t *)section.p;
    for (size_t at = 0; at < section.n; at += 4)
        for (size_t k = 0; k < sizeof WORDS / sizeof *WORDS; k++) {
            uint32_t old;
            memcpy(&old, p + at, 4);
            memcpy(p + at, &WORDS[k], 4);
            if (net_load(section, &n, &why) == ERR_OK) assert_true(isfinite(net_eval(&n, x)));
            memcpy(p + at, &old, 4);
        }
    assert_int_equal(net_load(SPAN_NONE, &n, &why), ERR_MODEL);
    free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_fann_run),
        cmocka_unit_test(learns_and_is_calibrated),
        cmocka_unit_test(sure_mails_stay_ranked),
        cmocka_unit_test(a_damaged_section_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

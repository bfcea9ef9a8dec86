/* SPDX-License-Identifier: Apache-2.0 */
/* net_fann: libfann runs forward, backward and iRPROP-; the loss, the stop and the way out are ours.
 *
 * The epoch is spelt out with libfann's own steps (fann_internal.h, installed for this), since fann_train_epoch knows
 * neither cross-entropy nor weight decay. FANN 2.2 steps a weight upwards where iRPROP- wants it to stand still (its
 * slope is zero or changed sign): a constant input would drift to a weight of 1500. Such steps are undone here. */
#include "models/train/net_fann.h"

#include "proto/base/fixmath.h"
#include "proto/base/random.h"

#include <math.h>
#include <stdlib.h>

#include <fann.h>
#include <fann_internal.h>

enum { EPOCHS_DEFAULT = 1000, PATIENCE_DEFAULT = 50 };

/* --- the way out: FANN's neurons to a section --------------------------------------------------------------------- */

struct shape {
    uint32_t layers;                      /* without the inputs */
    uint32_t neurons[NET_LAYERS_MAX + 1]; /* [0]: inputs */
    uint32_t from[NET_LAYERS_MAX + 1], in[NET_LAYERS_MAX + 1];
    uint32_t act[NET_LAYERS_MAX + 1];
    float steepness[NET_LAYERS_MAX + 1];
    size_t words; /* of the whole section */
};

static const char *shape_layer(struct fann *ann, struct shape *s, uint32_t i, uint32_t values)
{
    bool shortcut = fann_get_network_type(ann) == FANN_NETTYPE_SHORTCUT, last = i == s->layers;
    s->in[i] = shortcut ? values : s->neurons[i - 1];
    s->from[i] = values - s->in[i];
    s->steepness[i] = fann_get_activation_steepness(ann, (int)i, 0);
    enum fann_activationfunc_enum f = fann_get_activation_function(ann, (int)i, 0);
    for (uint32_t k = 1; k < s->neurons[i]; k++)
        if (fann_get_activation_function(ann, (int)i, (int)k) != f ||
            fann_get_activation_steepness(ann, (int)i, (int)k) != s->steepness[i])
            return "net: activations differ within a layer";
    if (f == FANN_SIGMOID && last) {
        s->act[i] = NET_LINEAR; /* p = 1 / (1 + e^-2s), so its log-odds are 2s */
        s->steepness[i] *= 2;
    } else if (f == FANN_LINEAR)
        s->act[i] = NET_LINEAR;
    else if (f == FANN_SIGMOID)
        s->act[i] = NET_SIGMOID;
    else if (f == FANN_SIGMOID_SYMMETRIC)
        s->act[i] = NET_SIGMOID_SYMMETRIC;
    else
        return "net: an activation that net.c does not have";
    s->words += NET_LAYER_WORDS + (size_t)s->neurons[i] * (s->in[i] + 1);
    return NULL;
}

static const char *shape_of(struct fann *ann, struct shape *s)
{
    unsigned layers = fann_get_num_layers(ann);
    if (layers < 2 || layers > NET_LAYERS_MAX + 1) return "net: too many layers";
    if (fann_get_num_output(ann) != 1) return "net: not one output";
    if (fann_get_connection_rate(ann) < 1) return "net: not fully connected";
    unsigned sizes[NET_LAYERS_MAX + 1];
    fann_get_layer_array(ann, sizes);
    *s = (struct shape){.layers = layers - 1, .words = NET_HEAD_WORDS + 2 * (size_t)sizes[0]};
    s->neurons[0] = sizes[0];
    if (sizes[0] > NET_INPUTS_MAX) return "net: too many inputs";
    uint32_t values = sizes[0];
    for (uint32_t i = 1; i < layers; i++) {
        s->neurons[i] = sizes[i];
        if (sizes[i] > NET_NEURONS_MAX) return "net: too many neurons in a layer";
        const char *why = shape_layer(ann, s, i, values);
        if (why) return why;
        values += sizes[i];
    }
    return NULL;
}

static uint8_t *put_words(uint8_t *p, const uint32_t *w, size_t n)
{
    memcpy(p, w, n * 4);
    return p + n * 4;
}

static uint8_t *put_float(uint8_t *p, float v)
{
    memcpy(p, &v, 4);
    return p + 4;
}

enum err net_fann_export(struct fann *ann, const float *center, const float *scale, span *section_out,
                         const char **why_out)
{
    struct shape s;
    *why_out = shape_of(ann, &s);
    if (*why_out) return ERR_MODEL;
    uint8_t *section = malloc(s.words * 4), *p = section;
    if (!section) return ERR_MEMORY;
    p = put_words(p, (uint32_t[NET_HEAD_WORDS]){NET_MAGIC, NET_VERSION, s.neurons[0], s.layers}, NET_HEAD_WORDS);
    for (uint32_t i = 1; i <= s.layers; i++) {
        p = put_words(p, (uint32_t[]){s.neurons[i], s.from[i], s.in[i], s.act[i]}, 4);
        p = put_float(p, s.steepness[i]);
    }
    for (uint32_t i = 0; i < s.neurons[0]; i++) p = put_float(p, center ? center[i] : 0.0f);
    for (uint32_t i = 0; i < s.neurons[0]; i++) p = put_float(p, scale ? scale[i] : 1.0f);

    /* A neuron's connections come in the order of what they are from, and the bias neuron stands behind the inputs (in
     * layered nets behind each layer): the bias goes to the end of our row. */
    bool shortcut = fann_get_network_type(ann) == FANN_NETTYPE_SHORTCUT;
    const fann_type *w = ann->weights;
    for (uint32_t i = 1; i <= s.layers; i++) {
        uint32_t bias_at = shortcut ? s.neurons[0] : s.in[i];
        for (uint32_t k = 0; k < s.neurons[i]; k++, w += s.in[i] + 1) {
            for (uint32_t c = 0; c <= s.in[i]; c++)
                if (c != bias_at) p = put_float(p, w[c]);
            p = put_float(p, w[bias_at]);
        }
    }
    struct net check;
    enum err e = net_load(span_of(section, s.words * 4), &check, why_out);
    if (e)
        free(section);
    else
        *section_out = span_of(section, s.words * 4);
    return e;
}

/* --- training ----------------------------------------------------------------------------------------------------- */

struct trainer {
    const struct net_plan *plan;
    struct fann *ann;
    float *center, *scale;   /* [inputs] */
    float *x_train, *x_held; /* rows as the net sees them */
    float *best;             /* weights of the best epoch so far */
    float *before;           /* weights before a step, and those that it must leave: */
    bool *still;
    unsigned weights;
};

/* Noise for the first weights, uniform in [-1, 1). */
static float noise(uint64_t *state)
{
    return (float)(random_next(state) >> 40) * 0x1p-23f - 1.0f;
}

static float row_weight(const struct net_data *d, size_t i)
{
    return d->weight ? d->weight[i] : 1.0f;
}

/* center and scale from the mean and deviation of what is known; an input that never varies gets scale 0. */
static void standardise(struct trainer *t, const struct net_data *d)
{
    size_t inputs = t->plan->inputs;
    for (size_t c = 0; c < inputs; c++) {
        double n = 0, sum = 0, square = 0;
        for (size_t i = 0; i < d->rows; i++) {
            double x = (double)d->x[i * inputs + c], w = (double)row_weight(d, i);
            if (isfinite(x)) n += w, sum += w * x;
        }
        double mean = n > 0 ? sum / n : 0;
        for (size_t i = 0; i < d->rows; i++) {
            double x = (double)d->x[i * inputs + c];
            if (isfinite(x)) square += (double)row_weight(d, i) * (x - mean) * (x - mean);
        }
        double deviation = n > 0 ? sqrt(square / n) : 0;
        double least = t->plan->least ? (double)t->plan->least[c] : 0;
        t->center[c] = (float)mean;
        t->scale[c] = deviation > 1e-5 && deviation < 1e6 ? (float)(1 / fmax(deviation, least)) : 0.0f;
    }
}

/* Rows as net_eval will see them. */
static void scale_rows(const struct trainer *t, const struct net_data *d, float *to)
{
    size_t inputs = t->plan->inputs;
    for (size_t i = 0; i < d->rows * inputs; i++) {
        float v = (d->x[i] - t->center[i % inputs]) * t->scale[i % inputs];
        to[i] = v != v ? 0.0f : v > 1e6f ? 1e6f : v < -1e6f ? -1e6f : v;
    }
}

static double cross_entropy(float logit, bool spam)
{
    return fix_softplus(spam ? -(double)logit : (double)logit);
}

static double mean_loss(struct trainer *t, const struct net_data *d, float *x)
{
    double loss = 0, n = 0;
    for (size_t i = 0; i < d->rows; i++) {
        double w = (double)row_weight(d, i);
        loss += w * cross_entropy(fann_run(t->ann, x + i * t->plan->inputs)[0], d->spam[i]);
        n += w;
    }
    return n > 0 ? loss / n : 0;
}

/* One pass over all rows, then one iRPROP- step. Returns the loss before the step. */
static double epoch(struct trainer *t, const struct net_data *d)
{
    struct fann *ann = t->ann;
    double loss = 0, n = 0;
    fann_reset_MSE(ann);
    for (size_t i = 0; i < d->rows; i++) {
        float w = row_weight(d, i), o = fann_run(ann, t->x_train + i * t->plan->inputs)[0];
        float want = o + w * (float)((d->spam[i] ? 1.0 : 0.0) - fix_sigmoid((double)o));
        fann_compute_MSE(ann, &want);
        fann_backpropagate_MSE(ann);
        fann_update_slopes_batch(ann, ann->first_layer + 1, ann->last_layer - 1);
        loss += (double)w * cross_entropy(o, d->spam[i]);
        n += (double)w;
    }
    for (unsigned i = 0; i < t->weights; i++) {
        float slope = ann->train_slopes[i] -= t->plan->decay * (float)n * ann->weights[i];
        t->still[i] = slope == 0 || slope * ann->prev_train_slopes[i] < 0;
        t->before[i] = ann->weights[i];
    }
    fann_update_weights_irpropm(ann, 0, t->weights);
    for (unsigned i = 0; i < t->weights; i++)
        if (t->still[i]) ann->weights[i] = t->before[i]; /* see the top of this file */
    return n > 0 ? loss / n : 0;
}

/* A shortcut net of the plan's shape with small random weights; the output begins at zero: no opinion. */
static struct fann *make(const struct net_plan *plan)
{
    unsigned sizes[NET_LAYERS_MAX + 1] = {plan->inputs}, layers = 1;
    while (layers < NET_LAYERS_MAX && plan->hidden[layers - 1]) sizes[layers] = plan->hidden[layers - 1], layers++;
    sizes[layers++] = 1;
    struct fann *ann = fann_create_shortcut_array(layers, sizes);
    if (!ann) return NULL;
    fann_set_activation_function_hidden(ann, FANN_SIGMOID_SYMMETRIC);
    fann_set_activation_function_output(ann, FANN_LINEAR);
    fann_set_activation_steepness_hidden(ann, 0.5f);
    fann_set_activation_steepness_output(ann, 1.0f);
    fann_set_training_algorithm(ann, FANN_TRAIN_RPROP);
    fann_set_train_error_function(ann, FANN_ERRORFUNC_LINEAR);
    fann_set_rprop_delta_zero(ann, 0.02f);
    fann_clear_train_arrays(ann);
    uint64_t state = plan->seed;
    unsigned output = fann_get_total_connections(ann) - (fann_get_total_neurons(ann) - 1);
    float reach = 1.0f / sqrtf((float)plan->inputs);
    for (unsigned i = 0; i < output; i++) ann->weights[i] = reach * noise(&state);
    for (unsigned i = output; i < fann_get_total_connections(ann); i++) ann->weights[i] = 0;
    return ann;
}

/* Until the held-out loss has not fallen for `patience` epochs; leaves the best weights in place. */
static void run(struct trainer *t, const struct net_data *train, const struct net_data *held, struct net_report *r)
{
    uint32_t epochs = t->plan->epochs_max ? t->plan->epochs_max : EPOCHS_DEFAULT;
    uint32_t patience = t->plan->patience ? t->plan->patience : PATIENCE_DEFAULT;
    size_t bytes = t->weights * sizeof *t->best;
    *r = (struct net_report){.held_loss = INFINITY};
    while (r->epochs < epochs && r->epochs - r->best_epoch < patience) {
        memcpy(t->best + t->weights, t->ann->weights, bytes); /* what this epoch's training loss belongs to */
        double loss = epoch(t, train);
        r->epochs++;
        double judged = held->rows ? mean_loss(t, held, t->x_held) : loss;
        if (judged >= r->held_loss) continue;
        r->held_loss = judged;
        r->best_epoch = r->epochs;
        memcpy(t->best, held->rows ? t->ann->weights : t->best + t->weights, bytes);
    }
    memcpy(t->ann->weights, t->best, bytes);
    r->train_loss = mean_loss(t, train, t->x_train);
}

static const char *check(const struct net_plan *plan, const struct net_data *d)
{
    if (plan->inputs == 0 || plan->inputs > NET_INPUTS_MAX) return "net: no or too many inputs";
    for (int i = 0; i < NET_LAYERS_MAX - 1; i++)
        if (plan->hidden[i] > NET_NEURONS_MAX) return "net: too many neurons in a layer";
    double of[2] = {0, 0};
    for (size_t i = 0; i < d->rows; i++) of[d->spam[i] != 0] += (double)row_weight(d, i);
    if (!(of[0] > 0) || !(of[1] > 0)) return "net: needs both spam and ham to train on";
    return NULL;
}

enum err net_fann_train(const struct net_plan *plan, const struct net_data *train, const struct net_data *held,
                        span *section_out, struct net_report *report_out, const char **why_out)
{
    *why_out = check(plan, train);
    if (*why_out) return ERR_MODEL;
    *why_out = err_str(ERR_MEMORY);
    enum err e = ERR_MEMORY;
    struct net_report report;
    size_t inputs = plan->inputs;
    struct trainer t = {
        .plan = plan,
        .ann = make(plan),
        .center = calloc(inputs, sizeof(float)),
        .scale = calloc(inputs, sizeof(float)),
        .x_train = calloc(train->rows * inputs, sizeof(float)),
        .x_held = calloc(held->rows * inputs + 1, sizeof(float)),
    };
    if (!t.ann || !t.center || !t.scale || !t.x_train || !t.x_held) goto done;
    t.weights = fann_get_total_connections(t.ann);
    t.best = calloc(t.weights * 2, sizeof(float));
    t.before = calloc(t.weights, sizeof(float));
    t.still = calloc(t.weights, sizeof(bool));
    if (!t.best || !t.before || !t.still) goto done;
    standardise(&t, train);
    scale_rows(&t, train, t.x_train);
    scale_rows(&t, held, t.x_held);
    run(&t, train, held, &report);
    e = net_fann_export(t.ann, t.center, t.scale, section_out, why_out);
    if (!e && report_out) *report_out = report;
done:
    if (t.ann) fann_destroy(t.ann);
    free(t.center);
    free(t.scale);
    free(t.x_train);
    free(t.x_held);
    free(t.best);
    free(t.before);
    free(t.still);
    return e;
}

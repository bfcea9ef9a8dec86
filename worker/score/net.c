/* SPDX-License-Identifier: Apache-2.0 */
/* net: one row of values grows layer by layer; each neuron is a dot product over a stretch of it.
 *
 * Sums come from scan.h's `dots` and tanh and sigmoid from fixmath: the same bits everywhere. Conventions of FANN 2.2 (fann.c): s = steepness * (w.x + bias), held within
 * +-150 / steepness in hidden layers; our output is not, so that it never ties. */
#include "worker/score/net.h"

#include "proto/base/fixmath.h"
#include "worker/simd/scan.h"

#include <math.h>

static const float SUM_LIMIT = 150.0f;
static const float INPUT_LIMIT = 1e6f;
/* With each number this small no sum of a net of the largest shape overflows, so no input makes a NaN. */
static const float WEIGHT_LIMIT = 1e6f;

/* Take `n` words off the section's front; NULL when it has fewer. */
static const uint8_t *take(span *s, size_t n)
{
    if (n > s->n / 4) return NULL;
    const uint8_t *p = s->p;
    *s = span_from(*s, n * 4);
    return p;
}

static uint32_t word(const uint8_t *p, size_t i)
{
    uint32_t v;
    memcpy(&v, p + 4 * i, sizeof v);
    return v;
}

static bool all_small(const float *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!(fabsf(p[i]) <= WEIGHT_LIMIT)) return false;
    return true;
}

static const char *load_layers(span *s, struct net *n)
{
    uint32_t values = n->inputs;
    for (uint32_t i = 0; i < n->layers; i++) {
        const uint8_t *p = take(s, NET_LAYER_WORDS);
        if (!p) return "net: truncated among its layers";
        struct net_layer *l = &n->layer[i];
        uint32_t act = word(p, 3);
        l->neurons = word(p, 0), l->from = word(p, 1), l->in = word(p, 2);
        memcpy(&l->steepness, p + 16, sizeof l->steepness);
        if (l->neurons == 0 || l->neurons > NET_NEURONS_MAX) return "net: a layer has no or too many neurons";
        if (l->from > values || l->in == 0 || l->in > values - l->from) return "net: a layer reads what is not there";
        if (act >= NET_ACT_COUNT) return "net: unknown activation function";
        if (!(l->steepness >= 1e-6f && l->steepness <= WEIGHT_LIMIT)) return "net: steepness is not in [1e-6, 1e6]";
        l->act = (enum net_act)act;
        values += l->neurons;
    }
    const struct net_layer *last = &n->layer[n->layers - 1];
    if (last->neurons != 1 || last->act != NET_LINEAR) return "net: the output is not one linear neuron";
    return NULL;
}

enum err net_load(span section, struct net *n_out, const char **why_out)
{
    struct net n = {0};
    const uint8_t *head = take(&section, NET_HEAD_WORDS);
    *why_out = NULL;
    if ((uintptr_t)section.p % sizeof(float) != 0)
        *why_out = "net: not aligned";
    else if (!head || word(head, 0) != NET_MAGIC || word(head, 1) != NET_VERSION)
        *why_out = "net: not a net of this version";
    if (*why_out) return ERR_MODEL;

    n.inputs = word(head, 2), n.layers = word(head, 3);
    if (n.inputs == 0 || n.inputs > NET_INPUTS_MAX || n.layers == 0 || n.layers > NET_LAYERS_MAX)
        *why_out = "net: no or too many inputs or layers";
    else
        *why_out = load_layers(&section, &n);
    if (*why_out) return ERR_MODEL;

    span numbers = section;
    n.center = (const float *)(const void *)take(&section, n.inputs);
    n.scale = (const float *)(const void *)take(&section, n.inputs);
    bool whole = n.center && n.scale;
    for (uint32_t i = 0; i < n.layers; i++) {
        n.layer[i].w = (const float *)(const void *)take(&section, n.layer[i].neurons * (n.layer[i].in + 1));
        whole = whole && n.layer[i].w;
    }
    if (!whole)
        *why_out = "net: truncated";
    else if (section.n)
        *why_out = "net: bytes left over";
    else if (!all_small((const float *)(const void *)numbers.p, numbers.n / sizeof(float)))
        *why_out = "net: a number is not in [-1e6, 1e6]";
    if (*why_out) return ERR_MODEL;
    *n_out = n;
    return ERR_OK;
}

static float activate(const struct net_layer *l, float s)
{
    float limit = SUM_LIMIT / l->steepness;
    s = s > limit ? limit : s < -limit ? -limit : s;
    switch (l->act) {
    case NET_SIGMOID: return (float)fix_sigmoid(2.0 * (double)s);
    case NET_SIGMOID_SYMMETRIC: return (float)fix_tanh((double)s);
    case NET_LINEAR:
    case NET_ACT_COUNT: break;
    }
    return s;
}

bool net_reads(const struct net *n, unsigned input)
{
    for (uint32_t i = 0; i < n->layers; i++) {
        const struct net_layer *l = &n->layer[i];
        if (input < l->from || input - l->from >= l->in) continue;
        for (uint32_t k = 0; k < l->neurons; k++)
            if (l->w[k * (l->in + 1) + input - l->from] != 0) return true;
    }
    return false;
}

float net_eval(const struct net *n, const float *x)
{
    float value[NET_VALUES_MAX];
    for (uint32_t i = 0; i < n->inputs; i++) {
        float v = (x[i] - n->center[i]) * n->scale[i];
        value[i] = v != v ? 0.0f : v > INPUT_LIMIT ? INPUT_LIMIT : v < -INPUT_LIMIT ? -INPUT_LIMIT : v;
    }
    uint32_t values = n->inputs;
    for (uint32_t i = 0; i < n->layers; i++) {
        const struct net_layer *l = &n->layer[i];
        float sum[NET_NEURONS_MAX];
        scan->dots(l->w, l->neurons, l->in + 1, value + l->from, l->in, sum);
        for (uint32_t k = 0; k < l->neurons; k++) {
            float s = l->steepness * (sum[k] + l->w[k * (l->in + 1) + l->in]); /* its bias */
            if (i + 1 == n->layers) return s;
            value[values + k] = activate(l, s);
        }
        values += l->neurons;
    }
    return 0.0f; /* not reached: net_load wants a layer */
}

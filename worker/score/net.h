/* SPDX-License-Identifier: Apache-2.0 */
/* net: runs the small fusion network: numbers in, log-odds out.
 *
 * Trained by libfann (models/train/net_fann.h), run by this kernel, which gives the same bits on every CPU: float sums
 * in 16 lanes, then a tree; no C library exp. The output neuron is linear and is the log-odds itself: nothing squashes
 * it, so the surest mails keep distinct scores and stay ranked. In a shortcut net (FANN's word: each layer sees all
 * before it) the output sees the inputs too, so its score still grows where every hidden neuron is saturated.
 *
 * A section of a bundle (all little endian, 4 bytes each):
 *
 *     "FNET", version 1, inputs, layers (1 to NET_LAYERS_MAX, the last one has 1 neuron), 12 words zero
 *     per layer: neurons, from (first of the values seen, 0: the inputs' start), in (how many), activation, steepness
 *     center[inputs], scale[inputs]           an input x counts as (x - center) * scale
 *     per layer: weight[neurons][in + 1]      row-major, the last of a row is the bias
 *
 * where values are inputs, then each layer's outputs, in one row. */
#ifndef FURUI_SCORE_NET_H
#define FURUI_SCORE_NET_H

#include "proto/base/err.h"
#include "proto/base/span.h"

enum {
    NET_INPUTS_MAX = 256,
    NET_NEURONS_MAX = 64, /* in one layer */
    NET_LAYERS_MAX = 4,   /* hidden ones and the output */
    NET_VALUES_MAX = NET_INPUTS_MAX + NET_LAYERS_MAX * NET_NEURONS_MAX,
    NET_MAGIC = 0x54454E46, /* "FNET" */
    NET_VERSION = 1,
    NET_HEAD_WORDS = 16,
    NET_LAYER_WORDS = 5,
};

/* FANN's activation functions, for s = steepness * sum: s; 1 / (1 + e^-2s); tanh(s). */
enum net_act { NET_LINEAR, NET_SIGMOID, NET_SIGMOID_SYMMETRIC, NET_ACT_COUNT };

struct net_layer {
    uint32_t neurons, from, in;
    enum net_act act;
    float steepness;
    const float *w; /* [neurons][in + 1] */
};

struct net {
    uint32_t inputs, layers;
    const float *center, *scale; /* [inputs] */
    struct net_layer layer[NET_LAYERS_MAX];
};

/* Read a net from a section; lent: *n_out points into it. Shapes, activations and that every number is in
 * [-1e6, 1e6] are checked; the section ends where the net ends.
 *
 *   why_out  on error: what is wrong, static
 *
 * ERR_MODEL. */
enum err net_load(span section, struct net *n_out, const char **why_out);

/* Does that input make a difference to net_eval? */
bool net_reads(const struct net *n, unsigned input);

/* The log-odds for x[n->inputs]. A NaN counts as the input's center ("not known"); infinities as +-1e6 scaled.
 * Cannot fail, allocates nothing, any thread. About 200 ns for 31 inputs and 6 neurons, most of it not the weights. */
float net_eval(const struct net *n, const float *x);

#endif

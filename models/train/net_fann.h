/* SPDX-License-Identifier: Apache-2.0 */
/* net_fann: trains the fusion network; the one file that sees libfann.
 *
 * Shortcut net, tanh hidden layers, linear output, iRPROP- on the whole batch (Igel and Huesken 2000; no learning rate
 * to tune), early stopping on a held-out part. libfann only knows squared error; cross-entropy, which is what makes
 * log-odds calibrated, is had from it exactly: for mail i the wanted output is set to
 * o_i + w_i (t_i - sigmoid(o_i)), whose squared-error gradient is that of the cross-entropy. docs/decisions/0008. */
#ifndef FURUI_TRAIN_NET_FANN_H
#define FURUI_TRAIN_NET_FANN_H

#include "worker/score/net.h"

struct net_data {
    const float *x;      /* [rows][inputs], row-major; lent; NaN: not known (drop inputs out this way) */
    const uint8_t *spam; /* [rows] 1 or 0 */
    const float *weight; /* [rows], at least 0, or NULL: all 1 */
    size_t rows;
};

struct net_plan {
    uint32_t inputs;
    uint32_t hidden[NET_LAYERS_MAX - 1]; /* neurons; 0 ends the list; none at all: logistic regression */
    uint64_t seed;                       /* of the initial weights; the same seed and data give the same bits */
    uint32_t epochs_max;                 /* 0: 1000 */
    uint32_t patience;                   /* stop after so many epochs without a better held-out loss; 0: 50 */
    float decay;                         /* weight decay (L2) per row; 0: none; 1e-4 is a fair start */
    const float *least;                  /* [inputs], lent, or NULL: 0. An input whose deviation is less is scaled as if
                                          * it were this: what hardly varies is not blown up */
};

struct net_report {
    uint32_t epochs, best_epoch;
    double train_loss, held_loss; /* mean cross-entropy in nats, at best_epoch */
};

/* Train on `train`; keep the weights of the epoch with the least loss on `held` (rows = 0: of the last epoch).
 *
 *   section_out  the net as a bundle section (net.h); owned by the caller, free() its p
 *   report_out   may be NULL
 *   why_out      on error: what is wrong, static
 *
 * ERR_MODEL (a plan or data that cannot be trained on: one class only, no rows), ERR_MEMORY. Single-threaded. */
enum err net_fann_train(const struct net_plan *plan, const struct net_data *train, const struct net_data *held,
                        span *section_out, struct net_report *report_out, const char **why_out);

struct fann;

/* Write any FANN net with one output as a section: layered or shortcut, fully connected, hidden neurons linear, sigmoid
 * or symmetric sigmoid, one activation and steepness a layer; a sigmoid output becomes its log-odds.
 *
 *   center, scale  [inputs], of what the net was fed; NULL: 0 and 1
 *
 * ERR_MODEL with *why_out for other nets, ERR_MEMORY. */
enum err net_fann_export(struct fann *ann, const float *center, const float *scale, span *section_out,
                         const char **why_out);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* learner: the models while they learn: one cell a feature, all three weights in it.
 *
 * Linear models: online logistic regression over binary features with a rate of its own for each weight (AdaGrad:
 * Duchi, Hazan, Singer, JMLR 12, 2011), so that a word seen for the first time moves at once and a common one hardly.
 * Bayes: plain counts, which add up and can be taken back. docs/scoring.md has the formulas. */
#ifndef FURUI_TRAIN_LEARNER_H
#define FURUI_TRAIN_LEARNER_H

#include "proto/base/err.h"
#include "worker/score/part.h"

struct learner_cell {
    float joint, joint_g; /* weight, sum of squared gradients */
    float view, view_g;
    float spam, ham; /* mails that hold the feature, weighted */
};

/* The first step of a weight, for a mail of 1000 features. */
struct learner_rate {
    double joint, view;
};

struct learner {
    struct learner_cell *cell; /* owned; 1 << bits of them */
    uint32_t mask;
    struct learner_rate rate;
    double reach;       /* root mean squares beyond which a weight is cut off in the frozen table */
    double spams, hams; /* mails learnt, weighted */
};

/* ERR_MEMORY. 1 << bits cells of 24 bytes; pages are touched only when used. Rates and reach are those of training on
 * one source. */
enum err learner_open(struct learner *l, unsigned bits);
void learner_close(struct learner *l);

/* Score one mail: what table_score says of the frozen form, before rounding. */
void learner_score(const struct learner *l, const struct features *f, struct parts *out);

/* The linear parts only; the Bayes parts come out 0. Enough for learner_learn, and much cheaper. */
void learner_score_linear(const struct learner *l, const struct features *f, struct parts *out);

/* Learn one mail.
 *
 *   before   what learner_score said of it just now
 *   weight   1; more or less when mails of its kind are rare or many */
void learner_learn(struct learner *l, const struct features *f, const struct parts *before, bool spam, double weight);

/* The linear models alone, without the counts; `before` may be what learner_score_linear said, or lean to a side. */
void learner_learn_linear(struct learner *l, const struct features *f, const struct parts *before, bool spam,
                          double weight);

/* The linear models alone, once more: for mails that were close (docs/scoring.md, "Replay"). Scores them first. */
void learner_repeat(struct learner *l, const struct features *f, bool spam, double weight);

/* A feature, and where its weights are. */
struct learner_word {
    uint32_t hash, cell;
    uint8_t view;
};

/* Write the frozen table (worker/score/table.h).
 *
 *   word[n]      the candidates, one view after the other; none twice
 *   views        bit v: keep the features of view v
 *   bits         log2 of slots
 *   least        a feature of fewer mails is left out
 *   section_out  owned by the caller; free() its p
 *
 * ERR_MEMORY. Where a group is full the features with the larger weights stay. */
enum err learner_freeze(const struct learner *l, const struct learner_word *word, size_t n, unsigned views,
                        unsigned bits, double least, span *section_out);

#endif

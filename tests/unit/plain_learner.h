/* SPDX-License-Identifier: Apache-2.0 */
/* plain_learner: the formulas of docs/scoring.md for parts that learn, in their plainest form. */
#ifndef FURUI_TESTS_PLAIN_LEARNER_H
#define FURUI_TESTS_PLAIN_LEARNER_H

#include "tests/unit/toy_mails.h"
#include "worker/score/part.h"

#include <math.h>

enum { BITS = 16 };

/* The reference: cells in an array of doubles, each formula written out, libm's functions. */
struct plain {
    double joint[1 << BITS], joint_g[1 << BITS], view[1 << BITS], view_g[1 << BITS], spam[1 << BITS], ham[1 << BITS];
    double spams, hams, joint_rate, view_rate;
};

static inline double plain_vote(const struct plain *l, uint32_t at)
{
    double n = l->spam[at] + l->ham[at], s = l->spam[at] / l->spams, h = l->ham[at] / l->hams;
    if (n == 0) return 0;
    double f = (0.1 * 0.5 + n * s / (s + h)) / (0.1 + n);
    return log(f / (1 - f)) * pow((s - h) / (s + h), 4) * n / (n + 1);
}

static inline void plain_score(const struct plain *l, const struct features *f, struct parts *out)
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

static inline double plain_step(double rate, double g, size_t n, double error)
{
    return rate * pow(1000.0 / (double)n, 0.7) * error / sqrt(0.02 + g);
}

static inline double plain_sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}

static inline void plain_learn_linear(struct plain *l, const struct features *f, bool spam)
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

static inline void plain_learn(struct plain *l, const struct features *f, bool spam)
{
    plain_learn_linear(l, f, spam);
    for (unsigned v = 0; v < VIEW_COUNT; v++)
        for (size_t i = 0; i < f->view[v].n; i++) (spam ? l->spam : l->ham)[f->view[v].v[i] & ((1 << BITS) - 1)]++;
    ++*(spam ? &l->spams : &l->hams);
}

#endif

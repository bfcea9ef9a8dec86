/* SPDX-License-Identifier: Apache-2.0 */
/* learner: one pass over a mail's cells scores it, another learns it; see learner.h. */
#include "models/train/learner.h"

#include "proto/base/fixmath.h"

#include <math.h>
#include <stdlib.h>
#include <sys/mman.h>

/* Found by sweeps over both labelled sets at once (docs/scoring.md, "Constants"). */
static const struct learner_rate RATE = {.joint = 0.02, .view = 0.02};
static const double REACH = 6;
static const double LENGTH_POWER = 0.7; /* a mail of n features learns (1000/n)^0.7 as fast */

enum { AHEAD = 24 }; /* cells that are on their way from memory */

enum err learner_open(struct learner *l, unsigned bits)
{
    *l = (struct learner){0};
    size_t bytes = sizeof *l->cell << bits;
    void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED) return ERR_MEMORY;
    madvise(p, bytes, MADV_HUGEPAGE);
    l->cell = p;
    l->mask = (1u << bits) - 1;
    l->rate = RATE;
    l->reach = REACH;
    return ERR_OK;
}

void learner_close(struct learner *l)
{
    if (l->cell) munmap(l->cell, sizeof *l->cell * ((size_t)l->mask + 1));
    *l = (struct learner){0};
}

void learner_score(const struct learner *l, const struct features *f, struct parts *out)
{
    double joint = 0;
    bool votes = l->spams > 0 && l->hams > 0;
    for (unsigned v = 0; v < VIEW_COUNT; v++) {
        double view = 0, sum = 0, magnitude = 0;
        for (size_t i = 0; i < f->view[v].n; i++) {
            const struct learner_cell *c = &l->cell[f->view[v].v[i] & l->mask];
            joint += c->joint;
            view += c->view;
            if (!votes) continue;
            double vote = part_vote(c->spam, c->ham, l->spams, l->hams);
            sum += vote;
            magnitude += fabs(vote);
        }
        out->v[PART_VIEW + v] = view;
        out->v[PART_BAYES + v] = part_bayes(sum, magnitude);
    }
    out->v[PART_JOINT] = joint;
}

/* A step of a model that sees n features and was wrong by `error`, before it is damped. */
static float step_of(double rate, size_t n, double error)
{
    if (!n) return 0;
    return (float)(rate * error * fix_exp(LENGTH_POWER * fix_log(1000.0 / (double)n)));
}

/* What divides the step of a weight whose squared gradients add up to `g`: little at first, more with each error. */
static float damping(float g)
{
    return sqrtf(0.02f + g);
}

void learner_learn_linear(struct learner *l, const struct features *f, const struct parts *before, bool spam,
                          double weight)
{
    double joint_error = weight * (spam - fix_sigmoid(before->v[PART_JOINT]));
    float joint_step = step_of(l->rate.joint, features_count(f), joint_error);
    float joint_square = (float)(joint_error * joint_error);
    for (unsigned v = 0; v < VIEW_COUNT; v++) {
        double error = weight * (spam - fix_sigmoid(before->v[PART_VIEW + v]));
        float view_step = step_of(l->rate.view, f->view[v].n, error), view_square = (float)(error * error);
        for (size_t i = 0; i < f->view[v].n; i++) {
            struct learner_cell *c = &l->cell[f->view[v].v[i] & l->mask];
            c->joint_g += joint_square;
            c->joint += joint_step / damping(c->joint_g);
            c->view_g += view_square;
            c->view += view_step / damping(c->view_g);
        }
    }
}

void learner_learn(struct learner *l, const struct features *f, const struct parts *before, bool spam, double weight)
{
    learner_learn_linear(l, f, before, spam, weight);
    float one = (float)weight;
    for (unsigned v = 0; v < VIEW_COUNT; v++)
        for (size_t i = 0; i < f->view[v].n; i++) {
            struct learner_cell *c = &l->cell[f->view[v].v[i] & l->mask];
            if (spam)
                c->spam += one;
            else
                c->ham += one;
        }
    if (spam)
        l->spams += weight;
    else
        l->hams += weight;
}

void learner_score_linear(const struct learner *l, const struct features *f, struct parts *out)
{
    *out = (struct parts){0};
    for (unsigned v = 0; v < VIEW_COUNT; v++) {
        double view = 0, joint = 0;
        const uint32_t *at = f->view[v].v;
        for (size_t i = 0, n = f->view[v].n; i < n; i++) {
            if (i + AHEAD < n) __builtin_prefetch(&l->cell[at[i + AHEAD] & l->mask], 1);
            const struct learner_cell *c = &l->cell[at[i] & l->mask];
            joint += c->joint;
            view += c->view;
        }
        out->v[PART_JOINT] += joint;
        out->v[PART_VIEW + v] = view;
    }
}

void learner_repeat(struct learner *l, const struct features *f, bool spam, double weight)
{
    struct parts p;
    learner_score_linear(l, f, &p);
    learner_learn_linear(l, f, &p, spam, weight);
}

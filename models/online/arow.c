/* SPDX-License-Identifier: Apache-2.0 */
/* arow: a mail of n features has each of them 1/√n times, so that mails of any length are equally long; see arow.h. */
#include "models/online/arow.h"

#include <math.h>
#include <sys/mman.h>

/* Chosen for doing well on both labelled sets, with right and with wrong labels (docs/scoring.md). */
static const double NOISE = 0.1; /* r: how much of a mail's loss is left to chance */
static const double TURN = 1.1;  /* a loss beyond this is doubted … */
static const double TRUST = 0.4; /* … but beyond so much more at first: half of it is left … */
static const double NEW = 20;    /* … when so many mails of the label were learnt */

enum { AHEAD = 24 }; /* cells that are on their way from memory */

enum err arow_open(struct arow *a, unsigned bits)
{
    *a = (struct arow){0};
    size_t bytes = sizeof *a->cell << bits;
    void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED) return ERR_MEMORY;
    madvise(p, bytes, MADV_HUGEPAGE);
    a->cell = p;
    a->mask = (1u << bits) - 1;
    return ERR_OK;
}

void arow_close(struct arow *a)
{
    if (a->cell) munmap(a->cell, sizeof *a->cell * ((size_t)a->mask + 1));
    *a = (struct arow){0};
}

/* How often a mail has a feature of view v: once all views, and once each view, are vectors of length 1. */
struct scale {
    double joint[VIEW_COUNT], view[VIEW_COUNT];
};

static void find_scale(const struct features *f, struct scale *out)
{
    unsigned views = 0;
    for (unsigned v = 0; v < VIEW_COUNT; v++) views += f->view[v].n > 0;
    for (unsigned v = 0; v < VIEW_COUNT; v++) {
        double n = (double)f->view[v].n;
        out->view[v] = n > 0 ? 1 / sqrt(n) : 0;
        out->joint[v] = n > 0 ? 1 / sqrt(n * views) : 0;
    }
}

void arow_score(const struct arow *a, const struct features *f, struct arow_margins *out)
{
    struct scale x;
    find_scale(f, &x);
    out->joint = 0;
    for (unsigned v = 0; v < VIEW_COUNT; v++) {
        double joint = 0, view = 0;
        const uint32_t *at = f->view[v].v;
        for (size_t i = 0, n = f->view[v].n; i < n; i++) {
            if (i + AHEAD < n) __builtin_prefetch(&a->cell[at[i + AHEAD] & a->mask], 1);
            const struct arow_cell *c = &a->cell[at[i] & a->mask];
            joint += c->joint;
            view += c->view;
        }
        out->joint += x.joint[v] * joint;
        out->view[v] = x.view[v] * view;
    }
}

/* What a margin leaves to learn; it turns back at `turn`, and is nothing from twice that on. */
static double ramp(double margin, bool spam, double turn)
{
    double loss = spam ? 1 - margin : 1 + margin;
    return fmax(0, fmin(loss, 2 * turn - loss));
}

static double turn_of(const struct arow *a, bool spam)
{
    return TURN + TRUST * NEW / (NEW + a->learnt[spam]);
}

static void learn_view(struct arow *a, const struct feature_list *f, double x, double loss, bool spam)
{
    double variance = 0;
    for (size_t i = 0; i < f->n; i++) variance += 1 / (1 + (double)a->cell[f->v[i] & a->mask].view_sure);
    double rate = 1 / (x * x * variance + NOISE);
    float step = (float)((spam ? x : -x) * loss * rate), surer = (float)(x * x * rate);
    for (size_t i = 0; i < f->n; i++) {
        struct arow_cell *c = &a->cell[f->v[i] & a->mask];
        c->view += step / (1 + c->view_sure);
        c->view_sure += surer;
    }
}

static void learn_joint(struct arow *a, const struct features *f, const struct scale *x, double loss, bool spam)
{
    double variance = 0;
    for (unsigned v = 0; v < VIEW_COUNT; v++) {
        double sum = 0;
        for (size_t i = 0; i < f->view[v].n; i++)
            sum += 1 / (1 + (double)a->cell[f->view[v].v[i] & a->mask].joint_sure);
        variance += x->joint[v] * x->joint[v] * sum;
    }
    double rate = 1 / (variance + NOISE);
    for (unsigned v = 0; v < VIEW_COUNT; v++) {
        double xv = x->joint[v];
        float step = (float)((spam ? xv : -xv) * loss * rate), surer = (float)(xv * xv * rate);
        for (size_t i = 0; i < f->view[v].n; i++) {
            struct arow_cell *c = &a->cell[f->view[v].v[i] & a->mask];
            c->joint += step / (1 + c->joint_sure);
            c->joint_sure += surer;
        }
    }
}

static void learn(struct arow *a, const struct features *f, const struct arow_margins *before, bool spam)
{
    struct scale x;
    double turn = turn_of(a, spam), loss = ramp(before->joint, spam, turn);
    find_scale(f, &x);
    if (loss > 0) learn_joint(a, f, &x, loss, spam);
    for (unsigned v = 0; v < VIEW_COUNT; v++) {
        loss = ramp(before->view[v], spam, turn);
        if (loss > 0) learn_view(a, &f->view[v], x.view[v], loss, spam);
    }
}

void arow_learn(struct arow *a, const struct features *f, const struct arow_margins *before, bool spam)
{
    a->learnt[spam]++;
    learn(a, f, before, spam);
}

void arow_repeat(struct arow *a, const struct features *f, bool spam)
{
    struct arow_margins m;
    arow_score(a, f, &m);
    learn(a, f, &m, spam);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* cells: a mail has a feature of a view with n features 1/√n times there, and 1/√(7 n) times among all views; see
 * cells.h. */
#include "models/live/state/cells.h"

#include <sys/mman.h>

/* Of the models in the sum: as the steady expert weighs them (docs/scoring.md, "Fusion"). */
static const double JOINT = 5.0 / 13.2;
static const double VIEW[CELLS_VIEWS] = {2 / 13.2, 1 / 13.2, 0.5 / 13.2, 2 / 13.2, 0.5 / 13.2, 0.2 / 13.2, 2 / 13.2};

static const double NOISE = 0.1; /* r: how much of a mail's loss is left to chance */
static const double MEET = 2500; /* how much surer a mail of the traffic makes its features, times x² */

enum { AHEAD = 24 }; /* cells that are on their way from memory */

enum err cells_open(struct cells *c, unsigned bits)
{
    *c = (struct cells){0};
    size_t bytes = sizeof *c->cell << bits;
    void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED) return ERR_MEMORY;
    c->cell = p;
    c->mask = (1u << bits) - 1;
    return ERR_OK;
}

void cells_close(struct cells *c)
{
    if (c->cell) munmap(c->cell, sizeof *c->cell * ((size_t)c->mask + 1));
    *c = (struct cells){0};
}

static struct cell *cell_at(const struct cells *c, const struct cells_mail *f, uint32_t hash)
{
    return &c->cell[(f->tenant ? livetable_tenant_hash(hash, f->tenant) : hash) & c->mask];
}

/* The cells of view v, one after the other, fetched ahead. */
#define EACH_CELL(c, f, v, it)                                                                               \
    for (size_t i_ = 0, n_ = (f)->view[v].n; i_ < n_; i_++)                                                  \
        for (struct cell *it =                                                                               \
                 (i_ + AHEAD < n_ ? __builtin_prefetch(cell_at(c, f, (f)->view[v].v[i_ + AHEAD])) : (void)0, \
                  cell_at(c, f, (f)->view[v].v[i_]));                                                        \
             it; it = NULL)

static double often(const struct cells_mail *f, unsigned v)
{
    return f->view[v].n ? 1 / sqrt((double)f->view[v].n) : 0;
}

static double often_joint(const struct cells_mail *f, unsigned v)
{
    return f->view[v].n ? 1 / sqrt((double)f->view[v].n * CELLS_VIEWS) : 0;
}

void cells_score(const struct cells *c, const struct cells_mail *f, struct cells_margins *m)
{
    for (unsigned v = 0; v < CELLS_VIEWS; v++) {
        double joint = 0, view = 0;
        EACH_CELL(c, f, v, it)
        {
            joint += (double)it->joint;
            view += (double)it->view;
        }
        m->joint += often_joint(f, v) * joint;
        m->view[v] += often(f, v) * view / VIEW[v];
    }
}

double cells_log_odds(const struct cells_margins *m)
{
    double sum = JOINT * m->joint;
    for (unsigned v = 0; v < CELLS_VIEWS; v++) sum += VIEW[v] * m->view[v];
    return livetable_told(CELLS_SCALE * sum);
}

void cells_plan(const struct cells *c, const struct cells_mail *f, const struct cells_margins *loss,
                struct cells_step *out)
{
    double all = 0;
    *out = (struct cells_step){0};
    for (unsigned v = 0; v < CELLS_VIEWS; v++) {
        double joint = 0, view = 0, x = often(f, v), xj = often_joint(f, v);
        EACH_CELL(c, f, v, it)
        {
            joint += 1 / (1 + (double)it->joint_sure);
            view += 1 / (1 + (double)it->view_sure);
        }
        all += xj * xj * joint;
        if (loss->view[v] == 0 || x == 0) continue;
        double rate = 1 / (x * x * view + NOISE);
        out->view[v] = (float)(loss->view[v] * rate);
        out->view_sure[v] = (float)rate;
    }
    if (loss->joint == 0) return;
    double rate = 1 / (all + NOISE);
    out->joint = (float)(loss->joint * rate);
    out->joint_sure = (float)rate;
}

void cells_learn(struct cells *c, const struct cells_mail *f, const struct cells_step *s, struct cells_step *gained)
{
    for (unsigned v = 0; v < CELLS_VIEWS; v++) {
        double x = often(f, v), xj = often_joint(f, v), joint_sum = 0, view_sum = 0;
        float joint = (float)(xj * (double)s->joint), joint_sure = (float)(xj * xj * (double)s->joint_sure);
        float view = (float)(x * VIEW[v] * (double)s->view[v]), view_sure = (float)(x * x * (double)s->view_sure[v]);
        EACH_CELL(c, f, v, it)
        {
            float a = joint / (1 + it->joint_sure), b = view / (1 + it->view_sure);
            it->joint += a;
            it->joint_sure += joint_sure;
            it->view += b;
            it->view_sure += view_sure;
            joint_sum += (double)a;
            view_sum += (double)b;
        }
        if (!gained) continue;
        gained->joint += (float)(xj * joint_sum);
        gained->view[v] += (float)(x * view_sum / VIEW[v]);
        gained->view_sure[v] += s->view_sure[v];
    }
    if (gained) gained->joint_sure += s->joint_sure;
}

void cells_unlearn(struct cells *c, const struct cells_mail *f, const struct cells_step *gained)
{
    struct cells_step back = {0};
    double all = 0;
    for (unsigned v = 0; v < CELLS_VIEWS; v++) {
        double x = often(f, v), xj = often_joint(f, v), joint = 0, view = 0;
        float joint_sure = (float)(xj * xj * (double)gained->joint_sure);
        float view_sure = (float)(x * x * (double)gained->view_sure[v]);
        EACH_CELL(c, f, v, it)
        {
            it->joint_sure = fmaxf(it->joint_sure - joint_sure, 0);
            it->view_sure = fmaxf(it->view_sure - view_sure, 0);
            joint += 1 / (1 + (double)it->joint_sure);
            view += 1 / (1 + (double)it->view_sure);
        }
        all += xj * xj * joint;
        if (view > 0) back.view[v] = (float)(-(double)gained->view[v] / (x * x * view));
    }
    if (all > 0) back.joint = (float)(-(double)gained->joint / all);
    cells_learn(c, f, &back, NULL);
}

void cells_meet(struct cells *c, const struct cells_mail *f)
{
    struct cells_step s = {.joint_sure = (float)MEET};
    for (unsigned v = 0; v < CELLS_VIEWS; v++) s.view_sure[v] = (float)MEET;
    cells_learn(c, f, &s, NULL);
}

void cells_fade(struct cells *c, double weight, double sure)
{
    const float w = (float)weight, s = (float)sure;
    for (size_t i = 0; i <= c->mask; i++) {
        struct cell *it = &c->cell[i];
        it->joint *= w;
        it->view *= w;
        it->joint_sure *= s;
        it->view_sure *= s;
    }
}

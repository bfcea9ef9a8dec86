/* SPDX-License-Identifier: Apache-2.0 */
/* calm: the learner's two loops with weights of their own; see calm.h. */
#include "models/calm.h"

#include "proto/base/fixmath.h"

#include <math.h>
#include <sys/mman.h>

/* With less, spamassassin's first thousand mails are learnt too late; with more, wrong labels are learnt. */
static const struct learner_rate CALM_RATE = {.joint = 0.002, .view = 0.004};

enum err calm_open(struct calm *c, const struct learner *l)
{
    size_t bytes = sizeof *c->cell * ((size_t)l->mask + 1);
    void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    *c = (struct calm){0};
    if (p == MAP_FAILED) return ERR_MEMORY;
    madvise(p, bytes, MADV_HUGEPAGE);
    *c = (struct calm){p, bytes};
    return ERR_OK;
}

void calm_close(struct calm *c)
{
    if (c->cell) munmap(c->cell, c->bytes);
    *c = (struct calm){0};
}

void calm_score(const struct calm *c, const struct learner *l, const struct features *f, struct parts *out)
{
    double joint = 0;
    for (unsigned v = 0; v < VIEW_COUNT; v++) {
        double view = 0;
        for (size_t i = 0; i < f->view[v].n; i++) {
            const struct calm_cell *w = &c->cell[f->view[v].v[i] & l->mask];
            joint += w->joint;
            view += w->view;
        }
        out->v[PART_VIEW + v] = view;
    }
    out->v[PART_JOINT] = joint;
}

void calm_learn(struct calm *c, const struct learner *l, const struct features *f, const struct parts *before,
                bool spam)
{
    double joint_error = spam - fix_sigmoid(before->v[PART_JOINT]);
    float joint_step = learner_step(CALM_RATE.joint, features_count(f), joint_error);
    for (unsigned v = 0; v < VIEW_COUNT; v++) {
        double error = spam - fix_sigmoid(before->v[PART_VIEW + v]);
        float view_step = learner_step(CALM_RATE.view, f->view[v].n, error);
        for (size_t i = 0; i < f->view[v].n; i++) {
            uint32_t at = f->view[v].v[i] & l->mask;
            c->cell[at].joint += joint_step / learner_damping(l->cell[at].joint_g);
            c->cell[at].view += view_step / learner_damping(l->cell[at].view_g);
        }
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "models/fusion.h"

#include "worker/score/fixmath.h"

#include <math.h>

/* docs/scoring.md, "Constants": the same on both labelled sets. */
static const double START = 0.15, RATE = 0.005, EARLY = 1;

void fusion_init(struct fusion *u)
{
    *u = (struct fusion){0};
    for (unsigned i = 0; i < PART_COUNT; i++) u->w[i] = START;
    u->w[PART_JOINT] = 4 * START;
}

double fusion_score(const struct fusion *u, const struct parts *p)
{
    double z = u->bias;
    for (unsigned i = 0; i < PART_COUNT; i++) z += u->w[i] * part_squash(p->v[i]);
    return z;
}

void fusion_learn(struct fusion *u, const struct parts *p, double score, bool spam)
{
    double error = spam - fix_sigmoid(score);
    u->bias += RATE * error;
    for (unsigned i = 0; i < PART_COUNT; i++) {
        double gradient = error * part_squash(p->v[i]);
        u->g[i] += gradient * gradient;
        u->w[i] += RATE * gradient / sqrt(EARLY + u->g[i]);
    }
}

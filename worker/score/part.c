/* SPDX-License-Identifier: Apache-2.0 */
/* part: votes, squashing, and the row that the net sees; see part.h. */
#include "worker/score/part.h"

#include "proto/base/fixmath.h"

#include <math.h>

static const double PRIOR_MAILS = 0.1; /* weight of "nobody knows" against one mail */
static const double BAYES_SCALE = 0.3;

double part_squash(double x)
{
    double over = fabs(x) - PART_KNEE;
    if (over <= 0) return x;
    double y = PART_KNEE + fix_log(1 + over);
    return x < 0 ? -y : y;
}

void part_squash_all(struct parts *p)
{
    for (unsigned i = 0; i < PART_COUNT; i++) p->v[i] = part_squash(p->v[i]);
}

double part_bayes(double sum, double magnitude)
{
    return BAYES_SCALE * sum / sqrt(1 + magnitude);
}

double part_vote(double spam, double ham, double spams, double hams)
{
    double n = spam + ham;
    if (n <= 0) return 0;
    double s = spam / spams, h = ham / hams;
    double f = (PRIOR_MAILS * 0.5 + n * s / (s + h)) / (PRIOR_MAILS + n);
    double apart = (s - h) * (s - h) / ((s + h) * (s + h));
    return fix_log(f / (1 - f)) * apart * apart * n / (n + 1);
}

void part_inputs(const struct parts *p, const struct features *f, float x_out[PART_INPUTS])
{
    for (unsigned i = 0; i < PART_COUNT; i++) x_out[i] = (float)p->v[i];
    memcpy(x_out + PART_COUNT, f->number, sizeof f->number);
}

double part_mean(const struct parts *p, unsigned from, unsigned to)
{
    double sum = 0;
    for (unsigned i = from; i < to; i++) sum += p->v[i];
    return sum / (to - from);
}

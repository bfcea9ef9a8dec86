/* SPDX-License-Identifier: Apache-2.0 */
/* fusion: the weights of the means, and the mixture of two; see fusion.h. */
#include "models/online/fusion.h"

#include "proto/base/fixmath.h"

/* The joint model knows most; among the views, header and shape are surest; few words and links say little alone. */
static const double WEIGHT[PART_COUNT] = {
    [PART_JOINT] = 5,
    [PART_VIEW + VIEW_HEAD_GRAM] = 2,
    [PART_VIEW + VIEW_TEXT_GRAM] = 1,
    [PART_VIEW + VIEW_BODY_GRAM] = 0.5,
    [PART_VIEW + VIEW_HEAD] = 2,
    [PART_VIEW + VIEW_TEXT] = 0.5,
    [PART_VIEW + VIEW_LINK] = 0.2,
    [PART_VIEW + VIEW_SHAPE] = 2,
    [PART_BAYES + VIEW_HEAD_GRAM] = 0.5,
    [PART_BAYES + VIEW_TEXT_GRAM] = 0.2,
    [PART_BAYES + VIEW_BODY_GRAM] = 0.2,
    [PART_BAYES + VIEW_HEAD] = 0.5,
    [PART_BAYES + VIEW_TEXT] = 0.2,
    [PART_BAYES + VIEW_LINK] = 0.2,
    [PART_BAYES + VIEW_SHAPE] = 0.5,
};
/* A mean is too timid: parts that agree are surer together. */
static const double SLOPE = 2;

/* Log-odds that a margin of 1 is worth beside the parts, and alone; and the mean of the Bayes parts beside it. */
static const double BESIDE = 2, ALONE = 10, BAYES = 0.8;

/* The weighted mean of parts `from` to `to`, squashed. */
static double mean(const struct parts *p, unsigned from, unsigned to)
{
    double sum = 0, all = 0;
    for (unsigned i = from; i < to; i++) {
        sum += WEIGHT[i] * part_squash(p->v[i]);
        all += WEIGHT[i];
    }
    return sum / all;
}

static double mean_margin(const struct arow_margins *m)
{
    double sum = WEIGHT[PART_JOINT] * m->joint, all = WEIGHT[PART_JOINT];
    for (unsigned v = 0; v < VIEW_COUNT; v++) {
        sum += WEIGHT[PART_VIEW + v] * m->view[v];
        all += WEIGHT[PART_VIEW + v];
    }
    return sum / all;
}

double fusion_score(const struct parts *p)
{
    return SLOPE * mean(p, 0, PART_COUNT);
}

double fusion_quick(const struct parts *p, const struct arow_margins *m)
{
    return fusion_score(p) + BESIDE * mean_margin(m);
}

double fusion_steady(const struct parts *p, const struct arow_margins *m)
{
    return BAYES * mean(p, PART_BAYES, PART_COUNT) + ALONE * mean_margin(m);
}

double fusion_mix(double first, double second, double share)
{
    double a = first / SLOPE, b = second / SLOPE;
    double spam = share * fix_sigmoid(a) + (1 - share) * fix_sigmoid(b);
    double ham = share * fix_sigmoid(-a) + (1 - share) * fix_sigmoid(-b);
    return SLOPE * (fix_log(spam) - fix_log(ham));
}

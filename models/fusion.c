/* SPDX-License-Identifier: Apache-2.0 */
/* fusion: the weights of the mean, and the mixture of two; see fusion.h. */
#include "models/fusion.h"

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

double fusion_score(const struct parts *p)
{
    double sum = 0, all = 0;
    for (unsigned i = 0; i < PART_COUNT; i++) {
        sum += WEIGHT[i] * part_squash(p->v[i]);
        all += WEIGHT[i];
    }
    return SLOPE * sum / all;
}

double fusion_mix(double first, double second, double share)
{
    double a = first / SLOPE, b = second / SLOPE;
    double spam = share * fix_sigmoid(a) + (1 - share) * fix_sigmoid(b);
    double ham = share * fix_sigmoid(-a) + (1 - share) * fix_sigmoid(-b);
    return SLOPE * (fix_log(spam) - fix_log(ham));
}

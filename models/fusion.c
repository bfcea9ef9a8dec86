/* SPDX-License-Identifier: Apache-2.0 */
/* fusion: the weights of the mean; see fusion.h. */
#include "models/fusion.h"

/* The joint model knows most; among the views, header and shape are surest; few words and links say little alone. */
static const double WEIGHT[PART_COUNT] = {
    [PART_JOINT] = 4,
    [PART_VIEW + VIEW_HEAD_GRAM] = 2,
    [PART_VIEW + VIEW_TEXT_GRAM] = 0.5,
    [PART_VIEW + VIEW_BODY_GRAM] = 0.5,
    [PART_VIEW + VIEW_HEAD] = 2,
    [PART_VIEW + VIEW_TEXT] = 0.5,
    [PART_VIEW + VIEW_LINK] = 0.5,
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

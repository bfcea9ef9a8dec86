/* SPDX-License-Identifier: Apache-2.0 */
/* share: a sum over a mail's features as a list of what each brought in, heaviest first.
 *
 * 4-grams that touch and agree are one piece of text. Whose sum it is, is the caller's: the bundle's score (weigh.c),
 * the live model's (livesum.c). */
#ifndef FURUI_SCORE_SHARE_H
#define FURUI_SCORE_SHARE_H

#include "worker/token/feature.h"

struct weighed {
    double weight;                   /* share of the score, log-odds; never 0 */
    const struct feature_name *name; /* of the feature, or of the first of touching 4-grams */
    enum feature_view view;
    uint32_t features; /* how many it stands for: 1, or that many 4-grams */
    span text;         /* that touching 4-grams cover, whole characters where it is UTF-8; empty: no 4-gram */
};

#define SHARE_LEAST 1e-3 /* log-odds; a smaller share is not worth a line */

struct share_list {
    struct weighed *v; /* in the arena */
    size_t n, cap;
    bool cut; /* the arena had no room for all */
};

/* An empty list for so many features, or as many as the arena has room for. */
void share_open(struct share_list *l, struct arena *a, size_t features);

/* Add the features of one view, which have names; returns what they weigh together. `of`: what a feature brings in; 0
 * is left out. Without names (the arena was full) nothing is added, and the list is cut. */
double share_view(struct share_list *l, const struct features *f, enum feature_view view,
                  double (*of)(const void *ctx, uint32_t hash), const void *ctx);

/* Heaviest first, by magnitude; the rest of the room goes back to the arena. */
void share_sort(struct share_list *l, struct arena *a);

enum { WEIGHED_TEXT_MAX = 160 };

/* A feature in words for a postmaster, e.g. subject: "wire transfer". Valid UTF-8 of at most WEIGHED_TEXT_MAX bytes
 * without control characters, in the arena; empty when that is full. */
span weighed_text(const struct weighed *w, struct arena *a);

#endif

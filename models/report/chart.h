/* SPDX-License-Identifier: Apache-2.0 */
/* chart: the plots of a report: ROC curve, reliability of p, spread of the scores.
 *
 * Each is one <figure>: the drawing, a legend where there are several lines, a sentence that says how to read it. What
 * cannot be drawn (one class only) is said in its place. Numbers come from curve.h. */
#ifndef FURUI_REPORT_CHART_H
#define FURUI_REPORT_CHART_H

#include "models/figures/metrics.h"
#include "models/report/markup.h"

enum { CHART_SERIES = 6 }; /* lines that one ROC plot may have: so many colours are there */

/* Scores of one filter, or of one source. */
struct chart_series {
    span name;              /* a stranger's; lent */
    const struct scored *s; /* [n], sorted by metrics_compute; lent */
    size_t n;
};

/* Verdicts are called by these. */
struct chart_limits {
    double unsure_at, spam_at; /* probabilities */
};

/* ROC curves in TREC's axes: ham and spam misclassification, both on a logit scale. Points mark the limits on the first
 * `marked` lines. A series of one class has no line. count <= CHART_SERIES. `id` differs for each chart of a page. */
void chart_roc(struct markup *m, const char *id, const struct chart_series *v, size_t count, size_t marked,
               const struct chart_limits *limits);

/* Two of a kind, side by side, are narrow and share the sentence: chart_how() after both. */
enum chart_width { CHART_WIDE, CHART_NARROW };

/* Share of spam by p, with 95% intervals and how many mails each bin has. */
void chart_reliability(struct markup *m, const char *id, const struct chart_series *v, enum chart_width width);

/* The same on log-odds axes, for p near 0 and 1. */
void chart_tails(struct markup *m, const char *id, const struct chart_series *v, enum chart_width width);

/* How many ham and spam have which log-odds. `beside`, if not NULL, is drawn next to it: both have the same ends. */
void chart_spread(struct markup *m, const char *id, const struct chart_series *v, const struct chart_series *beside,
                  enum chart_width width, const struct chart_limits *limits);

/* How to read them. */
enum chart_kind { CHART_RELIABILITY, CHART_TAILS, CHART_SPREAD };
void chart_how(struct markup *m, enum chart_kind kind);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* model: a bundle in memory, and the way from features to one calibrated probability.
 *
 * A bundle is one file, mapped read-only and shared by all workers (bundle.h has its layout). Everything here is in
 * natural log-odds: positive means spam, 0 means no opinion. Formulas: docs/scoring.md. */
#ifndef FURUI_SCORE_MODEL_H
#define FURUI_SCORE_MODEL_H

#include "proto/base/err.h"
#include "worker/token/feature.h"

struct model;

enum { MODEL_FAULT_MAX = 256 };

/* Map and verify a bundle (checksums, shapes, feature version).
 *
 *   fault_out  on error: what is wrong, with the path, in one line; at least MODEL_FAULT_MAX bytes
 *
 * ERR_IO, ERR_MODEL (damaged), ERR_VERSION (made for other features), ERR_MEMORY. *model_out is untouched on error. */
enum err model_open(const char *path, struct model **model_out, char *fault_out);
void model_close(struct model *m);

/* 16 hex digits that name this bundle by its content; lent while the model is open. */
const char *model_id(const struct model *m);

/* The views that model_score looks at, a bit for each (1u << VIEW_...): what features_extract_views need not leave
 * out. */
unsigned model_views(const struct model *m);

struct scores {
    double bayes, linear, net; /* what each part says */
    double score;              /* the fused, calibrated log-odds: p = 1 / (1 + exp(-score)) */
    double p;
};

/* Score one message. Cannot fail, allocates nothing, any thread. The same features give the same bits on every CPU. */
void model_score(const struct model *m, const struct features *f, struct scores *scores_out);

/* A feature that weighed, in words for a postmaster. */
struct model_reason {
    span what;     /* UTF-8, e.g. "subject: \"wire transfer\"", "link: example.biz", "html: hidden text" */
    double weight; /* share of the score, log-odds */
};

/* The features that weighed most, by magnitude, at most `max`. Reads the mail again with names kept, so it costs a
 * few times model_score; only for requests that ask. Strings go to the arena. Returns how many. */
size_t model_explain(const struct model *m, const struct mail *mail, struct arena *a, struct model_reason *out,
                     size_t max);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* livesum: what reports have lately taught about a mail's features: its live log-odds, by the table that furui-learner
 * writes (proto/livetable.h has the formula).
 *
 * The table is another process's memory: it may change at any moment, to anything. Cells are read whole and one by one,
 * indices are masked, of the head nothing is believed: whatever stands there, a finite number comes out. While nothing
 * is learnt it costs one load. */
#ifndef FURUI_SCORE_LIVESUM_H
#define FURUI_SCORE_LIVESUM_H

#include "proto/livetable.h"
#include "worker/score/model.h"

struct livesum {
    const struct livetable *t; /* owned mapping; NULL: there is no table */
    unsigned bits;
    bool told; /* that the head is no good was logged */
};

/* Map a table, read-only; the descriptor is the caller's and no longer needed. ERR_IO with errno; ERR_MODEL: of a size
 * that no table has. On an error, as with all zeros in *l, there is no table: nothing is learnt. */
enum err livesum_open(int fd, struct livesum *l);
void livesum_close(struct livesum *l);

/* What one mail is summed up with: cells change meanwhile, this does not. */
struct livesum_by {
    const struct livetable *t;
    uint32_t mask, tenant; /* tenant 0: only everybody's cells */
    unsigned views;        /* that are summed */
    float step;
};

/* The views that reports teach beside a model, a bit for each: those that it looks at, and the text. */
unsigned livesum_views(const struct model *m);

/* Is anything learnt? Then *out is what to sum with for a mail of this tenant, in these views. A head that no learner of
 * ours writes is told in the log once, and nothing is learnt. */
bool livesum_begin(struct livesum *l, span tenant, unsigned views, struct livesum_by *out);

/* The live log-odds. Any thread. */
double livesum_score(const struct livesum_by *by, const struct features *f);

/* The features that weighed most in it, by magnitude, at most `max`, as model_explain. What they weigh adds up to the
 * live log-odds, but for those left out. */
size_t livesum_explain(const struct livesum_by *by, const struct mail *mail, struct arena *a, struct model_reason *out,
                       size_t max);

#endif

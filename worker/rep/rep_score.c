/* SPDX-License-Identifier: Apache-2.0 */
/* rep_score: from labelled counts to log-odds: shrunk by how few they are, bounded by kind and in sum.
 *
 * The formula, and why each bound is there, stands in docs/reputation.md; tests/unit/test_rep_score.c holds the plain
 * reference. Volume is no evidence: without labels everything here is 0. */
#include "worker/rep/rep.h"

#include "proto/base/fixmath.h"

#include <math.h>

static const double PRIOR = 1.0;      /* a: labels of each class that every name is born with */
static const double HALF_TRUST = 5.0; /* k: that many labels count half */
static const double KIND_LIMIT[] = {[REP_IP] = 3.0, [REP_FROM_DOMAIN] = 2.0, [REP_URL_DOMAIN] = 4.0};
static const double SUM_LIMIT = 6.0;

static double clamp(double x, double limit)
{
    return x > limit ? limit : x < -limit ? -limit : x;
}

static double log_odds(struct rep_counts c)
{
    double n = c.ham + c.spam;
    return n > 0 ? fix_log((c.spam + PRIOR) / (c.ham + PRIOR)) * n / (n + HALF_TRUST) : 0;
}

void rep_score(const struct rep_keys *keys, const struct rep_counts *counts, struct rep_score *out)
{
    bool met[REP_KIND_COUNT] = {false};
    *out = (struct rep_score){.known = true};
    for (size_t i = 0; i < keys->n; i++) {
        enum rep_kind kind = keys->v[i].kind;
        double x = clamp(log_odds(counts[i]), KIND_LIMIT[kind]);
        /* The worst link speaks for all: good ones are free for anyone to add. */
        if (met[kind] && x <= out->by_kind[kind]) continue;
        met[kind] = true;
        out->by_kind[kind] = x;
        out->from[kind].key = i;
        out->from[kind].counts = counts[i];
    }
    /* A good name must be proven, a bad one need not: anyone can write a From, and links past the limit are unseen. */
    if (!keys->from_proven) out->by_kind[REP_FROM_DOMAIN] = fmax(out->by_kind[REP_FROM_DOMAIN], 0);
    if (keys->urls_cut) out->by_kind[REP_URL_DOMAIN] = fmax(out->by_kind[REP_URL_DOMAIN], 0);
    for (size_t k = 0; k < REP_KIND_COUNT; k++) out->log_odds += out->by_kind[k];
    out->log_odds = clamp(out->log_odds, SUM_LIMIT);
}

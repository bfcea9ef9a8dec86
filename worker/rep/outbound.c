/* SPDX-License-Identifier: Apache-2.0 */
/* outbound: see outbound.h. tests/unit/test_outbound.c holds the plain reference. */
#include "worker/rep/outbound.h"

#include "proto/base/fixmath.h"

/* What nobody wonders about within the hours of the fast half-life; how many times the usual it takes to be a sign; and
 * how far a sign may go. */
static const struct {
    double allowed, times, limit;
} SIGN[OUT_SIGNS] = {
    [OUT_MAILS] = {30, 4, 2},
    [OUT_SPAM] = {2, 2, 3},
    [OUT_RECIPIENTS] = {60, 4, 3},
    [OUT_NETWORKS] = {2, 2, 1.5},
};
static const double SUM_LIMIT = 6.0;

static void look(struct outbound *o, enum outbound_sign sign, const struct record *r, enum record_sum sum,
                 const struct record_lives *lives)
{
    /* At a steady rate a decayed sum is rate · half-life / ln 2: of two sums the ratio is that of the half-lives. */
    double usual = r->sum[RECORD_SLOW][sum] * lives->minutes[RECORD_FAST] / lives->minutes[RECORD_SLOW];
    double now = r->sum[RECORD_FAST][sum], a = SIGN[sign].allowed;
    double x = fix_log((now + a) / (usual + a) / SIGN[sign].times);
    o->now[sign] = now;
    o->usual[sign] = usual;
    o->by_sign[sign] = x < 0 ? 0 : x > SIGN[sign].limit ? SIGN[sign].limit : x;
    o->log_odds += o->by_sign[sign];
}

void outbound_score(const struct record *mails, const struct record *recipients, const struct record *networks,
                    const struct record_lives *lives, struct outbound *out)
{
    *out = (struct outbound){0};
    look(out, OUT_MAILS, mails, SUM_VOLUME, lives);
    look(out, OUT_SPAM, mails, SUM_SPAM, lives);
    look(out, OUT_RECIPIENTS, recipients, SUM_VOLUME, lives);
    look(out, OUT_NETWORKS, networks, SUM_VOLUME, lives);
    if (out->log_odds > SUM_LIMIT) out->log_odds = SUM_LIMIT;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* online: both experts, how wrong they were, and what they learn again; see online.h. */
#include "models/online/online.h"

#include "models/online/fusion.h"
#include "proto/base/fixmath.h"

#include <math.h>

static const struct learner_rate QUICK_RATE = {.joint = 0.025, .view = 0.04};
static const double CLOSE_CALL = 0.1;   /* an error of probability over this is worth keeping */
static const double DOUBTED_MAILS = 10; /* half of a verdict is believed when so many mails were learnt */
static const double FORGETS = 0.9986;   /* an error counts half after 500 mails */
static const double PREFERENCE = 4.5;   /* log-odds for the quick expert while both err alike */
static const double STERNNESS = 4;      /* what a wrong verdict more takes from it */
static const double HANDICAP = 1;       /* wrong verdicts that it begins with */
static const double MOST = 0.98;        /* the quick expert's share is never more */
static const double LEFT = 0.65;        /* of log-odds: models that know much of the same are surer than they should */

enum err online_open(struct online *o, unsigned bits)
{
    *o = (struct online){0};
    enum err e = learner_open(&o->learner, bits);
    if (!e) e = arow_open(&o->arow, bits);
    if (!e) e = replay_open(&o->close, ONLINE_KEPT_MAX, 1);
    if (!e) e = replay_open(&o->recent, ONLINE_KEPT_MAX, 2);
    if (e) {
        online_close(o);
        return e;
    }
    o->learner.rate = QUICK_RATE;
    o->wrong[ONLINE_QUICK] = HANDICAP;
    return ERR_OK;
}

void online_close(struct online *o)
{
    replay_close(&o->close);
    replay_close(&o->recent);
    arow_close(&o->arow);
    learner_close(&o->learner);
    *o = (struct online){0};
}

void online_score(const struct online *o, const struct features *f, struct online_opinion *out)
{
    double learnt = o->learner.spams + o->learner.hams, seen = learnt / (learnt + DOUBTED_MAILS);
    learner_score(&o->learner, f, &out->parts);
    arow_score(&o->arow, f, &out->margins);
    out->expert[ONLINE_QUICK] = seen * fusion_quick(&out->parts, &out->margins);
    out->expert[ONLINE_STEADY] = seen * fusion_steady(&out->parts, &out->margins);
    double share = MOST * fix_sigmoid(PREFERENCE + STERNNESS * (o->wrong[ONLINE_STEADY] - o->wrong[ONLINE_QUICK]));
    out->score = LEFT * fusion_mix(out->expert[ONLINE_QUICK], out->expert[ONLINE_STEADY], share);
}

static bool close_call(const struct online_opinion *before, bool spam)
{
    return fabs(spam - fix_sigmoid(fusion_score(&before->parts))) > CLOSE_CALL ||
           fabs(spam - fix_sigmoid(before->parts.v[PART_JOINT])) > CLOSE_CALL;
}

static enum err learn_quick(struct online *o, const struct features *f, const struct online_opinion *before, bool spam)
{
    learner_learn(&o->learner, f, &before->parts, spam, 1);
    enum err e = close_call(before, spam) ? replay_keep(&o->close, f, spam) : ERR_OK;
    const struct replay_mail *again = e ? NULL : replay_draw(&o->close);
    if (again) learner_repeat(&o->learner, &again->f, again->spam, 1);
    return e;
}

static enum err learn_steady(struct online *o, const struct features *f, const struct online_opinion *before, bool spam)
{
    arow_learn(&o->arow, f, &before->margins, spam);
    const struct replay_mail *again = replay_draw(&o->recent);
    if (again) arow_repeat(&o->arow, &again->f, again->spam);
    return replay_keep(&o->recent, f, spam);
}

enum err online_learn(struct online *o, const struct features *f, const struct online_opinion *before, bool spam)
{
    for (unsigned i = 0; i < ONLINE_EXPERTS; i++)
        o->wrong[i] = FORGETS * o->wrong[i] + fix_sigmoid(spam ? -before->expert[i] : before->expert[i]);
    enum err e = learn_quick(o, f, before, spam);
    if (!e) e = learn_steady(o, f, before, spam);
    return e;
}

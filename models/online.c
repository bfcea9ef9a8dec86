/* SPDX-License-Identifier: Apache-2.0 */
/* online: two paces and what they lost; a ring of the mails that were close calls, one repeated with each new mail; see
 * online.h. */
#include "models/online.h"

#include "proto/base/fixmath.h"

#include <math.h>
#include <stdlib.h>

static const struct learner_rate QUICK_RATE = {.joint = 0.025, .view = 0.04};
static const double CLOSE_CALL = 0.1;   /* an error of probability over this is worth keeping */
static const double DOUBTED_MAILS = 10; /* half of a verdict is believed when so many mails were learnt */
static const double FORGETS = 0.9986;   /* what a pace lost counts half after 500 mails */
static const double PREFERENCE = 4.5;   /* log-odds for the quick pace while both lose alike */
static const double STERNNESS = 0.4;    /* what a nat more of loss takes from them */
enum { REPEATS = 1 };

enum err online_open(struct online *o, unsigned bits)
{
    *o = (struct online){.random = 1};
    o->kept = calloc(ONLINE_KEPT_MAX, sizeof *o->kept);
    enum err e = o->kept ? learner_open(&o->learner, bits) : ERR_MEMORY;
    if (!e) e = calm_open(&o->calm, &o->learner);
    if (e) {
        online_close(o);
        return e;
    }
    o->learner.rate = QUICK_RATE;
    return ERR_OK;
}

void online_close(struct online *o)
{
    for (size_t i = 0; i < o->kept_count; i++) free(o->kept[i].block);
    free(o->kept);
    calm_close(&o->calm);
    learner_close(&o->learner);
    *o = (struct online){0};
}

void online_score(const struct online *o, const struct features *f, struct online_opinion *out)
{
    double learnt = o->learner.spams + o->learner.hams;
    learner_score(&o->learner, f, &out->parts[ONLINE_QUICK]);
    out->parts[ONLINE_CALM] = out->parts[ONLINE_QUICK]; /* both have the same Bayes */
    calm_score(&o->calm, &o->learner, f, &out->parts[ONLINE_CALM]);
    for (unsigned i = 0; i < ONLINE_PACES; i++)
        out->pace[i] = fusion_score(&out->parts[i]) * learnt / (learnt + DOUBTED_MAILS);
    double share = fix_sigmoid(PREFERENCE + STERNNESS * (o->lost[ONLINE_CALM] - o->lost[ONLINE_QUICK]));
    /* Calm weights are believed where labels are wrong, and log-odds learnt from wrong labels are too flat. */
    out->score = (2 - share) * fusion_mix(out->pace[ONLINE_QUICK], out->pace[ONLINE_CALM], share);
}

static enum err keep(struct online *o, const struct features *f, bool spam)
{
    uint32_t *to = malloc((features_count(f) + 1) * sizeof *to);
    if (!to) return ERR_MEMORY;
    struct online_kept *k = &o->kept[o->kept_next];
    free(k->block);
    *k = (struct online_kept){.block = to, .spam = spam};
    features_copy(f, to, &k->f);
    o->kept_next = (o->kept_next + 1) % ONLINE_KEPT_MAX;
    if (o->kept_count < ONLINE_KEPT_MAX) o->kept_count++;
    return ERR_OK;
}

static bool close_call(const struct online_opinion *before, bool spam)
{
    const struct parts *quick = &before->parts[ONLINE_QUICK];
    return fabs(spam - fix_sigmoid(fusion_score(quick))) > CLOSE_CALL ||
           fabs(spam - fix_sigmoid(quick->v[PART_JOINT])) > CLOSE_CALL;
}

enum err online_learn(struct online *o, const struct features *f, const struct online_opinion *before, bool spam)
{
    for (unsigned i = 0; i < ONLINE_PACES; i++)
        o->lost[i] = FORGETS * o->lost[i] + fix_softplus(spam ? -before->pace[i] : before->pace[i]);
    learner_learn(&o->learner, f, &before->parts[ONLINE_QUICK], spam, 1);
    calm_learn(&o->calm, &o->learner, f, &before->parts[ONLINE_CALM], spam);
    if (close_call(before, spam)) {
        enum err e = keep(o, f, spam);
        if (e) return e;
    }
    for (unsigned i = 0; i < REPEATS && o->kept_count; i++) {
        o->random = o->random * 6364136223846793005u + 1442695040888963407u;
        const struct online_kept *k = &o->kept[(o->random >> 33) % o->kept_count];
        learner_repeat(&o->learner, &k->f, k->spam, 1);
    }
    return ERR_OK;
}

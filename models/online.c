/* SPDX-License-Identifier: Apache-2.0 */
/* online: a ring of the mails that were close calls, one repeated with each new mail; see online.h. */
#include "models/online.h"

#include "proto/base/fixmath.h"

#include <math.h>
#include <stdlib.h>

static const double CLOSE_CALL = 0.1; /* an error of probability over this is worth keeping */
enum { REPEATS = 1 };

enum err online_open(struct online *o)
{
    *o = (struct online){.random = 1};
    o->kept = calloc(ONLINE_KEPT_MAX, sizeof *o->kept);
    enum err e = o->kept ? learner_open(&o->learner, LEARNER_BITS) : ERR_MEMORY;
    if (e) {
        online_close(o);
        return e;
    }
    return ERR_OK;
}

void online_close(struct online *o)
{
    for (size_t i = 0; i < o->kept_count; i++) free(o->kept[i].block);
    free(o->kept);
    learner_close(&o->learner);
    *o = (struct online){0};
}

double online_score(const struct online *o, const struct features *f, struct parts *parts_out)
{
    learner_score(&o->learner, f, parts_out);
    return fusion_score(parts_out);
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

enum err online_learn(struct online *o, const struct features *f, const struct parts *parts, double score, bool spam)
{
    learner_learn(&o->learner, f, parts, spam, 1);
    bool close_call =
        fabs(spam - fix_sigmoid(score)) > CLOSE_CALL || fabs(spam - fix_sigmoid(parts->v[PART_JOINT])) > CLOSE_CALL;
    if (close_call) {
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

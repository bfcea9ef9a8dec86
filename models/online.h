/* SPDX-License-Identifier: Apache-2.0 */
/* online: a filter that learns each mail right after judging it: learner, fusion, and a memory of close calls.
 *
 * A mail that was judged wrong or with doubt is kept; with each new mail one of the kept ones is learnt again (replay),
 * which does for a single pass what several passes do for a batch. Bounded: the oldest are forgotten. */
#ifndef FURUI_MODELS_ONLINE_H
#define FURUI_MODELS_ONLINE_H

#include "models/fusion.h"
#include "models/learner.h"

enum { ONLINE_KEPT_MAX = 2000 };

struct online_kept {
    struct features f; /* lists in one owned block, at `block` */
    void *block;
    bool spam;
};

struct online {
    struct learner learner;
    struct online_kept *kept; /* owned; a ring of ONLINE_KEPT_MAX */
    size_t kept_count, kept_next;
    uint64_t random; /* which one is repeated: a fixed sequence */
};

enum err online_open(struct online *o);
void online_close(struct online *o);

/* Log-odds of spam for a mail not learnt yet; parts_out may be handed to online_learn. */
double online_score(const struct online *o, const struct features *f, struct parts *parts_out);

/* ERR_MEMORY. */
enum err online_learn(struct online *o, const struct features *f, const struct parts *parts, double score, bool spam);

#endif

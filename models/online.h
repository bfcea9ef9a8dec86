/* SPDX-License-Identifier: Apache-2.0 */
/* online: a filter that learns each mail right after judging it: a learner of two paces, fusion, and a memory of close
 * calls.
 *
 * Quick weights are best while labels are right, calm ones where many are wrong; each pace counts for as much as its
 * verdicts have lately deserved, as experts do (Vovk 1990; Herbster and Warmuth 1998).
 * A mail that was judged wrong or with doubt is kept; with each new mail one of the kept ones is learnt again (replay),
 * which does for a single pass what several passes do for a batch. Bounded: the oldest are forgotten.
 * docs/scoring.md, "The immediate protocol". */
#ifndef FURUI_MODELS_ONLINE_H
#define FURUI_MODELS_ONLINE_H

#include "models/calm.h"
#include "models/fusion.h"
#include "models/learner.h"

enum { ONLINE_KEPT_MAX = 2000, ONLINE_BITS = 25 };

enum online_pace { ONLINE_QUICK, ONLINE_CALM, ONLINE_PACES };

struct online_kept {
    struct features f; /* lists in one owned block, at `block` */
    void *block;
    bool spam;
};

struct online {
    struct learner learner;
    struct calm calm;
    double lost[ONLINE_PACES]; /* log loss of each pace's verdicts, the older the less */
    struct online_kept *kept;  /* owned; a ring of ONLINE_KEPT_MAX */
    size_t kept_count, kept_next;
    uint64_t random; /* which one is repeated: a fixed sequence */
};

/* What the filter thought of a mail. */
struct online_opinion {
    struct parts parts[ONLINE_PACES];
    double pace[ONLINE_PACES]; /* log-odds of spam by each pace */
    double score;              /* log-odds of spam */
};

/* ERR_MEMORY. 1 << bits cells of 32 bytes; ONLINE_BITS leave words their own. */
enum err online_open(struct online *o, unsigned bits);
void online_close(struct online *o);

/* Judge a mail that is not learnt yet. */
void online_score(const struct online *o, const struct features *f, struct online_opinion *out);

/* Learn it. `before`: what online_score said just now. ERR_MEMORY. */
enum err online_learn(struct online *o, const struct features *f, const struct online_opinion *before, bool spam);

#endif

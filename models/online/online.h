/* SPDX-License-Identifier: Apache-2.0 */
/* online: a filter that learns each mail right after judging it: two experts, and mails that are learnt again.
 *
 * The quick expert (learner.h, with the other's margins beside) is best while labels are right. The steady one (arow.h,
 * with Bayes beside) doubts labels, and is best where many are wrong. Each counts for as much as its verdicts have
 * lately deserved (Vovk 1990; Herbster and Warmuth 1998). The quick one learns mails again that were close calls, the
 * steady one any; both bounded. docs/scoring.md, "The immediate protocol". */
#ifndef FURUI_ONLINE_ONLINE_H
#define FURUI_ONLINE_ONLINE_H

#include "models/online/arow.h"
#include "models/online/replay.h"
#include "models/train/learner.h"

enum { ONLINE_KEPT_MAX = 2000, ONLINE_BITS = 25 };

enum online_expert { ONLINE_QUICK, ONLINE_STEADY, ONLINE_EXPERTS };

struct online {
    struct learner learner;
    struct arow arow;
    double wrong[ONLINE_EXPERTS]; /* how wrong each expert's verdicts were, the older the less */
    struct replay close, recent;
};

/* What the filter thought of a mail. */
struct online_opinion {
    struct parts parts;
    struct arow_margins margins;
    double expert[ONLINE_EXPERTS]; /* log-odds of spam by each */
    double score;                  /* log-odds of spam */
};

/* ERR_MEMORY. 1 << bits cells of 40 bytes, ONLINE_BITS leave words their own; 80 MB for mails to learn again. */
enum err online_open(struct online *o, unsigned bits);
void online_close(struct online *o);

/* Judge a mail that is not learnt yet. */
void online_score(const struct online *o, const struct features *f, struct online_opinion *out);

/* Learn it. `before`: what online_score said just now. ERR_MEMORY. */
enum err online_learn(struct online *o, const struct features *f, const struct online_opinion *before, bool spam);

#endif

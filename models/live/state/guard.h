/* SPDX-License-Identifier: Apache-2.0 */
/* guard: what the live model does to mail that nobody reported.
 *
 * After each report that was learnt some of the samples (learn.h) are judged again. When too many have changed between
 * spam and not spam since the hour began the model freezes, and a person is called; when all together have moved too
 * far nothing is learnt until the next hour. Part of the state, and decided by nothing but the stream: all hosts do it
 * at the same place. */
#ifndef FURUI_STATE_GUARD_H
#define FURUI_STATE_GUARD_H

#include "models/live/state/learn.h"

enum { GUARD_SAMPLES_MIN = 64 }; /* with fewer nothing is decided */

/* What the owner decides; the same on all hosts. */
struct guard_rules {
    double flips_most; /* share of samples that may change their class in an hour; 1: any */
    double step_most;  /* mean of |change of log-odds| in an hour; 0: any */
};

struct guard {
    int64_t hour;
    uint64_t turn;      /* which sample is next */
    double flips, step; /* in this hour so far; share and mean over the samples */
    uint64_t samples;   /* that these are about */
    uint64_t slow;      /* 1: nothing is learnt until the hour is over */
};

/* An hour may have begun. */
void guard_tick(struct guard *g, struct learn *l, int64_t now_ms);

/* A report was learnt. True: freeze. */
bool guard_look(struct guard *g, const struct guard_rules *rules, struct learn *l);

/* From now on changes count anew: a person has looked. */
void guard_forget(struct guard *g, struct learn *l);

#endif

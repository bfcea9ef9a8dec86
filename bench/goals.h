/* SPDX-License-Identifier: Apache-2.0 */
/* goals: what the service shall do at least, beside what was measured newest. */
#ifndef FURUI_BENCH_GOALS_H
#define FURUI_BENCH_GOALS_H

#include "bench/sheet.h"

struct goal {
    const char *sheet, *where[2][2]; /* rows: columns and words; NULL: none */
    const char *figure;
    bool by_scalar; /* of kernels: by what the scalar variant does */
    bool at_most;   /* else: at least */
    double limit;
    const char *says, *unit;
};

extern const struct goal GOALS[];
extern const size_t GOAL_COUNT;

/* The figure of the newest such row (of kernels the best variant's); NaN where none was measured. */
double goal_measured(const struct goal *g, const struct sheet *s);
bool goal_met(const struct goal *g, double measured);

#endif

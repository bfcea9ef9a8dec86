/* SPDX-License-Identifier: Apache-2.0 */
/* picture: two kinds of plots for what a bench measured: bars, and lines through points. Each is one <figure> with a
 * title, a legend where there are several colours, and a sentence that says how to read it. */
#ifndef FURUI_BENCH_PICTURE_H
#define FURUI_BENCH_PICTURE_H

#include "models/report/markup.h"

enum { PICTURE_COLOURS = 6, PICTURE_LABEL_MAX = 96 };

struct picture {
    const char *id, *title, *how; /* our own words; id differs for each on a page */
    const char *unit;             /* of the values, under or beside the axis */
    const char *x_title;          /* of lines */
    bool log, x_log;              /* scales of values, and of what runs across */
    double limit;                 /* a line where a value should not go beyond; 0: none */
};

/* One bar for each value that is finite and, on a log scale, above 0. */
struct picture_bar {
    char label[PICTURE_LABEL_MAX]; /* a stranger's */
    double value[PICTURE_COLOURS];
};
void picture_bars(struct markup *m, const struct picture *p, const struct picture_bar *bar, size_t n,
                  const char names[][PICTURE_LABEL_MAX], size_t colours);

struct picture_point {
    double x, y;
    size_t line;
};
/* Points of a line are in their order. `ticks`, if not NULL, are words for x = 0, 1 … n_ticks - 1. */
void picture_lines(struct markup *m, const struct picture *p, const struct picture_point *v, size_t n,
                   const char names[][PICTURE_LABEL_MAX], size_t lines, const char (*ticks)[PICTURE_LABEL_MAX],
                   size_t n_ticks);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* view: which plots are made of which file of bench/results: rows of a sheet become bars and lines. */
#ifndef FURUI_BENCH_VIEW_H
#define FURUI_BENCH_VIEW_H

#include "bench/sheet.h"
#include "models/report/markup.h"

/* All plots of a sheet; none when it is not in the list. */
void view_draw(struct markup *m, const struct sheet *s);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* bench_page: one page of all that bench/results holds: what shall be reached, what became better or worse, and for each
 * file its plots and the rows of its newest state. Built of models/report/webpage.h; no script, nothing loaded. */
#ifndef FURUI_BENCH_BENCH_PAGE_H
#define FURUI_BENCH_BENCH_PAGE_H

#include "bench/gauge.h"
#include "models/report/markup.h"

struct bench_page {
    const struct sheet *sheet; /* [sheets], in any order */
    size_t sheets;
    const struct gauge_reading *reading; /* [readings] */
    size_t readings;
};

/* The whole page into m, which the caller closes. */
void bench_page(struct markup *m, const struct bench_page *p);

#endif

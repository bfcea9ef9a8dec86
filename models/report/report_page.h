/* SPDX-License-Identifier: Apache-2.0 */
/* report_page: what the pages of `furui eval --html` share: cells of figures, and of mails. */
#ifndef FURUI_REPORT_REPORT_PAGE_H
#define FURUI_REPORT_REPORT_PAGE_H

#include "models/figures/figures.h"
#include "models/figures/judged.h"
#include "models/report/webpage.h"

/* For the foot of such a page. */
#define REPORT_FOOT                                                                                                   \
    "Each figure is defined in docs/measuring.md. This page lists paths of mails: share it with whom you would show " \
    "those."

/* Table cells of numbers; a dash where there is none (NaN). */
void report_cell_count(struct markup *m, size_t n);
void report_cell_num(struct markup *m, double value, int digits, const char *unit);
void report_cell_share(struct markup *m, size_t part, size_t all); /* "0.12% (3)" */
void report_cell_interval(struct markup *m, struct metrics_interval i, int digits, const char *unit);
/* A probability, with as many digits as tell it from 0 and 1. */
void report_cell_p(struct markup *m, double score);

/* Cells that say which mail it is: source (when there are several), line, language and kind (when they are known),
 * path. */
void report_mail_heads(struct markup *m, const struct judged *d, bool described);
void report_mail_cells(struct markup *m, const struct judged *d, const struct judged_mail *v, bool described);

/* "ham", "unsure" or "spam"; static. */
const char *report_call_name(enum figures_call c);

/* The scores of all mails that count (FIGURES_ALL), or of one source (FIGURES_SOURCE), sorted; owned by the caller. */
struct scored *report_scores(const struct judged *d, enum figures_by by, size_t slice, size_t *n_out);

#endif

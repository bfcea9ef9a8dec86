/* SPDX-License-Identifier: Apache-2.0 */
/* compare_show: a comparison as lines for people, as JSON, as a page. */
#ifndef FURUI_REPORT_COMPARE_SHOW_H
#define FURUI_REPORT_COMPARE_SHOW_H

#include "models/figures/compare.h"
#include "models/report/markup.h"

#include <stdio.h>

struct compare_about {
    span name[2];   /* of A and of B: their files; a stranger's; lent */
    bool described; /* languages and kinds of the mails are known (not from files of scores) */
};

/* With the first flips; all are in the JSON. */
void compare_text(FILE *to, const struct compare *c, const struct compare_about *about);
void compare_json(FILE *to, const struct compare *c, const struct compare_about *about);

/* ERR_MEMORY. The caller closes `m`. */
enum err compare_html(struct markup *m, const struct compare *c, const struct compare_about *about);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* report_html: an evaluation as one page: figures, plots, and the mails that cost most. */
#ifndef FURUI_REPORT_REPORT_HTML_H
#define FURUI_REPORT_REPORT_HTML_H

#include "models/figures/judged.h"
#include "models/report/markup.h"
#include "proto/base/err.h"

/* What the page says of how the scores came to be; lent. */
struct report_about {
    span model;    /* the bundle's file; SPAN_NONE: the mails themselves were learnt */
    span protocol; /* then: how, as the command line has it */
    double spam_at, unsure_at;
};

/* The page into `m`, which the caller closes. ERR_MEMORY. */
enum err report_html(struct markup *m, const struct judged *d, const struct report_about *about);

#endif

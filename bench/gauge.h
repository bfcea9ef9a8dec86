/* SPDX-License-Identifier: Apache-2.0 */
/* gauge: did it become slower? Each gauge reads a figure out of a csv file as a ratio: by what a fixed piece of work or
 * another program cost in the same run. So a slower machine or a busy hour is no regression.
 *
 * What is measured newest is compared with the last measurement before it, of the same thing, on the same machine, at
 * another commit. */
#ifndef FURUI_BENCH_GAUGE_H
#define FURUI_BENCH_GAUGE_H

#include "bench/sheet.h"

enum { GAUGE_KEYS = 4 };

struct gauge {
    const char *sheet;            /* the file */
    const char *where[2];         /* column and word: only such rows; or NULL */
    const char *keys[GAUGE_KEYS]; /* columns that tell one thing that is measured from another */
    const char *figure;           /* column */
    const char *by[2];            /* column and word of the row of the same run whose figure divides; or NULL */
    bool by_yardstick;            /* or: times, or by, yardstick_ns of the same row */
    bool more;                    /* is more better? */
    double within_pct;            /* that much is noise */
    const char *says;             /* what it is */
};

extern const struct gauge GAUGES[];
extern const size_t GAUGE_COUNT;

enum gauge_verdict { GAUGE_SAME, GAUGE_BETTER, GAUGE_WORSE, GAUGE_NONE /* nothing to compare with */ };

struct gauge_reading {
    const struct gauge *gauge;
    char key[160];      /* what is measured, of the keys' cells */
    size_t row, base;   /* base: GAUGE_NO_ROW when there is none */
    double now, before; /* ratios; NaN where there is none */
    double pct;         /* how much better (above 0) or worse, in percent of the cost before */
    enum gauge_verdict verdict;
};

static const size_t GAUGE_NO_ROW = (size_t)-1;

/* Readings of one gauge, one for each thing of the newest rows; at most `max`. within_pct < 0: the gauge's own. */
size_t gauge_read(const struct gauge *g, const struct sheet *s, double within_pct, struct gauge_reading *out,
                  size_t max);

/* "better by 12%", "same", "WORSE by 9%", "nothing to compare with" into out[32]. */
void gauge_words(const struct gauge_reading *r, char out[32]);

#endif

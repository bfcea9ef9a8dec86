/* SPDX-License-Identifier: Apache-2.0 */
/* figures: what an evaluation says of all mails, of one source's, of one language's, of one kind's. */
#ifndef FURUI_FIGURES_FIGURES_H
#define FURUI_FIGURES_FIGURES_H

#include "models/figures/judged.h"
#include "models/figures/metrics.h"
#include "proto/base/err.h"
#include "proto/base/fixmath.h"

enum figures_by { FIGURES_ALL, FIGURES_SOURCE, FIGURES_LANGUAGE, FIGURES_KIND, FIGURES_BYS };
enum figures_call { CALLED_HAM, CALLED_UNSURE, CALLED_SPAM, CALLS };

struct figures {
    struct metrics m; /* what one class alone cannot tell is NaN */
    struct metrics_interval roca;
    size_t called[2][CALLS]; /* ham, spam: what the thresholds make of them */
};

/* How many slices there are, and the name of one; static, or lent by `d`. */
size_t figures_slices(const struct judged *d, enum figures_by by);
const char *figures_name(const struct judged *d, enum figures_by by, size_t slice);

/* The figures of one slice: of source, language or kind `slice`, or of all (FIGURES_ALL, 0). Excluded mails do not
 * count. `spam_at`, `unsure_at`: from which probability on a mail is called so. ERR_MEMORY. O(n log n), and the
 * bootstrap. */
enum err figures_of(const struct judged *d, enum figures_by by, size_t slice, double spam_at, double unsure_at,
                    struct figures *out);

/* What a score is called. */
static inline enum figures_call figures_call_of(double score, double spam_at, double unsure_at)
{
    double p = fix_sigmoid(score);
    return p >= spam_at ? CALLED_SPAM : p >= unsure_at ? CALLED_UNSURE : CALLED_HAM;
}

/* `part` of `all` in percent; NaN of nothing. */
double figures_pct(size_t part, size_t all);

#endif

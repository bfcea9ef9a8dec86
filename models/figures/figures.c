/* SPDX-License-Identifier: Apache-2.0 */
/* figures: the mails of a slice as scores, and what metrics.h makes of them; see figures.h. */
#include "models/figures/figures.h"

#include <math.h>
#include <stdlib.h>

/* Fewer rounds over a large corpus, so that all intervals together take some seconds. */
enum { ROUNDS = 1000, ROUNDS_MIN = 100, SEED = 1 };
static const size_t DRAWS[FIGURES_BYS] = {100000000, 25000000, 25000000, 25000000};

size_t figures_slices(const struct judged *d, enum figures_by by)
{
    switch (by) {
    case FIGURES_SOURCE: return d->sources;
    case FIGURES_LANGUAGE: return JUDGED_LANGUAGES;
    case FIGURES_KIND: return JUDGED_KINDS;
    default: return 1;
    }
}

const char *figures_name(const struct judged *d, enum figures_by by, size_t slice)
{
    switch (by) {
    case FIGURES_SOURCE: return d->source[slice];
    case FIGURES_LANGUAGE: return judged_language_name((enum judged_language)slice);
    case FIGURES_KIND: return judged_kind_name((enum judged_kind)slice);
    default: return "all";
    }
}

static size_t slice_of(const struct judged_mail *v, enum figures_by by)
{
    return by == FIGURES_SOURCE ? v->source : by == FIGURES_LANGUAGE ? v->language : by == FIGURES_KIND ? v->kind : 0;
}

static struct metrics_interval bootstrap(struct scored *s, size_t n, enum figures_by by)
{
    size_t rounds = n > DRAWS[by] / ROUNDS ? DRAWS[by] / n : ROUNDS;
    return metrics_bootstrap(s, n, rounds > ROUNDS_MIN ? rounds : ROUNDS_MIN, SEED);
}

enum err figures_of(const struct judged *d, enum figures_by by, size_t slice, double spam_at, double unsure_at,
                    struct figures *out)
{
    struct scored *s = malloc((d->n + 1) * sizeof *s);
    if (!s) return ERR_MEMORY;
    *out = (struct figures){0};
    size_t n = 0;
    for (size_t i = 0; i < d->n; i++) {
        const struct judged_mail *v = &d->v[i];
        if (v->excluded || slice_of(v, by) != slice) continue;
        s[n++] = (struct scored){v->score, v->spam};
        out->called[v->spam][figures_call_of(v->score, spam_at, unsure_at)]++;
    }
    metrics_compute(s, n, 0, &out->m);
    out->roca = bootstrap(s, n, by);
    free(s);
    return ERR_OK;
}

double figures_pct(size_t part, size_t all)
{
    return all ? 100.0 * (double)part / (double)all : NAN;
}

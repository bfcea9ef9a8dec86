/* SPDX-License-Identifier: Apache-2.0 */
/* age: 2^(-age / half-life); see age.h. */
#include "models/train/age.h"

#include "proto/base/fixmath.h"

#include <stdlib.h>

static const double LN2 = 0.69314718055994530942;

static int by_date(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* The moment from which age is counted; COUNTS_NO_DATE when no mail has a date. */
static enum err newest(const struct corpus *c, int64_t *out)
{
    int64_t *date = malloc((c->n + 1) * sizeof *date);
    size_t n = 0;
    if (!date) return ERR_MEMORY;
    for (size_t i = 0; i < c->n; i++)
        if (c->mail[i]->date != COUNTS_NO_DATE) date[n++] = c->mail[i]->date;
    qsort(date, n, sizeof *date, by_date);
    *out = n ? date[n - 1 - n / 100] : COUNTS_NO_DATE;
    free(date);
    return ERR_OK;
}

enum err age_weights(const struct corpus *c, unsigned half_life_days, float *weight_out)
{
    for (size_t i = 0; i < c->n; i++) weight_out[i] = 1;
    if (!half_life_days) return ERR_OK;
    int64_t now = 0, *last = malloc((c->sources + 1) * sizeof *last);
    enum err e = last ? newest(c, &now) : ERR_MEMORY;
    for (size_t s = 0; !e && s < c->sources; s++) last[s] = now;
    for (size_t i = 0; !e && i < c->n; i++) {
        int64_t *date = &last[c->source[i]];
        if (c->mail[i]->date != COUNTS_NO_DATE) *date = c->mail[i]->date;
        double days = now > *date ? ((double)now - (double)*date) / 86400 : 0;
        weight_out[i] = (float)fix_exp(-days / half_life_days * LN2);
    }
    free(last);
    return e;
}

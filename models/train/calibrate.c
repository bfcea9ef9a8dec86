/* SPDX-License-Identifier: Apache-2.0 */
/* calibrate: bins of equal weight, pooled where they fall (Ayer et al. 1955); see calibrate.h. */
#include "models/train/calibrate.h"

#include "proto/base/fixmath.h"
#include "worker/score/calib.h"

#include <math.h>
#include <stdlib.h>

enum { BINS = 40 };

struct bin {
    double weight, spam, score; /* sums; score is weighted */
};

static int by_score(const void *a, const void *b)
{
    const struct calibrate_row *x = a, *y = b;
    if (x->score != y->score) return x->score < y->score ? -1 : 1;
    return (int)x->spam - (int)y->spam;
}

static double share(const struct bin *b)
{
    return b->spam / b->weight;
}

enum err calibrate_fit(struct calibrate_row *rows, size_t n, span *section_out)
{
    double all = 0, spam = 0;
    for (size_t i = 0; i < n; i++) {
        all += rows[i].weight;
        spam += rows[i].spam ? rows[i].weight : 0;
    }
    if (!(spam > 0) || !(spam < all)) return ERR_MODEL;
    if (n) qsort(rows, n, sizeof *rows, by_score);
    struct bin bin[BINS] = {0};
    size_t count = 0;
    double seen = 0;
    for (size_t i = 0; i < n; i++) {
        struct bin *b = &bin[count];
        b->weight += rows[i].weight;
        b->spam += rows[i].spam ? rows[i].weight : 0;
        b->score += rows[i].weight * rows[i].score;
        seen += rows[i].weight;
        bool full = seen >= all * (double)(count + 1) / BINS;
        if (i + 1 == n || (full && rows[i + 1].score > rows[i].score && count + 1 < BINS)) {
            count++;
            while (count > 1 && share(&bin[count - 1]) <= share(&bin[count - 2])) {
                bin[count - 2].weight += bin[count - 1].weight;
                bin[count - 2].spam += bin[count - 1].spam;
                bin[count - 2].score += bin[count - 1].score;
                bin[count - 1] = (struct bin){0};
                count--;
            }
        }
    }
    double x[CALIB_KNOTS_MAX], y[CALIB_KNOTS_MAX], prior = all / (double)n;
    for (size_t i = 0; i < count; i++) {
        /* Half a mail of each kind: no bin is ever certain. */
        x[i] = bin[i].score / bin[i].weight;
        y[i] = fix_log((bin[i].spam + 0.5 * prior) / (bin[i].weight - bin[i].spam + 0.5 * prior));
    }
    if (count == 1) {
        x[1] = x[0] + 1;
        y[1] = y[0] + 1;
        count = 2;
    }
    size_t kept = 1;
    for (size_t i = 1; i < count; i++)
        if (x[i] > x[kept - 1] && y[i] > y[kept - 1]) {
            x[kept] = x[i];
            y[kept++] = y[i];
        }
    if (kept == 1) {
        x[1] = x[0] + 1;
        y[1] = y[0] + 1;
        kept = 2;
    }
    uint32_t head[CALIB_HEAD_WORDS] = {CALIB_MAGIC, CALIB_VERSION, (uint32_t)kept, 0};
    size_t bytes = sizeof head + 2 * kept * sizeof(double);
    uint8_t *p = malloc(bytes);
    if (!p) return ERR_MEMORY;
    memcpy(p, head, sizeof head);
    memcpy(p + sizeof head, x, kept * sizeof *x);
    memcpy(p + sizeof head + kept * sizeof *x, y, kept * sizeof *y);
    *section_out = span_of(p, bytes);
    return ERR_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* resample: the order of the scores is found once; a round is one pass over it with other counts; see resample.h. */
#include "models/figures/resample.h"

#include "proto/base/random.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ROUNDS = 2000, ROUNDS_MIN = 400, DRAWS = 200000000, MISSED_SEED = 1 };

/* The mails that count, highest score first. */
struct ranked {
    double score;
    uint32_t mail; /* among those that count */
    bool spam;
    bool last; /* of those with this score */
};

static int by_rank(const void *x, const void *y)
{
    const struct ranked *a = x, *b = y;
    if (a->score != b->score) return a->score > b->score ? -1 : 1;
    return (a->mail > b->mail) - (a->mail < b->mail);
}

static size_t rank(const struct judged *d, struct ranked *out)
{
    size_t n = 0;
    for (size_t i = 0; i < d->n; i++) {
        if (d->v[i].excluded) continue;
        out[n] = (struct ranked){.score = d->v[i].score, .mail = (uint32_t)n, .spam = d->v[i].spam};
        n++;
    }
    qsort(out, n, sizeof *out, by_rank);
    for (size_t i = 0; i < n; i++) out[i].last = i + 1 == n || out[i].score != out[i + 1].score;
    return n;
}

/* Figures when mail i counts times[i]; `ham` and `spam` are the sums of those. */
static struct resample_draw figures(const struct ranked *r, size_t n, const uint32_t *times, size_t ham, size_t spam)
{
    size_t above[2] = {0, 0}, level[2] = {0, 0}, allowed[METRICS_POINTS], caught[METRICS_POINTS] = {0};
    double twice = 0; /* twice the pairs in the wrong order */
    for (int k = 0; k < METRICS_POINTS; k++) allowed[k] = (size_t)(METRICS_FPR[k] * (double)ham + 1e-9);
    for (size_t i = 0; i < n; i++) {
        level[r[i].spam] += times[r[i].mail];
        if (!r[i].last) continue;
        above[0] += level[0];
        above[1] += level[1];
        twice += (double)level[0] * (double)(2 * (spam - above[1]) + level[1]);
        for (int k = 0; k < METRICS_POINTS; k++)
            if (above[0] <= allowed[k]) caught[k] = above[1];
        level[0] = level[1] = 0;
    }
    struct resample_draw out = {.roca_pct = 50 * twice / ((double)ham * (double)spam)};
    for (int k = 0; k < METRICS_POINTS; k++) out.missed[k] = (double)(spam - caught[k]) / (double)spam;
    return out;
}

size_t resample_rounds(size_t n)
{
    size_t rounds = n > DRAWS / ROUNDS ? DRAWS / n : ROUNDS;
    return rounds > ROUNDS_MIN ? rounds : ROUNDS_MIN;
}

bool resample(const struct judged *a, const struct judged *b, size_t rounds, uint64_t seed, struct resample_draw *a_out,
              struct resample_draw *b_out)
{
    assert(a->n < UINT32_MAX && (!b || b->n == a->n));
    struct ranked *ra = calloc(a->n + 1, sizeof *ra), *rb = calloc(a->n + 1, sizeof *rb);
    uint32_t *which = calloc(a->n + 1, sizeof *which), *times = calloc(a->n + 1, sizeof *times);
    assert(ra && rb && which && times && "out of memory");
    size_t n = rank(a, ra), of[2] = {0, 0}; /* which[]: the ham from its front, the spam from its end */
    for (size_t i = 0, k = 0; i < a->n; i++)
        if (!a->v[i].excluded) which[a->v[i].spam ? n - ++of[1] : of[0]++] = (uint32_t)k++;
    if (b) assert(rank(b, rb) == n);
    bool both = of[0] && of[1];
    for (size_t r = 0; both && r < rounds; r++) {
        memset(times, 0, n * sizeof *times);
        random_draw(which, of[0], &seed, times);
        random_draw(which + of[0], of[1], &seed, times);
        a_out[r] = figures(ra, n, times, of[0], of[1]);
        if (b) b_out[r] = figures(rb, n, times, of[0], of[1]);
    }
    free(ra);
    free(rb);
    free(which);
    free(times);
    return both;
}

double resample_p(const double *difference, size_t n)
{
    size_t below = 0, above = 0;
    for (size_t i = 0; i < n; i++) {
        below += difference[i] <= 0;
        above += difference[i] >= 0;
    }
    double p = 2.0 * (double)(1 + (below < above ? below : above)) / (double)(n + 1);
    return p < 1 ? p : 1;
}

void resample_missed(const struct judged *d, struct metrics_interval out[METRICS_POINTS])
{
    size_t rounds = resample_rounds(d->n) / 2;
    struct resample_draw *v = malloc(rounds * sizeof *v);
    double *value = malloc(rounds * sizeof *value);
    assert(v && value && "out of memory");
    bool both = resample(d, NULL, rounds, MISSED_SEED, v, NULL);
    for (int k = 0; k < METRICS_POINTS; k++) {
        out[k] = (struct metrics_interval){NAN, NAN};
        if (!both) continue;
        for (size_t r = 0; r < rounds; r++) value[r] = v[r].missed[k];
        out[k] = metrics_interval_of(value, rounds);
    }
    free(v);
    free(value);
}

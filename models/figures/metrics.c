/* SPDX-License-Identifier: Apache-2.0 */
/* metrics: every figure from one sorted list.
 *
 * Sorted by score, a run of equal scores is one step of the ROC curve; a ham counts the spams below it once and those
 * level with it half (Mann and Whitney's U; the trapezoid rule). Resampling keeps the order and draws how often each
 * mail counts, so that a bootstrap round is one pass and no sort. */
#include "models/figures/metrics.h"

#include "proto/base/fixmath.h"
#include "proto/base/random.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

const double METRICS_FPR[METRICS_POINTS] = {0.001, 0.0005, 0.0001};

enum { ECE_BINS = 15 };

static int by_score(const void *a, const void *b)
{
    const struct scored *x = a, *y = b;
    if (x->score != y->score) return x->score < y->score ? -1 : 1;
    return (int)x->spam - (int)y->spam;
}

static void sort(struct scored *s, size_t n)
{
    for (size_t i = 0; i < n; i++) assert(s[i].score == s[i].score);
    if (n) qsort(s, n, sizeof *s, by_score);
}

/* 1-ROCA% of sorted s[n], mail i counting times[i] (all 1 when NULL). */
static double roca(const struct scored *s, size_t n, const uint32_t *times)
{
    double spam = 0, ham = 0, twice = 0; /* twice the number of pairs in the wrong order */
    for (size_t i = 0; i < n;) {
        double level[2] = {0, 0};
        double score = s[i].score;
        for (; i < n && s[i].score == score; i++) level[s[i].spam] += times ? times[i] : 1;
        twice += level[0] * (2 * spam + level[1]);
        ham += level[0];
        spam += level[1];
    }
    return spam > 0 && ham > 0 ? 50.0 * twice / (spam * ham) : NAN;
}

size_t metrics_ham_at(size_t ham, double fpr)
{
    /* The margin is for products like 0.001 * 3000, which may come out below the whole number that they are. */
    return (size_t)(fpr * (double)ham + 1e-9);
}

double metrics_caught(const struct scored *s, size_t n, double fpr)
{
    size_t ham = 0, spam = 0;
    for (size_t i = 0; i < n; i++) s[i].spam ? spam++ : ham++;
    if (spam == 0 || ham == 0) return NAN;
    size_t allowed = metrics_ham_at(ham, fpr), above = 0;
    size_t i = n;
    while (i > 0) {
        size_t level_ham = 0, level_spam = 0, k = i;
        for (; k > 0 && s[k - 1].score == s[i - 1].score; k--) s[k - 1].spam ? level_spam++ : level_ham++;
        if (level_ham > allowed) break;
        allowed -= level_ham;
        above += level_spam;
        i = k;
    }
    return (double)above / (double)spam;
}

static double logit(double wrong, double all)
{
    double p = (wrong + 0.5) / (all + 1.0); /* half a mail more on each side keeps 0 and 1 finite */
    return fix_logit(p);
}

static void calibration(const struct scored *s, size_t n, struct metrics *out)
{
    double sum_p[ECE_BINS] = {0}, sum_spam[ECE_BINS] = {0}, brier = 0, loss = 0;
    for (size_t i = 0; i < n; i++) {
        double p = fix_sigmoid(s[i].score), y = s[i].spam ? 1 : 0;
        int bin = (int)(p * ECE_BINS);
        if (bin == ECE_BINS) bin--;
        sum_p[bin] += p;
        sum_spam[bin] += y;
        brier += (p - y) * (p - y);
        loss += fix_softplus(s[i].spam ? -s[i].score : s[i].score);
    }
    double ece = 0;
    for (int b = 0; b < ECE_BINS; b++) ece += fabs(sum_p[b] - sum_spam[b]);
    out->ece = n ? ece / (double)n : NAN;
    out->brier = n ? brier / (double)n : NAN;
    out->log_loss = n ? loss / (double)n : NAN;
}

void metrics_compute(struct scored *s, size_t n, double threshold, struct metrics *out)
{
    sort(s, n);
    *out = (struct metrics){0};
    double ham_missed = 0, spam_missed = 0;
    for (size_t i = 0; i < n; i++) {
        s[i].spam ? out->spam++ : out->ham++;
        if (s[i].spam && s[i].score < threshold) spam_missed++;
        if (!s[i].spam && s[i].score >= threshold) ham_missed++;
    }
    double ham = (double)out->ham, spam = (double)out->spam;
    bool both = out->ham && out->spam;
    out->roca_pct = roca(s, n, NULL);
    out->ham_missed = out->ham ? ham_missed / ham : NAN;
    out->spam_missed = out->spam ? spam_missed / spam : NAN;
    out->lam_pct = both ? 100 * fix_sigmoid((logit(ham_missed, ham) + logit(spam_missed, spam)) / 2) : NAN;
    for (int i = 0; i < METRICS_POINTS; i++) out->caught[i] = metrics_caught(s, n, METRICS_FPR[i]);
    calibration(s, n, out);
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

struct metrics_interval metrics_interval_of(double *value, size_t n)
{
    qsort(value, n, sizeof *value, by_value);
    return (struct metrics_interval){value[(size_t)(0.025 * (double)(n - 1))],
                                     value[(size_t)ceil(0.975 * (double)(n - 1))]};
}

struct metrics_interval metrics_bootstrap(struct scored *s, size_t n, size_t rounds, uint64_t seed)
{
    sort(s, n);
    struct metrics_interval out = {NAN, NAN};
    assert(n < UINT32_MAX);
    if (n == 0 || rounds == 0) return out;
    uint32_t *which = calloc(n, sizeof *which), *times = calloc(n, sizeof *times);
    double *value = calloc(rounds, sizeof *value);
    assert(which && times && value && "out of memory");
    size_t ham = 0, spam = 0; /* which[]: the ham from its front, the spam from its end */
    for (uint32_t i = 0; i < n; i++) which[s[i].spam ? n - ++spam : ham++] = i;
    if (ham && spam) {
        for (size_t r = 0; r < rounds; r++) {
            memset(times, 0, n * sizeof *times);
            random_draw(which, ham, &seed, times);
            random_draw(which + ham, spam, &seed, times);
            value[r] = roca(s, n, times);
        }
        out = metrics_interval_of(value, rounds);
    }
    free(which);
    free(times);
    free(value);
    return out;
}

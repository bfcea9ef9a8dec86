/* SPDX-License-Identifier: Apache-2.0 */
/* curve: one pass over sorted scores for each; see curve.h. */
#include "models/figures/curve.h"

#include "proto/base/fixmath.h"

#include <math.h>

size_t curve_roc(const struct scored *s, size_t n, struct curve_point *out)
{
    size_t of[2] = {0, 0}, above[2] = {0, 0}, points = 0;
    for (size_t i = 0; i < n; i++) of[s[i].spam]++;
    out[points++] = (struct curve_point){0, 1};
    for (size_t i = n; i > 0;) {
        double score = s[i - 1].score;
        for (; i > 0 && s[i - 1].score == score; i--) above[s[i - 1].spam]++;
        out[points++] =
            (struct curve_point){(double)above[0] / (double)of[0], (double)(of[1] - above[1]) / (double)of[1]};
    }
    return points;
}

struct curve_point curve_at(const struct scored *s, size_t n, double threshold)
{
    size_t of[2] = {0, 0}, above[2] = {0, 0};
    for (size_t i = 0; i < n; i++) {
        of[s[i].spam]++;
        above[s[i].spam] += s[i].score >= threshold;
    }
    return (struct curve_point){of[0] ? (double)above[0] / (double)of[0] : NAN,
                                of[1] ? (double)(of[1] - above[1]) / (double)of[1] : NAN};
}

struct metrics_interval curve_wilson(size_t part, size_t all)
{
    if (all == 0) return (struct metrics_interval){NAN, NAN};
    const double z = 1.959963984540054; /* of the normal distribution, 2.5% lie above it */
    double n = (double)all, share = (double)part / n, zz = z * z;
    double middle = (share + zz / (2 * n)) / (1 + zz / n);
    double half = z / (1 + zz / n) * sqrt(share * (1 - share) / n + zz / (4 * n * n));
    return (struct metrics_interval){part == 0 ? 0 : middle - half, part == all ? 1 : middle + half};
}

static void add(struct curve_bin *bin, const struct scored *s)
{
    bin->n++;
    bin->spam += s->spam;
    bin->p += fix_sigmoid(s->score);
}

/* Sums to means. */
static void finish(struct curve_bin *bin, size_t bins)
{
    for (size_t b = 0; b < bins; b++) {
        bin[b].p = bin[b].n ? bin[b].p / (double)bin[b].n : NAN;
        bin[b].share = bin[b].n ? (double)bin[b].spam / (double)bin[b].n : NAN;
        bin[b].within = curve_wilson(bin[b].spam, bin[b].n);
    }
}

void curve_reliability(const struct scored *s, size_t n, struct curve_bin out[CURVE_BINS])
{
    memset(out, 0, CURVE_BINS * sizeof *out);
    for (size_t i = 0; i < n; i++) {
        int b = (int)(fix_sigmoid(s[i].score) * CURVE_BINS);
        add(&out[b < CURVE_BINS ? b : CURVE_BINS - 1], &s[i]);
    }
    finish(out, CURVE_BINS);
}

void curve_tails(const struct scored *s, size_t n, struct curve_bin out[CURVE_TAILS])
{
    memset(out, 0, CURVE_TAILS * sizeof *out);
    for (size_t i = 0; i < n; i++) {
        double at = (s[i].score + CURVE_TAIL_END) / (2 * CURVE_TAIL_END) * CURVE_TAILS;
        add(&out[!(at >= 1) ? 0 : at >= CURVE_TAILS ? CURVE_TAILS - 1 : (size_t)at], &s[i]);
    }
    finish(out, CURVE_TAILS);
}

void curve_spread(const struct scored *s, size_t n, double low, double high, size_t bins, size_t *out)
{
    memset(out, 0, 2 * bins * sizeof *out);
    for (size_t i = 0; i < n; i++) {
        double at = floor((s[i].score - low) / (high - low) * (double)bins);
        size_t b = !(at > 0) ? 0 : at >= (double)bins ? bins - 1 : (size_t)at;
        out[s[i].spam * bins + b]++;
    }
}

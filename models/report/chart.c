/* SPDX-License-Identifier: Apache-2.0 */
/* chart: geometry of the three plots; see chart.h. */
#include "models/report/chart.h"

#include "models/figures/curve.h"
#include "models/report/plot.h"
#include "proto/base/fixmath.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { WIDE = 700, NARROW = 450, LEFT = 74, RIGHT = 26, TICKS = 40 };

static bool both_classes(const struct chart_series *v)
{
    size_t spam = 0;
    for (size_t i = 0; i < v->n; i++) spam += v->s[i].spam;
    return spam > 0 && spam < v->n;
}

static void figure_open(struct markup *m, const char *title)
{
    markup_format(m, "<figure><h3>%s</h3>\n", title);
}

static void figure_close(struct markup *m, const char *how_to_read)
{
    if (how_to_read) markup_format(m, "<figcaption><b>How to read it.</b> %s</figcaption>", how_to_read);
    markup_put(m, "</figure>\n");
}

/* "Title: NAME" where a page has the same plot of several filters. */
static void named(struct markup *m, const struct chart_series *v)
{
    if (!v->name.n) return;
    markup_put(m, "<p class=\"of\"><bdi>");
    markup_text_tail(m, v->name, 80);
    markup_put(m, "</bdi></p>\n");
}

/* --- ROC ---------------------------------------------------------------------------------------------------------- */

static const char ROC_HOW[] =
    "Every point of a line is one threshold: how much ham it calls spam (across) and how much spam it misses (up and "
    "down). Nearer to the upper left corner is better. Both scales are logit, as in the TREC spam track: from one "
    "labelled grid line to the next, errors are about ten times fewer; what lies on the line 0 has no error at all.";

/* Just below the rate of one mail in `n`, within reason. */
static double lowest_rate(size_t n)
{
    return fmin(fmax(0.7 / (double)n, 1e-6), 1e-2);
}

static void roc_axes(struct plot *p, const struct chart_series *v, size_t count)
{
    size_t most[2] = {1, 1};
    double high = 0.5;
    for (size_t i = 0; i < count; i++) {
        size_t of[2] = {0, 0};
        for (size_t k = 0; k < v[i].n; k++) of[v[i].s[k].spam]++;
        for (int c = 0; c < 2; c++)
            if (of[c] > most[c]) most[c] = of[c];
    }
    /* A line that never comes below 10% of both errors is seen only if the axes reach beyond TREC's 50%. */
    for (size_t i = 0; i < count; i++)
        if (both_classes(&v[i]) && metrics_caught(v[i].s, v[i].n, 0.1) < 0.9) high = 0.99;
    p->x = (struct plot_axis){PLOT_LOGIT, lowest_rate(most[0]), high, LEFT, WIDE - RIGHT, 34};
    p->y = (struct plot_axis){PLOT_LOGIT, lowest_rate(most[1]), high, 14, 430, 22}; /* few errors are at the top */
}

static void roc_line(const struct plot *p, const struct chart_series *v, size_t colour)
{
    struct curve_point *point = malloc((v->n + 1) * sizeof *point);
    assert(point && "out of memory");
    size_t n = curve_roc(v->s, v->n, point);
    char klass[32];
    struct plot_path path;
    snprintf(klass, sizeof klass, "curve c%zu", colour);
    plot_path_open(&path, p, klass);
    for (size_t i = 0; i < n; i++) plot_path_to(&path, plot_at(&p->x, point[i].ham), plot_at(&p->y, point[i].spam));
    plot_path_close(&path);
    free(point);
}

static void roc_mark(const struct plot *p, const struct chart_series *v, size_t colour, double at, const char *kind)
{
    struct curve_point c = curve_at(v->s, v->n, fix_logit(at));
    char klass[48];
    snprintf(klass, sizeof klass, "mark %s c%zu", kind, colour);
    plot_dot(p, plot_at(&p->x, c.ham), plot_at(&p->y, c.spam), 5, klass);
}

static void legend_line(struct markup *m, size_t colour, span name)
{
    markup_format(m,
                  "<li><svg viewBox=\"0 0 26 10\" class=\"key\" aria-hidden=\"true\"><line x1=\"0\" y1=\"5\" x2=\"26\" "
                  "y2=\"5\" class=\"curve c%zu\"/></svg><bdi>",
                  colour);
    markup_text_tail(m, name, 60);
    markup_put(m, "</bdi></li>\n");
}

static void legend_mark(struct markup *m, const char *kind, const char *word, double at)
{
    markup_format(m,
                  "<li><svg viewBox=\"0 0 14 14\" class=\"key dot\" aria-hidden=\"true\"><circle cx=\"7\" cy=\"7\" "
                  "r=\"5\" class=\"mark %s c0\"/></svg>%s from p = %g</li>\n",
                  kind, word, at);
}

void chart_roc(struct markup *m, const char *id, const struct chart_series *v, size_t count, size_t marked,
               const struct chart_limits *limits)
{
    assert(count <= CHART_SERIES);
    size_t lines = 0;
    for (size_t i = 0; i < count; i++) lines += both_classes(&v[i]);
    figure_open(m, "ROC curve");
    if (!lines) {
        markup_put(m, "<p class=\"none\">There is no ROC curve: it needs both ham and spam.</p></figure>\n");
        return;
    }
    struct plot p = {.m = m, .width = WIDE, .height = 482};
    struct plot_tick tick[TICKS];
    roc_axes(&p, v, count);
    plot_open(&p, id, "ROC curve", "Share of spam missed over share of ham called spam, both on logit scales.");
    plot_ticks_x(&p, tick, plot_ticks(&p.x, tick, TICKS));
    plot_ticks_y(&p, tick, plot_ticks(&p.y, tick, TICKS));
    plot_frame(&p);
    plot_clip_open(&p, id);
    for (size_t i = count; i-- > 0;) /* the first on top */
        if (both_classes(&v[i])) roc_line(&p, &v[i], i);
    for (size_t i = marked < count ? marked : count; i-- > 0;) {
        if (!both_classes(&v[i])) continue;
        if (limits->unsure_at < limits->spam_at) roc_mark(&p, &v[i], i, limits->unsure_at, "hollow");
        roc_mark(&p, &v[i], i, limits->spam_at, "full");
    }
    plot_clip_close(&p);
    plot_title_x(&p, 474, "ham called spam");
    plot_title_y(&p, 16, "spam missed");
    plot_close(&p);
    markup_put(m, "<ul class=\"legend\">\n");
    for (size_t i = 0; i < count; i++)
        if (both_classes(&v[i])) legend_line(m, i, v[i].name);
    if (limits->unsure_at < limits->spam_at) legend_mark(m, "hollow", "unsure", limits->unsure_at);
    legend_mark(m, "full", "spam", limits->spam_at);
    markup_put(m, "</ul>\n");
    figure_close(m, ROC_HOW);
}

/* --- reliability -------------------------------------------------------------------------------------------------- */

static const char RELIABILITY_HOW[] =
    "Of the mails that were given about this p (across), the dot shows which share was spam (up); the bar through it "
    "is "
    "the 95% interval. On the diagonal, p means what it says; a dot above it is spam more often than p says. The strip "
    "below counts the mails of each bin on a log scale: a dot over few mails says little.";

/* In the four characters that a narrow bin has room for. */
static void short_count(char out[16], size_t n)
{
    if (n < 1000)
        snprintf(out, 16, "%zu", n);
    else if (n < 9950)
        snprintf(out, 16, "%.1fk", (double)n / 1e3);
    else if (n < 999500)
        snprintf(out, 16, "%zuk", (n + 500) / 1000);
    else
        snprintf(out, 16, "%.2gM", (double)n / 1e6);
}

/* Bars under the plot, on a log scale; leaves p->y as their axis. */
static void reliability_counts(struct plot *p, const struct curve_bin *bin, size_t bins)
{
    size_t most = 1;
    for (size_t b = 0; b < bins; b++)
        if (bin[b].n > most) most = bin[b].n;
    p->y = (struct plot_axis){PLOT_LOG, 0.5, (double)most, 430, 372, 0};
    double step = (p->x.to - p->x.from) / (double)bins;
    for (size_t b = 0; b < bins; b++) {
        double left = p->x.from + (double)b * step;
        char label[16];
        if (bin[b].n) {
            double y = plot_at(&p->y, (double)bin[b].n);
            plot_rect(p, left + 2, y, step - 4, p->y.from - y, "count");
        }
        short_count(label, bin[b].n);
        plot_label(p, left + step / 2, bin[b].n ? plot_at(&p->y, (double)bin[b].n) - 4 : 426, "middle",
                   bin[b].n ? "small" : "small faint", label);
    }
    plot_line(p, p->x.from, p->y.from, p->x.to, p->y.from, "frame");
    plot_label(p, LEFT - 8, 405, "end", "tick", "mails");
    plot_title_x(p, 474, "p: probability of spam that was given");
}

static void reliability_dot(const struct plot *p, double x, double low, double share, double high)
{
    plot_line(p, x, low, x, high, "whisker");
    plot_line(p, x - 5, low, x + 5, low, "whisker");
    plot_line(p, x - 5, high, x + 5, high, "whisker");
    plot_dot(p, x, share, 5, "point");
}

static bool reliability_open(struct plot *p, const char *id, const struct chart_series *v, const char *title)
{
    figure_open(p->m, title);
    named(p->m, v);
    if (v->n) {
        plot_open(p, id, title, "Share of spam over the probability that was given, with counts.");
        return true;
    }
    markup_put(p->m, "<p class=\"none\">There is no mail to count.</p></figure>\n");
    return false;
}

void chart_reliability(struct markup *m, const char *id, const struct chart_series *v, enum chart_width width)
{
    struct curve_bin bin[CURVE_BINS];
    struct plot p = {.m = m, .width = width == CHART_WIDE ? WIDE : NARROW, .height = 482};
    struct plot_tick tick[TICKS];
    p.x = (struct plot_axis){PLOT_LINEAR, 0, 1, LEFT, p.width - RIGHT, 0};
    p.y = (struct plot_axis){PLOT_LINEAR, 0, 1, 340, 14, 0};
    if (!reliability_open(&p, id, v, "Calibration")) return;
    curve_reliability(v->s, v->n, bin);
    size_t ticks = plot_ticks(&p.x, tick, TICKS);
    for (size_t i = 0; i < ticks; i++) {
        double x = plot_at(&p.x, tick[i].at);
        plot_line(&p, x, p.y.from, x, p.y.to, "grid");
        plot_label(&p, x, 448, "middle", "tick", tick[i].label);
    }
    plot_ticks_y(&p, tick, plot_ticks(&p.y, tick, TICKS));
    plot_frame(&p);
    plot_line(&p, p.x.from, p.y.from, p.x.to, p.y.to, "diagonal");
    for (int b = 0; b < CURVE_BINS; b++)
        if (bin[b].n)
            reliability_dot(&p, plot_at(&p.x, bin[b].p), plot_at(&p.y, bin[b].within.low), plot_at(&p.y, bin[b].share),
                            plot_at(&p.y, bin[b].within.high));
    plot_title_y(&p, 16, "share that was spam");
    reliability_counts(&p, bin, CURVE_BINS);
    plot_close(&p);
    figure_close(m, width == CHART_WIDE ? RELIABILITY_HOW : NULL);
}

/* --- reliability of the tails ------------------------------------------------------------------------------------- */

static const char TAILS_HOW[] = "The same with both axes stretched at their ends, where most mails lie: does a p of "
                                "0.999 mean that one of a thousand "
                                "is ham? A bin of ham alone lies on the line 0, one of spam alone on the line 1; its "
                                "bar then shows how far from there "
                                "the truth may be. What reaches the diagonal does not contradict p.";

/* Probabilities along an axis of log-odds, from 0.5 outwards, as many as have `room`. */
static size_t probability_ticks(const struct plot_axis *a, double room, struct plot_tick out[TICKS])
{
    static const double AT[] = {0.5, 0.9, 0.99, 0.999, 0.9999, 0.99999};
    size_t n = 0;
    for (int side = -1; side <= 1; side += 2) {
        double last = NAN;
        for (size_t i = 0; i < sizeof AT / sizeof *AT; i++) {
            double score = side * fix_logit(AT[i]), at = plot_at(a, score);
            if (score < a->low || score > a->high || fabs(at - last) < room) continue;
            last = at;
            if (side < 0 && i == 0) continue; /* 0.5 is there once */
            out[n].at = score;
            snprintf(out[n++].label, sizeof out->label, "%.*f", i ? (int)i : 1, side > 0 ? AT[i] : 1 - AT[i]);
        }
    }
    return n;
}

static double tail_y(const struct plot *p, double share)
{
    enum { GAP = 22 }; /* to the lines of 0 and 1 */
    if (share <= 0) return p->y.from + GAP;
    if (share >= 1) return p->y.to - GAP;
    return fmin(fmax(plot_at(&p->y, fix_logit(share)), p->y.to), p->y.from);
}

void chart_tails(struct markup *m, const char *id, const struct chart_series *v, enum chart_width width)
{
    struct curve_bin bin[CURVE_TAILS];
    struct plot p = {.m = m, .width = width == CHART_WIDE ? WIDE : NARROW, .height = 482};
    struct plot_tick tick[TICKS];
    p.x = (struct plot_axis){PLOT_LINEAR, -CURVE_TAIL_END, CURVE_TAIL_END, LEFT, p.width - RIGHT, 0};
    p.y = (struct plot_axis){PLOT_LINEAR, -CURVE_TAIL_END, CURVE_TAIL_END, 318, 36, 0};
    if (!reliability_open(&p, id, v, "Calibration at both ends")) return;
    curve_tails(v->s, v->n, bin);
    size_t ticks = probability_ticks(&p.x, 56, tick);
    for (size_t i = 0; i < ticks; i++) {
        double x = plot_at(&p.x, tick[i].at);
        plot_line(&p, x, tail_y(&p, 0), x, tail_y(&p, 1), "grid");
        plot_label(&p, x, 448, "middle", "tick", tick[i].label);
    }
    plot_ticks_y(&p, tick, probability_ticks(&p.y, 16, tick));
    for (int share = 0; share <= 1; share++) {
        double y = tail_y(&p, share);
        plot_line(&p, p.x.from, y, p.x.to, y, "frame");
        plot_label(&p, p.x.from - 8, y + 4, "end", "tick", share ? "1" : "0");
    }
    plot_line(&p, p.x.from, p.y.from, p.x.to, p.y.to, "diagonal");
    for (int b = 0; b < CURVE_TAILS; b++) {
        if (!bin[b].n) continue;
        double odds = fmin(fmax(fix_logit(bin[b].p), p.x.low), p.x.high);
        reliability_dot(&p, plot_at(&p.x, odds), tail_y(&p, bin[b].within.low), tail_y(&p, bin[b].share),
                        tail_y(&p, bin[b].within.high));
    }
    plot_title_y(&p, 16, "share that was spam");
    reliability_counts(&p, bin, CURVE_TAILS);
    plot_close(&p);
    figure_close(m, width == CHART_WIDE ? TAILS_HOW : NULL);
}

/* --- spread ------------------------------------------------------------------------------------------------------- */

static const char SPREAD_HOW[] =
    "Spam grows up from the middle, ham down, on a log scale, so that a single mail can be seen. Ham to the right of "
    "the line \u201cspam\u201d was called spam; spam to the left of the line \u201cunsure\u201d was let through. The "
    "less the two overlap, the better the filter tells them apart.";

enum { SPREAD_BINS_MAX = 80, SPREAD_END = 50 };

/* Ends at round values and bins of round width for scores from `low` to `high`. */
static size_t spread_bins(double low, double high, double *low_out, double *high_out)
{
    static const double STEP[] = {0.01, 0.02, 0.05, 0.1, 0.2, 0.25, 0.5, 1, 2};
    low = fmin(fmax(low, -SPREAD_END), SPREAD_END);
    high = fmin(fmax(high, -SPREAD_END), SPREAD_END);
    if (high - low < 0.2) low -= 0.1, high += 0.1; /* all level, or all beyond one end */
    size_t k = 0;
    while (k + 1 < sizeof STEP / sizeof *STEP && (high - low) / STEP[k] > SPREAD_BINS_MAX - 2) k++;
    double first = floor(low / STEP[k] + 1e-9), last = floor(high / STEP[k] + 1e-9) + 1;
    *low_out = first * STEP[k];
    *high_out = last * STEP[k];
    return (size_t)(last - first + 0.5);
}

static void spread_limit(const struct plot *p, double at, const char *word, bool left)
{
    double score = fix_logit(at);
    if (score < p->x.low || score > p->x.high) return;
    double x = plot_at(&p->x, score);
    char label[48];
    snprintf(label, sizeof label, "%s from %g", word, at);
    plot_line(p, x, 22, x, 420, "limit");
    plot_label(p, left ? x - 4 : x + 4, 18, left ? "end" : "start", "small", label);
}

static void spread_bars(struct plot *p, const size_t *count, size_t bins, bool spam)
{
    struct plot_tick tick[TICKS];
    size_t ticks = plot_ticks(&p->y, tick, TICKS);
    plot_ticks_y(p, tick, ticks);
    double step = (p->x.to - p->x.from) / (double)bins;
    for (size_t b = 0; b < bins; b++) {
        if (!count[b]) continue;
        double y = plot_at(&p->y, (double)count[b]), x = p->x.from + (double)b * step;
        plot_rect(p, x + 0.5, fmin(y, p->y.from), step - 1, fabs(y - p->y.from), spam ? "spam" : "ham");
    }
}

void chart_spread(struct markup *m, const char *id, const struct chart_series *v, const struct chart_series *beside,
                  enum chart_width width, const struct chart_limits *limits)
{
    figure_open(m, "Scores of ham and spam");
    named(m, v);
    if (!v->n) {
        markup_put(m, "<p class=\"none\">There is no mail to count.</p></figure>\n");
        return;
    }
    struct plot p = {.m = m, .width = width == CHART_WIDE ? WIDE : NARROW, .height = 482};
    p.x = (struct plot_axis){.scale = PLOT_LINEAR, .from = LEFT, .to = p.width - RIGHT};
    double low = v->s[0].score, high = v->s[v->n - 1].score;
    if (beside && beside->n) {
        low = fmin(low, beside->s[0].score);
        high = fmax(high, beside->s[beside->n - 1].score);
    }
    size_t bins = spread_bins(low, high, &p.x.low, &p.x.high), most = 1;
    size_t *count = malloc(2 * bins * sizeof *count);
    assert(count && "out of memory");
    curve_spread(v->s, v->n, p.x.low, p.x.high, bins, count);
    for (size_t b = 0; b < 2 * bins; b++)
        if (count[b] > most) most = count[b];
    double top = 10;
    while (top < (double)most) top *= 10;
    plot_open(&p, id, "Scores of ham and spam", "Histogram of log-odds; ham grows down, spam up.");
    struct plot_tick tick[TICKS];
    size_t ticks = plot_ticks(&p.x, tick, TICKS);
    for (size_t i = 0; i < ticks; i++) {
        double x = plot_at(&p.x, tick[i].at);
        plot_line(&p, x, 26, x, 420, "grid");
        if (x > p.x.from + 20) plot_label(&p, x, 438, "middle", "tick", tick[i].label);
    }
    ticks = probability_ticks(&p.x, 56, tick);
    for (size_t i = 0; i < ticks; i++) {
        double x = plot_at(&p.x, tick[i].at);
        if (x > p.x.from + 20) plot_label(&p, x, 454, "middle", "tick faint", tick[i].label);
    }
    plot_label(&p, LEFT - 8, 438, "end", "tick", "log-odds");
    plot_label(&p, LEFT - 8, 454, "end", "tick faint", "p");
    p.y = (struct plot_axis){PLOT_LOG, 0.6, top, 223, 26, 0};
    spread_bars(&p, count + bins, bins, true);
    plot_title_y(&p, 16, "spam");
    p.y = (struct plot_axis){PLOT_LOG, 0.6, top, 223, 420, 0};
    spread_bars(&p, count, bins, false);
    plot_title_y(&p, 16, "ham");
    plot_line(&p, p.x.from, 223, p.x.to, 223, "frame");
    if (limits->unsure_at < limits->spam_at) spread_limit(&p, limits->unsure_at, "unsure", true);
    spread_limit(&p, limits->spam_at, "spam", false);
    plot_title_x(&p, 474, "score of the mail");
    plot_close(&p);
    free(count);
    figure_close(m, width == CHART_WIDE ? SPREAD_HOW : NULL);
}

void chart_how(struct markup *m, enum chart_kind kind)
{
    markup_format(m, "<p class=\"note\"><b>How to read them.</b> %s</p>\n",
                  kind == CHART_SPREAD        ? SPREAD_HOW
                  : kind == CHART_RELIABILITY ? RELIABILITY_HOW
                                              : TAILS_HOW);
}

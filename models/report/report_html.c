/* SPDX-License-Identifier: Apache-2.0 */
/* report_html: the order of the page: what was done, what came out in a sentence, the figures that matter, plots,
 * tables, single mails; see report_html.h. */
#define _GNU_SOURCE
#include "models/report/report_html.h"

#include "models/figures/curve.h"
#include "models/figures/resample.h"
#include "models/report/chart.h"
#include "models/report/report_page.h"
#include "proto/base/fixmath.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { WORST = 25 };

static void about(struct markup *m, const struct judged *d, const struct report_about *a, size_t excluded)
{
    markup_put(m, "<dl class=\"sub\">\n<dt>Judged by</dt><dd>");
    if (a->model.n) {
        markup_put(m, "<bdi>");
        markup_text(m, a->model);
        markup_put(m, "</bdi>");
        if (d->model[0]) markup_format(m, " (model %s)", d->model);
    } else {
        markup_put(m, "what was learnt of these mails (");
        markup_text(m, a->protocol);
        markup_put(m, "): ");
        markup_count(m, d->learnt, "label", "labels");
        if (d->flipped) {
            markup_put(m, ", ");
            markup_count(m, d->flipped, "of them wrong on purpose", "of them wrong on purpose");
        }
    }
    markup_put(m, "</dd>\n");
    for (size_t i = 0; i < d->sources; i++) {
        markup_put(m, i ? "<dd><bdi>" : "<dt>Labels from</dt><dd><bdi>");
        markup_text(m, span_cstr(d->source[i]));
        markup_put(m, "</bdi></dd>\n");
    }
    markup_format(m, "<dt>Verdicts</dt><dd>spam from p = %g, unsure from p = %g, else ham</dd>\n", a->spam_at,
                  a->unsure_at);
    if (excluded) {
        markup_put(m, "<dt>Left out</dt><dd>");
        markup_count(m, excluded, "mail, judged but not counted", "mails, judged but not counted");
        markup_put(m, "</dd>\n");
    }
    markup_put(m, "</dl>\n");
}

/* The result as one would tell it. */
static void says(struct markup *m, const struct figures *f)
{
    markup_put(m, "<div class=\"says\"><p>");
    if (f->m.ham) {
        markup_put(m, "Of ");
        markup_count(m, f->m.ham, "ham", "ham");
        markup_put(m, ", ");
        markup_count(m, f->called[0][CALLED_SPAM], "", "");
        markup_format(m, " (%.2f%%) would have been called spam and ",
                      figures_pct(f->called[0][CALLED_SPAM], f->m.ham));
        markup_count(m, f->called[0][CALLED_UNSURE], "", "");
        markup_put(m, " unsure. ");
    }
    if (f->m.spam) {
        markup_put(m, "Of ");
        markup_count(m, f->m.spam, "spam", "spam");
        markup_put(m, ", ");
        markup_count(m, f->called[1][CALLED_SPAM], "", "");
        markup_format(m, " (%.2f%%) would have been called spam, ", figures_pct(f->called[1][CALLED_SPAM], f->m.spam));
        markup_count(m, f->called[1][CALLED_UNSURE], "", "");
        markup_put(m, " unsure, and ");
        markup_count(m, f->called[1][CALLED_HAM], "", "");
        markup_put(m, " let through as ham.");
    }
    if (!f->m.ham && !f->m.spam) markup_put(m, "No mail counts: all are left out.");
    markup_put(m, "</p>");
    if (!f->m.ham != !f->m.spam)
        markup_format(
            m,
            "<p>There is only %s here: figures that compare ham with spam (1-ROCA%%, lam%%, spam missed at 0.1%%) "
            "have no meaning and are left blank.</p>",
            f->m.ham ? "ham" : "spam");
    else if (f->m.ham && f->m.spam && (f->m.ham < 100 || f->m.spam < 100))
        markup_put(m, "<p>These are few mails: look at the intervals of the shares, not at the figures.</p>");
    if (f->m.roca_pct == 0)
        markup_put(m, "<p>No ham scored above a spam. What never happened cannot be drawn again, so the bootstrap's "
                      "interval of 1-ROCA% is empty: it says nothing of how rare it is.</p>");
    markup_put(m, "</div>\n");
}

static void card_pct(struct markup *m, const char *name, double value, int digits, const char *below)
{
    char text[32] = "–";
    if (isfinite(value)) snprintf(text, sizeof text, "%.*f%%", digits, value);
    webpage_card(m, name, text, below);
}

static void cards(struct markup *m, const struct figures *f, const struct report_about *a)
{
    char from[48], below[48];
    snprintf(from, sizeof from, "p of %g and more", a->spam_at);
    snprintf(below, sizeof below, "p under %g", a->unsure_at);
    char roca[32] = "–", range[64] = "lower is better";
    if (isfinite(f->m.roca_pct)) snprintf(roca, sizeof roca, "%.4f", f->m.roca_pct);
    if (isfinite(f->roca.low)) snprintf(range, sizeof range, "95%%: %.4f–%.4f", f->roca.low, f->roca.high);
    webpage_cards_open(m);
    webpage_card(m, "1-ROCA%", roca, range);
    card_pct(m, "spam missed", 100 * (1 - f->m.caught[0]), 2, "when 0.1% of ham is called spam");
    card_pct(m, "ham called spam", figures_pct(f->called[0][CALLED_SPAM], f->m.ham), 2, from);
    card_pct(m, "spam called ham", figures_pct(f->called[1][CALLED_HAM], f->m.spam), 2, below);
    char ece[32] = "–";
    if (isfinite(f->m.ece)) snprintf(ece, sizeof ece, "%.4f", f->m.ece);
    webpage_card(m, "calibration error", ece, "0 is best");
    webpage_cards_close(m);
}

static void plots(struct markup *m, const struct judged *d, const struct report_about *a)
{
    struct chart_limits limits = {a->unsure_at, a->spam_at};
    struct chart_series v[CHART_SERIES] = {{.name = SPAN("all mails")}};
    struct scored *s[CHART_SERIES] = {report_scores(d, FIGURES_ALL, 0, &v[0].n)};
    size_t count = 1;
    v[0].s = s[0];
    for (size_t i = 0; d->sources > 1 && i < d->sources && count < CHART_SERIES; i++, count++) {
        v[count].s = s[count] = report_scores(d, FIGURES_SOURCE, i, &v[count].n);
        v[count].name = span_cstr(d->source[i]);
    }
    markup_put(m, "<h2>Plots</h2>\n");
    chart_roc(m, "roc", v, count, 1, &limits);
    if (d->sources >= CHART_SERIES)
        markup_format(m, "<p class=\"note\">Lines are drawn for the first %d of the %zu sources.</p>\n",
                      CHART_SERIES - 1, d->sources);
    v[0].name = SPAN_NONE;
    chart_spread(m, "spread", &v[0], NULL, CHART_WIDE, &limits);
    chart_reliability(m, "reliability", &v[0], CHART_WIDE);
    chart_tails(m, "tails", &v[0], CHART_WIDE);
    for (size_t i = 0; i < count; i++) free(s[i]);
}

/* --- tables ------------------------------------------------------------------------------------------------------- */

static void row(struct markup *m, const char *name, double value, int digits, const char *unit,
                struct metrics_interval i, const char *why)
{
    markup_format(m, "<tr><th class=\"l\" scope=\"row\">%s</th>", name);
    report_cell_num(m, value, digits, unit);
    report_cell_interval(m, i, digits, unit);
    markup_format(m, "<td class=\"why\">%s</td></tr>\n", why);
}

static struct metrics_interval percent(struct metrics_interval i)
{
    return (struct metrics_interval){100 * i.low, 100 * i.high};
}

static void all_figures(struct markup *m, const struct judged *d, const struct figures *f)
{
    static const struct metrics_interval NONE = {NAN, NAN};
    static const char *const WORD[2][CALLS] = {{"ham called ham", "ham called unsure", "ham called spam"},
                                               {"spam called ham", "spam called unsure", "spam called spam"}};
    struct metrics_interval missed[METRICS_POINTS];
    resample_missed(d, missed);
    markup_put(m, "<div class=\"wide\"><table id=\"figures\"><caption>All mails</caption><thead><tr><th class=\"l\">"
                  "figure</th><th>value</th><th>95% interval</th><th class=\"l\">what it says</th></tr></thead><tbody>"
                  "\n");
    row(m, "1-ROCA%", f->m.roca_pct, 4, "", f->roca, "the chance, in percent, that a ham scores above a spam");
    row(m, "lam%", f->m.lam_pct, 3, "", NONE, "logistic mean of both error rates at even odds");
    for (int i = 0; i < METRICS_POINTS; i++) {
        char name[64];
        snprintf(name, sizeof name, "spam missed at %g%%", 100 * METRICS_FPR[i]);
        row(m, name, 100 * (1 - f->m.caught[i]), 2, "%", percent(missed[i]),
            "share of spam under a threshold that calls this share of ham spam");
    }
    for (int label = 0; label < 2; label++) {
        size_t all = label ? f->m.spam : f->m.ham;
        for (int c = 0; c < CALLS; c++)
            row(m, WORD[label][c], figures_pct(f->called[label][c], all), 2, "%",
                percent(curve_wilson(f->called[label][c], all)), "at the thresholds in use");
    }
    row(m, "calibration error", f->m.ece, 4, "", NONE, "how far p is from the share that was spam, on average (ECE)");
    row(m, "Brier score", f->m.brier, 4, "", NONE, "mean square of p less the truth");
    row(m, "log loss", f->m.log_loss, 4, "", NONE, "mean cost of being sure and wrong, in nats");
    markup_put(m, "</tbody></table></div>\n");
}

static void slices_head(struct markup *m, enum figures_by by)
{
    static const struct {
        const char *id, *caption, *name;
    } HEAD[FIGURES_BYS] = {[FIGURES_SOURCE] = {"by-source", "By source", "source"},
                           [FIGURES_LANGUAGE] = {"by-language", "By language of the text", "language"},
                           [FIGURES_KIND] = {"by-kind", "By kind of mail", "kind"}};
    markup_format(m,
                  "<div class=\"wide\"><table id=\"%s\"><caption>%s</caption><thead><tr><th class=\"l\">%s</th>"
                  "<th>ham</th><th>spam</th><th><span class=\"nb\">1-ROCA%%</span></th><th>95%% interval</th><th>spam "
                  "missed at 0.1%%</th>"
                  "<th>ham called spam</th><th>ham called unsure</th><th>spam called ham</th>"
                  "<th>calibration error</th></tr></thead><tbody>\n",
                  HEAD[by].id, HEAD[by].caption, HEAD[by].name);
}

static enum err slices(struct markup *m, const struct judged *d, const struct report_about *a, enum figures_by by)
{
    slices_head(m, by);
    for (size_t i = 0; i < figures_slices(d, by); i++) {
        struct figures f;
        enum err e = figures_of(d, by, i, a->spam_at, a->unsure_at, &f);
        if (e) return e;
        if (f.m.ham + f.m.spam == 0) continue;
        markup_put(m, "<tr><th class=\"name\" scope=\"row\"><bdi>");
        markup_text_tail(m, span_cstr(figures_name(d, by, i)), 80);
        markup_put(m, "</bdi></th>");
        report_cell_count(m, f.m.ham);
        report_cell_count(m, f.m.spam);
        report_cell_num(m, f.m.roca_pct, 4, "");
        report_cell_interval(m, f.roca, 4, "");
        report_cell_num(m, 100 * (1 - f.m.caught[0]), 2, "%");
        report_cell_share(m, f.called[0][CALLED_SPAM], f.m.ham);
        report_cell_share(m, f.called[0][CALLED_UNSURE], f.m.ham);
        report_cell_share(m, f.called[1][CALLED_HAM], f.m.spam);
        report_cell_num(m, f.m.ece, 4, "");
        markup_put(m, "</tr>\n");
    }
    markup_put(m, "</tbody></table></div>\n");
    return ERR_OK;
}

/* --- the mails that cost most ------------------------------------------------------------------------------------- */

/* Ham from the highest score down, spam from the lowest up; mails of one score in their order. */
static int by_cost(const void *x, const void *y, void *arg)
{
    const struct judged *d = arg;
    size_t a = *(const size_t *)x, b = *(const size_t *)y;
    double p = d->v[a].score, q = d->v[b].score;
    if (p != q) return (p < q) == d->v[a].spam ? -1 : 1;
    return (a > b) - (a < b);
}

static void worst(struct markup *m, const struct judged *d, const struct report_about *a, bool spam)
{
    size_t *list = malloc((d->n + 1) * sizeof *list), n = 0;
    assert(list && "out of memory");
    for (size_t i = 0; i < d->n; i++) {
        const struct judged_mail *v = &d->v[i];
        if (v->excluded || v->spam != spam) continue;
        if (spam ? fix_sigmoid(v->score) < a->spam_at : fix_sigmoid(v->score) >= a->unsure_at) list[n++] = i;
    }
    qsort_r(list, n, sizeof *list, by_cost, (void *)d);
    markup_format(m, "<h3>%s (", spam ? "Spam not called spam" : "Ham not called ham");
    markup_count(m, n, "", "");
    if (n > WORST) markup_format(m, ", the first %d", WORST);
    markup_put(m, ")</h3>\n");
    if (n) {
        markup_format(m,
                      "<div class=\"wide\"><table id=\"worst-%s\"><thead><tr><th>p</th><th class=\"nb\">log-odds</th>"
                      "<th class=\"l\">called</th>",
                      spam ? "spam" : "ham");
        report_mail_heads(m, d, true);
        markup_put(m, "</tr></thead><tbody>\n");
        for (size_t k = 0; k < n && k < WORST; k++) {
            const struct judged_mail *v = &d->v[list[k]];
            markup_put(m, "<tr>");
            report_cell_p(m, v->score);
            report_cell_num(m, v->score, 2, "");
            markup_format(m, "<td class=\"l\">%s</td>",
                          report_call_name(figures_call_of(v->score, a->spam_at, a->unsure_at)));
            report_mail_cells(m, d, v, true);
            markup_put(m, "</tr>\n");
        }
        markup_put(m, "</tbody></table></div>\n");
    } else {
        markup_put(m, "<p class=\"none\">None.</p>\n");
    }
    free(list);
}

enum err report_html(struct markup *m, const struct judged *d, const struct report_about *a)
{
    struct figures f;
    enum err e = figures_of(d, FIGURES_ALL, 0, a->spam_at, a->unsure_at, &f);
    if (e) return e;
    char title[64];
    snprintf(title, sizeof title, "Verdicts on %zu mails", f.m.ham + f.m.spam);
    webpage_open(m, title);
    markup_put(m, "<h1>Verdicts on ");
    markup_count(m, f.m.ham + f.m.spam, "labelled mail", "labelled mails");
    markup_put(m, "</h1>\n");
    about(m, d, a, d->n - f.m.ham - f.m.spam);
    says(m, &f);
    cards(m, &f, a);
    plots(m, d, a);
    markup_put(m, "<h2>Figures</h2>\n");
    all_figures(m, d, &f);
    for (int by = FIGURES_SOURCE; by < FIGURES_BYS; by++)
        if ((e = slices(m, d, a, (enum figures_by)by))) return e;
    markup_put(m,
               "<p class=\"note\">A dash: the figure needs both ham and spam. Intervals of 1-ROCA% and of spam "
               "missed are bootstraps, those of shares are Wilson's. With fewer than 1,000 ham, \u201cspam missed at "
               "0.1%\u201d means not above every ham.</p>\n");
    markup_put(m, "<h2>The mails that cost most</h2>\n<p>Read these first: each is either what the model has to learn, "
                  "or a wrong label.</p>\n");
    worst(m, d, a, false);
    worst(m, d, a, true);
    webpage_close(m, REPORT_FOOT);
    return ERR_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* compare_html: the sentence, both filters side by side, tests, plots, and the mails whose verdict flips; see
 * compare_show.h. */
#include "models/report/compare_show.h"

#include "models/report/chart.h"
#include "models/report/report_page.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { FLIPS_SHOWN = 200 };

static void about_both(struct markup *m, const struct compare *c, const struct compare_about *about)
{
    markup_put(m, "<dl class=\"sub\">\n");
    for (int k = 0; k < 2; k++) {
        markup_format(m, "<dt>%c</dt><dd><bdi>", "AB"[k]);
        markup_text(m, about->name[k]);
        markup_put(m, "</bdi>");
        const char *id = k ? c->b->model : c->a->model;
        if (id[0]) markup_format(m, " (model %s)", id);
        markup_put(m, "</dd>\n");
    }
    for (size_t i = 0; i < c->a->sources; i++) {
        markup_put(m, i ? "<dd><bdi>" : "<dt>Labels from</dt><dd><bdi>");
        markup_text(m, span_cstr(c->a->source[i]));
        markup_put(m, "</bdi></dd>\n");
    }
    markup_format(m, "<dt>Verdicts</dt><dd>spam from p = %g, unsure from p = %g, else ham</dd>\n</dl>\n", c->spam_at,
                  c->unsure_at);
}

/* A cell that is coloured when the difference is in favour of one: `gain` of B over A. */
static void cell_difference(struct markup *m, double diff, double gain, int digits, const char *unit)
{
    if (!isfinite(diff)) {
        report_cell_num(m, diff, digits, unit);
        return;
    }
    markup_format(m, "<td class=\"%s\">%+.*f%s</td>",
                  gain > 0   ? "better"
                  : gain < 0 ? "worse"
                             : "",
                  digits, diff, unit);
}

static void cell_p(struct markup *m, double p)
{
    if (isnan(p))
        report_cell_num(m, p, 0, "");
    else if (p < 0.0001)
        markup_put(m, "<td>&lt; 0.0001</td>");
    else
        markup_format(m, "<td>%.*f</td>", p < 0.1 ? 4 : 2, p);
}

static void order_row(struct markup *m, const char *name, const struct compare_figure *f, double scale, int digits,
                      const char *unit)
{
    struct metrics_interval within = {scale * f->within.low, scale * f->within.high};
    markup_format(m, "<tr><th class=\"l\" scope=\"row\">%s</th>", name);
    report_cell_num(m, scale * f->a, digits, unit);
    report_cell_num(m, scale * f->b, digits, unit);
    cell_difference(m, scale * f->diff, f->p < COMPARE_LEVEL ? -f->diff : 0, digits, unit);
    if (isfinite(within.low))
        markup_format(m, "<td>%+.*f to %+.*f%s</td>", digits, within.low, digits, within.high, unit);
    else
        report_cell_interval(m, within, digits, unit);
    cell_p(m, f->p);
    markup_put(m, "</tr>\n");
}

static void plain_row(struct markup *m, const char *name, double a, double b, int digits, const char *unit)
{
    markup_format(m, "<tr><th class=\"l\" scope=\"row\">%s</th>", name);
    report_cell_num(m, a, digits, unit);
    report_cell_num(m, b, digits, unit);
    cell_difference(m, b - a, 0, digits, unit);
    report_cell_num(m, NAN, 0, "");
    report_cell_num(m, NAN, 0, "");
    markup_put(m, "</tr>\n");
}

static void order_table(struct markup *m, const struct compare *c)
{
    static const char *const WORD[2][CALLS] = {{"ham called ham", "ham called unsure", "ham called spam"},
                                               {"spam called ham", "spam called unsure", "spam called spam"}};
    const struct figures *f = c->figures;
    markup_put(m, "<div class=\"wide\"><table id=\"figures\"><caption>Figures of both</caption><thead><tr>"
                  "<th class=\"l\">figure</th><th>A</th><th>B</th><th>B − A</th><th>95% interval</th>"
                  "<th>p</th></tr></thead><tbody>\n");
    order_row(m, "1-ROCA%", &c->roca, 1, 4, "");
    for (int k = 0; k < METRICS_POINTS; k++) {
        char name[48];
        snprintf(name, sizeof name, "spam missed at %g%%", 100 * METRICS_FPR[k]);
        order_row(m, name, &c->missed[k], 100, 2, "%");
    }
    for (int label = 0; label < 2; label++)
        for (int k = 0; k < CALLS; k++) {
            size_t all = label ? f->m.spam : f->m.ham;
            plain_row(m, WORD[label][k], figures_pct(f[0].called[label][k], all),
                      figures_pct(f[1].called[label][k], all), 2, "%");
        }
    plain_row(m, "calibration error", f[0].m.ece, f[1].m.ece, 4, "");
    plain_row(m, "log loss", f[0].m.log_loss, f[1].m.log_loss, 4, "");
    markup_put(m,
               "</tbody></table></div>\n<p class=\"note\">Intervals and p: paired bootstrap of the difference. Green: "
               "B is better, red: worse, where p is under 0.05. Verdicts are tested below.</p>\n");
}

static void test_rows(struct markup *m, const char *call, double at, const struct mcnemar t[COMPARE_MAILS],
                      const struct figures *f)
{
    static const char *const MAILS[COMPARE_MAILS] = {"ham", "spam", "all mails"};
    size_t mails[COMPARE_MAILS] = {f->m.ham, f->m.spam, f->m.ham && f->m.spam};
    for (int k = 0; k < COMPARE_MAILS; k++) {
        if (!mails[k]) continue;
        double gain = (double)t[k].only_b - (double)t[k].only_a;
        markup_format(m, "<tr><th class=\"l\" scope=\"row\">%s, called %s from p = %g</th>", MAILS[k], call, at);
        report_cell_count(m, t[k].only_a);
        report_cell_count(m, t[k].only_b);
        cell_difference(m, gain, t[k].p < COMPARE_LEVEL ? gain : 0, 0, "");
        cell_p(m, t[k].p);
        report_cell_num(m, t[k].chi2, 2, "");
        cell_p(m, t[k].chi2_p);
        markup_put(m, "</tr>\n");
    }
}

static void tests_table(struct markup *m, const struct compare *c)
{
    markup_put(m, "<div class=\"wide\"><table id=\"mcnemar\"><caption>Right by one alone (McNemar)</caption><thead><tr>"
                  "<th class=\"l\">verdicts</th><th>only A right</th><th>only B right</th><th>B − A</th>"
                  "<th>p, exact</th><th>χ²</th><th>p of χ²</th></tr></thead><tbody>\n");
    test_rows(m, "spam", c->spam_at, c->at_spam, c->figures);
    if (c->unsure_at < c->spam_at) test_rows(m, "unsure or spam", c->unsure_at, c->at_unsure, c->figures);
    markup_put(m, "</tbody></table></div>\n");
}

static void moves_table(struct markup *m, const struct compare *c)
{
    markup_put(m, "<div class=\"wide\"><table id=\"moves\"><caption>Verdicts of A and of B</caption><thead><tr>"
                  "<th class=\"l\">label</th><th class=\"l\">A calls it</th><th>B: ham</th><th>B: unsure</th>"
                  "<th>B: spam</th></tr></thead><tbody>\n");
    for (int label = 0; label < 2; label++)
        for (int a = 0; a < CALLS; a++) {
            markup_format(m, "<tr><th class=\"l\" scope=\"row\">%s</th><td class=\"l\">%s</td>", label ? "spam" : "ham",
                          report_call_name((enum figures_call)a));
            for (int b = 0; b < CALLS; b++) report_cell_count(m, c->moved[label][a][b]);
            markup_put(m, "</tr>\n");
        }
    markup_put(m, "</tbody></table></div>\n");
}

static enum err slice_table(struct markup *m, const struct compare *c, enum figures_by by, const char *id,
                            const char *caption, const char *name)
{
    markup_format(m,
                  "<div class=\"wide\"><table id=\"%s\"><caption>%s</caption><thead><tr><th class=\"l\">%s</th>"
                  "<th>ham</th><th>spam</th><th><span class=\"nb\">1-ROCA%%</span> A</th><th>B</th>"
                  "<th>ham called spam A</th><th>B</th><th>spam called ham A</th><th>B</th></tr></thead><tbody>\n",
                  id, caption, name);
    for (size_t i = 0; i < figures_slices(c->a, by); i++) {
        struct figures f[2];
        enum err e = figures_of(c->a, by, i, c->spam_at, c->unsure_at, &f[0]);
        if (!e) e = figures_of(c->b, by, i, c->spam_at, c->unsure_at, &f[1]);
        if (e) return e;
        if (f->m.ham + f->m.spam == 0) continue;
        markup_put(m, "<tr><th class=\"name\" scope=\"row\"><bdi>");
        markup_text_tail(m, span_cstr(figures_name(c->a, by, i)), 80);
        markup_put(m, "</bdi></th>");
        report_cell_count(m, f->m.ham);
        report_cell_count(m, f->m.spam);
        for (int k = 0; k < 2; k++) report_cell_num(m, f[k].m.roca_pct, 4, "");
        for (int k = 0; k < 2; k++) report_cell_share(m, f[k].called[0][CALLED_SPAM], f->m.ham);
        for (int k = 0; k < 2; k++) report_cell_share(m, f[k].called[1][CALLED_HAM], f->m.spam);
        markup_put(m, "</tr>\n");
    }
    markup_put(m, "</tbody></table></div>\n");
    return ERR_OK;
}

static void plots(struct markup *m, const struct compare *c, const struct compare_about *about)
{
    static const char *const NAME[] = {"A: ", "B: "}, *const SPREAD[] = {"spread-a", "spread-b"},
                             *const TAILS[] = {"tails-a", "tails-b"},
                             *const RELIABILITY[] = {"reliability-a", "reliability-b"};
    struct chart_limits limits = {c->unsure_at, c->spam_at};
    struct chart_series v[2];
    struct scored *s[2];
    struct markup name[2] = {{0}, {0}}; /* plain text: "A: FILE" */
    for (int k = 0; k < 2; k++) {
        s[k] = report_scores(k ? c->b : c->a, FIGURES_ALL, 0, &v[k].n);
        markup_put(&name[k], NAME[k]);
        markup_bytes(&name[k], about->name[k]);
        v[k].s = s[k];
        v[k].name = span_of(name[k].buf, name[k].n);
    }
    markup_put(m, "<h2>Plots</h2>\n");
    chart_roc(m, "roc", v, 2, 2, &limits);
    markup_put(m, "<div class=\"pair\">\n");
    for (int k = 0; k < 2; k++) chart_spread(m, SPREAD[k], &v[k], &v[!k], CHART_NARROW, &limits);
    markup_put(m, "</div>\n");
    chart_how(m, CHART_SPREAD);
    markup_put(m, "<div class=\"pair\">\n");
    for (int k = 0; k < 2; k++) chart_reliability(m, RELIABILITY[k], &v[k], CHART_NARROW);
    markup_put(m, "</div>\n");
    chart_how(m, CHART_RELIABILITY);
    markup_put(m, "<div class=\"pair\">\n");
    for (int k = 0; k < 2; k++) chart_tails(m, TAILS[k], &v[k], CHART_NARROW);
    markup_put(m, "</div>\n");
    chart_how(m, CHART_TAILS);
    for (int k = 0; k < 2; k++) {
        free(s[k]);
        markup_close(&name[k]);
    }
}

/* The flips from `first` that are all worse, or all better; returns where they end. */
static size_t flips_table(struct markup *m, const struct compare *c, const struct compare_about *about, size_t first,
                          bool worse)
{
    size_t end = first;
    while (end < c->flips && compare_worse(c, c->flip[end]) == worse) end++;
    size_t n = end - first;
    markup_format(m, "<h3>B %s (", worse ? "is further from the label" : "is nearer to the label");
    markup_count(m, n, "", "");
    if (n > FLIPS_SHOWN) markup_format(m, ", the first %d", FLIPS_SHOWN);
    markup_put(m, ")</h3>\n");
    if (!n) {
        markup_put(m, "<p class=\"none\">None.</p>\n");
        return end;
    }
    markup_format(m,
                  "<div class=\"wide\"><table id=\"flips-%s\"><thead><tr><th class=\"l\">label</th><th class=\"l\">A"
                  "</th><th>p</th><th class=\"l\">B</th><th>p</th>",
                  worse ? "worse" : "better");
    report_mail_heads(m, c->a, about->described);
    markup_put(m, "</tr></thead><tbody>\n");
    for (size_t k = first; k < end && k < first + FLIPS_SHOWN; k++) {
        const struct judged_mail *v[2] = {&c->a->v[c->flip[k]], &c->b->v[c->flip[k]]};
        markup_format(m, "<tr><td class=\"l\">%s</td>", v[0]->spam ? "spam" : "ham");
        for (int i = 0; i < 2; i++) {
            markup_format(m, "<td class=\"l\">%s</td>",
                          report_call_name(figures_call_of(v[i]->score, c->spam_at, c->unsure_at)));
            report_cell_p(m, v[i]->score);
        }
        report_mail_cells(m, c->a, v[0], about->described);
        markup_put(m, "</tr>\n");
    }
    markup_put(m, "</tbody></table></div>\n");
    return end;
}

static void cards(struct markup *m, const struct compare *c)
{
    char text[64], below[64];
    webpage_cards_open(m);
    if (isfinite(c->roca.diff)) {
        snprintf(text, sizeof text, "%+.4f", c->roca.diff);
        snprintf(below, sizeof below, "A %.4f, B %.4f; less is better", c->roca.a, c->roca.b);
        webpage_card(m, "1-ROCA%, B − A", text, below);
        snprintf(text, sizeof text, "%+.2f%%", 100 * c->missed[0].diff);
        snprintf(below, sizeof below, "A %.2f%%, B %.2f%%", 100 * c->missed[0].a, 100 * c->missed[0].b);
        webpage_card(m, "spam missed at 0.1%, B − A", text, below);
    }
    for (int label = 0; label < 2; label++) {
        size_t a = c->figures[0].called[label][CALLED_SPAM], b = c->figures[1].called[label][CALLED_SPAM];
        if (!(label ? c->figures[0].m.spam : c->figures[0].m.ham)) continue;
        snprintf(text, sizeof text, "%+.0f", (double)b - (double)a);
        snprintf(below, sizeof below, "A %zu, B %zu", a, b);
        webpage_card(m, label ? "spam called spam, B − A" : "ham called spam, B − A", text, below);
    }
    snprintf(text, sizeof text, "%zu", c->flips);
    webpage_card(m, "verdicts that flip", text, "mails, listed below");
    webpage_cards_close(m);
}

enum err compare_html(struct markup *m, const struct compare *c, const struct compare_about *about)
{
    char sentence[COMPARE_SENTENCE];
    compare_sentence(c, sentence);
    char title[64];
    snprintf(title, sizeof title, "Two filters on %zu mails", c->figures[0].m.ham + c->figures[0].m.spam);
    webpage_open(m, title);
    markup_put(m, "<h1>Two filters on ");
    markup_count(m, c->figures[0].m.ham + c->figures[0].m.spam, "labelled mail", "labelled mails");
    markup_put(m, "</h1>\n");
    about_both(m, c, about);
    markup_put(m, "<div class=\"says\" id=\"sentence\"><p>");
    markup_text(m, span_cstr(sentence));
    markup_format(
        m,
        "</p></div>\n<p class=\"note\">Significant: p under %g for one of four findings (1-ROCA%%, spam missed "
        "at 0.1%%, ham called spam, spam called spam), corrected for their number by Holm's rule.</p>\n",
        COMPARE_LEVEL);
    cards(m, c);
    plots(m, c, about);
    markup_put(m, "<h2>Figures</h2>\n");
    order_table(m, c);
    tests_table(m, c);
    markup_put(m, "<p class=\"note\">Mails that both got right or both got wrong say nothing of which is better; those "
                  "that one alone got right do. If neither were better, each side would win half of them: p is the "
                  "chance of so uneven a count.</p>\n");
    moves_table(m, c);
    enum err e = slice_table(m, c, FIGURES_SOURCE, "by-source", "By source", "source");
    if (!e && about->described)
        e = slice_table(m, c, FIGURES_LANGUAGE, "by-language", "By language of the text", "language");
    if (!e && about->described) e = slice_table(m, c, FIGURES_KIND, "by-kind", "By kind of mail", "kind");
    if (e) return e;
    markup_put(m, "<h2>Mails whose verdict flips</h2>\n");
    size_t better = flips_table(m, c, about, 0, true);
    flips_table(m, c, about, better, false);
    webpage_close(m, REPORT_FOOT);
    return ERR_OK;
}

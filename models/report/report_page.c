/* SPDX-License-Identifier: Apache-2.0 */
/* report_page: numbers and mails in cells; see report_page.h. */
#include "models/report/report_page.h"

#include "proto/base/fixmath.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static const char DASH[] = "<td title=\"has no meaning here\">–</td>";

void report_cell_count(struct markup *m, size_t n)
{
    markup_put(m, "<td>");
    markup_count(m, n, "", "");
    markup_put(m, "</td>");
}

void report_cell_num(struct markup *m, double value, int digits, const char *unit)
{
    if (isfinite(value))
        markup_format(m, "<td>%.*f%s</td>", digits, value, unit);
    else
        markup_put(m, DASH);
}

void report_cell_share(struct markup *m, size_t part, size_t all)
{
    if (!all) {
        markup_put(m, DASH);
        return;
    }
    markup_format(m, "<td>%.2f%% (", figures_pct(part, all));
    markup_count(m, part, "", "");
    markup_put(m, ")</td>");
}

void report_cell_interval(struct markup *m, struct metrics_interval i, int digits, const char *unit)
{
    if (isfinite(i.low) && isfinite(i.high))
        markup_format(m, "<td>%.*f to %.*f%s</td>", digits, i.low, digits, i.high, unit);
    else
        markup_put(m, DASH);
}

void report_cell_p(struct markup *m, double score)
{
    double p = fix_sigmoid(score), rest = fix_sigmoid(-score);
    double least = p < rest ? p : rest;
    int digits = 3;
    while (digits < 7 && least < 5 * pow(10, -digits)) digits++;
    markup_format(m, "<td>%.*f</td>", digits, p);
}

void report_mail_heads(struct markup *m, const struct judged *d, bool described)
{
    if (d->sources > 1) markup_put(m, "<th class=\"l\">source</th>");
    markup_put(m, "<th>line</th>");
    if (described) markup_put(m, "<th class=\"l\">language</th><th class=\"l\">kind</th>");
    markup_put(m, "<th class=\"l\">path</th>");
}

void report_mail_cells(struct markup *m, const struct judged *d, const struct judged_mail *v, bool described)
{
    if (d->sources > 1) {
        markup_put(m, "<td class=\"path\"><bdi>");
        markup_text_tail(m, span_cstr(d->source[v->source]), 40);
        markup_put(m, "</bdi></td>");
    }
    markup_format(m, "<td>%u</td>", v->line);
    if (described)
        markup_format(m, "<td class=\"l\">%s</td><td class=\"l\">%s</td>",
                      judged_language_name((enum judged_language)v->language),
                      judged_kind_name((enum judged_kind)v->kind));
    markup_put(m, "<td class=\"path\"><bdi>");
    markup_text(m, span_cstr(v->path));
    markup_put(m, "</bdi></td>");
}

const char *report_call_name(enum figures_call c)
{
    return c == CALLED_HAM ? "ham" : c == CALLED_UNSURE ? "unsure" : "spam";
}

struct scored *report_scores(const struct judged *d, enum figures_by by, size_t slice, size_t *n_out)
{
    struct scored *s = malloc((d->n + 1) * sizeof *s);
    assert(s && "out of memory");
    size_t n = 0;
    for (size_t i = 0; i < d->n; i++) {
        const struct judged_mail *v = &d->v[i];
        if (!v->excluded && (by != FIGURES_SOURCE || v->source == slice)) s[n++] = (struct scored){v->score, v->spam};
    }
    struct metrics m;
    metrics_compute(s, n, 0, &m); /* sorts */
    *n_out = n;
    return s;
}

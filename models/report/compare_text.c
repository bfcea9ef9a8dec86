/* SPDX-License-Identifier: Apache-2.0 */
/* compare_text: the sentence first, then what it rests on, then mails; see compare_show.h. */
#include "models/report/compare_show.h"

#include "models/report/report_page.h"
#include "proto/base/fixmath.h"
#include "proto/cli/cli.h"
#include "proto/cli/wrap.h"

#include <math.h>
#include <string.h>

enum { FLIPS_SHOWN = 10 };

static void figure(FILE *to, const char *name, const struct compare_figure *f, double scale, int digits)
{
    if (isnan(f->p)) return;
    fprintf(to, "%-20s %9.*f %9.*f %+10.*f   %+.*f to %+.*f, p = %.2g\n", name, digits, scale * f->a, digits,
            scale * f->b, digits, scale * f->diff, digits, scale * f->within.low, digits, scale * f->within.high, f->p);
}

static void test(FILE *to, const char *name, const struct mcnemar *t)
{
    fprintf(to, "%-26s %9zu %9zu   p = %.2g", name, t->only_a, t->only_b, t->p);
    if (isnan(t->chi2))
        fprintf(to, "\n");
    else
        fprintf(to, " (chi2 %.2f, p = %.2g)\n", t->chi2, t->chi2_p);
}

static void tests(FILE *to, const char *call, double at, const struct mcnemar t[COMPARE_MAILS], const struct figures *f)
{
    char name[64];
    if (f->m.ham) {
        snprintf(name, sizeof name, "ham, %s from %g", call, at);
        test(to, name, &t[COMPARE_HAM]);
    }
    if (f->m.spam) {
        snprintf(name, sizeof name, "spam, %s from %g", call, at);
        test(to, name, &t[COMPARE_SPAM]);
    }
    if (f->m.ham && f->m.spam) {
        snprintf(name, sizeof name, "both, %s from %g", call, at);
        test(to, name, &t[COMPARE_BOTH]);
    }
}

static void flips_of(FILE *to, const struct compare *c, const char *title, size_t from, size_t end)
{
    if (from == end) return;
    fprintf(to, "%s: %zu", title, end - from);
    if (end - from > FLIPS_SHOWN) fprintf(to, "; the first %d, --json has all", FLIPS_SHOWN);
    fputc('\n', to);
    for (size_t k = from; k < end && k < from + FLIPS_SHOWN; k++) {
        const struct judged_mail *a = &c->a->v[c->flip[k]], *b = &c->b->v[c->flip[k]];
        fprintf(to, "  %-4s  A %-6s %.4f  B %-6s %.4f  ", a->spam ? "spam" : "ham",
                report_call_name(figures_call_of(a->score, c->spam_at, c->unsure_at)), fix_sigmoid(a->score),
                report_call_name(figures_call_of(b->score, c->spam_at, c->unsure_at)), fix_sigmoid(b->score));
        cli_print(to, span_cstr(a->path));
        fputc('\n', to);
    }
}

static void flips(FILE *to, const struct compare *c)
{
    size_t worse = 0;
    while (worse < c->flips && compare_worse(c, c->flip[worse])) worse++;
    fprintf(to, "\nmails whose verdict flips: %zu\n", c->flips);
    flips_of(to, c, "B is further from the label", 0, worse);
    flips_of(to, c, "B is nearer to the label", worse, c->flips);
}

void compare_text(FILE *to, const struct compare *c, const struct compare_about *about)
{
    char sentence[COMPARE_SENTENCE];
    const struct figures *f = c->figures;
    compare_sentence(c, sentence);
    for (int k = 0; k < 2; k++) {
        fprintf(to, "%c                ", "AB"[k]);
        cli_print(to, about->name[k]);
        const char *id = k ? c->b->model : c->a->model;
        if (id[0]) fprintf(to, " (model %s)", id);
        fputc('\n', to);
    }
    fprintf(to, "mails            %zu (%zu ham, %zu spam)\n\n", f->m.ham + f->m.spam, f->m.ham, f->m.spam);
    struct wrap w;
    wrap_begin(&w, to, 0, 0);
    wrap_say(&w, sentence);
    wrap_end(&w);
    if (strstr(sentence, " p "))
        fprintf(to, "(p above are corrected for their number, by Holm's rule; p below stand alone)\n");
    if (f->m.ham && f->m.spam) {
        fprintf(to, "\n%-20s %9s %9s %10s   95%% interval of B - A\n", "", "A", "B", "B - A");
        figure(to, "1-ROCA%", &c->roca, 1, 4);
        for (int k = 0; k < METRICS_POINTS; k++) {
            char name[32];
            snprintf(name, sizeof name, "spam missed at %g%%", 100 * METRICS_FPR[k]);
            figure(to, name, &c->missed[k], 100, 2);
        }
    }
    fprintf(to, "\n%-26s %9s %9s   McNemar's exact test\n", "right by one alone", "A", "B");
    tests(to, "spam", c->spam_at, c->at_spam, f);
    if (c->unsure_at < c->spam_at) tests(to, "unsure", c->unsure_at, c->at_unsure, f);
    flips(to, c);
}

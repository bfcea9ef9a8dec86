/* SPDX-License-Identifier: Apache-2.0 */
/* compare: counts, tests, and the decision; see compare.h. */
#include "models/figures/compare.h"

#include "models/figures/resample.h"

#include <assert.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { SEED = 1 };

/* --- McNemar ------------------------------------------------------------------------------------------------------ */

/* P(X <= k) for X ~ Binomial(n, 1/2). */
static double binomial_tail(size_t k, size_t n)
{
    double sum = 0, base = lgamma((double)n + 1) - (double)n * M_LN2;
    for (size_t i = k + 1; i-- > 0;) {
        double term = exp(base - lgamma((double)i + 1) - lgamma((double)(n - i) + 1));
        sum += term;
        if (term < sum * 1e-17) break; /* towards 0 they only shrink */
    }
    return sum;
}

void mcnemar_test(size_t only_a, size_t only_b, struct mcnemar *out)
{
    size_t n = only_a + only_b, few = only_a < only_b ? only_a : only_b;
    *out = (struct mcnemar){.only_a = only_a, .only_b = only_b, .p = 1, .chi2 = NAN, .chi2_p = NAN};
    if (!n) return;
    out->p = fmin(1, 2 * binomial_tail(few, n));
    double gap = fmax(fabs((double)only_a - (double)only_b) - 1, 0);
    out->chi2 = gap * gap / (double)n;
    out->chi2_p = erfc(sqrt(out->chi2 / 2)); /* one degree of freedom */
}

/* Right means called at least `least` if spam, and less if ham. */
static void count_right(const struct compare *c, enum figures_call least, struct mcnemar out[COMPARE_MAILS])
{
    size_t only[2][2] = {{0, 0}, {0, 0}}; /* [spam][by B] */
    for (int label = 0; label < 2; label++)
        for (unsigned a = 0; a < CALLS; a++)
            for (unsigned b = 0; b < CALLS; b++) {
                bool a_right = (a >= least) == label, b_right = (b >= least) == label;
                if (a_right != b_right) only[label][b_right] += c->moved[label][a][b];
            }
    mcnemar_test(only[0][0], only[0][1], &out[COMPARE_HAM]);
    mcnemar_test(only[1][0], only[1][1], &out[COMPARE_SPAM]);
    mcnemar_test(only[0][0] + only[1][0], only[0][1] + only[1][1], &out[COMPARE_BOTH]);
}

/* --- flips -------------------------------------------------------------------------------------------------------- */

static enum figures_call call_of(const struct compare *c, const struct judged *d, size_t i)
{
    return figures_call_of(d->v[i].score, c->spam_at, c->unsure_at);
}

/* How far B moved the mail away from its label, in log-odds. */
static double harm(const struct compare *c, size_t i)
{
    double up = c->b->v[i].score - c->a->v[i].score;
    return c->a->v[i].spam ? -up : up;
}

bool compare_worse(const struct compare *c, size_t i)
{
    return harm(c, i) > 0;
}

struct flip {
    size_t mail;
    double harm;
};

static int by_harm(const void *x, const void *y)
{
    const struct flip *a = x, *b = y;
    bool a_worse = a->harm > 0, b_worse = b->harm > 0;
    if (a_worse != b_worse) return a_worse ? -1 : 1;
    double p = fabs(a->harm), q = fabs(b->harm);
    if (p != q) return p > q ? -1 : 1;
    return (a->mail > b->mail) - (a->mail < b->mail);
}

static enum err find_flips(struct compare *c)
{
    struct flip *list = malloc((c->a->n + 1) * sizeof *list);
    if (!list) return ERR_MEMORY;
    for (size_t i = 0; i < c->a->n; i++) {
        if (c->a->v[i].excluded) continue;
        enum figures_call a = call_of(c, c->a, i), b = call_of(c, c->b, i);
        c->moved[c->a->v[i].spam][a][b]++;
        if (a != b) list[c->flips++] = (struct flip){i, harm(c, i)};
    }
    qsort(list, c->flips, sizeof *list, by_harm);
    c->flip = malloc((c->flips + 1) * sizeof *c->flip);
    for (size_t i = 0; c->flip && i < c->flips; i++) c->flip[i] = list[i].mail;
    free(list);
    return c->flip ? ERR_OK : ERR_MEMORY;
}

/* --- figures of order --------------------------------------------------------------------------------------------- */

static void figure(double a, double b, double *difference, size_t rounds, struct compare_figure *out)
{
    *out = (struct compare_figure){a, b, b - a, {NAN, NAN}, NAN};
    if (!rounds) return;
    out->p = resample_p(difference, rounds);
    out->within = metrics_interval_of(difference, rounds);
}

static enum err order_figures(struct compare *c)
{
    size_t rounds = resample_rounds(c->a->n);
    struct resample_draw *a = malloc(rounds * sizeof *a), *b = malloc(rounds * sizeof *b);
    double *difference = malloc(rounds * sizeof *difference);
    enum err e = a && b && difference ? ERR_OK : ERR_MEMORY;
    if (e) goto done;
    const struct metrics *ma = &c->figures[0].m, *mb = &c->figures[1].m;
    if (!resample(c->a, c->b, rounds, SEED, a, b)) rounds = 0;
    for (size_t r = 0; r < rounds; r++) difference[r] = b[r].roca_pct - a[r].roca_pct;
    figure(ma->roca_pct, mb->roca_pct, difference, rounds, &c->roca);
    for (int k = 0; k < METRICS_POINTS; k++) {
        for (size_t r = 0; r < rounds; r++) difference[r] = b[r].missed[k] - a[r].missed[k];
        figure(1 - ma->caught[k], 1 - mb->caught[k], difference, rounds, &c->missed[k]);
    }
done:
    free(a);
    free(b);
    free(difference);
    return e;
}

/* --- the decision ------------------------------------------------------------------------------------------------- */

/* Holm, "A simple sequentially rejective multiple test procedure", Scand. J. Statistics 6, 1979: the smallest p counts
 * as often as there are tests, the next once less, and none may come out below one before it. */
static void holm(struct compare_finding *f, size_t n)
{
    size_t tests = 0;
    for (size_t i = 0; i < n; i++) tests += !isnan(f[i].p);
    double least = 0;
    bool done[FINDINGS] = {false};
    for (; tests; tests--) {
        size_t next = n;
        for (size_t i = 0; i < n; i++)
            if (!done[i] && !isnan(f[i].p) && (next == n || f[i].p < f[next].p)) next = i;
        done[next] = true;
        least = fmax(least, fmin(1, (double)tests * f[next].p));
        f[next].holm = least;
    }
}

static void decide(struct compare *c)
{
    const struct mcnemar *ham = &c->at_spam[COMPARE_HAM], *spam = &c->at_spam[COMPARE_SPAM];
    struct compare_finding *f = c->finding;
    for (int i = 0; i < FINDINGS; i++) f[i] = (struct compare_finding){NAN, NAN, COMPARE_NEITHER};
    double gain[FINDINGS] = {-c->roca.diff, -c->missed[0].diff, (double)ham->only_b - (double)ham->only_a,
                             (double)spam->only_b - (double)spam->only_a}; /* of B */
    f[FINDING_ROCA].p = c->roca.p;
    f[FINDING_MISSED].p = c->missed[0].p;
    if (c->figures[0].m.ham) f[FINDING_HAM].p = ham->p;
    if (c->figures[0].m.spam) f[FINDING_SPAM].p = spam->p;
    holm(f, FINDINGS);
    bool better[2] = {false, false};
    for (int i = 0; i < FINDINGS; i++) {
        if (!(f[i].holm < COMPARE_LEVEL) || gain[i] == 0) continue;
        f[i].better = gain[i] > 0 ? COMPARE_B : COMPARE_A;
        better[gain[i] > 0] = true;
    }
    c->better = better[0] && better[1] ? COMPARE_MIXED
                : better[0]            ? COMPARE_A
                : better[1]            ? COMPARE_B
                                       : COMPARE_NEITHER;
}

enum err compare_open(struct compare *c, const struct judged *a, const struct judged *b, double spam_at,
                      double unsure_at)
{
    assert(a->n == b->n);
    *c = (struct compare){.a = a, .b = b, .spam_at = spam_at, .unsure_at = unsure_at};
    enum err e = figures_of(a, FIGURES_ALL, 0, spam_at, unsure_at, &c->figures[0]);
    if (!e) e = figures_of(b, FIGURES_ALL, 0, spam_at, unsure_at, &c->figures[1]);
    if (!e) e = find_flips(c);
    if (!e) e = order_figures(c);
    if (e) {
        compare_close(c);
        return e;
    }
    count_right(c, CALLED_SPAM, c->at_spam);
    count_right(c, CALLED_UNSURE, c->at_unsure);
    decide(c);
    return ERR_OK;
}

void compare_close(struct compare *c)
{
    free(c->flip);
    c->flip = NULL;
    c->flips = 0;
}

/* --- in words ----------------------------------------------------------------------------------------------------- */

static void say(char *out, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void say(char *out, const char *format, ...)
{
    size_t n = strlen(out);
    va_list args;
    va_start(args, format);
    vsnprintf(out + n, COMPARE_SENTENCE - n, format, args);
    va_end(args);
}

/* The end of a bracket: p, not more exact than it is. */
static void say_p(double p, char *out)
{
    say(out, p < 0.0001 ? "p < 0.0001)" : "p = %.2g)", p);
}

/* "(95% interval of the difference 1.2 to 3.4, p = 0.01)": what is significant has both ends on one side of 0. */
static void say_interval(struct metrics_interval i, double scale, int digits, double p, char *out)
{
    double low = scale * fmin(fabs(i.low), fabs(i.high)), high = scale * fmax(fabs(i.low), fabs(i.high));
    say(out, " (95%% interval of the difference %.*f to %.*f, ", digits, low, digits, high);
    say_p(p, out);
}

/* What the better of the two does, and the other did. */
static void say_finding(const struct compare *c, enum compare_finding_of of, char *out)
{
    bool b = c->finding[of].better == COMPARE_B;
    double p = c->finding[of].holm;
    const struct compare_figure *missed = &c->missed[0];
    const struct mcnemar *t = &c->at_spam[of == FINDING_HAM ? COMPARE_HAM : COMPARE_SPAM];
    size_t called[2] = {c->figures[b].called[of == FINDING_SPAM][CALLED_SPAM],
                        c->figures[!b].called[of == FINDING_SPAM][CALLED_SPAM]};
    switch (of) {
    case FINDING_ROCA:
        say(out, "its 1-ROCA%% is %.4f instead of %.4f", b ? c->roca.b : c->roca.a, b ? c->roca.a : c->roca.b);
        say_interval(c->roca.within, 1, 4, p, out);
        break;
    case FINDING_MISSED:
        say(out, "with 0.1%% of ham called spam it misses %.2f%% of the spam instead of %.2f%%",
            100 * (b ? missed->b : missed->a), 100 * (b ? missed->a : missed->b));
        say_interval(missed->within, 100, 2, p, out);
        break;
    case FINDING_HAM:
    case FINDING_SPAM:
        say(out, of == FINDING_HAM ? "it calls %zu ham spam instead of %zu" : "it finds %zu spam instead of %zu",
            called[0], called[1]);
        say(out, " (A alone is right on %zu, B alone on %zu, ", t->only_a, t->only_b);
        say_p(p, out);
        break;
    case FINDINGS: break;
    }
}

static void say_side(const struct compare *c, enum compare_better side, char *out)
{
    bool first = true;
    for (int i = 0; i < FINDINGS; i++) {
        if (c->finding[i].better != side) continue;
        if (!first) say(out, "; ");
        say_finding(c, (enum compare_finding_of)i, out);
        first = false;
    }
}

void compare_sentence(const struct compare *c, char out[COMPARE_SENTENCE])
{
    *out = 0;
    double least = 1;
    size_t mails = c->figures[0].m.ham + c->figures[0].m.spam;
    for (int i = 0; i < FINDINGS; i++)
        if (c->finding[i].holm < least) least = c->finding[i].holm;
    switch (c->better) {
    case COMPARE_NEITHER:
        if (!c->flips && (isnan(c->roca.diff) || c->roca.diff == 0))
            say(out, "No difference: both order these %zu mails as well and call each the same.", mails);
        else
            say(out, "No significant difference: what differs on these %zu mails can be chance (least p = %.2g).",
                mails, least);
        break;
    case COMPARE_A:
    case COMPARE_B:
        say(out, "%s is significantly better: ", c->better == COMPARE_A ? "A" : "B");
        say_side(c, c->better, out);
        say(out, ".");
        break;
    case COMPARE_MIXED:
        say(out, "Significant differences, but not all in favour of one. A: ");
        say_side(c, COMPARE_A, out);
        say(out, ". B: ");
        say_side(c, COMPARE_B, out);
        say(out, ".");
        break;
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
/* compare: two filters on the same mails: what differs, which is better, and could it be chance.
 *
 * Each mail is its own control: verdicts are compared by McNemar's test, figures of order by a paired bootstrap, and
 * four findings are judged together by Holm's rule. docs/measuring.md derives each. */
#ifndef FURUI_FIGURES_COMPARE_H
#define FURUI_FIGURES_COMPARE_H

#include "models/figures/figures.h"
#include "models/figures/judged.h"

/* McNemar's test: of the mails that one filter got right and the other wrong, is it more often the one? */
struct mcnemar {
    size_t only_a, only_b; /* mails that only A, only B got right */
    double p;              /* exact, two-sided: only_a is Binomial(only_a + only_b, 1/2) if neither is better */
    double chi2, chi2_p; /* with Edwards's correction, as other programs print it; NaN when no mail tells them apart */
};
void mcnemar_test(size_t only_a, size_t only_b, struct mcnemar *out);

/* A figure of both. */
struct compare_figure {
    double a, b, diff;              /* diff: b - a */
    struct metrics_interval within; /* 95% of diff, paired bootstrap */
    double p;                       /* two-sided; NaN with one class, as all of it */
};

enum compare_mails { COMPARE_HAM, COMPARE_SPAM, COMPARE_BOTH, COMPARE_MAILS };
enum compare_better { COMPARE_NEITHER, COMPARE_A, COMPARE_B, COMPARE_MIXED };

/* What the decision is made of. */
enum compare_finding_of { FINDING_ROCA, FINDING_MISSED, FINDING_HAM, FINDING_SPAM, FINDINGS };
struct compare_finding {
    double p;                   /* of its test; NaN when it cannot be tested */
    double holm;                /* corrected for being one of several */
    enum compare_better better; /* of this one: NEITHER unless holm is under COMPARE_LEVEL */
};
#define COMPARE_LEVEL 0.05

struct compare {
    const struct judged *a, *b;
    double spam_at, unsure_at;
    struct figures figures[2];                          /* of A, of B, over all mails */
    struct compare_figure roca, missed[METRICS_POINTS]; /* 1-ROCA%; shares of spam missed */
    struct mcnemar at_spam[COMPARE_MAILS],
        at_unsure[COMPARE_MAILS];  /* right: called spam (unsure) or not, as labelled */
    size_t moved[2][CALLS][CALLS]; /* [spam][A's verdict][B's verdict]: mails */
    size_t *flip, flips; /* mails with two verdicts, first what B made worse, most first; then better; owned */
    struct compare_finding finding[FINDINGS];
    enum compare_better better; /* MIXED: findings on both sides */
};

/* Compare. `a` and `b` judged the same mails in the same order, and are lent until compare_close. ERR_MEMORY. */
enum err compare_open(struct compare *c, const struct judged *a, const struct judged *b, double spam_at,
                      double unsure_at);
void compare_close(struct compare *c);

/* Did B move this mail away from its label? */
bool compare_worse(const struct compare *c, size_t mail);

/* The whole in a plain sentence or two; "A" and "B" are called so. */
enum { COMPARE_SENTENCE = 1024 };
void compare_sentence(const struct compare *c, char out[COMPARE_SENTENCE]);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* test_judge: each protocol against a loop that says it as plainly as can be; what folds and days keep apart. */
#define _GNU_SOURCE
#include "models/eval/judge_steps.h"
#include "models/figures/metrics.h"
#include "models/online/online.h"
#include "proto/base/hash.h"
#include "proto/base/random.h"
#include "worker/text/domain.h"

#include <fcntl.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cmocka.h>

enum { MAILS = 40, SOURCES = 2, NEVER = 1 << 30 };
static const char *const ADDRESS[] = {"ann@example.org", "bob@example.org", "cy@example.org",  "di@example.org",
                                      "ed@example.org",  "flo@example.org", "gil@example.org", "hal@example.org"};
static const char *const WORD[2][8] = {{"meeting", "patch", "review", "lunch", "report", "agenda", "draft", "thanks"},
                                       {"winner", "prize", "claim", "pills", "casino", "offer", "bonus", "click"}};

static char folder[64];
static uint64_t dice = 7;

static size_t below(size_t n)
{
    return (size_t)(random_next(&dice) >> 33) % n;
}

static void spill(const char *name, const char *text)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    assert_int_equal(fclose(f), 0);
}

static int setup(void **state)
{
    (void)state;
    domain_init();
    prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0); /* forty mails touch little of a learner; huge pages would clear it all */
    snprintf(folder, sizeof folder, "/tmp/furui-test-judge.XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command);
}

/* A mail of `words` words, most of them its label's, to an address, that came on a day of November 2026 (0: none). */
static void write_mail(const char *name, bool spam, size_t words, const char *to, unsigned day)
{
    char text[4096], at[128] = "";
    if (day) snprintf(at, sizeof at, "Received: from a by b; %u Nov 2026 12:00:00 +0000\n", day);
    int n = snprintf(text, sizeof text, "%sFrom: x@example.net\nTo: %s\nSubject: %s\n\n", at, to, WORD[spam][below(8)]);
    for (size_t i = 0; i < words; i++)
        n += snprintf(text + n, sizeof text - (size_t)n, "%s ", WORD[below(4) ? spam : !spam][below(8)]);
    spill(name, text);
}

/* Two indexes of `MAILS` mails together. */
static void open_indexes(struct mail_index x[SOURCES])
{
    char name[64], why[INDEX_FAULT_BYTES];
    for (size_t s = 0; s < SOURCES; s++) {
        char list[MAILS * 32] = "# a corpus\n", line[80];
        for (size_t i = 0; i < MAILS / SOURCES; i++) {
            bool spam = below(2);
            snprintf(name, sizeof name, "m%zu.%zu", s, i);
            write_mail(name, spam, 12, ADDRESS[below(8)], 0);
            snprintf(line, sizeof line, "%s %s\n", spam ? "spam" : "ham", name);
            strcat(list, line);
        }
        spill("index", list);
        snprintf(name, sizeof name, "%.40s/index", folder);
        assert_int_equal(index_open(name, &x[s], why), ERR_OK);
    }
}

/* --- the plain reference ------------------------------------------------------------------------------------------ */

struct plain {
    struct features f[MAILS];
    const char *to[MAILS], *path[MAILS];
    bool spam[MAILS];
    uint32_t source[MAILS], line[MAILS];
    size_t n, base;
};

static enum err remember(void *arg, size_t i, const struct mail *m, const struct features *f, char *fault)
{
    (void)fault;
    struct plain *p = arg;
    uint32_t *to = malloc((features_count(f) + 1) * sizeof *to);
    features_copy(f, to, &p->f[p->base + i]);
    for (size_t k = 0; k < 8; k++)
        if (span_eq(span_trim(mail_find(m, FIELD_TO)->raw), span_cstr(ADDRESS[k]))) p->to[p->base + i] = ADDRESS[k];
    return ERR_OK;
}

static void read_plain(const struct mail_index x[SOURCES], struct plain *p)
{
    char why[INDEX_FAULT_BYTES];
    for (uint32_t s = 0; s < SOURCES; s++) {
        p->base = p->n;
        assert_int_equal(each_mail(&x[s], NULL, "reading", true, remember, p, why), ERR_OK);
        for (size_t i = 0; i < x[s].n; i++, p->n++) {
            p->spam[p->n] = x[s].entry[i].spam;
            p->source[p->n] = s;
            p->path[p->n] = x[s].entry[i].path;
            p->line[p->n] = x[s].entry[i].line;
        }
    }
}

/* When the label of mail i comes: after mail so and so was judged. */
static size_t comes(const struct judge_plan *plan, const struct plain *p, size_t i)
{
    switch (plan->way) {
    case JUDGE_DELAYED: return i + plan->n;
    case JUDGE_FIRST: return i < plan->n ? i : NEVER;
    case JUDGE_PARTIAL: return (double)(hash64(span_cstr(p->to[i]), 1) >> 11) * 0x1p-53 < plan->share ? i : NEVER;
    default: return i;
    }
}

static size_t plain_scores(const struct judge_plan *plan, const struct plain *p, double *score_out)
{
    struct online o;
    struct online_opinion now;
    size_t learnt = 0;
    assert_int_equal(online_open(&o, ONLINE_BITS), ERR_OK);
    for (size_t i = 0; i < p->n; i++) {
        online_score(&o, &p->f[i], &now);
        score_out[i] = now.score;
        for (size_t k = 0; k <= i; k++) {
            if (comes(plan, p, k) != i) continue;
            bool spam = p->spam[k] != judge_flips(plan->flip, p->source[k], p->path[k], p->line[k]);
            online_score(&o, &p->f[k], &now);
            assert_int_equal(online_learn(&o, &p->f[k], &now, spam), ERR_OK);
            learnt++;
        }
    }
    online_close(&o);
    return learnt;
}

static void run(const struct judge_plan *plan, const struct mail_index *x, size_t sources, struct judged *out)
{
    static const char *const NAME[SOURCES] = {"a", "b"};
    struct judge_mails mails = {x, NAME, sources, NULL};
    char why[JUDGE_FAULT_BYTES] = "";
    enum err e = judge(plan, NULL, &mails, out, why);
    if (e) print_error("%s\n", why);
    assert_int_equal(e, ERR_OK);
}

static void online_protocols_are_plain_loops(void **state)
{
    (void)state;
    static const struct judge_plan PLANS[] = {
        {.way = JUDGE_IMMEDIATE, .flip = 0.3},
        {.way = JUDGE_DELAYED, .n = 0},
        {.way = JUDGE_DELAYED, .n = 13, .flip = 0.3},
        {.way = JUDGE_DELAYED, .n = 1000},
        {.way = JUDGE_FIRST, .n = 25},
        {.way = JUDGE_PARTIAL, .share = 0.5},
    };
    struct mail_index x[SOURCES];
    struct plain *p = calloc(1, sizeof *p);
    double want[MAILS];
    open_indexes(x);
    read_plain(x, p);
    for (size_t i = 0; i < sizeof PLANS / sizeof *PLANS; i++) {
        struct judged d;
        size_t learnt = plain_scores(&PLANS[i], p, want);
        run(&PLANS[i], x, SOURCES, &d);
        assert_int_equal(d.n, MAILS);
        assert_int_equal(d.learnt, learnt);
        size_t flipped = 0;
        for (size_t k = 0; k < MAILS; k++) {
            if (d.v[k].score != want[k]) fail_msg("plan %zu, mail %zu: %.17g, not %.17g", i, k, d.v[k].score, want[k]);
            assert_int_equal(d.v[k].spam, p->spam[k]); /* judged by the true one */
            assert_int_equal(d.v[k].source, p->source[k]);
            assert_int_equal(d.v[k].line, p->line[k]);
            size_t when = comes(&PLANS[i], p, k);
            flipped += when < MAILS && judge_flips(PLANS[i].flip, d.v[k].source, d.v[k].path, d.v[k].line);
        }
        assert_int_equal(d.flipped, flipped);
        judged_close(&d);
    }
    for (size_t i = 0; i < p->n; i++) {
        const uint32_t *block = NULL;
        for (unsigned v = 0; v < VIEW_COUNT; v++)
            if (p->f[i].view[v].v && (!block || p->f[i].view[v].v < block)) block = p->f[i].view[v].v;
        free((void *)block);
    }
    free(p);
    for (size_t s = 0; s < SOURCES; s++) index_close(&x[s]);
}

static void a_filter_asks_for_so_many_labels(void **state)
{
    (void)state;
    struct mail_index x[SOURCES];
    struct judged all, d;
    open_indexes(x);
    run(&(struct judge_plan){.way = JUDGE_IMMEDIATE}, x, SOURCES, &all);
    for (size_t n = 1; n <= 2 * MAILS; n = n * 5 + 2) {
        run(&(struct judge_plan){.way = JUDGE_ACTIVE, .n = n}, x, SOURCES, &d);
        assert_int_equal(d.learnt, n < MAILS ? n : MAILS);
        if (n == 1) /* it knows nothing, and asks at once */
            assert_true(d.v[0].score == 0 && d.v[1].score != 0);
        for (size_t k = 0; n >= MAILS && k < MAILS; k++) assert_true(d.v[k].score == all.v[k].score);
        judged_close(&d);
    }
    judged_close(&all);
    for (size_t s = 0; s < SOURCES; s++) index_close(&x[s]);
}

static void flips_are_a_share_and_the_same_ones(void **state)
{
    (void)state;
    size_t wrong = 0;
    for (uint32_t line = 1; line <= 20000; line++) {
        wrong += judge_flips(0.05, line % 3, "m", line);
        assert_false(judge_flips(0, 0, "m", line));
        assert_true(judge_flips(1, 0, "m", line));
        if (judge_flips(0.05, 1, "m", line))
            assert_true(judge_flips(0.1, 1, "m", line)); /* more noise keeps what there was */
    }
    assert_in_range(wrong, 900, 1100);
    /* A Maildir has no lines: its mails are told apart by their paths. */
    wrong = 0;
    for (unsigned i = 0; i < 2000; i++) {
        char path[16];
        snprintf(path, sizeof path, "cur/%u", i);
        wrong += judge_flips(0.5, 0, path, 1);
    }
    assert_in_range(wrong, 900, 1100);
}

/* --- folds and days ----------------------------------------------------------------------------------------------- */

/* Words that say nothing, each body four times under one label: whoever judges a mail by its doubles knows it. */
static void doubles_stay_in_one_fold(void **state)
{
    (void)state;
    enum { BODIES = 30, TIMES = 4 };
    char list[BODIES * TIMES * 16] = "", line[128], text[1024], why[INDEX_FAULT_BYTES];
    for (size_t b = 0; b < BODIES; b++) {
        int n = snprintf(text, sizeof text, "From: x@example.net\nSubject: hello\n\n");
        for (size_t i = 0; i < 20; i++) n += snprintf(text + n, sizeof text - (size_t)n, "w%zu ", below(1000000));
        snprintf(line, sizeof line, "b%zu", b);
        spill(line, text);
    }
    for (size_t i = 0; i < BODIES * TIMES; i++) {
        size_t b = i * 7 % BODIES;
        snprintf(line, sizeof line, "%s b%zu\n", b % 2 ? "spam" : "ham", b);
        strcat(list, line);
    }
    spill("index", list);
    snprintf(line, sizeof line, "%s/index", folder);
    struct mail_index x;
    assert_int_equal(index_open(line, &x, why), ERR_OK);

    struct judge_plan plan = {.way = JUDGE_FOLDS, .n = 2};
    struct judged d;
    struct metrics m;
    struct scored s[BODIES * TIMES];
    fit_plan_init(&plan.fit);
    run(&plan, &x, 1, &d);
    assert_int_equal(d.n, BODIES * TIMES);
    assert_int_equal(d.learnt, BODIES * TIMES);
    for (size_t i = 0; i < d.n; i++) {
        assert_int_equal(d.v[i].line, i + 1);
        assert_true(d.v[i].score == d.v[i].score);
        s[i] = (struct scored){d.v[i].score, d.v[i].spam};
    }
    metrics_compute(s, d.n, 0, &m);
    assert_true(m.roca_pct > 20);
    judged_close(&d);
    index_close(&x);
}

static void folds_are_alike_and_none_is_empty(void **state)
{
    (void)state;
    enum { N = 200, K_MAX = 20 };
    for (size_t round = 0; round < 200; round++) {
        size_t n = 1 + below(N), k = 2 + below(K_MAX - 1), kinds = 1 + below(n), rare = 1 + below(9), bodies = 0;
        uint64_t body[N];
        uint32_t fold[N], most = 0;
        struct judged_mail v[N] = {0};
        size_t count[K_MAX][2] = {0}, least = N;
        bool seen[N] = {0};
        for (size_t i = 0; i < n; i++) {
            body[i] = below(kinds);
            v[i].spam = below(rare) == 0;
        }
        assert_int_equal(judge_deal(body, v, n, k, fold, &bodies), ERR_OK);
        for (size_t i = 0, different = 0; i <= n; i++) {
            if (i == n) assert_int_equal(bodies, different);
            if (i == n || seen[body[i]]) continue;
            seen[body[i]] = true;
            different++;
            count[fold[i]][v[i].spam]++;
            for (size_t j = i; j < n; j++)
                if (body[j] == body[i]) assert_int_equal(fold[j], fold[i]);
        }
        for (unsigned spam = 0; spam < 2; spam++) {
            size_t low = N, high = 0;
            for (size_t f = 0; f < k; f++) {
                low = count[f][spam] < low ? count[f][spam] : low;
                high = count[f][spam] > high ? count[f][spam] : high;
            }
            assert_true(high - low <= 1);
        }
        for (size_t f = 0; f < k; f++) {
            size_t all = count[f][0] + count[f][1];
            least = all < least ? all : least;
            most = all > most ? (uint32_t)all : most;
        }
        assert_true(most - least <= 1);
        assert_true(bodies < k || least > 0);
    }
}

/* Two sources; day[i] of mail i, 0 for none. */
static void open_dated(struct mail_index x[SOURCES], const unsigned *day, size_t n)
{
    char name[64], why[INDEX_FAULT_BYTES];
    for (size_t s = 0; s < SOURCES; s++) {
        char list[4096] = "", line[80];
        for (size_t i = 0; i < n; i++) {
            snprintf(name, sizeof name, "d%zu.%zu", s, i);
            write_mail(name, i % 2, 12, ADDRESS[0], day[i]);
            snprintf(line, sizeof line, "%s %s\n", i % 2 ? "spam" : "ham", name);
            strcat(list, line);
        }
        spill("index", list);
        snprintf(name, sizeof name, "%.40s/index", folder);
        assert_int_equal(index_open(name, &x[s], why), ERR_OK);
    }
}

static void the_rest_is_judged(void **state)
{
    (void)state;
    /* Undated ones came when the one before came; of the first ones, when the first dated one came. */
    static const unsigned DAY[] = {0, 3, 0, 9, 0, 2, 21, 0, 22, 5, 6, 21, 1, 1};
    enum { TIMES = 4, DAYS = sizeof DAY / sizeof *DAY, N = TIMES * DAYS };
    static const bool LATE[DAYS] = {[6] = true, [7] = true, [8] = true, [11] = true};
    unsigned day[N];
    for (size_t i = 0; i < N; i++) day[i] = DAY[i % DAYS];
    struct mail_index x[SOURCES];
    struct judged d;
    open_dated(x, day, N);
    /* 2026-11-21 12:00 UTC: what came at that very second is judged */
    struct judge_plan plan = {.way = JUDGE_UNTIL, .until = 1795262400};
    fit_plan_init(&plan.fit);
    run(&plan, x, SOURCES, &d);
    assert_int_equal(d.n, 2 * 4 * TIMES);
    assert_int_equal(d.learnt, 2 * (N - 4 * TIMES));
    for (size_t s = 0, at = 0; s < SOURCES; s++)
        for (size_t i = 0; i < N; i++) {
            if (!LATE[i % DAYS]) continue;
            assert_int_equal(d.v[at].source, s);
            assert_int_equal(d.v[at].line, i + 1);
            at++;
        }
    judged_close(&d);

    plan.way = JUDGE_SHARE;
    plan.share = 0.75;
    plan.flip = 0.3;
    run(&plan, x, SOURCES, &d);
    assert_int_equal(d.n, 2 * N / 4);
    assert_int_equal(d.learnt, 2 * 3 * N / 4);
    size_t flipped = 0;
    for (uint32_t s = 0; s < SOURCES; s++)
        for (uint32_t line = 1; line <= 3 * N / 4; line++) {
            const struct index_entry *v = &x[s].entry[line - 1];
            flipped += judge_flips(0.3, s, v->path, line);
        }
    assert_int_equal(d.flipped, flipped);
    for (size_t i = 0; i < d.n; i++) {
        assert_int_equal(d.v[i].source, i / (N / 4));
        assert_int_equal(d.v[i].line, 3 * N / 4 + 1 + i % (N / 4));
        assert_int_equal(d.v[i].spam, i % 2);
    }
    judged_close(&d);
    for (size_t s = 0; s < SOURCES; s++) index_close(&x[s]);
}

static void says_what_cannot_be_done(void **state)
{
    (void)state;
    static const unsigned DAY[] = {1, 2, 3, 4}, NONE[4] = {0};
    static const struct {
        struct judge_plan plan;
        const unsigned *day;
        const char *tmp;
        enum err want;
        const char *why;
    } CASES[] = {
        {{.way = JUDGE_UNTIL, .until = 0}, DAY, NULL, ERR_MODEL, "no mail to train on"},
        {{.way = JUDGE_UNTIL, .until = INT64_MAX}, DAY, NULL, ERR_MODEL, "no mail is left to judge"},
        {{.way = JUDGE_UNTIL, .until = 1000}, NONE, NULL, ERR_MODEL, "a: no mail has a date"},
        {{.way = JUDGE_SHARE, .share = 0.1}, DAY, NULL, ERR_MODEL, "no mail to train on"},
        {{.way = JUDGE_SHARE, .share = 0.3}, DAY, NULL, ERR_MODEL, "2 ham and 0 spam: both are needed"},
        {{.way = JUDGE_FOLDS, .n = 9}, DAY, NULL, ERR_MODEL, "8 different mails for 9 folds"},
        {{.way = JUDGE_FOLDS, .n = 2}, DAY, "/nonexistent", ERR_CLOSED, "/nonexistent/furui-eval"},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        static const char *const NAME[SOURCES] = {"a", "b"};
        struct mail_index x[SOURCES];
        struct judge_plan plan = CASES[i].plan;
        struct judge_mails mails = {x, NAME, SOURCES, NULL};
        struct judged d;
        char why[JUDGE_FAULT_BYTES] = "";
        open_dated(x, CASES[i].day, 4);
        fit_plan_init(&plan.fit);
        if (CASES[i].tmp) setenv("TMPDIR", CASES[i].tmp, 1);
        enum err e = judge(&plan, NULL, &mails, &d, why);
        unsetenv("TMPDIR");
        if (e != CASES[i].want || !strstr(why, CASES[i].why)) fail_msg("case %zu: %d, '%s'", i, e, why);
        judged_close(&d);
        for (size_t s = 0; s < SOURCES; s++) index_close(&x[s]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(online_protocols_are_plain_loops),
        cmocka_unit_test(a_filter_asks_for_so_many_labels),
        cmocka_unit_test(flips_are_a_share_and_the_same_ones),
        cmocka_unit_test(doubles_stay_in_one_fold),
        cmocka_unit_test(folds_are_alike_and_none_is_empty),
        cmocka_unit_test(the_rest_is_judged),
        cmocka_unit_test(says_what_cannot_be_done),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}

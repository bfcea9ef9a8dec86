/* SPDX-License-Identifier: Apache-2.0 */
/* test_fit: a bundle from a made-up corpus says what docs/scoring.md says it should, read by plain code; it holds
 * without the authentication that it was trained with; what cannot be trained on is told. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

#include "models/train/bundle_write.h"
#include "models/train/dropout.h"
#include "models/train/fit.h"
#include "proto/base/random.h"
#include "proto/base/threads.h"
#include "tests/unit/toy_corpus.h"
#include "worker/score/bundle.h"
#include "worker/score/calib.h"
#include "worker/score/model.h"
#include "worker/score/net.h"
#include "worker/score/table.h"

enum { PER_VIEW = 12, WORDS = 200, FACTS_MAX = 4 };

static uint64_t state = 1;
static char path[64];

static double uniform(void)
{
    return (double)(random_next(&state) >> 11) * 0x1p-53;
}

/* A mail of the toy language: words of each view, some of them commoner in spam; what authentication said of it. */
struct toy {
    uint32_t word[VIEW_COUNT][PER_VIEW + FACTS_MAX];
    struct features f;
    bool spam;
};

/* Of a view's words the first tenth is spam's and the second ham's; a mail takes `lean` of its words from its own. */
static void make(struct toy *t, double lean)
{
    memset(t, 0, sizeof *t);
    t->spam = uniform() < 0.5;
    for (unsigned v = 0; v < VIEW_COUNT; v++) {
        for (unsigned i = 0; i < PER_VIEW; i++) {
            /* Slots of their own, so that none is there twice. */
            uint32_t slot = i * WORDS, word = (uint32_t)(uniform() * WORDS);
            if (uniform() < lean) word = (uint32_t)(uniform() * WORDS / 10) + (t->spam ? 0 : WORDS / 10);
            t->word[v][i] = (slot + word + 1 + v * 100000) * 0x9E3779B1u;
        }
        t->f.view[v] = (struct feature_list){t->word[v], PER_VIEW};
    }
    for (unsigned i = 0; i < NUMBER_COUNT; i++) t->f.number[i] = (float)(uniform() * (t->spam ? 1 : 0.8));
}

static void add_fact(struct toy *t, uint32_t hash)
{
    t->word[VIEW_SHAPE][t->f.view[VIEW_SHAPE].n++] = hash;
}

static void train(const struct corpus *c)
{
    char fault[FIT_FAULT_BYTES];
    struct fit_plan plan;
    fit_plan_init(&plan);
    plan.table_bits = 14;
    if (fit_bundle(c, &plan, path, NULL, fault) != ERR_OK) fail_msg("%s", fault);
}

/* --- docs/scoring.md, once more ----------------------------------------------------------------------------------- */

static double number_at(span s, size_t word)
{
    float v;
    memcpy(&v, s.p + 4 * word, 4);
    return (double)v;
}

static uint32_t word_at(span s, size_t word)
{
    uint32_t v;
    memcpy(&v, s.p + 4 * word, 4);
    return v;
}

/* Sums of the frozen table, by its description in table.h. */
static void plain_parts(span table, const struct features *f, double part[PART_COUNT])
{
    size_t slots = (size_t)1 << word_at(table, 2), head = (16 + 3 * VIEW_COUNT + 15) / 16 * 64;
    for (unsigned i = 0; i < PART_COUNT; i++) part[i] = 0;
    for (unsigned v = 0; v < VIEW_COUNT; v++) {
        double step[3], sum[3] = {0}, magnitude = 0;
        for (unsigned k = 0; k < 3; k++) step[k] = number_at(table, 16 + k * VIEW_COUNT + v);
        for (size_t i = 0; i < f->view[v].n; i++) {
            uint32_t hash = f->view[v].v[i];
            const int8_t *group = (const int8_t *)table.p + head + 16 * (hash % (slots / 4));
            for (unsigned k = 0; k < 4; k++) {
                const int8_t *slot = group + 4 * k;
                if ((uint8_t)slot[0] != hash >> 24 || !(slot[1] || slot[2] || slot[3])) continue;
                for (unsigned j = 0; j < 3; j++) sum[j] += step[j] * slot[j + 1];
                magnitude += step[2] * abs(slot[3]);
                break;
            }
        }
        part[PART_JOINT] += sum[0];
        part[PART_VIEW + v] = sum[1];
        part[PART_BAYES + v] = 0.3 * sum[2] / sqrt(1 + magnitude);
    }
}

static double plain_squash(double z)
{
    if (fabs(z) <= 6) return z;
    return (z < 0 ? -1 : 1) * (6 + log(1 + fabs(z) - 6));
}

/* A layered or shortcut net of tanh and linear neurons, by its description in net.h. */
static double plain_net(span net, const double *x)
{
    double value[NET_VALUES_MAX];
    size_t inputs = word_at(net, 2), layers = word_at(net, 3), at = NET_HEAD_WORDS + layers * NET_LAYER_WORDS;
    for (size_t i = 0; i < inputs; i++) value[i] = (x[i] - number_at(net, at + i)) * number_at(net, at + inputs + i);
    size_t values = inputs;
    at += 2 * inputs;
    for (size_t l = 0; l < layers; l++) {
        size_t layer = NET_HEAD_WORDS + l * NET_LAYER_WORDS, from = word_at(net, layer + 1),
               in = word_at(net, layer + 2);
        for (size_t k = 0; k < word_at(net, layer); k++, at += in + 1) {
            double sum = number_at(net, at + in);
            for (size_t i = 0; i < in; i++) sum += number_at(net, at + i) * value[from + i];
            sum *= number_at(net, layer + 4);
            value[values + k] = word_at(net, layer + 3) == NET_LINEAR ? sum : tanh(sum);
        }
        values += word_at(net, layer);
    }
    return value[values - 1];
}

static double plain_calib(span calib, double x)
{
    size_t n = word_at(calib, 2);
    double knot[2 * CALIB_KNOTS_MAX];
    memcpy(knot, calib.p + 16, 16 * n);
    const double *y = knot + n;
    if (x < knot[0]) return y[0] - (knot[0] - x);
    for (size_t i = 1; i < n; i++)
        if (x < knot[i]) return y[i - 1] + (y[i] - y[i - 1]) * (x - knot[i - 1]) / (knot[i] - knot[i - 1]);
    return y[n - 1] + (x - knot[n - 1]);
}

static void the_chain_is_that_of_the_reference(void **unused)
{
    (void)unused;
    enum { MAILS = 600, JUDGED = 300 };
    static const size_t SOURCES[] = {1, 3}; /* a trained net; the mean of the views that travel */
    for (size_t k = 0; k < 2; k++) {
        struct toy_writer t;
        struct corpus c;
        struct bundle b;
        struct model *m;
        char fault[MODEL_FAULT_MAX];
        toy_open(&t, SOURCES[k]);
        for (unsigned i = 0; i < MAILS; i++) {
            struct toy mail;
            make(&mail, 0.3);
            toy_add(&t, &mail.f, mail.spam, i % SOURCES[k], i, i);
        }
        toy_close(&t, &c);
        train(&c);
        corpus_close(&c);
        assert_int_equal(bundle_open(path, FEATURE_VERSION, &b, fault), ERR_OK);
        assert_int_equal(model_open(path, &m, fault), ERR_OK);
        double most = 0;
        size_t right = 0;
        for (unsigned i = 0; i < JUDGED; i++) {
            struct toy mail;
            struct scores s;
            double part[PART_COUNT], x[PART_INPUTS], linear = 0, bayes = 0;
            make(&mail, 0.3);
            model_score(m, &mail.f, &s);
            plain_parts(bundle_section(&b, "table"), &mail.f, part);
            for (unsigned j = 0; j < PART_COUNT; j++) x[j] = plain_squash(part[j]);
            for (unsigned j = 0; j < NUMBER_COUNT; j++) x[PART_COUNT + j] = (double)mail.f.number[j];
            for (unsigned j = 0; j < PART_BAYES; j++) linear += x[j] / PART_BAYES;
            for (unsigned j = PART_BAYES; j < PART_COUNT; j++) bayes += x[j] / VIEW_COUNT;
            double net = plain_net(bundle_section(&b, "net"), x);
            double score = plain_calib(bundle_section(&b, "calib"), net);
            double off[] = {s.linear - linear, s.bayes - bayes, s.net - net, s.score - score,
                            s.p - 1 / (1 + exp(-score))};
            for (unsigned j = 0; j < 5; j++) {
                if (fabs(off[j]) > 1e-4 * (1 + fabs(score))) fail_msg("mail %u, figure %u: off by %g", i, j, off[j]);
                most = fmax(most, fabs(off[j]));
            }
            right += (s.score > 0) == mail.spam;
        }
        print_message("%zu source(s): off by at most %.2g; %zu of %d right\n", SOURCES[k], most, right, JUDGED);
        assert_true(right > JUDGED * 9 / 10);
        bundle_close(&b);
        model_close(m);
    }
}

/* --- authentication that is not there ----------------------------------------------------------------------------- */

/* What is told of a mail: that it passed, of 95 of 100 ham and 10 of 100 spam; of the others that they failed, or
 * nothing. */
static void tell(struct toy *t, const struct dropout *d, bool failures)
{
    bool pass = uniform() < (t->spam ? 0.1 : 0.95);
    if (pass || failures) add_fact(t, d->v[pass]);
}

/* Mean cross-entropy in nats, and how far the mean probability is from the share of spam, over new mails. */
static void judge(const struct model *m, const struct dropout *d, bool failures, double *loss_out, double *off_out)
{
    enum { JUDGED = 4000 };
    double loss = 0, off = 0;
    for (unsigned i = 0; i < JUDGED; i++) {
        struct toy mail;
        struct scores s;
        make(&mail, 0.06);
        if (d) tell(&mail, d, failures);
        model_score(m, &mail.f, &s);
        loss += log(1 + exp(mail.spam ? -s.score : s.score)) / JUDGED;
        off += (s.p - mail.spam) / JUDGED;
    }
    *loss_out = loss;
    *off_out = fabs(off);
}

/* Trained where a gateway tells of every mail, judged where nobody does. A model that never missed it comes to 0.60
 * nats and is off by 0.20 in the second case: no word of a pass is spam to it. */
static void verdicts_hold_without_authentication(void **unused)
{
    (void)unused;
    enum { MAILS = 4000 };
    struct dropout d;
    char fault[MODEL_FAULT_MAX];
    assert_int_equal(dropout_open(&d), ERR_OK);
    assert_true(d.n >= AUTH_METHOD_COUNT * (AUTH_RESULT_COUNT - 1) && d.n < DROPOUT_MAX);
    for (unsigned failures = 0; failures < 2; failures++) {
        struct toy_writer t;
        struct corpus c;
        struct model *m;
        double loss[2], off[2];
        toy_open(&t, 1);
        for (unsigned i = 0; i < MAILS; i++) {
            struct toy mail;
            make(&mail, 0.06);
            tell(&mail, &d, failures);
            toy_add(&t, &mail.f, mail.spam, 0, random_next(&state), i);
        }
        toy_close(&t, &c);
        train(&c);
        corpus_close(&c);
        assert_int_equal(model_open(path, &m, fault), ERR_OK);
        judge(m, &d, failures, &loss[1], &off[1]);
        judge(m, NULL, failures, &loss[0], &off[0]);
        print_message("told: %.3f nats, off by %.3f; not told: %.3f nats, off by %.3f\n", loss[1], off[1], loss[0],
                      off[0]);
        assert_true(loss[1] < 0.42 && off[1] < 0.03 && loss[0] < 0.48 && off[0] < 0.08);
        model_close(m);
    }
}

/* What authentication says is taken out, nothing else, and the count of oddities with it. */
static void only_authentication_is_taken_out(void **unused)
{
    (void)unused;
    static const char MAIL[] = "From: a@example.org\nSubject: x\nTo: b@example.net\n\nhello\n";
    static const struct mail_context TOLD = {.auth = {SPAN("fail"), SPAN("pass"), SPAN("fail"), SPAN("none")},
                                             .dkim_domain = SPAN("example.com")};
    struct arena a;
    struct dropout d;
    struct mail m;
    struct features with, without;
    uint32_t room[DROPOUT_SHAPE_MAX];
    assert_int_equal(arena_open(&a, MAIL_ARENA_BYTES), ERR_OK);
    assert_int_equal(dropout_open(&d), ERR_OK);
    mail_read(&m, span_of(MAIL, sizeof MAIL - 1), NULL, &a);
    features_extract(&m, &a, &without);
    mail_read(&m, span_of(MAIL, sizeof MAIL - 1), &TOLD, &a);
    features_extract(&m, &a, &with);
    assert_int_equal(with.view[VIEW_SHAPE].n, without.view[VIEW_SHAPE].n + 6); /* 4 results, 2 oddities */
    assert_true(with.number[NUMBER_ODDITIES] > without.number[NUMBER_ODDITIES]);
    dropout_apply(&d, &with, room);
    assert_int_equal(with.view[VIEW_SHAPE].n, without.view[VIEW_SHAPE].n);
    for (size_t i = 0; i < with.view[VIEW_SHAPE].n; i++)
        assert_int_equal(with.view[VIEW_SHAPE].v[i], without.view[VIEW_SHAPE].v[i]);
    for (unsigned v = 0; v < VIEW_COUNT; v++) assert_int_equal(with.view[v].n, without.view[v].n);
    assert_memory_equal(with.number, without.number, sizeof with.number);
    mail_close();
    arena_close(&a);
}

/* --- the file ----------------------------------------------------------------------------------------------------- */

static span whole_file(void)
{
    static uint8_t room[1 << 20];
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    size_t n = fread(room, 1, sizeof room, f);
    fclose(f);
    uint8_t *copy = malloc(n);
    memcpy(copy, room, n);
    return span_of(copy, n);
}

static void the_same_mails_give_the_same_bits(void **unused)
{
    (void)unused;
    span first = SPAN_NONE;
    for (unsigned threads = 1; threads <= 4; threads++) {
        struct toy_writer t;
        struct corpus c;
        state = 99;
        toy_open(&t, 1);
        for (unsigned i = 0; i < 500; i++) {
            struct toy mail;
            make(&mail, 0.3);
            toy_add(&t, &mail.f, mail.spam, 0, i, i);
        }
        toy_close(&t, &c);
        threads_limit(threads);
        train(&c);
        corpus_close(&c);
        span bytes = whole_file();
        if (first.n) {
            assert_true(span_eq(bytes, first));
            free((void *)bytes.p);
        } else {
            first = bytes;
        }
    }
    threads_limit(0);
    free((void *)first.p);
}

/* The bundle of the test before, as if it had been trained on features of the next version. */
static void another_feature_version_is_refused(void **unused)
{
    (void)unused;
    struct bundle b;
    struct bundle_part parts[3];
    struct manifest none = {0};
    struct model *m = NULL;
    char fault[FIT_FAULT_BYTES], id[17];
    static const char *const NAMES[] = {"table", "net", "calib"};
    assert_int_equal(bundle_open(path, FEATURE_VERSION, &b, fault), ERR_OK);
    for (unsigned i = 0; i < 3; i++) parts[i] = (struct bundle_part){NAMES[i], bundle_section(&b, NAMES[i])};
    assert_int_equal(bundle_write(path, FEATURE_VERSION + 1, &none, parts, 3, id, fault), ERR_OK);
    bundle_close(&b);
    assert_int_equal(model_open(path, &m, fault), ERR_VERSION);
    assert_non_null(strstr(fault, path));
    assert_non_null(strstr(fault, "version"));
    assert_null(m);
}

/* --- what cannot be, or hardly be, trained on --------------------------------------------------------------------- */

/* Every odd corpus gives a bundle that can be used, or a sentence; never half a file. */
static void odd_corpora(void **unused)
{
    (void)unused;
    static const struct {
        const char *what, *says; /* NULL: a bundle */
        unsigned mails, bodies, sources;
        double spam; /* share; below 0: as the words have it */
    } CASES[] = {{"one class", "0 ham and 50 spam: both are needed", 50, 50, 1, 1},
                 {"the other", "50 ham and 0 spam: both are needed", 50, 50, 1, 0},
                 {"one of each", "1 ham and 1 spam: two of each are needed", 2, 2, 1, 0.5},
                 {"ten mails", NULL, 10, 10, 1, -1},
                 {"ten mails of one text", NULL, 10, 1, 1, 0.5},
                 {"a thousand of two texts", NULL, 1000, 2, 1, 0.5},
                 {"two of one label in each source", NULL, 60, 60, 4, -1},
                 {"one spam", "299 ham and 1 spam: two of each are needed", 300, 300, 1, 1.0 / 300},
                 {"two spam", NULL, 300, 300, 1, 2.0 / 300},
                 {"three of each", NULL, 6, 6, 1, 0.5}};
    for (size_t k = 0; k < sizeof CASES / sizeof *CASES; k++) {
        struct toy_writer t;
        struct corpus c;
        struct model *m;
        struct fit_plan plan;
        char fault[FIT_FAULT_BYTES] = "", mf[MODEL_FAULT_MAX];
        toy_open(&t, CASES[k].sources);
        struct toy mail;
        for (unsigned i = 0; i < CASES[k].mails; i++) {
            if (i < CASES[k].bodies || CASES[k].bodies > 2) make(&mail, 0.5);
            bool spam = CASES[k].spam < 0 ? mail.spam : i < CASES[k].spam * CASES[k].mails;
            toy_add(&t, &mail.f, spam, i % CASES[k].sources, i, i % CASES[k].bodies);
        }
        toy_close(&t, &c);
        fit_plan_init(&plan);
        plan.table_bits = 12;
        unlink(path);
        enum err e = fit_bundle(&c, &plan, path, NULL, fault);
        if (CASES[k].says) {
            assert_int_equal(e, ERR_MODEL);
            if (!strstr(fault, CASES[k].says)) fail_msg("%s: %s", CASES[k].what, fault);
            assert_int_not_equal(access(path, F_OK), 0);
        } else {
            if (e) fail_msg("%s: %s", CASES[k].what, fault);
            assert_int_equal(model_open(path, &m, mf), ERR_OK);
            struct scores s;
            model_score(m, &mail.f, &s);
            assert_true(isfinite(s.score) && s.p > 0 && s.p < 1);
            model_close(m);
        }
        corpus_close(&c);
    }
}

/* What all mail of a source with one label has must not be its label's sign elsewhere. */
static void a_source_of_one_label_teaches_little(void **unused)
{
    (void)unused;
    enum { MAILS = 900, JUDGED = 500 };
    static const double ONE_LABEL_MOVES = 6.8; /* 6.4 as it is, 7.1 if its mail is learnt as any other */
    struct toy_writer t;
    struct corpus c;
    struct model *m;
    char fault[MODEL_FAULT_MAX];
    uint32_t common[VIEW_COUNT][FACTS_MAX];
    for (unsigned v = 0; v < VIEW_COUNT; v++)
        for (unsigned i = 0; i < FACTS_MAX; i++) common[v][i] = (9000000 + v * 100 + i) * 0x9E3779B1u;
    toy_open(&t, 3);
    for (unsigned i = 0; i < MAILS; i++) {
        struct toy mail;
        do make(&mail, 0.3);
        while (i % 3 == 2 && mail.spam);
        for (unsigned v = 0; i % 3 == 2 && v < VIEW_COUNT; v++) {
            memcpy(mail.word[v] + PER_VIEW, common[v], sizeof common[v]);
            mail.f.view[v].n += FACTS_MAX;
        }
        toy_add(&t, &mail.f, mail.spam, i % 3, i, i);
    }
    toy_close(&t, &c);
    train(&c);
    corpus_close(&c);
    assert_int_equal(model_open(path, &m, fault), ERR_OK);
    double moved = 0;
    unsigned spams = 0;
    for (unsigned i = 0; i < JUDGED; i++) {
        struct toy mail;
        struct scores before, after;
        make(&mail, 0.3);
        if (!mail.spam) continue;
        model_score(m, &mail.f, &before);
        for (unsigned v = 0; v < VIEW_COUNT; v++) {
            memcpy(mail.word[v] + PER_VIEW, common[v], sizeof common[v]);
            mail.f.view[v].n += FACTS_MAX;
        }
        model_score(m, &mail.f, &after);
        moved += before.net - after.net;
        spams++;
    }
    print_message("the source's own words move spam by %.2f\n", moved / spams);
    assert_true(moved / spams < ONE_LABEL_MOVES);
    model_close(m);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(the_chain_is_that_of_the_reference),
                                              cmocka_unit_test(verdicts_hold_without_authentication),
                                              cmocka_unit_test(only_authentication_is_taken_out),
                                              cmocka_unit_test(the_same_mails_give_the_same_bits),
                                              cmocka_unit_test(another_feature_version_is_refused),
                                              cmocka_unit_test(a_source_of_one_label_teaches_little),
                                              cmocka_unit_test(odd_corpora)};
    snprintf(path, sizeof path, "/tmp/furui-test-fit.%d", (int)getpid());
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(path);
    return failed;
}

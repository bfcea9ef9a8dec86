/* SPDX-License-Identifier: Apache-2.0 */
/* fit: folds, learners, fusion and calibration, in the order in which they need each other; see fit.h. */
#include "models/train/fit.h"

#include "models/train/age.h"
#include "models/train/bundle_write.h"
#include "models/train/fit_steps.h"
#include "proto/base/threads.h"
#include "worker/score/calib.h"

#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    HASH_FOLDS = 4,
    LEAST_OF_CLASS = 2, /* mails: one to learn from, one to judge */
};
static const double ONE_LABEL = 2; /* log-odds of the label of a source that has no other */

void fit_plan_init(struct fit_plan *p)
{
    *p = (struct fit_plan){.table_bits = 20, .epochs = 1};
}

static enum err open_fit(struct fit *t, const struct corpus *c, const struct fit_plan *plan)
{
    size_t n = c->n;
    *t = (struct fit){.c = c, .plan = plan};
    pthread_mutex_init(&t->lock, NULL);
    t->fold = calloc(n, sizeof *t->fold);
    t->weight = calloc(n, sizeof *t->weight);
    t->order = calloc(n, sizeof *t->order);
    t->x = calloc(n * PART_INPUTS, sizeof *t->x);
    t->held = calloc(n, sizeof *t->held);
    t->age = calloc(n, sizeof *t->age);
    t->given = calloc(c->sources, sizeof *t->given);
    return t->fold && t->weight && t->order && t->x && t->held && t->age && t->given ? ERR_OK : ERR_MEMORY;
}

static void close_fit(struct fit *t)
{
    free(t->fold);
    free(t->weight);
    free(t->order);
    free(t->x);
    free(t->held);
    free(t->age);
    free(t->given);
    vocabulary_close(&t->words);
    pthread_mutex_destroy(&t->lock);
}

/* Do the mails outside fold `f` (or, with f = folds, all mails) hold both classes? */
static bool both_classes(const struct fit *t, unsigned f)
{
    bool seen[2] = {false, false};
    for (size_t i = 0; i < t->c->n; i++)
        if (t->fold[i] != f) seen[t->c->mail[i]->spam] = true;
    return seen[0] && seen[1];
}

/* Does a source outside fold `f` hold both classes? Models of one-label sources alone tell sources apart, not spam, and
 * what they say of another source calibrates nothing. `seen` is room for each source's two classes. */
static bool sound_without(const struct fit *t, unsigned f, bool (*seen)[2])
{
    memset(seen, 0, t->c->sources * sizeof *seen);
    for (size_t i = 0; i < t->c->n; i++)
        if (t->fold[i] != f) seen[t->c->source[i]][t->c->mail[i]->spam] = true;
    for (size_t s = 0; s < t->c->sources; s++)
        if (seen[s][0] && seen[s][1]) return true;
    return false;
}

/* Which folds calibrate: the sound ones, if both classes are among them, else all. */
static enum err choose_judges(struct fit *t)
{
    bool seen[2] = {false, false}, (*of_source)[2] = malloc(t->c->sources * sizeof *of_source);
    if (!of_source) return ERR_MEMORY;
    for (unsigned f = 0; f < t->folds; f++) t->judges[f] = !t->by_source || sound_without(t, f, of_source);
    free(of_source);
    for (size_t i = 0; i < t->c->n; i++)
        if (t->judges[t->fold[i]]) seen[t->c->mail[i]->spam] = true;
    if (!seen[0] || !seen[1])
        for (unsigned f = 0; f < t->folds; f++) t->judges[f] = true;
    return ERR_OK;
}

/* Do models of the other folds know both classes, whichever fold is left out? */
static bool folds_hold(const struct fit *t)
{
    for (unsigned f = 0; f < t->folds; f++)
        if (!both_classes(t, f)) return false;
    return true;
}

/* That all mail of a source has one label says nothing of what is in it. It is learnt as if its label had been likely
 * before: it moves what speaks against the label, and other weights little. */
static enum err choose_given(struct fit *t)
{
    const struct corpus *c = t->c;
    bool(*seen)[2] = calloc(c->sources, sizeof *seen);
    if (!seen) return ERR_MEMORY;
    for (size_t i = 0; i < c->n; i++) seen[c->source[i]][c->mail[i]->spam] = true;
    for (size_t k = 0; t->by_source && k < c->sources; k++) t->given[k] = ONE_LABEL * (seen[k][1] - seen[k][0]);
    free(seen);
    return ERR_OK;
}

/* Sources, where there are three or more: eight at most, or groups of them. Else bodies by hash, so that duplicates
 * stay together; where that leaves a class without a mail (its texts are the same, or few), mails in turn. */
static void choose_folds(struct fit *t)
{
    const struct corpus *c = t->c;
    t->folds = c->sources < FOLDS_MAX ? (unsigned)c->sources : FOLDS_MAX;
    for (size_t i = 0; i < c->n; i++) t->fold[i] = (uint8_t)(c->source[i] % FOLDS_MAX);
    t->by_source = c->sources >= 3 && folds_hold(t);
    if (t->by_source) return;
    t->folds = HASH_FOLDS;
    for (size_t i = 0; i < c->n; i++) t->fold[i] = (uint8_t)((c->mail[i]->body >> 32) % HASH_FOLDS);
    if (folds_hold(t)) return;
    size_t turn[2] = {0, 0};
    for (size_t i = 0; i < c->n; i++) t->fold[i] = (uint8_t)(turn[c->mail[i]->spam]++ % HASH_FOLDS);
}

/* Each source's ham and spam count alike in the net and in calibration, however many mails they are. */
static enum err choose_weights(struct fit *t)
{
    const struct corpus *c = t->c;
    double *sum = calloc(2 * c->sources, sizeof *sum), kinds = 0;
    if (!sum) return ERR_MEMORY;
    for (size_t i = 0; i < c->n; i++) {
        double *kind = &sum[2 * c->source[i] + c->mail[i]->spam];
        kinds += *kind == 0;
        *kind += (double)t->age[i];
    }
    for (size_t i = 0; i < c->n; i++) {
        double kind = sum[2 * c->source[i] + c->mail[i]->spam];
        t->weight[i] = (float)((double)t->age[i] * (double)c->n / kinds / kind);
        if (c->sources == 1) t->weight[i] = t->age[i];
    }
    free(sum);
    return ERR_OK;
}

/* A fixed shuffle: one pass over a sorted corpus would end with a model of its last source. */
static void choose_order(struct fit *t)
{
    uint64_t random = 1;
    for (size_t i = 0; i < t->c->n; i++) t->order[i] = (uint32_t)i;
    for (size_t i = t->c->n; i > 1; i--) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        size_t j = (size_t)((random >> 33) % i);
        uint32_t swap = t->order[i - 1];
        t->order[i - 1] = t->order[j];
        t->order[j] = swap;
    }
}

/* Whose Authentication-Results the mails were read with: verdicts should be too. */
static void put_trust(struct manifest *m, const struct trust *t)
{
    char key[40];
    for (size_t i = 0; i < t->hosts; i++) {
        snprintf(key, sizeof key, "trusted-authserv.%zu", i + 1);
        manifest_put(m, key, "%.*s", SPAN_ARG(t->host[i]));
    }
    if (t->hosts) manifest_put(m, "own-received", "%u", t->own_received);
}

static enum err write_bundle(struct fit *t, const char *path, span table, span net, span calib, struct fit_report *r,
                             char *fault_out)
{
    struct manifest m = {0};
    const struct corpus *c = t->c;
    manifest_put(&m, "made-by", "furui " FURUI_VERSION " train");
    manifest_put(&m, "mails.ham", "%zu", c->count[0]);
    manifest_put(&m, "mails.spam", "%zu", c->count[1]);
    manifest_put(&m, "sources", "%zu", c->sources);
    manifest_put(&m, "corpus", "%016llx", (unsigned long long)c->hash);
    put_trust(&m, &t->plan->trust);
    if (t->plan->half_life_days) manifest_put(&m, "half-life-days", "%u", t->plan->half_life_days);
    manifest_put(&m, "folds", "%u by %s", t->folds, r->by_source ? "source" : "body");
    manifest_put(&m, "held.1-roca-pct", "%.4f", r->held_roca_pct);
    manifest_put(&m, "held.log-loss", "%.5f", r->held_log_loss);
    struct bundle_part parts[] = {{"table", table}, {"net", net}, {"calib", calib}};
    enum err e = bundle_write(path, FEATURE_VERSION, &m, parts, 3, r->id, fault_out);
    manifest_close(&m);
    return e;
}

void fit_tell(struct fit *t, size_t mails)
{
    pthread_mutex_lock(&t->lock);
    t->told += mails;
    progress_at(&t->bar, t->told);
    pthread_mutex_unlock(&t->lock);
}

/* The jobs of a phase: the last fold is none, it stands for all mails, and comes first since it takes longest. */
struct phase {
    struct fit *t;
    bool net;
    bool folds_only;           /* nothing of all mails is asked for */
    span section;              /* of all mails */
    enum err e[FOLDS_MAX + 1]; /* of each fold */
    const char *why[FOLDS_MAX + 1];
};

static void run_job(void *arg, size_t job)
{
    struct phase *p = arg;
    unsigned f = job ? (unsigned)job - 1 : p->t->folds;
    bool all = f == p->t->folds;
    if (all ? p->folds_only : !p->t->judges[f]) return;
    if (p->net)
        p->e[f] = all ? fit_net(p->t, f, &p->section, &p->why[f]) : fit_judge_net(p->t, f, &p->why[f]);
    else
        p->e[f] = all ? fit_table(p->t, f, &p->section) : fit_judge(p->t, f);
}

/* Run a phase on all cores; the first fold's error counts. section_out may be NULL: folds alone. */
static enum err run_phase(struct fit *t, bool net, span *section_out, const char **why_out)
{
    struct phase p = {.t = t, .net = net, .folds_only = !section_out};
    size_t models = section_out != NULL;
    for (unsigned f = 0; f < t->folds; f++) models += t->judges[f];
    t->told = 0;
    progress_start(&t->bar, net ? "weighing" : "training", net ? 0 : models * fit_passes(t) * t->c->n);
    threads_run(t->folds + 1, run_job, &p);
    progress_end(&t->bar);
    if (section_out) *section_out = p.section;
    for (unsigned f = 0; f <= t->folds; f++)
        if (p.e[f]) {
            *why_out = p.why[f];
            return p.e[f];
        }
    return ERR_OK;
}

/* Fills t->words, facts and numbers. A temporary file lies in `folder` (NULL: /tmp). */
static enum err open_words(struct fit *t, const char *folder, char *fault_out)
{
    enum err e = vocabulary_open(&t->words, t->c, VOCABULARY_LIMITS, folder, fault_out);
    if (!e && (e = dropout_open(&t->facts))) snprintf(fault_out, FIT_FAULT_BYTES, "%s", err_str(e));
    if (!e) dropout_number(&t->facts, t->words.word, t->words.n, &t->numbers);
    return e;
}

static bool has_both(const struct corpus *c, char *fault_out)
{
    if (c->count[0] >= LEAST_OF_CLASS && c->count[1] >= LEAST_OF_CLASS) return true;
    bool none = !c->count[0] || !c->count[1];
    snprintf(fault_out, FIT_FAULT_BYTES, "%zu ham and %zu spam: %s needed", c->count[0], c->count[1],
             none ? "both are" : "two of each are");
    return false;
}

enum err fit_bundle(const struct corpus *c, const struct fit_plan *plan, const char *path,
                    struct fit_report *report_out, char *fault_out)
{
    struct fit t;
    struct fit_report r = {0};
    span table = SPAN_NONE, net = SPAN_NONE, calib = SPAN_NONE;
    const char *why = NULL;
    if (!has_both(c, fault_out)) return ERR_MODEL;
    enum err e = open_fit(&t, c, plan);
    if (!e) {
        choose_folds(&t);
        choose_order(&t);
        e = choose_judges(&t);
    }
    if (!e) e = choose_given(&t);
    if (!e) e = age_weights(c, t.plan->half_life_days, t.age);
    if (!e) e = choose_weights(&t);
    char *copy = strdup(path);
    if (!e && (e = open_words(&t, copy ? dirname(copy) : NULL, fault_out))) why = fault_out;
    free(copy);
    if (!e) e = run_phase(&t, false, &table, &why);
    if (!e) e = run_phase(&t, true, &net, &why);
    r.folds = t.folds;
    r.by_source = t.by_source;
    if (!e) e = fit_calibration(&t, &calib, &r);
    if (!e)
        e = write_bundle(&t, path, table, net, calib, &r, fault_out);
    else if (why != fault_out)
        snprintf(fault_out, FIT_FAULT_BYTES, "%s", why ? why : err_str(e));
    if (!e && report_out) *report_out = r;
    free((void *)table.p);
    free((void *)net.p);
    free((void *)calib.p);
    close_fit(&t);
    return e;
}

/* Calibrated log-odds of all mails. */
static enum err calibrate_held(struct fit *t, struct fit_report *r, double *score_out)
{
    span section = SPAN_NONE;
    struct calib line;
    const char *why;
    enum err e = fit_calibration(t, &section, r);
    if (!e) e = calib_load(section, &line, &why);
    for (size_t i = 0; !e && i < t->c->n; i++) score_out[i] = calib_at(&line, t->held[i]);
    free((void *)section.p);
    return e;
}

enum err fit_held(const struct corpus *c, const struct fit_plan *plan, const uint8_t *fold, unsigned folds,
                  double *score_out, struct fit_report *report_out, char *fault_out)
{
    struct fit t;
    struct fit_report r = {.folds = folds};
    const char *why = NULL;
    if (!has_both(c, fault_out)) return ERR_MODEL;
    enum err e = open_fit(&t, c, plan);
    if (!e) {
        t.folds = folds;
        memcpy(t.fold, fold, c->n);
        for (unsigned f = 0; f < folds; f++) t.judges[f] = true;
        if (!folds_hold(&t)) {
            why = "of each label there must be mails of two different texts, to be judged by models of the others";
            e = ERR_MODEL;
        }
    }
    if (!e) {
        choose_order(&t);
        e = age_weights(c, t.plan->half_life_days, t.age);
    }
    if (!e) e = choose_weights(&t);
    if (!e && (e = open_words(&t, NULL, fault_out))) why = fault_out;
    if (!e) e = run_phase(&t, false, NULL, &why);
    if (!e) e = run_phase(&t, true, NULL, &why);
    if (!e) e = calibrate_held(&t, &r, score_out);
    if (e && why != fault_out) snprintf(fault_out, FIT_FAULT_BYTES, "%s", why ? why : err_str(e));
    if (!e && report_out) *report_out = r;
    close_fit(&t);
    return e;
}

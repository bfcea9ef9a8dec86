/* SPDX-License-Identifier: Apache-2.0 */
/* fit: folds, learners, fusion and calibration, in the order in which they need each other; see fit.h. */
#include "models/fit.h"

#include "models/bundle_write.h"
#include "models/calibrate.h"
#include "models/learner.h"
#include "models/metrics.h"
#include "models/net_fann.h"
#include "proto/cli/cli.h"
#include "worker/score/calib.h"
#include "worker/score/table.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    HASH_FOLDS = 4,
    FOLDS_MAX = 8,
    CELL_BITS = 25,
    HIDDEN = 6,      /* neurons of the net */
    HELD_PARTS = 10, /* one of so many bodies is kept from the net's training, to stop it in time */
};
/* The views whose models hold for mail from elsewhere. */
static const enum feature_view portable[] = {VIEW_HEAD_GRAM, VIEW_TEXT_GRAM, VIEW_BODY_GRAM, VIEW_SHAPE};
enum { PORTABLE = sizeof portable / sizeof *portable };
static const double LEAST_MAILS = 2; /* a feature of fewer is left out of the frozen table */

/* Everything that is known about the corpus while a bundle is made. */
struct fit {
    const struct corpus *c;
    const struct fit_plan *plan;
    unsigned folds;
    bool by_source;                 /* each fold is a source */
    bool judges[FOLDS_MAX];         /* folds whose mails are judged and calibrate */
    uint8_t *fold;                  /* [n] */
    float *weight;                  /* [n] */
    uint32_t *order;                /* [n], the order in which the models learn */
    float *x;                       /* [n][PART_INPUTS]: what models that had not seen a mail say of it */
    double *held;                   /* [n]: what a net that had not seen its fold makes of that */
    const struct features **chosen; /* [n] */
    struct progress bar;
};

void fit_plan_init(struct fit_plan *p)
{
    *p = (struct fit_plan){.table_bits = 20, .epochs = 1};
}

static enum err open_fit(struct fit *t, const struct corpus *c, const struct fit_plan *plan)
{
    size_t n = c->n;
    *t = (struct fit){.c = c, .plan = plan};
    t->fold = calloc(n, sizeof *t->fold);
    t->weight = calloc(n, sizeof *t->weight);
    t->order = calloc(n, sizeof *t->order);
    t->x = calloc(n * PART_INPUTS, sizeof *t->x);
    t->held = calloc(n, sizeof *t->held);
    t->chosen = calloc(n, sizeof *t->chosen);
    return t->fold && t->weight && t->order && t->x && t->held && t->chosen ? ERR_OK : ERR_MEMORY;
}

static void close_fit(struct fit *t)
{
    free(t->fold);
    free(t->weight);
    free(t->order);
    free(t->x);
    free(t->held);
    free(t->chosen);
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
 * what they say of another source calibrates nothing. */
static bool sound_without(const struct fit *t, unsigned f)
{
    bool seen[FOLDS_MAX][2] = {{false, false}};
    for (size_t i = 0; i < t->c->n; i++) seen[t->fold[i]][t->c->mail[i]->spam] = true;
    for (unsigned k = 0; k < t->folds; k++)
        if (k != f && seen[k][0] && seen[k][1]) return true;
    return false;
}

/* Which folds calibrate: the sound ones, if both classes are among them, else all. */
static void choose_judges(struct fit *t)
{
    bool seen[2] = {false, false};
    for (unsigned f = 0; f < t->folds; f++) t->judges[f] = !t->by_source || sound_without(t, f);
    for (size_t i = 0; i < t->c->n; i++)
        if (t->judges[t->fold[i]]) seen[t->c->mail[i]->spam] = true;
    if (!seen[0] || !seen[1])
        for (unsigned f = 0; f < t->folds; f++) t->judges[f] = true;
}

static void choose_folds(struct fit *t)
{
    const struct corpus *c = t->c;
    bool by_source = c->sources >= 3 && c->sources <= FOLDS_MAX;
    if (by_source) {
        t->folds = (unsigned)c->sources;
        for (size_t i = 0; i < c->n; i++) t->fold[i] = (uint8_t)c->mail[i]->source;
        for (unsigned f = 0; f < t->folds; f++) by_source = by_source && both_classes(t, f);
    }
    t->by_source = by_source;
    if (by_source) return;
    t->folds = HASH_FOLDS;
    for (size_t i = 0; i < c->n; i++) t->fold[i] = (uint8_t)((c->mail[i]->body >> 32) % HASH_FOLDS);
}

/* Each source's ham and spam count alike in the net and in calibration, however many mails they are. */
static void choose_weights(struct fit *t)
{
    const struct corpus *c = t->c;
    size_t *count = calloc(2 * c->sources, sizeof *count);
    if (!count) {
        for (size_t i = 0; i < c->n; i++) t->weight[i] = 1;
        return;
    }
    size_t kinds = 0;
    for (size_t i = 0; i < c->n; i++) kinds += count[2 * c->mail[i]->source + c->mail[i]->spam]++ == 0;
    for (size_t i = 0; i < c->n; i++)
        t->weight[i] = (float)((double)c->n / (double)kinds / (double)count[2 * c->mail[i]->source + c->mail[i]->spam]);
    if (c->sources == 1)
        for (size_t i = 0; i < c->n; i++) t->weight[i] = 1;
    free(count);
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

/* Train on all mails outside fold `f` and freeze. */
static enum err train_without(struct fit *t, unsigned f, span *table_out)
{
    struct learner l;
    enum err e = learner_open(&l, CELL_BITS);
    if (e) return e;
    const struct corpus *c = t->c;
    progress_start(&t->bar, f < t->folds ? "training without a fold" : "training on all", c->n * t->plan->epochs);
    for (unsigned epoch = 0; epoch < t->plan->epochs; epoch++)
        for (size_t k = 0; k < c->n; k++) {
            const struct corpus_mail *m = c->mail[t->order[k]];
            progress_at(&t->bar, epoch * c->n + k);
            if (t->fold[t->order[k]] == f) continue;
            struct parts p;
            learner_score_linear(&l, &m->f, &p);
            if (epoch == 0)
                learner_learn(&l, &m->f, &p, m->spam, 1);
            else
                learner_repeat(&l, &m->f, m->spam, 1);
        }
    progress_end(&t->bar);
    for (size_t k = 0; k < c->n; k++) t->chosen[k] = t->fold[k] == f ? NULL : &c->mail[k]->f;
    unsigned views = t->by_source ? 0 : (1u << VIEW_COUNT) - 1;
    if (t->by_source) /* the table's room is for what is weighed */
        for (unsigned i = 0; i < PORTABLE; i++) views |= 1u << portable[i];
    e = learner_freeze(&l, t->chosen, c->n, views, t->plan->table_bits, LEAST_MAILS, table_out);
    learner_close(&l);
    return e;
}

/* Let models that have not seen fold `f` judge it. */
static enum err judge_fold(struct fit *t, unsigned f)
{
    span section;
    const char *why;
    struct table table;
    enum err e = train_without(t, f, &section);
    if (e) return e;
    e = table_load(section, &table, &why);
    for (size_t i = 0; !e && i < t->c->n; i++) {
        if (t->fold[i] != f) continue;
        struct parts p;
        table_score(&table, &t->c->mail[i]->f, &p);
        part_inputs(&p, &t->c->mail[i]->f, t->x + i * PART_INPUTS);
    }
    free((void *)section.p);
    return e;
}

/* Between sources only the opinions that travel are weighed, alike, by a net of one linear neuron. A trained one was
 * tried: from three or four sources, two of one label, it learns what the sources are like and judges the next at
 * random. */
static enum err mean_net(span *section_out)
{
    enum { WORDS = NET_HEAD_WORDS + NET_LAYER_WORDS + 3 * PART_INPUTS + 1 };
    uint32_t head[NET_HEAD_WORDS + NET_LAYER_WORDS] = {NET_MAGIC, NET_VERSION, PART_INPUTS, 1};
    float rest[3 * PART_INPUTS + 1] = {0}, one = 1; /* center, scale, weights and bias */
    uint32_t *layer = head + NET_HEAD_WORDS;
    layer[0] = 1;
    layer[2] = PART_INPUTS;
    layer[3] = NET_LINEAR;
    memcpy(layer + 4, &one, sizeof one);
    for (unsigned i = 0; i < PART_INPUTS; i++) rest[PART_INPUTS + i] = 1;
    for (unsigned i = 0; i < PORTABLE; i++) rest[2 * PART_INPUTS + PART_VIEW + portable[i]] = 1.0f / PORTABLE;
    uint8_t *p = malloc(WORDS * sizeof(uint32_t));
    if (!p) return ERR_MEMORY;
    memcpy(p, head, sizeof head);
    memcpy(p + sizeof head, rest, sizeof rest);
    *section_out = span_of(p, sizeof head + sizeof rest);
    return ERR_OK;
}

/* Train the net on rows outside fold `f`. */
static enum err train_net(struct fit *t, unsigned f, span *section_out, const char **why_out)
{
    if (t->by_source) return mean_net(section_out);
    size_t n = t->c->n, rows[2] = {0, 0};
    struct net_data d[2]; /* train, held */
    float *x = malloc(n * PART_INPUTS * sizeof *x), *w = malloc(n * sizeof *w);
    uint8_t *y = malloc(n);
    enum err e = x && w && y ? ERR_OK : ERR_MEMORY;
    size_t at = 0;
    for (unsigned held = 0; !e && held < 2; held++) {
        d[held] = (struct net_data){.x = x + at * PART_INPUTS, .spam = y + at, .weight = w + at};
        for (size_t i = 0; i < n; i++) {
            if (t->fold[i] == f || (t->c->mail[i]->body % HELD_PARTS == 0) != (held == 1)) continue;
            memcpy(x + at * PART_INPUTS, t->x + i * PART_INPUTS, PART_INPUTS * sizeof *x);
            w[at] = t->weight[i];
            y[at++] = t->c->mail[i]->spam;
            rows[held]++;
        }
        d[held].rows = rows[held];
    }
    struct net_plan plan = {
        .inputs = PART_INPUTS, .seed = 1, .hidden = {HIDDEN}, .epochs_max = 200, .patience = 20, .decay = 1e-4f};
    if (!e)
        e = net_fann_train(&plan, &d[0], &d[1], section_out, NULL, why_out);
    else
        *why_out = err_str(e);
    free(x);
    free(w);
    free(y);
    return e;
}

static enum err judge_net(struct fit *t, unsigned f, const char **why_out)
{
    span section;
    struct net net;
    enum err e = train_net(t, f, &section, why_out);
    if (e) return e;
    e = net_load(section, &net, why_out);
    for (size_t i = 0; !e && i < t->c->n; i++)
        if (t->fold[i] == f) t->held[i] = net_eval(&net, t->x + i * PART_INPUTS);
    free((void *)section.p);
    return e;
}

static enum err fit_calibration(struct fit *t, span *section_out, struct fit_report *r)
{
    size_t n = t->c->n, kept = 0;
    struct calibrate_row *rows = malloc(n * sizeof *rows);
    struct scored *s = malloc(n * sizeof *s);
    enum err e = rows && s ? ERR_OK : ERR_MEMORY;
    for (size_t i = 0; !e && i < n; i++)
        if (t->judges[t->fold[i]]) rows[kept++] = (struct calibrate_row){t->held[i], t->weight[i], t->c->mail[i]->spam};
    if (!e) e = calibrate_fit(rows, kept, section_out);
    if (!e) {
        struct calib line;
        const char *why;
        struct metrics m;
        e = calib_load(*section_out, &line, &why);
        for (size_t i = 0; !e && i < kept; i++) s[i] = (struct scored){calib_at(&line, rows[i].score), rows[i].spam};
        metrics_compute(s, kept, 0, &m);
        r->held_roca_pct = m.roca_pct;
        r->held_log_loss = m.log_loss;
    }
    free(rows);
    free(s);
    return e;
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
    manifest_put(&m, "folds", "%u by %s", t->folds, r->by_source ? "source" : "body");
    manifest_put(&m, "held.1-roca-pct", "%.4f", r->held_roca_pct);
    manifest_put(&m, "held.log-loss", "%.5f", r->held_log_loss);
    struct bundle_part parts[] = {{"table", table}, {"net", net}, {"calib", calib}};
    enum err e = bundle_write(path, FEATURE_VERSION, &m, parts, 3, r->id, fault_out);
    manifest_close(&m);
    return e;
}

enum err fit_bundle(const struct corpus *c, const struct fit_plan *plan, const char *path,
                    struct fit_report *report_out, char *fault_out)
{
    struct fit t;
    struct fit_report r = {0};
    span table = SPAN_NONE, net = SPAN_NONE, calib = SPAN_NONE;
    const char *why = NULL;
    if (!c->count[0] || !c->count[1]) {
        snprintf(fault_out, FIT_FAULT_BYTES, "%zu ham and %zu spam: both are needed", c->count[0], c->count[1]);
        return ERR_MODEL;
    }
    enum err e = open_fit(&t, c, plan);
    if (!e) {
        choose_folds(&t);
        choose_judges(&t);
        choose_weights(&t);
        choose_order(&t);
    }
    for (unsigned f = 0; !e && f < t.folds; f++)
        if (t.judges[f]) e = judge_fold(&t, f);
    for (unsigned f = 0; !e && f < t.folds; f++)
        if (t.judges[f]) e = judge_net(&t, f, &why);
    r.folds = t.folds;
    r.by_source = t.by_source;
    if (!e) e = fit_calibration(&t, &calib, &r);
    if (!e) e = train_net(&t, t.folds, &net, &why);
    if (!e) e = train_without(&t, t.folds, &table);
    if (e)
        snprintf(fault_out, FIT_FAULT_BYTES, "%s", why ? why : err_str(e));
    else
        e = write_bundle(&t, path, table, net, calib, &r, fault_out);
    if (!e && report_out) *report_out = r;
    free((void *)table.p);
    free((void *)net.p);
    free((void *)calib.p);
    close_fit(&t);
    return e;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* fit_fuse: what the models say of mail they had not seen, weighed by a net and calibrated; see fit_steps.h. */
#include "models/train/fit_steps.h"

#include "models/figures/metrics.h"
#include "models/train/calibrate.h"
#include "models/train/net_fann.h"
#include "worker/score/calib.h"

#include <stdlib.h>

enum {
    HIDDEN = 6,      /* neurons of the net */
    HELD_PARTS = 10, /* one of so many bodies is kept from the net's training, to stop it in time */
};

/* A part that hardly varies within a corpus has an offset of its own in each fold's models; taken for evidence it put
 * one fold of 300 mails 6 log-odds beside the others. */
static const float LEAST_DEVIATION = 0.5f;

/* Between sources only the opinions that travel are weighed, by a net of one linear neuron that does not learn. A trained one was
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
    for (unsigned i = 0; i < PORTABLE; i++) rest[2 * PART_INPUTS + PART_VIEW + portable[i].view] = portable[i].weight;
    uint8_t *p = malloc(WORDS * sizeof(uint32_t));
    if (!p) return ERR_MEMORY;
    memcpy(p, head, sizeof head);
    memcpy(p + sizeof head, rest, sizeof rest);
    *section_out = span_of(p, sizeof head + sizeof rest);
    return ERR_OK;
}

static bool is_held(const struct fit *t, size_t i)
{
    return t->c->mail[i]->body % HELD_PARTS == 0;
}

/* Is there a mail of each class for the net to learn from when those that stop it are held back? */
static bool can_hold(const struct fit *t, unsigned f)
{
    bool seen[2] = {false, false};
    for (size_t i = 0; i < t->c->n; i++)
        if (t->fold[i] != f && !is_held(t, i)) seen[t->c->mail[i]->spam] = true;
    return seen[0] && seen[1];
}

enum err fit_net(struct fit *t, unsigned f, span *section_out, const char **why_out)
{
    if (t->by_source) return mean_net(section_out);
    size_t n = t->c->n, rows[2] = {0, 0};
    struct net_data d[2]; /* train, held */
    float *x = malloc(n * PART_INPUTS * sizeof *x), *w = malloc(n * sizeof *w);
    uint8_t *y = malloc(n);
    enum err e = x && w && y ? ERR_OK : ERR_MEMORY;
    size_t at = 0;
    bool hold = can_hold(t, f);
    for (unsigned held = 0; !e && held < 2; held++) {
        d[held] = (struct net_data){.x = x + at * PART_INPUTS, .spam = y + at, .weight = w + at};
        for (size_t i = 0; i < n; i++) {
            if (t->fold[i] == f || (hold && is_held(t, i)) != (held == 1)) continue;
            memcpy(x + at * PART_INPUTS, t->x + i * PART_INPUTS, PART_INPUTS * sizeof *x);
            w[at] = t->weight[i];
            y[at++] = t->c->mail[i]->spam;
            rows[held]++;
        }
        d[held].rows = rows[held];
    }
    float least[PART_INPUTS] = {0};
    for (unsigned i = 0; i < PART_COUNT; i++) least[i] = LEAST_DEVIATION;
    struct net_plan plan = {.inputs = PART_INPUTS,
                            .seed = 1,
                            .hidden = {HIDDEN},
                            .epochs_max = 200,
                            .patience = 20,
                            .decay = 1e-4f,
                            .least = least};
    if (!e)
        e = net_fann_train(&plan, &d[0], &d[1], section_out, NULL, why_out);
    else
        *why_out = err_str(e);
    free(x);
    free(w);
    free(y);
    return e;
}

enum err fit_judge_net(struct fit *t, unsigned f, const char **why_out)
{
    span section;
    struct net net;
    enum err e = fit_net(t, f, &section, why_out);
    if (e) return e;
    e = net_load(section, &net, why_out);
    for (size_t i = 0; !e && i < t->c->n; i++)
        if (t->fold[i] == f) t->held[i] = net_eval(&net, t->x + i * PART_INPUTS);
    free((void *)section.p);
    return e;
}

enum err fit_calibration(struct fit *t, span *section_out, struct fit_report *r)
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

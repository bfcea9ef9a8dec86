/* SPDX-License-Identifier: Apache-2.0 */
/* weigh: slopes of the score by part, then each feature's share of its parts; see weigh.h. */
#include "worker/score/weigh.h"

#include "worker/score/loaded.h"
#include "worker/score/part.h"

#include <math.h>
#include <stdlib.h>

enum { STEPS = 16 };

static const char *const VIEWS[VIEW_COUNT] = {"head-gram", "text-gram", "body-gram", "head", "text", "link", "shape"};

const char *view_word(enum feature_view view)
{
    return view < VIEW_COUNT ? VIEWS[view] : "?";
}

static double net_at(const struct model *m, const struct parts *p, const struct features *f)
{
    float x[PART_INPUTS];
    struct parts squashed = *p;
    part_squash_all(&squashed);
    part_inputs(&squashed, f, x);
    return net_eval(&m->net, x);
}

/* One step along the line, at `middle` of it, over which the net's output goes from `from` to `to`: what a unit of each
 * part brings to the calibrated score. The net's slopes there, a little bent so that what they say of the step is what
 * the step does; then the slope of the calibration. */
static void step(const struct model *m, const struct parts *p, const struct features *f, double middle, double from,
                 double to, double slope[PART_COUNT])
{
    const double delta = 1e-2;
    double said = 0, size = 0, step_of[PART_COUNT];
    struct parts at;
    for (unsigned k = 0; k < PART_COUNT; k++) at.v[k] = middle * p->v[k];
    for (unsigned k = 0; k < PART_COUNT; k++) {
        double keep = at.v[k];
        at.v[k] = keep + delta;
        double up = net_at(m, &at, f);
        at.v[k] = keep - delta;
        slope[k] = (up - net_at(m, &at, f)) / (2 * delta);
        at.v[k] = keep;
        step_of[k] = slope[k] * p->v[k] / STEPS;
        said += step_of[k];
        size += fabs(step_of[k]);
    }
    double bend = size > 0 ? (to - from - said) / size : 0;
    double low = from == to ? from - delta : from, high = from == to ? to + delta : to;
    double steep = (calib_at(&m->calib, high) - calib_at(&m->calib, low)) / (high - low);
    for (unsigned k = 0; k < PART_COUNT; k++)
        slope[k] *= steep * (1 + (step_of[k] > 0 ? bend : step_of[k] < 0 ? -bend : 0));
}

/* Per unit of each part, what it brings to the score, found along the line from 0 to the parts as they are. Steps are
 * told exactly, so that shares add up however steep the calibration is. Returns the score at 0. */
static double slopes(const struct model *m, const struct parts *p, const struct features *f,
                     double slope_out[PART_COUNT])
{
    struct parts at = {0};
    double base = net_at(m, &at, f), from = base;
    for (unsigned k = 0; k < PART_COUNT; k++) slope_out[k] = 0;
    for (unsigned s = 0; s < STEPS; s++) {
        double one[PART_COUNT];
        for (unsigned k = 0; k < PART_COUNT; k++) at.v[k] = (s + 1.0) / STEPS * p->v[k];
        double to = net_at(m, &at, f);
        step(m, p, f, (s + 0.5) / STEPS, from, to, one);
        for (unsigned k = 0; k < PART_COUNT; k++) slope_out[k] += one[k] / STEPS;
        from = to;
    }
    return calib_at(&m->calib, base);
}

/* Sum of the votes' magnitudes in a view: what part_bayes divides by. */
static double vote_magnitude(const struct table *t, const struct feature_list *list, double step)
{
    long sum = 0;
    for (size_t i = 0; i < list->n; i++) {
        const struct table_slot *s = table_find(t, list->v[i]);
        if (s) sum += abs(s->vote);
    }
    return (double)sum * step;
}

/* What one step of a slot's weights brings to the score, for the features of one view. */
struct view_weights {
    const struct table *t;
    double joint, own, vote;
};

static double contribution(const void *ctx, uint32_t hash)
{
    const struct view_weights *w = ctx;
    const struct table_slot *s = table_find(w->t, hash);
    return s ? s->joint * w->joint + s->view * w->own + s->vote * w->vote : 0;
}

void model_weigh(const struct model *m, const struct mail *mail, struct arena *a, struct weighing *out)
{
    struct features f;
    struct parts p;
    double slope[PART_COUNT];
    *out = (struct weighing){0};
    features_extract_named(mail, a, &f);
    memcpy(out->number, f.number, sizeof f.number);
    model_score(m, &f, &out->scores);
    table_score(&m->table, &f, &p);
    out->base = slopes(m, &p, &f, slope);

    struct share_list list;
    share_open(&list, a, features_count(&f));
    for (unsigned v = 0; v < VIEW_COUNT; v++) {
        const struct table_scale *s = m->table.scale;
        double magnitude = vote_magnitude(&m->table, &f.view[v], s->vote[v]);
        struct view_weights w = {
            .t = &m->table,
            .joint = slope[PART_JOINT] * s->joint[v],
            .own = slope[PART_VIEW + v] * s->view[v],
            .vote = slope[PART_BAYES + v] * part_bayes(s->vote[v], magnitude),
        };
        out->view[v].features = f.view[v].n;
        for (size_t i = 0; f.names[v] && i < f.view[v].n; i++)
            out->view[v].known += table_find(w.t, f.view[v].v[i]) != NULL;
        out->view[v].sum = share_view(&list, &f, (enum feature_view)v, contribution, &w);
        out->sum += out->view[v].sum;
    }
    share_sort(&list, a);
    out->v = list.v;
    out->n = list.n;
    out->cut = list.cut;
}

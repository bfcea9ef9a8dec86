/* SPDX-License-Identifier: Apache-2.0 */
/* explain: a verdict's score shared out to the features it came from.
 *
 * The score is a smooth function of the parts; its integrated gradients (Sundararajan, Taly, Yan, ICML 2017) along the
 * line from "no opinion" give each part a share, and the shares add up to the score. A part is a sum over features, so
 * its share goes to them by what each brought in. 4-grams that touch are shown as the piece of text they came from. */
#include "worker/score/loaded.h"
#include "worker/score/part.h"

#include <math.h>
#include <stdlib.h>

enum { STEPS = 16, SNIPPET_MAX = 60, TEXT_MAX = 160 };

/* Per unit of each part, what it brings to the score; found along the line from 0 to the parts as they are. */
static void slopes(const struct model *m, const struct parts *p, const struct features *f, double slope_out[PART_COUNT])
{
    float x[PART_INPUTS];
    struct parts at;
    for (unsigned k = 0; k < PART_COUNT; k++) slope_out[k] = 0;
    for (unsigned s = 0; s < STEPS; s++) {
        double share = (s + 0.5) / STEPS, delta = 1e-2;
        for (unsigned k = 0; k < PART_COUNT; k++) at.v[k] = share * p->v[k];
        for (unsigned k = 0; k < PART_COUNT; k++) {
            double keep = at.v[k];
            at.v[k] = keep + delta;
            part_inputs(&at, f, x);
            double up = calib_at(&m->calib, net_eval(&m->net, x));
            at.v[k] = keep - delta;
            part_inputs(&at, f, x);
            double down = calib_at(&m->calib, net_eval(&m->net, x));
            at.v[k] = keep;
            slope_out[k] += (up - down) / (2 * delta) / STEPS;
        }
    }
}

/* A growing string in the arena's memory, cut at its limit. */
struct line {
    char text[TEXT_MAX];
    size_t n;
};

static void put_text(struct line *l, const char *s)
{
    while (*s && l->n < TEXT_MAX) l->text[l->n++] = *s++;
}

/* Bytes as valid UTF-8: controls become spaces, what is not UTF-8 becomes '?'; whole characters only. */
static void put_span(struct line *l, span s, size_t most)
{
    size_t end = l->n + most < TEXT_MAX ? l->n + most : TEXT_MAX;
    for (size_t i = 0; i < s.n;) {
        uint8_t c = s.p[i];
        size_t n = c < 0x80 ? 1 : c >= 0xC2 && c < 0xE0 ? 2 : c >= 0xE0 && c < 0xF0 ? 3 : c >= 0xF0 && c < 0xF5 ? 4 : 0;
        bool whole = n && i + n <= s.n;
        for (size_t k = 1; whole && k < n; k++) whole = (s.p[i + k] & 0xC0) == 0x80;
        /* Overlong forms, surrogates, and what is beyond Unicode; U+0080 to U+009F are controls. */
        if (whole && n > 1) {
            uint8_t d = s.p[i + 1];
            whole = !(c == 0xE0 && d < 0xA0) && !(c == 0xED && d >= 0xA0) && !(c == 0xF0 && d < 0x90) &&
                    !(c == 0xF4 && d >= 0x90) && !(c == 0xC2 && d < 0xA0);
        }
        if (!whole) n = 1;
        if (l->n + n > end) return;
        if (!whole)
            l->text[l->n++] = '?';
        else if (n == 1)
            l->text[l->n++] = (char)(c < ' ' || c == 0x7F ? ' ' : c);
        else
            for (size_t k = 0; k < n; k++) l->text[l->n++] = (char)s.p[i + k];
        i += n;
    }
}

static span name_text(struct arena *a, enum feature_view view, const struct feature_name *n)
{
    struct line l = {.n = 0};
    bool fact = view == VIEW_SHAPE;
    put_span(&l, n->field, 32);
    if (n->first.n) {
        put_text(&l, fact ? " " : ": \"");
        put_span(&l, n->first, SNIPPET_MAX);
        if (n->second.n) {
            put_text(&l, fact ? "/" : n->gap ? " … " : " ");
            put_span(&l, n->second, SNIPPET_MAX);
        }
        if (!fact) put_text(&l, "\"");
    }
    return arena_copy(a, span_of(l.text, l.n));
}

/* The list of the strongest, weakest first to go. */
struct best {
    struct model_reason *v;
    size_t n, max;
};

static size_t weakest(const struct best *b)
{
    size_t at = 0;
    for (size_t i = 1; i < b->n; i++)
        if (fabs(b->v[i].weight) < fabs(b->v[at].weight)) at = i;
    return at;
}

static bool worth(const struct best *b, double weight)
{
    if (fabs(weight) < 1e-3 || !b->max) return false;
    return b->n < b->max || fabs(weight) > fabs(b->v[weakest(b)].weight);
}

static void put(struct best *b, span what, double weight)
{
    if (!what.n) return;
    size_t at = b->n < b->max ? b->n++ : weakest(b);
    b->v[at] = (struct model_reason){what, weight};
}

static int by_magnitude(const void *x, const void *y)
{
    const struct model_reason *a = x, *b = y;
    double p = fabs(a->weight), q = fabs(b->weight);
    if (p != q) return p > q ? -1 : 1;
    size_t n = a->what.n < b->what.n ? a->what.n : b->what.n;
    int c = memcmp(a->what.p, b->what.p, n);
    return c ? c : (a->what.n > b->what.n) - (a->what.n < b->what.n);
}

struct view_weights {
    const struct table *t;
    enum feature_view view;
    double joint, own, vote; /* what one step of a slot's weight brings to the score */
};

static double contribution(const struct view_weights *w, uint32_t hash)
{
    const struct table_slot *s = table_find(w->t, hash);
    return s ? s->joint * w->joint + s->view * w->own + s->vote * w->vote : 0;
}

/* Grams of one direction that touch are one piece of text. */
static void explain_grams(const struct view_weights *w, const struct features *f, struct arena *a, struct best *b)
{
    const struct feature_list *list = &f->view[w->view];
    const struct feature_name *name = f->names[w->view];
    for (size_t i = 0; i < list->n;) {
        double sum = contribution(w, list->v[i]);
        const uint8_t *start = name[i].first.p, *end = start + name[i].first.n;
        size_t j = i + 1;
        while (j < list->n && name[j].first.p <= end && name[j].first.p > start && end - start < SNIPPET_MAX) {
            double next = contribution(w, list->v[j]);
            if (next * sum < 0) break;
            sum += next;
            end = name[j].first.p + name[j].first.n;
            j++;
        }
        if (sum != 0 && worth(b, sum)) {
            struct feature_name snippet = {.field = name[i].field, .first = span_of(start, (size_t)(end - start))};
            put(b, name_text(a, w->view, &snippet), sum);
        }
        i = j;
    }
}

static void explain_tokens(const struct view_weights *w, const struct features *f, struct arena *a, struct best *b)
{
    const struct feature_list *list = &f->view[w->view];
    for (size_t i = 0; i < list->n; i++) {
        double c = contribution(w, list->v[i]);
        if (worth(b, c)) put(b, name_text(a, w->view, &f->names[w->view][i]), c);
    }
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

size_t model_explain(const struct model *m, const struct mail *mail, struct arena *a, struct model_reason *out,
                     size_t max)
{
    struct features f;
    struct parts p;
    double slope[PART_COUNT];
    struct best best = {out, 0, max};
    features_extract_named(mail, a, &f);
    table_score(&m->table, &f, &p);
    slopes(m, &p, &f, slope);
    for (unsigned v = 0; v < VIEW_COUNT; v++) {
        if (!f.names[v]) continue;
        const struct table_scale *s = m->table.scale;
        double magnitude = vote_magnitude(&m->table, &f.view[v], s->vote[v]);
        struct view_weights w = {
            .t = &m->table,
            .view = (enum feature_view)v,
            .joint = slope[PART_JOINT] * s->joint[v],
            .own = slope[PART_VIEW + v] * s->view[v],
            .vote = slope[PART_BAYES + v] * part_bayes(s->vote[v], magnitude),
        };
        if (v == VIEW_HEAD_GRAM || v == VIEW_TEXT_GRAM)
            explain_grams(&w, &f, a, &best);
        else
            explain_tokens(&w, &f, a, &best);
    }
    qsort(out, best.n, sizeof *out, by_magnitude);
    return best.n;
}

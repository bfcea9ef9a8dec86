/* SPDX-License-Identifier: Apache-2.0 */
/* share: features one after the other, 4-grams joined where they touch; see share.h. */
#include "worker/score/share.h"

#include "proto/base/utf8.h"

#include <math.h>
#include <stdlib.h>

enum { SNIPPET_MAX = 60 };

void share_open(struct share_list *l, struct arena *a, size_t features)
{
    size_t cap = arena_left(a) / sizeof *l->v;
    *l = (struct share_list){.cap = cap < features ? cap : features};
    l->v = arena_alloc(a, l->cap * sizeof *l->v);
    if (!l->v) l->cap = 0;
}

static bool is_gram(enum feature_view view)
{
    return view == VIEW_HEAD_GRAM || view == VIEW_TEXT_GRAM || view == VIEW_BODY_GRAM;
}

/* All bytes from which a view's 4-grams were made: they lie in one buffer. */
static span gram_text(const struct feature_name *name, size_t n)
{
    const uint8_t *low = name[0].first.p, *high = low;
    for (size_t i = 0; i < n; i++) {
        if (name[i].first.p < low) low = name[i].first.p;
        if (name[i].first.p + name[i].first.n > high) high = name[i].first.p + name[i].first.n;
    }
    return span_of(low, (size_t)(high - low));
}

/* 4-grams cut characters of more than one byte: a piece of a text with the rest of its first and last character. */
static span whole_characters(span piece, span text)
{
    const uint8_t *start = piece.p, *end = piece.p + piece.n, *stop = text.p + text.n, *p = start;
    while (p > text.p && start - p < 3 && (*p & 0xC0) == 0x80) p--;
    if (p + utf8_len(span_of(p, (size_t)(stop - p))) > start) start = p;
    for (p = end - 1; p > start && end - p < 3 && (*p & 0xC0) == 0x80;) p--;
    size_t last = utf8_len(span_of(p, (size_t)(stop - p)));
    if (p + last > end) end = p + last;
    return span_of(start, (size_t)(end - start));
}

/* What a feature brings in. */
struct sum {
    double (*of)(const void *ctx, uint32_t hash);
    const void *ctx;
};

/* The feature at i, with the grams of its direction that touch it. Returns the index behind them. */
static size_t share_one(const struct sum *s, const struct feature_list *list, const struct feature_name *name,
                        span text, size_t i, struct weighed *out)
{
    *out = (struct weighed){.name = &name[i], .view = out->view, .features = 1};
    out->weight = s->of(s->ctx, list->v[i]);
    if (!is_gram(out->view)) return i + 1;
    const uint8_t *start = name[i].first.p, *end = start + name[i].first.n;
    for (i++; i < list->n && name[i].first.p <= end && name[i].first.p > start && end - start < SNIPPET_MAX; i++) {
        double next = s->of(s->ctx, list->v[i]);
        if (next * out->weight < 0) break;
        out->weight += next;
        out->features++;
        end = name[i].first.p + name[i].first.n;
    }
    out->text = whole_characters(span_of(start, (size_t)(end - start)), text);
    return i;
}

double share_view(struct share_list *l, const struct features *f, enum feature_view view,
                  double (*of)(const void *ctx, uint32_t hash), const void *ctx)
{
    const struct feature_list *list = &f->view[view];
    const struct feature_name *names = f->names[view];
    const struct sum s = {of, ctx};
    double sum = 0;
    if (!names) {
        l->cut |= list->n > 0;
        return 0;
    }
    span text = is_gram(view) && list->n ? gram_text(names, list->n) : SPAN_NONE;
    for (size_t i = 0; i < list->n;) {
        struct weighed one = {.view = view};
        i = share_one(&s, list, names, text, i, &one);
        if (one.weight == 0) continue;
        l->cut |= l->n == l->cap;
        if (l->n == l->cap) break;
        l->v[l->n++] = one;
        sum += one.weight;
    }
    return sum;
}

static int by_magnitude(const void *x, const void *y)
{
    const struct weighed *a = x, *b = y;
    double p = fabs(a->weight), q = fabs(b->weight);
    if (p != q) return p > q ? -1 : 1;
    if (a->view != b->view) return a->view < b->view ? -1 : 1;
    return (a->name > b->name) - (a->name < b->name); /* names of a view are one array, in order of the mail */
}

void share_sort(struct share_list *l, struct arena *a)
{
    if (l->v) arena_trim(a, l->v, l->n * sizeof *l->v);
    if (l->n) qsort(l->v, l->n, sizeof *l->v, by_magnitude);
}

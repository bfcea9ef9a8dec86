/* SPDX-License-Identifier: Apache-2.0 */
/* explain: the features that weighed most, in words; weigh.c finds the weights. */
#include "proto/base/utf8.h"
#include "worker/score/weigh.h"

#include <math.h>

enum { FIELD_MAX = 32, WORD_MAX = 60 };

/* A growing string, cut at its limit. */
struct line {
    uint8_t text[WEIGHED_TEXT_MAX];
    size_t n;
};

/* Bytes as valid UTF-8: controls become spaces, what is not UTF-8 becomes '?'; whole characters only. */
static void put(struct line *l, span s, size_t most)
{
    size_t end = l->n + most < WEIGHED_TEXT_MAX ? l->n + most : WEIGHED_TEXT_MAX;
    for (size_t i = 0, step; i < s.n; i += step) {
        size_t n = utf8_len(span_from(s, i));
        step = n ? n : 1;
        if (l->n + step > end) return;
        bool c1 = n == 2 && s.p[i] == 0xC2 && s.p[i + 1] < 0xA0;
        if (n > 1 && !c1)
            memcpy(l->text + l->n, s.p + i, n);
        else
            l->text[l->n] = n != 1 ? '?' : s.p[i] < ' ' || s.p[i] == 0x7F ? ' ' : s.p[i];
        l->n += c1 ? 1 : step;
    }
}

static void put_word(struct line *l, const char *s)
{
    put(l, span_cstr(s), WEIGHED_TEXT_MAX);
}

span weighed_text(const struct weighed *w, struct arena *a)
{
    struct line l = {.n = 0};
    const struct feature_name *n = w->name;
    span first = w->text.n ? w->text : n->first;
    bool fact = w->view == VIEW_SHAPE;
    put(&l, n->field, FIELD_MAX);
    if (first.n) {
        put_word(&l, fact ? " " : ": \"");
        put(&l, first, WORD_MAX);
        if (n->second.n) {
            put_word(&l, fact ? "/" : n->gap ? " … " : " ");
            put(&l, n->second, WORD_MAX);
        }
        if (!fact) put_word(&l, "\"");
    }
    return arena_copy(a, span_of(l.text, l.n));
}

size_t model_explain(const struct model *m, const struct mail *mail, struct arena *a, struct model_reason *out,
                     size_t max)
{
    struct weighing w;
    size_t n = 0;
    model_weigh(m, mail, a, &w);
    for (size_t i = 0; i < w.n && n < max && fabs(w.v[i].weight) >= SHARE_LEAST; i++) {
        span what = weighed_text(&w.v[i], a);
        if (what.n) out[n++] = (struct model_reason){what, w.v[i].weight};
    }
    return n;
}

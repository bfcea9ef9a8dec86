/* SPDX-License-Identifier: Apache-2.0 */
/* twins: sketches, bands sorted one after the other, and a forest of those that are alike; see twins.h. */
#include "models/audit/twins.h"

#include "proto/base/hash.h"

#include <stdlib.h>

enum {
    LEADERS = 4,     /* mails of a bucket that the others are compared with: linear, however large it is */
    VISIBLE_MIN = 32 /* bytes of visible text; two mails that both say less are not the same for it */
};

struct card {
    uint64_t key;
    uint32_t mail;
};

static int by_key(const void *a, const void *b)
{
    const struct card *x = a, *y = b;
    if (x->key != y->key) return x->key < y->key ? -1 : 1;
    return (x->mail > y->mail) - (x->mail < y->mail);
}

static uint32_t root(uint32_t *group, uint32_t i)
{
    while (group[i] != i) {
        group[i] = group[group[i]];
        i = group[i];
    }
    return i;
}

/* The first mail of both groups leads. */
static void join(uint32_t *group, uint32_t a, uint32_t b)
{
    a = root(group, a);
    b = root(group, b);
    if (a < b)
        group[b] = a;
    else
        group[a] = b;
}

/* The least hash in each bin, then a byte of it. An empty bin takes what a bin drawn for it has. */
static void sketch(const struct feature_list *grams, uint8_t out[TWINS_BINS])
{
    uint32_t least[TWINS_BINS];
    bool empty[TWINS_BINS];
    for (unsigned b = 0; b < TWINS_BINS; b++) empty[b] = true;
    for (size_t i = 0; i < grams->n; i++) {
        uint32_t h = hash_mix32(grams->v[i]);
        unsigned b = (unsigned)((uint64_t)h * TWINS_BINS >> 32);
        if (empty[b] || h < least[b]) least[b] = h;
        empty[b] = false;
    }
    for (unsigned b = 0; b < TWINS_BINS; b++) {
        unsigned from = b;
        for (uint32_t draw = 1; empty[from]; draw++)
            from = (unsigned)((uint64_t)hash_mix32(b + 1 + (draw << 8)) * TWINS_BINS >> 32);
        out[b] = (uint8_t)(hash_mix32(least[from]) >> 24);
    }
}

double twins_likeness(const struct twins *t, size_t a, size_t b)
{
    const uint8_t *x = t->sketch + a * TWINS_BINS, *y = t->sketch + b * TWINS_BINS;
    unsigned same = 0;
    for (unsigned i = 0; i < TWINS_BINS; i++) same += x[i] == y[i];
    return ((double)same / TWINS_BINS - 1.0 / 256) / (1 - 1.0 / 256);
}

static bool same_mail(const struct counts_mail *a, const struct counts_mail *b)
{
    return a->digest[0] == b->digest[0] && a->digest[1] == b->digest[1];
}

/* log2(1 + bytes) / 24 */
static bool says_something(const struct counts_mail *m)
{
    static const double LEAST = 5.044 / 24; /* of VISIBLE_MIN */
    return (double)m->number[NUMBER_VISIBLE_BYTES] >= LEAST;
}

enum twins_kind twins_kind(const struct twins *t, const struct corpus *c, size_t a, size_t b)
{
    const struct counts_mail *x = c->mail[a], *y = c->mail[b];
    if (same_mail(x, y)) return TWINS_MAIL;
    if (x->body == y->body && says_something(x)) return TWINS_TEXT;
    return t->sketched[a] && t->sketched[b] && twins_likeness(t, a, b) >= TWINS_NEAR ? TWINS_NEARLY : TWINS_NONE;
}

/* A bucket's mails against the first few that differ from each other. */
static void join_alike(struct twins *t, const struct corpus *c, const struct card *card, size_t n)
{
    uint32_t leader[LEADERS];
    unsigned leaders = 0;
    for (size_t i = 0; i < n; i++) {
        unsigned k = 0;
        while (k < leaders && twins_kind(t, c, leader[k], card[i].mail) == TWINS_NONE) k++;
        if (k < leaders)
            join(t->group, leader[k], card[i].mail);
        else if (leaders < LEADERS)
            leader[leaders++] = card[i].mail;
    }
}

static void join_buckets(struct twins *t, const struct corpus *c, struct card *card, size_t n)
{
    if (n) qsort(card, n, sizeof *card, by_key);
    for (size_t i = 0, end; i < n; i = end) {
        for (end = i + 1; end < n && card[end].key == card[i].key;) end++;
        if (end - i > 1) join_alike(t, c, card + i, end - i);
    }
}

enum err twins_open(const struct corpus *c, struct twins *out)
{
    struct twins t = {.group = malloc((c->n + 1) * sizeof *t.group),
                      .sketch = malloc((c->n + 1) * TWINS_BINS),
                      .sketched = calloc(c->n + 1, sizeof *t.sketched)};
    struct card *card = malloc((c->n + 1) * sizeof *card);
    if (!t.group || !t.sketch || !t.sketched || !card) {
        free(card);
        twins_close(&t);
        return ERR_MEMORY;
    }
    for (size_t i = 0; i < c->n; i++) {
        struct features f;
        corpus_features(c, i, &f);
        t.group[i] = (uint32_t)i;
        t.sketched[i] = f.view[VIEW_TEXT_GRAM].n >= TWINS_LEAST;
        if (t.sketched[i]) sketch(&f.view[VIEW_TEXT_GRAM], t.sketch + i * TWINS_BINS);
        card[i] = (struct card){c->mail[i]->body, (uint32_t)i};
    }
    join_buckets(&t, c, card, c->n);
    for (size_t i = 0; i < c->n; i++) card[i] = (struct card){c->mail[i]->digest[0], (uint32_t)i};
    join_buckets(&t, c, card, c->n);
    for (unsigned b = 0; b < TWINS_BANDS; b++) {
        size_t n = 0;
        for (size_t i = 0; i < c->n; i++) {
            if (!t.sketched[i]) continue;
            card[n] = (struct card){0, (uint32_t)i};
            memcpy(&card[n++].key, t.sketch + i * TWINS_BINS + b * TWINS_ROWS, TWINS_ROWS);
        }
        join_buckets(&t, c, card, n);
    }
    for (size_t i = 0; i < c->n; i++) t.group[i] = root(t.group, (uint32_t)i);
    free(card);
    *out = t;
    return ERR_OK;
}

void twins_close(struct twins *t)
{
    free(t->group);
    free(t->sketch);
    free(t->sketched);
    *t = (struct twins){0};
}

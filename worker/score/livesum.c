/* SPDX-License-Identifier: Apache-2.0 */
/* livesum: integer sums over cells at random places of a few megabytes; see livesum.h. */
#include "worker/score/livesum.h"

#include "proto/base/log.h"
#include "worker/score/share.h"
#include "worker/simd/scan.h"

#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>

enum { REASON_BYTES = WEIGHED_TEXT_MAX + 32 };
_Static_assert((int)VIEW_COUNT <= (int)LIVETABLE_VIEWS_MAX, "a learner knows all views");

enum err livesum_open(int fd, struct livesum *l)
{
    struct stat st;
    unsigned bits = LIVETABLE_BITS_MIN;
    *l = (struct livesum){0};
    if (fstat(fd, &st) != 0) return ERR_IO;
    while (bits < LIVETABLE_BITS_MAX && livetable_bytes(bits) < (uint64_t)st.st_size) bits++;
    if (livetable_bytes(bits) != (uint64_t)st.st_size) return ERR_MODEL;
    void *p = mmap(NULL, livetable_bytes(bits), PROT_READ, MAP_SHARED, fd, 0);
    if (p == MAP_FAILED) return ERR_IO;
    *l = (struct livesum){.t = p, .bits = bits};
    return ERR_OK;
}

void livesum_close(struct livesum *l)
{
    if (l->t) munmap((void *)l->t, livetable_bytes(l->bits));
    *l = (struct livesum){0};
}

/* May the tenant have reports of its own? */
static bool known(const struct livetable *t, uint32_t tenant)
{
    uint32_t bit = livetable_tenant_bit(tenant);
    return tenant && atomic_load_explicit(&t->tenant[bit / 64], memory_order_relaxed) >> bit % 64 & 1;
}

unsigned livesum_views(const struct model *m)
{
    return 1u << VIEW_TEXT | model_views(m);
}

bool livesum_begin(struct livesum *l, span tenant, unsigned views, struct livesum_by *out)
{
    struct livetable head;
    if (!l->t || atomic_load_explicit(&l->t->learnt, memory_order_acquire) == 0) return false;
    memcpy(&head, l->t, offsetof(struct livetable, frozen));
    atomic_signal_fence(memory_order_seq_cst); /* what is checked is what is used */
    if (!livetable_sound(&head, l->bits, FEATURE_VERSION)) {
        if (!l->told)
            LOG(LEVEL_ERROR, "live_refused", L_STR("why", "the head of the live model's table is not a learner's"),
                L_STR("now", "verdicts have no live part"));
        l->told = true;
        return false;
    }
    uint32_t number = livetable_tenant(tenant);
    *out = (struct livesum_by){l->t, (1u << l->bits) - 1, known(l->t, number) ? number : 0, views, head.step};
    return true;
}

static int cell_at(const struct livesum_by *by, uint32_t hash)
{
    return atomic_load_explicit(&by->t->cell[hash & by->mask], memory_order_relaxed);
}

static double sum_of(const struct livesum_by *by, const struct features *f)
{
    double sum = 0;
    for (unsigned v = 0; v < VIEW_COUNT; v++) {
        const struct feature_list *list = &f->view[v];
        if (list->n == 0 || !(by->views >> v & 1)) continue;
        const int16_t *cell = (const int16_t *)by->t->cell;
        int64_t cells = scan->cells(cell, by->mask, list->v, list->n, 0);
        if (by->tenant) cells += scan->cells(cell, by->mask, list->v, list->n, by->tenant);
        sum += (double)cells / sqrt((double)list->n);
    }
    return (double)by->step * sum;
}

double livesum_score(const struct livesum_by *by, const struct features *f)
{
    return livetable_told(sum_of(by, f));
}

/* --- in words ----------------------------------------------------------------------------------------------------- */

struct share_by {
    const struct livesum_by *by;
    double worth; /* of a step in this view */
};

static double share_of(const void *ctx, uint32_t hash)
{
    const struct share_by *s = ctx;
    int cells = cell_at(s->by, hash);
    if (s->by->tenant) cells += cell_at(s->by, livetable_tenant_hash(hash, s->by->tenant));
    return cells * s->worth;
}

/* "reported lately: subject: "a great deal"" */
static span in_words(const struct weighed *w, struct arena *a)
{
    char text[REASON_BYTES];
    span what = weighed_text(w, a);
    if (!what.n) return SPAN_NONE;
    int n = snprintf(text, sizeof text, "reported lately: %.*s", SPAN_ARG(what));
    return arena_copy(a, span_of(text, (size_t)n));
}

size_t livesum_explain(const struct livesum_by *by, const struct mail *mail, struct arena *a, struct model_reason *out,
                       size_t max)
{
    struct features f;
    struct share_list list;
    size_t n = 0;
    features_extract_named(mail, a, &f);
    share_open(&list, a, features_count(&f));
    double sum = sum_of(by, &f);
    if (livetable_told(sum) == 0) return 0;
    double part = livetable_told(sum) / sum * (double)by->step;
    for (unsigned v = 0; v < VIEW_COUNT; v++) {
        if (!(by->views >> v & 1)) continue;
        struct share_by s = {by, f.view[v].n ? part / sqrt((double)f.view[v].n) : 0};
        share_view(&list, &f, (enum feature_view)v, share_of, &s);
    }
    share_sort(&list, a);
    for (size_t i = 0; i < list.n && n < max && fabs(list.v[i].weight) >= SHARE_LEAST; i++) {
        span what = in_words(&list.v[i], a);
        if (what.n) out[n++] = (struct model_reason){what, list.v[i].weight};
    }
    return n;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* audit: groups first, since no mail may be judged by a model that saw its twin; then judgements; see audit.h. */
#include "models/audit/audit.h"

#include "proto/base/fixmath.h"

#include <math.h>
#include <stdlib.h>

/* --- groups ------------------------------------------------------------------------------------------------------- */

static enum err fail(char *out, enum err e)
{
    snprintf(out, AUDIT_FAULT_BYTES, "%s", err_str(e));
    return e;
}

size_t audit_group(const struct audit *a, size_t at, size_t count_out[2])
{
    const uint32_t first = a->twins.group[a->member[at]];
    size_t end = at;
    count_out[0] = count_out[1] = 0;
    for (; end < a->c->n && a->twins.group[a->member[end]] == first; end++)
        count_out[a->c->mail[a->member[end]]->spam]++;
    return end - at;
}

/* Mails by group: a counting sort keeps each group in the corpus's order. */
static enum err sort_members(struct audit *a)
{
    size_t n = a->c->n, *at = calloc(n + 1, sizeof *at);
    a->member = malloc((n + 1) * sizeof *a->member);
    if (!at || !a->member) {
        free(at);
        return ERR_MEMORY;
    }
    for (size_t i = 0; i < n; i++) at[a->twins.group[i] + 1]++;
    for (size_t i = 0; i < n; i++) at[i + 1] += at[i];
    for (size_t i = 0; i < n; i++) a->member[at[a->twins.group[i]]++] = (uint32_t)i;
    free(at);
    return ERR_OK;
}

struct group {
    size_t at, n;
};

/* The largest first. */
static int by_size(const void *x, const void *y)
{
    const struct group *a = x, *b = y;
    if (a->n != b->n) return a->n > b->n ? -1 : 1;
    return (a->at > b->at) - (a->at < b->at);
}

static size_t list_groups(const struct audit *a, struct group *out)
{
    size_t count[2], groups = 0;
    for (size_t at = 0; at < a->c->n; at += out[groups++].n)
        out[groups] = (struct group){at, audit_group(a, at, count)};
    qsort(out, groups, sizeof *out, by_size);
    return groups;
}

static enum err find_contraries(struct audit *a, const struct group *group, size_t groups)
{
    a->contrary = malloc((groups + 1) * sizeof *a->contrary);
    if (!a->contrary) return ERR_MEMORY;
    for (size_t k = 0; k < groups; k++) {
        size_t count[2];
        audit_group(a, group[k].at, count);
        if (count[0] && count[1]) a->contrary[a->contraries++] = group[k].at;
    }
    return ERR_OK;
}

/* Groups are dealt to the fold that has the fewest mails of what most of them are. */
static void deal(const struct audit *a, const struct group *group, size_t groups, uint8_t *fold)
{
    size_t have[AUDIT_FOLDS][2] = {{0}};
    for (size_t k = 0; k < groups; k++) {
        size_t count[2];
        unsigned to = 0;
        audit_group(a, group[k].at, count);
        bool spam = count[1] > count[0];
        for (unsigned f = 1; f < AUDIT_FOLDS; f++)
            if (have[f][spam] < have[to][spam]) to = f;
        for (size_t i = 0; i < group[k].n; i++) fold[a->member[group[k].at + i]] = (uint8_t)to;
        have[to][0] += count[0];
        have[to][1] += count[1];
    }
}

/* --- judgements --------------------------------------------------------------------------------------------------- */

double audit_dispute(const struct audit *a, size_t i)
{
    return a->c->mail[i]->spam ? -a->score[i] : a->score[i];
}

struct doubt {
    double dispute;
    uint32_t mail;
};

static int by_dispute(const void *x, const void *y)
{
    const struct doubt *a = x, *b = y;
    if (a->dispute != b->dispute) return a->dispute > b->dispute ? -1 : 1;
    return (a->mail > b->mail) - (a->mail < b->mail);
}

static enum err sort_disputes(struct audit *a)
{
    const double least = fix_logit(1 - AUDIT_DOUBT);
    struct doubt *d = malloc((a->c->n + 1) * sizeof *d);
    size_t n = 0;
    if (!d) return ERR_MEMORY;
    for (size_t i = 0; i < a->c->n; i++)
        if (audit_dispute(a, i) >= least) d[n++] = (struct doubt){audit_dispute(a, i), (uint32_t)i};
    if (n) qsort(d, n, sizeof *d, by_dispute);
    a->disputed = malloc((n + 1) * sizeof *a->disputed);
    for (size_t k = 0; a->disputed && k < n; k++) a->disputed[a->disputes++] = d[k].mail;
    free(d);
    return a->disputed ? ERR_OK : ERR_MEMORY;
}

enum err audit_open(const struct corpus *c, const struct gather *g, const struct fit_plan *p, struct audit *out,
                    char *fault_out)
{
    struct audit a = {.c = c, .g = g};
    struct group *group = malloc((c->n + 1) * sizeof *group);
    uint8_t *fold = malloc(c->n + 1);
    size_t groups = 0;
    a.score = calloc(c->n + 1, sizeof *a.score);
    enum err e = group && fold && a.score ? twins_open(c, &a.twins) : ERR_MEMORY;
    if (!e) e = sort_members(&a);
    if (!e) {
        groups = list_groups(&a, group);
        e = find_contraries(&a, group, groups);
    }
    if (e) fail(fault_out, e);
    if (!e && groups < AUDIT_FOLDS * 2) {
        snprintf(fault_out, AUDIT_FAULT_BYTES, "%zu different mails are too few to be judged by models of the others",
                 groups);
        e = ERR_MODEL;
    }
    if (!e) {
        deal(&a, group, groups, fold);
        e = fit_held(c, p, fold, AUDIT_FOLDS, a.score, &a.held, fault_out);
    }
    if (!e && (e = sort_disputes(&a))) fail(fault_out, e);
    if (!e) e = signs_open(c, g, &a.signs, fault_out);
    free(group);
    free(fold);
    if (e)
        audit_close(&a);
    else
        *out = a;
    return e;
}

void audit_close(struct audit *a)
{
    free(a->score);
    free(a->disputed);
    free(a->member);
    free(a->contrary);
    twins_close(&a->twins);
    signs_close(&a->signs);
    *a = (struct audit){0};
}

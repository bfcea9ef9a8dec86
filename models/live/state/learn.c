/* SPDX-License-Identifier: Apache-2.0 */
/* learn: see learn.h. Constants: docs/feedback.md, "The live model". */
#include "models/live/state/learn.h"

#include "proto/base/fixmath.h"
#include "proto/base/hash.h"

#include <math.h>
#include <stdlib.h>

static const double TURN = 1.2;       /* a loss beyond this is doubted; from twice that on it teaches nothing */
static const double SPAM_AT = 2.2;    /* log-odds of a mail that everybody's policy calls spam */
static const double LOPSIDED = 3.0;   /* reports of one class for each of the other before samples are held */
static const double STRANGER = 0.5;   /* who weighs less is not learnt again: his word stays what it weighed */
static const double CAUTION = 4;      /* samples with which half of a word's weight is used */
static const double BOTH = 8;         /* samples that a report of each class is worth there */
static const double SHARE = 0.25;     /* of a tenant's report, for everybody's cells */
static const double FADE_HOURS = 720; /* half-life of weights */
static const double SAID_HOURS = 24;  /* half-life of how many reports there were of each class */
static const double HOUR_MS = 3600e3;

enum { HELD = 2, ROUND = 256, ARENA_BYTES = 1 << 18 };

struct learn_head {
    uint64_t learnt, dice, met;
    int64_t hour;
    double said[2]; /* weights of reports of ham, spam; the older the less */
    uint64_t tenant[LIVETABLE_TENANT_BITS / 64];
};

/* What a word brought its mail, in everybody's cells and the tenant's. */
struct steps {
    struct cells_step all, own;
};

/* --- memory ------------------------------------------------------------------------------------------------------- */

enum err learn_open(struct learn *l, unsigned bits)
{
    *l = (struct learn){.steps_bytes = memo_bytes(LEARN_WORD_BITS, sizeof(struct steps))};
    enum err e = cells_open(&l->cells, bits);
    if (e == ERR_OK) e = kept_open(&l->reports, LEARN_KEPT_MAX, LEARN_KEPT_BYTES);
    if (e == ERR_OK) e = kept_open(&l->samples, LEARN_SAMPLES_MAX, LEARN_SAMPLES_BYTES);
    if (e == ERR_OK) e = arena_open(&l->arena, ARENA_BYTES);
    l->steps_block = calloc(1, l->steps_bytes);
    l->head = calloc(1, sizeof *l->head);
    if (e == ERR_OK && (!l->steps_block || !l->head)) e = ERR_MEMORY;
    if (e == ERR_OK)
        memo_init(&l->steps, l->steps_block, LEARN_WORD_BITS, sizeof(struct steps));
    else
        learn_close(l);
    return e;
}

void learn_close(struct learn *l)
{
    cells_close(&l->cells);
    kept_close(&l->reports);
    kept_close(&l->samples);
    arena_close(&l->arena);
    free(l->steps_block);
    free(l->head);
    *l = (struct learn){0};
}

void learn_blocks(const struct learn *l, struct snapshot_block out[LEARN_BLOCKS])
{
    out[0] = (struct snapshot_block){l->head, sizeof *l->head};
    out[1] = (struct snapshot_block){l->cells.cell, sizeof *l->cells.cell * ((size_t)l->cells.mask + 1)};
    out[2] = (struct snapshot_block){l->steps_block, l->steps_bytes};
    out[3] = (struct snapshot_block){l->reports.block, l->reports.bytes};
    out[4] = (struct snapshot_block){l->samples.block, l->samples.bytes};
}

void learn_clear(struct learn *l)
{
    struct snapshot_block b[LEARN_BLOCKS];
    learn_blocks(l, b);
    for (size_t i = 0; i < LEARN_BLOCKS; i++) memset(b[i].p, 0, b[i].n);
    l->version++;
}

/* --- one mail ----------------------------------------------------------------------------------------------------- */

struct mail {
    struct cells_mail all, own; /* own.tenant is 0: of nobody in particular */
};

static struct mail mail_of(const struct feedback *r)
{
    return (struct mail){{r->view, 0}, {r->view, livetable_tenant(r->tenant)}};
}

static void score(const struct learn *l, const struct mail *m, struct cells_margins *out)
{
    *out = (struct cells_margins){0};
    cells_score(&l->cells, &m->all, out);
    if (m->own.tenant) cells_score(&l->cells, &m->own, out);
}

double learn_score(const struct learn *l, const struct feedback *r)
{
    struct cells_margins m;
    struct mail mail = mail_of(r);
    score(l, &mail, &m);
    return cells_log_odds(&m);
}

/* The share of a step that one set of cells takes. */
static void shrink(struct cells_step *s, double share)
{
    float x = (float)share;
    s->joint *= x;
    for (unsigned v = 0; v < CELLS_VIEWS; v++) s->view[v] *= x;
}

/* Make up for `loss`, each set of cells for its share. */
static void take(struct learn *l, const struct mail *m, const struct cells_margins *loss, struct steps *gained)
{
    struct cells_step all, own;
    *gained = (struct steps){0};
    cells_plan(&l->cells, &m->all, loss, &all);
    if (m->own.tenant) {
        cells_plan(&l->cells, &m->own, loss, &own);
        shrink(&all, SHARE);
        shrink(&own, 1 - SHARE);
        cells_learn(&l->cells, &m->own, &own, &gained->own);
    }
    cells_learn(&l->cells, &m->all, &all, &gained->all);
    l->version++;
}

/* What a margin leaves to learn: nothing from 1 on, and less again when it speaks strongly against the label. */
static double loss_of(double margin, bool spam, double weight)
{
    double loss = spam ? 1 - margin : 1 + margin;
    loss = fmax(0, fmin(loss, 2 * TURN - loss)) * weight;
    return spam ? loss : -loss;
}

static double clamp1(double x)
{
    return x > 1 ? 1 : x < -1 ? -1 : x;
}

/* Learn a mail on what the bundle, at `z` log-odds, and the cells leave unsaid. */
static void teach(struct learn *l, const struct mail *m, double z, bool spam, double weight, struct steps *out)
{
    struct cells_margins now, loss;
    double bundle = clamp1(z / CELLS_SCALE);
    score(l, m, &now);
    loss.joint = loss_of(bundle + now.joint, spam, weight);
    for (unsigned v = 0; v < CELLS_VIEWS; v++) loss.view[v] = loss_of(bundle + now.view[v], spam, weight);
    take(l, m, &loss, out);
}

/* Undo what reports of `spam` did to a mail that they did not mean. */
static void hold(struct learn *l, const struct mail *m, bool spam)
{
    struct cells_margins now, loss;
    struct steps unused;
    score(l, m, &now);
    loss.joint = spam ? fmin(-now.joint, 0) : fmax(-now.joint, 0);
    for (unsigned v = 0; v < CELLS_VIEWS; v++) loss.view[v] = spam ? fmin(-now.view[v], 0) : fmax(-now.view[v], 0);
    take(l, m, &loss, &unused);
}

/* --- the past ----------------------------------------------------------------------------------------------------- */

/* SplitMix64 (Steele, Lea, Flood, OOPSLA 2014): where it begins is part of the state. */
static size_t draw(struct learn *l, size_t n)
{
    uint64_t z = l->head->dice += 0x9E3779B97F4A7C15;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
    z = (z ^ z >> 27) * 0x94D049BB133111EB;
    z ^= z >> 31;
    return (size_t)((z >> 32) * n >> 32);
}

static bool usable(const struct feedback *r)
{
    return r->learns && r->features == FEEDBACK_FEATURES && r->view_count == CELLS_VIEWS;
}

static struct kept_mail *any(struct learn *l, struct kept *k, struct feedback *out)
{
    size_t n = kept_count(k);
    struct kept_mail *m = n ? kept_at(k, draw(l, n)) : NULL;
    arena_reset(&l->arena);
    return m && m->key && kept_read(k, m, &l->arena, out) && usable(out) ? m : NULL;
}

static void add_step(struct cells_step *sum, const struct cells_step *s)
{
    sum->joint += s->joint;
    sum->joint_sure += s->joint_sure;
    for (unsigned v = 0; v < CELLS_VIEWS; v++) {
        sum->view[v] += s->view[v];
        sum->view_sure[v] += s->view_sure[v];
    }
}

static void remember(struct learn *l, uint64_t key, const struct steps *s, int64_t now_ms)
{
    struct steps *sum = memo_put(&l->steps, key, now_ms);
    add_step(&sum->all, &s->all);
    add_step(&sum->own, &s->own);
}

/* Who knows little of what is common cannot tell what is peculiar: from traffic, or from reports of both classes. */
static double known(const struct learn *l)
{
    double met = (double)l->head->met + BOTH * fmin(l->head->said[0], l->head->said[1]);
    return met / (met + CAUTION);
}

static void repeat(struct learn *l, int64_t now_ms)
{
    struct feedback r;
    struct steps s;
    struct kept_mail *k = any(l, &l->reports, &r);
    if (!k || k->weight < STRANGER) return;
    struct mail m = mail_of(&r);
    teach(l, &m, r.score, k->spam, known(l) * k->weight, &s);
    if (memo_find(&l->steps, k->key)) remember(l, k->key, &s, now_ms);
}

/* When nearly all reports are of one class, the traffic speaks for the other. */
static void balance(struct learn *l, bool spam)
{
    struct feedback r;
    if (l->head->said[spam] <= LOPSIDED * l->head->said[!spam]) return;
    for (int i = 0; i < HELD; i++) {
        const struct kept_mail *k = any(l, &l->samples, &r);
        if (!k || (k->score >= SPAM_AT) == spam) continue;
        struct mail m = mail_of(&r);
        hold(l, &m, spam);
    }
}

/* --- time --------------------------------------------------------------------------------------------------------- */

static double half(double hours, double half_life)
{
    return fix_exp(-0.6931471805599453 * hours / half_life);
}

static void tick(struct learn *l, int64_t now_ms)
{
    int64_t hour = (int64_t)((double)now_ms / HOUR_MS);
    if (hour <= l->head->hour) return;
    double hours = l->head->hour ? (double)(hour - l->head->hour) : 0;
    l->head->hour = hour;
    if (hours == 0 || l->head->learnt == 0) return;
    l->head->said[0] *= half(hours, SAID_HOURS);
    l->head->said[1] *= half(hours, SAID_HOURS);
    cells_fade(&l->cells, half(hours, FADE_HOURS), 1);
    l->version++;
}

/* --- what comes --------------------------------------------------------------------------------------------------- */

static uint64_t key_of(const struct feedback *r)
{
    return hash_pair(hash_pair(r->digest[0], r->digest[1]) | 1, r->reporter) | 1;
}

static void take_back(struct learn *l, const struct feedback *r, uint64_t key)
{
    struct steps *s = memo_find(&l->steps, key);
    struct kept_mail *k = kept_find(&l->reports, key);
    struct feedback kept;
    arena_reset(&l->arena);
    if (s && !usable(r)) r = k && kept_read(&l->reports, k, &l->arena, &kept) && usable(&kept) ? &kept : NULL;
    if (s && r) {
        struct mail m = mail_of(r);
        cells_unlearn(&l->cells, &m.all, &s->all);
        if (m.own.tenant) cells_unlearn(&l->cells, &m.own, &s->own);
        memo_drop(&l->steps, key);
        l->version++;
    }
    if (k) k->key = 0;
}

void learn_report(struct learn *l, const struct feedback *r, const struct voices_effect *e, int64_t now_ms)
{
    uint64_t key = key_of(r);
    struct steps s;
    tick(l, now_ms);
    if (e->has_back && e->back.learn > 0) take_back(l, r, key);
    if (!e->has_now || e->now.learn <= 0 || !usable(r)) return;
    bool spam = e->now.spam;
    l->head->said[spam] += e->now.learn;
    double weight = fmin(e->now.learn, 1);
    struct mail m = mail_of(r);
    struct kept_mail about = {.key = key, .score = r->score + learn_score(l, r), .weight = weight, .spam = spam};
    teach(l, &m, r->score, spam, known(l) * weight, &s);
    remember(l, key, &s, now_ms);
    kept_put(&l->reports, r, &about);
    if (m.own.tenant) {
        uint32_t bit = livetable_tenant_bit(m.own.tenant);
        l->head->tenant[bit / 64] |= UINT64_C(1) << bit % 64;
    }
    l->head->learnt++;
    repeat(l, now_ms);
    balance(l, spam);
}

void learn_sample(struct learn *l, const struct feedback *r, int64_t now_ms)
{
    tick(l, now_ms);
    if (!usable(r)) return;
    struct mail m = mail_of(r);
    double z = r->score + learn_score(l, r);
    kept_put(&l->samples, r, &(struct kept_mail){.key = key_of(r), .score = z, .mark = z, .now = z});
    if (z < SPAM_AT) cells_meet(&l->cells, &m.all); /* what only spam has in common may be blamed */
    if (++l->head->met % ROUND == 0) cells_fade(&l->cells, 1, 0.5);
}

struct kept_mail *learn_look(struct learn *l, size_t i)
{
    struct feedback r;
    struct kept_mail *m = kept_at(&l->samples, i);
    arena_reset(&l->arena);
    if (!kept_read(&l->samples, m, &l->arena, &r) || !usable(&r)) return NULL;
    m->now = r.score + learn_score(l, &r);
    return m;
}

uint64_t learn_learnt(const struct learn *l)
{
    return l->head->learnt;
}

const uint64_t *learn_tenants(const struct learn *l)
{
    return l->head->tenant;
}

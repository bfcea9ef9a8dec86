/* SPDX-License-Identifier: Apache-2.0 */
/* inproc: rounds over all mails, and rounds in which one stage is done twice; see inproc.h. */
#include "bench/inproc.h"

#include "bench/cpu_time.h"
#include "proto/base/hash.h"
#include "worker/mime/walk.h"
#include "worker/text/decode.h"
#include "worker/text/lean.h"

#include <assert.h>
#include <stdlib.h>

const char *const INPROC_STAGE_NAME[INPROC_STAGES] = {
#define X(name, word) [INPROC_##name] = word,
    INPROC_STAGE_LIST(X)
#undef X
};

enum { STAGE_ROUNDS = 3 };

/* One mail judged. */
struct judged_mail {
    struct mail m;
    struct features f;
    struct scores scores;
    struct livesum_by sum;
    bool learnt;
    double live;
    struct inproc_by by;
    struct arena *a;
};

static unsigned views(const struct judged_mail *j)
{
    return j->learnt ? livesum_views(j->by.model) : model_views(j->by.model);
}

static void judge_one(struct judged_mail *j, span raw)
{
    arena_reset(j->a);
    mail_read(&j->m, raw, NULL, j->a);
    j->learnt = livesum_begin(j->by.live, j->by.tenant, livesum_views(j->by.model), &j->sum);
    features_extract_views(&j->m, j->a, views(j), &j->f);
    model_score(j->by.model, &j->f, &j->scores);
    j->live = j->learnt ? livesum_score(&j->sum, &j->f) : 0;
}

/* --- stages done once more ---------------------------------------------------------------------------------------- */

static void again_nothing(struct judged_mail *j)
{
    (void)j;
}

static void again_read(struct judged_mail *j)
{
    struct mail m;
    mail_read(&m, j->m.raw, NULL, j->a);
}

static void again_walk(struct judged_mail *j)
{
    struct mail m = {.raw = j->m.raw};
    walk_mail(&m, j->a);
}

static bool is_text(const struct mail_part *p)
{
    return span_eq(p->type, SPAN("text")) && !p->attachment && !p->block;
}

static void again_decode(struct judged_mail *j)
{
    uint64_t odd = 0;
    span bytes;
    for (size_t i = 0; i < j->m.part_count; i++)
        if (is_text(&j->m.parts[i])) mail_part_text(&j->m.parts[i], MAIL_DECODE_MAX, j->a, &bytes, &odd);
}

/* Decoded, too, and with its links: what these cost is taken off. */
static void again_text(struct judged_mail *j)
{
    const struct mail *m = &j->m;
    struct text visible, hidden, other;
    struct html_shape shape = {0};
    struct url_list urls;
    uint64_t odd = 0;
    span bytes;
    size_t most = m->raw.n < MAIL_TEXT_MAX / DECODE_GROWTH ? m->raw.n * DECODE_GROWTH : MAIL_TEXT_MAX;
    text_init(&visible, j->a, most);
    text_init(&hidden, j->a, MAIL_HIDDEN_MAX);
    text_init(&other, j->a, MAIL_OTHER_MAX);
    url_list_init(&urls, j->a, MAIL_URLS_MAX);
    for (size_t i = 0; i < m->part_count; i++) {
        if (!is_text(&m->parts[i])) continue;
        span utf8 = mail_part_text(&m->parts[i], MAIL_DECODE_MAX, j->a, &bytes, &odd);
        if (span_eq(m->parts[i].subtype, SPAN("html"))) {
            html_read(utf8, &visible, &hidden, &other, &urls, &shape, &odd);
        } else {
            url_find(&urls, utf8, URL_IN_TEXT);
            lean_put(&visible, utf8);
        }
        text_break(&visible);
    }
}

static void again_urls(struct judged_mail *j)
{
    const struct mail *m = &j->m;
    struct url_list urls;
    url_list_init(&urls, j->a, MAIL_URLS_MAX);
    url_find(&urls, m->text, URL_IN_TEXT);
    for (size_t i = 0; i < m->url_count; i++)
        if (m->urls[i].place != URL_IN_TEXT) url_add(&urls, m->urls[i].whole, m->urls[i].place);
}

static void again_normal(struct judged_mail *j)
{
    const struct mail *m = &j->m;
    const struct mail_header *subject = mail_find(m, FIELD_SUBJECT);
    const span texts[] = {subject ? subject->value : SPAN_NONE, m->from_name, m->text, m->other, m->hidden};
    struct normal_count n = {0};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) normal_text(texts[i], j->a, &n);
}

static void again_tokens(struct judged_mail *j)
{
    struct features f;
    features_extract_views(&j->m, j->a, views(j), &f);
}

static void again_score(struct judged_mail *j)
{
    struct scores scores;
    model_score(j->by.model, &j->f, &scores);
}

static void again_live(struct judged_mail *j)
{
    if (livesum_begin(j->by.live, j->by.tenant, livesum_views(j->by.model), &j->sum))
        j->live = livesum_score(&j->sum, &j->f);
}

/* --- rounds ------------------------------------------------------------------------------------------------------- */

static double round_s(const struct mails *mails, struct judged_mail *j)
{
    double begun = cpu_thread_s();
    for (size_t i = 0; i < mails->n; i++) judge_one(j, mails->v[i]);
    return cpu_thread_s() - begun;
}

/* What `again` takes, for all mails; with the clock's own time. */
static double again_s(const struct mails *mails, struct judged_mail *j, void (*again)(struct judged_mail *))
{
    double least = 1e9;
    for (int round = 0; round < STAGE_ROUNDS; round++) {
        double sum = 0;
        for (size_t i = 0; i < mails->n; i++) {
            judge_one(j, mails->v[i]);
            double begun = cpu_thread_s();
            again(j);
            sum += cpu_thread_s() - begun;
        }
        if (sum < least) least = sum;
    }
    return least;
}

static double no_less(double s)
{
    return s > 0 ? s : 0;
}

static void measure_stages(const struct mails *mails, struct judged_mail *j, double stage_out[INPROC_STAGES])
{
    double clock_s = again_s(mails, j, again_nothing);
#define TIMED(name) no_less(again_s(mails, j, again_##name) - clock_s)
    double read = TIMED(read);
    stage_out[INPROC_WALK] = TIMED(walk);
    stage_out[INPROC_DECODE] = TIMED(decode);
    stage_out[INPROC_URLS] = TIMED(urls);
    stage_out[INPROC_TEXT] = no_less(TIMED(text) - stage_out[INPROC_DECODE] - stage_out[INPROC_URLS]);
    stage_out[INPROC_NORMAL] = TIMED(normal);
    for (int i = 0; i < INPROC_OTHER; i++) read -= stage_out[i];
    stage_out[INPROC_OTHER] = no_less(read);
    stage_out[INPROC_TOKENS] = TIMED(tokens);
    stage_out[INPROC_SCORE] = TIMED(score);
    stage_out[INPROC_LIVE] = TIMED(live);
#undef TIMED
}

/* A round that adds up what was found. */
static void check(const struct mails *mails, struct judged_mail *j, struct inproc *out)
{
    for (size_t i = 0; i < mails->n; i++) {
        judge_one(j, mails->v[i]);
        out->features += features_count(&j->f);
        uint64_t sum = 0, score;
        features_extract(&j->m, j->a, &j->f); /* all views, whatever the model looks at */
        for (unsigned v = 0; v < VIEW_COUNT; v++)
            for (size_t k = 0; k < j->f.view[v].n; k++) sum += hash_pair(j->f.view[v].v[k], v);
        memcpy(&score, &j->scores.score, sizeof score);
        out->check = hash_pair(out->check, hash_pair(sum, score));
        if (j->learnt) out->check = hash64(span_of(&j->live, sizeof j->live), out->check);
        out->check = hash64(span_of(j->f.number, sizeof j->f.number), out->check);
    }
}

static int by_seconds(const void *x, const void *y)
{
    double a = *(const double *)x, b = *(const double *)y;
    return (a > b) - (a < b);
}

bool inproc_measure(const struct mails *mails, const struct inproc_by *by, size_t rounds, bool stages,
                    struct inproc *out)
{
    struct arena a;
    static struct judged_mail j;
    if (arena_open(&a, 2 * MAIL_ARENA_BYTES) != ERR_OK) return false; /* one mail, and a stage once more */
    j = (struct judged_mail){.by = *by, .a = &a};
    *out = (struct inproc){.rounds = rounds};
    double *seconds = calloc(rounds, sizeof *seconds);
    assert(seconds && "out of memory");
    mail_init();
    check(mails, &j, out); /* and everything is warm */
    for (size_t i = 0; i < rounds; i++) seconds[i] = round_s(mails, &j);
    qsort(seconds, rounds, sizeof *seconds, by_seconds);
    out->best_s = seconds[0];
    out->median_s = seconds[rounds / 2];
    if (stages) measure_stages(mails, &j, out->stage_s);
    mail_close();
    free(seconds);
    arena_close(&a);
    return true;
}

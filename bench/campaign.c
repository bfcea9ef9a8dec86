/* SPDX-License-Identifier: Apache-2.0 */
/* campaign: fingerprints of real mails, and of campaigns made of them; see campaign.h. */
#define _GNU_SOURCE
#include "bench/campaign.h"

#include "models/corpus/each.h"
#include "proto/base/hash.h"
#include "worker/rep/fingerprint.h"

#include <stdio.h>
#include <stdlib.h>

const struct campaign_level CAMPAIGN_LEVEL[CAMPAIGN_LEVELS] = {{0, 30}, {0, 100}, {10, 0}, {10, 30}, {20, 0}, {30, 0}};

enum { WORDS_LEAST = 40, WORDS_MOST = 900, POOL_WORDS = 200000, TEXT_BYTES = 64 * 1024, EVERY = 17 };

/* What is kept of one mail. */
struct kept {
    bool spam;
    uint32_t *v; /* words of its visible text, ascending, none twice; owned */
    size_t n;
    struct fingerprint print;
};

/* Which mails have a band: an entry a band, by band and then by mail. */
struct entry {
    uint64_t band;
    uint32_t mail;
};

struct work {
    const struct mail_index *x;
    struct kept *kept;
    char **templates; /* texts; owned */
    size_t template_count;
    char **pool; /* words of all mails; owned */
    size_t pool_count;
    uint64_t dice;
};

static int by_hash(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static bool keep_features(struct kept *k, const struct features *f)
{
    size_t left = 0;
    k->v = malloc(f->told_count ? f->told_count * sizeof *k->v : 1);
    if (!k->v) return false;
    fingerprint_make(f->told, f->told_count, &k->print);
    if (f->told_count) memcpy(k->v, f->told, f->told_count * sizeof *k->v);
    qsort(k->v, f->told_count, sizeof *k->v, by_hash);
    for (size_t i = 0; i < f->told_count; i++)
        if (left == 0 || k->v[left - 1] != k->v[i]) k->v[left++] = k->v[i];
    k->n = left;
    return true;
}

/* Shared features of all that either has. */
static double jaccard(const struct kept *a, const struct kept *b)
{
    size_t both = 0;
    for (size_t i = 0, j = 0; i < a->n && j < b->n;) {
        both += a->v[i] == b->v[j];
        if (a->v[i] == b->v[j])
            i++, j++;
        else if (a->v[i] < b->v[j])
            i++;
        else
            j++;
    }
    return a->n + b->n > both ? (double)both / (double)(a->n + b->n - both) : 0;
}

static bool meet(const struct fingerprint *a, const struct fingerprint *b)
{
    for (size_t i = 0; i < a->n; i++)
        for (size_t j = 0; j < b->n; j++)
            if (a->band[i] == b->band[j]) return true;
    return false;
}

static uint32_t roll(struct work *w, size_t sides)
{
    w->dice = w->dice * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((w->dice >> 33) % sides);
}

static enum err take(void *arg, size_t i, const struct mail *m, const struct features *f, char *fault)
{
    struct work *w = arg;
    struct kept *k = &w->kept[i];
    snprintf(fault, INDEX_FAULT_BYTES, "%s", err_str(ERR_MEMORY));
    k->spam = w->x->entry[i].spam;
    if (!keep_features(k, f)) return ERR_MEMORY;
    if (i % EVERY) return ERR_OK;
    span text = span_head(m->folded.text, TEXT_BYTES / 2);
    char *copy = strndup((const char *)text.p, text.n), *words = strndup((const char *)text.p, text.n), *rest = words;
    if (!copy || !words) return ERR_MEMORY;
    size_t count = 0;
    for (char *word; (word = strsep(&rest, " \n"));) {
        if (!*word) continue;
        count++;
        if (w->pool_count < POOL_WORDS && strlen(word) < 20 && !(w->pool[w->pool_count++] = strdup(word)))
            return ERR_MEMORY;
    }
    free(words);
    if (k->spam && count >= WORDS_LEAST && count <= WORDS_MOST && w->template_count < CAMPAIGN_TEMPLATES)
        w->templates[w->template_count++] = copy;
    else
        free(copy);
    return ERR_OK;
}

/* --- real mails --------------------------------------------------------------------------------------------------- */

static int by_band(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    if (x->band != y->band) return x->band < y->band ? -1 : 1;
    return x->mail < y->mail ? -1 : x->mail > y->mail;
}

/* The first entry of a band, or n. */
static size_t first_of(const struct entry *e, size_t n, uint64_t band)
{
    size_t from = 0, to = n;
    while (from < to) {
        size_t mid = from + (to - from) / 2;
        if (e[mid].band < band)
            from = mid + 1;
        else
            to = mid;
    }
    return from;
}

static bool compare_all(const struct work *w, struct campaign *out)
{
    struct entry *e = malloc((w->x->n * FINGERPRINT_MAX + 1) * sizeof *e);
    size_t n = 0;
    if (!e) return false;
    for (size_t i = 0; i < w->x->n; i++)
        for (size_t b = 0; w->kept[i].spam && b < w->kept[i].print.n; b++)
            e[n++] = (struct entry){w->kept[i].print.band[b], (uint32_t)i};
    qsort(e, n, sizeof *e, by_band);
    for (size_t i = 0; i < w->x->n; i++) {
        const struct kept *k = &w->kept[i];
        bool met = false, near = false;
        out->mails++;
        if (!k->print.n) continue;
        out->printed++;
        for (size_t b = 0; b < k->print.n; b++)
            for (size_t at = first_of(e, n, k->print.band[b]); at < n && e[at].band == k->print.band[b]; at++) {
                if (k->spam && e[at].mail >= i) break;
                met = true;
                if (k->spam) break;
                near = near || jaccard(k, &w->kept[e[at].mail]) >= CAMPAIGN_FAR / 100.0;
            }
        if (k->spam)
            out->spam++, out->spam_met += met;
        else
            out->ham++, out->ham_met += met, out->ham_far += met && !near;
    }
    free(e);
    return true;
}

/* --- made campaigns ----------------------------------------------------------------------------------------------- */

/* One copy, as a mail. */
static size_t make_copy(struct work *w, const char *template, struct campaign_level level, char *out)
{
    char words[TEXT_BYTES / 2 + 1], *rest = words;
    size_t count = 0, n = (size_t)sprintf(out, "Content-Type: text/plain\n\n");
    snprintf(words, sizeof words, "%s", template);
    for (char *word; (word = strsep(&rest, " \n")) && n < TEXT_BYTES * 3 / 4;) {
        if (!*word) continue;
        count++;
        n += (size_t)sprintf(out + n, "%s\n", roll(w, 100) < level.replaced ? w->pool[roll(w, w->pool_count)] : word);
    }
    for (size_t i = 0; i < count * level.added / 100 && n < TEXT_BYTES - 64; i++)
        n += (size_t)sprintf(out + n, "%s\n", w->pool[roll(w, w->pool_count)]);
    return n;
}

static bool run_campaign(struct work *w, const char *template, int level, struct arena *a, struct campaign *out)
{
    static char text[TEXT_BYTES + 1024];
    struct kept copy[CAMPAIGN_COPIES];
    bool fine = true;
    size_t made = 0;
    for (; made < CAMPAIGN_COPIES && fine; made += fine) {
        struct mail m;
        struct features f;
        size_t n = make_copy(w, template, CAMPAIGN_LEVEL[level], text);
        arena_reset(a);
        mail_read(&m, span_of(text, n), NULL, a);
        features_extract_views(&m, a, 1u << VIEW_TEXT, &f);
        fine = keep_features(&copy[made], &f);
    }
    for (size_t i = 1; i < made; i++) {
        out->level[level].j += jaccard(&copy[i - 1], &copy[i]) / (CAMPAIGN_COPIES - 1);
        out->level[level].one += (double)meet(&copy[i - 1].print, &copy[i].print) / (CAMPAIGN_COPIES - 1);
        bool three = false;
        for (size_t k = 0; k < 3 && i >= 3; k++) three = three || meet(&copy[k].print, &copy[i].print);
        out->level[level].three += (double)three / (CAMPAIGN_COPIES - 3);
    }
    for (size_t i = 0; i < made; i++) free(copy[i].v);
    return fine;
}

static bool run_campaigns(struct work *w, struct campaign *out)
{
    struct arena a;
    bool fine = arena_open(&a, MAIL_ARENA_BYTES) == ERR_OK;
    if (!fine) return false;
    out->templates = w->template_count;
    for (int level = 0; level < CAMPAIGN_LEVELS && w->template_count; level++) {
        for (size_t t = 0; t < w->template_count && fine; t++) fine = run_campaign(w, w->templates[t], level, &a, out);
        out->level[level].j /= (double)w->template_count;
        out->level[level].one /= (double)w->template_count;
        out->level[level].three /= (double)w->template_count;
    }
    arena_close(&a);
    return fine;
}

enum err campaign_measure(const struct mail_index *x, struct campaign *out, char *fault_out)
{
    struct work w = {.x = x, .dice = 1};
    enum err e = ERR_MEMORY;
    *out = (struct campaign){0};
    snprintf(fault_out, INDEX_FAULT_BYTES, "%s", err_str(ERR_MEMORY));
    w.kept = calloc(x->n, sizeof *w.kept);
    w.templates = calloc(CAMPAIGN_TEMPLATES, sizeof *w.templates);
    w.pool = calloc(POOL_WORDS, sizeof *w.pool);
    if (w.kept && w.templates && w.pool) e = each_mail(x, NULL, "fingerprints", true, take, &w, fault_out);
    if (e == ERR_OK && (!compare_all(&w, out) || !run_campaigns(&w, out))) e = ERR_MEMORY;
    for (size_t i = 0; w.kept && i < x->n; i++) free(w.kept[i].v);
    for (size_t i = 0; i < w.template_count; i++) free(w.templates[i]);
    for (size_t i = 0; i < w.pool_count; i++) free(w.pool[i]);
    free(w.kept);
    free(w.templates);
    free(w.pool);
    return e;
}

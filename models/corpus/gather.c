/* SPDX-License-Identifier: Apache-2.0 */
/* gather: counts first, mails behind them; see gather.h. */
#define _GNU_SOURCE
#include "models/corpus/gather.h"

#include "models/corpus/arrival.h"
#include "models/corpus/each.h"
#include "models/corpus/index.h"
#include "proto/base/hash.h"

#include <stdio.h>
#include <stdlib.h>

/* All that is known while mails are counted. */
struct counting {
    const struct gather *g;
    struct corpus *c;
    struct gathered *out;
    struct mail_index *index; /* [indexes], owned; of the inputs that are not counts */
    size_t indexes, first;    /* the first of those inputs */
    struct counts_plan plan;
    struct counts_writer w;
    const struct mail_index *x; /* the one at hand, and its source in the file */
    uint32_t source;
    char *fault;
};

static enum err fail(struct counting *k, enum err e, const char *path, const char *what)
{
    snprintf(k->fault, GATHER_FAULT_BYTES, "%.300s: %s", path, what);
    return e;
}

static bool same_trust(const struct trust *a, const struct trust *b)
{
    bool same = a->hosts == b->hosts && a->own_received == b->own_received;
    for (size_t i = 0; same && i < a->hosts; i++) same = span_eq(a->host[i], b->host[i]);
    return same;
}

/* --- counts ------------------------------------------------------------------------------------------------------- */

static enum err add_counts(struct counting *k, const char *path, struct corpus_without *without)
{
    struct counts file;
    struct trust trust;
    enum err e = counts_open(path, &file, k->fault);
    if (e) return e;
    counts_trust(&file, &trust);
    const char *wrong = NULL;
    if (!k->g->trust && k->c->files == 0)
        k->out->trust = trust;
    else if (!same_trust(&trust, &k->out->trust))
        wrong = "was counted with another --trust or --own-received";
    for (size_t i = 0; !wrong && i < k->c->files; i++)
        if (file.mails && k->c->file[i].mails == file.mails && k->c->file[i].chain == file.chain)
            wrong = "holds the same mails as another of the counts files; each is to be given once";
    if (wrong) {
        counts_close(&file);
        return fail(k, ERR_MODEL, path, wrong);
    }
    e = corpus_add(k->c, &file, without);
    return e ? fail(k, e, path, err_str(e)) : ERR_OK;
}

static enum err add_all_counts(struct counting *k)
{
    struct corpus_without without = {0};
    enum err e = ERR_OK;
    for (size_t i = 0; !e && i < k->g->withouts; i++) {
        struct counts file;
        e = counts_open(k->g->without[i], &file, k->fault);
        if (e) break;
        e = corpus_leave_out(&without, &file);
        if (e) fail(k, e, k->g->without[i], err_str(e));
        counts_close(&file);
    }
    for (size_t i = 0; !e && i < k->first; i++) e = add_counts(k, k->g->input[i].counts, &without);
    k->out->left_out = without.left_out;
    if (!e && k->g->withouts && !without.left_out)
        e = fail(k, ERR_MODEL, k->g->without[0], "none of its mails is in the others");
    corpus_without_close(&without);
    return e;
}

/* --- mails -------------------------------------------------------------------------------------------------------- */

static uint64_t hash_text(uint64_t h, const char *text)
{
    return hash64(span_cstr(text), h);
}

/* What the file is made from: another answer, and an interrupted run is not gone on with. */
static uint64_t job_of(const struct counting *k)
{
    uint64_t h = k->c->hash;
    for (size_t i = 0; i < k->indexes; i++) {
        const struct mail_index *x = &k->index[i];
        char *folder = realpath(*x->folder ? x->folder : ".", NULL);
        h = hash_text(h, folder ? folder : x->folder);
        free(folder);
        for (size_t j = 0; j < x->n; j++) {
            const struct index_entry *e = &x->entry[j];
            uint64_t facts[4] = {e->spam, e->line, e->at, e->bytes};
            h = hash64(span_of(facts, sizeof facts), hash_text(h, e->path));
        }
    }
    return h;
}

static enum err open_indexes(struct counting *k)
{
    for (size_t i = k->first; i < k->g->inputs; i++) {
        const struct gather_input *in = &k->g->input[i];
        struct mail_index *x = &k->index[k->indexes];
        enum err e = in->index ? index_open(in->index, x, k->fault) : index_open_places(in->ham, in->spam, x, k->fault);
        if (e) return e;
        k->indexes++;
    }
    return ERR_OK;
}

/* Will there be mails of both labels? Those of indexes count as they stand there. */
static enum err check_labels(struct counting *k)
{
    size_t mails[2] = {k->c->count[0], k->c->count[1]};
    for (size_t i = 0; i < k->indexes; i++) {
        mails[0] += k->index[i].n - k->index[i].spam;
        mails[1] += k->index[i].spam;
    }
    if (mails[0] && mails[1]) return ERR_OK;
    snprintf(k->fault, GATHER_FAULT_BYTES, "%zu ham and %zu spam: both are needed", mails[0], mails[1]);
    return ERR_MODEL;
}

/* The sources of the file: the corpus's so far, if all is kept, then those of the indexes. */
static enum err choose_sources(struct counting *k)
{
    size_t have = k->g->keep ? k->c->sources : 0;
    span *name = malloc((have + k->indexes + 1) * sizeof *name);
    if (!name) return fail(k, ERR_MEMORY, "counts", err_str(ERR_MEMORY));
    for (size_t i = 0; i < have; i++) name[i] = k->c->name[i];
    for (size_t i = 0; i < k->indexes; i++) name[have + i] = span_cstr(k->g->input[k->first + i].source);
    k->plan =
        (struct counts_plan){.source = name, .sources = have + k->indexes, .trust = &k->out->trust, .job = job_of(k)};
    return ERR_OK;
}

static enum err take(void *arg, size_t i, const struct mail *m, const struct features *f, char *fault)
{
    struct counting *k = arg;
    const struct index_entry *e = &k->x->entry[i];
    struct counts_mail facts = {.source = k->source, .body = corpus_body(m), .line = e->line, .spam = e->spam};
    hash128(m->raw, facts.digest);
    if (!arrival_time(m, &facts.date)) facts.date = COUNTS_NO_DATE;
    return counts_add(&k->w, &facts, f, span_cstr(e->path), fault);
}

/* All records that the file is to hold, but for those that an earlier run left there. */
static enum err write_all(struct counting *k)
{
    size_t at = 0, skip = k->w.mails;
    enum err e = ERR_OK;
    k->out->resumed = skip;
    size_t from = k->g->keep ? k->c->n : 0; /* where the mails of an index begin in the file */
    for (size_t i = 0; !e && i < k->indexes; from += k->index[i++].n)
        if (skip < from + k->index[i].n) e = index_check(&k->index[i], skip > from ? skip - from : 0, k->fault);
    for (size_t i = 0; !e && k->g->keep && i < k->c->n; i++)
        if (at++ >= skip) e = counts_copy(&k->w, k->c->mail[i], k->c->source[i], k->fault);
    struct mail_context context = trust_context(&k->out->trust);
    for (size_t i = 0; !e && i < k->indexes; i++) {
        size_t first = at >= skip ? 0 : skip - at < k->index[i].n ? skip - at : k->index[i].n;
        at += k->index[i].n;
        k->x = &k->index[i];
        k->source = (uint32_t)((k->g->keep ? k->c->sources : 0) + i);
        if (first < k->x->n) e = each_mail_from(k->x, first, &context, "reading mails", true, take, k, k->fault);
    }
    return e;
}

/* Is what is to be made there already, whole? Then it is opened. */
static bool is_made(struct counting *k, struct counts *file)
{
    char ignored[COUNTS_FAULT_BYTES];
    if (!k->g->keep || counts_open(k->g->keep, file, ignored)) return false;
    struct trust trust;
    counts_trust(file, &trust);
    bool same =
        file->head->job == k->plan.job && file->head->sources == k->plan.sources && same_trust(&trust, &k->out->trust);
    for (size_t i = 0; same && i < k->plan.sources; i++) same = span_eq(counts_source(file, i), k->plan.source[i]);
    if (!same) counts_close(file);
    return same;
}

static enum err count(struct counting *k, bool *wrote_out)
{
    struct counts file;
    if (is_made(k, &file)) {
        k->out->whole = true;
        k->out->resumed = file.mails;
    } else {
        enum err e = counts_create(k->g->keep, k->g->folder, &k->plan, &k->w, k->fault);
        *wrote_out = e != ERR_OK;
        if (e) return e;
        e = write_all(k);
        *wrote_out = e == ERR_IO && k->w.failed;
        if (!e) {
            e = counts_finish(&k->w, &file, k->fault);
            *wrote_out = e == ERR_IO;
        }
        counts_writer_close(&k->w);
        if (e) return e;
    }
    if (k->g->keep) corpus_close(k->c); /* all of it is in the new file */
    counts_trust(&file, &k->out->trust);
    enum err e = corpus_add(k->c, &file, NULL);
    return e ? fail(k, e, k->g->keep ? k->g->keep : "counts", err_str(e)) : ERR_OK;
}

enum err gather(const struct gather *g, struct corpus *c, struct gathered *out, bool *wrote_out, char *fault_out)
{
    struct counting k = {.g = g, .c = c, .out = out, .fault = fault_out};
    *out = (struct gathered){0};
    *wrote_out = false;
    if (g->trust) out->trust = *g->trust;
    while (k.first < g->inputs && g->input[k.first].counts) k.first++;
    k.index = calloc(g->inputs - k.first + 1, sizeof *k.index);
    enum err e = k.index ? add_all_counts(&k) : fail(&k, ERR_MEMORY, "counts", err_str(ERR_MEMORY));
    if (!e) e = open_indexes(&k);
    if (!e && g->both) e = check_labels(&k);
    if (!e && (k.indexes || g->keep)) {
        e = choose_sources(&k);
        if (!e) e = count(&k, wrote_out);
    }
    for (size_t i = 0; k.index && i < k.indexes; i++) index_close(&k.index[i]);
    free(k.index);
    free((void *)k.plan.source);
    return e;
}

enum err corpus_add_index(struct corpus *c, const struct mail_index *x, const struct mail_context *context,
                          char *fault_out)
{
    static const struct trust nobody;
    static const span unnamed;
    struct counting k = {.c = c, .x = x, .fault = fault_out};
    struct counts_plan plan = {.source = &unnamed, .sources = 1, .trust = &nobody};
    struct counts file;
    enum err e = counts_create(NULL, NULL, &plan, &k.w, fault_out);
    if (e) return e;
    e = each_mail(x, context, "reading mails", true, take, &k, fault_out);
    if (!e) e = counts_finish(&k.w, &file, fault_out);
    counts_writer_close(&k.w);
    if (!e && (e = corpus_add(c, &file, NULL))) fail(&k, e, "counts", err_str(e));
    return e;
}

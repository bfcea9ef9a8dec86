/* SPDX-License-Identifier: Apache-2.0 */
/* corpus: pointers into counts files, and the numbers of sources across them; see corpus.h. */
#include "models/corpus/corpus.h"

#include "proto/base/hash.h"

#include <stdlib.h>

enum { UNKNOWN = UINT32_MAX };

uint64_t corpus_body(const struct mail *m)
{
    if (m->text.n) return hash64(m->text, 1);
    return hash64(m->part_count ? m->parts[0].body : SPAN_NONE, 2);
}

static int by_digest(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;
    if (x[0] != y[0]) return x[0] < y[0] ? -1 : 1;
    return x[1] < y[1] ? -1 : x[1] > y[1];
}

enum err corpus_leave_out(struct corpus_without *w, const struct counts *file)
{
    const struct counts_mail *m;
    for (size_t at = 0; (m = counts_next(file, &at));) {
        if (w->n == w->cap) {
            size_t cap = w->cap * 2 + 256;
            uint64_t(*grown)[2] = realloc(w->digest, cap * sizeof *grown);
            if (!grown) return ERR_MEMORY;
            w->digest = grown;
            w->cap = cap;
        }
        memcpy(w->digest[w->n++], m->digest, sizeof m->digest);
    }
    if (w->n) qsort(w->digest, w->n, sizeof *w->digest, by_digest);
    return ERR_OK;
}

void corpus_without_close(struct corpus_without *w)
{
    free(w->digest);
    *w = (struct corpus_without){0};
}

static bool is_out(const struct corpus_without *w, const struct counts_mail *m)
{
    return w && w->n && bsearch(m->digest, w->digest, w->n, sizeof *w->digest, by_digest);
}

/* The number of a source of a file in the whole corpus. */
static bool number_source(struct corpus *c, const struct counts *file, uint32_t in_file, uint32_t *out)
{
    span name = counts_source(file, in_file);
    for (uint32_t i = 0; name.n && i < c->sources; i++)
        if (span_eq(name, c->name[i])) {
            *out = i;
            return true;
        }
    span *grown = realloc(c->name, (c->sources + 1) * sizeof *grown);
    if (!grown) return false;
    c->name = grown;
    c->name[c->sources] = name;
    *out = (uint32_t)c->sources++;
    return true;
}

static bool fit(struct corpus *c, size_t n)
{
    if (n <= c->cap) return true;
    size_t cap = n + c->cap / 2;
    void *mail = realloc(c->mail, cap * sizeof *c->mail);
    if (mail) c->mail = mail;
    void *source = mail ? realloc(c->source, cap * sizeof *c->source) : NULL;
    if (!source) return false;
    c->source = source;
    c->cap = cap;
    return true;
}

static enum err add(struct corpus *c, const struct counts *file, struct corpus_without *without, uint32_t *number)
{
    if (!fit(c, c->n + file->mails)) return ERR_MEMORY;
    const struct counts_mail *m;
    for (size_t at = 0; (m = counts_next(file, &at));) {
        if (is_out(without, m)) {
            without->left_out++;
            continue;
        }
        uint32_t *source = &number[m->source];
        if (*source == UNKNOWN && !number_source(c, file, m->source, source)) return ERR_MEMORY;
        c->mail[c->n] = m;
        c->source[c->n++] = *source;
        c->count[m->spam]++;
        c->hash = hash_pair(hash_pair(c->hash + m->spam, m->digest[0]) + *source, m->digest[1]);
    }
    return ERR_OK;
}

enum err corpus_add(struct corpus *c, struct counts *file, struct corpus_without *without)
{
    struct counts *grown = realloc(c->file, (c->files + 1) * sizeof *grown);
    if (!grown) {
        counts_close(file);
        return ERR_MEMORY;
    }
    c->file = grown;
    c->file[c->files++] = *file;
    size_t sources = file->head->sources;
    uint32_t *number = malloc((sources + 1) * sizeof *number);
    if (!number) return ERR_MEMORY;
    for (size_t i = 0; i < sources; i++) number[i] = UNKNOWN;
    enum err e = add(c, file, without, number);
    free(number);
    return e;
}

void corpus_close(struct corpus *c)
{
    for (size_t i = 0; i < c->files; i++) counts_close(&c->file[i]);
    free(c->mail);
    free(c->source);
    free(c->name);
    free(c->file);
    *c = (struct corpus){0};
}

/* By digest, then label. */
static int by_mail(const void *a, const void *b)
{
    const struct counts_mail *x = *(const struct counts_mail *const *)a, *y = *(const struct counts_mail *const *)b;
    int order = by_digest(x->digest, y->digest);
    return order ? order : x->spam - y->spam;
}

enum err corpus_duplicates(const struct corpus *c, size_t *again_out, size_t *both_out)
{
    *again_out = *both_out = 0;
    if (c->n < 2) return ERR_OK;
    const struct counts_mail **m = malloc(c->n * sizeof *m);
    if (!m) return ERR_MEMORY;
    memcpy(m, c->mail, c->n * sizeof *m);
    qsort(m, c->n, sizeof *m, by_mail);
    for (size_t i = 1; i < c->n; i++) {
        if (by_digest(m[i]->digest, m[i - 1]->digest) != 0) continue;
        ++*again_out;
        *both_out += m[i]->spam != m[i - 1]->spam;
    }
    free(m);
    return ERR_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* corpus: each mail one block: its facts, then its features; see corpus.h. */
#include "models/corpus.h"

#include "models/each.h"
#include "proto/base/hash.h"

#include <stdio.h>
#include <stdlib.h>

struct filling {
    const struct mail_index *x;
    struct corpus_mail **out;
    uint32_t source;
};

/* A mail's features, copied out of the arena into one block. */
static struct corpus_mail *keep(const struct features *f)
{
    struct corpus_mail *m = malloc(sizeof *m + features_count(f) * sizeof(uint32_t));
    if (m) features_copy(f, (uint32_t *)(m + 1), &m->f);
    return m;
}

uint64_t corpus_body(const struct mail *m)
{
    if (m->text.n) return hash64(m->text, 1);
    return hash64(m->part_count ? m->parts[0].body : SPAN_NONE, 2);
}

static enum err take(void *arg, size_t i, const struct mail *m, const struct features *f, char *fault)
{
    struct filling *to = arg;
    struct corpus_mail *kept = keep(f);
    if (!kept) {
        snprintf(fault, INDEX_FAULT_BYTES, "%s: %s", to->x->entry[i].path, err_str(ERR_MEMORY));
        return ERR_MEMORY;
    }
    kept->body = corpus_body(m);
    kept->source = to->source;
    kept->spam = to->x->entry[i].spam;
    to->out[i] = kept;
    return ERR_OK;
}

enum err corpus_add_index(struct corpus *c, const struct mail_index *x, const struct mail_context *context,
                          char *fault_out)
{
    struct corpus_mail **grown = realloc(c->mail, (c->n + x->n) * sizeof *grown);
    if (!grown) {
        snprintf(fault_out, INDEX_FAULT_BYTES, "%s", err_str(ERR_MEMORY));
        return ERR_MEMORY;
    }
    c->mail = grown;
    memset(grown + c->n, 0, x->n * sizeof *grown);
    struct filling to = {x, grown + c->n, (uint32_t)c->sources};
    c->n += x->n; /* what was read is freed by corpus_close, failed or not */
    enum err e = each_mail(x, context, "reading mails", false, take, &to, fault_out);
    if (e) return e;
    c->sources++;
    for (size_t i = c->n - x->n; i < c->n; i++) {
        c->count[c->mail[i]->spam]++;
        c->hash = hash_pair(c->hash + c->mail[i]->spam, c->mail[i]->body);
    }
    return ERR_OK;
}

enum err corpus_add(struct corpus *c, const char *index, const struct mail_context *context, char *fault_out)
{
    struct mail_index x;
    enum err e = index_open(index, &x, fault_out);
    if (e) return e;
    e = corpus_add_index(c, &x, context, fault_out);
    index_close(&x);
    return e;
}

void corpus_close(struct corpus *c)
{
    for (size_t i = 0; i < c->n; i++) free(c->mail[i]);
    free(c->mail);
    *c = (struct corpus){0};
}

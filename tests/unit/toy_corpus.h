/* SPDX-License-Identifier: Apache-2.0 */
/* toy_corpus: a corpus out of features and facts that a test makes up, through a temporary counts file.
 *
 * Each test that includes it has its own copy of the functions. */
#ifndef FURUI_TESTS_TOY_CORPUS_H
#define FURUI_TESTS_TOY_CORPUS_H

#include "models/corpus/corpus.h"
#include "proto/base/hash.h"

struct toy_writer {
    struct counts_writer w;
    char fault[COUNTS_FAULT_BYTES];
    uint32_t line;
};

static inline void toy_open(struct toy_writer *t, size_t sources)
{
    static const span unnamed[8];
    static const struct trust nobody;
    const struct counts_plan plan = {.source = unnamed, .sources = sources, .trust = &nobody};
    t->line = 0;
    assert_int_equal(counts_create(NULL, NULL, &plan, &t->w, t->fault), ERR_OK);
}

/* `digest` names the mail's bytes, `body` its visible text. */
static inline void toy_add(struct toy_writer *t, const struct features *f, bool spam, uint32_t source, uint64_t digest,
                           uint64_t body)
{
    struct counts_mail m = {.source = source,
                            .digest = {digest, hash_pair(digest, 1)},
                            .body = hash_pair(body, 2),
                            .date = COUNTS_NO_DATE,
                            .line = ++t->line,
                            .spam = spam};
    assert_int_equal(counts_add(&t->w, &m, f, SPAN("toy"), t->fault), ERR_OK);
}

static inline void toy_close(struct toy_writer *t, struct corpus *c)
{
    struct counts file;
    *c = (struct corpus){0};
    assert_int_equal(counts_finish(&t->w, &file, t->fault), ERR_OK);
    counts_writer_close(&t->w);
    assert_int_equal(corpus_add(c, &file, NULL), ERR_OK);
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* corpus: labelled mails of one or more indexes as features in memory, ready to be learnt again and again.
 *
 * About 20 KB a mail. Mails are read and taken apart by all cores; the order is that of the indexes. */
#ifndef FURUI_MODELS_CORPUS_H
#define FURUI_MODELS_CORPUS_H

#include "models/index.h"
#include "worker/token/feature.h"

struct corpus_mail {
    struct features f; /* its lists are owned, in one block with this struct */
    uint64_t body;     /* hash of the visible text: mails of one hash are duplicates and stay together in splits */
    uint32_t source;   /* which index */
    bool spam;
};

struct corpus {
    struct corpus_mail **mail; /* owned */
    size_t n, sources;
    size_t count[2]; /* ham, spam */
    uint64_t hash;   /* of labels and bodies in order: names the training data in the manifest */
};

/* Read one more index; `context` is what else is known of its mails, or NULL. Errors as index_open and index_read;
 * fault_out INDEX_FAULT_BYTES. */
enum err corpus_add(struct corpus *c, const char *index, const struct mail_context *context, char *fault_out);

/* The same of an index that is open, or of a part of one: its own entries, the other's folder. */
enum err corpus_add_index(struct corpus *c, const struct mail_index *x, const struct mail_context *context,
                          char *fault_out);
void corpus_close(struct corpus *c);

/* corpus_mail.body of a mail. */
uint64_t corpus_body(const struct mail *m);

#endif

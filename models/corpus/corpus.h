/* SPDX-License-Identifier: Apache-2.0 */
/* corpus: labelled mails out of counts files, ready to be learnt again and again.
 *
 * Mails stay in the files' mappings: memory holds 12 bytes of each, whatever the corpus; the rest is page cache. The
 * order is that of the files. models/corpus/gather.h fills one. */
#ifndef FURUI_CORPUS_CORPUS_H
#define FURUI_CORPUS_CORPUS_H

#include "models/corpus/counts.h"

struct corpus {
    const struct counts_mail *
        *mail;        /* [n]; lent by the files. `source` in there is the file's, below is the corpus's */
    uint32_t *source; /* [n] */
    size_t n, cap;
    span *name; /* [sources], as given, or empty; lent by the files */
    size_t sources;
    size_t count[2];     /* ham, spam */
    uint64_t hash;       /* of labels, sources and mails in order: names the training data in the manifest */
    struct counts *file; /* [files]; owned, closed with the corpus */
    size_t files;
};

/* Mails that are to be left out, by digest. */
struct corpus_without {
    uint64_t (*digest)[2]; /* [n], ascending; owned */
    size_t n, cap;
    size_t left_out; /* mails that corpus_add met and left out */
};

/* Add all mails of a file, but those `without`, which may be NULL. The file is the corpus's from now on, even when this
 * fails. Mails of a named source join those of the same name; a source without a name is one of its own, and counts
 * from its first mail that is not left out. ERR_MEMORY. */
enum err corpus_add(struct corpus *c, struct counts *file, struct corpus_without *without);
void corpus_close(struct corpus *c);

/* counts_mail.body of a mail. */
uint64_t corpus_body(const struct mail *m);

/* The features of mail i, lent. */
static inline void corpus_features(const struct corpus *c, size_t i, struct features *out)
{
    counts_features(c->mail[i], out);
}

/* Leave out the mails of `file` as well. ERR_MEMORY. */
enum err corpus_leave_out(struct corpus_without *w, const struct counts *file);
void corpus_without_close(struct corpus_without *w);

/* Mails that are there before, byte for byte, and how many different ones of those have both labels. ERR_MEMORY. */
enum err corpus_duplicates(const struct corpus *c, size_t *again_out, size_t *both_out);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* gather: a corpus from all that a person may have: counts files, indexes, places with ham and spam.
 *
 * Mails that are not counted yet are read and taken apart by all cores into a counts file: the one that is to be kept,
 * or a temporary one that nobody sees. */
#ifndef FURUI_CORPUS_GATHER_H
#define FURUI_CORPUS_GATHER_H

#include "models/corpus/corpus.h"
#include "models/corpus/index.h"

enum { GATHER_FAULT_BYTES = 512, GATHER_INPUTS_MAX = 1024 };

struct gather_input {
    const char *counts;     /* a counts file, or */
    const char *index;      /* a TREC index, or */
    const char *ham, *spam; /* two places, or one */
    const char *source;     /* its name; NULL: a source of its own. Not for counts, which know theirs */
    const char *disputed;   /* of an index: where an audit lists its mails of doubtful labels, or NULL */
};

struct gather {
    const struct gather_input *input; /* [inputs], counts first: the order of the corpus */
    size_t inputs;
    const char *const *without; /* [withouts]: counts files whose mails are left out of those in counts */
    size_t withouts;
    const char *keep;          /* counts file for all of it, or NULL */
    const char *folder;        /* for the temporary one, or NULL */
    bool both;                 /* mails of one label alone are of no use: told before any is read */
    const struct trust *trust; /* NULL: as in the first counts */
};

struct gathered {
    size_t resumed;     /* mails that an interrupted run had counted already */
    bool whole;         /* all of them */
    size_t left_out;    /* mails of `without` that were met */
    struct trust trust; /* with which all mails were read; lent by the corpus or the plan */
};

/* Fill `c`, which is empty; corpus_close() it, failed or not.
 *
 * ERR_IO, ERR_SYNTAX, ERR_TOO_BIG: something cannot be read or written (ERR_IO with *wrote_out: written);
 * ERR_MODEL, ERR_VERSION: counts that are damaged, of another version, given twice, or read with other trust;
 * ERR_MEMORY. */
enum err gather(const struct gather *g, struct corpus *c, struct gathered *out, bool *wrote_out, char *fault_out);

/* Add the mails of one index, through a temporary counts file; a source of its own. Errors as gather. */
enum err corpus_add_index(struct corpus *c, const struct mail_index *x, const struct mail_context *context,
                          char *fault_out);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* vocabulary: the features that more than one mail of a corpus has, numbered by how common they are.
 *
 * A feature of one mail teaches nothing about another: two thirds of all features of trec07a go this way, and 5% of
 * what its mails hold. What stays is learnt under its number instead of its hash: nothing shares a cell, the common
 * ones lie together in the cache, and learning costs a third.
 *
 * Memory is bounded by lossy counting (Manku, Motwani, VLDB 2002): where a table is full, the features that were met
 * least go; they have to begin anew. Which ones stay does not depend on the number of threads. */
#ifndef FURUI_TRAIN_VOCABULARY_H
#define FURUI_TRAIN_VOCABULARY_H

#include "models/corpus/corpus.h"
#include "models/train/learner.h"

enum { VOCABULARY_FAULT_BYTES = 256 };

/* log2 of what bounds memory. */
struct vocabulary_limits {
    unsigned words; /* at most: the rarest are left out */
    unsigned slots; /* of each of 16 tables that count, 8 bytes each */
};
static const struct vocabulary_limits VOCABULARY_LIMITS = {.words = 24, .slots = 22};

struct vocabulary {
    struct learner_word *word; /* [n]; owned; `cell` is the number */
    size_t n;
    unsigned bits;      /* n <= 1 << bits */
    uint64_t *offset;   /* [mails + 1] into map, of n[VIEW_COUNT] and then the numbers, view by view; owned */
    const uint8_t *map; /* of a temporary file; owned */
    size_t map_bytes;
};

/* Count and number the features of a corpus, on all cores.
 *
 *   folder     for a temporary file as large as the corpus, if TMPDIR is not set; NULL: /tmp
 *   fault_out  on error, one line; VOCABULARY_FAULT_BYTES
 *
 * ERR_MEMORY, ERR_IO. */
enum err vocabulary_open(struct vocabulary *v, const struct corpus *c, struct vocabulary_limits limits,
                         const char *folder, char *fault_out);
void vocabulary_close(struct vocabulary *v);

/* The features of mail i, as numbers; lent. */
void vocabulary_features(const struct vocabulary *v, size_t i, struct features *out);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* dropout: what is not known in service is not always known in training either: authentication.
 *
 * A corpus may be read where a gateway told SPF, DKIM and DMARC of each mail, and the model be used where nobody does.
 * A model that always had them would take their absence for evidence. So they are taken out of every other mail while
 * it is learnt, weighed and calibrated (after Srivastava et al., "Dropout", JMLR 15, 2014, and van der Maaten et al.,
 * "Learning with marginalized corrupted features", ICML 2013). docs/scoring.md. */
#ifndef FURUI_TRAIN_DROPOUT_H
#define FURUI_TRAIN_DROPOUT_H

#include "models/corpus/counts.h"
#include "models/train/learner.h"

enum {
    DROPOUT_MAX = 64,
    DROPOUT_SHAPE_MAX = 1024, /* features of VIEW_SHAPE; a mail that has more is left as it is */
};

struct dropout {
    uint32_t v[DROPOUT_MAX]; /* features of VIEW_SHAPE that only authentication can make */
    bool odd[DROPOUT_MAX];   /* is it an oddity, which NUMBER_ODDITIES counts too? */
    size_t n;
    bool maybe[256]; /* [i]: is any of v[] i modulo 256? */
};

/* Find those features: what the reader of mail says with authentication and does not say without. ERR_MEMORY. */
enum err dropout_open(struct dropout *d);

/* The same as numbers of a vocabulary, by its words' cells; those that it does not have are left out. */
void dropout_number(const struct dropout *d, const struct learner_word *word, size_t n, struct dropout *out);

/* Is it this mail's turn, in this pass? By a hash of its bytes: every other one, the other half in the next pass. */
bool dropout_turn(const struct counts_mail *m, unsigned epoch);

/* Take them out of a mail's features; `room` holds the list that is left. */
void dropout_apply(const struct dropout *d, struct features *f, uint32_t room[DROPOUT_SHAPE_MAX]);

#endif

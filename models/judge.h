/* SPDX-License-Identifier: Apache-2.0 */
/* judge: scores for all mails of some indexes, by a bundle or by learning on the way. */
#ifndef FURUI_MODELS_JUDGE_H
#define FURUI_MODELS_JUDGE_H

#include "models/index.h"
#include "models/judged.h"
#include "worker/score/model.h"

enum { JUDGE_FAULT_BYTES = 512 };

/* What is to be judged: the mails of each index, one index after the other. Lent. */
struct judge_mails {
    const struct mail_index *index; /* [sources] */
    const char *const *source;      /* [sources], their names */
    size_t sources;
    const struct mail_context *context; /* what else is known of each mail, or NULL */
};

/* Score each mail by an open model, on all cores.
 *
 *   out  owned by the caller: judged_close(), failed or not; lends the indexes' paths and the sources' names
 *
 * Errors as index_read; ERR_MEMORY. */
enum err judge_by_model(const struct model *m, const struct judge_mails *mails, struct judged *out, char *fault_out);

/* TREC's immediate feedback: one pass in order, each mail judged and then learnt (models/online.h). Mails are read
 * ahead by all cores, learnt by one. Errors as judge_by_model. */
enum err judge_immediate(const struct judge_mails *mails, struct judged *out, char *fault_out);

#endif

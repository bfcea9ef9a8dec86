/* SPDX-License-Identifier: Apache-2.0 */
/* judge: scores for all mails of an index, by a bundle or by learning on the way. */
#ifndef FURUI_MODELS_JUDGE_H
#define FURUI_MODELS_JUDGE_H

#include "models/index.h"
#include "worker/score/model.h"

enum { JUDGE_FAULT_BYTES = 512 };

/* Score each mail by an open model, on all cores. `c` is what else is known of each, or NULL; score_out[x->n]:
 * calibrated log-odds. Errors as index_read. */
enum err judge_by_model(const struct model *m, const struct mail_index *x, const struct mail_context *c,
                        double *score_out, char *fault_out);

/* TREC's immediate feedback: one pass in order, each mail judged and then learnt (models/online.h). Mails are read
 * ahead by all cores, learnt by one. Errors as index_read. */
enum err judge_immediate(const struct mail_index *x, const struct mail_context *c, double *score_out, char *fault_out);

#endif

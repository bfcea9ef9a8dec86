/* SPDX-License-Identifier: Apache-2.0 */
/* judge_steps: the ways of judge.c that have a file of their own, and what they share. Nobody else calls them. */
#ifndef FURUI_EVAL_JUDGE_STEPS_H
#define FURUI_EVAL_JUDGE_STEPS_H

#include "models/corpus/each.h"
#include "models/eval/judge.h"

/* Leave `e` behind in words. Returns it. */
enum err judge_fault(char *fault_out, enum err e, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Room for all mails: path, line, source, label and exclusion are filled in. ERR_MEMORY. */
enum err judged_open(const struct judge_mails *mails, struct judged *out, char *fault_out);

/* Language and kind. */
void judged_describe(struct judged_mail *v, const struct mail *m);

/* JUDGE_BY_MODEL. */
enum err judge_by_model(const struct model *m, const struct judge_mails *mails, struct judged *out, char *fault_out);

/* JUDGE_IMMEDIATE to JUDGE_ACTIVE (judge_online.c). */
enum err judge_online(const struct judge_plan *p, const struct judge_mails *mails, struct judged *out, char *fault_out);

/* Deal n mails out to k folds: equal bodies into one, like cards in the order of a hash, first the ham, then the spam
 * from where the ham ended, so that no fold is empty when there are k bodies. ERR_MEMORY. */
enum err judge_deal(const uint64_t *body, const struct judged_mail *v, size_t n, size_t k, uint32_t *fold_out,
                    size_t *bodies_out);

/* JUDGE_FOLDS to JUDGE_UNTIL (judge_batch.c). */
enum err judge_batch(const struct judge_plan *p, const struct judge_mails *mails, struct judged *out, char *fault_out);

#endif

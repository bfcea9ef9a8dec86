/* SPDX-License-Identifier: Apache-2.0 */
/* eval_compare: `furui eval --compare A B`, from the command line to what is shown. */
#ifndef FURUI_MODELS_EVAL_COMPARE_H
#define FURUI_MODELS_EVAL_COMPARE_H

#include "models/eval_options.h"

/* Judges the mails of the indexes as the options say (by o->bundle); an exit status after a complaint. */
typedef int eval_judge_fn(const struct eval_options *o, const struct mail_index *x, struct judged *out);

/* Compare o->compare[0] and [1]: bundles, which judge the mails of x[o->indexes], or files of scores of those mails (of
 * any, when there is no index). Returns the exit status, after a complaint when it is not CLI_OK. */
int eval_compare(const struct eval_options *o, const struct mail_index *x, eval_judge_fn *by_bundle);

#endif

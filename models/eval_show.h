/* SPDX-License-Identifier: Apache-2.0 */
/* eval_show: the figures of an evaluation on standard output. */
#ifndef FURUI_MODELS_EVAL_SHOW_H
#define FURUI_MODELS_EVAL_SHOW_H

#include "models/eval_options.h"

/* How the mails are judged, in a word: "immediate", "delayed:100", "bundle". */
enum { EVAL_WAY = 64 };
void eval_way(const struct eval_options *o, char out[EVAL_WAY]);

/* As a table for people, or with --json as one object. `seconds`: how long judging took. ERR_MEMORY. */
enum err eval_show(const struct eval_options *o, const struct judged *d, double seconds);

#endif

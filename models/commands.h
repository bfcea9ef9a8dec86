/* SPDX-License-Identifier: Apache-2.0 */
/* commands: the verbs of `furui` that live in models/. */
#ifndef FURUI_MODELS_COMMANDS_H
#define FURUI_MODELS_COMMANDS_H

#include "proto/cli/cli.h"

enum { COMMANDS_BAD_DATA = 65 }; /* sysexits.h EX_DATAERR */

/* `furui model info` of a counts file. Returns the exit status. */
int counts_info(const char *path, bool json);

extern const struct verb verb_train, verb_eval, verb_model, verb_show;
extern const struct verb verb_model_merge, verb_model_push, verb_model_rollback, verb_model_history;

#endif

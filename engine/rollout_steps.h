/* SPDX-License-Identifier: Apache-2.0 */
/* rollout_steps: what the files of rollout.h share. Nobody else calls these. */
#ifndef FURUI_ENGINE_ROLLOUT_STEPS_H
#define FURUI_ENGINE_ROLLOUT_STEPS_H

#include "engine/rollout.h"

/* The time, in seconds since 1970, as the history has it. */
uint64_t rollout_now_s(void);

/* Close it, if it is open. */
void rollout_put_away(int *fd);

/* From now on the bundle of this row serves; takes over fd, an open file of it. */
void rollout_serve_row(struct rollout *r, const struct ledger_row *row, int fd);

#endif

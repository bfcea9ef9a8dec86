/* SPDX-License-Identifier: Apache-2.0 */
/* poison: the box where mails that killed two workers are kept aside, for whoever mends what they broke.
 *
 * STATE_DIR/poison/TIME-ID-N.eml, mode 0600. Bounded: when a mail more would be too many or too much, the oldest go. */
#ifndef FURUI_ENGINE_POISON_H
#define FURUI_ENGINE_POISON_H

#include "engine/state.h"

enum { POISON_FILES_MAX = 100, POISON_BYTES_MAX = 256 << 20 };

/* Keep a mail; says so in the log, or why it could not. Blocks for as long as the disk takes. */
void poison_keep(const struct state *s, uint64_t id, span mail);

#endif

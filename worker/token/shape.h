/* SPDX-License-Identifier: Apache-2.0 */
/* shape: facts about how a mail is built that hold wherever it comes from.
 *
 * No host name, no address and no site's own header goes in here: a model of this view judges mail from a source that
 * it never saw. Counts become tokens by the power of two they reach. */
#ifndef FURUI_TOKEN_SHAPE_H
#define FURUI_TOKEN_SHAPE_H

#include "worker/token/bag.h"

/* Fill VIEW_SHAPE's bag and the numbers (but TOKENS, which feature.c knows). */
void shape_extract(const struct mail *m, struct bag *b, float number_out[NUMBER_COUNT]);

/* log2(1 + n) / most, at most 1; linear between powers of two, so without libm and the same everywhere. */
float shape_log(uint64_t n, float most);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* gram: overlapping byte 4-grams, the feature that needs to know no language.
 *
 * Cormack, "University of Waterloo participation in the TREC 2007 spam track": 4-grams of a mail's first bytes and a
 * logistic regression beat every filter with a parser. */
#ifndef FURUI_TOKEN_GRAM_H
#define FURUI_TOKEN_GRAM_H

#include "worker/token/bag.h"

/* Add all 4-grams of `s`, tagged by `seed`. */
void gram_add(struct bag *b, span s, uint32_t seed, span field);

#endif

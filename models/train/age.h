/* SPDX-License-Identifier: Apache-2.0 */
/* age: what the time since a mail came leaves of its weight. */
#ifndef FURUI_TRAIN_AGE_H
#define FURUI_TRAIN_AGE_H

#include "models/corpus/corpus.h"

/* Half for each half-life, into weight_out[c->n]; all 1 when half_life_days is 0.
 *
 * Age is counted from the moment before which 99 of 100 dated mails came: one mail may lie about its date, and no clock
 * is read. A mail without a date came when the one before it in its source did; one with none before it is new.
 * ERR_MEMORY. */
enum err age_weights(const struct corpus *c, unsigned half_life_days, float *weight_out);

#endif

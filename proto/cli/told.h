/* SPDX-License-Identifier: Apache-2.0 */
/* told: an answer of the learner's at the operator's door (models/live/door.h), for people and as JSON.
 *
 * Records of key=value are shown without knowing the keys by name, so what the learner comes to tell is shown without a
 * change here; each further record begins with its `kind`. A place in the stream, MS-N, has its time beside it. */
#ifndef FURUI_CLI_TOLD_H
#define FURUI_CLI_TOLD_H

#include "proto/admin.h"
#include "proto/pairs.h"

enum { TOLD_TIME_BYTES = 32 };

/* Milliseconds since 1970 as "2026-11-22 14:10:22Z". */
void told_time(uint64_t ms, char out[TOLD_TIME_BYTES]);

/* A line for each key of the first record, and one for each further record. */
void told_text(const struct pairs *answer);

/* One object; further records are arrays by their `kind`: numbers are numbers, yes and no true and false. */
void told_json(const struct pairs *answer);

/* Where in the stream, from what a person writes: MS-N itself, a time (2026-11-22T10:00[:30][Z], UTC, or the date
 * alone), or how long ago (-2h; s, m, h, d).
 *
 *   now_ms   the time, since 1970 */
bool told_place(const char *text, int64_t now_ms, char out[ADMIN_PLACE_MAX]);

#endif

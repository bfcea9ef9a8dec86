/* SPDX-License-Identifier: Apache-2.0 */
/* feature: what the models look at: hashed tokens, hashed byte 4-grams, and numbers about a mail's shape.
 *
 * docs/scoring.md lists every feature. Whatever changes a hash or a number here changes FEATURE_VERSION, and bundles
 * made for another version are refused. */
#ifndef FURUI_TOKEN_FEATURE_H
#define FURUI_TOKEN_FEATURE_H

#include "proto/base/arena.h"
#include "worker/mime/mail.h"

struct features; /* arrays in the arena; see feature.c's header part below */

/* Turn a mail into features. Fields in FIELD_IGNORED are never looked at.
 *
 *   m   lent
 *   a   holds everything that out points to
 *
 * Cannot fail; a full arena gives fewer features. O(head + text). */
void features_extract(const struct mail *m, struct arena *a, struct features *out);

#endif

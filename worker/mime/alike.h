/* SPDX-License-Identifier: Apache-2.0 */
/* alike: how much of one text another says too, as the sides of multipart/alternative should. */
#ifndef FURUI_MIME_ALIKE_H
#define FURUI_MIME_ALIKE_H

#include "proto/base/span.h"

enum {
    ALIKE_SHORTER_MAX = 4 << 10, /* bytes of the shorter text that are looked for */
    ALIKE_LONGER_MAX = 16 << 10, /* bytes of the longer one in which they are */
    ALIKE_SAMPLES = 256,         /* runs of eight letters that are compared, about */
    ALIKE_FEW = 16,              /* fewer say nothing */
};

/* Hundredths of the shorter text that stand in the longer one; 100 when it is too short to tell.
 *
 *   a, b   UTF-8, folded (mail_folded); lent
 *
 * Links do not count (a plain side spells them out), nor do spaces, punctuation and digits' neighbours: what is
 * compared are runs of eight letters of the text without all else. O(1): both texts are read up to their limits. */
unsigned alike(span a, span b);

#endif

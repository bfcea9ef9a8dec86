/* SPDX-License-Identifier: Apache-2.0 */
/* squeeze: a tag or comment that does not end, made short: what of it nobody reads is dropped.
 *
 * A megabyte of comment in front of the text that is meant costs its sender nothing; it must not cost its reader the
 * room for that text. */
#ifndef FURUI_TEXT_SQUEEZE_H
#define FURUI_TEXT_SQUEEZE_H

#include "proto/base/span.h"

enum {
    SQUEEZE_VALUES = 1 << 14, /* bytes of attributes' values that stay, in all */
    SQUEEZE_VALUE = 1 << 8,   /* ... and of each that comes behind these */
    SQUEEZE_NAME = 64,        /* bytes of a name that stay */
    SQUEEZE_CONDITION = 128,  /* ... of a condition of a comment for Outlook */
    SQUEEZED_MAX = 1 << 15,   /* what comes out is at most so long */
};

/* Shorten p[0..n), in place: markup from its '<' on whose end is not there yet. What stays, with the rest of the
 * document behind it, reads as all of it does, but for long values, which lose what follows the limits. Returns its
 * length, at most SQUEEZED_MAX. O(n). */
size_t squeeze(uint8_t *p, size_t n);

#endif

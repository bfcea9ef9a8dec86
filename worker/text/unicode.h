/* SPDX-License-Identifier: Apache-2.0 */
/* unicode: characters of a file's name that do not show.
 *
 * A name is shown as it is, so any control of direction in it is odd. Texts, where writers of some scripts need them,
 * are counted while they are read in normal form: normal_odd. */
#ifndef FURUI_TEXT_UNICODE_H
#define FURUI_TEXT_UNICODE_H

#include "proto/base/span.h"

/* ODD bits of invisible characters in a name (valid UTF-8): ZERO_WIDTH for one directly after an ASCII letter or
 * digit (joiners that other scripts need, and a byte order mark at the start, do not count), BIDI for embeddings,
 * overrides and isolates (U+202A..202E, U+2066..2069). O(name.n). */
uint64_t unicode_odd(span name);

#endif

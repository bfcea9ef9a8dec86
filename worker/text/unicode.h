/* SPDX-License-Identifier: Apache-2.0 */
/* unicode: facts about the characters of a text. */
#ifndef FURUI_TEXT_UNICODE_H
#define FURUI_TEXT_UNICODE_H

#include "proto/base/span.h"

/* ODD bits of invisible characters in a text (valid UTF-8): ZERO_WIDTH for one directly after an ASCII letter or
 * digit (joiners that other scripts need, and a byte order mark at the start, do not count), BIDI for embeddings,
 * overrides and isolates (U+202A..202E, U+2066..2069). O(text.n). */
uint64_t unicode_odd(span text);

#endif

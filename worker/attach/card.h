/* SPDX-License-Identifier: Apache-2.0 */
/* card: the lines of calendars and address cards, as they were before they were folded and escaped.
 *
 * Sources: RFC 5545 3.1 and RFC 6350 3.2 (folded lines), RFC 5545 3.3.11 (escapes). */
#ifndef FURUI_ATTACH_CARD_H
#define FURUI_ATTACH_CARD_H

#include "proto/base/span.h"

/* Join folded lines: bytes of any charset, for a fold may stand between two bytes of one character.
 *
 *   out[s.n]   may be s.p
 *
 * Returns the joined lines. */
span card_join(span s, uint8_t *out);

/* Undo escapes; the text is UTF-8 or ASCII, for second bytes of other charsets look like a backslash.
 *
 *   out[s.n]   may be s.p
 *
 * Returns the text. */
span card_unescape(span s, uint8_t *out);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* entity: character references of HTML, "&eacute;", "&#233;", "&#xE9;".
 *
 * As browsers read them: old names need no ';', numbers between 128 and 159 mean windows-1252. Source: HTML standard,
 * section 13.2.5, "character reference state". */
#ifndef FURUI_TEXT_ENTITY_H
#define FURUI_TEXT_ENTITY_H

#include "proto/base/span.h"

enum { ENTITY_BYTES_MAX = 7 }; /* of UTF-8 that one reference stands for */

/* Read the reference that `s` begins with.
 *
 *   s             begins with '&'
 *   in_attribute  an old name without ';' before '=' or a letter or digit is none ("?a=1&copy=2")
 *   out, n_out    what it stands for, UTF-8; never more bytes than are read
 *
 * Returns the bytes read, 0 when it is no reference. O(bytes read). */
size_t entity_read(span s, bool in_attribute, uint8_t out[ENTITY_BYTES_MAX], size_t *n_out);

/* Copy `s` with its references replaced, as far as `cap` goes; *cut when it did not suffice. Returns the length. */
size_t entity_decode(span s, bool in_attribute, uint8_t *out, size_t cap, bool *cut);

#endif

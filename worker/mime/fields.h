/* SPDX-License-Identifier: Apache-2.0 */
/* fields: a part that is header fields, as text: delivery reports, and the header of a mail that came back. */
#ifndef FURUI_MIME_FIELDS_H
#define FURUI_MIME_FIELDS_H

#include "proto/base/arena.h"
#include "worker/text/text.h"
#include "worker/text/url.h"

/* Write down fields: "Name: value", each on a line of its own, unfolded and decoded (RFC 2047); a line that is no field
 * as it is. Those that foreign.h names are left out: another filter's verdict is no evidence here either.
 *
 *   fields   as the part holds them, transfer encoding undone; lent
 *   urls     links found are added; may be NULL
 *   hint     charset to try first for raw 8-bit bytes
 *   a        for decoded values, to which links may point
 *
 * O(fields.n). */
void fields_put(struct text *t, struct url_list *urls, span fields, span hint, struct arena *a);

#endif

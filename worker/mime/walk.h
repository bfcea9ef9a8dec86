/* SPDX-License-Identifier: Apache-2.0 */
/* walk: where the header fields and parts of a mail are: one pass over its lines, no recursion.
 *
 * Open multiparts stand on a stack of at most MAIL_DEPTH_MAX; a line that begins with "--" is compared with their
 * boundaries, nothing else is. Each byte is looked at a fixed number of times, whatever the nesting. */
#ifndef FURUI_MIME_WALK_H
#define FURUI_MIME_WALK_H

#include "worker/mime/mail.h"

/* Find the fields and parts of m->raw. A message in base64 or quoted-printable is decoded and walked in its place.
 *
 * Sets headers, header_count, header_total, parts, part_count, odd (structure only). Of each field:
 * id, name and raw; of each part all but `name`, `decoded` (known of encoded messages alone) and the text. Header
 * values are not decoded yet. Returns how many bytes the encoded messages came to, at most MAIL_DECODE_MESSAGES_MAX. */
size_t walk_mail(struct mail *m, struct arena *a);

/* Room for one more part behind those of m->parts, which may move; not cleared. NULL past MAIL_PARTS_MAX (and
 * ODD(MANY_PARTS)) or when the arena is full. */
struct mail_part *walk_add_part(struct mail *m, struct arena *a);

#endif

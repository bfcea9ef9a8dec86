/* SPDX-License-Identifier: Apache-2.0 */
/* heading: a header block, of the message or of a part, read into its fields.
 *
 * Where the block ends is half of the work: bodies come without an empty line before them, fields with lines between
 * them that are none. */
#ifndef FURUI_MIME_HEADING_H
#define FURUI_MIME_HEADING_H

#include "worker/mime/mail.h"
#include "worker/mime/source.h"

/* What is kept from one block of a mail to the next. */
struct heading {
    struct mail *m;
    struct arena *a;
    size_t cap;                                    /* fields that m->headers has room for */
    size_t budget;                                 /* bytes that may still be kept, MAIL_HEADER_TOTAL_MAX at first */
    bool (*boundary)(const void *walk, span line); /* does this line, which begins with "--", end an entity? */
    const void *walk;                              /* for it */
};

/* Read the block at in->pos; in->pos is left at the body. A boundary line ends it too and is not consumed.
 *
 *   message   it is a message's, not a part's: blank lines, a byte order mark and mbox's own line may stand before it
 *
 * Fields are added to m->headers (id, name, raw), what is odd to m->odd. False when there was no field at all.
 * O(bytes of the block). */
bool heading_read(struct heading *h, struct source *in, bool message);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* choose: what a part is to its reader, and which sides of multipart/alternative are shown.
 *
 * What mail clients do decides: they show the richest side that they know, not the last (RFC 2046 5.1.4); of all other
 * multiparts, known or not, they show every text. */
#ifndef FURUI_MIME_CHOOSE_H
#define FURUI_MIME_CHOOSE_H

#include "worker/mime/mail.h"

enum part_kind {
    PART_FILE,      /* shows nothing by itself */
    PART_CONTAINER, /* a multipart, or a message whose own part follows */
    PART_TEXT,
    PART_HTML,
    PART_FIELDS, /* header fields that a reader sees: reports (RFC 3464, 8098, 5965) and headers sent back */
};

/* SIDE_LAST: not shown by clients that prefer HTML, but by those that take RFC 2046 5.1.4 at its word (it stands behind
 * the one that is shown) or that know more kinds of HTML than others. Its links count.
 * SIDE_ASIDE: in an attached message, which a click shows. Its links count as those of a file. */
enum part_side { SIDE_NONE, SIDE_SHOWN, SIDE_OTHER, SIDE_LAST, SIDE_ASIDE };

struct part_role {
    uint8_t kind, side;
};

/* What part i is. O(1). */
enum part_kind choose_kind(const struct mail *m, size_t i);

/* Set the side of each part by its kind and by whether it is an attachment: of multipart/alternative the last branch
 * with HTML is shown, else the last with plain text, else the last with any; the rest of its texts are OTHER, or LAST,
 * but for calendars and cards, which say nothing there. What is inside an attachment is ASIDE, but for the mail's own
 * text. Children stand after their parents. O(parts). */
void choose_sides(const struct mail *m, struct part_role *role);

#endif

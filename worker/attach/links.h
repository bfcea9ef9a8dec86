/* SPDX-License-Identifier: Apache-2.0 */
/* links: where attached pages, pictures that are pages (SVG), calendars, cards and texts lead.
 *
 * What they say is not the mail's text; their links and forms are evidence all the same: phishing by attached page. */
#ifndef FURUI_ATTACH_LINKS_H
#define FURUI_ATTACH_LINKS_H

#include "worker/attach/inside.h"

/* Read the file that in->out->kind says it is; other kinds are nothing to do. Its links are added to `urls` as
 * URL_IN_FILE; scripts, forms, misleading links go to in->out->odd. What has to be rewritten before (UTF-16, bytes that
 * are no UTF-8, folded lines) is so in the room's window, whose files' bytes are then no more. O(what is in sight). */
void links_read(struct inside *in, struct attach_room *room, struct url_list *urls);

#endif

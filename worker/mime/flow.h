/* SPDX-License-Identifier: Apache-2.0 */
/* flow: format=flowed (RFC 3676): lines that were broken for transport, joined again. */
#ifndef FURUI_MIME_FLOW_H
#define FURUI_MIME_FLOW_H

#include "proto/base/arena.h"
#include "proto/base/span.h"

/* Join soft-broken lines.
 *
 *   utf8    text of a part whose format is "flowed"; lent
 *   delsp   its delsp is "yes": the space before a soft break is not part of the text
 *   a       for the result, which is then the newest allocation
 *
 * Returns the text with paragraphs apart by a space, and by '\n' where the quote depth changes; a quoted paragraph
 * keeps its '>' in front. When the arena is full, utf8 itself. O(utf8.n). */
span flow_text(span utf8, bool delsp, struct arena *a);

#endif

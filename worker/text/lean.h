/* SPDX-License-Identifier: Apache-2.0 */
/* lean: text_put, but of a long text what shows nothing takes no more room.
 *
 * Eighty thousand zero-width characters are one empty line to a reader, and filled the room for what stands behind. */
#ifndef FURUI_TEXT_LEAN_H
#define FURUI_TEXT_LEAN_H

#include "worker/text/text.h"

enum { LEAN_FROM = 1 << 14 }; /* bytes of text that may hold invisible characters: more than models read */

/* lean_put past LEAN_FROM. */
void lean_put_long(struct text *t, span utf8);

/* As text_put. O(utf8.n), and no slower than it up to LEAN_FROM. */
static inline void lean_put(struct text *t, span utf8)
{
    if (t->n + utf8.n <= LEAN_FROM)
        text_put(t, utf8);
    else
        lean_put_long(t, utf8);
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* foreign: header fields that say what another filter thought, or where a mail was stored.
 *
 * Learned from, they would teach a model its source of mail; believed, they would let an attacker write his own
 * verdict. They come out as FIELD_IGNORED and nothing looks at them. */
#ifndef FURUI_MIME_FOREIGN_H
#define FURUI_MIME_FOREIGN_H

#include "proto/base/span.h"

/* Is a field of this name (any case, without the colon) one of those? */
bool foreign_header(span name);

#endif

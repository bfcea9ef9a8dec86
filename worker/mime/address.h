/* SPDX-License-Identifier: Apache-2.0 */
/* address: who a From field says it is (RFC 5322 3.4, and what people write instead). */
#ifndef FURUI_MIME_ADDRESS_H
#define FURUI_MIME_ADDRESS_H

#include "proto/base/arena.h"
#include "proto/base/span.h"

/* The first mailbox of a From, Sender or Reply-To field.
 *
 *   raw        after the colon, folds and all; lent
 *   hint       charset to try first for raw 8-bit bytes
 *   addr_out   "user@example.org", lower case, in the arena; empty when nothing looks like an address
 *   name_out   display name, decoded, unquoted; a comment in its place ("user@example.org (Name)"); may be empty
 *   odd        as word_decode
 *
 * O(raw.n). */
void address_first(span raw, span hint, struct arena *a, span *addr_out, span *name_out, uint64_t *odd);

/* Does a From field name more than one mailbox? O(raw.n). */
bool address_several(span raw);

/* What follows the last '@', without the brackets of an address literal; empty when there is none. */
span address_domain(span addr);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* ticket: where the store keeps what a verdict's ticket stands for: a record without features (proto/feedback.h).
 *
 * Tickets of one second are fields of one hash, PREFIX:2:ticket:SECOND (8 hex digits): a batch of mails is one command,
 * and the second, which stands in the ticket, expires as a whole. */
#ifndef FURUI_STORE_TICKET_H
#define FURUI_STORE_TICKET_H

#include "proto/base/span.h"

enum { TICKET_TEXT = 32, TICKET_KEY_BYTES = 96, TICKET_FIELD_BYTES = 16 };

/* The key and the field of a ticket. False when that is no ticket of ours: 32 letters a-z and digits 2-7. */
bool ticket_place(const char *prefix, span ticket, uint8_t key_out[TICKET_KEY_BYTES], size_t *key_bytes_out,
                  uint8_t field_out[TICKET_FIELD_BYTES]);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* ticket: where the store keeps what a verdict's ticket stands for: a record without features (proto/feedback.h).
 *
 * Tickets of one moment, a 16th of a second, are in one list, PREFIX:2:ticket:MOMENT (8 hex digits), each element those
 * of a worker's batch, one behind the other: a batch of mails costs the server one value. A ticket holds its moment; who
 * looks it up reads all of that moment. The moment expires as a whole. */
#ifndef FURUI_STORE_TICKET_H
#define FURUI_STORE_TICKET_H

#include "proto/base/span.h"

enum {
    TICKET_TEXT = 32,
    TICKET_MOMENTS = 16, /* a second; 32 bits of them are 8 years */
    TICKET_KEY_BYTES = 96,
    TICKET_NAME_BYTES = 16,
    TICKET_HEAD_BYTES = TICKET_NAME_BYTES + 2, /* a name and the length of the record behind it */
    TICKET_RECORD_MAX = UINT16_MAX,
};

/* The key of a ticket's moment, and its name there. False when that is no ticket of ours: 32 letters a-z and digits
 * 2-7. */
bool ticket_place(const char *prefix, span ticket, uint8_t key_out[TICKET_KEY_BYTES], size_t *key_bytes_out,
                  uint8_t name_out[TICKET_NAME_BYTES]);

/* Write a name and its record (at most TICKET_RECORD_MAX bytes); TICKET_HEAD_BYTES + record.n bytes. */
void ticket_put(uint8_t *to, const uint8_t name[TICKET_NAME_BYTES], span record);

/* The record of a name in an element of the list, or SPAN_NONE. Any bytes may be there. O(element.n). */
span ticket_find(span element, const uint8_t name[TICKET_NAME_BYTES]);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* ticket: where the store keeps what a verdict's ticket stands for: a record without features (proto/feedback.h). */
#ifndef FURUI_STORE_TICKET_H
#define FURUI_STORE_TICKET_H

#include "proto/base/span.h"

enum { TICKET_TEXT = 32, TICKET_KEY_BYTES = 128 };

/* The key of a ticket, in out[TICKET_KEY_BYTES]; empty when that is no ticket of ours: 32 letters a-z, digits 2-7. */
span ticket_key(const char *prefix, span ticket, uint8_t out[TICKET_KEY_BYTES]);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* ticket: see ticket.h. A ticket's own letters spread it over a cluster. */
#include "proto/store/ticket.h"

#include <stdio.h>

span ticket_key(const char *prefix, span ticket, uint8_t out[TICKET_KEY_BYTES])
{
    if (ticket.n != TICKET_TEXT) return SPAN_NONE;
    for (size_t i = 0; i < ticket.n; i++)
        if (!((ticket.p[i] >= 'a' && ticket.p[i] <= 'z') || (ticket.p[i] >= '2' && ticket.p[i] <= '7')))
            return SPAN_NONE;
    int n = snprintf((char *)out, TICKET_KEY_BYTES, "%s:2:ticket:%.*s", prefix, SPAN_ARG(ticket));
    return n > 0 && n < TICKET_KEY_BYTES ? span_of(out, (size_t)n) : SPAN_NONE;
}

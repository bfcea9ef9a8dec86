/* SPDX-License-Identifier: Apache-2.0 */
/* ticket: see ticket.h. A ticket is base32 (RFC 4648, lower case) of 16 bytes of hash and 4 of time, big-endian. */
#include "proto/store/ticket.h"

#include <stdio.h>

enum { RAW_BYTES = TICKET_TEXT * 5 / 8 };

static bool unpack(span ticket, uint8_t raw[RAW_BYTES])
{
    uint32_t bits = 0;
    size_t n = 0;
    if (ticket.n != TICKET_TEXT) return false;
    for (size_t i = 0, have = 0; i < TICKET_TEXT; i++) {
        uint8_t c = ticket.p[i];
        bool letter = c >= 'a' && c <= 'z', digit = c >= '2' && c <= '7';
        if (!letter && !digit) return false;
        bits = bits << 5 | (uint32_t)(letter ? c - 'a' : c - '2' + 26);
        have += 5;
        if (have >= 8) raw[n++] = (uint8_t)(bits >> (have -= 8));
    }
    return true;
}

bool ticket_place(const char *prefix, span ticket, uint8_t key_out[TICKET_KEY_BYTES], size_t *key_bytes_out,
                  uint8_t name_out[TICKET_NAME_BYTES])
{
    uint8_t raw[RAW_BYTES];
    if (!unpack(ticket, raw)) return false;
    memcpy(name_out, raw, TICKET_NAME_BYTES);
    int n = snprintf((char *)key_out, TICKET_KEY_BYTES, "%s:2:ticket:%02x%02x%02x%02x", prefix, raw[16], raw[17],
                     raw[18], raw[19]);
    *key_bytes_out = (size_t)n;
    return n > 0 && n < TICKET_KEY_BYTES;
}

void ticket_put(uint8_t *to, const uint8_t name[TICKET_NAME_BYTES], span record)
{
    memcpy(to, name, TICKET_NAME_BYTES);
    to[TICKET_NAME_BYTES] = (uint8_t)record.n;
    to[TICKET_NAME_BYTES + 1] = (uint8_t)(record.n >> 8);
    memcpy(to + TICKET_HEAD_BYTES, record.p, record.n);
}

span ticket_find(span element, const uint8_t name[TICKET_NAME_BYTES])
{
    while (element.n >= TICKET_HEAD_BYTES) {
        const uint8_t *p = element.p;
        size_t n = p[TICKET_NAME_BYTES] | (size_t)p[TICKET_NAME_BYTES + 1] << 8;
        if (n > element.n - TICKET_HEAD_BYTES) break;
        if (memcmp(p, name, TICKET_NAME_BYTES) == 0) return span_of(p + TICKET_HEAD_BYTES, n);
        element = span_from(element, TICKET_HEAD_BYTES + n);
    }
    return SPAN_NONE;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* card: each step shortens only, so it can be taken in place.
 *
 * Sources: RFC 5545 3.1, 3.3.11; RFC 6350 3.2. */
#include "worker/attach/card.h"

span card_join(span s, uint8_t *out)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        uint8_t c = s.p[i], next = i + 1 < s.n ? s.p[i + 1] : 0;
        if (c == '\r' && next == '\n') continue;
        if (c == '\n' && (next == ' ' || next == '\t'))
            i++;
        else
            out[n++] = c;
    }
    return span_of(out, n);
}

span card_unescape(span s, uint8_t *out)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        uint8_t c = s.p[i], next = i + 1 < s.n ? s.p[i + 1] : 0;
        if (c == '\\' && (next == 'n' || next == 'N')) {
            c = '\n';
            i++;
        } else if (c == '\\' && (next == ',' || next == ';' || next == '\\')) {
            c = next;
            i++;
        }
        out[n++] = c;
    }
    return span_of(out, n);
}

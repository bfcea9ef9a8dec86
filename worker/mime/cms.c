/* SPDX-License-Identifier: Apache-2.0 */
/* cms: down a fixed path of tags to the content; nothing else of the structure is looked at. See cms.h. */
#include "worker/mime/cms.h"

enum { SEQUENCE = 0x30, SET = 0x31, OID = 0x06, INTEGER = 0x02, EXPLICIT = 0xA0, OCTETS = 0x04, PIECES = 0x24 };

/* Take the tag and length at the front of *s; false when another tag stands there. *n is what is inside of it: all that
 * is left where the length is not said or more than there is. */
static bool take(span *s, uint8_t tag, size_t *n)
{
    if (s->n < 2 || s->p[0] != tag) return false;
    size_t digits = s->p[1] & 0x80 ? s->p[1] & 0x7F : 0, v = digits ? 0 : s->p[1];
    if (digits > 4 || s->n < 2 + digits) return false;
    bool open = s->p[1] == 0x80;
    for (size_t i = 0; i < digits; i++) v = v << 8 | s->p[2 + i];
    *s = span_from(*s, 2 + digits);
    *n = open || v > s->n ? s->n : v;
    return true;
}

/* Take a value that is passed over. */
static bool skip(span *s, uint8_t tag)
{
    size_t n;
    if (!take(s, tag, &n)) return false;
    *s = span_from(*s, n);
    return true;
}

static bool take_oid(span *s, span oid)
{
    size_t n;
    if (!take(s, OID, &n) || !span_eq(span_head(*s, n), oid)) return false;
    *s = span_from(*s, n);
    return true;
}

/* Where the content's own tag stands; empty when this is no signed data with content. */
static span find_content(span s)
{
    static const span SIGNED = SPAN("\x2A\x86\x48\x86\xF7\x0D\x01\x07\x02"),
                      DATA = SPAN("\x2A\x86\x48\x86\xF7\x0D\x01\x07\x01");
    size_t n;
    bool found = take(&s, SEQUENCE, &n) && take_oid(&s, SIGNED) && take(&s, EXPLICIT, &n) && take(&s, SEQUENCE, &n) &&
                 skip(&s, INTEGER) && skip(&s, SET) && take(&s, SEQUENCE, &n) && take_oid(&s, DATA) &&
                 take(&s, EXPLICIT, &n);
    return found ? s : SPAN_NONE;
}

bool cms_signed(span ber)
{
    span s = find_content(ber);
    return s.n && (s.p[0] == OCTETS || s.p[0] == PIECES);
}

span cms_content(span ber, struct arena *a)
{
    span s = find_content(ber);
    size_t n, used = 0;
    if (take(&s, OCTETS, &n)) return span_head(s, n);
    if (!take(&s, PIECES, &n)) return SPAN_NONE;
    s = span_head(s, n);
    uint8_t *out = arena_alloc(a, s.n);
    if (!out) return SPAN_NONE;
    while (take(&s, OCTETS, &n)) {
        if (n) memcpy(out + used, s.p, n);
        used += n;
        s = span_from(s, n);
    }
    arena_trim(a, out, used);
    return span_of(out, used);
}

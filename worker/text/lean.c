/* SPDX-License-Identifier: Apache-2.0 */
/* lean: text_put, but of a long text what shows nothing takes no more room.
 *
 * The beginning stays as it is, so that the trick is seen and counted (normal.h); blanks that are no white space to
 * Unicode, but empty to the eye, are passed over as well. */
#include "worker/text/lean.h"

#include "proto/base/utf8.h"
#include "worker/text/letter.h"

static bool shows_nothing(uint32_t c)
{
    enum { BRAILLE_BLANK = 0x2800, HANGUL_FILLER = 0x3164, HALF_WIDTH_FILLER = 0xFFA0 };
    return letter_invisible(c) || c == BRAILLE_BLANK || c == HANGUL_FILLER || c == HALF_WIDTH_FILLER;
}

/* The second bytes, less 0x80, of characters that may show nothing, by their first: few texts have any of these. */
#define SECOND(byte) (UINT64_C(1) << ((byte)&63))
static const uint64_t SECONDS[256] = {
    [0xC2] = SECOND(0xAD),
    [0xCD] = SECOND(0x8F),
    [0xD8] = SECOND(0x9C),
    [0xE1] = SECOND(0x85) | SECOND(0x9E) | SECOND(0xA0),
    [0xE2] = SECOND(0x80) | SECOND(0x81) | SECOND(0xA0),
    [0xE3] = SECOND(0x85),
    [0xEF] = SECOND(0xB8) | SECOND(0xBB) | SECOND(0xBE) | SECOND(0xBF),
    [0xF0] = SECOND(0x9B) | SECOND(0x9D),
    [0xF3] = SECOND(0xA0),
};

void lean_put_long(struct text *t, span utf8)
{
    if (t->n < LEAN_FROM) {
        span head = utf8_cut(utf8, LEAN_FROM - t->n);
        text_put(t, head);
        utf8 = span_from(utf8, head.n);
    }
    size_t from = 0;
    for (size_t i = 0, n; i < utf8.n; i += n) {
        uint8_t first = utf8.p[i];
        uint32_t c;
        n = first < 0xC2 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
        if (n == 1 || n > utf8.n - i || !(SECONDS[first] >> (utf8.p[i + 1] & 63) & 1)) continue;
        utf8_get(span_from(utf8, i), &c);
        if (!shows_nothing(c)) continue;
        text_put(t, span_of(utf8.p + from, i - from));
        from = i + n;
    }
    text_put(t, span_from(utf8, from));
}

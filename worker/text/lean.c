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

/* Bytes that characters which show nothing begin with. */
static const bool MAY_BEGIN[256] = {
    [0xC2] = true, [0xCD] = true, [0xD8] = true, [0xE1] = true, [0xE2] = true,
    [0xE3] = true, [0xEF] = true, [0xF0] = true, [0xF3] = true,
};

void lean_put_long(struct text *t, span utf8)
{
    if (t->n < LEAN_FROM) {
        span head = utf8_cut(utf8, LEAN_FROM - t->n);
        text_put(t, head);
        utf8 = span_from(utf8, head.n);
    }
    size_t from = 0;
    for (size_t i = 0; i < utf8.n; i++) {
        uint32_t c;
        if (!MAY_BEGIN[utf8.p[i]]) continue;
        span rest = span_from(utf8, i);
        if (!utf8_len(rest)) continue; /* none at all, or cut */
        size_t n = utf8_get(rest, &c);
        if (!shows_nothing(c)) continue;
        text_put(t, span_of(utf8.p + from, i - from));
        from = i + n;
        i += n - 1;
    }
    text_put(t, span_from(utf8, from));
}

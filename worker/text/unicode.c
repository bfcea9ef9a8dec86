/* SPDX-License-Identifier: Apache-2.0 */
/* unicode: characters of a file's name that do not show.
 *
 * All characters asked for begin with E2 or EF in UTF-8, so nothing else is looked at closely. */
#include "worker/text/unicode.h"

#include "worker/text/odd.h"

uint64_t unicode_odd(span name)
{
    uint64_t odd = 0;
    const uint8_t *p = name.p;
    for (size_t i = 0; i + 2 < name.n; i++) {
        if (p[i] != 0xE2 && p[i] != 0xEF) continue;
        uint32_t c = (uint32_t)(p[i] & 15) << 12 | (uint32_t)(p[i + 1] & 63) << 6 | (p[i + 2] & 63);
        bool after_letter = i && ascii_alnum(p[i - 1]);
        if ((c >= 0x200B && c <= 0x200D) || c == 0x2060 || c == 0xFEFF) {
            if (after_letter) odd |= ODD(ZERO_WIDTH);
        } else if ((c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069)) {
            odd |= ODD(BIDI);
        }
        i += 2;
    }
    return odd;
}

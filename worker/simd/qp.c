/* SPDX-License-Identifier: Apache-2.0 */
/* qp: the careful way; see qp.h. */
#include "worker/simd/qp.h"

/* How many bytes the soft line end is that may begin at p: '=', white space, a line end or the end of all. 0: none. */
static size_t soft_end(const uint8_t *p, size_t n)
{
    size_t i = 1;
    while (i < n && (p[i] == ' ' || p[i] == '\t')) i++;
    if (i < n && p[i] == '\r') i++;
    if (i < n && p[i] == '\n') i++;
    return i == n || p[i - 1] == '\n' || p[i - 1] == '\r' ? i : 0;
}

struct qp_at qp_run(const uint8_t *p, size_t n, size_t most, uint8_t *out, size_t cap, bool *bad)
{
    size_t i = 0, o = 0;
    while (i < most && o < cap) {
        if (p[i] != '=') {
            out[o++] = p[i++];
            continue;
        }
        int hi = n - i > 2 ? ascii_hex(p[i + 1]) : -1, lo = n - i > 2 ? ascii_hex(p[i + 2]) : -1;
        if (hi >= 0 && lo >= 0) {
            out[o++] = (uint8_t)(hi << 4 | lo);
            i += 3;
            continue;
        }
        size_t soft = soft_end(p + i, n - i);
        i += soft;
        if (soft) continue;
        *bad = true;
        out[o++] = p[i++];
    }
    return (struct qp_at){i, o};
}

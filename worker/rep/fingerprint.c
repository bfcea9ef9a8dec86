/* SPDX-License-Identifier: Apache-2.0 */
/* fingerprint: see fingerprint.h. */
#include "worker/rep/fingerprint.h"

#include "proto/base/hash.h"

enum { CLASSES = FINGERPRINT_BANDS * FINGERPRINT_ROWS, STEP = 0x1234567 };

/* Order counts for nothing: a sum of well spread hashes. */
static uint64_t whole(const uint32_t *v, size_t n)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < n; i++) sum += (uint64_t)hash_mix32(v[i]) * 0x9E3779B97F4A7C15u;
    return hash_pair(sum, n);
}

void fingerprint_make(const uint32_t *v, size_t n, struct fingerprint *out)
{
    uint32_t least[CLASSES];
    out->n = 0;
    if (n < FINGERPRINT_MIN) return;
    if (n < FINGERPRINT_SHORT) {
        out->band[out->n++] = whole(v, n);
        return;
    }
    for (size_t c = 0; c < CLASSES; c++) least[c] = UINT32_MAX;
    for (size_t i = 0; i < n; i++) {
        /* The odd factor makes high bits of all bits: the highest choose the class, others order it. */
        uint64_t x = v[i] * UINT64_C(0x9E3779B97F4A7C15);
        uint32_t class = (uint32_t)((x >> 32) * CLASSES >> 32), order = hash_mix32((uint32_t)(x >> 16));
        if (order < least[class]) least[class] = order;
    }
    /* An empty class has what the next one has, moved (Shrivastava, Li, UAI 2014). */
    for (size_t c = 0; c < CLASSES; c++)
        for (uint32_t d = 1; least[c] == UINT32_MAX && d < CLASSES; d++)
            if (least[(c + d) % CLASSES] != UINT32_MAX) least[c] = least[(c + d) % CLASSES] + d * STEP;
    for (size_t b = 0; b < FINGERPRINT_BANDS; b++) {
        uint64_t x = b + 1;
        for (size_t r = 0; r < FINGERPRINT_ROWS; r++) x = hash_pair(x, least[b * FINGERPRINT_ROWS + r]);
        out->band[out->n++] = x;
    }
}

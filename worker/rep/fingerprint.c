/* SPDX-License-Identifier: Apache-2.0 */
/* fingerprint: see fingerprint.h. */
#include "worker/rep/fingerprint.h"

#include "proto/base/hash.h"

#include <stdbool.h>

enum { CLASSES = FINGERPRINT_BANDS * FINGERPRINT_ROWS, STEP = 0x1234567, LIKELY = 6, SMALL = 256, BLOCK = 256 };
static const uint32_t ODD = 0x9E3779B1u;

/* Order counts for nothing: sums of well spread hashes. */
static uint64_t whole(const uint32_t *v, size_t n)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < n; i++) sum += (uint64_t)hash_mix32(v[i]) * 0x9E3779B97F4A7C15u;
    return hash_pair(sum, n);
}

/* The least of each class. Orders are a permutation of all hashes; the class is chosen by other bits of them. */
static bool add(const uint32_t *order, size_t n, uint32_t least[CLASSES])
{
    for (size_t i = 0; i < n; i++) {
        uint32_t class = (uint32_t)((uint64_t)hash_mix32(order[i]) * CLASSES >> 32);
        if (order[i] < least[class]) least[class] = order[i];
    }
    for (size_t c = 0; c < CLASSES; c++)
        if (least[c] == UINT32_MAX) return false;
    return true;
}

/* The orders of v that are at most `most`, without a branch a feature. Returns how many; over SMALL: there are more. */
static size_t choose(const uint32_t *v, size_t n, uint32_t most, uint32_t order[SMALL + BLOCK])
{
    size_t chosen = 0;
    for (size_t at = 0; at < n && chosen <= SMALL; at += BLOCK)
        for (size_t i = at; i < n && i < at + BLOCK; i++) {
            order[chosen] = v[i] * ODD;
            chosen += order[chosen] <= most;
        }
    return chosen;
}

void fingerprint_make(const uint32_t *v, size_t n, struct fingerprint *out)
{
    uint32_t least[CLASSES], order[SMALL + BLOCK];
    out->n = 0;
    if (n < FINGERPRINT_MIN) return;
    if (n < FINGERPRINT_SHORT) {
        out->band[out->n++] = whole(v, n);
        return;
    }
    for (size_t c = 0; c < CLASSES; c++) least[c] = UINT32_MAX;
    /* Only small orders can be the least of a class of n / CLASSES. With LIKELY expected in each class, CLASSES of
     * e^LIKELY texts have to be looked at whole. */
    uint64_t most = (uint64_t)UINT32_MAX * LIKELY * CLASSES / n;
    size_t chosen = choose(v, n, most < UINT32_MAX ? (uint32_t)most : UINT32_MAX, order);
    bool all = chosen <= SMALL && add(order, chosen, least);
    for (size_t at = 0; !all && at < n; at += BLOCK) {
        size_t m = n - at < BLOCK ? n - at : BLOCK;
        for (size_t i = 0; i < m; i++) order[i] = v[at + i] * ODD;
        add(order, m, least);
    }
    /* An empty class, rare with so many features, has what the next one has, moved (Shrivastava, Li, UAI 2014). */
    for (size_t c = 0; c < CLASSES; c++)
        for (uint32_t d = 1; least[c] == UINT32_MAX && d < CLASSES; d++)
            if (least[(c + d) % CLASSES] != UINT32_MAX) least[c] = least[(c + d) % CLASSES] + d * STEP;
    for (size_t b = 0; b < FINGERPRINT_BANDS; b++) {
        uint64_t x = b + 1;
        for (size_t r = 0; r < FINGERPRINT_ROWS; r++) x = hash_pair(x, least[b * FINGERPRINT_ROWS + r]);
        out->band[out->n++] = x;
    }
}

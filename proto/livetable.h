/* SPDX-License-Identifier: Apache-2.0 */
/* livetable: what reports have lately taught about content, in memory that furui-learner writes and workers read.
 *
 * A head, then 1 << bits cells, each 16 bits that are written and read whole: no lock, and a reader that meets half of
 * a report's changes sees a mixture of two models that were both right. A mail's live log-odds of spam:
 *
 *     s = step · Σ_view 1/√n_view · Σ_feature cell[hash & mask],     live = s (1 - 1.5² / s²), nothing below 0
 *
 * over the n features of each view; and once more, with hashes that are the tenant's alone (livetable_tenant_hash), when
 * the head's filter may know the request's tenant. So one table serves all and each (Weinberger, Dasgupta, Langford,
 * Smola, Attenberg, "Feature hashing for large scale multitask learning", ICML 2009). */
#ifndef FURUI_LIVETABLE_H
#define FURUI_LIVETABLE_H

#include "proto/base/hash.h"

#include <math.h>
#include <stdatomic.h>

enum {
    LIVETABLE_MAGIC = 0x5645494c, /* "LIVE" */
    LIVETABLE_VERSION = 2,
    LIVETABLE_BITS_MIN = 16,
    LIVETABLE_BITS_MAX = 24,
    LIVETABLE_TENANT_BITS = 4096,
    LIVETABLE_VIEWS_MAX = 16,
};

/* 4096 bytes, so that cells begin on a page. Whoever reads it trusts no field (livetable_sound). */
struct livetable {
    uint32_t magic, version, bits;
    uint32_t features;       /* version of the hashes (FEATURE_VERSION) */
    float step;              /* log-odds of one step of a cell */
    uint32_t frozen;         /* an operator, or a guard, has stopped learning */
    _Atomic uint64_t learnt; /* reports that moved it; 0: all cells are 0, and need not be looked at */
    _Atomic uint64_t tenant[LIVETABLE_TENANT_BITS / 64]; /* bit livetable_tenant_bit: it may have reports of its own */
    uint8_t zero[4096 - 32 - LIVETABLE_TENANT_BITS / 8];
    _Atomic int16_t cell[];
};
_Static_assert(sizeof(struct livetable) == 4096, "cells begin on a page");

static inline size_t livetable_bytes(unsigned bits)
{
    return sizeof(struct livetable) + ((size_t)2 << bits);
}

/* Does the head fit a table of so many bits, for features of this version? */
static inline bool livetable_sound(const struct livetable *t, unsigned bits, uint32_t features)
{
    return t->magic == LIVETABLE_MAGIC && t->version == LIVETABLE_VERSION && t->bits == bits &&
           t->features == features && isfinite(t->step) && t->step > 0 && t->step <= 1;
}

/* The live log-odds that a sum of cells comes to. Any mail has a little in common with what was reported: what is little
 * is chance, and what is much stays nearly whole (the garrote: Breiman, Technometrics 37, 1995). */
static inline double livetable_told(double sum)
{
    static const double CHANCE = 1.5;
    return fabs(sum) <= CHANCE ? 0 : sum - CHANCE * CHANCE / sum;
}

/* A tenant's name as a number, never 0; everybody's ("") is 0. */
static inline uint32_t livetable_tenant(span name)
{
    return name.n ? (uint32_t)hash64(name, 0x4c495645) | 1 : 0;
}

static inline uint32_t livetable_tenant_bit(uint32_t tenant)
{
    return tenant >> 1 & (LIVETABLE_TENANT_BITS - 1);
}

/* A feature's hash as it is for one tenant alone. */
static inline uint32_t livetable_tenant_hash(uint32_t hash, uint32_t tenant)
{
    uint32_t x = (hash ^ tenant) * 0x9E3779B1u;
    return x ^ x >> 15;
}

#endif

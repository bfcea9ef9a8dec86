/* SPDX-License-Identifier: Apache-2.0 */
/* hash: XXH3 by name; the one file that sees xxHash.
 *
 * Model files depend on these values: another function here is another feature version. */
#ifndef FURUI_BASE_HASH_H
#define FURUI_BASE_HASH_H

#include "proto/base/span.h"

/* 64-bit XXH3 of `s` under `seed`. */
uint64_t hash64(span s, uint64_t seed);

/* Well spread 32 bits from 32. */
static inline uint32_t hash_mix32(uint32_t x)
{
    x ^= x >> 16;
    x *= 0x7FEB352Du;
    x ^= x >> 15;
    x *= 0x846CA68Bu;
    x ^= x >> 16;
    return x;
}

/* 128-bit XXH3 of `s`. */
void hash128(span s, uint64_t out[2]);

/* hash128 of bytes that come in pieces. */
struct hash_stream {
    _Alignas(64) uint8_t state[576]; /* xxHash's */
};

void hash_stream_init(struct hash_stream *h);
void hash_stream_add(struct hash_stream *h, span piece);

/* The hash of all pieces so far. */
void hash_stream_end(const struct hash_stream *h, uint64_t out[2]);

/* Mix two hashes; order counts. Cheaper than hashing their bytes. */
static inline uint64_t hash_pair(uint64_t a, uint64_t b)
{
    uint64_t x = a ^ (b * 0x9E3779B97F4A7C15u + 0x7F4A7C159E3779B9u + (a << 6) + (a >> 2));
    x ^= x >> 32;
    x *= 0xD6E8FEB86659FD93u;
    x ^= x >> 32;
    return x;
}

#endif

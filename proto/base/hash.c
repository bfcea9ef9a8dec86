/* SPDX-License-Identifier: Apache-2.0 */
/* hash: XXH3, inlined from its header; see hash.h. */
#define XXH_INLINE_ALL
#include "proto/base/hash.h"

#include <assert.h>
#include <xxhash.h>

static_assert(sizeof(struct hash_stream) >= sizeof(XXH3_state_t), "room for xxHash's state");
static_assert(_Alignof(struct hash_stream) >= _Alignof(XXH3_state_t), "aligned as xxHash wants it");

static __attribute__((noinline)) uint64_t hash64_long(span s, uint64_t seed)
{
    return XXH3_64bits_withSeed(s.p, s.n, seed);
}

/* Most are words: without the frame that long ones need they take an eighth less. */
__attribute__((flatten)) uint64_t hash64(span s, uint64_t seed)
{
    if (s.n > 16) return hash64_long(s, seed);
    return XXH3_64bits_withSeed(s.n ? (const void *)s.p : "", s.n, seed);
}

void hash128(span s, uint64_t out[2])
{
    XXH128_hash_t h = XXH3_128bits(s.n ? (const void *)s.p : "", s.n);
    out[0] = h.low64, out[1] = h.high64;
}

void hash_stream_init(struct hash_stream *h)
{
    XXH3_INITSTATE((XXH3_state_t *)h->state);
    XXH3_128bits_reset((XXH3_state_t *)h->state);
}

void hash_stream_add(struct hash_stream *h, span piece)
{
    if (piece.n) XXH3_128bits_update((XXH3_state_t *)h->state, piece.p, piece.n);
}

void hash_stream_end(const struct hash_stream *h, uint64_t out[2])
{
    XXH128_hash_t hash = XXH3_128bits_digest((const XXH3_state_t *)h->state);
    out[0] = hash.low64, out[1] = hash.high64;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* pack: reads msgpack one value at a time and believes nothing that it says about itself.
 *
 * msgpack-c's own reader allocates what a header claims: five bytes that announce a list of 2^32 - 1 elements ask it
 * for 96 GB. Here a claim that the bytes left cannot hold is a fault, nothing is allocated and nothing recurses.
 * https://github.com/msgpack/msgpack/blob/master/spec.md */
#ifndef FURUI_PACK_H
#define FURUI_PACK_H

#include "proto/base/span.h"

enum pack_type {
    PACK_NIL,
    PACK_BOOL,
    PACK_UINT, /* also what was sent in a signed form and is not negative */
    PACK_NEGATIVE,
    PACK_REAL,
    PACK_STR,
    PACK_BIN,
    PACK_EXT,
    PACK_LIST,
    PACK_MAP,
};

struct pack_value {
    enum pack_type type;
    union {
        bool yes;          /* BOOL */
        uint64_t uint;     /* UINT */
        int64_t negative;  /* NEGATIVE */
        double real;       /* REAL */
        span bytes;        /* STR, BIN, EXT (without its type byte); lent */
        uint64_t children; /* LIST: elements; MAP: keys and values, so twice its pairs. They follow. */
    };
};

struct pack {
    const uint8_t *begin, *p, *end;
    const char *fault; /* what is malformed at `p`; NULL while nothing is. No call goes on after a fault. */
};

void pack_init(struct pack *k, span bytes);

/* Read the next value; of a list or a map only its head, its children are the next values. False on a fault. */
bool pack_next(struct pack *k, struct pack_value *value_out);

/* Step over `n` values, each with all that is in it. O(bytes). False on a fault. */
bool pack_skip(struct pack *k, uint64_t n);

/* Step over what is in `v`, when that was read last: nothing unless it is a list or a map. */
bool pack_skip_inside(struct pack *k, const struct pack_value *v);

/* "a string", "a negative number"…; static. */
const char *pack_type_name(enum pack_type type);

#endif

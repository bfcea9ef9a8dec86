/* SPDX-License-Identifier: Apache-2.0 */
/* pack: a switch over msgpack's first byte, every length held against what is left; see pack.h. */
#include "proto/pack.h"

void pack_init(struct pack *k, span bytes)
{
    *k = (struct pack){.begin = bytes.p, .p = bytes.p, .end = bytes.p ? bytes.p + bytes.n : NULL};
}

static size_t left(const struct pack *k)
{
    return (size_t)(k->end - k->p);
}

static bool fail(struct pack *k, const char *fault)
{
    k->fault = fault;
    return false;
}

/* A big-endian number of `n` bytes, 1 to 8. */
static bool number(struct pack *k, size_t n, uint64_t *out)
{
    if (left(k) < n) return fail(k, "ends in the middle of a value");
    uint64_t v = 0;
    for (size_t i = 0; i < n; i++) v = v << 8 | *k->p++;
    *out = v;
    return true;
}

static bool bytes(struct pack *k, enum pack_type type, uint64_t n, struct pack_value *out)
{
    if (n > left(k)) return fail(k, "a string, bytes or extension longer than what is left");
    out->type = type;
    out->bytes = span_of(k->p, n);
    k->p += n;
    return true;
}

static bool container(struct pack *k, enum pack_type type, uint64_t children, struct pack_value *out)
{
    if (children > left(k)) return fail(k, "a list or map with more elements than bytes are left");
    out->type = type;
    out->children = children;
    return true;
}

static bool sized_bytes(struct pack *k, enum pack_type type, size_t size_bytes, struct pack_value *out)
{
    uint64_t n;
    if (!number(k, size_bytes, &n)) return false;
    if (type != PACK_EXT) return bytes(k, type, n, out);
    uint64_t ext_type;
    return number(k, 1, &ext_type) && bytes(k, type, n, out);
}

static bool unsigned_int(struct pack *k, size_t n, struct pack_value *out)
{
    out->type = PACK_UINT;
    return number(k, n, &out->uint);
}

static bool signed_int(struct pack *k, size_t n, struct pack_value *out)
{
    uint64_t v;
    if (!number(k, n, &v)) return false;
    unsigned shift = 64 - 8 * (unsigned)n;
    int64_t i = (int64_t)(v << shift) >> shift;
    if (i < 0)
        *out = (struct pack_value){.type = PACK_NEGATIVE, .negative = i};
    else
        *out = (struct pack_value){.type = PACK_UINT, .uint = (uint64_t)i};
    return true;
}

static bool real(struct pack *k, size_t n, struct pack_value *out)
{
    uint64_t v;
    if (!number(k, n, &v)) return false;
    out->type = PACK_REAL;
    if (n == 4) {
        uint32_t bits = (uint32_t)v;
        float f;
        memcpy(&f, &bits, sizeof f);
        out->real = (double)f;
    } else {
        memcpy(&out->real, &v, sizeof v);
    }
    return true;
}

static bool list_or_map(struct pack *k, enum pack_type type, size_t size_bytes, struct pack_value *out)
{
    uint64_t n;
    return number(k, size_bytes, &n) && container(k, type, type == PACK_MAP ? 2 * n : n, out);
}

bool pack_next(struct pack *k, struct pack_value *out)
{
    if (k->fault) return false;
    if (left(k) == 0) return fail(k, "ends where a value should begin");
    uint8_t c = *k->p++;
    *out = (struct pack_value){.type = PACK_NIL};
    if (c <= 0x7f || c >= 0xe0) {
        k->p--;
        return signed_int(k, 1, out);
    }
    if (c <= 0x8f) return container(k, PACK_MAP, 2 * (uint64_t)(c & 15), out);
    if (c <= 0x9f) return container(k, PACK_LIST, c & 15, out);
    if (c <= 0xbf) return bytes(k, PACK_STR, c & 31, out);
    switch (c) {
    case 0xc0: return true;
    case 0xc2:
    case 0xc3: *out = (struct pack_value){.type = PACK_BOOL, .yes = c & 1}; return true;
    case 0xc4: return sized_bytes(k, PACK_BIN, 1, out);
    case 0xc5: return sized_bytes(k, PACK_BIN, 2, out);
    case 0xc6: return sized_bytes(k, PACK_BIN, 4, out);
    case 0xc7: return sized_bytes(k, PACK_EXT, 1, out);
    case 0xc8: return sized_bytes(k, PACK_EXT, 2, out);
    case 0xc9: return sized_bytes(k, PACK_EXT, 4, out);
    case 0xca: return real(k, 4, out);
    case 0xcb: return real(k, 8, out);
    case 0xcc: return unsigned_int(k, 1, out);
    case 0xcd: return unsigned_int(k, 2, out);
    case 0xce: return unsigned_int(k, 4, out);
    case 0xcf: return unsigned_int(k, 8, out);
    case 0xd0: return signed_int(k, 1, out);
    case 0xd1: return signed_int(k, 2, out);
    case 0xd2: return signed_int(k, 4, out);
    case 0xd3: return signed_int(k, 8, out);
    case 0xd4: /* fixext: a type byte, then 1, 2, 4, 8 or 16 bytes */
    case 0xd5:
    case 0xd6:
    case 0xd7:
    case 0xd8: {
        uint64_t ext_type;
        return number(k, 1, &ext_type) && bytes(k, PACK_EXT, UINT64_C(1) << (c - 0xd4), out);
    }
    case 0xd9: return sized_bytes(k, PACK_STR, 1, out);
    case 0xda: return sized_bytes(k, PACK_STR, 2, out);
    case 0xdb: return sized_bytes(k, PACK_STR, 4, out);
    case 0xdc: return list_or_map(k, PACK_LIST, 2, out);
    case 0xdd: return list_or_map(k, PACK_LIST, 4, out);
    case 0xde: return list_or_map(k, PACK_MAP, 2, out);
    case 0xdf: return list_or_map(k, PACK_MAP, 4, out);
    default: return fail(k, "0xc1, which is no msgpack");
    }
}

bool pack_skip(struct pack *k, uint64_t n)
{
    while (n) {
        struct pack_value v;
        if (!pack_next(k, &v)) return false;
        n--;
        if (v.type == PACK_LIST || v.type == PACK_MAP) n += v.children;
        /* Each value is a byte at least; nested heads together may still claim more than there is. */
        if (n > left(k)) return fail(k, "lists or maps with more elements than bytes are left");
    }
    return true;
}

bool pack_skip_inside(struct pack *k, const struct pack_value *v)
{
    return v->type != PACK_LIST && v->type != PACK_MAP ? true : pack_skip(k, v->children);
}

const char *pack_type_name(enum pack_type type)
{
    static const char *const NAMES[] = {
        "nil",
        "a boolean",
        "an unsigned integer",
        "a negative integer",
        "a float",
        "a string",
        "bytes",
        "an extension",
        "a list",
        "a map",
    };
    return NAMES[type];
}

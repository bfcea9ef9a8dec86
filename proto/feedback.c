/* SPDX-License-Identifier: Apache-2.0 */
/* feedback: fixed fields first, then text with its length before it, then each view as differences in base 128.
 *
 * One form for one content (the shortest numbers, nothing behind the end), so that bytes can be compared and hashed. */
#include "proto/feedback.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>

enum { FLAG_TRAP = 1, FLAG_LEARNS = 2 };

/* --- packing ------------------------------------------------------------------------------------------------------ */

struct packer {
    uint8_t *p, *end;
    bool full;
};

static void put_byte(struct packer *k, uint8_t b)
{
    if (k->p == k->end)
        k->full = true;
    else
        *k->p++ = b;
}

static void put_fixed(struct packer *k, uint64_t x, int bytes)
{
    for (int i = 0; i < bytes; i++) put_byte(k, (uint8_t)(x >> 8 * i));
}

/* Seven bits a byte, the lowest first; the top bit says that more follow (LEB128). */
static void put_number(struct packer *k, uint64_t x)
{
    for (; x >= 0x80; x >>= 7) put_byte(k, (uint8_t)(x | 0x80));
    put_byte(k, (uint8_t)x);
}

static void put_text(struct packer *k, span s)
{
    put_number(k, s.n);
    if (s.n > (size_t)(k->end - k->p)) {
        k->full = true;
        return;
    }
    if (s.n) memcpy(k->p, s.p, s.n);
    k->p += s.n;
}

size_t feedback_pack(const struct feedback *r, uint8_t *to, size_t cap)
{
    struct packer k = {.p = to, .end = to + cap};
    uint64_t score;
    memcpy(&score, &r->score, sizeof score);
    put_byte(&k, FEEDBACK_VERSION);
    put_byte(&k, (uint8_t)r->kind);
    put_byte(&k, (uint8_t)r->says);
    put_byte(&k, (uint8_t)((r->trap ? FLAG_TRAP : 0) | (r->learns ? FLAG_LEARNS : 0)));
    put_fixed(&k, (uint64_t)r->wall_ms, 8);
    put_fixed(&k, score, 8);
    put_fixed(&k, r->features, 4);
    put_fixed(&k, r->digest[0], 8);
    put_fixed(&k, r->digest[1], 8);
    put_fixed(&k, r->reporter, 8);
    put_text(&k, r->tenant);
    put_text(&k, r->ticket);
    put_text(&k, r->order);
    put_number(&k, r->alike_count);
    for (size_t i = 0; i < r->alike_count; i++) put_fixed(&k, r->alike[i], 8);
    put_number(&k, r->name_count);
    for (size_t i = 0; i < r->name_count; i++) {
        put_byte(&k, r->names[i].kind);
        put_text(&k, r->names[i].name);
    }
    put_number(&k, r->view_count);
    for (size_t i = 0; i < r->view_count; i++) {
        const struct feedback_view *v = &r->view[i];
        put_number(&k, v->n);
        for (size_t j = 0; j < v->n; j++) {
            uint32_t before = j ? v->v[j - 1] : 0;
            assert(v->v[j] > before);
            put_number(&k, v->v[j] - before);
        }
    }
    return k.full ? 0 : (size_t)(k.p - to);
}

/* --- unpacking ---------------------------------------------------------------------------------------------------- */

struct unpacker {
    const uint8_t *begin, *p, *end;
    const char *fault; /* the first one, and where */
    size_t at;
    enum err err;
};

static void wrong(struct unpacker *u, enum err e, const char *fault)
{
    if (u->err != ERR_OK) return;
    u->err = e;
    u->fault = fault;
    u->at = (size_t)(u->p - u->begin);
}

static uint64_t get_fixed(struct unpacker *u, int bytes)
{
    uint64_t x = 0;
    if (u->end - u->p < bytes) {
        wrong(u, ERR_SYNTAX, "ends too early");
        u->p = u->end;
        return 0;
    }
    for (int i = 0; i < bytes; i++) x |= (uint64_t)u->p[i] << 8 * i;
    u->p += bytes;
    return x;
}

/* A number of at most 32 bits in its shortest form. */
static uint32_t get_number(struct unpacker *u)
{
    uint64_t x = 0;
    for (int shift = 0; shift < 35; shift += 7) {
        if (u->p == u->end) {
            wrong(u, ERR_SYNTAX, "ends within a number");
            return 0;
        }
        uint8_t b = *u->p++;
        x |= (uint64_t)(b & 0x7F) << shift;
        if (b & 0x80) continue;
        if (b == 0 && shift) wrong(u, ERR_SYNTAX, "a number longer than it need be");
        if (x > UINT32_MAX) break;
        return (uint32_t)x;
    }
    wrong(u, ERR_SYNTAX, "a number over 32 bits");
    return 0;
}

static uint32_t get_count(struct unpacker *u, uint32_t most, const char *fault)
{
    uint32_t n = get_number(u);
    if (n <= most) return n;
    wrong(u, ERR_TOO_BIG, fault);
    return 0;
}

static span get_text(struct unpacker *u, uint32_t most)
{
    uint32_t n = get_count(u, most, "a text over its limit");
    if (n > (size_t)(u->end - u->p)) {
        wrong(u, ERR_SYNTAX, "ends within a text");
        return SPAN_NONE;
    }
    span s = span_of(u->p, n);
    u->p += n;
    return s;
}

static void get_view(struct unpacker *u, struct arena *a, struct feedback_view *out)
{
    uint32_t n = get_count(u, FEEDBACK_VIEW_MAX, "too many features in a view");
    uint32_t *v = arena_alloc(a, n * sizeof *v);
    if (!v) {
        wrong(u, ERR_MEMORY, "no memory for a view");
        return;
    }
    uint64_t last = 0;
    for (uint32_t i = 0; i < n && u->err == ERR_OK; i++) {
        uint32_t step = get_number(u);
        last += step;
        if (step == 0 || last > UINT32_MAX) wrong(u, ERR_SYNTAX, "a view that does not ascend");
        v[i] = (uint32_t)last;
    }
    *out = (struct feedback_view){v, n};
}

static void get_all(struct unpacker *u, struct arena *a, struct feedback *r)
{
    uint64_t version = get_fixed(u, 1);
    if (u->err == ERR_OK && version != FEEDBACK_VERSION) wrong(u, ERR_VERSION, "made for another version");
    uint64_t kind = get_fixed(u, 1), says = get_fixed(u, 1), flags = get_fixed(u, 1), score;
    if (kind >= FEEDBACK_KINDS) wrong(u, ERR_SYNTAX, "of an unknown kind");
    if (says > WIRE_SAY_UNDO) wrong(u, ERR_SYNTAX, "says what is no word");
    if (flags > (FLAG_TRAP | FLAG_LEARNS)) wrong(u, ERR_SYNTAX, "unknown flags");
    r->kind = (enum feedback_kind)kind;
    r->says = (enum wire_say)says;
    r->trap = flags & FLAG_TRAP;
    r->learns = flags & FLAG_LEARNS;
    r->wall_ms = (int64_t)get_fixed(u, 8);
    score = get_fixed(u, 8);
    memcpy(&r->score, &score, sizeof score);
    if (!isfinite(r->score)) wrong(u, ERR_SYNTAX, "a score that is no number");
    r->features = (uint32_t)get_fixed(u, 4);
    r->digest[0] = get_fixed(u, 8);
    r->digest[1] = get_fixed(u, 8);
    r->reporter = get_fixed(u, 8);
    r->tenant = get_text(u, WIRE_TEXT_MAX);
    r->ticket = get_text(u, WIRE_TEXT_MAX);
    r->order = get_text(u, FEEDBACK_ORDER_MAX);
    r->alike_count = get_count(u, FEEDBACK_ALIKE_MAX, "too many fingerprints");
    for (size_t i = 0; i < r->alike_count; i++) r->alike[i] = get_fixed(u, 8);
    r->name_count = get_count(u, FEEDBACK_NAMES_MAX, "too many names");
    for (size_t i = 0; i < r->name_count && u->err == ERR_OK; i++) {
        r->names[i].kind = (uint8_t)get_fixed(u, 1);
        r->names[i].name = get_text(u, FEEDBACK_NAME_BYTES_MAX);
    }
    r->view_count = get_count(u, FEEDBACK_VIEWS_MAX, "too many views");
    for (size_t i = 0; i < r->view_count && u->err == ERR_OK; i++) get_view(u, a, &r->view[i]);
    if (u->err == ERR_OK && u->p != u->end) wrong(u, ERR_SYNTAX, "bytes behind the end");
}

enum err feedback_unpack(span in, struct arena *a, struct feedback *out, char *fault_out)
{
    struct unpacker u = {.begin = in.p, .p = in.p, .end = in.p + in.n};
    fault_out[0] = 0;
    memset(out, 0, sizeof *out);
    if (in.n > FEEDBACK_BYTES_MAX)
        wrong(&u, ERR_TOO_BIG, "a record over its limit");
    else
        get_all(&u, a, out);
    if (u.err != ERR_OK) snprintf(fault_out, FEEDBACK_FAULT_MAX, "byte %zu: %s", u.at, u.fault);
    return u.err;
}

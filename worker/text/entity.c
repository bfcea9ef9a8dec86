/* SPDX-License-Identifier: Apache-2.0 */
/* entity: character references, by number and by name.
 *
 * Names are found by hash in the standard's list; only the old ones count without ';', and of these none is longer than
 * six letters, so a reference costs at most a handful of searches. Source: HTML standard, 13.2.5.72 and following.
 */
#include "worker/text/entity.h"

#include "proto/base/utf8.h"

#include <endian.h>

enum { NAME_MAX = 31, OLD_NAME_MAX = 6 };

struct entity {
    char name[NAME_MAX + 1];
    char value[ENTITY_BYTES_MAX];
    bool bare; /* counts without ';' */
};

static const struct entity TABLE[] = {
#include "worker/text/entity_table.h"
};

/* What 0x80..0x9F mean: windows-1252, where that has a character. */
static const uint16_t C1[32] = {
    0x20AC, 0x81,   0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
    0x2039, 0x0152, 0x8D,   0x017D, 0x8F,   0x90,   0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x9D,   0x017E, 0x0178,
};

/* Lengths of the names that count without ';', a bit each, by first letter. */
static const uint8_t OLD_LENGTHS[128] = {
    ['A'] = 0x78, ['C'] = 0x50, ['E'] = 0x78, ['G'] = 0x04, ['I'] = 0x70, ['L'] = 0x04, ['N'] = 0x40, ['O'] = 0x70,
    ['Q'] = 0x10, ['R'] = 0x08, ['T'] = 0x20, ['U'] = 0x70, ['Y'] = 0x40, ['a'] = 0x78, ['b'] = 0x40, ['c'] = 0x70,
    ['d'] = 0x48, ['e'] = 0x78, ['f'] = 0x40, ['g'] = 0x04, ['i'] = 0x70, ['l'] = 0x24, ['m'] = 0x70, ['n'] = 0x58,
    ['o'] = 0x70, ['p'] = 0x70, ['q'] = 0x10, ['r'] = 0x28, ['s'] = 0x38, ['t'] = 0x20, ['u'] = 0x78, ['y'] = 0x58};

enum { SLOTS = 8192 };

static uint16_t slots[SLOTS]; /* index into TABLE, + 1; 0: free */
_Static_assert(sizeof TABLE / sizeof *TABLE < SLOTS / 3, "nearly every name is found, or not, at the first place");

/* By its first and last eight letters; behind the n letters of `padded` anything may stand. */
static size_t slot_of(const void *padded, size_t n)
{
    uint64_t head, tail = 0;
    memcpy(&head, padded, sizeof head);
    head = le64toh(head);
    if (n < sizeof head)
        head &= (UINT64_C(1) << 8 * n) - 1;
    else
        memcpy(&tail, (const uint8_t *)padded + n - sizeof tail, sizeof tail);
    return (size_t)((head ^ (le64toh(tail) + n)) * UINT64_C(0x9E3779B97F4A7C15) >> 51);
}

__attribute__((constructor)) static void fill_slots(void)
{
    for (size_t i = 0; i < sizeof TABLE / sizeof *TABLE; i++) {
        size_t at = slot_of(TABLE[i].name, strlen(TABLE[i].name));
        while (slots[at]) at = (at + 1) % SLOTS;
        slots[at] = (uint16_t)(i + 1);
    }
}

/* The name of the first n letters of `padded`. (Bisection: eleven branches that nobody can foretell.) */
static const struct entity *find(const uint8_t padded[NAME_MAX + 1], size_t n)
{
    for (size_t at = slot_of(padded, n); slots[at]; at = (at + 1) % SLOTS) {
        const struct entity *e = &TABLE[slots[at] - 1];
        if (memcmp(e->name, padded, n) == 0 && !e->name[n]) return e;
    }
    return NULL;
}

/* "&#...": s begins behind the '#'. Bytes read of s, or 0. */
static size_t read_number(span s, uint8_t out[ENTITY_BYTES_MAX], size_t *n_out)
{
    bool hex = s.n && ascii_lower(s.p[0]) == 'x';
    size_t first = hex, i = first;
    uint32_t c = 0;
    for (; i < s.n; i++) {
        int digit = ascii_hex(s.p[i]), base = hex ? 16 : 10;
        if (digit < 0 || digit >= base) break;
        if (c <= 0x10FFFF) c = c * (uint32_t)base + (uint32_t)digit;
    }
    if (i == first) return 0;
    if (i < s.n && s.p[i] == ';') i++;
    if (c >= 0x80 && c < 0xA0) c = C1[c - 0x80];
    if (c == 0 || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF)) c = 0xFFFD;
    *n_out = utf8_put(c, out);
    return i;
}

size_t entity_read(span s, bool in_attribute, uint8_t out[ENTITY_BYTES_MAX], size_t *n_out)
{
    span name = span_from(s, 1);
    if (name.n && name.p[0] == '#') {
        size_t n = read_number(span_from(name, 1), out, n_out);
        return n ? n + 2 : 0;
    }
    size_t n = 0;
    uint8_t padded[NAME_MAX + 1] = {0};
    while (n < name.n && n <= NAME_MAX && ascii_alnum(name.p[n])) padded[n] = name.p[n], n++;
    if (n < 2 || n > NAME_MAX) return 0;
    const struct entity *e = NULL;
    size_t end = n;
    if (n < name.n && name.p[n] == ';') e = find(padded, n), end = n + 1;
    for (size_t k = n < OLD_NAME_MAX ? n : OLD_NAME_MAX; !e && k >= 2; k--) {
        if (!(OLD_LENGTHS[padded[0]] >> k & 1)) continue;
        e = find(padded, k);
        if (e && !e->bare) e = NULL;
        end = k;
    }
    if (!e) return 0;
    if (in_attribute && name.p[end - 1] != ';' && end < name.n && (name.p[end] == '=' || ascii_alnum(name.p[end])))
        return 0;
    *n_out = strlen(e->value);
    memcpy(out, e->value, *n_out);
    return end + 1;
}

size_t entity_decode(span s, bool in_attribute, uint8_t *out, size_t cap, bool *cut)
{
    size_t n = 0;
    *cut = false;
    while (s.n) {
        uint8_t decoded[ENTITY_BYTES_MAX];
        size_t plain = span_find(s, '&'), k = plain < cap - n ? plain : cap - n;
        memcpy(out + n, s.p, k);
        n += k;
        if (k < plain) {
            *cut = true;
            while (k && (s.p[k] & 0xC0) == 0x80) k--, n--; /* not in the middle of a character */
            return n;
        }
        s = span_from(s, plain);
        if (!s.n) break;
        size_t bytes, read = entity_read(s, in_attribute, decoded, &bytes);
        if (!read) decoded[0] = '&', bytes = read = 1;
        if (bytes > cap - n) return *cut = true, n;
        memcpy(out + n, decoded, bytes);
        n += bytes;
        s = span_from(s, read);
    }
    return n;
}

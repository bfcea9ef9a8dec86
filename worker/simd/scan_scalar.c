/* SPDX-License-Identifier: Apache-2.0 */
/* scan_scalar: the plain C of each kernel; what the other variants are compared with.
 *
 * Written to be read first, but these also run wherever no better variant does, so memchr (which libc vectorises) does
 * the walking where it can. */
#include "worker/simd/scan.h"

/* What a byte means in base64: V | value for a digit, SPACE, PAD, or 0 for a foreign byte. */
enum { V = 0x40, SPACE = 0x80, PAD = 0x81 };
static const uint8_t BASE64[256] = {
    ['A'] = V | 0,  ['B'] = V | 1,  ['C'] = V | 2,  ['D'] = V | 3,  ['E'] = V | 4,  ['F'] = V | 5,  ['G'] = V | 6,
    ['H'] = V | 7,  ['I'] = V | 8,  ['J'] = V | 9,  ['K'] = V | 10, ['L'] = V | 11, ['M'] = V | 12, ['N'] = V | 13,
    ['O'] = V | 14, ['P'] = V | 15, ['Q'] = V | 16, ['R'] = V | 17, ['S'] = V | 18, ['T'] = V | 19, ['U'] = V | 20,
    ['V'] = V | 21, ['W'] = V | 22, ['X'] = V | 23, ['Y'] = V | 24, ['Z'] = V | 25, ['a'] = V | 26, ['b'] = V | 27,
    ['c'] = V | 28, ['d'] = V | 29, ['e'] = V | 30, ['f'] = V | 31, ['g'] = V | 32, ['h'] = V | 33, ['i'] = V | 34,
    ['j'] = V | 35, ['k'] = V | 36, ['l'] = V | 37, ['m'] = V | 38, ['n'] = V | 39, ['o'] = V | 40, ['p'] = V | 41,
    ['q'] = V | 42, ['r'] = V | 43, ['s'] = V | 44, ['t'] = V | 45, ['u'] = V | 46, ['v'] = V | 47, ['w'] = V | 48,
    ['x'] = V | 49, ['y'] = V | 50, ['z'] = V | 51, ['0'] = V | 52, ['1'] = V | 53, ['2'] = V | 54, ['3'] = V | 55,
    ['4'] = V | 56, ['5'] = V | 57, ['6'] = V | 58, ['7'] = V | 59, ['8'] = V | 60, ['9'] = V | 61, ['+'] = V | 62,
    ['/'] = V | 63, ['='] = PAD,    [' '] = SPACE,  ['\t'] = SPACE, ['\r'] = SPACE, ['\n'] = SPACE, ['\v'] = SPACE,
    ['\f'] = SPACE,
};

static size_t dashes(const uint8_t *p, size_t n, uint8_t eol)
{
    size_t at = 0;
    while (n - at >= 2) {
        if (p[at] == '-' && p[at + 1] == '-') return at;
        const uint8_t *end = memchr(p + at, eol, n - at);
        if (!end) break;
        at = (size_t)(end - p) + 1;
    }
    return n;
}

static bool any_high(const uint8_t *p, size_t n)
{
    size_t i = 0;
    for (; n - i >= 8; i += 8) {
        uint64_t w;
        memcpy(&w, p + i, 8);
        if (w & UINT64_C(0x8080808080808080)) return true;
    }
    for (; i < n; i++)
        if (p[i] & 0x80) return true;
    return false;
}

static void census(const uint8_t *p, size_t n, struct scan_census *out)
{
    *out = (struct scan_census){.nul = n && memchr(p, 0, n), .high = any_high(p, n)};
    bool cr = n && memchr(p, '\r', n);
    for (size_t at = 0; at < n;) {
        const uint8_t *lf = memchr(p + at, '\n', n - at);
        size_t end = lf ? (size_t)(lf - p) : n, next = lf ? end + 1 : n;
        if (end > at && p[end - 1] == '\r') end--;
        if (cr && !out->bare_cr) out->bare_cr = memchr(p + at, '\r', end - at);
        if (end - at > out->longest) out->longest = end - at;
        at = next;
    }
}

/* Write what a group of `have` digits holds: one byte less than digits. Bits left over are dropped. */
static size_t base64_rest(uint32_t bits, int have, uint8_t *out, size_t room)
{
    size_t bytes = have > 1 ? (size_t)have - 1 : 0;
    bits <<= 6 * (4 - have);
    if (bytes > room) bytes = room;
    for (size_t k = 0; k < bytes; k++) out[k] = (uint8_t)(bits >> (16 - 8 * k));
    return bytes;
}

/* After padding: does a line of whole groups follow, or something else, as a mailing list's footer? */
static bool base64_goes_on(const uint8_t *p, size_t n)
{
    size_t i = 0, digits = 0;
    while (i < n && BASE64[p[i]] == SPACE) i++;
    while (i + digits < n && BASE64[p[i + digits]] & V) digits++;
    i += digits;
    for (; digits % 4 && i < n && p[i] == '='; i++) digits++;
    return digits > 0 && digits % 4 == 0 && (i == n || p[i] == '\r' || p[i] == '\n');
}

static size_t base64(const uint8_t *p, size_t n, uint8_t *out, size_t cap, bool *bad)
{
    size_t i = 0, o = 0;
    uint32_t bits = 0;      /* digits of the open group */
    int have = 0, owed = 0; /* how many; padding bytes still to come after a closed group */
    while (i < n && o < cap) {
        if (have == 0) {
            while (n - i >= 4 && cap - o >= 3) {
                uint32_t a = BASE64[p[i]], b = BASE64[p[i + 1]], c = BASE64[p[i + 2]], d = BASE64[p[i + 3]];
                if (!(a & b & c & d & V)) break;
                uint32_t w = (a & 63) << 18 | (b & 63) << 12 | (c & 63) << 6 | (d & 63);
                out[o] = (uint8_t)(w >> 16), out[o + 1] = (uint8_t)(w >> 8), out[o + 2] = (uint8_t)w;
                i += 4, o += 3;
            }
            if (i == n || o == cap) break;
        }
        uint8_t v = BASE64[p[i++]];
        if (v == SPACE) continue;
        if (v == PAD) {
            if (have >= 2) {
                o += base64_rest(bits, have, out + o, cap - o);
                owed = 3 - have;
            } else if (have == 1 || owed == 0) {
                *bad = true;
            } else {
                owed--;
            }
            bits = 0, have = 0;
            if (owed == 0 && !base64_goes_on(p + i, n - i)) {
                while (i < n && BASE64[p[i]] == SPACE) i++;
                if (i < n) *bad = true;
                break;
            }
        } else if (v & V) {
            if (owed) *bad = true;
            owed = 0;
            bits = bits << 6 | (v & 63);
            if (++have < 4) continue;
            o += base64_rest(bits, 4, out + o, cap - o);
            bits = 0, have = 0;
        } else {
            *bad = true;
        }
    }
    if (have) {
        *bad = true;
        o += base64_rest(bits, have, out + o, cap - o);
    } else if (owed && i == n) {
        *bad = true;
    }
    return o;
}

static size_t qp(const uint8_t *p, size_t n, uint8_t *out, size_t cap, bool *bad)
{
    size_t i = 0, o = 0;
    while (i < n && o < cap) {
        if (p[i] != '=') {
            size_t run = n - i < cap - o ? n - i : cap - o;
            const uint8_t *eq = memchr(p + i, '=', run);
            if (eq) run = (size_t)(eq - (p + i));
            memcpy(out + o, p + i, run);
            i += run, o += run;
            continue;
        }
        int hi = n - i > 2 ? ascii_hex(p[i + 1]) : -1, lo = n - i > 2 ? ascii_hex(p[i + 2]) : -1;
        if (hi >= 0 && lo >= 0) {
            out[o++] = (uint8_t)(hi << 4 | lo);
            i += 3;
            continue;
        }
        size_t j = i + 1;
        while (j < n && (p[j] == ' ' || p[j] == '\t')) j++;
        if (j < n && p[j] == '\r') j++;
        if (j < n && p[j] == '\n') j++;
        if (j == n || p[j - 1] == '\n' || p[j - 1] == '\r') {
            i = j;
            continue;
        }
        *bad = true;
        out[o++] = p[i++];
    }
    return o;
}

static size_t utf8(const uint8_t *p, size_t n)
{
    size_t i = 0;
    while (i < n) {
        while (n - i >= 8) {
            uint64_t w;
            memcpy(&w, p + i, 8);
            if (w & UINT64_C(0x8080808080808080)) break;
            i += 8;
        }
        if (i == n) break;
        uint8_t c = p[i];
        if (c < 0x80) {
            i++;
        } else if (c < 0xE0) {
            if (c < 0xC2 || n - i < 2 || (p[i + 1] & 0xC0) != 0x80) return i;
            i += 2;
        } else if (c < 0xF0) {
            if (n - i < 3 || (p[i + 1] & 0xC0) != 0x80 || (p[i + 2] & 0xC0) != 0x80) return i;
            if ((c == 0xE0 && p[i + 1] < 0xA0) || (c == 0xED && p[i + 1] > 0x9F)) return i;
            i += 3;
        } else {
            if (c > 0xF4 || n - i < 4 || (p[i + 1] & 0xC0) != 0x80) return i;
            if ((p[i + 2] & 0xC0) != 0x80 || (p[i + 3] & 0xC0) != 0x80) return i;
            if ((c == 0xF0 && p[i + 1] < 0x90) || (c == 0xF4 && p[i + 1] > 0x8F)) return i;
            i += 4;
        }
    }
    return i;
}

static size_t plain(const uint8_t *p, size_t n)
{
    const uint8_t *esc = n ? memchr(p, 0x1B, n) : NULL;
    if (esc) n = (size_t)(esc - p);
    size_t i = 0;
    for (; n - i >= 8; i += 8) {
        uint64_t w;
        memcpy(&w, p + i, 8);
        if (w & UINT64_C(0x8080808080808080)) break;
    }
    while (i < n && !(p[i] & 0x80)) i++;
    return i;
}

static void lower(const uint8_t *p, size_t n, uint8_t *out)
{
    for (size_t i = 0; i < n; i++) out[i] = ascii_lower(p[i]);
}

const struct scan_ops scan_scalar = {
    .level = CPU_SCALAR,
    .dashes = dashes,
    .census = census,
    .base64 = base64,
    .qp = qp,
    .utf8 = utf8,
    .plain = plain,
    .lower = lower,
};

/* SPDX-License-Identifier: Apache-2.0 */
/* base64: the careful way, a byte at a time; see base64.h. */
#include "worker/simd/base64.h"

enum { V = BASE64_DIGIT, SPACE = BASE64_SPACE, PAD = BASE64_PAD };
const uint8_t BASE64_MEANING[256] = {
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

struct base64_at base64_run_scalar(const uint8_t *p, size_t n, uint8_t *out, size_t cap)
{
    size_t i = 0, o = 0;
    for (; n - i >= 4 && cap - o >= 3; i += 4, o += 3) {
        uint32_t a = BASE64_MEANING[p[i]], b = BASE64_MEANING[p[i + 1]];
        uint32_t c = BASE64_MEANING[p[i + 2]], d = BASE64_MEANING[p[i + 3]];
        if (!(a & b & c & d & BASE64_DIGIT)) break;
        uint32_t w = (a & 63) << 18 | (b & 63) << 12 | (c & 63) << 6 | (d & 63);
        out[o] = (uint8_t)(w >> 16), out[o + 1] = (uint8_t)(w >> 8), out[o + 2] = (uint8_t)w;
    }
    return (struct base64_at){i, o};
}

size_t base64_group(uint32_t bits, int have, uint8_t *out, size_t room)
{
    size_t bytes = have > 1 ? (size_t)have - 1 : 0;
    bits <<= 6 * (4 - have);
    if (bytes > room) bytes = room;
    for (size_t k = 0; k < bytes; k++) out[k] = (uint8_t)(bits >> (16 - 8 * k));
    return bytes;
}

bool base64_goes_on(const uint8_t *p, size_t n)
{
    size_t i = 0, digits = 0;
    while (i < n && BASE64_MEANING[p[i]] == BASE64_SPACE) i++;
    while (i + digits < n && BASE64_MEANING[p[i + digits]] & BASE64_DIGIT) digits++;
    i += digits;
    for (; digits % 4 && i < n && p[i] == '='; i++) digits++;
    return digits > 0 && digits % 4 == 0 && (i == n || p[i] == '\r' || p[i] == '\n');
}

size_t base64_decode(base64_run *run, const uint8_t *p, size_t n, uint8_t *out, size_t cap, bool *bad)
{
    size_t i = 0, o = 0;
    uint32_t bits = 0;      /* digits of the open group */
    int have = 0, owed = 0; /* how many; padding bytes still to come after a closed group */
    while (i < n && o < cap) {
        if (have == 0) {
            struct base64_at done = run(p + i, n - i, out + o, cap - o);
            i += done.in, o += done.out;
            if (i == n || o == cap) break;
        }
        uint8_t v = BASE64_MEANING[p[i++]];
        if (v == BASE64_SPACE) continue;
        if (v == BASE64_PAD) {
            if (have >= 2) {
                o += base64_group(bits, have, out + o, cap - o);
                owed = 3 - have;
            } else if (have == 1 || owed == 0) {
                *bad = true;
            } else {
                owed--;
            }
            bits = 0, have = 0;
            if (owed == 0 && !base64_goes_on(p + i, n - i)) {
                while (i < n && BASE64_MEANING[p[i]] == BASE64_SPACE) i++;
                if (i < n) *bad = true;
                break;
            }
        } else if (v & BASE64_DIGIT) {
            if (owed) *bad = true;
            owed = 0;
            bits = bits << 6 | (v & 63);
            if (++have < 4) continue;
            o += base64_group(bits, 4, out + o, cap - o);
            bits = 0, have = 0;
        } else {
            *bad = true;
        }
    }
    if (have) {
        *bad = true;
        o += base64_group(bits, have, out + o, cap - o);
    } else if (owed && i == n) {
        *bad = true;
    }
    return o;
}

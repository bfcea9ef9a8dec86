/* SPDX-License-Identifier: Apache-2.0 */
/* pairs: lines of key=value; see pairs.h. */
#include "proto/pairs.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static bool key_byte(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || ascii_digit(c) || c == '_' || c == '.' || c == '-';
}

static bool plain_byte(uint8_t c)
{
    return c >= ' ' && c <= '~' && c != '\\';
}

void pairs_close(struct pairs *f)
{
    free(f->p);
    *f = (struct pairs){0};
}

static void add(struct pairs *f, const char *s, size_t n)
{
    if (n == 0) return;
    if (n > f->cap - f->n) {
        f->cap = (f->n + n) * 2 + 256;
        f->p = realloc(f->p, f->cap);
        assert(f->p && "out of memory");
    }
    memcpy(f->p + f->n, s, n);
    f->n += n;
}

void pairs_put(struct pairs *f, const char *key, const char *value)
{
    assert(*key);
    for (const char *k = key; *k; k++) assert(key_byte((uint8_t)*k));
    add(f, key, strlen(key));
    add(f, "=", 1);
    for (const char *v = value; *v; v++) {
        char code[8];
        if (plain_byte((uint8_t)*v))
            add(f, v, 1);
        else
            add(f, code, (size_t)snprintf(code, sizeof code, "\\x%02x", (uint8_t)*v));
    }
    add(f, "\n", 1);
}

void pairs_put_number(struct pairs *f, const char *key, uint64_t value)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRIu64, value);
    pairs_put(f, key, text);
}

void pairs_end_record(struct pairs *f)
{
    add(f, "\n", 1);
}

void pairs_put_lines(struct pairs *f, span lines)
{
    add(f, (const char *)lines.p, lines.n);
}

bool pairs_next(span *rest, span *key_out, span *value_out)
{
    size_t end = span_find(*rest, '\n'), eq = 0;
    if (end == rest->n) return false;
    span line = span_head(*rest, end);
    while (eq < line.n && key_byte(line.p[eq])) eq++;
    if (line.n && (eq == 0 || eq == line.n || line.p[eq] != '=')) return false;
    *key_out = span_head(line, eq);
    *value_out = span_from(line, eq + 1);
    *rest = span_from(*rest, end + 1);
    return true;
}

bool pairs_text(span value, char *out, size_t cap)
{
    size_t n = 0;
    for (size_t i = 0; i < value.n; n++) {
        if (n + 1 >= cap) return false;
        if (plain_byte(value.p[i])) {
            out[n] = (char)value.p[i++];
            continue;
        }
        if (value.n - i < 4 || value.p[i] != '\\' || value.p[i + 1] != 'x') return false;
        int high = ascii_hex(value.p[i + 2]), low = ascii_hex(value.p[i + 3]);
        if (high < 0 || low < 0 || !(high | low)) return false;
        out[n] = (char)(high << 4 | low);
        i += 4;
    }
    out[n] = 0;
    return true;
}

bool pairs_number(span value, uint64_t *out)
{
    uint64_t x = 0;
    if (value.n == 0) return false;
    for (size_t i = 0; i < value.n; i++) {
        if (!ascii_digit(value.p[i])) return false;
        unsigned digit = value.p[i] - '0';
        if (x > (UINT64_MAX - digit) / 10) return false;
        x = x * 10 + digit;
    }
    *out = x;
    return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* json: a buffer that doubles, commas by what was written last; see json.h. */
#include "proto/base/json.h"

#include "proto/base/utf8.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static void put(struct json *j, const char *s, size_t n)
{
    if (j->n + n + 1 > j->cap) {
        size_t cap = (j->n + n + 1) * 2 + 256;
        char *grown = realloc(j->buf, cap);
        assert(grown && "out of memory");
        j->buf = grown;
        j->cap = cap;
    }
    memcpy(j->buf + j->n, s, n);
    j->n += n;
    j->buf[j->n] = 0;
}

static void put_string(struct json *j, span s)
{
    put(j, "\"", 1);
    for (size_t i = 0; i < s.n;) {
        uint8_t c = s.p[i];
        char esc[8];
        if (c == '"' || c == '\\') {
            put(j, (char[]){'\\', (char)c}, 2);
            i++;
        } else if (c < 0x20 || c == 0x7F) {
            put(j, esc, (size_t)snprintf(esc, sizeof esc, "\\u%04x", c));
            i++;
        } else if (c == 0xC2 && i + 1 < s.n && s.p[i + 1] >= 0x80 && s.p[i + 1] < 0xA0) { /* C1; U+009B is CSI */
            put(j, esc, (size_t)snprintf(esc, sizeof esc, "\\u%04x", s.p[i + 1]));
            i += 2;
        } else {
            size_t n = utf8_len(span_from(s, i));
            if (n)
                put(j, (const char *)s.p + i, n);
            else
                put(j, "\xEF\xBF\xBD", 3);
            i += n ? n : 1;
        }
    }
    put(j, "\"", 1);
}

static void begin(struct json *j, const char *key)
{
    if (j->comma) put(j, ",", 1);
    j->comma = true;
    if (!key) return;
    put_string(j, span_cstr(key));
    put(j, ":", 1);
}

void json_init(struct json *j)
{
    *j = (struct json){0};
    put(j, "", 0);
}

void json_close(struct json *j)
{
    free(j->buf);
    *j = (struct json){0};
}

static void open_with(struct json *j, const char *key, const char *bracket)
{
    begin(j, key);
    put(j, bracket, 1);
    j->comma = false;
}

static void close_with(struct json *j, const char *bracket)
{
    put(j, bracket, 1);
    j->comma = true;
}

void json_open_object(struct json *j, const char *key)
{
    open_with(j, key, "{");
}

void json_close_object(struct json *j)
{
    close_with(j, "}");
}

void json_open_array(struct json *j, const char *key)
{
    open_with(j, key, "[");
}

void json_close_array(struct json *j)
{
    close_with(j, "]");
}

void json_str(struct json *j, const char *key, span value)
{
    begin(j, key);
    put_string(j, value);
}

static void put_text(struct json *j, const char *key, const char *text)
{
    begin(j, key);
    put(j, text, strlen(text));
}

void json_int(struct json *j, const char *key, int64_t value)
{
    char s[24];
    snprintf(s, sizeof s, "%" PRId64, value);
    put_text(j, key, s);
}

void json_uint(struct json *j, const char *key, uint64_t value)
{
    char s[24];
    snprintf(s, sizeof s, "%" PRIu64, value);
    put_text(j, key, s);
}

void json_num(struct json *j, const char *key, double value, int digits)
{
    char s[400];
    if (isfinite(value)) snprintf(s, sizeof s, "%.*f", digits, value);
    put_text(j, key, isfinite(value) ? s : "null");
}

void json_bool(struct json *j, const char *key, bool value)
{
    put_text(j, key, value ? "true" : "false");
}

/* SPDX-License-Identifier: Apache-2.0 */
/* css_token: comments, strings, brackets and escapes of style sheets.
 *
 * Nothing is cut into tokens and kept: whoever reads asks where the next ';' or '{' stands that counts, and what is
 * between is read as it lies. Source: CSS Syntax 3, 4.3. */
#include "worker/text/css.h"

#include "proto/base/utf8.h"

/* What a byte may be to css_find: one of its stops, or the begin of something to be passed over whole. */
enum { WHOLE = 128 };
static const uint8_t KIND[256] = {
    ['"'] = WHOLE,         ['\''] = WHOLE,    ['('] = WHOLE,     ['['] = WHOLE,    ['\\'] = WHOLE,    ['/'] = WHOLE,
    [';'] = CSS_SEMICOLON, [':'] = CSS_COLON, [','] = CSS_COMMA, ['{'] = CSS_OPEN, ['}'] = CSS_CLOSE,
};

/* Past the string that begins at i: its end, or that of its line. */
static size_t string_end(span s, size_t i)
{
    for (uint8_t quote = s.p[i++]; i < s.n && s.p[i] != quote && s.p[i] != '\n'; i++)
        if (s.p[i] == '\\') i++;
    return i + 1;
}

static size_t comment_end(span s, size_t i)
{
    for (i += 2; i < s.n; i++) {
        i += span_find(span_from(s, i), '*');
        if (i + 1 < s.n && s.p[i + 1] == '/') return i + 2;
    }
    return s.n;
}

/* Past what the bracket at i opens, brackets in it counted. The inside of url() without quotes is plain. */
static size_t bracket_end(span s, size_t i)
{
    if (i >= 3 && span_ieq(span_of(s.p + i - 3, 3), SPAN("url"))) {
        span inside = span_from(s, i + 1);
        size_t blank = 0;
        while (blank < inside.n && ascii_space(inside.p[blank])) blank++;
        if (blank < inside.n && inside.p[blank] != '"' && inside.p[blank] != '\'')
            return i + 1 + span_find(inside, ')') + 1;
    }
    size_t depth = 0;
    while (i < s.n) {
        uint8_t c = s.p[i];
        if (c == '"' || c == '\'') {
            i = string_end(s, i);
            continue;
        }
        if (c == '/' && i + 1 < s.n && s.p[i + 1] == '*') {
            i = comment_end(s, i);
            continue;
        }
        i += c == '\\' ? 2 : 1;
        if (c == '(' || c == '[') depth++;
        if ((c == ')' || c == ']') && --depth == 0) break;
    }
    return i;
}

size_t css_find(span s, size_t i, unsigned stops)
{
    for (stops |= WHOLE;;) {
        while (i < s.n && !(KIND[s.p[i]] & stops)) i++;
        if (i >= s.n) return s.n;
        uint8_t c = s.p[i];
        if (KIND[c] != WHOLE) return i;
        if (c == '"' || c == '\'')
            i = string_end(s, i);
        else if (c == '(' || c == '[')
            i = bracket_end(s, i);
        else if (c == '/')
            i = i + 1 < s.n && s.p[i + 1] == '*' ? comment_end(s, i) : i + 1;
        else
            i += 2;
    }
}

/* The character of an escape whose digits begin at s.p[*i], which is moved past them and one white space. */
static uint32_t read_escape(span s, size_t *i)
{
    uint32_t c = 0;
    unsigned digits = 0;
    for (int h; digits < 6 && *i < s.n && (h = ascii_hex(s.p[*i])) >= 0; digits++, ++*i) c = c << 4 | (uint32_t)h;
    if (!digits) return *i < s.n ? s.p[(*i)++] : 0xFFFD;
    if (*i < s.n && ascii_space(s.p[*i])) ++*i;
    return c == 0 || c > 0x10FFFF || (c >= 0xD800 && c < 0xE000) ? 0xFFFD : c;
}

span css_plain(span s, uint8_t *out, size_t cap)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n && n + 4 <= cap;) {
        if (s.p[i] == '\\') {
            i++;
            uint8_t c = i < s.n ? s.p[i] : 0;
            if (c >= 0x80)
                out[n++] = c, i++;
            else
                n += utf8_put(read_escape(s, &i), out + n);
        } else if (s.p[i] == '/' && i + 1 < s.n && s.p[i + 1] == '*') {
            i = comment_end(s, i);
        } else {
            out[n++] = s.p[i++];
        }
    }
    return span_of(out, n);
}

span css_url(span s, size_t *at)
{
    for (;;) {
        size_t bracket = *at + span_find(span_from(s, *at), '(');
        if (bracket >= s.n) return *at = s.n, SPAN_NONE;
        *at = bracket + 1;
        if (bracket < 3 || !span_ieq(span_of(s.p + bracket - 3, 3), SPAN("url"))) continue;
        span url = span_from(s, bracket + 1);
        url = span_head(url, span_find(url, ')'));
        *at += url.n;
        url = span_trim(url);
        if (url.n && (url.p[0] == '"' || url.p[0] == '\'')) url = span_from(url, 1);
        if (url.n && (url.p[url.n - 1] == '"' || url.p[url.n - 1] == '\'')) url.n--;
        if (url.n) return url;
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
/* address: who a From field says it is (RFC 5322 3.4, and what people write instead).
 *
 * Quoted strings and comments are passed over before '<' or ',' mean anything; encoded words are decoded after, so
 * that a decoded "<" cannot forge an address. Only when nothing else has an '@' is the decoded value looked into. */
#include "worker/mime/address.h"

#include "worker/mime/word.h"
#include "worker/simd/scan.h"

struct mailbox {
    span before, angle, comment, quoted; /* raw pieces: text before '<', inside <>, inside (), inside "" */
};

/* After a quoted string or comment that opens at `i`; its inside goes to `inside` unless that is set already. */
static size_t skip_enclosed(span s, size_t i, span *inside)
{
    uint8_t open = s.p[i], close = open == '(' ? ')' : '"';
    size_t start = ++i;
    for (int depth = 1; i < s.n; i++) {
        if (s.p[i] == '\\')
            i++;
        else if (s.p[i] == close && --depth == 0)
            break;
        else if (open == '(' && s.p[i] == '(')
            depth++;
    }
    if (i > s.n) i = s.n;
    if (!inside->p) *inside = span_of(s.p + start, i - start);
    return i < s.n ? i + 1 : i;
}

/* After an encoded word that begins at `i`, or `i` when none does. *none remembers that no word ends from here on. */
static size_t skip_word(span s, size_t i, bool *none)
{
    span rest = span_from(s, i + 2);
    size_t n = span_find(span_head(rest, WORD_CHARSET_MAX + 1), '?');
    if (*none || n + 2 >= rest.n || rest.p[n + 2] != '?') return i;
    for (size_t end = i + 2 + n + 3; end < s.n; end++) {
        end += span_find(span_from(s, end), '?');
        if (end + 1 < s.n && s.p[end + 1] == '=') return end + 2;
    }
    *none = true;
    return i;
}

/* Split at the first mailbox's end. */
static struct mailbox split(span s)
{
    struct mailbox m = {0};
    size_t i = 0, start = 0;
    bool no_word = false;
    while (i < s.n) {
        uint8_t c = s.p[i];
        if (c == '=' && i + 1 < s.n && s.p[i + 1] == '?') {
            size_t end = skip_word(s, i, &no_word);
            i = end > i ? end : i + 1;
        } else if (c == '"' || c == '(') {
            i = skip_enclosed(s, i, c == '"' ? &m.quoted : &m.comment);
        } else if (c == '<') {
            span rest = span_from(s, i + 1);
            m.before = span_from(span_head(s, i), start);
            m.angle = span_head(rest, span_find(rest, '>'));
            return m;
        } else if (c == ',' || c == ';') {
            if (memchr(s.p + start, '@', i - start)) break;
            start = ++i; /* nothing like an address so far: a name with a comma in it, or an empty element */
        } else {
            i++;
        }
    }
    m.before = span_from(span_head(s, i), start);
    return m;
}

static bool address_end(uint8_t c)
{
    return ascii_space(c) || c == '<' || c == '>' || c == '(' || c == ')' || c == ',' || c == ';' || c == '"' ||
           c == '\'' || c == '[' || c == ']';
}

/* The run around the first '@' that has something on both sides. */
static span find_address(span s)
{
    for (size_t at = span_find(s, '@'); at < s.n; at += 1 + span_find(span_from(s, at + 1), '@')) {
        size_t start = at, end = at + 1;
        while (start && !address_end(s.p[start - 1]) && s.p[start - 1] != '@') start--;
        if (end < s.n && s.p[end] == '[') end++;
        while (end < s.n && !address_end(s.p[end]) && s.p[end] != '@') end++;
        if (end < s.n && s.p[end] == ']') end++;
        if (start < at && end > at + 1) return span_of(s.p + start, end - start);
    }
    return SPAN_NONE;
}

/* Lower case, without white space, comments, a source route, or dots at the end. */
static span normal(span s, struct arena *a)
{
    uint8_t *out = arena_alloc(a, s.n);
    if (!out) return SPAN_NONE;
    size_t n = 0;
    int depth = 0;
    bool quoted = false;
    for (size_t i = 0; i < s.n; i++) {
        uint8_t c = s.p[i];
        if (c == '"' && !depth) quoted = !quoted;
        if (!quoted && c == '(') depth++;
        if (!depth && c > ' ' && c != 127) out[n++] = c;
        if (!quoted && c == ')' && depth) depth--;
    }
    scan->lower(out, n, out);
    while (n && out[n - 1] == '.') n--;
    arena_trim(a, out, n);
    span all = span_of(out, n);
    if (n && out[0] == '@') all = span_from(all, span_find(all, ':') + 1); /* <@relay:user@host> */
    if (span_istarts(all, SPAN("mailto:"))) all = span_from(all, 7);
    return all;
}

static span unquote(span s, struct arena *a)
{
    s = span_trim(s);
    if (s.n >= 2 && (s.p[0] == '"' || s.p[0] == '\'') && s.p[s.n - 1] == s.p[0]) s = span_of(s.p + 1, s.n - 2);
    if (span_find(s, '\\') == s.n && span_find(s, '"') == s.n) return span_trim(s);
    uint8_t *out = arena_alloc(a, s.n);
    if (!out) return SPAN_NONE;
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '"') continue;
        if (s.p[i] == '\\' && i + 1 < s.n) i++;
        out[n++] = s.p[i];
    }
    arena_trim(a, out, n);
    return span_trim(span_of(out, n));
}

void address_first(span raw, span hint, struct arena *a, span *addr_out, span *name_out, uint64_t *odd)
{
    struct mailbox m = split(raw);
    span addr = m.angle, name = m.before;
    if (memchr(addr.n ? addr.p : (const uint8_t *)"", '@', addr.n) == NULL) {
        addr = find_address(m.before);
        if (!addr.p) addr = find_address(raw);
        if (!m.angle.p) name = SPAN_NONE;
    }
    if (!span_trim(name).n) name = m.comment.p ? m.comment : m.quoted;
    *name_out = unquote(word_decode(name, hint, a, odd, NULL), a);
    if (!addr.p) {
        /* The whole mailbox inside an encoded word. */
        uint64_t ignored = 0;
        span decoded = word_decode(raw, hint, a, &ignored, NULL);
        addr = find_address(decoded);
        size_t angle = span_find(decoded, '<');
        if (addr.p && angle < decoded.n) *name_out = unquote(span_head(decoded, angle), a);
    }
    *addr_out = addr.p ? normal(addr, a) : SPAN_NONE;
}

bool address_several(span raw)
{
    bool no_word = false, first = false, second = false; /* an '@' seen; a separator after it */
    span ignored = {0};
    for (size_t i = 0; i < raw.n;) {
        uint8_t c = raw.p[i];
        size_t next = i + 1;
        if (c == '=' && next < raw.n && raw.p[next] == '?') {
            size_t end = skip_word(raw, i, &no_word);
            if (end > i) next = end;
        } else if (c == '"' || c == '(') {
            next = skip_enclosed(raw, i, &ignored);
        } else if (c == '<') { /* a source route has commas */
            span inside = span_head(span_from(raw, next), span_find(span_from(raw, next), '>'));
            if (second && span_find(inside, '@') < inside.n) return true;
            first |= span_find(inside, '@') < inside.n;
            next += inside.n;
        } else if (c == '@') {
            if (second) return true;
            first = true;
        } else if (c == ',' || c == ';') {
            second = first;
        }
        i = next;
    }
    return false;
}

span address_domain(span addr)
{
    size_t at = addr.n;
    while (at && addr.p[at - 1] != '@') at--;
    if (at == 0) return SPAN_NONE;
    span domain = span_from(addr, at);
    if (domain.n >= 2 && domain.p[0] == '[' && domain.p[domain.n - 1] == ']')
        return span_of(domain.p + 1, domain.n - 2);
    return domain;
}

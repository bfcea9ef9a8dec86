/* SPDX-License-Identifier: Apache-2.0 */
/* jsontree: recursive descent, a level of the call stack a level of nesting, bounded. */
#include "proto/cli/jsontree.h"

#include "proto/base/utf8.h"

struct reader {
    span in;
    size_t at;
    struct arena *a;
    int depth;
};

static int peek(const struct reader *r)
{
    return r->at < r->in.n ? r->in.p[r->at] : -1;
}

static void skip_space(struct reader *r)
{
    int c;
    while ((c = peek(r)) == ' ' || c == '\t' || c == '\n' || c == '\r') r->at++;
}

static bool take(struct reader *r, char c)
{
    if (peek(r) != c) return false;
    r->at++;
    return true;
}

static bool take_word(struct reader *r, span word)
{
    if (!span_eq(span_head(span_from(r->in, r->at), word.n), word)) return false;
    r->at += word.n;
    return true;
}

/* --- scalars ------------------------------------------------------------------------------------------------------ */

static size_t take_digits(struct reader *r)
{
    size_t n = 0;
    for (int c; (c = peek(r)) >= '0' && c <= '9'; r->at++) n++;
    return n;
}

static bool take_number(struct reader *r)
{
    take(r, '-');
    if (!take(r, '0') && take_digits(r) == 0) return false;
    if (take(r, '.') && take_digits(r) == 0) return false;
    if (take(r, 'e') || take(r, 'E')) {
        if (!take(r, '+')) take(r, '-');
        if (take_digits(r) == 0) return false;
    }
    return true;
}

static bool take_hex4(struct reader *r, uint32_t *out)
{
    *out = 0;
    for (int i = 0; i < 4; i++) {
        int c = peek(r);
        int digit = c < 0 ? -1 : ascii_hex((uint8_t)c);
        if (digit < 0) return false;
        *out = *out << 4 | (uint32_t)digit;
        r->at++;
    }
    return true;
}

/* After "\u"; a surrogate without its other half becomes U+FFFD. */
static bool take_code_unit(struct reader *r, uint32_t *out)
{
    uint32_t low;
    if (!take_hex4(r, out)) return false;
    if (*out < 0xD800 || *out > 0xDFFF) return true;
    size_t back = r->at;
    if (*out < 0xDC00 && take(r, '\\') && take(r, 'u') && take_hex4(r, &low) && low >= 0xDC00 && low <= 0xDFFF) {
        *out = 0x10000 + ((*out - 0xD800) << 10) + (low - 0xDC00);
        return true;
    }
    r->at = back;
    *out = 0xFFFD;
    return true;
}

/* Bytes up to the quote that ends the string; decoding never makes a string longer. */
static size_t string_bytes(const struct reader *r)
{
    size_t at = r->at;
    while (at < r->in.n && r->in.p[at] != '"') at += r->in.p[at] == '\\' ? 2 : 1;
    return at - r->at;
}

static enum err take_string(struct reader *r, span *out)
{
    if (!take(r, '"')) return ERR_SYNTAX;
    uint8_t *start = arena_alloc(r->a, string_bytes(r)), *to = start;
    if (!start) return ERR_TOO_BIG;
    while (!take(r, '"')) {
        static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
        int c = peek(r);
        size_t n = utf8_len(span_from(r->in, r->at));
        if (n == 0 || c < 0x20) return ERR_SYNTAX;
        if (c != '\\') {
            memcpy(to, r->in.p + r->at, n);
            to += n;
            r->at += n;
            continue;
        }
        r->at++;
        uint32_t u;
        const char *name = peek(r) > 0 ? strchr(names, peek(r)) : NULL;
        if (name) {
            *to++ = (uint8_t)values[name - names];
            r->at++;
        } else if (take(r, 'u') && take_code_unit(r, &u)) {
            to += utf8_put(u, to);
        } else {
            return ERR_SYNTAX;
        }
    }
    *out = span_of(start, (size_t)(to - start));
    arena_trim(r->a, start, out->n);
    return ERR_OK;
}

/* --- values ------------------------------------------------------------------------------------------------------- */

static enum err take_value(struct reader *r, struct jsontree *v);

/* The inside of an array or object, after its bracket. */
static enum err take_children(struct reader *r, struct jsontree *v, char end)
{
    struct jsontree **link = &v->child;
    skip_space(r);
    if (take(r, end)) return ERR_OK;
    do {
        struct jsontree *c = arena_alloc(r->a, sizeof *c);
        if (!c) return ERR_TOO_BIG;
        *c = (struct jsontree){0};
        enum err e = ERR_OK;
        if (v->kind == JSONTREE_OBJECT) {
            skip_space(r);
            e = take_string(r, &c->key);
            skip_space(r);
            if (e == ERR_OK && !take(r, ':')) e = ERR_SYNTAX;
        }
        if (e == ERR_OK) e = take_value(r, c);
        if (e != ERR_OK) return e;
        *link = c;
        link = &c->next;
        skip_space(r);
    } while (take(r, ','));
    return take(r, end) ? ERR_OK : ERR_SYNTAX;
}

static enum err take_nested(struct reader *r, struct jsontree *v, enum jsontree_kind kind, char end)
{
    if (r->depth == JSONTREE_DEPTH_MAX) return ERR_TOO_BIG;
    r->at++;
    r->depth++;
    v->kind = kind;
    enum err e = take_children(r, v, end);
    r->depth--;
    return e;
}

static enum err take_value(struct reader *r, struct jsontree *v)
{
    skip_space(r);
    size_t from = r->at;
    bool fine;
    switch (peek(r)) {
    case '{': return take_nested(r, v, JSONTREE_OBJECT, '}');
    case '[': return take_nested(r, v, JSONTREE_ARRAY, ']');
    case '"': v->kind = JSONTREE_STRING; return take_string(r, &v->text);
    case 't':
    case 'f':
        v->kind = JSONTREE_BOOL;
        fine = take_word(r, SPAN("true")) || take_word(r, SPAN("false"));
        break;
    case 'n':
        v->kind = JSONTREE_NULL;
        fine = take_word(r, SPAN("null"));
        break;
    default: v->kind = JSONTREE_NUMBER; fine = take_number(r);
    }
    v->text = span_of(r->in.p + from, r->at - from);
    return fine ? ERR_OK : ERR_SYNTAX;
}

enum err jsontree_parse(span in, struct arena *a, struct jsontree **root_out, size_t *at_out)
{
    struct reader r = {.in = in, .a = a};
    struct jsontree *root = arena_alloc(a, sizeof *root);
    enum err e = root ? ERR_OK : ERR_TOO_BIG;
    if (root) {
        *root = (struct jsontree){0};
        e = take_value(&r, root);
        if (e == ERR_OK) skip_space(&r);
        if (e == ERR_OK && r.at < in.n) e = ERR_SYNTAX;
    }
    if (e == ERR_OK)
        *root_out = root;
    else
        *at_out = r.at;
    return e;
}

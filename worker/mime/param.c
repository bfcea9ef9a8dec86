/* SPDX-License-Identifier: Apache-2.0 */
/* param: the parameters of Content-Type and Content-Disposition (RFC 2045 5.1, RFC 2231), written well or badly.
 *
 * One walk over the field per question: the field is short, and nothing need be stored. Sections of a continued value
 * are remembered by number and joined at the end. */
#include "worker/mime/param.h"

struct param {
    span name;     /* without '*' parts */
    span value;    /* between the quotes, escapes and folds still in it */
    bool quoted;   /* value stood in quotes */
    bool extended; /* name ended in '*': percent escapes, and in section 0 a charset */
    int section;   /* of a continuation, or -1 */
};

/* Skip white space and comments; comments nest (RFC 5322 3.2.2), an open one runs to the end. */
static void skip_space(span *s)
{
    size_t i = 0;
    int depth = 0;
    for (; i < s->n; i++) {
        uint8_t c = s->p[i];
        if (c == '(') {
            depth++;
        } else if (depth && c == ')') {
            depth--;
        } else if (depth && c == '\\') {
            i++;
        } else if (!depth && !ascii_space(c)) {
            break;
        }
    }
    *s = span_from(*s, i);
}

/* A quoted string's inside; s begins at the quote and is left after the closing one. */
static span take_quoted(span *s)
{
    size_t i = 1 + span_find(span_from(*s, 1), '"');
    if (span_find(span_head(*s, i), '\\') < i) /* which few have */
        for (i = 1; i < s->n && s->p[i] != '"';) i += s->p[i] == '\\' ? 2 : 1;
    if (i > s->n) i = s->n;
    span inside = span_from(span_head(*s, i), 1);
    *s = span_from(*s, i + 1);
    return inside;
}

static int section_number(span digits)
{
    if (digits.n == 0 || digits.n > 4) return -1;
    int number = 0;
    for (size_t i = 0; i < digits.n; i++) {
        if (digits.p[i] < '0' || digits.p[i] > '9') return -1;
        number = number * 10 + (digits.p[i] - '0');
    }
    return number;
}

/* The next parameter after a ';'; false at the end. */
static bool param_next(span *rest, struct param *out)
{
    for (;;) {
        skip_space(rest);
        if (rest->n == 0) return false;
        if (rest->p[0] == ';') {
            *rest = span_from(*rest, 1);
            continue;
        }
        if (rest->p[0] == '"') { /* a stray quoted string */
            take_quoted(rest);
            continue;
        }
        size_t n = 0;
        while (n < rest->n && rest->p[n] != '=' && rest->p[n] != ';' && rest->p[n] != '(' && !ascii_space(rest->p[n]))
            n++;
        span name = span_head(*rest, n);
        *rest = span_from(*rest, n);
        skip_space(rest);
        if (rest->n == 0 || rest->p[0] != '=') continue;
        *rest = span_from(*rest, 1);
        skip_space(rest);

        *out = (struct param){.section = -1};
        if (rest->n && rest->p[0] == '"') {
            out->value = take_quoted(rest);
            out->quoted = true;
        } else {
            size_t end = span_find(*rest, ';');
            out->value = span_trim(span_head(*rest, end));
            *rest = span_from(*rest, end);
        }
        if (name.n && name.p[name.n - 1] == '*') {
            out->extended = true;
            name.n--;
        }
        size_t star = span_find(name, '*');
        if (star < name.n) {
            out->section = section_number(span_from(name, star + 1));
            if (out->section < 0) continue;
        }
        out->name = span_head(name, star);
        return true;
    }
}

/* Append a value's bytes to out (which has room for value.n): escapes and folds undone. */
static size_t put_value(uint8_t *out, const struct param *p)
{
    span v = p->value;
    size_t o = 0;
    for (size_t i = 0; i < v.n; i++) {
        uint8_t c = v.p[i];
        if (c == '\r' || c == '\n') continue;
        /* A backslash escapes a quote or itself; before anything else it is a Windows path (RFC 822 or not). */
        if (p->quoted && c == '\\' && i + 1 < v.n && (v.p[i + 1] == '"' || v.p[i + 1] == '\\')) {
            c = v.p[++i];
        } else if (p->extended && c == '%' && i + 2 < v.n) {
            int value = 0;
            for (int k = 1; k <= 2 && value >= 0; k++) {
                int digit = ascii_hex(v.p[i + k]);
                value = digit < 0 ? -1 : value * 16 + digit;
            }
            if (value >= 0) {
                c = (uint8_t)value;
                i += 2;
            }
        }
        out[o++] = c;
    }
    return o;
}

/* Take charset'language' off the front of an extended value. */
static span take_charset(struct param *p)
{
    size_t first = span_find(p->value, '\'');
    span after = span_from(p->value, first + 1);
    size_t second = span_find(after, '\'');
    if (first == p->value.n || second == after.n) return SPAN_NONE;
    span charset = span_head(p->value, first);
    p->value = span_from(after, second + 1);
    return charset;
}

span param_value(span field)
{
    skip_space(&field);
    size_t n = 0;
    while (n < field.n && field.p[n] != ';' && field.p[n] != '(') n++;
    return span_trim(span_head(field, n));
}

/* What stands behind the value of a field. */
static span parameters(span field)
{
    skip_space(&field);
    size_t n = 0;
    while (n < field.n && field.p[n] != ';' && !ascii_space(field.p[n])) n++;
    return span_from(field, n);
}

uint32_t param_letters(span field)
{
    uint32_t letters = 0;
    span rest = parameters(field);
    for (struct param p; param_next(&rest, &p);)
        if (p.name.n) letters |= param_letter(p.name);
    return letters;
}

bool param_last(span field, span key, struct arena *a, span *value_out)
{
    struct param last = {0};
    bool have = false;
    span rest = parameters(field);
    for (struct param p; param_next(&rest, &p);) {
        if (p.extended || p.section >= 0 || !span_ieq(p.name, key)) continue;
        last = p;
        have = true;
    }
    uint8_t *out = have ? arena_alloc(a, last.value.n) : NULL;
    if (!out) return false;
    size_t n = put_value(out, &last);
    arena_trim(a, out, n);
    *value_out = span_trim(span_of(out, n));
    return true;
}

bool param_get(span field, span key, struct arena *a, span *value_out, span *charset_out)
{
    *value_out = *charset_out = SPAN_NONE;
    struct param plain = {0}, sections[PARAM_SECTIONS_MAX];
    bool have_plain = false, have[PARAM_SECTIONS_MAX] = {false};
    size_t bytes = 0;

    span rest = parameters(field);
    for (struct param p; param_next(&rest, &p);) {
        if (!span_ieq(p.name, key)) continue;
        if (!p.extended && p.section < 0) {
            if (!have_plain) plain = p;
            have_plain = true;
            continue;
        }
        int at = p.section < 0 ? 0 : p.section;
        if (at >= PARAM_SECTIONS_MAX || have[at]) continue;
        have[at] = true;
        sections[at] = p;
        bytes += p.value.n;
    }
    if (!have[0]) {
        if (!have_plain) return false;
        memset(have, 0, sizeof have); /* sections without the first say nothing */
        sections[0] = plain;
        have[0] = true;
        bytes = plain.value.n;
    }
    if (sections[0].extended) *charset_out = take_charset(&sections[0]);
    uint8_t *out = arena_alloc(a, bytes);
    if (!out) return false;
    size_t o = 0;
    for (int i = 0; i < PARAM_SECTIONS_MAX && have[i]; i++) o += put_value(out + o, &sections[i]);
    arena_trim(a, out, o);
    *value_out = span_trim(span_of(out, o));
    return true;
}

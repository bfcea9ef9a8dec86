/* SPDX-License-Identifier: Apache-2.0 */
/* authres: a cursor that only moves forward; see authres.h.
 *
 * Laxer than the RFC where known writers are: values may hold '/', '=', ':', '<' and '>' unquoted (header.b=, "<>" for
 * the null sender), a word without a '.' may stand where a property should (Exchange's "action=none"), results may end
 * in an empty one. */
#include "worker/mime/authres.h"

/* Skip white space and comments, which nest. False when a comment does not close. */
static bool skip_cfws(span *s)
{
    size_t i = 0, depth = 0;
    for (; i < s->n; i++) {
        uint8_t c = s->p[i];
        if (c == '(')
            depth++;
        else if (depth && c == ')')
            depth--;
        else if (depth && c == '\\')
            i++;
        else if (!depth && !ascii_space(c))
            break;
    }
    *s = span_from(*s, i);
    return depth == 0;
}

static bool at_end(const span *s)
{
    return s->n == 0 || s->p[0] == ';';
}

static bool take(span *s, uint8_t c)
{
    if (s->n == 0 || s->p[0] != c) return false;
    *s = span_from(*s, 1);
    return true;
}

/* A Keyword (RFC 5321 Ldh-str): letters, digits, hyphens; '_' as some properties have it. May come out empty. */
static span take_word(span *s)
{
    size_t n = 0;
    while (n < s->n && (ascii_alnum(s->p[n]) || s->p[n] == '-' || s->p[n] == '_')) n++;
    span word = span_head(*s, n);
    *s = span_from(*s, n);
    return word;
}

/* A value: up to white space, ';' or a comment, quoted strings passed over; without quotes that enclose all of it.
 * False when a quote does not close. */
static bool take_value(span *s, span *out)
{
    size_t i = 0;
    bool all_quoted = s->n && s->p[0] == '"';
    while (i < s->n && !ascii_space(s->p[i]) && s->p[i] != ';' && s->p[i] != '(') {
        if (s->p[i] != '"') {
            i++;
            continue;
        }
        if (i) all_quoted = false;
        for (i++; i < s->n && s->p[i] != '"'; i++)
            if (s->p[i] == '\\') i++;
        if (i >= s->n) return false;
        i++;
        if (i < s->n && !ascii_space(s->p[i]) && s->p[i] != ';' && s->p[i] != '(') all_quoted = false;
    }
    *out = all_quoted ? span_of(s->p + 1, i - 2) : span_head(*s, i);
    *s = span_from(*s, i);
    return true;
}

/* "1", the only version there is. */
static bool take_version(span *s)
{
    span digits = take_word(s);
    while (digits.n > 1 && digits.p[0] == '0') digits = span_from(digits, 1);
    return span_eq(digits, SPAN("1")) && skip_cfws(s);
}

/* "i=N;" */
static bool take_instance(span *s, unsigned *out)
{
    span i = take_word(s);
    if (!span_ieq(i, SPAN("i")) || !skip_cfws(s) || !take(s, '=') || !skip_cfws(s)) return false;
    span digits = take_word(s);
    unsigned number = 0;
    for (size_t k = 0; k < digits.n; k++) {
        if (!ascii_digit(digits.p[k]) || number > 50) return false;
        number = number * 10 + (digits.p[k] - '0');
    }
    *out = number;
    return number >= 1 && number <= 50 && skip_cfws(s) && take(s, ';') && skip_cfws(s);
}

bool authres_open(struct authres *r, span field, bool arc)
{
    *r = (struct authres){.rest = field};
    span *s = &r->rest;
    if (!skip_cfws(s) || (arc && !take_instance(s, &r->instance))) return false;
    if (!take_value(s, &r->id) || r->id.n == 0 || span_find(r->id, '=') < r->id.n) return false;
    if (!skip_cfws(s) || (!at_end(s) && !take_version(s))) return false;
    return at_end(s);
}

/* The member that "PTYPE.PROPERTY" is kept in, or NULL. */
static span *place(struct authres_result *r, span ptype, span property)
{
    if (span_ieq(ptype, SPAN("smtp"))) {
        if (span_ieq(property, SPAN("mailfrom"))) return &r->smtp_mailfrom;
        return span_ieq(property, SPAN("helo")) ? &r->smtp_helo : NULL;
    }
    if (!span_ieq(ptype, SPAN("header"))) return NULL;
    if (span_ieq(property, SPAN("d"))) return &r->header_d;
    if (span_ieq(property, SPAN("i"))) return &r->header_i;
    return span_ieq(property, SPAN("from")) ? &r->header_from : NULL;
}

/* "reason=value", "ptype.property=value" or a stray "word=value". */
static bool take_property(span *s, struct authres_result *out)
{
    span *to = NULL, ptype = take_word(s), value;
    if (!ptype.n || !skip_cfws(s)) return false;
    if (take(s, '.')) {
        if (!skip_cfws(s)) return false;
        span property = take_word(s);
        if (!property.n || !skip_cfws(s)) return false;
        to = place(out, ptype, property);
    }
    if (!take(s, '=') || !skip_cfws(s) || !take_value(s, &value)) return false;
    if (to && !to->p) *to = value;
    return true;
}

/* What stands between two ';', from the method on. */
static bool take_result(span *s, struct authres_result *out)
{
    *out = (struct authres_result){.method = take_word(s)};
    if (!out->method.n || !skip_cfws(s)) return false;
    if (at_end(s)) return span_ieq(out->method, SPAN("none"));
    if (take(s, '/') && (!skip_cfws(s) || !take_version(s))) return false;
    if (!take(s, '=') || !skip_cfws(s)) return false;
    out->result = take_word(s);
    if (!out->result.n) return false;
    while (!at_end(s)) {
        size_t before = s->n;
        if (!skip_cfws(s)) return false;
        if (at_end(s)) break;
        if (s->n == before || !take_property(s, out)) return false; /* words are set apart */
    }
    return true;
}

bool authres_next(struct authres *r, struct authres_result *out)
{
    span *s = &r->rest;
    while (!r->bad && take(s, ';')) {
        r->bad = !skip_cfws(s);
        if (r->bad || at_end(s)) continue;
        r->bad = !take_result(s, out);
        if (!r->bad && out->result.n) return true;
    }
    return false;
}

span authres_domain(span property)
{
    size_t at = property.n;
    while (at && property.p[at - 1] != '@') at--;
    span d = span_from(property, at);
    if (d.n && at && property.p[0] == '<' && d.p[d.n - 1] == '>') d.n--;
    if (d.n && d.p[d.n - 1] == '.') d.n--;
    for (size_t i = 0; i < d.n; i++)
        if (!ascii_alnum(d.p[i]) && d.p[i] < 0x80 && d.p[i] != '-' && d.p[i] != '.' && d.p[i] != '_') return SPAN_NONE;
    return d;
}

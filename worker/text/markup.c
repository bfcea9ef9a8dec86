/* SPDX-License-Identifier: Apache-2.0 */
/* markup: where names, attributes, comments and raw text of HTML end.
 *
 * One byte after the other, tables for what a byte ends. Source: HTML standard, 13.2.5. */
#include "worker/text/markup.h"

/* What a byte ends. */
enum { ENDS_TAG = 1, ENDS_ATTR = 2, ENDS_VALUE = 4, ENDS_ALL = ENDS_TAG | ENDS_ATTR | ENDS_VALUE };
static const uint8_t ENDS[256] = {
    [' '] = ENDS_ALL,  ['\t'] = ENDS_ALL, ['\n'] = ENDS_ALL, ['\v'] = ENDS_ALL,
    ['\f'] = ENDS_ALL, ['\r'] = ENDS_ALL, ['>'] = ENDS_ALL,  ['/'] = ENDS_TAG | ENDS_ATTR,
    ['='] = ENDS_ATTR,
};

span markup_name(span in, size_t i)
{
    size_t from = i;
    while (i < in.n && !(ENDS[in.p[i]] & ENDS_TAG)) i++;
    return span_of(in.p + from, i - from);
}

size_t markup_attrs_more(span in, size_t i, const struct css_rules *r, struct attrs *a)
{
    a->have = 0;
    a->asked = 0;
    for (;;) {
        size_t first = i;
        while (i < in.n && (ascii_space(in.p[i]) || in.p[i] == '/')) i++;
        if (i >= in.n) return 0;
        if (in.p[i] == '>') {
            a->closed = i > first && in.p[i - 1] == '/';
            return i + 1;
        }
        size_t from = i++; /* a '=' here is part of the name */
        while (i < in.n && !(ENDS[in.p[i]] & ENDS_ATTR)) i++;
        span name = span_of(in.p + from, i - from), value = SPAN_NONE;
        while (i < in.n && ascii_space(in.p[i])) i++;
        if (i < in.n && in.p[i] == '=') {
            do i++;
            while (i < in.n && ascii_space(in.p[i]));
            if (i >= in.n) return 0;
            uint8_t quote = in.p[i];
            from = quote == '"' || quote == '\'' ? ++i : i;
            if (from == i && (quote == '"' || quote == '\'')) {
                i += span_find(span_from(in, i), quote);
                if (i >= in.n) return 0;
                value = span_of(in.p + from, i++ - from);
            } else {
                while (i < in.n && !(ENDS[in.p[i]] & ENDS_VALUE)) i++;
                value = span_of(in.p + from, i - from);
            }
        }
        if (r && r->asked_count) a->asked |= css_rules_asked(r, name, value);
        enum attr id = attr_by_name(name);
        if (id == ATTR_COUNT || a->have & 1u << id) continue; /* the first one wins */
        a->have |= 1u << id;
        a->v[id] = value;
    }
}

size_t markup_comment_end(span in, size_t i)
{
    size_t first = i;
    if (span_istarts(span_from(in, i), SPAN(">"))) return i + 1;
    if (span_istarts(span_from(in, i), SPAN("->"))) return i + 2;
    while (i < in.n) {
        i += span_find(span_from(in, i), '>');
        if (i >= in.n) break;
        size_t back = i - first;
        const uint8_t *end = in.p + i;
        if (back >= 2 && end[-1] == '-' && end[-2] == '-') return i + 1;
        if (back >= 3 && end[-1] == '!' && end[-2] == '-' && end[-3] == '-') return i + 1;
        i++;
    }
    return in.n;
}

size_t markup_raw_end(span in, size_t i, span name)
{
    while (i < in.n) {
        i += span_find(span_from(in, i), '<');
        span rest = span_from(in, i + 2);
        if (i + 1 < in.n && in.p[i + 1] == '/' && span_istarts(rest, name) &&
            (rest.n == name.n || ascii_space(rest.p[name.n]) || rest.p[name.n] == '>' || rest.p[name.n] == '/'))
            return i;
        i++;
    }
    return in.n;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* url_spelt: links that a person can follow and a program cannot.
 *
 * Spam spells them so to pass filters, and security people so that nobody clicks; either way the domain is what the
 * mail speaks of. Only spellings that nothing else is written in: a word, a dot in brackets, a word. */
#include "worker/text/url_spelt.h"

#include "worker/text/domain.h"

enum {
    GAP_MAX = 2,   /* spaces in a row within a spelt link */
    LABELS_MAX = 8 /* that are read */
};

static bool label_byte(uint8_t c)
{
    return ascii_alnum(c) || c == '-';
}

static size_t skip_gap(span text, size_t at)
{
    size_t end = at;
    while (end < text.n && end - at < GAP_MAX && text.p[end] == ' ') end++;
    return end;
}

/* After "[.]", "(.)", "[dot]", "(dot)" at `at`, spaces around it, or `at` when there is none. */
static size_t skip_bracket(span text, size_t at)
{
    size_t i = skip_gap(text, at);
    if (i >= text.n || (text.p[i] != '[' && text.p[i] != '(')) return at;
    uint8_t close = text.p[i] == '[' ? ']' : ')';
    span rest = span_from(text, i + 1);
    size_t n = span_istarts(rest, SPAN("dot")) ? 3 : span_istarts(rest, SPAN(".")) ? 1 : 0;
    return n && n < rest.n && rest.p[n] == close ? skip_gap(text, i + 2 + n) : at;
}

/* After '.' with spaces around it, or `at` when there is none. */
static size_t skip_dot(span text, size_t at)
{
    size_t i = skip_gap(text, at);
    return i < text.n && text.p[i] == '.' ? skip_gap(text, i + 1) : at;
}

/* Read labels and what parts them from `at` on into buf[*n], lower case: plain dots, dots in brackets, and with `gaps`
 * (then it takes three labels) dots with spaces around; *spelt when there was any but a plain one. Then what follows of
 * a path. Returns the end. */
static size_t read_host(span text, size_t at, bool gaps, unsigned *tries, uint8_t buf[URL_BYTES_MAX], size_t *n,
                        bool *spelt)
{
    size_t end = at, known = 0, first = *n;
    *spelt = false;
    if (++*tries > URL_BARE_MAX) return 0;
    for (unsigned labels = 0; labels < LABELS_MAX; labels++) {
        size_t i = end;
        while (i < text.n && label_byte(text.p[i])) i++;
        if (i == end || i - end > 63 || *n - first + (i - end) >= URL_HOST_MAX) break;
        for (; end < i; end++) buf[(*n)++] = ascii_lower(text.p[end]);
        if (labels > gaps && domain_known(span_of(buf + first, *n - first))) known = *n;
        size_t next = end + 1 < text.n && text.p[end] == '.' && label_byte(text.p[end + 1]) ? end + 1 : end;
        if (next == end) {
            next = skip_bracket(text, end);
            if (next == end && gaps && known < *n) next = skip_dot(text, end); /* a sentence may end behind a domain */
            *spelt |= next > end;
        }
        if (next == end) break;
        buf[(*n)++] = '.';
        end = next;
    }
    if (known < *n) return 0;
    if (end < text.n && text.p[end] == '/')
        for (; end < text.n && *n < URL_BYTES_MAX && text.p[end] > ' ' && text.p[end] < 0x7F &&
               !strchr("\"<>`{}|^", text.p[end]);
             end++)
            buf[(*n)++] = text.p[end];
    else
        buf[(*n)++] = '/';
    return end;
}

static size_t finish(size_t end, bool spelt, const uint8_t *buf, size_t n, span *link_out)
{
    if (!end || !spelt) return 0;
    *link_out = span_of(buf, n);
    return end;
}

size_t url_spelt_host(span text, size_t at, unsigned *tries, uint8_t buf[URL_BYTES_MAX], span *link_out)
{
    size_t n = 0;
    bool spelt;
    size_t end = read_host(text, at, false, tries, buf, &n, &spelt);
    return finish(end, spelt, buf, n, link_out);
}

size_t url_spelt_scheme(span text, size_t floor, size_t colon, unsigned *tries, uint8_t buf[URL_BYTES_MAX],
                        span *link_out)
{
    static const span SCHEMES[] = {SPAN("hxxps"), SPAN("hxxp"), SPAN("https"), SPAN("http")};
    size_t i = colon, begin = colon;
    while (i > floor && colon - i < GAP_MAX && text.p[i - 1] == ' ') i--;
    uint8_t last = i > floor ? ascii_lower(text.p[i - 1]) : 0;
    if (last != 'p' && last != 's') return 0; /* nearly all colons */
    for (size_t k = 0; k < sizeof SCHEMES / sizeof *SCHEMES && begin == colon; k++) {
        size_t n = SCHEMES[k].n;
        if (i - floor >= n && span_ieq(span_of(text.p + i - n, n), SCHEMES[k])) begin = i - n;
    }
    if (begin == colon) return 0;
    size_t first = skip_gap(text, colon + 1);
    if (first >= text.n || text.p[first] != '/') return 0;
    size_t second = skip_gap(text, first + 1);
    if (second >= text.n || text.p[second] != '/') return 0;
    size_t n = 7;
    bool spelt;
    memcpy(buf, "http://", n);
    size_t end = read_host(text, skip_gap(text, second + 1), false, tries, buf, &n, &spelt);
    return finish(end, true, buf, n, link_out);
}

/* Where the label that ends at `end` begins. */
static size_t label_begin(span text, size_t floor, size_t end)
{
    size_t i = end;
    while (i > floor && end - i <= URL_HOST_MAX && (label_byte(text.p[i - 1]) || text.p[i - 1] == '.')) i--;
    return i;
}

/* The host whose first part ends before the bracket that opens at `open`. */
static size_t before_bracket(span text, size_t floor, size_t open, unsigned *tries, uint8_t buf[URL_BYTES_MAX],
                             span *link_out)
{
    size_t i = open;
    while (i > floor && open - i < GAP_MAX && text.p[i - 1] == ' ') i--;
    size_t begin = label_begin(text, floor, i);
    if (begin == i || (begin > floor && text.p[begin - 1] == '@')) return 0;
    return url_spelt_host(text, begin, tries, buf, link_out);
}

size_t url_spelt_bracket(span text, size_t floor, size_t bracket, unsigned *tries, uint8_t buf[URL_BYTES_MAX],
                         span *link_out)
{
    if (bracket - floor < 5 || !span_ieq(span_of(text.p + bracket - 3, 3), SPAN("dot"))) return 0;
    uint8_t open = text.p[bracket] == ']' ? '[' : '(';
    return text.p[bracket - 4] == open ? before_bracket(text, floor, bracket - 4, tries, buf, link_out) : 0;
}

size_t url_spelt_dot(span text, size_t floor, size_t dot, unsigned *tries, uint8_t buf[URL_BYTES_MAX], span *link_out)
{
    uint8_t before = dot > floor ? text.p[dot - 1] : 0, after = dot + 1 < text.n ? text.p[dot + 1] : 0;
    if ((before == '[' && after == ']') || (before == '(' && after == ')'))
        return before_bracket(text, floor, dot - 1, tries, buf, link_out);
    size_t i = dot;
    while (i > floor && dot - i < GAP_MAX && text.p[i - 1] == ' ') i--;
    if (after != ' ' && i == dot) return 0;
    if (i - floor < 3 || !span_ieq(span_of(text.p + i - 3, 3), SPAN("www"))) return 0;
    if (i - floor > 3 && (label_byte(text.p[i - 4]) || text.p[i - 4] == '@')) return 0;
    size_t n = 0;
    bool spelt;
    size_t end = read_host(text, i - 3, true, tries, buf, &n, &spelt);
    return finish(end, spelt, buf, n, link_out);
}

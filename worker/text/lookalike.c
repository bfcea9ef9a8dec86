/* SPDX-License-Identifier: Apache-2.0 */
/* lookalike: can one host name be taken for a domain that it is not of?
 *
 * Both names are folded, so that what looks alike is one byte; equal then, or one slip apart (Damerau, "A technique for
 * computer detection and correction of spelling errors", 1964), is taken for the other. */
#include "worker/text/lookalike.h"

#include "worker/text/confusable.h"

static span first_label(span domain)
{
    return span_head(domain, span_find(domain, '.'));
}

static bool is_ascii(span s)
{
    uint8_t high = 0;
    for (size_t i = 0; i < s.n; i++) high |= s.p[i];
    return high < 0x80;
}

/* What a reader takes it for: skeleton, then ASCII by shape. Returns its bytes. */
static size_t fold(span s, uint8_t out[LOOKALIKE_LABEL_MAX])
{
    uint8_t skeleton[LOOKALIKE_LABEL_MAX];
    if (!is_ascii(s)) s = span_of(skeleton, confusable_skeleton(s, skeleton, sizeof skeleton));
    size_t n = 0;
    for (size_t i = 0; i < s.n && n < LOOKALIKE_LABEL_MAX; i++) {
        uint8_t c = ascii_lower(s.p[i]);
        if (c == '-') continue;
        if (c == '0') c = 'o';
        if (c == '1' || c == 'i') c = 'l';
        if (n && c == 'n' && out[n - 1] == 'r') {
            n--;
            c = 'm';
        } else if (n && c == 'v' && out[n - 1] == 'v') {
            n--;
            c = 'w';
        }
        out[n++] = c;
    }
    return n;
}

bool lookalike_init(struct lookalike *of, span domain)
{
    span label = first_label(domain);
    of->domain = domain;
    of->label = label;
    if (label.n == domain.n || label.n < LOOKALIKE_NAME_MIN || domain.n > LOOKALIKE_DOMAIN_MAX || domain.p[0] == '[' ||
        ascii_digit(domain.p[domain.n - 1]))
        return false;
    of->name_n = fold(label, of->name);
    of->word = label.n >= LOOKALIKE_WORD_MIN;
    for (size_t i = 0; i < label.n; i++) of->word &= !ascii_digit(label.p[i]);
    return true;
}

/* Are a and b one letter more, less, other or swapped apart? They are not equal. */
static bool one_slip(span a, span b)
{
    if (a.n > b.n) {
        span t = a;
        a = b;
        b = t;
    }
    if (b.n - a.n > 1) return false;
    size_t head = 0, tail = 0;
    while (head < a.n && a.p[head] == b.p[head]) head++;
    while (tail < a.n - head && a.p[a.n - 1 - tail] == b.p[b.n - 1 - tail]) tail++;
    size_t left = a.n - head - tail; /* of a that differs; of b as much, or one more */
    if (left == 0 || b.n > a.n) return left == 0;
    return left == 1 || (left == 2 && a.p[head] == b.p[head + 1] && a.p[head + 1] == b.p[head]);
}

/* Without digits: what stays of "mail12" and "mail13". */
static size_t letters(span s, uint8_t out[LOOKALIKE_LABEL_MAX])
{
    size_t n = 0;
    for (size_t i = 0; i < s.n && n < LOOKALIKE_LABEL_MAX; i++)
        if (!ascii_digit(s.p[i])) out[n++] = s.p[i];
    return n;
}

static bool same_letters(span a, span b)
{
    uint8_t x[LOOKALIKE_LABEL_MAX], y[LOOKALIKE_LABEL_MAX];
    return span_eq(span_of(x, letters(a, x)), span_of(y, letters(b, y)));
}

/* Does `s` hold `what`, '.' of it also written '-', between dots, hyphens and its ends? */
static bool holds(span s, span what)
{
    for (size_t at = 0; at + what.n <= s.n; at++) {
        if (at && s.p[at - 1] != '.' && s.p[at - 1] != '-') continue;
        size_t k = 0;
        while (k < what.n && (s.p[at + k] == what.p[k] || (what.p[k] == '.' && s.p[at + k] == '-'))) k++;
        if (k == what.n && (at + k == s.n || s.p[at + k] == '.' || s.p[at + k] == '-')) return true;
    }
    return false;
}

bool lookalike(const struct lookalike *of, span host, span domain)
{
    if (span_eq(domain, of->domain)) return false;
    span label = first_label(domain);
    if (!span_eq(label, of->label) && label.n < domain.n) {
        span suffix = span_from(domain, label.n), of_suffix = span_from(of->domain, of->label.n);
        uint8_t folded[LOOKALIKE_LABEL_MAX];
        span name = span_of(of->name, of->name_n), other = span_of(folded, fold(label, folded));
        if (span_eq(name, other)) return true;
        if (of->name_n >= LOOKALIKE_EDIT_MIN && other.n >= LOOKALIKE_EDIT_MIN && one_slip(name, other) &&
            !same_letters(of->label, label))
            return true;
        if (of->word && !span_eq(suffix, of_suffix) && holds(label, of->label)) return true;
    }
    /* the domain itself before another: whole labels, or within the first label of the other */
    span before = span_head(host, host.n - domain.n + label.n);
    return holds(before, of->domain);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* css_rules: the style sheets inside of a mail, as far as one simple selector names who is meant.
 *
 * Senders who hide text by class write ".x{display:none}"; combinations of selectors are left alone. Conditional blocks
 * (@media) hold for screens that we do not know. Source: CSS 2.1, chapters 4 and 5. */
#include "worker/text/css.h"

#include "proto/base/hash.h"

enum { NAME_MAX = 64, CLASSES_MAX = 16 };

enum kind { KIND_ELEMENT, KIND_CLASS, KIND_ID, KIND_BOTH };

/* Key of a selector: an element, a class or id, or an element with a class. Case is not told apart, as in quirks mode.
 */
static uint64_t key_of(enum kind kind, span element, span name)
{
    uint8_t low[2 * NAME_MAX + 1];
    size_t n = 0;
    if (element.n > NAME_MAX || name.n > NAME_MAX) return 0;
    for (size_t i = 0; i < element.n; i++) low[n++] = ascii_lower(element.p[i]);
    low[n++] = '.';
    for (size_t i = 0; i < name.n; i++) low[n++] = ascii_lower(name.p[i]);
    return hash64(span_of(low, n), kind) | 1;
}

void css_rules_init(struct css_rules *r)
{
    r->n = 0;
    memset(r->slots, 0, sizeof r->slots);
}

static uint16_t *find_slot(const struct css_rules *r, uint64_t key)
{
    size_t mask = sizeof r->slots / sizeof *r->slots - 1;
    for (size_t at = key >> 1 & mask;; at = (at + 1) & mask) {
        uint16_t *slot = (uint16_t *)&r->slots[at];
        if (!*slot || r->v[*slot - 1].key == key) return slot;
    }
}

static bool is_name(uint8_t c)
{
    return (c >= '0' && c <= '9') || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z') || c == '-' || c == '_' ||
           c >= 0x80;
}

static size_t name_end(span s, size_t at)
{
    while (at < s.n && is_name(s.p[at])) at++;
    return at;
}

/* Note what one selector of a list gets. */
static void add(struct css_rules *r, span selector, const struct css *css)
{
    size_t end = name_end(selector, 0);
    span element = span_head(selector, end), name = SPAN_NONE;
    enum kind kind = KIND_ELEMENT;
    if (end < selector.n) {
        uint8_t mark = selector.p[end];
        name = span_from(selector, end + 1);
        if ((mark != '.' && mark != '#') || !name.n || name_end(name, 0) != name.n) return;
        kind = mark == '#' ? KIND_ID : element.n ? KIND_BOTH : KIND_CLASS;
        if (mark == '#') element = SPAN_NONE; /* an id is one element's anyway */
    } else if (!end) {
        return;
    }
    uint64_t key = key_of(kind, element, name);
    if (!key) return;
    uint16_t *slot = find_slot(r, key);
    if (!*slot) {
        if (r->n == CSS_RULES_MAX) return;
        r->v[r->n] = (struct css_rule){.key = key};
        *slot = (uint16_t)++r->n;
    }
    css_lay(&r->v[*slot - 1].css, css);
}

/* Past white space, comments of CSS and the comment marks of HTML. */
static size_t skip_blank(span s, size_t i)
{
    for (;;) {
        span rest = span_from(s, i);
        if (!rest.n) return s.n;
        if (ascii_space(rest.p[0])) {
            i++;
        } else if (rest.n >= 2 && rest.p[0] == '/' && rest.p[1] == '*') {
            for (i += 2; i < s.n && !(s.p[i] == '*' && i + 1 < s.n && s.p[i + 1] == '/'); i++) {
            }
            i = i + 2 < s.n ? i + 2 : s.n;
        } else if (span_istarts(rest, SPAN("<!--"))) {
            i += 4;
        } else if (span_istarts(rest, SPAN("-->"))) {
            i += 3;
        } else {
            return i;
        }
    }
}

/* The end of a block whose '{' stands at `open`: behind its '}'. */
static size_t block_end(span s, size_t open)
{
    size_t depth = 0;
    for (size_t i = open; i < s.n; i++) {
        if (s.p[i] == '{') depth++;
        if (s.p[i] == '}' && --depth == 0) return i + 1;
    }
    return s.n;
}

void css_rules_read(struct css_rules *r, span s)
{
    for (size_t i = 0; (i = skip_blank(s, i)) < s.n;) {
        size_t open = i;
        while (open < s.n && s.p[open] != '{' && !(s.p[open] == ';' && s.p[i] == '@')) open++;
        if (open == s.n) return;
        if (s.p[i] == '@') {
            i = s.p[open] == ';' ? open + 1 : block_end(s, open);
            continue;
        }
        size_t close = open + span_find(span_from(s, open), '}');
        struct css css;
        css_read(span_of(s.p + open + 1, close - open - (close > open)), &css);
        for (span list = span_of(s.p + i, open - i); css.set && list.n;) {
            size_t comma = span_find(list, ',');
            add(r, span_trim(span_head(list, comma)), &css);
            list = span_from(list, comma + 1);
        }
        i = close < s.n ? close + 1 : s.n;
    }
}

static void look_up(const struct css_rules *r, enum kind kind, span element, span name, struct css *out)
{
    uint64_t key = key_of(kind, element, name);
    uint16_t slot = key ? *find_slot(r, key) : 0;
    if (slot) css_lay(out, &r->v[slot - 1].css);
}

void css_rules_find(const struct css_rules *r, span name, span classes, span id, struct css *out)
{
    *out = (struct css){0};
    if (!r->n) return;
    look_up(r, KIND_ELEMENT, name, SPAN_NONE, out);
    for (unsigned k = 0; k < CLASSES_MAX; k++) {
        classes = span_trim(classes);
        if (!classes.n) break;
        size_t end = 0;
        while (end < classes.n && !ascii_space(classes.p[end])) end++;
        look_up(r, KIND_CLASS, SPAN_NONE, span_head(classes, end), out);
        look_up(r, KIND_BOTH, name, span_head(classes, end), out);
        classes = span_from(classes, end);
    }
    id = span_trim(id);
    if (id.n) look_up(r, KIND_ID, SPAN_NONE, id, out);
}

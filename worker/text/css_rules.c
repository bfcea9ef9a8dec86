/* SPDX-License-Identifier: Apache-2.0 */
/* css_rules: the style sheets inside of a mail, as far as they may hide something.
 *
 * Senders who hide text by class write ".x{display:none}"; senders of newsletters write ".header td{background:#000}",
 * and who does not know that takes white text on it for hidden. Source: CSS 2.1, chapters 4 and 5. */
#include "worker/text/css.h"

#include "proto/base/hash.h"

enum { NAME_MAX = 64, CLASSES_MAX = 16 };

enum kind { KIND_ELEMENT, KIND_CLASS, KIND_ID };

/* Key of a name; 0 when it is too long. Case is not told apart, as in quirks mode. */
static uint64_t key_of(enum kind kind, span name)
{
    uint8_t low[NAME_MAX];
    if (!name.n || name.n > NAME_MAX) return 0;
    for (size_t i = 0; i < name.n; i++) low[i] = ascii_lower(name.p[i]);
    return hash64(span_of(low, name.n), kind) | 1;
}

/* Two bits of 64 stand for a name. */
static uint64_t bits_of(uint64_t key)
{
    return UINT64_C(1) << (key >> 58) | UINT64_C(1) << (key >> 52 & 63);
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
    return ascii_alnum(c) || c == '-' || c == '_' || c >= 0x80;
}

static size_t name_end(span s, size_t at)
{
    while (at < s.n && is_name(s.p[at])) at++;
    return at;
}

/* One compound of a selector ("td.x#y:link"): its key is the first class or id, else the element; its bits are all of
 * its names. False when something else is in it. The key of "*" is 0. */
static bool read_compound(span s, uint64_t *key, uint64_t *bits)
{
    size_t end = name_end(s, 0);
    uint64_t element = key_of(KIND_ELEMENT, span_head(s, end));
    *key = 0;
    *bits = element ? bits_of(element) : 0;
    if (!end && s.n && s.p[0] == '*') end = 1;
    while (end < s.n) {
        uint8_t mark = s.p[end];
        size_t stop = name_end(s, end + 1);
        span name = span_of(s.p + end + 1, stop - end - 1);
        end = stop;
        if (mark == ':' && (span_ieq(name, SPAN("link")) || span_ieq(name, SPAN("visited")))) continue;
        uint64_t k = mark == '.' ? key_of(KIND_CLASS, name) : mark == '#' ? key_of(KIND_ID, name) : 0;
        if (!k) return false;
        if (!*key) *key = k;
        *bits |= bits_of(k);
    }
    if (!*key) *key = element;
    return true;
}

/* Note what one selector of a list gets. Children count as descendants; siblings ('+', '~') are passed over. */
static void add(struct css_rules *r, span selector, const struct css *css)
{
    static const span HTML = SPAN("html"), BODY = SPAN("body"); /* around everything, written or not */
    uint64_t key = 0, own = 0, kin = 0, before = 0;
    for (size_t i = 0; i < selector.n;) {
        if (ascii_space(selector.p[i]) || selector.p[i] == '>') {
            i++;
            continue;
        }
        size_t end = i;
        while (end < selector.n && !ascii_space(selector.p[end]) && selector.p[end] != '>') end++;
        span compound = span_of(selector.p + i, end - i);
        kin |= before;
        if (!read_compound(compound, &key, &own)) return;
        before = span_ieq(compound, HTML) || span_ieq(compound, BODY) ? 0 : own;
        i = end;
    }
    if (!key || r->n == CSS_RULES_MAX) return;
    uint16_t *slot = find_slot(r, key);
    for (int k = 0; *slot; k++) {
        if (k == CSS_CHAIN_MAX) return;
        struct css_rule *rule = &r->v[*slot - 1];
        if (rule->own == own && rule->kin == kin) {
            css_lay(&rule->css, css);
            return;
        }
        slot = &rule->next;
    }
    r->v[r->n] = (struct css_rule){.key = key, .own = own, .kin = kin, .css = *css};
    *slot = (uint16_t)++r->n;
}

/* Past white space, comments of CSS and the comment marks of HTML. */
static size_t skip_blank(span s, size_t i)
{
    for (;;) {
        span rest = span_from(s, i);
        if (!rest.n) return s.n;
        if (ascii_space(rest.p[0]) || rest.p[0] == '}') { /* of an @media that holds */
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

/* Does "@media ..." hold for a window of a desktop? Widths are looked at, nothing else is known. */
static bool media_holds(span s)
{
    static const span MEDIA = SPAN("@media"), MIN = SPAN("min-width"), MAX = SPAN("max-width");
    if (!span_istarts(s, MEDIA)) return false;
    bool screen = false, condition = false;
    for (size_t i = MEDIA.n; i < s.n; i++) {
        span rest = span_from(s, i);
        if (span_istarts(rest, SPAN("screen")) || span_istarts(rest, SPAN("all"))) screen = true;
        if (span_istarts(rest, SPAN("not "))) return false;
        if (s.p[i] != '(') continue;
        span inside = span_trim(span_from(rest, 1));
        bool min = span_istarts(inside, MIN);
        if (!min && !span_istarts(inside, MAX)) return false;
        unsigned v = 0;
        inside = span_from(inside, MIN.n);
        while (inside.n && (ascii_space(inside.p[0]) || inside.p[0] == ':')) inside = span_from(inside, 1);
        for (; inside.n && ascii_digit(inside.p[0]) && v < 10000; inside = span_from(inside, 1))
            v = v * 10 + (inside.p[0] - '0');
        if (min ? v > CSS_SCREEN : v < CSS_SCREEN) return false;
        condition = true;
    }
    return screen || condition;
}

void css_rules_read(struct css_rules *r, span s)
{
    for (size_t i = 0; (i = skip_blank(s, i)) < s.n;) {
        size_t open = i;
        while (open < s.n && s.p[open] != '{' && !(s.p[open] == ';' && s.p[i] == '@')) open++;
        if (open == s.n) return;
        if (s.p[i] == '@') {
            bool into = s.p[open] == '{' && media_holds(span_of(s.p + i, open - i));
            i = into || s.p[open] == ';' ? open + 1 : block_end(s, open);
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

static void look_up(const struct css_rules *r, uint64_t key, uint64_t own, uint64_t kin, struct css *out)
{
    for (uint16_t at = key ? *find_slot(r, key) : 0; at; at = r->v[at - 1].next) {
        const struct css_rule *rule = &r->v[at - 1];
        if (!(rule->own & ~own) && !(rule->kin & ~kin)) css_lay(out, &rule->css);
    }
}

uint64_t css_rules_find(const struct css_rules *r, span name, span classes, span id, uint64_t kin, struct css *out)
{
    *out = (struct css){0};
    if (!r->n) return 0;
    uint64_t keys[CLASSES_MAX + 2], own = 0;
    size_t n = 0;
    keys[n++] = key_of(KIND_ELEMENT, name);
    while (n < CLASSES_MAX + 1) {
        classes = span_trim(classes);
        if (!classes.n) break;
        size_t end = 0;
        while (end < classes.n && !ascii_space(classes.p[end])) end++;
        keys[n++] = key_of(KIND_CLASS, span_head(classes, end));
        classes = span_from(classes, end);
    }
    keys[n++] = key_of(KIND_ID, span_trim(id));
    for (size_t i = 0; i < n; i++) own |= keys[i] ? bits_of(keys[i]) : 0;
    for (size_t i = 0; i < n; i++) look_up(r, keys[i], own, kin, out);
    return own;
}

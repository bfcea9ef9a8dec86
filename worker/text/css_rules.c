/* SPDX-License-Identifier: Apache-2.0 */
/* css_rules: the style sheets inside of a mail, as far as they may hide something.
 *
 * Senders who hide text by class write ".x{display:none}"; senders of newsletters write ".header td{background:#000}",
 * and who does not know that takes white text on it for hidden. Source: CSS 2.1, chapters 4 and 5. */
#include "worker/text/css.h"

#include "proto/base/hash.h"

enum {
    NAME_MAX = 64,
    CLASSES_MAX = 16,
    SELECTOR_MAX = 1024, /* bytes of selectors with comments or escapes that are read */
    WORDS = CSS_RULES_MAX / 64,
    /* Slots that are tried for one key: hashes are public, and names that all belong into one slot cost a walk through
     * all the others each. With names that nobody chose so, 512 of them need no more than 20. */
    PROBES_MAX = 32,
};

enum kind { KIND_ELEMENT, KIND_CLASS, KIND_ID };
enum rank { RANK_ELEMENT, RANK_ELEMENTS, RANK_CLASS, RANK_CLASS_IN, RANK_CLASSES, RANK_ID, RANK_COUNT };
enum { KEY_ANY = 2 }; /* of "*"; the keys of names are odd */

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
    r->any = r->forgot = false;
    memset(r->slots, 0, sizeof r->slots);
}

/* The slot of a key, free or taken; NULL when the table has none for it. */
static uint16_t *find_slot(const struct css_rules *r, uint64_t key)
{
    size_t mask = sizeof r->slots / sizeof *r->slots - 1;
    for (size_t i = 0; i < PROBES_MAX; i++) {
        uint16_t *slot = (uint16_t *)&r->slots[((key >> 1) + i) & mask];
        if (!*slot || r->v[*slot - 1].key == key) return slot;
    }
    return NULL;
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

struct compound {
    uint64_t key, bits;
    unsigned elements, classes, ids;
};

/* "[class=x]", "[class~='x']" and the same of id, s beginning behind the bracket: bytes up to the closing one, or 0. */
static size_t read_attribute(span s, enum kind *kind, span *name)
{
    size_t close = span_find(s, ']'), i = 0;
    if (span_istarts(s, SPAN("class")))
        *kind = KIND_CLASS, i = 5;
    else if (span_istarts(s, SPAN("id")))
        *kind = KIND_ID, i = 2;
    if (close == s.n || !i) return 0;
    if (s.p[i] == '~') i++;
    if (s.p[i] != '=') return 0;
    span value = span_trim(span_of(s.p + i + 1, close - i - 1));
    if (value.n > 1 && (value.p[0] == '"' || value.p[0] == '\'') && value.p[value.n - 1] == value.p[0])
        value = span_of(value.p + 1, value.n - 2);
    *name = value;
    return close + 1;
}

/* One compound of a selector ("td.x#y:link"): its key is the first class or id, else the element; its bits are all of
 * its names. False when something else is in it. */
static bool read_compound(span s, struct compound *out)
{
    size_t end = name_end(s, 0);
    uint64_t element = key_of(KIND_ELEMENT, span_head(s, end)), key = 0;
    *out = (struct compound){.bits = element ? bits_of(element) : 0, .elements = element != 0};
    if (end && !element) return false;
    bool any = !end && s.n && s.p[0] == '*';
    if (any) end = 1;
    while (end < s.n) {
        uint8_t mark = s.p[end];
        enum kind kind = mark == '#' ? KIND_ID : KIND_CLASS;
        size_t inside = end + 1;
        end = name_end(s, inside);
        span name = span_of(s.p + inside, end - inside);
        if (mark == ':' && (span_ieq(name, SPAN("link")) || span_ieq(name, SPAN("visited")))) continue;
        if (mark == '[') {
            size_t more = read_attribute(span_from(s, inside), &kind, &name);
            if (!more) return false;
            end = inside + more;
        } else if (mark != '.' && mark != '#') {
            return false;
        }
        uint64_t k = key_of(kind, name);
        if (!k) return false;
        if (!key) key = k;
        out->bits |= bits_of(k);
        ++*(kind == KIND_ID ? &out->ids : &out->classes);
    }
    out->key = key ? key : any ? KEY_ANY : element;
    return true;
}

/* Keep a rule, unless there are too many; some room is kept for those that hide. */
static void keep(struct css_rules *r, const struct css_rule *rule)
{
    bool hides = css_hides(&rule->css);
    uint16_t *slot = find_slot(r, rule->key);
    struct css_rule *first = slot && *slot ? &r->v[*slot - 1] : NULL;
    if (first && first->last == r->n) { /* the last one again? */
        struct css_rule *old = &r->v[r->n - 1];
        if (old->own == rule->own && old->kin == rule->kin) {
            css_lay(&old->css, &rule->css);
            return;
        }
    }
    size_t most = hides ? CSS_RULES_MAX : CSS_RULES_PLAIN, chain = hides ? CSS_CHAIN_MAX : CSS_CHAIN_PLAIN;
    if (!slot || r->n >= most || (first && first->kept >= chain)) {
        r->forgot = true;
        return;
    }
    r->any |= rule->key == KEY_ANY;
    r->v[r->n] = *rule;
    uint16_t index = (uint16_t)++r->n;
    if (first)
        r->v[first->last - 1].next = index;
    else
        *slot = index, first = &r->v[index - 1];
    first->last = index;
    first->kept++;
}

/* Note what one selector of a list gets. Children count as descendants; siblings ('+', '~') are passed over. */
static void add(struct css_rules *r, span selector, const struct css *css)
{
    static const span HTML = SPAN("html"), BODY = SPAN("body"); /* around everything, written or not */
    struct compound c = {0};
    uint64_t kin = 0, before = 0;
    unsigned elements = 0, classes = 0, ids = 0;
    for (size_t i = 0; i < selector.n;) {
        if (ascii_space(selector.p[i]) || selector.p[i] == '>') {
            i++;
            continue;
        }
        size_t end = i;
        for (bool inside = false; end < selector.n; end++) {
            uint8_t b = selector.p[end];
            if (b == '[' || b == ']') inside = b == '[';
            if (!inside && (ascii_space(b) || b == '>')) break;
        }
        span compound = span_of(selector.p + i, end - i);
        kin |= before;
        if (!read_compound(compound, &c)) return;
        before = span_ieq(compound, HTML) || span_ieq(compound, BODY) ? 0 : c.bits;
        elements += c.elements;
        classes += c.classes;
        ids += c.ids;
        i = end;
    }
    if (!c.key) return;
    enum rank rank = ids            ? RANK_ID
                     : classes > 1  ? RANK_CLASSES
                     : classes      ? (elements ? RANK_CLASS_IN : RANK_CLASS)
                     : elements > 1 ? RANK_ELEMENTS
                                    : RANK_ELEMENT;
    struct css_rule rule = {.key = c.key, .own = c.bits, .kin = kin, .css = *css, .rank = (uint8_t)rank};
    keep(r, &rule);
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
    for (size_t i = open; (i = css_find(s, i, CSS_OPEN | CSS_CLOSE)) < s.n; i++) {
        if (s.p[i] == '{') depth++;
        if (s.p[i] == '}' && --depth == 0) return i + 1;
    }
    return s.n;
}

bool css_media_holds(span list)
{
    static const span OTHERS[] = {SPAN("print"),    SPAN("tv"),         SPAN("speech"),   SPAN("tty"),  SPAN("braille"),
                                  SPAN("handheld"), SPAN("projection"), SPAN("embossed"), SPAN("aural")};
    static const span MIN = SPAN("min-width"), MAX = SPAN("max-width"), ONLY = SPAN("only ");
    list = span_trim(list);
    span type = span_istarts(list, ONLY) ? span_trim(span_from(list, ONLY.n)) : list;
    for (size_t i = 0; span_find(list, ',') == list.n && i < sizeof OTHERS / sizeof *OTHERS; i++)
        if (span_istarts(type, OTHERS[i])) return false;
    bool screen = false, condition = !list.n;
    for (size_t i = 0; i < list.n; i++) {
        span rest = span_from(list, i);
        if (span_istarts(rest, SPAN("screen")) || span_istarts(rest, SPAN("all"))) screen = true;
        if (span_istarts(rest, SPAN("not "))) return false;
        if (list.p[i] != '(') continue;
        span inside = span_trim(span_from(rest, 1));
        bool min = span_istarts(inside, MIN);
        if (!min && !span_istarts(inside, MAX)) return false;
        unsigned v = 0;
        inside = span_from(inside, MIN.n);
        while (inside.n && (ascii_space(inside.p[0]) || inside.p[0] == ':')) inside = span_from(inside, 1);
        for (; inside.n && ascii_digit(inside.p[0]) && v < 10000; inside = span_from(inside, 1))
            v = v * 10 + (inside.p[0] - '0');
        if (span_istarts(inside, SPAN("em")) || span_istarts(inside, SPAN("rem"))) v *= 16;
        if (min ? v > CSS_SCREEN : v < CSS_SCREEN) return false;
        condition = true;
    }
    return screen || condition;
}

/* Does the condition of an at-rule hold? Of @supports and @layer we believe what helps to hide. */
static bool holds(span s)
{
    static const span MEDIA = SPAN("@media"), SUPPORTS = SPAN("@supports");
    if (span_istarts(s, MEDIA)) return css_media_holds(span_from(s, MEDIA.n));
    if (span_istarts(s, SUPPORTS)) return !span_istarts(span_trim(span_from(s, SUPPORTS.n)), SPAN("not"));
    return span_istarts(s, SPAN("@layer"));
}

void css_rules_read(struct css_rules *r, span s)
{
    uint8_t buf[SELECTOR_MAX];
    for (size_t i = 0; (i = skip_blank(s, i)) < s.n;) {
        size_t open = css_find(s, i, s.p[i] == '@' ? CSS_OPEN | CSS_SEMICOLON : CSS_OPEN);
        if (open == s.n) return;
        if (s.p[i] == '@') {
            bool into = s.p[open] == '{' && holds(span_of(s.p + i, open - i));
            i = into || s.p[open] == ';' ? open + 1 : block_end(s, open);
            continue;
        }
        size_t close = css_find(s, open + 1, CSS_CLOSE);
        struct css css;
        css_read(span_of(s.p + open + 1, close - open - 1), &css);
        span list = span_of(s.p + i, open - i);
        if (css.set && span_find(list, '*') < list.n) list = css_plain(list, buf, sizeof buf); /* comments, perhaps */
        while (css.set && list.n) {
            size_t comma = css_find(list, 0, CSS_COMMA);
            add(r, span_trim(span_head(list, comma)), &css);
            list = span_from(list, comma + 1);
        }
        i = close < s.n ? close + 1 : s.n;
    }
}

/* Add the rules with a key that hold for an element, as bits of their indices, by rank; *ranks tells which there
 * are. */
static void look_up(const struct css_rules *r, uint64_t key, uint64_t own, uint64_t kin,
                    uint64_t hit[RANK_COUNT][WORDS], unsigned *ranks)
{
    const uint16_t *slot = key ? find_slot(r, key) : NULL;
    for (uint16_t at = slot ? *slot : 0; at; at = r->v[at - 1].next) {
        const struct css_rule *rule = &r->v[at - 1];
        if (rule->own & ~own || rule->kin & ~kin) continue;
        if (!((*ranks) >> rule->rank & 1)) memset(hit[rule->rank], 0, sizeof hit[0]);
        *ranks |= 1u << rule->rank;
        hit[rule->rank][(at - 1u) / 64] |= UINT64_C(1) << (at - 1u) % 64;
    }
}

uint64_t css_rules_find(const struct css_rules *r, span name, span classes, span id, uint64_t kin, struct css *out)
{
    *out = (struct css){0};
    if (!r->n) return 0;
    uint64_t keys[CLASSES_MAX + 3], own = 0, hit[RANK_COUNT][WORDS];
    size_t n = 0;
    unsigned ranks = 0;
    if (r->any) keys[n++] = KEY_ANY;
    keys[n++] = key_of(KIND_ELEMENT, name);
    while (n < CLASSES_MAX + 2) {
        classes = span_trim(classes);
        if (!classes.n) break;
        size_t end = 0;
        while (end < classes.n && !ascii_space(classes.p[end])) end++;
        keys[n++] = key_of(KIND_CLASS, span_head(classes, end));
        classes = span_from(classes, end);
    }
    keys[n++] = key_of(KIND_ID, span_trim(id));
    for (size_t i = 0; i < n; i++) own |= keys[i] & 1 ? bits_of(keys[i]) : 0;
    for (size_t i = 0; i < n; i++) look_up(r, keys[i], own, kin, hit, &ranks);
    for (; ranks; ranks &= ranks - 1) { /* the more is in a selector the stronger it is, then the later */
        const uint64_t *rank = hit[__builtin_ctz(ranks)];
        for (size_t w = 0; w < WORDS; w++)
            for (uint64_t left = rank[w]; left; left &= left - 1)
                css_lay(out, &r->v[w * 64 + (size_t)__builtin_ctzll(left)].css);
    }
    return own;
}

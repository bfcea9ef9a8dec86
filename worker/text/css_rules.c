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

enum kind { KIND_ELEMENT, KIND_CLASS, KIND_ID, KIND_ATTRIBUTE, KIND_VALUE };
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
    r->asked_count = 0;
    r->spread = 0;
    r->any = r->forgot = false;
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
    uint64_t never[2];      /* bits of which it must not have all */
    unsigned nevers;        /* how many */
    uint16_t with, without; /* attributes, bits of css_rules.asked */
    bool first;             /* of its parent's children */
    unsigned elements, classes, ids;
};

/* Is more asked of it than names? Of the one that a selector is about that can be told, of those around it not. */
static bool asks_more(const struct compound *c)
{
    return c->nevers || c->with || c->without || c->first;
}

/* The bit of an attribute, or of one with a value, that selectors ask for; 0 when they ask for too many. */
static uint16_t ask(struct css_rules *r, uint64_t key)
{
    for (unsigned i = 0; i < r->asked_count; i++)
        if (r->asked[i] == key) return (uint16_t)(1u << i);
    if (!key || r->asked_count == CSS_ASKED_MAX) return 0;
    r->asked[r->asked_count] = key;
    return (uint16_t)(1u << r->asked_count++);
}

uint16_t css_rules_asked(const struct css_rules *r, span name, span value)
{
    uint64_t has = key_of(KIND_ATTRIBUTE, name), is = value.n ? hash_pair(has, key_of(KIND_VALUE, value)) | 1 : 0;
    uint16_t bits = 0;
    for (unsigned i = 0; i < r->asked_count; i++)
        if (r->asked[i] == has || r->asked[i] == is) bits |= (uint16_t)(1u << i);
    return bits;
}

/* "[class=x]", "[class~='x']" and the same of id are a class and an id; "[x]", "[x=y]". `s` begins behind the bracket:
 * bytes up to behind the closing one, or 0. */
static size_t read_attribute(struct css_rules *r, span s, enum kind *kind, span *name, uint16_t *asked)
{
    size_t close = span_find(s, ']'), i = name_end(s, 0);
    if (close == s.n || !i || i > close) return 0;
    span attribute = span_head(s, i), inside = span_head(s, close);
    bool word = i < close && s.p[i] == '~';
    i += word;
    span rest = span_trim(span_from(inside, i));
    bool named = span_ieq(attribute, SPAN("class")) || span_ieq(attribute, SPAN("id"));
    uint64_t has = key_of(KIND_ATTRIBUTE, attribute);
    *asked = 0;
    if (!rest.n) return (*asked = ask(r, has)) ? close + 1 : 0;
    if (rest.p[0] != '=' || (word && !named)) return 0;
    span value = span_trim(span_from(rest, 1));
    if (value.n > 1 && (value.p[0] == '"' || value.p[0] == '\'') && value.p[value.n - 1] == value.p[0])
        value = span_of(value.p + 1, value.n - 2);
    if (named) {
        *kind = span_ieq(attribute, SPAN("id")) ? KIND_ID : KIND_CLASS;
        *name = value;
        return close + 1;
    }
    uint64_t key = key_of(KIND_VALUE, value);
    return key && (*asked = ask(r, hash_pair(has, key) | 1)) ? close + 1 : 0;
}

/* What stands in ":not(...)": names, an attribute, or a state in which nothing is when a mail is opened. */
static bool read_not(struct css_rules *r, span s, struct compound *out)
{
    static const span STATES[] = {SPAN(":hover"), SPAN(":active"), SPAN(":focus"), SPAN(":checked"), SPAN(":target")};
    s = span_trim(s);
    for (size_t i = 0; i < sizeof STATES / sizeof *STATES; i++)
        if (span_ieq(s, STATES[i])) return true;
    if (s.n && s.p[0] == '[') {
        enum kind kind;
        span name = SPAN_NONE;
        uint16_t asked;
        size_t end = read_attribute(r, span_from(s, 1), &kind, &name, &asked);
        if (end && asked && end + 1 == s.n) return out->without |= asked, true;
    }
    size_t end = name_end(s, 0);
    uint64_t element = key_of(KIND_ELEMENT, span_head(s, end)), bits = element ? bits_of(element) : 0;
    while (end < s.n && (s.p[end] == '.' || s.p[end] == '#')) {
        size_t from = end + 1;
        end = name_end(s, from);
        uint64_t k = key_of(s.p[from - 1] == '#' ? KIND_ID : KIND_CLASS, span_of(s.p + from, end - from));
        if (!k) return false;
        bits |= bits_of(k);
    }
    if (end < s.n || !bits || out->nevers == 2) return false;
    out->never[out->nevers++] = bits;
    return true;
}

/* A pseudo-class; *end stands behind its name, and is moved behind its brackets. */
static bool read_pseudo(struct css_rules *r, span s, span name, size_t *end, struct compound *out)
{
    if (span_ieq(name, SPAN("link")) || span_ieq(name, SPAN("visited"))) return true;
    if (span_ieq(name, SPAN("first-child"))) return out->first = true;
    if (*end == s.n || s.p[*end] != '(') return false;
    size_t depth = 0, i = *end;
    for (; i < s.n; i++) {
        if (s.p[i] == '(') depth++;
        if (s.p[i] == ')' && --depth == 0) break;
    }
    if (i == s.n) return false;
    span inside = span_of(s.p + *end + 1, i - *end - 1);
    *end = i + 1;
    if (span_ieq(name, SPAN("nth-child")) && span_eq(span_trim(inside), SPAN("1"))) return out->first = true;
    return span_ieq(name, SPAN("not")) && read_not(r, inside, out);
}

/* One compound of a selector ("td.x#y:link"): its key is the first class or id, else the element; its bits are all of
 * its names. False when something is in it that nobody here can tell. */
static bool read_compound(struct css_rules *r, span s, struct compound *out)
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
        uint16_t asked = 0;
        end = name_end(s, inside);
        span name = span_of(s.p + inside, end - inside);
        if (mark == ':') {
            if (!read_pseudo(r, s, name, &end, out)) return false;
            continue;
        }
        if (mark == '[') {
            size_t more = read_attribute(r, span_from(s, inside), &kind, &name, &asked);
            if (!more) return false;
            end = inside + more;
        } else if (mark != '.' && mark != '#') {
            return false;
        }
        ++*(kind == KIND_ID ? &out->ids : &out->classes);
        out->with |= asked;
        if (asked) continue;
        uint64_t k = key_of(kind, name);
        if (!k) return false;
        if (!key) key = k;
        out->bits |= bits_of(k);
    }
    bool everything = any || asks_more(out);
    out->key = key ? key : element ? element : everything ? KEY_ANY : 0;
    return true;
}

static bool same_selector(const struct css_rule *a, const struct css_rule *b)
{
    return a->own == b->own && a->kin == b->kin && a->near == b->near && a->never[0] == b->never[0] &&
           a->never[1] == b->never[1] && a->with == b->with && a->without == b->without && a->side == b->side &&
           a->first == b->first;
}

/* Keep a rule, unless there are too many; some room is kept for those that hide. */
static void keep(struct css_rules *r, const struct css_rule *rule)
{
    bool hides = css_hides(&rule->css);
    if (!r->n) memset(r->slots, 0, sizeof r->slots); /* most documents have no rules */
    uint16_t *slot = find_slot(r, rule->key);
    struct css_rule *first = slot && *slot ? &r->v[*slot - 1] : NULL;
    if (first && first->last == r->n) { /* the last one again? */
        struct css_rule *old = &r->v[r->n - 1];
        if (same_selector(old, rule)) {
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

/* The end of the compound that begins at i: before what joins it with the next. */
static size_t compound_end(span s, size_t i)
{
    size_t depth = 0;
    for (; i < s.n; i++) {
        uint8_t b = s.p[i];
        if (b == '[' || b == '(') depth++;
        if ((b == ']' || b == ')') && depth) depth--;
        if (!depth && (ascii_space(b) || b == '>' || b == '+' || b == '~')) break;
    }
    return i;
}

/* Note what one selector gets. Of those around it that it names, its parent and one beside it are looked at as such;
 * what is more involved ("u + .body .x") is passed over. */
static void add_plain(struct css_rules *r, span selector, const struct css *css)
{
    static const span HTML = SPAN("html"), BODY = SPAN("body"); /* around everything, written or not */
    struct compound c = {0};
    struct css_rule rule = {.css = *css};
    uint64_t before = 0;
    unsigned elements = 0, classes = 0, ids = 0;
    uint8_t joint = 0; /* what stands between the last compound and the next */
    for (size_t i = 0; i < selector.n;) {
        uint8_t b = selector.p[i];
        if (ascii_space(b) || b == '>' || b == '+' || b == '~') {
            if (joint == 0 || !ascii_space(b)) joint = b;
            i++;
            continue;
        }
        size_t end = compound_end(selector, i);
        span compound = span_of(selector.p + i, end - i);
        bool beside = joint == '+' || joint == '~';
        if (elements + classes + ids + (c.key != 0) && (asks_more(&c) || rule.side >= CSS_BEHIND)) return;
        rule.near = joint && !ascii_space(joint) ? before : 0;
        rule.side = joint == '>' ? CSS_WITHIN : joint == '+' ? CSS_BEHIND : joint == '~' ? CSS_LATER : CSS_ANYWHERE;
        if (!beside) rule.kin |= before;
        if (!read_compound(r, compound, &c)) return;
        before = span_ieq(compound, HTML) || span_ieq(compound, BODY) ? 0 : c.bits;
        elements += c.elements;
        classes += c.classes;
        ids += c.ids;
        joint = 0;
        i = end;
    }
    if (!c.key || joint > ' ') return;
    enum rank rank = ids            ? RANK_ID
                     : classes > 1  ? RANK_CLASSES
                     : classes      ? (elements ? RANK_CLASS_IN : RANK_CLASS)
                     : elements > 1 ? RANK_ELEMENTS
                                    : RANK_ELEMENT;
    rule.key = c.key;
    rule.own = c.bits;
    memcpy(rule.never, c.never, sizeof rule.never);
    rule.with = c.with;
    rule.without = c.without;
    rule.first = c.first;
    rule.more = rule.side != CSS_ANYWHERE || asks_more(&c);
    rule.rank = (uint8_t)rank;
    keep(r, &rule);
}

/* Where ":is(" or another name of it begins, and *end behind its bracket; s.n when there is none. */
static size_t find_is(span s, size_t *open, size_t *end)
{
    static const span NAMES[] = {SPAN(":is("), SPAN(":where("), SPAN(":matches("), SPAN(":-webkit-any(")};
    for (size_t i = span_find(s, ':'); i < s.n; i += 1 + span_find(span_from(s, i + 1), ':')) {
        for (size_t k = 0; k < sizeof NAMES / sizeof *NAMES; k++) {
            if (!span_istarts(span_from(s, i), NAMES[k])) continue;
            *open = i + NAMES[k].n;
            size_t depth = 1;
            for (*end = *open; *end < s.n && depth; ++*end) {
                if (s.p[*end] == '(') depth++;
                if (s.p[*end] == ')') depth--;
            }
            return depth ? s.n : i;
        }
    }
    return s.n;
}

/* Note what one selector of a list gets: ":is(a, b)" is one for a and one for b. */
static void add(struct css_rules *r, span selector, const struct css *css)
{
    enum { STEPS_MAX = 2 };
    struct {
        uint8_t bytes[SELECTOR_MAX];
        span whole, left; /* as it is; what of the list is left */
        size_t begin, end;
    } step[STEPS_MAX];
    size_t depth = 0, open;
    for (span s = selector;;) {
        size_t end, begin = find_is(s, &open, &end);
        if (begin == s.n || depth == STEPS_MAX) {
            if (begin == s.n) add_plain(r, s, css);
        } else if (s.n <= SELECTOR_MAX) {
            step[depth].whole = s;
            step[depth].left = span_of(s.p + open, end - 1 - open);
            step[depth].begin = begin;
            step[depth++].end = end;
        }
        while (depth && !step[depth - 1].left.n) depth--;
        if (!depth) return;
        if (r->spread < s.n) {
            r->forgot = true;
            return;
        }
        r->spread -= s.n;
        size_t at = depth - 1, comma = css_find(step[at].left, 0, CSS_COMMA);
        span option = span_trim(span_head(step[at].left, comma)), whole = step[at].whole;
        step[at].left = span_from(step[at].left, comma + 1);
        memcpy(step[at].bytes, whole.p, step[at].begin);
        memcpy(step[at].bytes + step[at].begin, option.p, option.n);
        memcpy(step[at].bytes + step[at].begin + option.n, whole.p + step[at].end, whole.n - step[at].end);
        s = span_of(step[at].bytes, step[at].begin + option.n + whole.n - step[at].end);
    }
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

void css_rules_read(struct css_rules *r, span s)
{
    uint8_t buf[SELECTOR_MAX];
    r->spread = CSS_SPREAD * s.n;
    for (size_t i = 0; (i = skip_blank(s, i)) < s.n;) {
        size_t open = css_find(s, i, s.p[i] == '@' ? CSS_OPEN | CSS_SEMICOLON : CSS_OPEN);
        if (open == s.n) return;
        if (s.p[i] == '@') {
            bool into = s.p[open] == '{' && css_condition_holds(span_of(s.p + i, open - i));
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

/* Is an element one that a rule is about? */
static bool holds_for(const struct css_rule *rule, uint64_t own, const struct css_place *at)
{
    if (rule->own & ~own || rule->kin & ~at->kin) return false;
    if (!rule->more) return true;
    if (rule->side == CSS_WITHIN && rule->near & ~at->parent) return false;
    if (rule->side == CSS_BEHIND && (at->first || rule->near & ~at->last)) return false;
    if (rule->side == CSS_LATER && (at->first || rule->near & ~at->earlier)) return false;
    if (rule->with & ~at->attributes || rule->without & at->attributes || (rule->first && !at->first)) return false;
    for (unsigned k = 0; k < 2; k++)
        if (rule->never[k] && !(rule->never[k] & ~own)) return false;
    return true;
}

/* Add the rules with a key that hold for an element, as bits of their indices, by rank; *ranks tells which there
 * are, *placed that one of them asks for more than names. */
static void look_up(const struct css_rules *r, uint64_t key, uint64_t own, const struct css_place *place,
                    uint64_t hit[RANK_COUNT][WORDS], unsigned *ranks, bool *placed)
{
    const uint16_t *slot = key ? find_slot(r, key) : NULL;
    for (uint16_t at = slot ? *slot : 0; at; at = r->v[at - 1].next) {
        const struct css_rule *rule = &r->v[at - 1];
        if (rule->kin || rule->more) *placed = true;
        if (!holds_for(rule, own, place)) continue;
        if (!((*ranks) >> rule->rank & 1)) memset(hit[rule->rank], 0, sizeof hit[0]);
        *ranks |= 1u << rule->rank;
        hit[rule->rank][(at - 1u) / 64] |= UINT64_C(1) << (at - 1u) % 64;
    }
}

uint64_t css_rules_element(span name)
{
    return key_of(KIND_ELEMENT, name);
}

uint64_t css_rules_find(const struct css_rules *r, uint64_t element, span classes, span id,
                        const struct css_place *place, struct css *out, bool *placed_out)
{
    *out = (struct css){0};
    *placed_out = false;
    if (!r->n) return 0;
    uint64_t keys[CLASSES_MAX + 3], own = 0, hit[RANK_COUNT][WORDS];
    size_t n = 0;
    unsigned ranks = 0;
    if (r->any) keys[n++] = KEY_ANY;
    keys[n++] = element;
    while (n < CLASSES_MAX + 2) {
        classes = span_trim(classes);
        if (!classes.n) break;
        size_t end = 0;
        while (end < classes.n && !ascii_space(classes.p[end])) end++;
        keys[n++] = key_of(KIND_CLASS, span_head(classes, end));
        classes = span_from(classes, end);
    }
    if (id.n) keys[n++] = key_of(KIND_ID, span_trim(id));
    for (size_t i = 0; i < n; i++) own |= keys[i] & 1 ? bits_of(keys[i]) : 0;
    for (size_t i = 0; i < n; i++) look_up(r, keys[i], own, place, hit, &ranks, placed_out);
    for (; ranks; ranks &= ranks - 1) { /* the more is in a selector the stronger it is, then the later */
        const uint64_t *rank = hit[__builtin_ctz(ranks)];
        for (size_t w = 0; w < WORDS; w++)
            for (uint64_t left = rank[w]; left; left &= left - 1)
                css_lay(out, &r->v[w * 64 + (size_t)__builtin_ctzll(left)].css);
    }
    return own;
}

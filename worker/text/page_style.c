/* SPDX-License-Identifier: Apache-2.0 */
/* page_style: what an element's attributes and the style sheets say of how it looks.
 *
 * What one tag came to is known for those like it, unless a rule asks where it stands. Source: HTML standard, 15.3. */
#include "worker/text/page.h"

#include "proto/base/hash.h"
#include "worker/text/entity.h"

/* <font size="...">: 1 to 7, or steps from 3. As browsers do it, 0 and less are 1. */
static void font_size(span value, struct css *css)
{
    static const uint8_t PX[] = {10, 13, 16, 18, 24, 32, 48};
    value = span_trim(value);
    int sign = !value.n ? 0 : value.p[0] == '+' ? 1 : value.p[0] == '-' ? -1 : 0;
    int v = 0;
    size_t i = sign != 0, first = i;
    for (; i < value.n && ascii_digit(value.p[i]) && v < 100; i++) v = v * 10 + (value.p[i] - '0');
    if (i == first) return;
    v = sign ? 3 + sign * v : v;
    css->font = (uint16_t)(PX[v < 1 ? 0 : v > 7 ? 6 : v - 1] * 8);
    css->set |= CSS_FONT;
}

/* What we know of each tag. */
static struct known {
    uint64_t element; /* css_rules_element of its name */
    bool plain;       /* does it look like what is around it, unless somebody says otherwise? */
} known[TAG_COUNT];

static bool is_plain(enum tag tag)
{
    switch (tag) {
    case TAG_OTHER:
    case TAG_BDO:
    case TAG_DETAILS:
    case TAG_DIALOG:
    case TAG_MARK:
    case TAG_OBJECT:
    case TAG_SVG: return false;
    default: return !(tag_flags(tag) & TAG_HIDE);
    }
}

__attribute__((constructor)) static void fill_known(void)
{
    for (enum tag tag = TAG_OTHER; tag < TAG_COUNT; tag++)
        known[tag] = (struct known){tag ? css_rules_element(span_cstr(tag_name(tag))) : 0, is_plain(tag)};
}

/* What style sheets say about an element in the one on top, and its bits; not *again where that hangs on its place. */
static uint64_t rules_for(struct page *p, enum tag tag, span name, const struct attrs *a, struct css *css, bool *again)
{
    const struct element *parent = page_top(p);
    struct css_place place = {.kin = parent->kin,
                              .parent = parent->own,
                              .earlier = parent->children,
                              .last = parent->child,
                              .attributes = a->asked,
                              .first = !parent->has_child};
    /* What we call a foreign element (foreign_tag) is not its name. */
    uint64_t element = tag == TAG_OTHER || page_foreign(p) ? css_rules_element(name) : known[tag].element;
    bool placed;
    uint64_t own = css_rules_find(&p->rules, element, attr(a, ATTR_CLASS), attr(a, ATTR_ID), &place, css, &placed);
    if (placed) *again = false;
    return own;
}

/* An element with such bits is a child of the one on top from now on. */
static void add_child(struct page *p, enum tag tag, uint64_t own)
{
    struct element *parent = page_top(p);
    bool root = tag_kind(tag) == KIND_ROOT,
         head = p->depth == 1 && (tag == TAG_STYLE || tag == TAG_LINK || tag == TAG_META || tag == TAG_TITLE);
    if (head) return; /* which stand around no text */
    parent->children = root ? 0 : parent->children | own;
    parent->child = root ? 0 : own;
    parent->has_child = !root;
}

/* What a style attribute says, which may stand in the document many times. */
static struct css read_style(struct page *p, span style)
{
    struct css css;
    size_t at = p->lasts ? hash64(style, 0) % STYLES_MAX : 0;
    struct style *same = &p->style[at];
    if (p->lasts && p->styled >> at & 1 && span_eq(same->text, style)) return same->css;
    css_read(style, &css);
    if (p->lasts) {
        *same = (struct style){style, css};
        p->styled |= UINT32_C(1) << at;
    }
    return css;
}

/* What an element's attributes, the style sheet and its style attribute say, the later the stronger. Returns its
 * own bits; *again: the same attributes say the same again, and no more than that. */
static __attribute__((noinline)) uint64_t own_style(struct page *p, enum tag tag, span name, const struct attrs *a,
                                                    struct css *css, bool *again)
{
    uint64_t own = 0;
    *css = (struct css){0};
    *again = !page_foreign(p);
    if (tag == TAG_A && has_attr(a, ATTR_HREF)) css->colour = 0x0000EE, css->set = CSS_COLOUR;
    bool shut = (tag == TAG_DETAILS || tag == TAG_DIALOG) && !has_attr(a, ATTR_OPEN);
    if (shut || tag_flags(tag) & TAG_HIDE) css->display = CSS_NONE, css->set |= CSS_DISPLAY;
    if (tag == TAG_OTHER && p->last[TAG_SVG] && span_ieq(name, SPAN("text"))) css->set |= CSS_UNSEEN;
    if (tag == TAG_MARK) /* yellow, whatever it stands on */
        css->background = 0xFFFF00, css->colour = 0, css->set |= CSS_BACKGROUND | CSS_COLOUR;
    if (tag == TAG_OBJECT && p->last[TAG_SVG]) css->set |= CSS_UNSEEN;
    if (tag == TAG_SVG) css->facts = CSS_UNSEEN, css->set |= CSS_UNSEEN; /* but for its <text> */
    if (a->have) {
        if (tag_kind(tag) >= KIND_CELL) {
            if (css_legacy_colour(attr(a, ATTR_BGCOLOR), &css->background)) css->set |= CSS_BACKGROUND;
            if (attr(a, ATTR_BACKGROUND).n) css->set |= CSS_IMAGE;
        }
        if (tag == TAG_BODY && css_legacy_colour(attr(a, ATTR_TEXT), &css->colour)) css->set |= CSS_COLOUR;
        if (tag == TAG_FONT) {
            if (css_legacy_colour(attr(a, ATTR_COLOR), &css->colour)) css->set |= CSS_COLOUR;
            font_size(attr(a, ATTR_SIZE), css);
        }
        if (has_attr(a, ATTR_DIR)) {
            css->set |= CSS_LEFTWARD;
            css->facts |= span_ieq(span_trim(attr(a, ATTR_DIR)), SPAN("rtl")) ? CSS_LEFTWARD : 0;
        }
        if (tag == TAG_BDO) css->set |= CSS_OVERRIDE, css->facts |= CSS_OVERRIDE;
        if (has_attr(a, ATTR_HIDDEN)) css->display = CSS_NONE, css->set |= CSS_DISPLAY;
    }
    struct css more;
    if (p->rules.n) {
        own = rules_for(p, tag, name, a, &more, again);
        css_lay(css, &more);
    }
    span style = attr(a, ATTR_STYLE);
    if (!style.n) return own;
    p->shape->styles++;
    uint8_t buf[HTML_VALUE_MAX];
    if (span_find(style, '&') < style.n) {
        bool cut;
        style = span_of(buf, entity_decode(style, true, buf, sizeof buf, &cut));
        css_read(style, &more);
    } else {
        more = read_style(p, style);
    }
    css_lay(css, &more);
    if (page_css_links(p, style)) *again = false;
    return own;
}

uint64_t page_style(struct page *p, enum tag tag, struct page_tag *t, struct css *css)
{
    struct page_look *look = &t->look;
    bool bare = !t->a.have && !t->a.asked && tag != TAG_OTHER, foreign = page_foreign(p);
    if (bare && !p->rules.n && known[tag].plain) { /* as most are */
        *css = (struct css){0};
        return 0;
    }
    if (bare && !foreign) {
        look = &p->bare[tag];
        if (!(p->bares[tag / 64] >> tag % 64 & 1)) look->known = false;
        p->bares[tag / 64] |= UINT64_C(1) << tag % 64;
    }
    if (!foreign && look->known) {
        p->shape->styles += attr(&t->a, ATTR_STYLE).n > 0;
    } else {
        look->own = own_style(p, tag, t->name, &t->a, &look->css, &look->known);
    }
    if (p->rules.n) add_child(p, tag, look->own);
    *css = look->css;
    return look->own;
}

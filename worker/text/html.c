/* SPDX-License-Identifier: Apache-2.0 */
/* html: one pass over tags and text, with the looks of the elements that are open.
 *
 * The tokeniser follows the HTML standard (13.2.5) where mail differs from text: comments, raw text, quotes, end of
 * file. Of tree construction (13.2.6) only what decides which look a text has: implied ends, tables as walls,
 * formatting that outlives its block. Every step either moves on in the input or closes what an earlier one opened. */
#include "worker/text/html.h"

#include "proto/base/hash.h"
#include "worker/text/css.h"
#include "worker/text/entity.h"
#include "worker/text/odd.h"
#include "worker/text/tag.h"

enum {
    REOPEN_MAX = 8,   /* formatting elements that outlive a block's end */
    RESTYLE_MAX = 16, /* elements whose look is worked out anew when one below them changes */
    SHOWN_MAX = 256,  /* bytes of a link's text that are compared */
};

enum { TAG_FORGOTTEN = TAG_COUNT }; /* in the stack: ended, though not on top */

struct element {
    struct css css;       /* its own */
    struct css_look look; /* with what it inherits */
    uint64_t kin;         /* bits of its names and of those around it, for css_rules_find */
    uint32_t name;        /* hash of a name that we do not know */
    uint8_t tag, kind;    /* enum tag, enum tag_kind */
    bool breaks;
    uint16_t below;   /* the next open element of the same tag, index + 1 */
    uint16_t wall[3]; /* the topmost element, up to this one, of at least KIND_BLOCK, KIND_CELL, KIND_TABLE */
    size_t written;   /* text written when it began */
};

struct attrs {
    uint32_t have;      /* bits of enum attr */
    span v[ATTR_COUNT]; /* where `have` says so */
};

struct page {
    span in;
    size_t at;
    struct text *visible, *hidden;
    struct url_list *urls;
    struct html_shape *shape;
    uint64_t odd;

    struct element stack[HTML_DEPTH_MAX];
    size_t depth;
    uint16_t last[TAG_COUNT + 1]; /* the topmost open element of each tag, index + 1 */
    size_t over, over_hidden;     /* elements open beyond the stack; from which on text is hidden, or 0 */
    bool raw_shown;               /* can the content of the last raw element be seen? */
    bool shown;                   /* can text be seen here? */
    struct css_rules rules;

    bool joint;      /* markup that shows nothing stands behind the last letter */
    size_t joint_at; /* of visible text */
    bool parted;     /* visible text stands between the last hidden text and here */

    bool in_link; /* inside <a href> of a web link */
    struct url link;
    struct url_room link_room;
    size_t link_text, free_text; /* where its text begins; where text outside of links begins */
    unsigned compared, based;    /* how often, against the limits */
    uint8_t base_bytes[URL_BYTES_MAX];
    span base;
};

static bool has(const struct attrs *a, enum attr id)
{
    return a->have >> id & 1;
}

static span attr(const struct attrs *a, enum attr id)
{
    return has(a, id) ? a->v[id] : SPAN_NONE;
}

static bool is_alpha(uint8_t c)
{
    return ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z';
}

static struct element *top(struct page *p)
{
    return &p->stack[p->depth - 1];
}

/* --- text ------------------------------------------------------------------------------------------------------- */

/* May the character at s.p[i] be part of a word? Spaces, marks and invisible ones outside of ASCII begin with the bytes
 * named here (U+0080..BF, U+034F, U+2000..2FFF, U+3000..303F, U+F000..). */
static bool in_word(span s, size_t i)
{
    uint8_t c = s.p[i];
    if (c < 0xC3) return is_alpha(c);
    if (c == 0xE3) return i + 1 < s.n && s.p[i + 1] != 0x80;
    return c != 0xCD && c != 0xE2 && c != 0xEF;
}

static bool has_word(span s)
{
    for (size_t i = 0; i < s.n; i++)
        if (in_word(s, i) || (s.p[i] >= '0' && s.p[i] <= '9')) return true;
    return false;
}

/* Note that something invisible stands here; a word that goes on behind it was split. */
static void mark_joint(struct page *p)
{
    const struct text *t = p->visible;
    if (t->pending || !t->n || !p->shown) return;
    size_t i = t->n - 1;
    while (i && (t->p[i] & 0xC0) == 0x80) i--;
    p->joint = in_word(text_span(t), i);
    p->joint_at = t->n;
}

static void emit(struct page *p, span run)
{
    if (!run.n) return;
    if (p->shown) {
        if (p->joint && p->joint_at == p->visible->n && !p->visible->pending && in_word(run, 0))
            p->odd |= ODD(SPLIT_WORD);
        p->joint = false;
        p->parted = true;
        text_put(p->visible, run);
        return;
    }
    if (p->parted) text_put(p->hidden, SPAN(" "));
    p->parted = false;
    text_put(p->hidden, run);
    if (has_word(run)) p->odd |= ODD(HIDDEN_TEXT);
}

/* Text with character references. */
static void emit_text(struct page *p, span s)
{
    while (s.n) {
        uint8_t out[ENTITY_BYTES_MAX];
        size_t plain = span_find(s, '&'), n;
        emit(p, span_head(s, plain));
        s = span_from(s, plain);
        if (!s.n) break;
        size_t read = entity_read(s, false, out, &n);
        emit(p, read ? span_of(out, n) : span_head(s, 1));
        s = span_from(s, read ? read : 1);
    }
}

/* Text of an attribute, parted from what stands around it. */
static void emit_value(struct page *p, span value)
{
    uint8_t out[HTML_ALT_MAX];
    bool cut;
    size_t n = entity_decode(value, true, out, sizeof out, &cut);
    emit(p, SPAN(" "));
    emit(p, span_of(out, n));
    emit(p, SPAN(" "));
}

static void line_break(struct page *p)
{
    text_break(p->hidden);
    if (!top(p)->look.gone && !p->over_hidden) text_break(p->visible);
}

/* --- links ------------------------------------------------------------------------------------------------------ */

/* Is it relative: no scheme before the first '/', '?' or '#'? */
static bool is_relative(span link)
{
    for (size_t i = 0; i < link.n; i++) {
        uint8_t c = link.p[i];
        if (c == ':') return false;
        if (c == '/' || c == '?' || c == '#') break;
    }
    return link.n > 0 && link.p[0] != '#';
}

/* A relative link behind the base: its host, and its directory unless the link begins with '/'. */
static span with_base(const struct page *p, span link, uint8_t out[URL_BYTES_MAX])
{
    size_t keep = p->base.n;
    size_t slash = span_find(p->base, '/');
    slash = slash + 2 < keep ? slash + 2 + span_find(span_from(p->base, slash + 2), '/') : keep; /* behind "//host" */
    if (link.p[0] == '/') {
        keep = slash;
    } else {
        size_t query = span_find(p->base, '?'), mark = span_find(p->base, '#');
        if (query < keep) keep = query;
        if (mark < keep) keep = mark;
        if (link.p[0] != '?')
            while (keep > slash && p->base.p[keep - 1] != '/') keep--;
    }
    memcpy(out, p->base.p, keep);
    size_t n = keep;
    if (n <= slash && link.p[0] != '/' && n < URL_BYTES_MAX) out[n++] = '/';
    size_t more = link.n < URL_BYTES_MAX - n ? link.n : URL_BYTES_MAX - n;
    memcpy(out + n, link.p, more);
    return span_of(out, n + more);
}

/* Decode an attribute that holds a link, into buf where it has to; empty when it is too long for that. */
static span link_value(span value, uint8_t buf[HTML_VALUE_MAX])
{
    if (span_find(value, '&') == value.n) return value;
    bool cut;
    size_t n = entity_decode(value, true, buf, HTML_VALUE_MAX, &cut);
    return cut ? SPAN_NONE : span_of(buf, n);
}

/* Keep the link of an attribute. Is it a web link? Then `out`, unless NULL, is it in parts, in p->link_room. */
static bool add_link(struct page *p, span value, enum url_place place, struct url *out)
{
    uint8_t buf[HTML_VALUE_MAX], whole[URL_BYTES_MAX];
    struct url_room room;
    struct url u;
    uint64_t odd = 0;
    span link = link_value(value, buf);
    struct url_room *in = out ? &p->link_room : &room;
    if (!url_split(link, in, &u, &odd)) {
        link = span_trim(link);
        if (span_istarts(link, SPAN("javascript:"))) p->odd |= ODD(HTML_SCRIPT);
        if (!p->base.n || !is_relative(link) || p->based++ >= HTML_BASED_MAX) return false;
        if (!url_split(with_base(p, link, whole), in, &u, &odd)) return false;
    }
    if (out) *out = u;
    u.place = place;
    url_keep(p->urls, &u, odd);
    return true;
}

static void add_css_links(struct page *p, span css)
{
    for (size_t at = 0; at < css.n;) {
        span url = css_url(css, &at);
        if (url.n) add_link(p, url, URL_IN_SRC, NULL);
    }
}

/* The host that a link's text names, if it reads like one. */
static bool shown_host(span shown, struct url_room *room, struct url *out)
{
    uint8_t buf[SHOWN_MAX + 1];
    uint64_t odd = 0;
    shown = span_trim(shown);
    if (shown.n > SHOWN_MAX) shown = span_head(shown, SHOWN_MAX);
    bool alone = true;
    for (size_t i = 0; i < shown.n; i++) {
        if (shown.p[i] == '@') return false;
        if (ascii_space(shown.p[i])) alone = false;
    }
    while (shown.n) {
        size_t end = 0;
        while (end < shown.n && !ascii_space(shown.p[end])) end++;
        span word = span_head(shown, end);
        shown = span_trim(span_from(shown, end));
        while (word.n && strchr("(<[\"'", word.p[0])) word = span_from(word, 1);
        while (word.n && strchr(".,;:!?)>]\"'", word.p[word.n - 1])) word.n--;
        if (alone && span_find(word, '/') == word.n) { /* "example.org" */
            memcpy(buf, word.p, word.n);
            buf[word.n] = '/';
            word = span_of(buf, word.n + 1);
        }
        if (url_split(word, room, out, &odd)) return true;
    }
    return false;
}

static void end_link(struct page *p)
{
    if (!p->in_link) return;
    struct url_room room;
    struct url u;
    p->in_link = false;
    p->free_text = p->visible->n;
    span shown = span_from(text_span(p->visible), p->link_text);
    if (shown.n < 4 || p->compared++ >= HTML_COMPARED_MAX || !shown_host(shown, &room, &u)) return;
    if (span_eq(u.host, p->link.host)) return;
    if (!span_eq(domain_registrable(u.host), domain_registrable(p->link.host))) p->odd |= ODD(URL_MISMATCH);
}

static void begin_link(struct page *p, span href)
{
    end_link(p);
    url_find(p->urls, span_from(text_span(p->visible), p->free_text), URL_IN_TEXT);
    p->free_text = p->visible->n;
    if (!add_link(p, href, URL_IN_HREF, &p->link)) return;
    p->shape->links++;
    p->in_link = true;
    p->link_text = p->visible->n;
}

/* --- open elements ---------------------------------------------------------------------------------------------- */

/* The look that goes on inside of element `at`. What stands in a table but in none of its cells is shown before the
 * table ("foster parenting"), on the background there. */
static const struct css_look *look_inside(const struct page *p, size_t at)
{
    const struct element *e = &p->stack[at];
    bool in_table =
        e->tag == TAG_TABLE || e->tag == TAG_TR || e->tag == TAG_TBODY || e->tag == TAG_THEAD || e->tag == TAG_TFOOT;
    return in_table && e->wall[2] ? &p->stack[e->wall[2] - 1].look : &e->look;
}

/* Work out the look of element `at` from the one below it. */
static void style(struct page *p, size_t at)
{
    struct element *e = &p->stack[at];
    bool part = e->kind == KIND_CELL; /* of a table, when it stands in one */
    e->look = css_apply(part ? &p->stack[at - 1].look : look_inside(p, at - 1), &e->css);
}

static void update_shown(struct page *p)
{
    p->shown = css_visible(look_inside(p, p->depth - 1)) && !p->over_hidden;
}

/* Is there an open element of that tag which nothing of a higher kind walls off? Its index, or 0. */
static size_t find_open(const struct page *p, enum tag tag)
{
    if (!p->last[tag]) return 0;
    size_t at = p->last[tag] - 1u;
    const uint16_t *wall = p->stack[p->depth - 1].wall;
    static const int8_t LOWEST[] = {
        [KIND_PHRASE] = 0, [KIND_FORMAT] = 1, [KIND_BLOCK] = 1, [KIND_CELL] = 2, [KIND_TABLE] = -1, [KIND_ROOT] = -1};
    int k = LOWEST[tag_kind(tag)];
    return k >= 0 && wall[k] > at ? 0 : at;
}

/* Put an element on top; there is room. Its css, tag, kind, breaks, name and written are set. */
static void push(struct page *p, const struct element *e)
{
    size_t at = p->depth++;
    struct element *on = &p->stack[at];
    *on = *e;
    style(p, at);
    memcpy(on->wall, p->stack[at - 1].wall, sizeof on->wall);
    if (e->kind >= KIND_BLOCK) on->wall[0] = (uint16_t)at;
    if (e->kind >= KIND_CELL) on->wall[1] = (uint16_t)at;
    if (e->kind >= KIND_TABLE) on->wall[2] = (uint16_t)at;
    on->below = p->last[e->tag];
    p->last[e->tag] = (uint16_t)(at + 1);
}

static void pop(struct page *p)
{
    struct element *e = top(p);
    if (e->breaks) line_break(p);
    if (e->tag == TAG_TD || e->tag == TAG_TH) emit(p, SPAN(" "));
    if (e->tag == TAG_A) end_link(p);
    p->last[e->tag] = e->below;
    p->depth--;
}

/* Close the element at `at` and all above it. Formatting that stood in a block goes on behind it. */
static void close_at(struct page *p, size_t at)
{
    struct element again[REOPEN_MAX];
    size_t n = 0;
    if (p->stack[at].kind == KIND_BLOCK)
        for (size_t i = p->depth - 1; i > at && n < REOPEN_MAX; i--)
            if (p->stack[i].kind == KIND_FORMAT && p->stack[i].tag != TAG_A && p->stack[i].css.set)
                again[n++] = p->stack[i];
    while (p->depth > at) {
        update_shown(p);
        pop(p);
    }
    while (n) push(p, &again[--n]);
    update_shown(p);
}

/* Work out the looks from `at` upwards anew; when these are many they stay as they are. */
static void restyle(struct page *p, size_t at)
{
    if (p->depth - at > RESTYLE_MAX) return;
    for (size_t i = at ? at : 1; i < p->depth; i++) style(p, i);
    update_shown(p);
}

/* End a formatting element with blocks open inside: they go on without it. */
static void forget_at(struct page *p, size_t at)
{
    struct element *e = &p->stack[at];
    if (e->tag == TAG_A) end_link(p);
    p->last[e->tag] = e->below;
    e->tag = TAG_FORGOTTEN;
    e->below = 0;
    e->css = (struct css){0};
    restyle(p, at);
}

/* Start tags that end what is open: a paragraph, an item, a cell. */
static void imply_ends(struct page *p, enum tag tag)
{
    enum { MOST = 3 };
    static const uint8_t ENDS[TAG_COUNT][MOST] = {
        [TAG_A] = {TAG_A},
        [TAG_DD] = {TAG_DT, TAG_DD},
        [TAG_DT] = {TAG_DT, TAG_DD},
        [TAG_LI] = {TAG_LI},
        [TAG_NOBR] = {TAG_NOBR},
        [TAG_OPTION] = {TAG_OPTION},
        [TAG_TBODY] = {TAG_TBODY, TAG_THEAD, TAG_TR},
        [TAG_TD] = {TAG_TD, TAG_TH},
        [TAG_TFOOT] = {TAG_TBODY, TAG_THEAD, TAG_TR},
        [TAG_TH] = {TAG_TD, TAG_TH},
        [TAG_TR] = {TAG_TR, TAG_TD, TAG_TH},
    };
    size_t at, lowest = 0;
    if (tag_flags(tag) & TAG_END_P && (at = find_open(p, TAG_P))) close_at(p, at);
    for (unsigned k = 0; k < MOST && ENDS[tag][k]; k++)
        if ((at = find_open(p, (enum tag)ENDS[tag][k])) && (!lowest || at < lowest)) lowest = at;
    bool inner_list = tag == TAG_LI && (p->last[TAG_UL] > lowest || p->last[TAG_OL] > lowest);
    if (lowest && !inner_list) close_at(p, lowest);
}

/* --- style ------------------------------------------------------------------------------------------------------ */

/* <font size="...">: 1 to 7, or steps from 3. As browsers do it, 0 and less are 1. */
static void font_size(span value, struct css *css)
{
    static const uint8_t PX[] = {10, 13, 16, 18, 24, 32, 48};
    value = span_trim(value);
    int sign = !value.n ? 0 : value.p[0] == '+' ? 1 : value.p[0] == '-' ? -1 : 0;
    int v = 0;
    size_t i = sign != 0, first = i;
    for (; i < value.n && value.p[i] >= '0' && value.p[i] <= '9' && v < 100; i++) v = v * 10 + (value.p[i] - '0');
    if (i == first) return;
    v = sign ? 3 + sign * v : v;
    css->font = (uint16_t)(PX[v < 1 ? 0 : v > 7 ? 6 : v - 1] * 8);
    css->set |= CSS_FONT;
}

/* A small number of an attribute like width="1"; 1000 when it is none. */
static unsigned small_number(span s)
{
    unsigned v = 0;
    s = span_trim(s);
    size_t i = 0;
    for (; i < s.n && s.p[i] >= '0' && s.p[i] <= '9' && v < 1000; i++) v = v * 10 + (s.p[i] - '0');
    return i && (i == s.n || s.p[i] != '%') ? v : 1000;
}

/* What an element's attributes, the style sheet and its style attribute say, the later the stronger; and its bits. */
static uint64_t own_style(struct page *p, enum tag tag, span name, const struct attrs *a, struct css *css)
{
    uint64_t kin = top(p)->kin;
    *css = (struct css){0};
    if (tag == TAG_A && (has(a, ATTR_HREF))) css->colour = 0x0000EE, css->set = CSS_COLOUR;
    if (tag_flags(tag) & TAG_HIDE) css->display = CSS_NONE, css->set |= CSS_DISPLAY;
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
        if (has(a, ATTR_HIDDEN)) css->display = CSS_NONE, css->set |= CSS_DISPLAY;
    }
    struct css more;
    if (p->rules.n) {
        kin |= css_rules_find(&p->rules, name, attr(a, ATTR_CLASS), attr(a, ATTR_ID), kin, &more);
        css_lay(css, &more);
    }
    span style = attr(a, ATTR_STYLE);
    if (!style.n) return kin;
    p->shape->styles++;
    uint8_t buf[HTML_VALUE_MAX];
    if (span_find(style, '&') < style.n) {
        bool cut;
        style = span_of(buf, entity_decode(style, true, buf, sizeof buf, &cut));
    }
    css_read(style, &more);
    css_lay(css, &more);
    add_css_links(p, style);
    return kin;
}

/* --- tags ------------------------------------------------------------------------------------------------------- */

static void read_image(struct page *p, const struct attrs *a, const struct css *css)
{
    uint32_t facts = css->set & ((uint32_t)css->facts << CSS_FACT_SHIFT);
    bool low = small_number(attr(a, ATTR_HEIGHT)) <= 2 || (facts & CSS_NO_HEIGHT);
    bool thin = small_number(attr(a, ATTR_WIDTH)) <= 2 || (facts & CSS_NO_WIDTH);
    p->shape->images++;
    if (low && thin)
        p->shape->pixels++;
    else if (attr(a, ATTR_ALT).n)
        emit_value(p, attr(a, ATTR_ALT));
}

static void read_input(struct page *p, const struct attrs *a)
{
    span type = span_trim(attr(a, ATTR_TYPE));
    if (span_ieq(type, SPAN("hidden"))) return;
    if (attr(a, ATTR_VALUE).n)
        emit_value(p, attr(a, ATTR_VALUE));
    else if (attr(a, ATTR_PLACEHOLDER).n)
        emit_value(p, attr(a, ATTR_PLACEHOLDER));
}

/* <meta http-equiv=refresh content="0; url=..."> */
static void read_meta(struct page *p, const struct attrs *a)
{
    if (!span_ieq(span_trim(attr(a, ATTR_HTTP_EQUIV)), SPAN("refresh"))) return;
    span s = attr(a, ATTR_CONTENT);
    s = span_trim(span_from(s, span_find(s, '=') + 1));
    while (s.n && (s.p[0] == '\'' || s.p[0] == '"')) s = span_from(s, 1);
    while (s.n && (s.p[s.n - 1] == '\'' || s.p[s.n - 1] == '"')) s.n--;
    if (s.n) add_link(p, s, URL_IN_HREF, NULL);
}

static void read_base(struct page *p, const struct attrs *a)
{
    uint8_t buf[HTML_VALUE_MAX];
    uint64_t odd = 0;
    struct url_room room;
    struct url u;
    span link = link_value(attr(a, ATTR_HREF), buf);
    if (p->base.n || !url_split(link, &room, &u, &odd) || span_find(u.whole, '/') + 2 >= u.whole.n) return;
    memcpy(p->base_bytes, u.whole.p, u.whole.n);
    p->base = span_of(p->base_bytes, u.whole.n);
}

enum {
    LINK_ATTRS = 1 << ATTR_SRC | 1 << ATTR_BACKGROUND | 1 << ATTR_POSTER | 1 << ATTR_DATA | 1 << ATTR_ACTION |
                 1 << ATTR_FORMACTION | 1 << ATTR_XLINK_HREF,
};

static void add_links(struct page *p, const struct attrs *a)
{
    for (uint32_t left = a->have & LINK_ATTRS; left; left &= left - 1) {
        enum attr id = (enum attr)__builtin_ctz(left);
        enum url_place place = id == ATTR_XLINK_HREF                        ? URL_IN_HREF
                               : id == ATTR_ACTION || id == ATTR_FORMACTION ? URL_IN_FORM
                                                                            : URL_IN_SRC;
        add_link(p, a->v[id], place, NULL);
    }
}

/* What an element means beside its style: links and counts, the text in its attributes. */
static void read_meaning(struct page *p, enum tag tag, const struct attrs *a, const struct css *css)
{
    switch (tag) {
    case TAG_A:
        if (has(a, ATTR_HREF)) begin_link(p, attr(a, ATTR_HREF));
        break;
    case TAG_AREA:
        if (add_link(p, attr(a, ATTR_HREF), URL_IN_HREF, NULL)) p->shape->links++;
        break;
    case TAG_BASE: read_base(p, a); break;
    case TAG_FONT: p->shape->fonts++; break;
    case TAG_FORM:
        p->shape->forms++;
        p->odd |= ODD(HTML_FORM);
        break;
    case TAG_IMG:
    case TAG_IMAGE: read_image(p, a, css); break;
    case TAG_INPUT: read_input(p, a); break;
    case TAG_LINK: add_link(p, attr(a, ATTR_HREF), URL_IN_SRC, NULL); break;
    case TAG_META: read_meta(p, a); break;
    case TAG_SCRIPT:
        p->shape->scripts++;
        p->odd |= ODD(HTML_SCRIPT);
        break;
    case TAG_STYLE: p->shape->styles++; break;
    case TAG_TABLE: p->shape->tables++; break;
    case TAG_TD:
    case TAG_TH: emit(p, SPAN(" ")); break;
    default: break;
    }
    if (a->have & LINK_ATTRS) add_links(p, a);
}

/* A name that is none of HTML's, nor one of the word processors' ("o:p"), nor of somebody's own ("my-tag"). */
static bool is_nonsense(enum tag tag, span name)
{
    return tag == TAG_OTHER && span_find(name, ':') == name.n && span_find(name, '-') == name.n;
}

static uint32_t name_hash(span name)
{
    uint64_t h = 1469598103934665603u;
    for (size_t i = 0; i < name.n; i++) h = (h ^ ascii_lower(name.p[i])) * 1099511628211u;
    return (uint32_t)(h >> 32) | 1;
}

static void start_tag(struct page *p, enum tag tag, span name, const struct attrs *a)
{
    unsigned flags = tag_flags(tag);
    struct element e = {.tag = (uint8_t)tag, .kind = (uint8_t)tag_kind(tag)};
    p->shape->tags++;
    if (is_nonsense(tag, name)) mark_joint(p);
    if (tag == TAG_OTHER) e.name = name_hash(name);
    imply_ends(p, tag);
    e.kin = own_style(p, tag, name, a, &e.css);
    if (e.kind == KIND_ROOT) {
        struct element *root = &p->stack[0];
        css_lay(&root->css, &e.css);
        root->kin |= e.kin;
        root->look = css_apply(&CSS_LOOK, &root->css);
        restyle(p, 0);
        update_shown(p);
        read_meaning(p, tag, a, &e.css);
        return;
    }
    e.breaks = flags & TAG_BREAK;
    if (e.css.set & CSS_DISPLAY && e.css.display != CSS_NONE) e.breaks = e.css.display == CSS_BLOCK;
    bool none = e.css.set & CSS_DISPLAY && e.css.display == CSS_NONE;
    if (e.breaks && !none) line_break(p);
    if (flags & (TAG_VOID | TAG_RAW)) { /* not pushed: what it shows comes from its attributes, or read_raw */
        struct css_look look = css_apply(look_inside(p, p->depth - 1), &e.css);
        p->raw_shown = css_visible(&look) && !p->over_hidden;
        p->shown = !look.gone && !look.unseen && !p->over_hidden; /* pictures and buttons have colours of their own */
        read_meaning(p, tag, a, &e.css);
        update_shown(p);
        return;
    }
    e.written = p->visible->n + p->hidden->n;
    if (p->depth < HTML_DEPTH_MAX) {
        push(p, &e);
    } else {
        struct css_look look = css_apply(&top(p)->look, &e.css);
        p->over++;
        if (!p->over_hidden && !css_visible(&look)) p->over_hidden = p->over;
    }
    update_shown(p);
    read_meaning(p, tag, a, &e.css);
}

static void end_tag(struct page *p, enum tag tag, span name)
{
    if (is_nonsense(tag, name)) mark_joint(p);
    if (tag == TAG_BR || tag == TAG_P) line_break(p);
    if (tag_flags(tag) & (TAG_VOID | TAG_RAW)) return;
    if (p->over) {
        if (p->over_hidden == p->over) p->over_hidden = 0;
        p->over--;
        update_shown(p);
        return;
    }
    size_t at = find_open(p, tag);
    if (!at || (tag == TAG_OTHER && p->stack[at].name != name_hash(name))) return;
    const struct element *e = &p->stack[at];
    bool empty = at == p->depth - 1 && e->kind <= KIND_FORMAT && tag != TAG_A && !e->breaks &&
                 (tag != TAG_OTHER || is_nonsense(tag, name)) && e->written == p->visible->n + p->hidden->n;
    bool hidden = e->kind <= KIND_FORMAT && !p->shown;
    if (e->kind == KIND_FORMAT && p->stack[p->depth - 1].wall[0] > at)
        forget_at(p, at);
    else
        close_at(p, at);
    if (empty || hidden) mark_joint(p);
}

/* --- tokens ----------------------------------------------------------------------------------------------------- */

/* Read attributes up to the tag's '>'; the byte behind it, or 0 when the document ends inside of the tag. */
static size_t read_attrs(span in, size_t i, struct attrs *a)
{
    a->have = 0;
    for (;;) {
        while (i < in.n && (ascii_space(in.p[i]) || in.p[i] == '/')) i++;
        if (i >= in.n) return 0;
        if (in.p[i] == '>') return i + 1;
        size_t from = i++; /* a '=' here is part of the name */
        while (i < in.n && !ascii_space(in.p[i]) && in.p[i] != '/' && in.p[i] != '>' && in.p[i] != '=') i++;
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
                while (i < in.n && !ascii_space(in.p[i]) && in.p[i] != '>') i++;
                value = span_of(in.p + from, i - from);
            }
        }
        enum attr id = attr_by_name(name);
        if (id == ATTR_COUNT || a->have & 1u << id) continue;
        a->have |= 1u << id;
        a->v[id] = value;
    }
}

/* The end of a comment whose text begins at i: behind its "-->" or "--!>", or the end of the document. */
static size_t comment_end(span in, size_t i)
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

/* Where "</name" stands that ends raw text, or the end of the document. */
static size_t raw_end(span in, size_t i, span name)
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

/* The content of an element that holds no markup; p->at stands at its beginning. */
static void read_raw(struct page *p, enum tag tag, span name)
{
    size_t end = tag == TAG_PLAINTEXT ? p->in.n : raw_end(p->in, p->at, name);
    span content = span_of(p->in.p + p->at, end - p->at);
    p->at = end;
    bool shown = p->shown;
    uint64_t odd = p->odd;
    p->shown = p->raw_shown;
    switch (tag) {
    case TAG_STYLE:
        css_rules_read(&p->rules, content);
        add_css_links(p, content);
        break;
    case TAG_TITLE:
        text_break(p->hidden);
        emit_text(p, content);
        text_break(p->hidden);
        p->odd = odd;
        break;
    case TAG_TEXTAREA: emit_text(p, content); break;
    case TAG_XMP:
    case TAG_PLAINTEXT:
        emit(p, content);
        line_break(p);
        break;
    default: break;
    }
    p->shown = shown;
}

/* One piece of markup; in.p[at] is '<'. */
static void read_markup(struct page *p)
{
    span in = p->in;
    size_t i = p->at + 1;
    uint8_t c = i < in.n ? in.p[i] : 0;
    bool end = c == '/';
    if (end) c = ++i < in.n ? in.p[i] : 0;
    if (is_alpha(c)) {
        size_t from = i;
        while (i < in.n && !ascii_space(in.p[i]) && in.p[i] != '/' && in.p[i] != '>') i++;
        span name = span_of(in.p + from, i - from);
        struct attrs a;
        size_t behind = read_attrs(in, i, &a);
        p->at = behind ? behind : in.n;
        if (!behind) return; /* what is no whole tag is not shown */
        enum tag tag = tag_by_name(name);
        if (end) {
            end_tag(p, tag, name);
        } else {
            start_tag(p, tag, name, &a);
            if (tag_flags(tag) & TAG_RAW) read_raw(p, tag, name);
        }
    } else if (!end && c == '!' && span_istarts(span_from(in, i), SPAN("!--"))) {
        p->at = comment_end(in, i + 3);
        p->shape->comments++;
        mark_joint(p);
    } else if (c == '!' || c == '?' || (end && i < in.n)) { /* a comment to browsers, up to the next '>' */
        i += span_find(span_from(in, i), '>');
        p->at = i < in.n ? i + 1 : in.n;
        mark_joint(p);
    } else {
        emit(p, SPAN("<"));
        p->at++;
    }
}

void html_read(span html, struct text *visible, struct text *hidden, struct url_list *urls, struct html_shape *shape,
               uint64_t *odd)
{
    struct page p;
    p.in = html;
    p.at = 0;
    p.visible = visible;
    p.hidden = hidden;
    p.urls = urls;
    p.shape = shape;
    p.odd = 0;
    p.stack[0] = (struct element){.look = CSS_LOOK, .kind = KIND_ROOT};
    p.depth = 1;
    memset(p.last, 0, sizeof p.last);
    p.over = p.over_hidden = 0;
    p.shown = true;
    css_rules_init(&p.rules);
    p.joint = p.parted = p.in_link = false;
    p.joint_at = p.link_text = p.compared = p.based = 0;
    p.free_text = visible->n;
    p.base = SPAN_NONE;

    text_break(visible);
    text_break(hidden);
    while (p.at < html.n) {
        size_t plain = span_find(span_from(html, p.at), '<');
        emit_text(&p, span_of(html.p + p.at, plain));
        p.at += plain;
        if (p.at < html.n) read_markup(&p);
    }
    end_link(&p);
    url_find(urls, span_from(text_span(visible), p.free_text), URL_IN_TEXT);
    text_break(visible);
    text_break(hidden);
    *odd |= p.odd;
}

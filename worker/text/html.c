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
#include "worker/text/markup.h"
#include "worker/text/odd.h"
#include "worker/text/page.h"
#include "worker/text/squeeze.h"
#include "worker/text/tag.h"

/* A small number of an attribute like width="1"; 1000 when it is none. */
static unsigned small_number(span s)
{
    unsigned v = 0;
    s = span_trim(s);
    size_t i = 0;
    for (; i < s.n && ascii_digit(s.p[i]) && v < 1000; i++) v = v * 10 + (s.p[i] - '0');
    return i && (i == s.n || s.p[i] != '%') ? v : 1000;
}

/* What we know of each tag. */
static struct known {
    uint8_t box;  /* enum css_display: how it is laid out where nobody says otherwise */
    bool means;   /* is it more than its style and its links (read_meaning)? */
    bool implies; /* page_implies */
} known[TAG_COUNT];

static enum css_display usual_box(enum tag tag)
{
    enum tag_kind kind = tag_kind(tag);
    switch (tag) {
    case TAG_BUTTON:
    case TAG_CAPTION:
    case TAG_IMG:
    case TAG_INPUT:
    case TAG_MARQUEE:
    case TAG_OBJECT:
    case TAG_SELECT:
    case TAG_TEXTAREA: return CSS_BOX;
    default:
        return kind >= KIND_CELL && kind <= KIND_TABLE ? CSS_CELL : tag_flags(tag) & TAG_BREAK ? CSS_BLOCK : CSS_INLINE;
    }
}

static bool has_meaning(enum tag tag)
{
    switch (tag) {
    case TAG_A:
    case TAG_AREA:
    case TAG_BASE:
    case TAG_FONT:
    case TAG_FORM:
    case TAG_IMG:
    case TAG_IMAGE:
    case TAG_INPUT:
    case TAG_LINK:
    case TAG_META:
    case TAG_SCRIPT:
    case TAG_STYLE:
    case TAG_TABLE:
    case TAG_TR:
    case TAG_TD:
    case TAG_TH: return true;
    default: return false;
    }
}

__attribute__((constructor)) static void fill_known(void)
{
    for (enum tag tag = TAG_OTHER; tag < TAG_COUNT; tag++)
        known[tag] = (struct known){(uint8_t)usual_box(tag), has_meaning(tag), page_implies(tag)};
}

/* --- tags --------------------------------------------------------------------------------------------------------- */

static void read_image(struct page *p, const struct attrs *a, const struct css *css)
{
    bool low = small_number(attr(a, ATTR_HEIGHT)) <= 2 || (css->facts & (CSS_NO_HEIGHT | CSS_NO_ROOM));
    bool thin = small_number(attr(a, ATTR_WIDTH)) <= 2 || (css->facts & (CSS_NO_WIDTH | CSS_NO_BREADTH));
    bool unseen = css->set & (CSS_DISPLAY | CSS_UNSEEN | CSS_OPACITY) && css_hides(css);
    size_t written = p->visible->n;
    p->shape->images++;
    if ((low && thin) || unseen)
        p->shape->pixels++;
    else if (attr(a, ATTR_ALT).n)
        page_value(p, attr(a, ATTR_ALT));
    p->shape->alt_bytes += (uint32_t)(p->visible->n - written);
}

static void read_input(struct page *p, const struct attrs *a)
{
    span type = span_trim(attr(a, ATTR_TYPE));
    if (span_ieq(type, SPAN("hidden"))) return;
    if (attr(a, ATTR_VALUE).n)
        page_value(p, attr(a, ATTR_VALUE));
    else if (attr(a, ATTR_PLACEHOLDER).n)
        page_value(p, attr(a, ATTR_PLACEHOLDER));
}

/* <meta http-equiv=refresh content="0; url=...">, the word and its sign may be missing. */
static void read_meta(struct page *p, const struct attrs *a)
{
    if (!span_ieq(span_trim(attr(a, ATTR_HTTP_EQUIV)), SPAN("refresh"))) return;
    span s = span_trim(attr(a, ATTR_CONTENT));
    while (s.n && (ascii_digit(s.p[0]) || s.p[0] == '.')) s = span_from(s, 1);
    while (s.n && (ascii_space(s.p[0]) || s.p[0] == ';' || s.p[0] == ',')) s = span_from(s, 1);
    span url = span_trim(span_from(s, 3));
    if (span_istarts(s, SPAN("url")) && url.n && url.p[0] == '=') s = span_trim(span_from(url, 1));
    uint8_t quote = s.n && (s.p[0] == '\'' || s.p[0] == '"') ? s.p[0] : 0;
    if (quote) s = span_head(span_from(s, 1), span_find(span_from(s, 1), quote));
    if (s.n) page_link(p, s, URL_IN_HREF, NULL);
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
        page_link(p, a->v[id], place, NULL);
    }
}

static void note_script(struct page *p)
{
    p->shape->scripts++;
    p->odd |= ODD(HTML_SCRIPT);
}

/* What one of these elements means (has_meaning). */
static void read_own_meaning(struct page *p, enum tag tag, const struct attrs *a, const struct css *css)
{
    switch (tag) {
    case TAG_A:
        if (has_attr(a, ATTR_HREF)) page_begin_link(p, attr(a, ATTR_HREF));
        break;
    case TAG_AREA:
        if (page_link(p, attr(a, ATTR_HREF), URL_IN_HREF, NULL)) p->shape->links++;
        break;
    case TAG_BASE: page_base(p, attr(a, ATTR_HREF)); break;
    case TAG_FONT: p->shape->fonts++; break;
    case TAG_FORM:
        p->shape->forms++;
        p->odd |= ODD(HTML_FORM);
        break;
    case TAG_IMG:
    case TAG_IMAGE: read_image(p, a, css); break;
    case TAG_INPUT: read_input(p, a); break;
    case TAG_LINK: page_link(p, attr(a, ATTR_HREF), URL_IN_SRC, NULL); break;
    case TAG_META: read_meta(p, a); break;
    case TAG_SCRIPT: note_script(p); break;
    case TAG_STYLE: p->shape->styles++; break;
    case TAG_TABLE:
        p->shape->tables++;
        p->row = 0;
        break;
    case TAG_TR: page_begin_row(p, p->depth - 1); break;
    case TAG_TD:
    case TAG_TH:
        page_space(p, 0);
        page_begin_cell(p);
        break;
    default: break;
    }
}

/* What an element means beside its style: links and counts, the text in its attributes. */
static void read_meaning(struct page *p, enum tag tag, const struct attrs *a, const struct css *css)
{
    if (known[tag].means) read_own_meaning(p, tag, a, css);
    if (a->have & LINK_ATTRS) add_links(p, a);
    if (has_attr(a, ATTR_SRCSET)) page_srcset(p, attr(a, ATTR_SRCSET));
}

/* A name that is none of HTML's, nor one of the word processors' ("o:p"), nor of somebody's own ("my-tag"). */
static inline bool is_nonsense(enum tag tag, span name)
{
    return tag == TAG_OTHER && span_find(name, ':') == name.n && span_find(name, '-') == name.n;
}

static uint32_t name_hash(span name)
{
    uint64_t h = 1469598103934665603u;
    for (size_t i = 0; i < name.n; i++) h = (h ^ ascii_lower(name.p[i])) * 1099511628211u;
    return (uint32_t)(h >> 32) | 1;
}

static void start_tag(struct page *p, enum tag tag, struct page_tag *t)
{
    unsigned flags = tag_flags(tag);
    const struct attrs *a = &t->a;
    p->shape->tags++;
    if (is_nonsense(tag, t->name) && !page_foreign(p)) page_joint(p);
    if (flags & TAG_PART && !p->last[TAG_TABLE]) return; /* of no table: browsers pass over it */
    if (known[tag].implies) page_imply(p, tag);
    struct element *e = page_next(p);
    e->tag = (uint8_t)tag;
    e->kind = (uint8_t)tag_kind(tag);
    e->name = tag == TAG_OTHER ? name_hash(t->name) : 0;
    e->children = e->child = 0;
    e->has_child = false;
    e->own = page_style(p, tag, t, &e->css);
    e->kin = page_top(p)->kin | e->own;
    if (e->kind == KIND_ROOT) {
        struct element *root = &p->stack[0];
        css_lay(&root->css, &e->css);
        root->kin |= e->own;
        root->own |= e->own;
        root->look = css_apply(&CSS_LOOK, &root->css, css_box(&root->css, CSS_BLOCK));
        page_restyle(p, 0);
        page_update(p);
        read_meaning(p, tag, a, &e->css);
        return;
    }
    e->breaks = flags & TAG_BREAK;
    if (e->css.set & CSS_DISPLAY && e->css.display != CSS_NONE && e->css.display != CSS_CELL)
        e->breaks = e->css.display == CSS_BLOCK;
    enum css_display box = css_box(&e->css, (enum css_display)known[tag].box);
    e->box = (uint8_t)box;
    bool none = e->css.set & CSS_DISPLAY && e->css.display == CSS_NONE;
    if (e->breaks && !none) page_break(p);
    if (flags & (TAG_VOID | TAG_RAW)) { /* not pushed: what it shows comes from its attributes, or read_raw */
        struct css_look look = css_apply(page_look(p, p->depth - 1), &e->css, box);
        p->raw_shown = look.visible && !p->over_hidden;
        p->shown = !look.gone && !look.unseen && !p->over_hidden; /* pictures and buttons have colours of their own */
        read_meaning(p, tag, a, &e->css);
        page_update(p);
        return;
    }
    e->written = p->visible->n + p->hidden->n;
    if (p->depth < HTML_DEPTH_MAX) {
        page_push(p);
    } else {
        struct css_look look = css_apply(&page_top(p)->look, &e->css, box);
        p->over++;
        if (!p->over_hidden && !look.visible) p->over_hidden = p->over;
    }
    page_update(p);
    read_meaning(p, tag, a, &e->css);
}

static void end_tag(struct page *p, enum tag tag, span name)
{
    if (is_nonsense(tag, name)) page_joint(p);
    if (tag == TAG_BR || tag == TAG_P) page_break(p);
    if (tag_flags(tag) & (TAG_VOID | TAG_RAW)) return;
    if (p->over) {
        if (p->over_hidden == p->over) p->over_hidden = 0;
        p->over--;
        page_update(p);
        return;
    }
    size_t at = page_find(p, tag);
    if (!at || (tag == TAG_OTHER && p->stack[at].name != name_hash(name))) return;
    const struct element *e = &p->stack[at];
    bool empty = at == p->depth - 1 && e->kind <= KIND_FORMAT && tag != TAG_A && !e->breaks &&
                 (tag != TAG_OTHER || is_nonsense(tag, name)) && e->written == p->visible->n + p->hidden->n;
    bool hidden = e->kind <= KIND_FORMAT && !p->shown;
    if (e->kind == KIND_FORMAT && p->stack[p->depth - 1].wall[0] > at)
        page_forget(p, at);
    else
        page_close(p, at);
    if (empty || hidden) page_joint(p);
}

/* --- tokens ------------------------------------------------------------------------------------------------------- */

/* Are we among elements of SVG or MathML, where other rules hold? */
static bool in_foreign(const struct page *p)
{
    return page_foreign(p) > p->last[TAG_OBJECT] && page_foreign(p) > p->last[TAG_TEMPLATE];
}

/* What a tag inside of <svg> or <math> is to us: no raw text there; what is HTML's alone ends it; a title or a
 * description is a template, never shown; a foreignObject is an object, with HTML inside (HTML standard, 13.2.6.5). */
static enum tag foreign_tag(struct page *p, enum tag tag, span name, bool end)
{
    if (span_ieq(name, SPAN("foreignobject"))) return TAG_OBJECT;
    if (tag == TAG_TITLE || span_ieq(name, SPAN("desc"))) return TAG_TEMPLATE;
    if (!in_foreign(p)) return tag;
    unsigned flags = tag_flags(tag);
    bool html = flags & TAG_LEAVE;
    if (html && (!end || tag == TAG_P || tag == TAG_BR))
        while (in_foreign(p)) page_close(p, page_foreign(p) - 1u);
    if (html || tag == TAG_SVG || tag == TAG_MATH || tag == TAG_A) return tag;
    if (tag == TAG_SCRIPT && !end) note_script(p);
    return flags & TAG_RAW ? TAG_DATALIST : TAG_OTHER;
}

/* One piece of markup; in.p[at] is '<'. False, and nothing was read, when more of it is to come. */
static bool read_markup(struct page *p)
{
    enum { LONGEST_BEGIN = 9 }; /* "<![CDATA[" */
    span in = p->in;
    size_t i = p->at + 1;
    if (p->more && in.n - p->at < LONGEST_BEGIN) return false;
    uint8_t c = i < in.n ? in.p[i] : 0;
    bool end = c == '/';
    if (end) c = ++i < in.n ? in.p[i] : 0;
    if (ascii_alpha(c)) {
        struct page_tag *t = page_tag(p, i);
        if (!t && p->more) return false;
        p->at = t ? p->at + t->whole.n : in.n;
        if (!t) return true; /* what is no whole tag is not shown */
        enum tag tag = (enum tag)t->tag;
        if (page_foreign(p)) tag = foreign_tag(p, tag, t->name, end);
        if (end) {
            end_tag(p, tag, t->name);
        } else {
            start_tag(p, tag, t);
            if (tag_flags(tag) & TAG_RAW) page_begin_raw(p, tag, t->name, &t->a);
            if (t->a.closed && in_foreign(p)) end_tag(p, tag, t->name);
        }
    } else if (!end && c == '!' && span_istarts(span_from(in, i), SPAN("!--"))) {
        size_t behind = markup_comment_end(in, i + 3);
        if (behind == in.n && p->more) return false;
        p->at = behind;
        p->shape->comments++;
        page_office(p, span_of(in.p + i + 3, p->at - i - 3));
        page_joint(p);
    } else if (!end && in_foreign(p) && span_istarts(span_from(in, i), SPAN("![CDATA["))) {
        span text = span_from(in, i + 8);
        size_t stop = 0;
        while ((stop += span_find(span_from(text, stop), ']')) < text.n &&
               !span_istarts(span_from(text, stop), SPAN("]]>")))
            stop++;
        if (stop == text.n && p->more) return false;
        page_emit(p, span_head(text, stop));
        p->at = stop + 3 < text.n ? i + 8 + stop + 3 : in.n;
    } else if (c == '!' || c == '?' || (end && i < in.n)) { /* a comment to browsers, up to the next '>' */
        i += span_find(span_from(in, i), '>');
        if (i >= in.n && p->more) return false;
        p->at = i < in.n ? i + 1 : in.n;
        page_joint(p);
    } else {
        size_t n = 1; /* a '<' before another one is text as well */
        while (p->at + n + 1 < in.n && in.p[p->at + n] == '<' && in.p[p->at + n + 1] == '<') n++;
        page_emit(p, span_of(in.p + p->at, n));
        p->at += n;
    }
    return true;
}

/* Read on in p->in, as far as what stands there is whole. */
static void read_on(struct page *p)
{
    if (p->raw) page_raw(p);
    while (p->at < p->in.n && !p->raw) {
        if (p->in.p[p->at] != '<') p->at += page_words(p, span_from(p->in, p->at));
        if (p->at < p->in.n && p->in.p[p->at] == '&' && !p->more) {
            p->at += page_reference(p, span_from(p->in, p->at));
            continue;
        }
        span rest = span_from(p->in, p->at);
        if (rest.n && rest.p[0] == '<') {
            if (!read_markup(p)) break;
            if (p->raw) page_raw(p);
            continue;
        }
        size_t plain = span_find(rest, '<');
        if (p->more && plain == rest.n) plain = page_whole(rest);
        page_text(p, span_head(rest, plain));
        p->at += plain;
        if (plain == rest.n || rest.p[plain] != '<' || !read_markup(p)) break;
        if (p->raw) page_raw(p);
    }
}

static void begin(struct page *p, struct text *visible, struct text *hidden, struct text *other, struct url_list *urls,
                  struct html_shape *shape)
{
    p->in = SPAN_NONE;
    p->at = 0;
    p->more = p->lasts = false;
    p->visible = visible;
    p->hidden = hidden;
    p->other = other;
    p->urls = urls;
    p->shape = shape;
    p->odd = 0;
    p->stack[0] = (struct element){.look = CSS_LOOK, .kind = KIND_ROOT, .seen = true};
    p->depth = 1;
    memset(p->last, 0, sizeof p->last);
    p->over = p->over_hidden = 0;
    p->raw = TAG_OTHER;
    p->nul = false;
    p->row = p->cells = p->column = 0;
    p->column_at = p->column_end = 0;
    p->shown = true;
    p->styled = 0;
    page_forget_tags(p);
    p->links = 0;
    css_rules_init(&p->rules);
    p->joint = p->parted = p->in_link = false;
    p->joint_at = p->link_text = p->compared = p->based = p->wrapped = 0;
    p->early_count = p->turned = 0;
    p->free_text = visible->n;
    p->base = SPAN_NONE;
    text_break(visible);
    text_break(hidden);
}

static void end(struct page *p, uint64_t *odd)
{
    page_turn(p);
    page_end_link(p);
    url_find(p->urls, span_from(text_span(p->visible), p->free_text), URL_IN_TEXT);
    text_break(p->visible);
    text_break(p->hidden);
    text_break(p->other);
    if (p->rules.forgot) p->odd |= ODD(STYLE_LIMIT);
    *odd |= p->odd;
}

void html_read(span html, struct text *visible, struct text *hidden, struct text *other, struct url_list *urls,
               struct html_shape *shape, uint64_t *odd)
{
    struct page p;
    begin(&p, visible, hidden, other, urls, shape);
    p.in = html;
    p.lasts = true;
    p.nul = span_find(html, 0) < html.n;
    read_on(&p);
    end(&p, odd);
}

/* Markup that does not end: what there is of a comment for Outlook is read; then it is made short. */
static size_t shorten(struct page *p, uint8_t *room, size_t n)
{
    span in = span_of(room, n);
    if (span_starts(in, SPAN("<!--"))) page_office(p, span_from(in, 4));
    return squeeze(room, n);
}

void html_read_pieces(const struct html_pieces *in, struct text *visible, struct text *hidden, struct text *other,
                      struct url_list *urls, struct html_shape *shape, uint64_t *odd)
{
    struct page p;
    begin(&p, visible, hidden, other, urls, shape);
    p.more = true;
    for (size_t n = 0; p.more;) {
        span piece = in->next(in->from);
        p.more = piece.n > 0;
        if (piece.n) memcpy(in->room + n, piece.p, piece.n);
        p.in = span_of(in->room, n + piece.n);
        p.nul |= span_find(piece, 0) < piece.n;
        p.at = 0;
        read_on(&p);
        n = p.in.n - p.at;
        memmove(in->room, in->room + p.at, n);
        if (n > HTML_UNFINISHED_MAX) n = shorten(&p, in->room, n);
    }
    end(&p, odd);
}

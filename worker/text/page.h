/* SPDX-License-Identifier: Apache-2.0 */
/* page: one HTML document being read: the elements that are open and what is written of it. For html.c and its helpers.
 *
 * A bounded stack of open elements carries looks from parents to children; text goes to the visible or the hidden side
 * by the look on top. Source: HTML standard, 13.2.4 and 13.2.6. */
#ifndef FURUI_TEXT_PAGE_H
#define FURUI_TEXT_PAGE_H

#include "worker/text/css.h"
#include "worker/text/html.h"
#include "worker/text/markup.h"

enum { RAW_NAME_MAX = 12 };         /* bytes of a name of an element whose content is no markup */
enum { CELLS_MAX = 64 };            /* of one row that may hold letters */
enum { STYLES_MAX = 32 };           /* style attributes that are remembered */
enum { TAGS_MAX = 64 };             /* tags that are remembered */
enum { LINKS_MAX = 32 };            /* links that are remembered */
enum { TAG_FORGOTTEN = TAG_COUNT }; /* in the stack: ended, though not on top */

struct element {
    struct css css;           /* its own */
    struct css_look look;     /* with what it inherits */
    uint64_t kin, own;        /* bits of its names with those around it, and alone, for css_rules_find */
    uint64_t children, child; /* bits of its children until now, of the last one alone */
    uint32_t name;            /* hash of a name that we do not know */
    uint8_t tag, kind;        /* enum tag, enum tag_kind */
    uint8_t box;              /* enum css_display */
    bool breaks, has_child;
    bool seen;        /* can text in it be seen? */
    uint16_t below;   /* the next open element of the same tag, index + 1 */
    uint16_t wall[3]; /* the topmost element, up to this one, of at least KIND_BLOCK, KIND_CELL, KIND_TABLE */
    size_t written;   /* text written when it began */
};

/* What an element's tag says of its look, where nothing hangs on what is around it. */
struct page_look {
    bool known;
    uint64_t own; /* as element.own */
    struct css css;
};

/* A tag, taken apart. */
struct page_tag {
    span whole, name; /* from its '<' to its '>' */
    uint8_t tag;      /* enum tag */
    struct attrs a;
    struct page_look look;
};

struct page {
    span in;    /* what is being read of the document */
    size_t at;  /* how far it was */
    bool more;  /* more of the document follows behind it */
    bool lasts; /* it stays where it is until the document's end */
    struct text *visible, *hidden, *other;
    struct url_list *urls;
    struct html_shape *shape;
    uint64_t odd;

    struct element stack[HTML_DEPTH_MAX + 1]; /* the last place is for one that will not be pushed */
    size_t depth;
    uint16_t last[TAG_COUNT + 1]; /* the topmost open element of each tag, index + 1 */
    size_t over, over_hidden;     /* elements open beyond the stack; from which on text is hidden, or 0 */
    bool raw_shown;               /* can the content of the last raw element be seen? */
    uint8_t raw;                  /* enum tag of the raw element that is being read, or TAG_OTHER */
    uint8_t raw_name[RAW_NAME_MAX];
    size_t raw_name_n;
    bool raw_read; /* does its content say anything? */
    bool shown;    /* can text be seen here? */
    struct css_rules rules;

    /* Style attributes that were read: a document's are mostly the same few. By hash, a bit of `styled` for each. */
    struct style {
        span text; /* in the document, which `lasts` */
        struct css css;
    } style[STYLES_MAX];
    uint32_t styled;

    /* Tags with attributes, by hash, a bit of `tags` for each; the last place is for one that will not be known again. */
    struct page_tag tag[TAGS_MAX + 1];
    uint64_t tags;
    struct page_look bare[TAG_COUNT]; /* of tags without attributes; a bit of `bares` for each */
    uint64_t bares[(TAG_COUNT + 63) / 64];

    bool nul; /* there are NULs in the document; browsers drop them */

    /* Letters that stand alone in cells, to be joined as the eye reads them. */
    uint16_t row;                 /* the open row whose cells are noted, or 0 */
    uint16_t cells;               /* how many */
    size_t cell[CELLS_MAX];       /* visible text where each begins */
    uint16_t column;              /* rows in a row that hold one letter each */
    size_t column_at, column_end; /* of visible text: from the first of these letters, to the last */

    size_t turned, turned_at; /* the element whose text is shown backwards, index + 1, or 0; of visible text */

    bool joint;      /* markup that shows nothing stands behind the last letter */
    size_t joint_at; /* of visible text */
    bool parted;     /* visible text stands between the last hidden text and here */

    /* Links that were kept, as they are written, a bit of `links` for each. */
    struct link {
        span value; /* in the document, which `lasts` */
        struct url *kept;
    } known_link[LINKS_MAX];
    uint32_t links;

    bool in_link; /* inside <a href> of a web link */
    struct url link;
    struct url *link_kept;  /* its entry, or NULL when there was no room */
    uint32_t link_pictures; /* met before it */
    struct url_room link_room;
    size_t link_text, free_text;       /* where its text begins; where text outside of links begins */
    unsigned compared, based, wrapped; /* how often, against the limits */
    uint8_t base_bytes[URL_BYTES_MAX];
    span base;
    size_t early_count;
    struct early { /* relative links before a base */
        span value;
        enum url_place place;
    } early[HTML_EARLY_MAX];
};

enum { PAGE_MARK_LEAST = 8 };

/* A number of at least PAGE_MARK_LEAST bytes by how many there are, the first, the last and those in the middle, where
 * most differ. */
static inline size_t page_mark(span s)
{
    uint64_t first, middle, last;
    memcpy(&first, s.p, sizeof first);
    memcpy(&middle, s.p + (s.n - sizeof middle) / 2, sizeof middle);
    memcpy(&last, s.p + s.n - sizeof last, sizeof last);
    uint64_t h = (first ^ s.n) * UINT64_C(0x9E3779B97F4A7C15) ^ middle * UINT64_C(0xD6E8FEB86659FD93);
    h = (h ^ h >> 32 ^ last) * UINT64_C(0x9E3779B97F4A7C15);
    return (size_t)(h >> 32);
}

static inline struct element *page_top(struct page *p)
{
    return &p->stack[p->depth - 1];
}

/* Where the next element is built that is to come on top: elements are large, and nobody copies them. */
static inline struct element *page_next(struct page *p)
{
    return &p->stack[p->depth];
}

/* --- text (page.c) --- */

/* Write text without markup or references, to the side that the look on top says. */
void page_emit(struct page *p, span run);

/* page_emit of white space, as text_space. */
void page_space(struct page *p, unsigned lines);

/* Write the words that `s` begins with (not with a '<'), where that is seen and plain enough; bytes read, or 0. */
size_t page_words(struct page *p, span s);

/* Write what a '&' begins that s begins with: a character reference, or itself; bytes read. */
size_t page_reference(struct page *p, span s);

/* Write text, character references decoded. */
void page_text(struct page *p, span s);

/* Write the text of an attribute, parted by spaces from what stands around it. */
void page_value(struct page *p, span value);

/* End a line, of visible text too where the element on top takes room. */
void page_break(struct page *p);

/* Note that something invisible stands here; a word that goes on behind it was split. */
void page_joint(struct page *p);

/* Text whose letters are shown from right to left ends here: turn it, so that it reads as it is seen. */
void page_turn(struct page *p);

/* --- tags (page_tag.c) --- */

/* page_tag of one with attributes, perhaps. */
struct page_tag *page_tag_more(struct page *p, size_t name_at);

/* Take the tag apart that begins at p->at, its name at `name_at`; valid until the next call. NULL when it does not end
 * in p->in. */
static inline struct page_tag *page_tag(struct page *p, size_t name_at)
{
    size_t n;
    enum tag bare = tag_bare(span_from(p->in, name_at), &n);
    if (!bare) return page_tag_more(p, name_at);
    struct page_tag *t = &p->tag[TAGS_MAX];
    t->name = span_of(p->in.p + name_at, n);
    t->whole = span_of(p->in.p + p->at, name_at + n + 1 - p->at);
    t->tag = (uint8_t)bare;
    t->a.closed = false;
    t->a.have = t->a.asked = 0;
    return t;
}

/* Style sheets say more than they did when tags were taken apart. */
void page_forget_tags(struct page *p);

/* --- style (page_style.c) --- */

/* The topmost of <svg> and <math>, index + 1, or 0. */
static inline uint16_t page_foreign(const struct page *p)
{
    return p->last[TAG_SVG] > p->last[TAG_MATH] ? p->last[TAG_SVG] : p->last[TAG_MATH];
}

/* What the tag of a new element in the one on top says of its look, by its attributes and by style sheets. Returns its
 * own bits. */
uint64_t page_style(struct page *p, enum tag tag, struct page_tag *t, struct css *css);

/* --- raw text (page_raw.c) --- */

/* Bytes of text, at the end of what is there of it, that are whole: none of a character reference that may go on. */
size_t page_whole(span text);

/* An element whose content holds no markup begins at p->at; its content is page_raw's to read. */
void page_begin_raw(struct page *p, enum tag tag, span name, const struct attrs *a);

/* Read its content, as far as there is any; p->raw is TAG_OTHER behind its end. */
void page_raw(struct page *p);

/* --- letters in cells (page_cells.c) --- */

/* A row or a cell begins; a row ends. */
void page_begin_row(struct page *p, size_t at);
void page_begin_cell(struct page *p);
void page_end_row(struct page *p);

/* --- links (page_link.c) --- */

/* Decode an attribute that holds a link, as far as it fits into buf when it has to go there. Blanks before a link, and
 * tabs and line ends within, are no part of it (WHATWG URL, 4.4): they push no host out of reach. */
span page_link_value(span value, uint8_t buf[HTML_VALUE_MAX]);

/* Keep the link of an attribute. Is it a web link? Then `out`, unless NULL, is it in parts, in p->link_room. */
bool page_link(struct page *p, span value, enum url_place place, struct url *out);

/* The document's base: the first one counts, for relative links before it, too. */
void page_base(struct page *p, span value);

/* Keep the links of a srcset attribute. */
void page_srcset(struct page *p, span value);

/* Keep the links of a style sheet or a style attribute. Are there any? */
bool page_css_links(struct page *p, span css);

/* Add what a style sheet shows (content: "text") to the other side. */
void page_css_texts(struct page *p, span css);

/* <a href> begins and ends; what it shows is compared with where it leads. Ending none is fine. */
void page_begin_link(struct page *p, span href);
void page_end_link(struct page *p);

/* --- comments for Outlook (page_office.c) --- */

/* Read a comment: of what Outlook shows the text goes to the other side, and links are kept. O(comment.n). */
void page_office(struct page *p, span comment);

/* --- open elements (page.c) --- */

/* The look that goes on inside of element `at`. */
const struct css_look *page_look(const struct page *p, size_t at);

/* Set p->shown by the look on top. */
static inline void page_update(struct page *p)
{
    p->shown = page_top(p)->seen && !p->over_hidden;
}

/* Is there an open element of that tag which nothing of a higher kind walls off? Its index, or 0. */
size_t page_find(const struct page *p, enum tag tag);

/* Put the element of page_next on top; there must be room. Its css, kin, own, tag, kind, box, breaks, name and written
 * are set; children, child and has_child are 0. */
void page_push(struct page *p);

/* Close the element at `at` and all above it. Formatting that stood in a block goes on behind it. */
void page_close(struct page *p, size_t at);

/* End a formatting element with blocks open inside: they go on without it. */
void page_forget(struct page *p, size_t at);

/* Work out the looks from `at` upwards anew; when these are many they stay as they are. */
void page_restyle(struct page *p, size_t at);

/* Start tags that end what is open: a paragraph, an item, a cell. Is one of that kind? */
void page_imply(struct page *p, enum tag tag);
bool page_implies(enum tag tag);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* tag: the elements and attributes of HTML that matter to a reader of mail.
 *
 * What an element does is in its kind and its flags, so that html.c names few of them. Source: HTML standard, sections
 * 13.2.4 (special and formatting elements), 13.2.6, 15.3 (rendering). */
#ifndef FURUI_TEXT_TAG_H
#define FURUI_TEXT_TAG_H

#include "proto/base/span.h"

#include <endian.h>

/* How far up an end tag of it looks for its element: a lower kind never closes one of a higher kind. */
enum tag_kind {
    KIND_PHRASE, /* within a line */
    KIND_FORMAT, /* within a line, and stays open when a block around it is closed */
    KIND_BLOCK,
    KIND_CELL,  /* td, th, caption, tr and their like: nothing inside ends outside */
    KIND_TABLE, /* table */
    KIND_ROOT,
};

enum {
    TAG_VOID = 1,    /* has no content and no end tag */
    TAG_BREAK = 2,   /* stands on lines of its own */
    TAG_RAW = 4,     /* its content is not markup, up to its end tag */
    TAG_ENTITY = 8,  /* raw but for character references */
    TAG_HIDE = 16,   /* its content is not shown */
    TAG_END_P = 32,  /* its start ends an open p */
    TAG_PART = 64,   /* of a table, and nothing outside of one */
    TAG_LEAVE = 128, /* its start ends <svg> and <math> around it */
};

#define TAG_LIST(X)                                                     \
    X(A, a, FORMAT, 0)                                                  \
    X(ABBR, abbr, PHRASE, 0)                                            \
    X(ACRONYM, acronym, PHRASE, 0)                                      \
    X(ADDRESS, address, BLOCK, TAG_BREAK | TAG_END_P)                   \
    X(AREA, area, PHRASE, TAG_VOID)                                     \
    X(ARTICLE, article, BLOCK, TAG_BREAK | TAG_END_P)                   \
    X(ASIDE, aside, BLOCK, TAG_BREAK | TAG_END_P)                       \
    X(AUDIO, audio, PHRASE, 0)                                          \
    X(B, b, FORMAT, TAG_LEAVE)                                          \
    X(BASE, base, PHRASE, TAG_VOID)                                     \
    X(BASEFONT, basefont, PHRASE, TAG_VOID)                             \
    X(BDI, bdi, PHRASE, 0)                                              \
    X(BDO, bdo, PHRASE, 0)                                              \
    X(BGSOUND, bgsound, PHRASE, TAG_VOID)                               \
    X(BIG, big, FORMAT, TAG_LEAVE)                                      \
    X(BLINK, blink, PHRASE, 0)                                          \
    X(BLOCKQUOTE, blockquote, BLOCK, TAG_BREAK | TAG_END_P | TAG_LEAVE) \
    X(BODY, body, ROOT, TAG_LEAVE)                                      \
    X(BR, br, PHRASE, TAG_VOID | TAG_BREAK | TAG_LEAVE)                 \
    X(BUTTON, button, CELL, 0)                                          \
    X(CANVAS, canvas, PHRASE, 0)                                        \
    X(CAPTION, caption, CELL, TAG_BREAK | TAG_PART)                     \
    X(CENTER, center, BLOCK, TAG_BREAK | TAG_END_P | TAG_LEAVE)         \
    X(CITE, cite, PHRASE, 0)                                            \
    X(CODE, code, FORMAT, TAG_LEAVE)                                    \
    X(COL, col, PHRASE, TAG_VOID)                                       \
    X(COLGROUP, colgroup, PHRASE, 0)                                    \
    X(DATALIST, datalist, PHRASE, TAG_HIDE)                             \
    X(DD, dd, BLOCK, TAG_BREAK | TAG_END_P | TAG_LEAVE)                 \
    X(DEL, del, PHRASE, 0)                                              \
    X(DETAILS, details, BLOCK, TAG_BREAK | TAG_END_P)                   \
    X(DFN, dfn, PHRASE, 0)                                              \
    X(DIALOG, dialog, BLOCK, TAG_BREAK | TAG_END_P)                     \
    X(DIR, dir, BLOCK, TAG_BREAK | TAG_END_P)                           \
    X(DIV, div, BLOCK, TAG_BREAK | TAG_END_P | TAG_LEAVE)               \
    X(DL, dl, BLOCK, TAG_BREAK | TAG_END_P | TAG_LEAVE)                 \
    X(DT, dt, BLOCK, TAG_BREAK | TAG_END_P | TAG_LEAVE)                 \
    X(EM, em, FORMAT, TAG_LEAVE)                                        \
    X(EMBED, embed, PHRASE, TAG_VOID | TAG_LEAVE)                       \
    X(FIELDSET, fieldset, BLOCK, TAG_BREAK | TAG_END_P)                 \
    X(FIGCAPTION, figcaption, BLOCK, TAG_BREAK | TAG_END_P)             \
    X(FIGURE, figure, BLOCK, TAG_BREAK | TAG_END_P)                     \
    X(FONT, font, FORMAT, TAG_LEAVE)                                    \
    X(FOOTER, footer, BLOCK, TAG_BREAK | TAG_END_P)                     \
    X(FORM, form, BLOCK, TAG_BREAK | TAG_END_P)                         \
    X(FRAME, frame, PHRASE, TAG_VOID)                                   \
    X(FRAMESET, frameset, BLOCK, TAG_BREAK)                             \
    X(H1, h1, BLOCK, TAG_BREAK | TAG_END_P | TAG_LEAVE)                 \
    X(H2, h2, BLOCK, TAG_BREAK | TAG_END_P | TAG_LEAVE)                 \
    X(H3, h3, BLOCK, TAG_BREAK | TAG_END_P | TAG_LEAVE)                 \
    X(H4, h4, BLOCK, TAG_BREAK | TAG_END_P | TAG_LEAVE)                 \
    X(H5, h5, BLOCK, TAG_BREAK | TAG_END_P | TAG_LEAVE)                 \
    X(H6, h6, BLOCK, TAG_BREAK | TAG_END_P | TAG_LEAVE)                 \
    X(HEAD, head, ROOT, TAG_LEAVE)                                      \
    X(HEADER, header, BLOCK, TAG_BREAK | TAG_END_P)                     \
    X(HGROUP, hgroup, BLOCK, TAG_BREAK | TAG_END_P)                     \
    X(HR, hr, PHRASE, TAG_VOID | TAG_BREAK | TAG_END_P | TAG_LEAVE)     \
    X(HTML, html, ROOT, 0)                                              \
    X(I, i, FORMAT, TAG_LEAVE)                                          \
    X(IFRAME, iframe, PHRASE, TAG_RAW | TAG_HIDE)                       \
    X(IMAGE, image, PHRASE, TAG_VOID)                                   \
    X(IMG, img, PHRASE, TAG_VOID | TAG_LEAVE)                           \
    X(INPUT, input, PHRASE, TAG_VOID)                                   \
    X(INS, ins, PHRASE, 0)                                              \
    X(KBD, kbd, PHRASE, 0)                                              \
    X(KEYGEN, keygen, PHRASE, TAG_VOID)                                 \
    X(LABEL, label, PHRASE, 0)                                          \
    X(LEGEND, legend, PHRASE, TAG_BREAK)                                \
    X(LI, li, BLOCK, TAG_BREAK | TAG_END_P | TAG_LEAVE)                 \
    X(LINK, link, PHRASE, TAG_VOID)                                     \
    X(MAIN, main, BLOCK, TAG_BREAK | TAG_END_P)                         \
    X(MAP, map, PHRASE, 0)                                              \
    X(MARK, mark, PHRASE, 0)                                            \
    X(MARQUEE, marquee, CELL, TAG_BREAK)                                \
    X(MATH, math, PHRASE, 0)                                            \
    X(MENU, menu, BLOCK, TAG_BREAK | TAG_END_P | TAG_LEAVE)             \
    X(META, meta, PHRASE, TAG_VOID | TAG_LEAVE)                         \
    X(NAV, nav, BLOCK, TAG_BREAK | TAG_END_P)                           \
    X(NOBR, nobr, FORMAT, TAG_LEAVE)                                    \
    X(NOEMBED, noembed, PHRASE, TAG_RAW | TAG_HIDE)                     \
    X(NOFRAMES, noframes, PHRASE, TAG_RAW | TAG_HIDE)                   \
    X(NOSCRIPT, noscript, PHRASE, 0)                                    \
    X(OBJECT, object, CELL, 0)                                          \
    X(OL, ol, BLOCK, TAG_BREAK | TAG_END_P | TAG_LEAVE)                 \
    X(OPTGROUP, optgroup, PHRASE, TAG_BREAK)                            \
    X(OPTION, option, PHRASE, TAG_BREAK)                                \
    X(P, p, BLOCK, TAG_BREAK | TAG_END_P | TAG_LEAVE)                   \
    X(PARAM, param, PHRASE, TAG_VOID)                                   \
    X(PICTURE, picture, PHRASE, 0)                                      \
    X(PLAINTEXT, plaintext, BLOCK, TAG_BREAK | TAG_RAW | TAG_END_P)     \
    X(PRE, pre, BLOCK, TAG_BREAK | TAG_END_P | TAG_LEAVE)               \
    X(Q, q, PHRASE, 0)                                                  \
    X(RP, rp, PHRASE, 0)                                                \
    X(RT, rt, PHRASE, 0)                                                \
    X(RUBY, ruby, PHRASE, TAG_LEAVE)                                    \
    X(S, s, FORMAT, TAG_LEAVE)                                          \
    X(SAMP, samp, PHRASE, 0)                                            \
    X(SCRIPT, script, PHRASE, TAG_RAW)                                  \
    X(SECTION, section, BLOCK, TAG_BREAK | TAG_END_P)                   \
    X(SELECT, select, PHRASE, 0)                                        \
    X(SMALL, small, FORMAT, TAG_LEAVE)                                  \
    X(SOURCE, source, PHRASE, TAG_VOID)                                 \
    X(SPAN, span, PHRASE, TAG_LEAVE)                                    \
    X(STRIKE, strike, FORMAT, TAG_LEAVE)                                \
    X(STRONG, strong, FORMAT, TAG_LEAVE)                                \
    X(STYLE, style, PHRASE, TAG_RAW)                                    \
    X(SUB, sub, PHRASE, TAG_LEAVE)                                      \
    X(SUMMARY, summary, BLOCK, TAG_BREAK | TAG_END_P)                   \
    X(SUP, sup, PHRASE, TAG_LEAVE)                                      \
    X(SVG, svg, PHRASE, 0)                                              \
    X(TABLE, table, TABLE, TAG_BREAK | TAG_LEAVE)                       \
    X(TBODY, tbody, CELL, TAG_BREAK | TAG_PART)                         \
    X(TD, td, CELL, TAG_PART)                                           \
    X(TEMPLATE, template, CELL, TAG_HIDE)                               \
    X(TEXTAREA, textarea, PHRASE, TAG_RAW | TAG_ENTITY)                 \
    X(TFOOT, tfoot, CELL, TAG_BREAK | TAG_PART)                         \
    X(TH, th, CELL, TAG_PART)                                           \
    X(THEAD, thead, CELL, TAG_BREAK | TAG_PART)                         \
    X(TIME, time, PHRASE, 0)                                            \
    X(TITLE, title, PHRASE, TAG_RAW | TAG_ENTITY | TAG_HIDE)            \
    X(TR, tr, CELL, TAG_BREAK | TAG_PART)                               \
    X(TRACK, track, PHRASE, TAG_VOID)                                   \
    X(TT, tt, FORMAT, TAG_LEAVE)                                        \
    X(U, u, FORMAT, TAG_LEAVE)                                          \
    X(UL, ul, BLOCK, TAG_BREAK | TAG_END_P | TAG_LEAVE)                 \
    X(VAR, var, PHRASE, TAG_LEAVE)                                      \
    X(VIDEO, video, PHRASE, 0)                                          \
    X(WBR, wbr, PHRASE, TAG_VOID)                                       \
    X(XMP, xmp, BLOCK, TAG_BREAK | TAG_RAW | TAG_END_P)

enum tag {
    TAG_OTHER, /* none of these */
#define X(id, name, kind, flags) TAG_##id,
    TAG_LIST(X)
#undef X
        TAG_COUNT
};

/* Attributes that are read. */
#define ATTR_LIST(X)              \
    X(ACTION, "action")           \
    X(ALT, "alt")                 \
    X(BACKGROUND, "background")   \
    X(BGCOLOR, "bgcolor")         \
    X(CLASS, "class")             \
    X(COLOR, "color")             \
    X(CONTENT, "content")         \
    X(DATA, "data")               \
    X(DIR, "dir")                 \
    X(FORMACTION, "formaction")   \
    X(HEIGHT, "height")           \
    X(HIDDEN, "hidden")           \
    X(HREF, "href")               \
    X(HTTP_EQUIV, "http-equiv")   \
    X(ID, "id")                   \
    X(MEDIA, "media")             \
    X(OPEN, "open")               \
    X(PLACEHOLDER, "placeholder") \
    X(POSTER, "poster")           \
    X(SIZE, "size")               \
    X(SRC, "src")                 \
    X(SRCSET, "srcset")           \
    X(STYLE, "style")             \
    X(TEXT, "text")               \
    X(TYPE, "type")               \
    X(VALUE, "value")             \
    X(WIDTH, "width")             \
    X(XLINK_HREF, "xlink:href")

enum attr {
#define X(id, name) ATTR_##id,
    ATTR_LIST(X)
#undef X
        ATTR_COUNT /* none of these */
};

/* Names in any case. O(1). */
enum tag tag_by_name(span name);
enum attr attr_by_name(span name);

/* Names of at most seven bytes, with the '>' behind them, little endian, by hash. */
enum { TAG_SLOTS = 512 };
extern struct tag_bares {
    uint64_t key[TAG_SLOTS];
    uint8_t tag[TAG_SLOTS]; /* enum tag; 0: free */
} tag_bares;

static inline size_t tag_bare_slot(uint64_t key)
{
    return (size_t)(key * UINT64_C(0x9E3779B97F4A7C15) >> 55);
}

/* The tag of which s begins with the name and then a '>', *name_bytes_out of it; TAG_OTHER for what is longer, or not
 * so. Most tags are such. O(1). */
static inline enum tag tag_bare(span s, size_t *name_bytes_out)
{
    static const uint64_t ONES = UINT64_C(0x0101010101010101), HIGH = UINT64_C(0x8080808080808080);
    uint64_t key;
    if (s.n < sizeof key) return TAG_OTHER;
    memcpy(&key, s.p, sizeof key);
    key = le64toh(key);
    uint64_t gap = key ^ ONES * '>', ends = (gap - ONES) & ~gap & HIGH, first = ends & -ends; /* right for the first */
    if (!first) return TAG_OTHER;
    *name_bytes_out = (size_t)__builtin_ctzll(first) / 8;
    key = ascii_lower8(key & (first | (first - 1)));
    for (size_t at = tag_bare_slot(key); tag_bares.tag[at]; at = (at + 1) % TAG_SLOTS)
        if (tag_bares.key[at] == key) return (enum tag)tag_bares.tag[at];
    return TAG_OTHER;
}

/* The name of one that is not TAG_OTHER, static. */
const char *tag_name(enum tag tag);

extern const uint8_t TAG_KINDS[], TAG_FLAGS[]; /* [TAG_COUNT] */

static inline enum tag_kind tag_kind(enum tag t)
{
    return (enum tag_kind)TAG_KINDS[t];
}

static inline unsigned tag_flags(enum tag t)
{
    return TAG_FLAGS[t];
}

#endif

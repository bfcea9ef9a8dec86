/* SPDX-License-Identifier: Apache-2.0 */
/* html: from tags to what the reader sees, in one pass (the HTML standard's tokeniser states, much simplified).
 *
 * Visible and hidden text are kept apart: white on white, zero size, display:none and the like are how spam feeds
 * filters with words that nobody reads. */
#ifndef FURUI_TEXT_HTML_H
#define FURUI_TEXT_HTML_H

#include "proto/base/span.h"
#include "worker/text/text.h"
#include "worker/text/url.h"

enum {
    HTML_DEPTH_MAX = 256,          /* open elements whose style is remembered; beyond, only whether text is hidden */
    HTML_VALUE_MAX = 1 << 14,      /* bytes of an attribute with character references that are read */
    HTML_ALT_MAX = 1 << 10,        /* bytes of an image's or a button's text that are read */
    HTML_COMPARED_MAX = 1000,      /* links whose shown text is compared with where they lead */
    HTML_BASED_MAX = 1000,         /* relative links that are looked at when there is a base */
    HTML_EARLY_MAX = 64,           /* ... of those before it */
    HTML_WRAPPED_MAX = 256,        /* links of other schemes in which links are looked for */
    HTML_PIECE_MAX = 3 << 17,      /* bytes of a document that are handed out at once (html_read_pieces) */
    HTML_UNFINISHED_MAX = 1 << 16, /* ... of these, bytes of one tag or comment that goes on in the next piece */
};

struct html_shape {
    uint32_t tags, links, images, forms, scripts, comments, tables, fonts, styles, pixels;
    uint32_t alt_bytes; /* of visible text that stand for pictures */
};

/* Read one HTML document.
 *
 *   html      UTF-8 (repaired before); lent
 *   visible   appended to; blocks end with a break. An image's alt text counts as visible: most clients show it until
 *             the reader asks for pictures
 *   hidden    text that a reader does not see, and the title, which no client shows
 *   other     text that some readers see: that of comments which Outlook alone reads
 *   urls      href, src, srcset, action, background and the like, <base href> applied, and links in visible text; where
 *             its `from` says who sends the mail, links by way of the sender are no mismatch
 *   shape     counts are added to; `pixels` are images of at most 2 by 2, and those whose own style hides them
 *   odd       ODD bits are added: HIDDEN_TEXT (not for a title), SPLIT_WORD, URL_MISMATCH, HTML_SCRIPT, HTML_FORM,
 *             STYLE_LIMIT
 *
 * Cannot fail. O(html.n) whatever the input; no recursion; under 200 KB of stack. */
void html_read(span html, struct text *visible, struct text *hidden, struct text *other, struct url_list *urls,
               struct html_shape *shape, uint64_t *odd);

/* A document that is larger than what is kept of it. */
struct html_pieces {
    span (*next)(void *from); /* the next of at most HTML_PIECE_MAX bytes, whole characters, lent until the next call;
                               * empty at the end */
    void *from;
    uint8_t *room; /* HTML_PIECE_MAX + HTML_UNFINISHED_MAX bytes */
};

/* Read one that comes in pieces, as html_read; what is not seen (comments, scripts, attributes that nobody reads) takes
 * no room, so it pushes nothing out. Style sheets of which one block is over HTML_UNFINISHED_MAX are left out from
 * there on (STYLE_LIMIT). Time and stack as html_read. */
void html_read_pieces(const struct html_pieces *in, struct text *visible, struct text *hidden, struct text *other,
                      struct url_list *urls, struct html_shape *shape, uint64_t *odd);

#endif

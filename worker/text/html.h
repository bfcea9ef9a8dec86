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
    HTML_DEPTH_MAX = 64,    /* open elements whose style is remembered */
    HTML_TAG_MAX = 1 << 14, /* bytes of one tag that are read; a longer one is skipped to its '>' */
};

struct html_shape {
    uint32_t tags, links, images, forms, scripts, comments, tables, fonts, styles;
};

/* Read one HTML document.
 *
 *   html      UTF-8 (repaired before); lent
 *   visible   appended to; blocks end with a break
 *   hidden    text that a reader does not see
 *   urls      href, src, action and background, <base href> applied, and links in visible text
 *   shape     counts are added to
 *   odd       ODD bits are added: HIDDEN_TEXT, SPLIT_WORD, URL_MISMATCH, HTML_SCRIPT, HTML_FORM
 *
 * Cannot fail. O(html.n) whatever the input; no recursion. Entities: numeric, and the named ones of HTML 4. */
void html_read(span html, struct text *visible, struct text *hidden, struct url_list *urls, struct html_shape *shape,
               uint64_t *odd);

#endif

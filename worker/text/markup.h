/* SPDX-License-Identifier: Apache-2.0 */
/* markup: where names, attributes, comments and raw text of HTML end.
 *
 * As the tokeniser of browsers sees it, so that nobody hides a link in a quote that we read otherwise. Source: HTML
 * standard, 13.2.5. */
#ifndef FURUI_TEXT_MARKUP_H
#define FURUI_TEXT_MARKUP_H

#include "worker/text/css.h"
#include "worker/text/tag.h"

struct attrs {
    uint32_t have;      /* bits of enum attr */
    uint16_t asked;     /* those that style sheets ask for (css_rules_asked) */
    bool closed;        /* "/>" */
    span v[ATTR_COUNT]; /* where `have` says so */
};

static inline bool has_attr(const struct attrs *a, enum attr id)
{
    return a->have >> id & 1;
}

static inline span attr(const struct attrs *a, enum attr id)
{
    return has_attr(a, id) ? a->v[id] : SPAN_NONE;
}

/* The name of the tag that begins at i, behind '<' or "</". */
span markup_name(span in, size_t i);

/* markup_attrs where there are some, perhaps. */
size_t markup_attrs_more(span in, size_t i, const struct css_rules *r, struct attrs *a);

/* Read attributes up to the tag's '>', and which of them rules ask for (r may be NULL); the byte behind it, or 0 when
 * the document ends inside of the tag. */
static inline size_t markup_attrs(span in, size_t i, const struct css_rules *r, struct attrs *a)
{
    if (i == in.n || in.p[i] != '>') return markup_attrs_more(in, i, r, a);
    a->have = a->asked = 0; /* most have none */
    a->closed = false;
    return i + 1;
}

/* The end of a comment whose text begins at i: behind its "-->" or "--!>", or the end of the document. */
size_t markup_comment_end(span in, size_t i);

/* Where "</name" stands that ends raw text, or the end of the document. */
size_t markup_raw_end(span in, size_t i, span name);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* page_office: comments that Outlook alone reads ("<!--[if mso]> ... <![endif]-->").
 *
 * Half of what stands in them are the begins and ends of tables that all others do not need, so no element is opened
 * here: text goes to the other side, links are kept. Source: Microsoft, "About conditional comments"
 * (downlevel-hidden); Word and Outlook 2007 to 2019 know them still. */
#include "worker/text/page.h"

#include "worker/text/odd.h"

/* Does "gte mso 9", "(mso)|(IE)" hold for Outlook? One of its names, not denied, is enough. */
static bool is_outlook(span condition)
{
    uint8_t before = 0; /* what stands before a name, brackets and blanks aside */
    for (size_t i = 0; i < condition.n; i++) {
        uint8_t c = condition.p[i];
        if (!ascii_alnum(c)) {
            if (c != '(' && !ascii_space(c)) before = c;
            continue;
        }
        size_t from = i;
        while (i + 1 < condition.n && ascii_alnum(condition.p[i + 1])) i++;
        span name = span_of(condition.p + from, i + 1 - from);
        bool known = span_istarts(name, SPAN("mso")) || span_ieq(name, SPAN("vml")) || span_ieq(name, SPAN("ie")) ||
                     span_ieq(name, SPAN("true"));
        if (known && before != '!') return true;
        before = c;
    }
    return false;
}

/* Behind the element whose content begins at i, when nothing in it is shown. */
static size_t skip_content(span in, size_t i, enum tag tag, span name)
{
    bool data = span_ieq(name, SPAN("xml")) || tag == TAG_STYLE || tag == TAG_SCRIPT || tag == TAG_TITLE;
    return data ? markup_raw_end(in, i, name) : i;
}

static void read_links(struct page *p, enum tag tag, const struct attrs *a)
{
    if (has_attr(a, ATTR_HREF)) page_link(p, attr(a, ATTR_HREF), tag == TAG_LINK ? URL_IN_SRC : URL_IN_HREF, NULL);
    if (has_attr(a, ATTR_ACTION)) page_link(p, attr(a, ATTR_ACTION), URL_IN_FORM, NULL);
    if (has_attr(a, ATTR_SRC)) page_link(p, attr(a, ATTR_SRC), URL_IN_SRC, NULL);
    if (has_attr(a, ATTR_BACKGROUND)) page_link(p, attr(a, ATTR_BACKGROUND), URL_IN_SRC, NULL);
    if (tag == TAG_IMG && attr(a, ATTR_ALT).n) page_value(p, attr(a, ATTR_ALT));
}

/* One piece of markup at i; returns the byte behind it. */
static size_t read_markup(struct page *p, span in, size_t i)
{
    bool end = i + 1 < in.n && in.p[i + 1] == '/';
    uint8_t first = i + 1 + end < in.n ? in.p[i + 1 + end] : 0;
    if (!ascii_alpha(first)) {
        if (first == '!' || first == '?' || end) return i + span_find(span_from(in, i), '>') + 1;
        page_emit(p, SPAN("<"));
        return i + 1;
    }
    span name = markup_name(in, i + 1 + end);
    struct attrs a;
    size_t behind = markup_attrs(in, i + 1 + end + name.n, NULL, &a);
    if (!behind) return in.n;
    enum tag tag = tag_by_name(name);
    if (tag_flags(tag) & TAG_BREAK) text_break(p->visible);
    if (tag == TAG_TD || tag == TAG_TH) page_space(p, 0);
    if (end) return behind;
    read_links(p, tag, &a);
    return a.closed ? behind : skip_content(in, behind, tag, name);
}

void page_office(struct page *p, span comment)
{
    static const span IF = SPAN("[if");
    static const span END = SPAN("-->");
    if (span_ends(comment, END)) comment.n -= END.n;
    comment = span_trim(comment);
    if (!span_istarts(comment, IF)) return;
    span condition = span_from(comment, IF.n);
    condition = span_head(condition, span_find(condition, ']'));
    if (!is_outlook(condition)) return;
    span in = span_from(comment, IF.n + condition.n);
    in = span_from(in, span_find(in, '>') + 1);

    struct text *visible = p->visible;
    bool shown = p->shown, joint = p->joint, parted = p->parted;
    uint64_t odd = p->odd;
    p->visible = p->other; /* where text that is shown goes */
    p->shown = true;
    p->joint = false;
    text_break(p->visible);
    size_t begin = p->visible->n;
    for (size_t i = 0; i < in.n;) {
        size_t plain = span_find(span_from(in, i), '<');
        page_text(p, span_of(in.p + i, plain));
        i += plain;
        if (i < in.n) i = read_markup(p, in, i);
    }
    url_find(p->urls, span_from(text_span(p->visible), begin), URL_IN_TEXT);
    p->visible = visible;
    p->shown = shown;
    p->joint = joint;
    p->parted = parted;
    p->odd = odd | (p->odd & ~ODD(SPLIT_WORD));
}

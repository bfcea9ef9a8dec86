/* SPDX-License-Identifier: Apache-2.0 */
/* page_raw: elements whose content is no markup: style sheets, titles, what is typed into a form.
 *
 * Their content may come in pieces: what could be the beginning of their end tag, or of a character reference, waits
 * for the next. Source: HTML standard, 13.2.5.2 to 13.2.5.5. */
#include "worker/text/page.h"

enum { REFERENCE_MAX = 40 }; /* bytes of a character reference at the most, and more */

size_t page_whole(span text)
{
    size_t low = text.n > REFERENCE_MAX ? text.n - REFERENCE_MAX : 0;
    for (size_t i = text.n; i-- > low;)
        if (text.p[i] == '&') return i;
    return text.n;
}

/* Bytes of content, of which more follows, that can be read by now. */
static size_t readable(const struct page *p, span content)
{
    size_t tail = p->raw_name_n + 2; /* "</name" */
    if (p->raw == TAG_STYLE && p->raw_read) {
        size_t depth = 0, rules = 0;
        for (size_t i = 0; (i = css_find(content, i, CSS_OPEN | CSS_CLOSE)) < content.n; i++) {
            if (content.p[i] == '{')
                depth++;
            else if (depth && --depth == 0) /* a '}' too many belongs to the rule behind it */
                rules = i + 1;
        }
        return rules;
    }
    if (content.n < tail) return 0;
    size_t n = page_whole(span_head(content, content.n - tail));
    while (n && (content.p[n] & 0xC0) == 0x80) n--;
    return n;
}

void page_begin_raw(struct page *p, enum tag tag, span name, const struct attrs *a)
{
    p->raw = (uint8_t)tag;
    p->raw_name_n = name.n < RAW_NAME_MAX ? name.n : RAW_NAME_MAX;
    memcpy(p->raw_name, name.p, p->raw_name_n);
    p->raw_read = tag != TAG_STYLE || css_media_holds(attr(a, ATTR_MEDIA));
    if (tag == TAG_TITLE) text_break(p->hidden);
}

void page_raw(struct page *p)
{
    enum tag tag = (enum tag)p->raw;
    span name = span_of(p->raw_name, p->raw_name_n), rest = span_from(p->in, p->at);
    size_t end = tag == TAG_PLAINTEXT ? rest.n : markup_raw_end(rest, 0, name);
    bool ended = rest.n - end > name.n + 2 || !p->more; /* the name may go on */
    span content = span_head(rest, ended ? end : readable(p, rest));
    if (!ended && rest.n - content.n > HTML_UNFINISHED_MAX) { /* a block without an end: who knows what it is of */
        p->raw_read = false;
        p->rules.forgot = true;
        content = span_head(rest, readable(p, rest));
    }
    p->at += content.n;
    bool shown = p->shown;
    uint64_t odd = p->odd;
    p->shown = p->raw_shown;
    switch (tag) {
    case TAG_STYLE:
        page_css_links(p, content);
        if (!p->raw_read) break; /* of another medium: none of it is shown */
        css_rules_read(&p->rules, content);
        page_forget_tags(p);
        page_css_texts(p, content);
        break;
    case TAG_TITLE:
        page_text(p, content);
        if (ended) text_break(p->hidden);
        p->odd = odd;
        break;
    case TAG_TEXTAREA: page_text(p, content); break;
    case TAG_XMP:
    case TAG_PLAINTEXT:
        page_emit(p, content);
        if (ended) page_break(p);
        break;
    default: break;
    }
    p->shown = shown;
    if (ended) p->raw = TAG_OTHER;
}

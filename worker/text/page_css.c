/* SPDX-License-Identifier: Apache-2.0 */
/* page_css: what style sheets bring into a document beside looks: links, and text.
 *
 * "p::after{content:'text'}" is read by people and stands in no element. Whether such a rule holds is not asked: the
 * text goes to the other side, where nobody takes it for all that is said. Source: CSS Generated Content 3. */
#include "worker/text/page.h"

bool page_css_links(struct page *p, span css)
{
    bool some = false;
    for (size_t at = 0; at < css.n;) {
        span url = css_url(css, &at);
        if (url.n) some = true, page_link(p, url, URL_IN_SRC, NULL);
    }
    return some;
}

/* Is it more than quotes, arrows and the private letters of icon fonts (U+E000..FFFF)? */
static bool has_words(span s)
{
    for (size_t i = 0; i < s.n; i++)
        if (ascii_alnum(s.p[i]) || (s.p[i] >= 0xC3 && s.p[i] != 0xE2 && s.p[i] != 0xEE && s.p[i] != 0xEF)) return true;
    return false;
}

/* The strings of a property's value. */
static void put_strings(struct page *p, span value)
{
    uint8_t buf[HTML_ALT_MAX];
    for (size_t i = 0; i < value.n; i++) {
        uint8_t quote = value.p[i];
        if (quote != '"' && quote != '\'') continue;
        size_t end = ++i;
        while (end < value.n && value.p[end] != quote) end += value.p[end] == '\\' ? 2 : 1;
        span text = css_plain(span_head(span_from(value, i), end - i), buf, sizeof buf);
        if (has_words(text)) {
            text_break(p->other);
            text_put(p->other, text);
        }
        i = end;
    }
}

void page_css_texts(struct page *p, span css)
{
    static const span CONTENT = SPAN("content");
    for (size_t i = span_find(css, ':'); i < css.n; i += 1 + span_find(span_from(css, i + 1), ':')) {
        span name = span_head(css, i);
        while (name.n && ascii_space(name.p[name.n - 1])) name.n--;
        if (name.n <= CONTENT.n || !span_iends(name, CONTENT)) continue;
        uint8_t before = name.p[name.n - CONTENT.n - 1];
        if (!ascii_space(before) && before != '{' && before != ';' && before != '/') continue; /* "align-content" */
        size_t end = css_find(css, i, CSS_SEMICOLON | CSS_CLOSE);
        put_strings(p, span_of(css.p + i, end - i));
        i = end - 1;
    }
}

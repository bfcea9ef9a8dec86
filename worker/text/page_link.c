/* SPDX-License-Identifier: Apache-2.0 */
/* page_link: where a document leads, and where it says it leads.
 *
 * A link whose text reads like a host of another owner is the oldest trick of phishing. Source: HTML standard, 4.2.3
 * (base), RFC 3986 5.2 in its simple cases. */
#include "worker/text/page.h"

#include "worker/simd/scan.h"
#include "worker/text/domain.h"
#include "worker/text/entity.h"
#include "worker/text/odd.h"
#include "worker/text/url_wrapped.h"

enum { SHOWN_MAX = 256 }; /* bytes of a link's text that are compared */

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

span page_link_value(span value, uint8_t buf[HTML_VALUE_MAX])
{
    if (span_find(value, '&') == value.n) return value;
    size_t n = 0;
    for (size_t i = 0; i < value.n && n + ENTITY_BYTES_MAX <= HTML_VALUE_MAX;) {
        uint8_t c[ENTITY_BYTES_MAX] = {value.p[i]};
        size_t bytes = 1, read = c[0] == '&' ? entity_read(span_from(value, i), true, c, &bytes) : 1;
        if (!read) c[0] = '&', bytes = read = 1;
        i += read;
        if (c[0] == '\t' || c[0] == '\n' || c[0] == '\r' || (c[0] == ' ' && n == 0)) continue;
        memcpy(buf + n, c, bytes);
        n += bytes;
    }
    return span_of(buf, n);
}

/* Take the link in a link of another scheme apart: the one that it is about, or, of scripts and pages, none: all in
 * them are kept at once. */
static bool unwrap(struct page *p, span link, enum url_place place, struct url_room *room, struct url *out)
{
    uint8_t buf[URL_WRAPPED_MAX];
    span inner;
    enum url_wrap wrap = url_wrapped(link, buf, &inner);
    if (wrap == URL_WRAP_NONE) return false;
    if (p->wrapped++ >= HTML_WRAPPED_MAX) {
        p->urls->odd |= ODD(URL_LIMIT);
        return false;
    }
    if (wrap == URL_WRAP_TEXT) {
        size_t before = p->urls->n;
        p->odd |= ODD(HTML_SCRIPT);
        url_find(p->urls, inner, place);
        if (p->urls->n > before) p->urls->odd |= ODD(URL_OBSCURED);
        return false;
    }
    if (!url_split(p->urls, inner, room, out)) return false;
    bool outside = span_find(out->host, '.') < out->host.n && domain_known(out->host);
    if (!outside && !(out->odd & ODD(URL_IP))) return false; /* a machine of the reader's own network */
    if (wrap == URL_WRAP_ODD) out->odd |= ODD(URL_OBSCURED);
    return true;
}

/* Is it in the document, which stays where it is? Some are in a buffer that does not. */
static bool lasts(const struct page *p, span value)
{
    return p->lasts && value.p >= p->in.p && value.p < p->in.p + p->in.n;
}

/* Keep a relative link in mind for a base that comes later: browsers ask for it when the link is followed. */
static void note_early(struct page *p, span value, enum url_place place)
{
    if (p->early_count == HTML_EARLY_MAX) return;
    if (!lasts(p, value)) value = arena_copy(p->urls->a, span_head(value, URL_BYTES_MAX));
    p->early[p->early_count++] = (struct early){value, place};
}

void page_base(struct page *p, span value)
{
    uint8_t buf[HTML_VALUE_MAX];
    struct url_room room;
    struct url u;
    if (p->base.n || !url_split(p->urls, page_link_value(value, buf), &room, &u)) return;
    if (span_find(u.whole, '/') + 2 >= u.whole.n) return;
    memcpy(p->base_bytes, u.whole.p, u.whole.n);
    p->base = span_of(p->base_bytes, u.whole.n);
    for (size_t i = 0; i < p->early_count; i++) page_link(p, p->early[i].value, p->early[i].place, NULL);
}

/* page_link of one that is not known. */
static __attribute__((noinline)) bool keep_link(struct page *p, span value, enum url_place place, struct url *out,
                                                struct link *known)
{
    uint8_t buf[HTML_VALUE_MAX], whole[URL_BYTES_MAX];
    struct url_room room;
    struct url u;
    span link = page_link_value(value, buf);
    struct url_room *in = out ? &p->link_room : &room;
    bool share = span_starts(link, SPAN("\\\\")); /* Windows sends a name and password there */
    if (share || !url_split(p->urls, link, in, &u)) {
        link = span_trim(link);
        known = NULL; /* it hangs on more than how it is written */
        if (share || !is_relative(link)) {
            if (!unwrap(p, link, place, in, &u)) return false;
        } else {
            if (!p->base.n) note_early(p, value, place);
            if (!p->base.n || p->based++ >= HTML_BASED_MAX) return false;
            if (!url_split(p->urls, with_base(p, link, whole), in, &u)) return false;
        }
    }
    u.place = place;
    struct url *kept = url_keep(p->urls, &u);
    if (kept && place == URL_IN_FORM) kept->place = place; /* it may stand in a link as well */
    if (kept && known) *known = (struct link){value, kept}, p->links |= UINT32_C(1) << (known - p->known_link);
    if (out) *out = u;
    if (out) p->link_kept = kept;
    if (out) out->domain = kept ? kept->domain : domain_registrable(out->host);
    return true;
}

bool page_link(struct page *p, span value, enum url_place place, struct url *out)
{
    if (value.n < PAGE_MARK_LEAST || !lasts(p, value)) return keep_link(p, value, place, out, NULL);
    size_t at = page_mark(value) % LINKS_MAX;
    struct link *known = &p->known_link[at];
    if (!(p->links >> at & 1) || place == URL_IN_FORM || !span_eq(known->value, value))
        return keep_link(p, value, place, out, known);
    if (out) *out = *known->kept, p->link_kept = known->kept; /* to keep it again changes nothing */
    return true;
}

void page_srcset(struct page *p, span value)
{
    uint8_t buf[HTML_VALUE_MAX];
    bool cut;
    if (span_find(value, '&') < value.n) value = span_of(buf, entity_decode(value, true, buf, sizeof buf, &cut));
    while (value.n) {
        while (value.n && (ascii_space(value.p[0]) || value.p[0] == ',')) value = span_from(value, 1);
        size_t end = 0;
        while (end < value.n && !ascii_space(value.p[end])) end++;
        span link = span_head(value, end);
        while (link.n && link.p[link.n - 1] == ',') link.n--;
        if (link.n) page_link(p, link, URL_IN_SRC, NULL);
        if (link.n == end) end += span_find(span_from(value, end), ','); /* "2x", "300w" */
        value = span_from(value, end);
    }
}

/* What url_split takes for a link has one of these. */
static struct scan_set host_marks;

__attribute__((constructor)) static void fill_marks(void)
{
    host_marks = scan_set_of(".:/\\");
}

/* The host that a link's text names, if it reads like one. */
static bool shown_host(struct url_list *l, span shown, struct url_room *room, struct url *out)
{
    uint8_t buf[SHOWN_MAX + 1];
    shown = span_trim(shown);
    if (shown.n > SHOWN_MAX) shown = span_head(shown, SHOWN_MAX);
    struct scan_marks m = SCAN_NO_MARKS;
    if (scan_next(&m, &host_marks, shown, 0) == shown.n) return false; /* as of most links */
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
        m = SCAN_NO_MARKS;
        if (scan_next(&m, &host_marks, word, 0) == word.n) continue;
        if (alone && span_find(word, '/') == word.n) { /* "example.org" */
            memcpy(buf, word.p, word.n);
            buf[word.n] = '/';
            word = span_of(buf, word.n + 1);
        }
        if (url_split(l, word, room, out)) return true;
    }
    return false;
}

/* A link that shows something, be there room for those that do not or not. */
static void note_seen(struct page *p)
{
    p->link.seen = true;
    if (p->link_kept)
        p->link_kept->seen = true;
    else
        url_keep(p->urls, &p->link);
}

void page_end_link(struct page *p)
{
    enum { WORD_MIN = 4 }; /* bytes: not dots in a row */
    if (!p->in_link) return;
    struct url_room room;
    struct url u;
    p->in_link = false;
    p->free_text = p->visible->n;
    span shown = span_from(text_span(p->visible), p->link_text);
    if (shown.n >= WORD_MIN || p->shape->images - p->shape->pixels > p->link_pictures) note_seen(p);
    if (shown.n < WORD_MIN || p->compared++ >= HTML_COMPARED_MAX || !shown_host(p->urls, shown, &room, &u)) return;
    if (span_eq(u.host, p->link.host) || span_eq(domain_registrable(u.host), p->link.domain)) return;
    /* Senders who count clicks show where they lead and lead by themselves: two thirds of all ham that this met. */
    if (!span_eq(p->link.domain, p->urls->from)) p->odd |= ODD(URL_MISMATCH);
}

void page_begin_link(struct page *p, span href)
{
    page_end_link(p);
    url_find(p->urls, span_from(text_span(p->visible), p->free_text), URL_IN_TEXT);
    p->free_text = p->visible->n;
    if (!page_link(p, href, URL_IN_HREF, &p->link)) return;
    p->shape->links++;
    p->in_link = true;
    p->link_pictures = p->shape->images - p->shape->pixels;
    p->link_text = p->visible->n;
}

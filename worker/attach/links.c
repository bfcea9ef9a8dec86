/* SPDX-License-Identifier: Apache-2.0 */
/* links: attached pages through the HTML reader, the rest through the finder of links in text.
 *
 * Source: SVG 2, 16.2 (href). */
#include "worker/attach/links.h"

#include "worker/attach/card.h"
#include "worker/simd/scan.h"
#include "worker/text/html.h"
#include "worker/text/odd.h"

/* Where a file's bytes may be rewritten: in place within the window, else at its begin. */
static uint8_t *rewrite(const struct attach_room *room, span s, size_t *cap_out)
{
    if (room->cap && s.p >= room->window && s.p < room->window + room->cap) {
        *cap_out = s.n;
        return room->window + (s.p - room->window);
    }
    *cap_out = room->cap;
    return room->window;
}

/* The bytes as UTF-8: itself if it is that; of UTF-16 and others ASCII stays, which is what links are made of. */
static span readable(const struct attach_room *room, span s)
{
    bool little = span_starts(s, SPAN("\xFF\xFE")), big = span_starts(s, SPAN("\xFE\xFF"));
    size_t valid = little || big ? 0 : scan->utf8(s.p, s.n), cap;
    if (s.n - valid < 4 && !little && !big) return span_head(s, valid); /* perhaps cut within a character */
    uint8_t *out = rewrite(room, s, &cap);
    if (little || big) return span_of(out, inside_narrow(span_from(s, 2), big, out, cap));
    if (cap > s.n) cap = s.n;
    for (size_t i = 0; i < cap; i++) out[i] = s.p[i] < 0x80 ? s.p[i] : '?';
    return span_of(out, cap);
}

/* Ways of a page to unpack what it brings with it once it is open ("HTML smuggling"). */
static void judge_page(struct inside *in, span page)
{
    static const span WORDS[] = {SPAN("createObjectURL("), SPAN("msSaveOrOpenBlob("),
                                 SPAN("msSaveBlob("),      SPAN("atob("),
                                 SPAN("unescape("),        SPAN("String.fromCharCode(")};
    for (size_t i = 0; i < sizeof WORDS / sizeof *WORDS; i++) {
        if (span_search(page, WORDS[i]) == page.n) continue;
        in->out->odd |= ODD(ACTIVE_DOCUMENT);
        inside_tell(in, span_head(WORDS[i], WORDS[i].n - 1), TELL_MACRO);
        return;
    }
}

static void page(struct inside *in, struct attach_room *room, struct url_list *urls, span s)
{
    struct html_shape shape = {0};
    uint64_t odd = 0;
    room->visible.n = room->hidden.n = 0;
    room->visible.full = room->hidden.full = false;
    room->visible.pending = room->hidden.pending = 0;
    html_read(s, &room->visible, &room->hidden, &room->hidden, urls, &shape, &odd);
    in->out->odd |= odd & (ODD(HTML_SCRIPT) | ODD(HTML_FORM) | ODD(URL_MISMATCH));
    if (odd & ODD(HTML_SCRIPT)) judge_page(in, s);
}

/* Links of a picture stand in attributes that pages have not, and its scripts are no text of it to the reader of
 * pages. */
static void svg(struct inside *in, struct url_list *urls, span s)
{
    span href = SPAN("href=");
    for (size_t at = span_search(s, href); at < s.n; at += span_search(span_from(s, at), href)) {
        at += href.n;
        span value = span_head(span_from(s, at + 1), URL_BYTES_MAX);
        uint8_t quote = at < s.n ? s.p[at] : 0;
        if (quote == '"' || quote == '\'') url_add(urls, span_head(value, span_find(value, quote)), URL_IN_FILE);
    }
    static const span SCRIPTS[] = {SPAN("<script"), SPAN(":script"), SPAN("onload="), SPAN("javascript:")};
    for (size_t i = 0; i < sizeof SCRIPTS / sizeof *SCRIPTS; i++)
        if (span_search(s, SCRIPTS[i]) < s.n) in->out->odd |= ODD(HTML_SCRIPT) | ODD(ACTIVE_DOCUMENT);
}

/* A calendar or a card with its lines whole. */
static span unfold(const struct attach_room *room, span s)
{
    size_t cap;
    s = span_head(s, ATTACH_CALENDAR_MAX);
    uint8_t *out = rewrite(room, s, &cap);
    return card_unescape(card_join(span_head(s, cap), out), out);
}

static void side(struct inside *in, struct attach_room *room, struct url_list *urls, span s)
{
    enum attach_kind kind = in->out->kind;
    bool card = kind == ATTACH_CALENDAR || kind == ATTACH_CARD, pages = kind == ATTACH_HTML || kind == ATTACH_HTA;
    if (s.n == 0 || (!card && !pages && kind != ATTACH_SVG && kind != ATTACH_TEXT && kind != ATTACH_RTF)) return;
    s = readable(room, s);
    if (card) s = unfold(room, s);
    if (pages || kind == ATTACH_SVG)
        page(in, room, urls, s);
    else
        url_find(urls, s, URL_IN_FILE);
    if (kind == ATTACH_SVG) svg(in, urls, s);
}

void links_read(struct inside *in, struct attach_room *room, struct url_list *urls)
{
    side(in, room, urls, in->v->head);
    side(in, room, urls, in->v->tail);
}

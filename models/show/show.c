/* SPDX-License-Identifier: Apache-2.0 */
/* show: the tables that text and JSON share; see show.h. */
#include "models/show/show.h"

#include "worker/mime/authres.h"

#include <math.h>

double show_rest(const struct show *s)
{
    double rest = s->scores->score - s->w->base - s->w->sum;
    return fabs(rest) < 5e-7 ? 0 : rest;
}

const char *show_number_word(enum feature_number n)
{
    static const char *const WORDS[] = {
        [NUMBER_RAW_BYTES] = "raw-bytes",
        [NUMBER_VISIBLE_BYTES] = "visible-bytes",
        [NUMBER_HIDDEN_SHARE] = "hidden-share",
        [NUMBER_LINKS] = "links",
        [NUMBER_IMAGES] = "images",
        [NUMBER_ATTACHMENTS] = "attachments",
        [NUMBER_RECEIVED] = "received",
        [NUMBER_ODDITIES] = "oddities",
        [NUMBER_HTML] = "html",
        [NUMBER_REPLY] = "reply",
        [NUMBER_LIST] = "list",
        [NUMBER_QUOTED] = "quoted",
        [NUMBER_NON_ASCII] = "non-ascii",
        [NUMBER_CAPITALS] = "capitals",
        [NUMBER_TOKENS] = "tokens",
        [NUMBER_URL_DOMAINS] = "url-domains",
    };
    return n < sizeof WORDS / sizeof *WORDS && WORDS[n] ? WORDS[n] : "?";
}

bool show_count(const struct mail *m, size_t i, const char **name_out, uint64_t *value_out)
{
    const struct mail_shape *s = &m->shape;
    const struct {
        const char *name;
        uint64_t value;
    } all[] = {
        {"raw-bytes", s->raw_bytes},
        {"visible-bytes", s->visible_bytes},
        {"hidden-bytes", s->hidden_bytes},
        {"parts", m->part_count},
        {"text-parts", s->text_parts},
        {"html-parts", s->html_parts},
        {"image-parts", s->image_parts},
        {"attachments", s->attachments},
        {"received-fields", s->received},
        {"links", m->url_count},
        {"html-tags", s->html.tags},
        {"html-links", s->html.links},
        {"html-images", s->html.images},
        {"html-pixels", s->html.pixels},
        {"html-forms", s->html.forms},
        {"html-scripts", s->html.scripts},
        {"html-comments", s->html.comments},
        {"html-tables", s->html.tables},
        {"html-fonts", s->html.fonts},
        {"html-styles", s->html.styles},
        {"common-words-percent", s->common},
        {"repaired-zero-width", s->repairs.zero_width},
        {"repaired-bidi", s->repairs.bidi},
        {"repaired-styled", s->repairs.styled},
        {"repaired-confusables", s->repairs.confusables},
        {"repaired-marks", s->repairs.marks},
    };
    if (i >= sizeof all / sizeof *all) return false;
    *name_out = all[i].name;
    *value_out = all[i].value;
    return true;
}

const char *show_encoding_word(enum mail_encoding e)
{
    switch (e) {
    case MAIL_7BIT: return "7bit";
    case MAIL_QP: return "quoted-printable";
    case MAIL_BASE64: return "base64";
    case MAIL_UUENCODE: return "uuencode";
    case MAIL_YENC: return "yenc";
    case MAIL_ENCODING_UNKNOWN: break;
    }
    return "unknown";
}

const char *show_place_word(enum url_place p)
{
    static const char *const WORDS[] = {
        [URL_IN_TEXT] = "text",     [URL_IN_HREF] = "href", [URL_IN_SRC] = "src",  [URL_IN_FORM] = "form",
        [URL_IN_HEADER] = "header", [URL_IN_LIST] = "list", [URL_IN_FILE] = "file"};
    return p < sizeof WORDS / sizeof *WORDS && WORDS[p] ? WORDS[p] : "elsewhere";
}

bool show_results(const struct show *s, struct show_results *r)
{
    const struct mail *m = s->m;
    for (; r->next < m->header_count; r->next++) {
        const struct mail_header *h = &m->headers[r->next];
        r->received += h->id == FIELD_RECEIVED;
        r->arc = span_ieq(h->name, SPAN("ARC-Authentication-Results"));
        if (r->arc || span_ieq(h->name, SPAN("Authentication-Results"))) break;
    }
    if (r->next == m->header_count) return false;
    struct authres a;
    bool good = authres_open(&a, span_head(m->headers[r->next++].raw, MAIL_FIELD_BYTES_MAX), r->arc);
    r->id = good ? a.id : SPAN_NONE;
    r->trusted = false;
    for (size_t i = 0; good && i < s->context->trusted_count; i++) r->trusted |= span_ieq(a.id, s->context->trusted[i]);
    r->standing = !good                                    ? "malformed, or names no host: not believed"
                  : !r->trusted                            ? "a host that is not trusted"
                  : r->received > s->context->own_received ? "out of reach: a stranger may have written it"
                  : r->arc ? "believed if its instance is the highest, where nothing above it spoke"
                           : "believed, where nothing above it spoke";
    return true;
}

bool show_side(const struct mail *m, size_t i, struct show_side *out)
{
    const struct mail_header *subject = mail_find(m, FIELD_SUBJECT);
    const struct show_side all[] = {
        {"subject", "Subject", subject ? subject->value : SPAN_NONE, m->folded.subject, false},
        {"from_name", "name in From", m->from_name, m->folded.from_name, false},
        {"text", "visible text", m->text, m->folded.text, true},
        {"other", "not seen at once: other sides of multipart/alternative, attached messages", m->other,
         m->folded.other, true},
        {"hidden", "hidden text: in the HTML, not seen by its reader", m->hidden, m->folded.hidden, true},
    };
    if (i >= sizeof all / sizeof *all) return false;
    *out = all[i];
    return true;
}

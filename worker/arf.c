/* SPDX-License-Identifier: Apache-2.0 */
/* arf: see arf.h. Feedback types: RFC 5965 section 7.3, RFC 6430 (not-spam), RFC 6591 (auth-failure). */
#include "worker/arf.h"

#include "worker/mime/codec.h"

enum { FIELDS_MAX = 64 << 10, REPORTED_MAX = 4 << 20 };

static const struct {
    const char *word;
    enum wire_say says;
} TYPES[] = {{"abuse", WIRE_SAY_SPAM}, {"fraud", WIRE_SAY_SPAM},   {"virus", WIRE_SAY_SPAM},
             {"other", WIRE_SAY_SPAM}, {"opt-out", WIRE_SAY_SPAM}, {"not-spam", WIRE_SAY_HAM}};

static bool is(const struct mail_part *p, const char *type, const char *subtype)
{
    return span_ieq(p->type, span_cstr(type)) && span_ieq(p->subtype, span_cstr(subtype));
}

static span undo(const struct mail_part *p, size_t cap, struct arena *a)
{
    uint64_t odd = 0;
    return span_head(codec_decode(p->encoding, p->body, cap, a, &odd), cap);
}

/* The first field of that name, folded lines and all, trimmed; empty when there is none. */
static span field(span fields, const char *name)
{
    span want = span_cstr(name);
    while (fields.n) {
        size_t end = span_find(fields, '\n');
        while (end + 1 < fields.n && (fields.p[end + 1] == ' ' || fields.p[end + 1] == '\t'))
            end += 1 + span_find(span_from(fields, end + 1), '\n');
        span line = span_head(fields, end);
        size_t colon = span_find(line, ':');
        if (span_ieq(span_trim(span_head(line, colon)), want)) return span_trim(span_from(line, colon + 1));
        fields = span_from(fields, end + 1);
    }
    return SPAN_NONE;
}

/* "<user@example.org>", or "rfc822;user@example.org", as an address. */
static span address(span value)
{
    size_t semicolon = span_find(value, ';');
    if (semicolon < value.n) value = span_trim(span_from(value, semicolon + 1));
    if (value.n >= 2 && value.p[0] == '<' && value.p[value.n - 1] == '>') value = span_of(value.p + 1, value.n - 2);
    return span_find(value, ' ') < value.n ? SPAN_NONE : span_head(value, WIRE_TEXT_MAX);
}

const char *arf_read(const struct mail *report, struct arena *a, struct arf *out)
{
    const struct mail_part *fields = NULL, *mail = NULL, *headers = NULL;
    for (size_t i = 0; i < report->part_count; i++) {
        const struct mail_part *p = &report->parts[i];
        if (!fields && is(p, "message", "feedback-report")) fields = p;
        if (!mail && (is(p, "message", "rfc822") || is(p, "message", "global"))) mail = p;
        if (!headers && (is(p, "text", "rfc822-headers") || is(p, "message", "global-headers"))) headers = p;
    }
    *out = (struct arf){.whole = mail != NULL};
    if (!fields) return "no feedback report: it has no part message/feedback-report";
    if (!mail && !headers) return "the feedback report holds neither a mail nor its header";
    span text = undo(fields, FIELDS_MAX, a);
    span type = field(text, "Feedback-Type");
    size_t i = 0, types = sizeof TYPES / sizeof *TYPES;
    if (span_ieq(type, SPAN("auth-failure"))) return "a report of type auth-failure says nothing about spam";
    while (i < types && !span_ieq(type, span_cstr(TYPES[i].word))) i++;
    if (i == types) return "the feedback report's Feedback-Type is missing, or no known one";
    out->says = TYPES[i].says;
    out->reporter = address(field(text, "Original-Rcpt-To"));
    out->mail_from = address(field(text, "Original-Mail-From"));
    out->client_ip = span_head(field(text, "Source-IP"), WIRE_TEXT_MAX);
    out->mail = undo(mail ? mail : headers, REPORTED_MAX, a);
    if (span_trim(out->mail).n == 0) return "the mail within the feedback report is empty";
    return NULL;
}

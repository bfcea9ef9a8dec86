/* SPDX-License-Identifier: Apache-2.0 */
/* choose: what a part is to its reader, and which sides of multipart/alternative are shown.
 *
 * Backwards over the parts each branch learns the best that it holds, so the first of the best that an alternative
 * meets is the last one in the mail; then forwards what is shown flows from parents to children. */
#include "worker/mime/choose.h"

#include "worker/mime/file.h"

static bool is_type(const struct mail_part *p, span type, span subtype)
{
    return span_eq(p->type, type) && span_eq(p->subtype, subtype);
}

/* Fields as text, with the names that RFC 6533 and careless senders give them. */
static bool holds_fields(const struct mail_part *p)
{
    static const span NAMES[] = {
        SPAN("delivery-status"), SPAN("disposition-notification"), SPAN("feedback-report"),
        SPAN("rfc822-headers"),  SPAN("global-delivery-status"),   SPAN("global-disposition-notification"),
        SPAN("global-headers"),
    };
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++)
        if (span_eq(p->subtype, NAMES[i])) return true;
    return false;
}

enum part_kind choose_kind(const struct mail *m, size_t i)
{
    const struct mail_part *p = &m->parts[i];
    if (span_eq(p->type, SPAN("multipart"))) return PART_CONTAINER;
    if (i + 1 < m->part_count && m->parts[i + 1].parent == (int)i) return PART_CONTAINER;
    if (span_eq(p->type, SPAN("message"))) return holds_fields(p) ? PART_FIELDS : PART_FILE;
    if (!span_eq(p->type, SPAN("text")) || file_is_rtf(p)) return PART_FILE;
    if (span_eq(p->subtype, SPAN("plain"))) return PART_TEXT;
    /* What watches and AMP are served is HTML too. */
    if (span_eq(p->subtype, SPAN("html")) || span_eq(p->subtype, SPAN("watch-html")) ||
        span_eq(p->subtype, SPAN("x-amp-html")))
        return PART_HTML;
    return holds_fields(p) ? PART_FIELDS : PART_TEXT;
}

/* How gladly a client shows it as a side of multipart/alternative. */
static uint8_t rank(const struct mail_part *p, enum part_kind kind)
{
    switch (kind) {
    case PART_HTML: return span_eq(p->subtype, SPAN("html")) ? 3 : 1;
    case PART_FIELDS: return 2;
    case PART_TEXT: {
        bool prose = span_eq(p->subtype, SPAN("plain")) || span_eq(p->subtype, SPAN("enriched")) ||
                     span_eq(p->subtype, SPAN("richtext"));
        return prose ? 2 : 1;
    }
    case PART_FILE:
    case PART_CONTAINER: break;
    }
    return 0;
}

/* Is it shown by one of its parts alone? Where its boundary is that of a multipart around it, many clients take its
 * parts for those of the outer one. */
static bool chooses(const struct mail_part *p)
{
    return is_type(p, SPAN("multipart"), SPAN("alternative")) && !p->shares_boundary;
}

/* The side of part p, which is not the one of an alternative that is shown; `behind` that one? */
static enum part_side beside(const struct mail_part *p, enum part_kind kind, enum part_side shown, bool behind)
{
    if (kind == PART_TEXT && file_is_card(p)) return SIDE_NONE; /* an invitation says nothing */
    if (shown == SIDE_ASIDE) return behind ? SIDE_ASIDE : SIDE_NONE;
    bool known = kind == PART_HTML && !span_eq(p->subtype, SPAN("html")); /* to some: they show it */
    return behind || known ? SIDE_LAST : SIDE_OTHER;
}

void choose_sides(const struct mail *m, struct part_role *role)
{
    uint8_t best[MAIL_PARTS_MAX]; /* rank of the best text at or below a part */
    int16_t branch[MAIL_PARTS_MAX];
    size_t n = m->part_count;
    for (size_t i = 0; i < n; i++) {
        best[i] = rank(&m->parts[i], role[i].kind);
        branch[i] = -1;
    }
    for (size_t i = n; i-- > 1;) {
        int up = m->parts[i].parent;
        if (m->parts[i].attachment || best[i] <= best[up]) continue;
        best[up] = best[i];
        branch[up] = (int16_t)i;
    }
    for (size_t i = 0; i < n; i++) {
        const struct mail_part *p = &m->parts[i];
        enum part_side side = i ? role[p->parent].side : SIDE_SHOWN;
        bool seen = side == SIDE_SHOWN || side == SIDE_ASIDE;
        if (i && p->attachment)
            side = role[i].kind == PART_CONTAINER ? SIDE_ASIDE : SIDE_NONE;
        else if (i && seen && branch[p->parent] != (int)i && chooses(&m->parts[p->parent]))
            side = beside(p, role[i].kind, side, (int)i > branch[p->parent]);
        role[i].side = side;
    }
}

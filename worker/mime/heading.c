/* SPDX-License-Identifier: Apache-2.0 */
/* heading: a header block, of the message or of a part, read into its fields.
 *
 * One pass over its lines. A line that is no field is judged by what stands behind it, a few lines on at most; what is
 * over a limit is passed over, but for the few fields without which the rest cannot be read. */
#include "worker/mime/heading.h"

#include "worker/mime/grow.h"
#include "worker/mime/header.h"
#include "worker/simd/scan.h"

/* Fields without which the rest cannot be read, or says nothing: junk before them must not use up their room. */
enum {
    NEEDED = 1 << FIELD_SUBJECT | 1 << FIELD_FROM | 1 << FIELD_CONTENT_TYPE | 1 << FIELD_CONTENT_ENCODING |
             1 << FIELD_CONTENT_DISPOSITION,
};

/* Keep a field that runs from its line's start to `end` (without the last line end); `spare`: over the limit, too. */
static void add_field(struct heading *h, span line, size_t name, size_t colon, enum mail_field id, bool spare)
{
    struct mail *m = h->m;
    size_t most = MAIL_HEADERS_MAX + (spare ? MAIL_HEADERS_SPARE : 0);
    if (m->header_total >= MAIL_HEADERS_MAX) m->odd |= ODD(HEADER_LIMIT);
    if (m->header_total >= most) return;
    if (!grow(h->a, &m->headers, m->header_total, &h->cap, most, sizeof *m->headers)) return;
    m->headers[m->header_total++] = (struct mail_header){
        .id = id,
        .name = span_head(line, name),
        .raw = span_from(line, colon + 1),
    };
}

/* After a line that is no field: does the header go on at `at`? So it does when a field, a fold or the empty line
 * follows, or, a few lines on, a field that everybody knows (folds that lost their indent). */
static bool header_goes_on(const struct source *in, size_t at)
{
    for (int i = 0; i < MAIL_STRAY_LINES; i++) {
        size_t next, colon;
        span line = source_line(in, at, &next);
        size_t name = header_name(line, &colon);
        if (i == 0 && (line.n == 0 || name || line.p[0] == ' ' || line.p[0] == '\t')) return true;
        if (line.n == 0) return false;
        if (name && header_id(span_head(line, name)) != FIELD_OTHER) return true;
        at = next;
    }
    return false;
}

/* What is odd about the bytes of a header block. */
static void note_bytes(struct mail *m, span block)
{
    struct scan_census c;
    block = span_head(block, MAIL_HEADER_BYTES_MAX);
    scan->census(block.p, block.n, &c);
    if (c.nul) m->odd |= ODD(NUL);
    if (c.bare_cr) m->odd |= ODD(BARE_CR);
    if (c.longest > MAIL_LINE_MAX) m->odd |= ODD(LONG_LINE);
}

/* Pass over what may stand before a message's header: a byte order mark; empty lines, as in bounces and in files saved
 * from a webmail's page, when a field that everybody knows stands behind them. */
static void skip_before(struct source *in)
{
    if (span_istarts(span_from(in->raw, in->pos), SPAN("\xEF\xBB\xBF"))) in->pos += 3;
    size_t at = in->pos, next, colon;
    for (int i = 0; i < MAIL_SNIFF_LINES; i++, at = next) {
        span line = source_line(in, at, &next);
        size_t name = header_name(line, &colon);
        if (name && header_id(span_head(line, name)) != FIELD_OTHER) in->pos = at;
        if (span_trim(line).n) return;
    }
}

bool heading_read(struct heading *h, struct source *in, bool message)
{
    struct mail *m = h->m;
    if (message) skip_before(in);
    size_t start = in->pos, spent = 0, spare = MAIL_HEADER_BYTES_SPARE;
    unsigned met = 0;    /* bits of NEEDED fields */
    bool any = false;    /* a field was met, kept or not */
    bool kept = false;   /* the last one was kept, so a fold goes to it */
    bool needed = false; /* the last one is the first of its kind in NEEDED */
    while (in->pos < in->raw.n) {
        size_t next, colon = 0;
        span line = source_line(in, in->pos, &next);
        if (line.n == 0) {
            in->pos = next;
            break;
        }
        if (line.n > 2 && line.p[0] == '-' && line.p[1] == '-') {
            /* A boundary around us, or our own with the empty line missing; no field is called so. */
            bool known = h->boundary(h->walk, line);
            if (any && !known) m->odd |= ODD(BAD_HEADER);
            if (any || known) break;
        }
        bool fold = any && (line.p[0] == ' ' || line.p[0] == '\t');
        size_t name = fold ? 0 : header_name(line, &colon), bytes = next - in->pos;
        enum mail_field id = FIELD_OTHER;
        if (name) {
            id = header_id(span_head(line, name));
            unsigned bit = 1u << id & NEEDED & ~met;
            needed = bit;
            met |= bit;
        }
        spent += bytes;
        bool over = spent > MAIL_HEADER_BYTES_MAX || bytes > h->budget;
        if (!over) h->budget -= bytes;
        if (over) m->odd |= ODD(HEADER_LIMIT);
        if (over && needed && bytes <= spare) {
            spare -= bytes;
            over = false;
        }
        if (fold) {
            if (kept && !over) {
                struct mail_header *last = &m->headers[m->header_total - 1];
                last->raw.n = (size_t)(line.p + line.n - last->raw.p);
                last->folded = true;
            }
            kept &= !over;
        } else {
            if (name) {
                any = true;
                size_t before = m->header_total;
                if (!over) add_field(h, line, name, colon, id, needed);
                kept = m->header_total > before;
            } else if (message && !any && (span_istarts(line, SPAN("From ")) || span_istarts(line, SPAN(">From ")))) {
                /* mbox's own line */
            } else {
                /* A stray line inside the header, or the body without an empty line before it? */
                if (!any || !header_goes_on(in, next)) {
                    m->odd |= any ? ODD(BAD_HEADER) : 0;
                    break;
                }
                m->odd |= ODD(BAD_HEADER);
                kept = false;
            }
        }
        in->pos = next;
    }
    if (any) note_bytes(m, span_head(span_from(in->raw, start), in->pos - start));
    return any;
}

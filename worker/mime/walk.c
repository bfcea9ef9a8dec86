/* SPDX-License-Identifier: Apache-2.0 */
/* walk: where the header fields and parts of a mail are: one pass over its lines, no recursion.
 *
 * An entity is opened where its header starts and closed where a boundary around it stands, so bodies are known without
 * a second look. A boundary of an outer multipart ends everything inside; the boundary line's own line end belongs to
 * it (RFC 2046 5.1.1). A boundary matches as mail clients match it: the whole line but for white space at its end, and
 * the longest match wins. */
#include "worker/mime/walk.h"

#include "worker/mime/codec.h"
#include "worker/mime/foreign.h"
#include "worker/mime/param.h"
#include "worker/simd/scan.h"

enum { LINE_MAX = 998 }; /* RFC 5322 2.1.1 */

struct entity {
    int part;
    span boundary;     /* of a multipart whose boundary still counts, else empty */
    bool multipart;    /* with a boundary */
    bool seen, closed; /* its boundary, its closing boundary */
};

struct walk {
    struct mail *m;
    struct arena *a;
    span raw;
    uint8_t eol; /* '\n', or '\r' in a mail that has no '\n' at all */
    size_t pos;  /* start of the line to read next */
    size_t header_cap, part_cap;
    size_t header_budget;                   /* bytes of header that may still be kept */
    struct entity open[MAIL_DEPTH_MAX + 2]; /* from the message inwards */
    int depth;
    bool digest; /* the next part's default type is message/rfc822 (RFC 2046 5.1.5) */
};

/* --- arrays that grow in the arena -------------------------------------------------------------------------------- */

/* Room for one more element; false at the limit or when the arena is full. */
static bool grow(struct arena *a, void *array, size_t n, size_t *cap, size_t max, size_t size)
{
    if (n < *cap) return true;
    size_t more = *cap * 2 < 8 ? 8 : *cap * 2;
    if (more > max) more = max;
    if (n >= more) return false;
    void *bigger = arena_alloc(a, more * size), *old;
    if (!bigger) return false;
    memcpy(&old, array, sizeof old);
    if (n) memcpy(bigger, old, n * size);
    memcpy(array, &bigger, sizeof bigger);
    *cap = more;
    return true;
}

/* --- lines -------------------------------------------------------------------------------------------------------- */

/* The line at `at` without its line end; *next is where the one after it starts. */
static span line_at(const struct walk *w, size_t at, size_t *next)
{
    span rest = span_from(w->raw, at);
    size_t n = span_find(rest, w->eol);
    *next = at + n + (n < rest.n);
    if (n && w->eol == '\n' && rest.p[n - 1] == '\r') n--;
    return span_head(rest, n);
}

static bool name_char(uint8_t c)
{
    return c > ' ' && c < 127 && c != ':';
}

/* Bytes of the field name that a line begins with, or 0 when it is no field. White space before the colon is obsolete
 * and read (RFC 5322 4.5). *colon is where the colon stands. */
static size_t field_name(span line, size_t *colon)
{
    size_t n = 0;
    while (n < line.n && name_char(line.p[n])) n++;
    *colon = n;
    while (*colon < line.n && (line.p[*colon] == ' ' || line.p[*colon] == '\t')) ++*colon;
    return *colon < line.n && line.p[*colon] == ':' ? n : 0;
}

/* --- boundaries --------------------------------------------------------------------------------------------------- */

/* Which open multipart's boundary is this line ("--" begins it)? Index into open, or -1; *closing for "--x--". */
static int match_boundary(const struct walk *w, span line, bool *closing)
{
    while (line.n && (ascii_space(line.p[line.n - 1]))) line.n--;
    span tail = span_from(line, 2);
    bool closes = tail.n >= 2 && tail.p[tail.n - 1] == '-' && tail.p[tail.n - 2] == '-';
    int best = -1;
    for (int i = w->depth - 1; i >= 0; i--) {
        span b = w->open[i].boundary;
        if (b.n == 0 || (best >= 0 && b.n <= w->open[best].boundary.n)) continue;
        bool whole = b.n == tail.n, end = closes && b.n == tail.n - 2;
        if ((!whole && !end) || memcmp(b.p, tail.p, b.n) != 0) continue;
        best = i;
        *closing = end;
    }
    return best;
}

/* Forget `closed` entities from the top of the stack down to index `keep`; their bodies end at `end`. */
static void close_to(struct walk *w, int keep, size_t end)
{
    struct mail *m = w->m;
    for (; w->depth > keep; w->depth--) {
        struct entity *e = &w->open[w->depth - 1];
        struct mail_part *p = &m->parts[e->part];
        size_t start = (size_t)(p->body.p - w->raw.p);
        p->body.n = end > start ? end - start : 0;
        if (!e->multipart || e->closed) continue;
        m->odd |= e->seen ? ODD(TRUNCATED) : ODD(BOUNDARY_UNSEEN);
        if (!e->seen) { /* what it holds is all there is to show */
            p->type = SPAN("text");
            p->subtype = SPAN("plain");
        }
    }
}

/* From w->pos, find the next line that is a boundary and close what it ends. False at the mail's end. */
static bool next_boundary(struct walk *w)
{
    bool any = false;
    for (int i = 0; i < w->depth; i++) any |= w->open[i].boundary.n > 0;
    while (any && w->pos < w->raw.n) {
        span rest = span_from(w->raw, w->pos);
        size_t at = w->pos + scan->dashes(rest.p, rest.n, w->eol);
        if (at >= w->raw.n) break;
        bool closing = false;
        int which = match_boundary(w, line_at(w, at, &w->pos), &closing);
        if (which < 0) continue;
        size_t end = at;
        if (end && w->raw.p[end - 1] == w->eol) end--;
        if (end && w->eol == '\n' && end < at && w->raw.p[end - 1] == '\r') end--;
        close_to(w, which + 1, end);
        struct entity *e = &w->open[which];
        e->seen = true;
        if (!closing) return true;
        e->closed = true;
        e->boundary = SPAN_NONE;
        any = false;
        for (int i = 0; i < w->depth; i++) any |= w->open[i].boundary.n > 0;
    }
    w->pos = w->raw.n;
    return false;
}

/* --- headers ------------------------------------------------------------------------------------------------------ */

/* A field's id by its name; FIELD_IGNORED where foreign.h says so. */
static enum mail_field field_id(span name)
{
    static const struct {
        const char *name;
        enum mail_field id;
    } NAMES[] = {
        {"subject", FIELD_SUBJECT},
        {"from", FIELD_FROM},
        {"sender", FIELD_SENDER},
        {"reply-to", FIELD_REPLY_TO},
        {"return-path", FIELD_RETURN_PATH},
        {"to", FIELD_TO},
        {"cc", FIELD_CC},
        {"date", FIELD_DATE},
        {"message-id", FIELD_MESSAGE_ID},
        {"in-reply-to", FIELD_IN_REPLY_TO},
        {"references", FIELD_REFERENCES},
        {"received", FIELD_RECEIVED},
        {"mime-version", FIELD_MIME_VERSION},
        {"content-type", FIELD_CONTENT_TYPE},
        {"content-transfer-encoding", FIELD_CONTENT_ENCODING},
        {"content-disposition", FIELD_CONTENT_DISPOSITION},
        {"content-id", FIELD_CONTENT_ID},
        {"x-mailer", FIELD_X_MAILER},
        {"user-agent", FIELD_USER_AGENT},
    };
    if (name.n == 0) return FIELD_OTHER;
    uint8_t first = ascii_lower(name.p[0]);
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++)
        if ((uint8_t)NAMES[i].name[0] == first && span_ieq(name, span_cstr(NAMES[i].name))) return NAMES[i].id;
    if (span_istarts(name, SPAN("list-"))) return FIELD_LIST;
    return foreign_header(name) ? FIELD_IGNORED : FIELD_OTHER;
}

/* Keep a field that runs from its line's start to `end` (without the last line end). */
static void add_field(struct walk *w, span line, size_t name, size_t colon)
{
    struct mail *m = w->m;
    if (!grow(w->a, &m->headers, m->header_total, &w->header_cap, MAIL_HEADERS_MAX, sizeof *m->headers)) {
        if (m->header_total >= MAIL_HEADERS_MAX) m->odd |= ODD(HEADER_LIMIT);
        return;
    }
    m->headers[m->header_total++] = (struct mail_header){
        .id = field_id(span_head(line, name)),
        .name = span_head(line, name),
        .raw = span_from(line, colon + 1),
    };
}

/* After a line that is no field: does the header go on at `at`? So it does when a field, a fold or the empty line
 * follows, or, a few lines on, a field that everybody knows (folds that lost their indent). */
static bool header_goes_on(const struct walk *w, size_t at)
{
    for (int i = 0; i < MAIL_STRAY_LINES; i++) {
        size_t next, colon;
        span line = line_at(w, at, &next);
        size_t name = field_name(line, &colon);
        if (i == 0 && (line.n == 0 || name || line.p[0] == ' ' || line.p[0] == '\t')) return true;
        if (line.n == 0) return false;
        if (name && field_id(span_head(line, name)) != FIELD_OTHER) return true;
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
    if (c.longest > LINE_MAX) m->odd |= ODD(LONG_LINE);
}

/* Read the header block at w->pos; w->pos is left at the body. A boundary line ends it too and is not consumed.
 * Returns false when there was no field at all. */
static bool read_fields(struct walk *w, bool message)
{
    struct mail *m = w->m;
    size_t start = w->pos, spent = 0;
    bool any = false;  /* a field was met, kept or not */
    bool kept = false; /* the last one was kept, so a fold goes to it */
    while (w->pos < w->raw.n) {
        size_t next, colon;
        span line = line_at(w, w->pos, &next);
        if (line.n == 0) {
            w->pos = next;
            break;
        }
        bool closing;
        if (line.n > 2 && line.p[0] == '-' && line.p[1] == '-') {
            /* A boundary around us, or our own with the empty line missing; no field is called so. */
            bool known = match_boundary(w, line, &closing) >= 0;
            if (any && !known) m->odd |= ODD(BAD_HEADER);
            if (any || known) break;
        }
        spent += next - w->pos;
        bool over = spent > MAIL_HEADER_BYTES_MAX || next - w->pos > w->header_budget;
        if (over)
            m->odd |= ODD(HEADER_LIMIT);
        else
            w->header_budget -= next - w->pos;
        if (any && (line.p[0] == ' ' || line.p[0] == '\t')) {
            if (kept && !over) {
                span *raw = &m->headers[m->header_total - 1].raw;
                raw->n = (size_t)(line.p + line.n - raw->p);
            }
            kept &= !over;
        } else {
            size_t name = field_name(line, &colon);
            if (name) {
                any = true;
                size_t before = m->header_total;
                if (!over) add_field(w, line, name, colon);
                kept = m->header_total > before;
            } else if (message && !any && (span_istarts(line, SPAN("From ")) || span_istarts(line, SPAN(">From ")))) {
                /* mbox's own line */
            } else {
                /* A stray line inside the header, or the body without an empty line before it? */
                if (!any || !header_goes_on(w, next)) {
                    m->odd |= any ? ODD(BAD_HEADER) : 0;
                    break;
                }
                m->odd |= ODD(BAD_HEADER);
                kept = false;
            }
        }
        w->pos = next;
    }
    if (any) note_bytes(m, span_head(span_from(w->raw, start), w->pos - start));
    return any;
}

/* --- entities ----------------------------------------------------------------------------------------------------- */

static span lower(struct walk *w, span s)
{
    uint8_t *out = arena_alloc(w->a, s.n);
    if (!out) return SPAN_NONE;
    scan->lower(s.p, s.n, out);
    return span_of(out, s.n);
}

/* A token that a label may be: cut at white space and quotes, lower case. */
static span token(struct walk *w, span s)
{
    s = span_trim(s);
    size_t n = 0;
    while (n < s.n && s.p[n] > ' ' && s.p[n] != '"' && s.p[n] != ';') n++;
    return lower(w, span_head(s, n));
}

static const struct mail_header *field_of(const struct mail *m, size_t from, enum mail_field id)
{
    for (size_t i = from; i < m->header_total; i++)
        if (m->headers[i].id == id) return &m->headers[i];
    return NULL;
}

static void set_type(struct walk *w, struct mail_part *p, span field)
{
    span value = param_value(field);
    size_t slash = span_find(value, '/');
    span type = span_trim(span_head(value, slash)), subtype = span_trim(span_from(value, slash + 1));
    size_t n = 0;
    while (n < subtype.n && subtype.p[n] > ' ' && subtype.p[n] != '"' && subtype.p[n] != ',') n++;
    subtype.n = n;
    if (type.n && type.p[0] == '"') type = span_from(type, 1);
    if (!type.n || !subtype.n) { /* RFC 2045 5.2: what cannot be read is text/plain; "multipart" alone means mixed */
        if (!span_ieq(type, SPAN("multipart"))) return;
        subtype = SPAN("mixed");
    }
    p->type = lower(w, type);
    p->subtype = lower(w, subtype);
}

/* Type, charset, encoding and disposition by the fields from index `from`; the boundary, if any, to *boundary. */
static void describe(struct walk *w, struct mail_part *p, size_t from, span *boundary)
{
    struct mail *m = w->m;
    span ignored, value;
    const struct mail_header *h = field_of(m, from, FIELD_CONTENT_TYPE);
    *boundary = SPAN_NONE;
    if (h) {
        set_type(w, p, h->raw);
        if (param_get(h->raw, SPAN("charset"), w->a, &value, &ignored)) p->charset = token(w, value);
        if (span_eq(p->type, SPAN("multipart"))) param_get(h->raw, SPAN("boundary"), w->a, boundary, &ignored);
    }
    h = field_of(m, from, FIELD_CONTENT_ENCODING);
    if (h) {
        p->encoding = codec_by_name(token(w, param_value(h->raw)));
        if (p->encoding == MAIL_ENCODING_UNKNOWN) m->odd |= ODD(BAD_ENCODING);
    }
    h = field_of(m, from, FIELD_CONTENT_DISPOSITION);
    p->attachment = h && span_ieq(param_value(h->raw), SPAN("attachment"));
}

/* The boundary of a multipart that names none, as its body shows it: the first line with anything on it, if that begins
 * with "--". */
static span sniff_boundary(const struct walk *w)
{
    size_t at = w->pos, next;
    for (int i = 0; i < MAIL_SNIFF_LINES && at < w->raw.n; i++, at = next) {
        span line = span_trim(line_at(w, at, &next));
        if (line.n == 0) continue;
        if (line.n > 2 && line.p[0] == '-' && line.p[1] == '-') return span_from(line, 2);
        break;
    }
    return SPAN_NONE;
}

/* Read the entity whose header starts at w->pos. */
static void open_entity(struct walk *w, int parent)
{
    struct mail *m = w->m;
    struct mail_part *p = &m->parts[m->part_count];
    bool top = parent < 0, message = top || span_eq(m->parts[parent].type, SPAN("message"));
    *p = (struct mail_part){
        .parent = (int16_t)parent,
        .depth = (uint16_t)(top ? 0 : m->parts[parent].depth + 1),
        .type = w->digest ? SPAN("message") : SPAN("text"),
        .subtype = w->digest ? SPAN("rfc822") : SPAN("plain"),
    };
    size_t from = m->header_total;
    bool any = read_fields(w, message);
    if (top) {
        m->header_count = m->header_total;
        if (!any && w->raw.n) m->odd |= ODD(NO_HEADERS);
        if (any && w->pos == w->raw.n) m->odd |= ODD(NO_BODY);
    }
    p->first_header = (uint32_t)from;
    p->header_count = (uint32_t)(m->header_total - from);
    span boundary;
    describe(w, p, from, &boundary);
    p->body = span_from(w->raw, w->pos);

    struct entity e = {.part = (int)m->part_count++};
    if (span_eq(p->type, SPAN("multipart"))) {
        if (boundary.n == 0) {
            m->odd |= ODD(NO_BOUNDARY);
            boundary = sniff_boundary(w);
        }
        if (boundary.n == 0) {
            p->type = SPAN("text");
            p->subtype = SPAN("plain");
        } else if (p->depth >= MAIL_DEPTH_MAX) {
            m->odd |= ODD(DEEP);
        } else {
            e.multipart = true;
            e.boundary = boundary;
        }
    }
    w->open[w->depth++] = e;
}

/* Is the entity on top of the stack a message whose header follows right here? */
static bool holds_message(const struct walk *w)
{
    const struct mail_part *p = &w->m->parts[w->open[w->depth - 1].part];
    return span_eq(p->type, SPAN("message")) && (p->encoding == MAIL_7BIT || p->encoding == MAIL_ENCODING_UNKNOWN) &&
           (span_eq(p->subtype, SPAN("rfc822")) || span_eq(p->subtype, SPAN("global")) ||
            span_eq(p->subtype, SPAN("news")));
}

void walk_mail(struct mail *m, struct arena *a)
{
    struct walk w = {.m = m, .a = a, .raw = m->raw, .eol = '\n', .header_budget = MAIL_HEADER_TOTAL_MAX};
    if (w.raw.n && !memchr(w.raw.p, '\n', w.raw.n) && memchr(w.raw.p, '\r', w.raw.n)) {
        w.eol = '\r';
        m->odd |= ODD(BARE_CR);
    }
    int parent = -1;
    for (;;) {
        if (!grow(a, &m->parts, m->part_count, &w.part_cap, MAIL_PARTS_MAX, sizeof *m->parts)) {
            if (m->part_count >= MAIL_PARTS_MAX) m->odd |= ODD(MANY_PARTS);
            for (int i = 0; i < w.depth; i++) w.open[i].closed = true; /* nobody knows how they would have ended */
            break;
        }
        open_entity(&w, parent);
        w.digest = false;
        if (holds_message(&w)) {
            parent = w.open[w.depth - 1].part;
            if (m->parts[parent].depth < MAIL_DEPTH_MAX) continue;
            m->odd |= ODD(DEEP);
        }
        if (!next_boundary(&w)) break;
        parent = w.open[w.depth - 1].part;
        w.digest = span_eq(m->parts[parent].subtype, SPAN("digest"));
    }
    close_to(&w, 0, w.raw.n);
}

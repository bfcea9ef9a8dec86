/* SPDX-License-Identifier: Apache-2.0 */
/* walk: where the header fields and parts of a mail are: one pass over its lines, no recursion.
 *
 * An entity is opened where its header starts and closed where a boundary around it stands, so bodies are known without
 * a second look. A boundary of an outer multipart ends everything inside; the boundary line's own line end belongs to
 * it (RFC 2046 5.1.1). A boundary matches as mail clients match it: the whole line but for white space at its end, and
 * the longest match wins. */
#include "worker/mime/walk.h"

#include "proto/base/hash.h"
#include "worker/mime/cms.h"
#include "worker/mime/codec.h"
#include "worker/mime/grow.h"
#include "worker/mime/header.h"
#include "worker/mime/heading.h"
#include "worker/mime/param.h"
#include "worker/mime/source.h"
#include "worker/simd/scan.h"

enum { BASE64_SURE = 24 }; /* digits of a line that make a word of a text unlikely */

struct entity {
    int part;
    span boundary;     /* of a multipart whose boundary still counts, else empty */
    uint64_t hash;     /* of the boundary */
    bool multipart;    /* with a boundary */
    bool seen, closed; /* its boundary, its closing boundary */
};

struct walk {
    struct mail *m;
    struct arena *a;
    struct source in;                        /* being read */
    struct source outer[MAIL_DEPTH_MAX + 1]; /* to go on with behind it, the mail first */
    int outers;
    struct heading heading;
    size_t message_budget;                  /* decoded bytes of encoded messages that may still be read */
    size_t ahead_budget;                    /* bytes in which a boundary may still be looked for ahead */
    struct entity open[MAIL_DEPTH_MAX + 2]; /* from the message inwards */
    int depth;
    uint64_t marks; /* a bit for each open boundary's hash, or more: what matches none is no boundary */
    bool digest;    /* the next part's default type is message/rfc822 (RFC 2046 5.1.5) */
};

/* --- boundaries --------------------------------------------------------------------------------------------------- */

static uint64_t mark_of(uint64_t hash)
{
    return UINT64_C(1) << (hash & 63);
}

/* Which open multipart's boundary is this line ("--" begins it)? Index into open, or -1; *closing for "--x--". The
 * longest match wins. By their hashes, so that a line costs the same under one boundary and under 32 alike ones. */
static int match_boundary(const struct walk *w, span line, bool *closing)
{
    while (line.n && (ascii_space(line.p[line.n - 1]))) line.n--;
    span whole = span_from(line, 2);
    bool closes = whole.n >= 2 && whole.p[whole.n - 1] == '-' && whole.p[whole.n - 2] == '-';
    span inner = closes ? span_head(whole, whole.n - 2) : SPAN_NONE;
    uint64_t whole_hash = hash64(whole, 0), inner_hash = hash64(inner, 0);
    if (!(w->marks & (mark_of(whole_hash) | mark_of(inner_hash)))) return -1;
    int best = -1;
    for (int i = w->depth - 1; i >= w->in.base; i--) {
        const struct entity *e = &w->open[i];
        span b = e->boundary;
        if (b.n == 0 || (e->hash != whole_hash && e->hash != inner_hash)) continue;
        if (best >= 0 && b.n <= w->open[best].boundary.n) continue;
        bool opening = span_eq(b, whole);
        if (!opening && !(closes && span_eq(b, inner))) continue;
        best = i;
        *closing = !opening;
    }
    return best;
}

/* As heading.h asks. */
static bool is_boundary(const void *walk, span line)
{
    bool closing;
    return match_boundary(walk, line, &closing) >= 0;
}

/* Forget `closed` entities from the top of the stack down to index `keep`; their bodies end at `end`. */
static void close_to(struct walk *w, int keep, size_t end)
{
    struct mail *m = w->m;
    for (; w->depth > keep; w->depth--) {
        struct entity *e = &w->open[w->depth - 1];
        struct mail_part *p = &m->parts[e->part];
        size_t start = (size_t)(p->body.p - w->in.raw.p);
        p->body.n = end > start ? end - start : 0;
        if (!e->multipart || e->closed) continue;
        m->odd |= e->seen ? ODD(TRUNCATED) : ODD(BOUNDARY_UNSEEN);
        if (!e->seen) { /* what it holds is all there is to show */
            p->type = SPAN("text");
            p->subtype = SPAN("plain");
        }
    }
}

struct hit {
    size_t at, next; /* where the line starts, and the one behind it */
    int which;       /* index into open */
    bool closing;
};

/* The next line from w->in.pos on that is a boundary; false when none is, and `at` is the end. */
static bool find_boundary(struct walk *w, struct hit *h)
{
    w->marks = 0;
    for (int i = w->in.base; i < w->depth; i++)
        if (w->open[i].boundary.n) w->marks |= mark_of(w->open[i].hash);
    for (h->at = w->in.pos; w->marks && h->at < w->in.raw.n; h->at = h->next) {
        span rest = span_from(w->in.raw, h->at);
        h->at += scan->dashes(rest.p, rest.n, w->in.eol);
        if (h->at >= w->in.raw.n) break;
        h->which = match_boundary(w, source_line(&w->in, h->at, &h->next), &h->closing);
        if (h->which >= 0) return true;
    }
    h->at = h->next = w->in.raw.n;
    return false;
}

/* Where the body ends that a boundary line at `at` ends: the line end before it is the boundary's. */
static size_t body_end(const struct walk *w, size_t at)
{
    size_t end = at;
    if (end && w->in.raw.p[end - 1] == w->in.eol) end--;
    if (end && w->in.eol == '\n' && end < at && w->in.raw.p[end - 1] == '\r') end--;
    return end;
}

/* Close what the next boundary lines end, up to one behind which a part begins. False at the source's end. */
static bool next_boundary(struct walk *w)
{
    for (struct hit h; find_boundary(w, &h);) {
        w->in.pos = h.next;
        close_to(w, h.which + 1, body_end(w, h.at));
        struct entity *e = &w->open[h.which];
        e->seen = true;
        if (!h.closing) return true;
        e->closed = true;
        e->boundary = SPAN_NONE;
    }
    w->in.pos = w->in.raw.n;
    return false;
}

/* --- more parts than are kept ------------------------------------------------------------------------------------- */

/* Where a part begins, and the stack there. */
struct start {
    size_t at, next; /* its boundary line, and what stands behind it */
    int depth;
    uint64_t closed; /* a bit for each open multipart that ended on the way */
};

static bool blank(const struct walk *w, size_t from, size_t to)
{
    return to <= from || span_trim(span_of(w->in.raw.p + from, to - from)).n == 0;
}

/* At the start of a part, when there is room for `room` more (up to MAIL_PARTS_LAST) and more than that follow: pass
 * over all but the last half as many, which leaves the other half to what these hold. So junk in front pushes out
 * nothing behind. Parts without a byte, which nobody sees, do not count. */
static void skip_to_last(struct walk *w, size_t room)
{
    struct start ring[MAIL_PARTS_LAST], s = {w->in.pos, w->in.pos, w->depth, 0};
    struct walk ahead = *w;
    size_t n = 0, first = 0;
    ring[n++] = s;
    for (struct hit h; find_boundary(&ahead, &h);) {
        ahead.in.pos = h.next;
        ahead.depth = h.which + 1;
        s.closed &= (UINT64_C(1) << ahead.depth) - 1;
        if (h.closing) {
            ahead.open[h.which].boundary = SPAN_NONE;
            s.closed |= UINT64_C(1) << h.which;
            continue;
        }
        if (n > first && blank(w, ring[(n - 1) % room].next, h.at)) n--, w->m->odd |= ODD(MANY_PARTS);
        if (n - first == room) first++;
        s.at = h.at, s.next = h.next, s.depth = ahead.depth;
        ring[n++ % room] = s;
    }
    if (first && n - first > (room + 1) / 2) first = n - (room + 1) / 2;
    s = ring[first % room];
    if (s.next == w->in.pos) return;
    w->m->odd |= ODD(MANY_PARTS);
    for (int i = 0; i < w->depth; i++) {
        bool over = i >= s.depth || s.closed >> i & 1;
        w->open[i].closed |= over;
        if (over) w->open[i].boundary = SPAN_NONE;
    }
    close_to(w, s.depth, body_end(w, s.at));
    w->open[s.depth - 1].seen = true;
    w->in.pos = s.next;
}

/* --- entities ----------------------------------------------------------------------------------------------------- */

static span lower(struct walk *w, span s)
{
    uint8_t *out = arena_alloc(w->a, s.n);
    if (!out) return SPAN_NONE;
    scan->lower(s.p, s.n, out);
    return span_of(out, s.n);
}

/* A token that a label may be: cut at white space and quotes, lower case. Quotes may stand before it escaped. */
static span token(struct walk *w, span s)
{
    s = span_trim(s);
    while (s.n && (s.p[0] == '\\' || s.p[0] == '"')) s = span_from(s, 1);
    size_t n = 0;
    while (n < s.n && s.p[n] > ' ' && s.p[n] != '"' && s.p[n] != '\\' && s.p[n] != ';') n++;
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

/* Which of several boundaries is met first in what may be looked at ahead; the first of them when none is. */
static size_t first_ahead(struct walk *w, const span *boundary, size_t n)
{
    span ahead = span_head(span_from(w->in.raw, w->in.pos), w->ahead_budget);
    size_t which = n, at = 0;
    for (size_t next; which == n && at < ahead.n; at = next) {
        span rest = span_from(ahead, at);
        at += scan->dashes(rest.p, rest.n, w->in.eol);
        if (at >= ahead.n) break;
        span line = span_from(span_trim(source_line(&w->in, w->in.pos + at, &next)), 2);
        next -= w->in.pos;
        for (which = 0; which < n && !(boundary[which].n && span_eq(line, boundary[which]));) which++;
    }
    w->ahead_budget -= at < ahead.n ? at : ahead.n;
    return which < n ? which : 0;
}

/* The boundary that a Content-Type names. Where it can be read in more than one way, mail clients disagree, and the one
 * that the body begins with is the one that some reader sees parts by. */
static span find_out_boundary(struct walk *w, span field)
{
    span first, ignored, readings[4];
    if (!param_get(field, SPAN("boundary"), w->a, &first, &ignored)) return SPAN_NONE;
    size_t n = 0;
    readings[n++] = first;
    span last = first;
    if (param_last(field, SPAN("boundary"), w->a, &last) && !span_eq(last, first)) readings[n++] = last;
    size_t space = 0; /* a comment behind a value without quotes */
    while (space < first.n && !ascii_space(first.p[space])) space++;
    if (space < first.n) readings[n++] = span_head(first, space);
    if (first.n > 2 && first.p[0] == '\'' && first.p[first.n - 1] == '\'')
        readings[n++] = span_of(first.p + 1, first.n - 2);
    return readings[n > 1 ? first_ahead(w, readings, n) : 0];
}

/* Does a line hold base64, and no text could be it? Whole groups of digits, of all sorts or padded. */
static bool is_base64(span line)
{
    size_t digits = 0, pads = 0;
    bool upper = false, lower = false, rest = false;
    for (size_t i = 0; i < line.n; i++) {
        uint8_t c = line.p[i];
        if (c == '=') {
            pads++;
            continue;
        }
        if (pads || !(ascii_alnum(c) || c == '+' || c == '/')) return false;
        digits++;
        upper |= c >= 'A' && c <= 'Z';
        lower |= c >= 'a' && c <= 'z';
        rest |= c < 'A';
    }
    return digits && (digits + pads) % 4 == 0 && (pads || (digits >= BASE64_SURE && upper && lower && rest));
}

/* Which of the encodings in `claims`, a bit each, the body at w->in.pos is in, as its first lines show. */
static enum mail_encoding fitting(struct walk *w, unsigned claims, enum mail_encoding first)
{
    size_t at = w->in.pos, next;
    bool begun = false;
    for (int i = 0; i < MAIL_SNIFF_LINES && at < w->in.raw.n; i++, at = next) {
        span line = span_head(span_trim(source_line(&w->in, at, &next)), MAIL_LINE_MAX);
        if (span_starts(line, SPAN("--"))) break;
        if (line.n == 0) continue;
        if (!begun && claims & 1u << MAIL_BASE64 && is_base64(line)) return MAIL_BASE64;
        if (!begun && claims & 1u << MAIL_UUENCODE && span_istarts(line, SPAN("begin "))) return MAIL_UUENCODE;
        if (!begun && claims & 1u << MAIL_YENC && span_istarts(line, SPAN("=ybegin "))) return MAIL_YENC;
        begun = true;
        for (size_t k = span_find(line, '='); claims & 1u << MAIL_QP && k < line.n;) {
            bool soft = k + 1 == line.n;
            if (soft || (k + 2 < line.n && ascii_hex(line.p[k + 1]) >= 0 && ascii_hex(line.p[k + 2]) >= 0))
                return MAIL_QP;
            k += 1 + span_find(span_from(line, k + 1), '=');
        }
    }
    return claims & 1u << MAIL_7BIT ? MAIL_7BIT : first;
}

/* The transfer encoding by the fields from index `from`. Of several that differ some mail clients take the first, some
 * the last: the one that the body is in is the one that anybody can read it by. */
static enum mail_encoding find_encoding(struct walk *w, size_t from)
{
    struct mail *m = w->m;
    enum mail_encoding first = MAIL_7BIT;
    unsigned claims = 0;
    for (size_t i = from; i < m->header_total; i++) {
        if (m->headers[i].id != FIELD_CONTENT_ENCODING) continue;
        span value = param_value(span_head(m->headers[i].raw, MAIL_FIELD_BYTES_MAX));
        if (value.n && (value.p[0] == '"' || value.p[0] == '\\')) m->odd |= ODD(BAD_ENCODING);
        enum mail_encoding e = codec_by_name(token(w, value), &m->odd);
        if (!claims) first = e;
        claims |= 1u << e;
    }
    if (!(claims & (claims - 1))) return first;
    m->odd |= ODD(DUPLICATE_HEADER);
    return fitting(w, claims, first);
}

/* Type, charset, encoding and disposition by the fields from index `from`; the boundary, if any, to *boundary. */
static void describe(struct walk *w, struct mail_part *p, size_t from, span *boundary)
{
    struct mail *m = w->m;
    span ignored, value;
    for (size_t i = from; i < m->header_total; i++) {
        struct mail_header *h = &m->headers[i];
        if (h->id == FIELD_CONTENT_TYPE || h->id == FIELD_CONTENT_DISPOSITION) h->letters = param_letters(h->raw);
    }
    const struct mail_header *h = field_of(m, from, FIELD_CONTENT_TYPE);
    *boundary = SPAN_NONE;
    if (h) {
        set_type(w, p, h->raw);
        bool named = h->letters & param_letter(SPAN("charset"));
        if (named && param_get(h->raw, SPAN("charset"), w->a, &value, &ignored)) p->charset = token(w, value);
        if (span_eq(p->type, SPAN("multipart"))) *boundary = find_out_boundary(w, h->raw);
    }
    p->encoding = find_encoding(w, from);
    h = field_of(m, from, FIELD_CONTENT_DISPOSITION);
    p->attachment = h && span_ieq(param_value(h->raw), SPAN("attachment"));
}

/* The boundary of a multipart that names none, as its body shows it: the first line with anything on it, if that begins
 * with "--". */
static span sniff_boundary(const struct walk *w)
{
    size_t at = w->in.pos, next;
    for (int i = 0; i < MAIL_SNIFF_LINES && at < w->in.raw.n; i++, at = next) {
        span line = span_trim(source_line(&w->in, at, &next));
        if (line.n == 0) continue;
        if (line.n > 2 && line.p[0] == '-' && line.p[1] == '-') return span_from(line, 2);
        break;
    }
    return SPAN_NONE;
}

/* Does a multipart around it have the same boundary? */
static bool is_open(const struct walk *w, const struct entity *e)
{
    for (int i = w->in.base; i < w->depth; i++)
        if (w->open[i].hash == e->hash && span_eq(w->open[i].boundary, e->boundary)) return true;
    return false;
}

/* Read the entity whose header starts at w->in.pos. */
static void open_entity(struct walk *w, struct mail_part *p, int parent)
{
    struct mail *m = w->m;
    bool top = parent < 0, message = top || span_eq(m->parts[parent].type, SPAN("message"));
    *p = (struct mail_part){
        .parent = (int16_t)parent,
        .depth = (uint16_t)(top ? 0 : m->parts[parent].depth + 1),
        .type = w->digest ? SPAN("message") : SPAN("text"),
        .subtype = w->digest ? SPAN("rfc822") : SPAN("plain"),
    };
    size_t from = m->header_total;
    bool any = heading_read(&w->heading, &w->in, message);
    if (top) {
        m->header_count = m->header_total;
        if (!any && w->in.raw.n) m->odd |= ODD(NO_HEADERS);
        if (any && w->in.pos == w->in.raw.n) m->odd |= ODD(NO_BODY);
    }
    p->first_header = (uint32_t)from;
    p->header_count = (uint32_t)(m->header_total - from);
    span boundary;
    describe(w, p, from, &boundary);
    p->body = span_from(w->in.raw, w->in.pos);

    struct entity e = {.part = (int)(p - m->parts)};
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
            e.hash = hash64(boundary, 0);
            p->shares_boundary = is_open(w, &e);
            if (p->shares_boundary) m->odd |= ODD(NO_BOUNDARY);
        }
    }
    w->open[w->depth++] = e;
}

/* --- messages within ---------------------------------------------------------------------------------------------- */

static struct source source_of(span raw, int base, uint64_t *odd)
{
    struct source s = {.raw = raw, .eol = '\n', .base = base};
    if (raw.n && !memchr(raw.p, '\n', raw.n) && memchr(raw.p, '\r', raw.n)) {
        s.eol = '\r';
        *odd |= ODD(BARE_CR);
    }
    return s;
}

/* Is the part a message that is to be opened? message/partial and message/external-body hold none. */
static bool holds_message(const struct mail_part *p)
{
    return span_eq(p->type, SPAN("message")) &&
           (span_eq(p->subtype, SPAN("rfc822")) || span_eq(p->subtype, SPAN("global")) ||
            span_eq(p->subtype, SPAN("news")));
}

/* Is the part of a type that may hold a signed message (cms.h)? */
static bool holds_signed(const struct mail_part *p)
{
    return span_eq(p->type, SPAN("application")) &&
           (span_eq(p->subtype, SPAN("pkcs7-mime")) || span_eq(p->subtype, SPAN("x-pkcs7-mime")));
}

/* Does a header stand where encoded bytes should begin? No base64 digit is a colon, nor is there one in "begin"; in
 * quoted-printable the first field looks alike, but '=' in the header should be an escape and is not. */
static bool label_lies(struct walk *w, enum mail_encoding e)
{
    size_t next, colon;
    if (header_name(source_line(&w->in, w->in.pos, &next), &colon) == 0) return false;
    if (e == MAIL_BASE64) w->m->odd |= ODD(BAD_BASE64);
    uint64_t odd = 0;
    if (e == MAIL_QP) {
        size_t end = w->in.pos;
        while (source_line(&w->in, end, &next).n && end - w->in.pos < MAIL_LIE_BYTES) end = next;
        span header = span_head(span_from(span_head(w->in.raw, end), w->in.pos), MAIL_LIE_BYTES);
        span decoded = codec_decode(e, header, header.n, w->a, &odd);
        if (decoded.p) arena_trim(w->a, (uint8_t *)decoded.p, 0);
    }
    w->m->odd |= odd;
    return odd || e != MAIL_QP;
}

/* Make the message that the part on top of the stack holds what is read next: its header stands at w->in.pos, or in
 * bytes of its own when it is encoded (which RFC 2046 5.2.1 forbids, and mail clients open). False: it stays shut. */
static bool enter_message(struct walk *w)
{
    struct mail *m = w->m;
    struct mail_part *p = &m->parts[w->open[w->depth - 1].part];
    if (p->depth >= MAIL_DEPTH_MAX) {
        m->odd |= ODD(DEEP);
        return false;
    }
    if (p->encoding == MAIL_7BIT || p->encoding == MAIL_ENCODING_UNKNOWN || label_lies(w, p->encoding)) return true;
    struct hit h;
    find_boundary(w, &h);
    size_t cap = w->message_budget < MAIL_DECODE_MAX ? w->message_budget : MAIL_DECODE_MAX;
    span body = span_from(span_head(w->in.raw, body_end(w, h.at)), w->in.pos);
    span decoded = codec_decode(p->encoding, body, cap, w->a, &m->odd);
    m->odd |= ODD(ENCODED_MESSAGE);
    if (decoded.n == cap && body.n > cap) m->odd |= ODD(TEXT_LIMIT);
    if (decoded.n == 0) return false;
    p->decoded = decoded.n;
    w->message_budget -= decoded.n;
    w->in.pos = h.at; /* where to go on behind it */
    w->outer[w->outers++] = w->in;
    w->in = source_of(decoded, w->depth, &m->odd);
    return true;
}

/* The same for a signed message. It is shown, whatever its disposition says. */
static bool enter_signed(struct walk *w)
{
    struct mail *m = w->m;
    struct mail_part *p = &m->parts[w->open[w->depth - 1].part];
    uint64_t ignored = 0;
    if (p->depth >= MAIL_DEPTH_MAX) return false;
    span head = codec_decode(p->encoding, span_from(w->in.raw, w->in.pos), CMS_HEAD, w->a, &ignored);
    bool is_signed = cms_signed(head);
    if (head.p && p->encoding != MAIL_7BIT && p->encoding != MAIL_ENCODING_UNKNOWN)
        arena_trim(w->a, (uint8_t *)head.p, 0);
    if (!is_signed) return false;
    struct hit h;
    find_boundary(w, &h);
    size_t half = w->message_budget / 2, cap = half < MAIL_DECODE_MAX ? half : MAIL_DECODE_MAX; /* pieces are copied */
    span body = span_from(span_head(w->in.raw, body_end(w, h.at)), w->in.pos);
    span decoded = codec_decode(p->encoding, body, cap, w->a, &m->odd), content = cms_content(decoded, w->a);
    if (decoded.n == cap && body.n > cap) m->odd |= ODD(TEXT_LIMIT);
    w->message_budget -= decoded.n + content.n;
    if (content.n == 0) return false;
    p->decoded = decoded.n;
    p->attachment = false;
    w->in.pos = h.at;
    w->outer[w->outers++] = w->in;
    w->in = source_of(content, w->depth, &m->odd);
    return true;
}

/* At the end of an encoded message: go on behind it. False at the end of the mail. */
static bool leave_message(struct walk *w)
{
    if (!w->outers) return false;
    close_to(w, w->in.base, w->in.raw.n);
    w->in = w->outer[--w->outers];
    return true;
}

struct mail_part *walk_add_part(struct mail *m, struct arena *a)
{
    /* Room doubles whenever it is full, so the count alone says whether it is. */
    size_t n = m->part_count, cap = n == 0 || (n >= GROW_MIN && (n & (n - 1)) == 0) ? n : n + 1;
    if (!grow(a, &m->parts, n, &cap, MAIL_PARTS_MAX, sizeof *m->parts)) {
        if (n >= MAIL_PARTS_MAX) m->odd |= ODD(MANY_PARTS);
        return NULL;
    }
    return &m->parts[m->part_count++];
}

size_t walk_mail(struct mail *m, struct arena *a)
{
    struct walk w; /* its stacks are as empty as their counts say */
    w.m = m;
    w.a = a;
    w.in = source_of(m->raw, 0, &m->odd);
    w.outers = w.depth = 0;
    w.message_budget = MAIL_DECODE_MESSAGES_MAX;
    w.ahead_budget = MAIL_AHEAD_BYTES;
    w.marks = 0;
    w.digest = false;
    w.heading = (struct heading){m, a, .budget = MAIL_HEADER_TOTAL_MAX, .boundary = is_boundary, .walk = &w};
    int parent = -1;
    for (bool more = true; more;) {
        struct mail_part *p = walk_add_part(m, a);
        if (!p) {
            for (int i = 0; i < w.depth; i++) w.open[i].closed = true; /* nobody knows how they would have ended */
            break;
        }
        open_entity(&w, p, parent);
        if ((holds_message(p) && enter_message(&w)) || (holds_signed(p) && enter_signed(&w))) {
            w.digest = false;
        } else {
            do more = next_boundary(&w);
            while (!more && leave_message(&w));
            size_t room = MAIL_PARTS_MAX - m->part_count;
            if (more && room && room <= MAIL_PARTS_LAST && (room & (room - 1)) == 0) skip_to_last(&w, room);
            w.digest = more && span_eq(m->parts[w.open[w.depth - 1].part].subtype, SPAN("digest"));
        }
        parent = w.open[w.depth - 1].part;
    }
    while (leave_message(&w)) continue;
    close_to(&w, 0, w.in.raw.n);
    return MAIL_DECODE_MESSAGES_MAX - w.message_budget;
}

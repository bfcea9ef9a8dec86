/* SPDX-License-Identifier: Apache-2.0 */
/* mail: a message as its reader would see it, taken apart into spans.
 *
 * walk.c says where fields and parts are; here they are decoded: header values, who it is from, which of the texts a
 * reader sees, attachments by name and first bytes. */
#include "worker/mime/mail.h"

#include "worker/mime/address.h"
#include "worker/mime/auth.h"
#include "worker/attach/name.h"
#include "worker/mime/codec.h"
#include "worker/mime/param.h"
#include "worker/mime/walk.h"
#include "worker/mime/word.h"
#include "worker/simd/scan.h"
#include "worker/text/charset.h"
#include "worker/text/unicode.h"

enum {
    LINE_MAX = 998,   /* RFC 5322 2.1.1 */
    UTF8_GROWTH = 3,  /* no byte of any charset becomes more bytes of UTF-8 */
    ALTERNATIVES = -1 /* nothing chosen yet */
};

/* What is being written down while the text parts are read. */
struct reader {
    struct mail *m;
    struct arena *a;
    struct text visible, hidden;
    struct url_list urls;
    size_t budget; /* decoded bytes that may still be read */
};

const struct mail_header *mail_find(const struct mail *m, enum mail_field id)
{
    for (size_t i = 0; i < m->header_count; i++)
        if (m->headers[i].id == id) return &m->headers[i];
    return NULL;
}

/* --- header ------------------------------------------------------------------------------------------------------- */

/* Oddities of which fields there are. */
static uint64_t field_odd(const uint32_t count[FIELD_COUNT])
{
    static const enum mail_field ONCE[] = {FIELD_FROM, FIELD_SUBJECT, FIELD_DATE, FIELD_TO, FIELD_MESSAGE_ID};
    uint64_t odd = 0;
    for (size_t i = 0; i < sizeof ONCE / sizeof *ONCE; i++)
        if (count[ONCE[i]] > 1) odd |= ODD(DUPLICATE_HEADER);
    if (!count[FIELD_FROM]) odd |= ODD(NO_FROM);
    if (!count[FIELD_DATE]) odd |= ODD(NO_DATE);
    if (!count[FIELD_MESSAGE_ID]) odd |= ODD(NO_MESSAGE_ID);
    return odd;
}

/* The charset that the mail itself speaks: what raw 8-bit bytes in its header are tried as first. */
static span main_charset(const struct mail *m)
{
    for (size_t i = 0; i < m->part_count; i++)
        if (m->parts[i].charset.n) return m->parts[i].charset;
    return SPAN_NONE;
}

static void read_header(struct mail *m, struct arena *a)
{
    uint32_t count[FIELD_COUNT] = {0};
    span hint = main_charset(m);
    for (size_t i = 0; i < m->header_count; i++) {
        struct mail_header *h = &m->headers[i];
        count[h->id]++;
        if (h->raw.n > MAIL_FIELD_BYTES_MAX) m->odd |= ODD(HEADER_LIMIT);
        if (h->id == FIELD_IGNORED) continue;
        h->value = word_decode(span_head(h->raw, MAIL_FIELD_BYTES_MAX), hint, a, &m->odd, &h->charset);
    }
    m->shape.received = count[FIELD_RECEIVED];
    m->odd |= field_odd(count);

    const struct mail_header *from = mail_find(m, FIELD_FROM);
    if (!from) return;
    address_first(span_head(from->raw, MAIL_FIELD_BYTES_MAX), hint, a, &m->from_addr, &m->from_name, &m->odd);
    span host = address_domain(m->from_addr);
    if (host.n) m->from_domain = domain_registrable(host);
}

/* --- parts -------------------------------------------------------------------------------------------------------- */

static bool is_type(const struct mail_part *p, span type, span subtype)
{
    return span_eq(p->type, type) && (subtype.n == 0 || span_eq(p->subtype, subtype));
}

static bool is_text(const struct mail_part *p)
{
    return is_type(p, SPAN("text"), SPAN_NONE);
}

static bool is_html(const struct mail_part *p)
{
    return is_type(p, SPAN("text"), SPAN("html"));
}

/* A multipart, or a message whose own part follows: something that shows nothing itself. */
static bool is_container(const struct mail *m, size_t i)
{
    return is_type(&m->parts[i], SPAN("multipart"), SPAN_NONE) ||
           (i + 1 < m->part_count && m->parts[i + 1].parent == (int)i);
}

/* The file name of part i: Content-Disposition's filename, else Content-Type's name; its first field is `at`. */
static span part_name(struct reader *r, size_t at, size_t end)
{
    static const struct {
        enum mail_field id;
        const char *key;
    } PLACES[] = {{FIELD_CONTENT_DISPOSITION, "filename"}, {FIELD_CONTENT_TYPE, "name"}};
    struct mail *m = r->m;
    for (size_t k = 0; k < 2; k++) {
        for (size_t i = at; i < end; i++) {
            if (m->headers[i].id != PLACES[k].id) continue;
            span value, charset, raw = span_head(m->headers[i].raw, MAIL_FIELD_BYTES_MAX);
            if (!param_get(raw, span_cstr(PLACES[k].key), r->a, &value, &charset) || value.n == 0) continue;
            uint64_t ignored = 0;
            if (charset.n) value = charset_to_utf8(value, charset, r->a, &ignored);
            value = word_decode(value, charset, r->a, &m->odd, NULL);
            if (value.n > MAIL_NAME_MAX) {
                value.n = MAIL_NAME_MAX;
                while (value.n && (value.p[value.n] & 0xC0) == 0x80) value.n--;
            }
            return value;
        }
    }
    return SPAN_NONE;
}

static void look_at_attachment(struct reader *r, struct mail_part *p)
{
    struct mail *m = r->m;
    p->decoded = codec_estimate(p->encoding, p->body.n);
    if (is_text(p)) return;
    uint8_t *mark = arena_alloc(r->a, 0);
    uint64_t ignored = 0;
    span body = span_head(p->body, 4096); /* a name's line and white space may stand before the first bytes */
    if (attach_magic(codec_decode(p->encoding, body, MAIL_MAGIC_BYTES, r->a, &ignored))) m->odd |= ODD(EXECUTABLE);
    if (mark) arena_trim(r->a, mark, 0);
}

/* Which parts a reader sees: of multipart/alternative the last branch with HTML, else the last with text; nothing
 * inside an attachment. Children stand after their parents. */
static void choose(const struct mail *m, int16_t *chosen, bool *seen)
{
    bool *html = seen; /* first: does the branch below hold HTML? then the answer, in place */
    for (size_t i = 0; i < m->part_count; i++) {
        chosen[i] = ALTERNATIVES;
        html[i] = false;
    }
    for (size_t i = m->part_count; i-- > 1;) {
        const struct mail_part *p = &m->parts[i];
        if (p->attachment) continue;
        bool text = is_text(p) || (is_container(m, i) && chosen[i] != ALTERNATIVES);
        html[i] |= is_html(p);
        int16_t *branch = &chosen[p->parent];
        /* Backwards: the first one met is the last. HTML found later takes the place of text. */
        if ((html[i] && !html[p->parent]) || (text && *branch == ALTERNATIVES)) *branch = (int16_t)i;
        html[p->parent] |= html[i];
    }
    for (size_t i = 0; i < m->part_count; i++) {
        const struct mail_part *p = &m->parts[i];
        bool above = p->parent < 0 || seen[p->parent];
        bool branch = p->parent < 0 || !is_type(&m->parts[p->parent], SPAN("multipart"), SPAN("alternative")) ||
                      chosen[p->parent] == (int16_t)i;
        seen[i] = above && branch && (!p->attachment || i == 0);
    }
}

/* The charset that a document names in its own head (<meta charset=...>), for mail that names none. */
static span html_label(span html)
{
    html = span_head(html, MAIL_META_BYTES);
    for (size_t at = span_find(html, '='); at < html.n; at += 1 + span_find(span_from(html, at + 1), '=')) {
        span before = span_trim(span_head(html, at)), key = SPAN("charset");
        if (before.n < key.n || !span_ieq(span_from(before, before.n - key.n), key)) continue;
        span label = span_from(html, at + 1);
        size_t n = 0;
        while (n < label.n && label.p[n] != '>' && label.p[n] != ';') n++;
        return span_head(label, n); /* quotes and what follows them are charset.c's to drop */
    }
    return SPAN_NONE;
}

span mail_part_text(const struct mail_part *p, size_t cap, struct arena *a, span *bytes_out, uint64_t *odd)
{
    *bytes_out = codec_decode(p->encoding, p->body, cap, a, odd);
    span label = p->charset.n || !is_html(p) ? p->charset : html_label(*bytes_out);
    return charset_to_utf8(*bytes_out, label, a, odd);
}

/* Decode one text part and write down what it shows. */
static void read_text(struct reader *r, struct mail_part *p)
{
    struct mail *m = r->m;
    size_t cap = r->budget < MAIL_DECODE_MAX ? r->budget : MAIL_DECODE_MAX;
    if (cap == 0 || r->visible.full) {
        m->odd |= ODD(TEXT_LIMIT);
        p->decoded = codec_estimate(p->encoding, p->body.n);
        return;
    }
    span bytes, utf8 = mail_part_text(p, cap, r->a, &bytes, &m->odd);
    p->decoded = bytes.n;
    r->budget -= bytes.n;
    if (bytes.n == cap && codec_estimate(p->encoding, p->body.n) > cap) m->odd |= ODD(TEXT_LIMIT);

    struct scan_census c;
    scan->census(bytes.p, bytes.n, &c);
    if (c.nul) m->odd |= ODD(NUL);
    if (c.bare_cr) m->odd |= ODD(BARE_CR);
    if (p->encoding == MAIL_7BIT && c.longest > LINE_MAX) m->odd |= ODD(LONG_LINE);

    text_break(&r->visible);
    if (is_html(p)) {
        html_read(utf8, &r->visible, &r->hidden, &r->urls, &m->shape.html, &m->odd);
    } else {
        text_put(&r->visible, utf8);
        url_find(&r->urls, utf8, URL_IN_TEXT);
    }
    text_break(&r->visible);
}

static void read_parts(struct reader *r)
{
    struct mail *m = r->m;
    int16_t *chosen = arena_alloc(r->a, m->part_count * sizeof *chosen);
    bool *seen = arena_alloc(r->a, m->part_count * sizeof *seen);
    if (!chosen || !seen) return;

    for (size_t i = 0; i < m->part_count; i++) {
        struct mail_part *p = &m->parts[i];
        p->name = part_name(r, p->first_header, p->first_header + p->header_count);
        bool container = is_container(m, i);
        if (p->name.n && !is_text(p) && !container) p->attachment = true;
        m->odd |= attach_name_odd(p->name) | unicode_odd(p->name);
    }
    choose(m, chosen, seen);
    for (size_t i = 0; i < m->part_count; i++) {
        struct mail_part *p = &m->parts[i];
        if (is_container(m, i)) {
            if (!p->decoded) p->decoded = p->body.n;
            continue;
        }
        if (is_text(p) && !p->attachment) *(is_html(p) ? &m->shape.html_parts : &m->shape.text_parts) += 1;
        if (is_type(p, SPAN("image"), SPAN_NONE)) m->shape.image_parts++;
        if (p->attachment) m->shape.attachments++;
        if (seen[i] && is_text(p))
            read_text(r, p);
        else
            look_at_attachment(r, p);
    }
}

static void fold(struct mail *m, struct arena *a)
{
    const struct mail_header *subject = mail_find(m, FIELD_SUBJECT);
    struct normal_count *n = &m->shape.repairs;
    m->folded = (struct mail_folded){
        .subject = normal_text(subject ? subject->value : SPAN_NONE, a, n),
        .from_name = normal_text(m->from_name, a, n),
        .text = normal_text(m->text, a, n),
        .other = normal_text(m->other, a, n),
        .hidden = normal_text(m->hidden, a, n),
    };
    m->odd |= normal_odd(n);
}

void mail_init(void)
{
    domain_init();
    charset_warm();
}

void mail_close(void)
{
    charset_close();
}

void mail_read(struct mail *m, span raw, const struct mail_context *c, struct arena *a)
{
    *m = (struct mail){.raw = raw};
    m->shape.raw_bytes = raw.n < UINT32_MAX ? (uint32_t)raw.n : UINT32_MAX;
    if (raw.n == 0) m->odd |= ODD(EMPTY);
    size_t spent = walk_mail(m, a);
    read_header(m, a);
    if (c) auth_read(m, c, a);

    struct reader r = {.m = m, .a = a, .budget = MAIL_DECODE_TOTAL_MAX - spent};
    size_t most = raw.n < MAIL_TEXT_MAX / UTF8_GROWTH ? raw.n * UTF8_GROWTH : MAIL_TEXT_MAX;
    text_init(&r.visible, a, most);
    text_init(&r.hidden, a, most < MAIL_HIDDEN_MAX ? most : MAIL_HIDDEN_MAX);
    url_list_init(&r.urls, a, MAIL_URLS_MAX);
    read_parts(&r);

    m->text = text_span(&r.visible);
    m->hidden = text_span(&r.hidden);
    m->urls = r.urls.v;
    m->url_count = r.urls.n;
    m->odd |= r.urls.odd | unicode_odd(m->text);
    if (r.visible.full || r.hidden.full) m->odd |= ODD(TEXT_LIMIT);
    fold(m, a);
    m->shape.visible_bytes = (uint32_t)m->text.n;
    m->shape.hidden_bytes = (uint32_t)m->hidden.n;
    if (m->shape.image_parts + m->shape.html.images > 0 && m->text.n <= MAIL_FEW_TEXT) m->odd |= ODD(ONLY_IMAGE);
    if (a->full) m->odd |= ODD(ARENA_FULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* mail: a message as its reader would see it, taken apart into spans.
 *
 * walk.c says where fields and parts are, choose.c which of the texts a reader sees, body.c what they say; here is the
 * rest: header values, who it is from, which part is what. */
#include "worker/mime/mail.h"

#include "proto/base/utf8.h"
#include "worker/attach/name.h"
#include "worker/mime/address.h"
#include "worker/mime/alike.h"
#include "worker/mime/auth.h"
#include "worker/mime/body.h"
#include "worker/mime/codec.h"
#include "worker/mime/file.h"
#include "worker/mime/headlink.h"
#include "worker/mime/hint.h"
#include "worker/mime/naming.h"
#include "worker/mime/pose.h"
#include "worker/mime/walk.h"
#include "worker/mime/word.h"
#include "worker/text/charset.h"
#include "worker/text/domain.h"
#include "worker/text/unicode.h"

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

/* All that stands from the value of the message's first field to its last. */
static span whole_header(const struct mail *m)
{
    if (!m->header_count) return SPAN_NONE;
    const struct mail_header *first = m->headers, *last = &first[m->header_count - 1];
    return span_of(first->raw.p, (size_t)(last->raw.p + last->raw.n - first->raw.p));
}

static void read_header(struct mail *m, struct arena *a)
{
    uint32_t count[FIELD_COUNT] = {0};
    bool tame = word_tame(whole_header(m));
    span hint = hint_charset(m, tame, a);
    for (size_t i = 0; i < m->header_count; i++) {
        struct mail_header *h = &m->headers[i];
        count[h->id]++;
        if (h->raw.n > MAIL_FIELD_BYTES_MAX) m->odd |= ODD(HEADER_LIMIT);
        if (h->id == FIELD_IGNORED) continue;
        span raw = span_head(h->raw, MAIL_FIELD_BYTES_MAX);
        if (tame)
            h->value = h->folded ? word_unfold(raw, a) : span_trim(raw);
        else
            h->value = word_decode(raw, hint, a, &m->odd, &h->charset);
    }
    m->shape.received = count[FIELD_RECEIVED];
    m->odd |= field_odd(count);

    const struct mail_header *from = mail_find(m, FIELD_FROM);
    if (!from) return;
    address_first(span_head(from->raw, MAIL_FIELD_BYTES_MAX), hint, a, &m->from_addr, &m->from_name, &m->odd);
    span host = address_domain(m->from_addr);
    if (host.n) m->from_domain = domain_registrable(idn_host(host, a));
}

/* --- parts -------------------------------------------------------------------------------------------------------- */

/* A text within an attached message. */
static void read_aside(struct body *b, size_t i, enum part_kind kind, struct attach_room *files)
{
    struct attach_links before = attach_links_begin(files, &b->urls);
    if (kind != PART_CONTAINER)
        body_add(b, i, kind, SIDE_ASIDE, false);
    else if (span_eq(b->m->parts[i].type, SPAN("message")))
        body_add_head(b, i, SIDE_ASIDE);
    attach_links_end(files, &b->urls, before);
}

/* Names first, since a name makes an attachment of what is no text; then what is shown; then the texts, in order. */
static void read_parts(struct mail *m, struct body *b, struct arena *a)
{
    struct part_role role[MAIL_PARTS_MAX];
    struct attach_room files = {0};
    for (size_t i = 0; i < m->part_count; i++) {
        struct mail_part *p = &m->parts[i];
        p->name = naming_part(m, p, a);
        role[i].kind = (uint8_t)choose_kind(m, i);
        if (p->name.n && role[i].kind == PART_FILE) p->attachment = true;
    }
    choose_sides(m, role);
    size_t count = m->part_count, last = 0; /* text that is seen */
    for (size_t i = 0; i < count; i++)
        if (role[i].kind > PART_CONTAINER && role[i].side == SIDE_SHOWN) last = i;
    for (size_t i = 0; i < count; i++) {
        struct mail_part *p = &m->parts[i];
        enum part_kind kind = role[i].kind;
        if (kind == PART_CONTAINER) {
            if (!p->decoded) p->decoded = p->body.n;
            if (span_eq(p->type, SPAN("message")) && role[i].side == SIDE_SHOWN) body_add_head(b, i, SIDE_SHOWN);
            continue;
        }
        if (kind == PART_HTML && !p->attachment) m->shape.html_parts++;
        if (kind == PART_TEXT && !p->attachment) m->shape.text_parts++;
        if (kind == PART_FILE) role[i].side = SIDE_NONE;
        if (role[i].side == SIDE_ASIDE) continue;
        if (role[i].side != SIDE_NONE)
            body_add(b, i, kind, role[i].side, i == last); /* may move m->parts */
        else
            p->decoded = codec_estimate(p->encoding, p->body.n);
    }
    /* Files last, when those that stood in texts are parts, too. */
    for (size_t i = 0; i < m->part_count; i++) {
        struct mail_part *p = &m->parts[i];
        bool block = i >= count;
        m->odd |= attach_name_odd(p->name) | unicode_odd(p->name);
        if (!block && role[i].kind == PART_CONTAINER) continue;
        if (span_eq(p->type, SPAN("image"))) m->shape.image_parts++;
        if (p->attachment) m->shape.attachments++;
        file_read(m, p, !block && role[i].side != SIDE_NONE, &files, &b->urls, a);
    }
    for (size_t i = 0; i < count; i++)
        if (role[i].side == SIDE_ASIDE) read_aside(b, i, role[i].kind, &files);
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

/* Do the sides of multipart/alternative say the same, or what some clients show of the only one? */
static void compare_sides(struct mail *m, bool sides, struct arena *a)
{
    span text = m->folded.text, other = m->folded.other;
    struct normal_count ignored = {0};
    if (m->nearer.n < m->other.n) other = normal_text(m->nearer, a, &ignored);
    if (!sides && other.n < text.n / 2) return; /* a newsletter's button, once more for Outlook */
    unsigned common = alike(text, other);
    if (sides) m->shape.common = (uint8_t)common;
    if (common < MAIL_COMMON_MIN && other.n >= text.n / 2) m->odd |= ODD(ALTERNATIVES);
}

/* Does a form send what is typed to somebody else than the sender? */
static bool form_elsewhere(const struct mail *m)
{
    if (!m->shape.html.forms || !m->from_domain.n) return false;
    for (size_t i = 0; i < m->url_count; i++)
        if (m->urls[i].place == URL_IN_FORM && !span_eq(m->urls[i].domain, m->from_domain)) return true;
    return false;
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

    struct body b;
    body_init(&b, m, a, MAIL_DECODE_TOTAL_MAX - spent);
    read_parts(m, &b, a);
    headlink_read(m, &b.urls);
    body_end(&b);
    fold(m, a);
    m->shape.visible_bytes = (uint32_t)m->text.n;
    m->shape.hidden_bytes = (uint32_t)m->hidden.n;
    const struct html_shape *html = &m->shape.html;
    bool pictures = m->shape.image_parts + html->images > html->pixels;
    if (pictures && m->text.n <= (size_t)MAIL_FEW_TEXT + html->alt_bytes) m->odd |= ODD(ONLY_IMAGE);
    file_password(m);
    pose_check(m);
    if (m->nearer.n) compare_sides(m, b.sides, a);
    if (form_elsewhere(m)) m->odd |= ODD(FORM_ELSEWHERE);
    if (a->full) m->odd |= ODD(ARENA_FULL);
}

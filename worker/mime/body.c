/* SPDX-License-Identifier: Apache-2.0 */
/* body: the texts of a mail, decoded one after the other and written down as its reader sees them.
 *
 * The order in which things are undone is the reverse of how they were done: transfer encoding, blocks, charset, then
 * HTML or format=flowed. */
#include "worker/mime/body.h"

#include "worker/attach/card.h"
#include "worker/attach/name.h"
#include "worker/mime/block.h"
#include "worker/mime/codec.h"
#include "worker/mime/fields.h"
#include "worker/mime/file.h"
#include "worker/mime/flow.h"
#include "worker/mime/param.h"
#include "worker/mime/walk.h"
#include "worker/mime/word.h"
#include "worker/simd/scan.h"
#include "worker/text/charset.h"
#include "worker/text/decode.h"
#include "worker/text/lean.h"

static span to_utf8(const struct mail_part *p, bool html, span bytes, struct arena *a, uint64_t *odd)
{
    return charset_to_utf8(bytes, p->charset.n || !html ? p->charset : pieces_html_label(bytes), a, odd);
}

span mail_part_text(const struct mail_part *p, size_t cap, struct arena *a, span *bytes_out, uint64_t *odd)
{
    *bytes_out = codec_decode(p->encoding, p->body, cap, a, odd);
    bool html = span_eq(p->type, SPAN("text")) && span_eq(p->subtype, SPAN("html"));
    return to_utf8(p, html, *bytes_out, a, odd);
}

void body_init(struct body *b, struct mail *m, struct arena *a, size_t budget)
{
    *b = (struct body){.m = m, .a = a, .budget = budget};
    size_t most = m->raw.n < MAIL_TEXT_MAX / DECODE_GROWTH ? m->raw.n * DECODE_GROWTH : MAIL_TEXT_MAX;
    text_init(&b->visible, a, most);
    text_init(&b->hidden, a, most < MAIL_HIDDEN_MAX ? most : MAIL_HIDDEN_MAX);
    url_list_init(&b->urls, a, MAIL_URLS_MAX + MAIL_URLS_HEADER);
    if (b->urls.whole) b->urls.keep_header = MAIL_URLS_HEADER, b->urls.keep_seen = MAIL_URLS_SEEN;
    b->urls.from = m->from_domain;
    if (m->raw.n > MAIL_LONG_BYTES) pieces_open(&b->pieces, a); /* before junk can take the room */
}

/* --- blocks ------------------------------------------------------------------------------------------------------- */

/* A part of its own for a block in part i. False when there is no more room. */
static bool add_block(struct body *b, size_t i, const struct block *block)
{
    struct mail *m = b->m;
    struct mail_part *p = walk_add_part(m, b->a);
    if (!p) return false;
    const struct mail_part *text = &m->parts[i];
    uint64_t ignored = 0;
    span name = word_decode(block->name, text->charset, b->a, &ignored, NULL);
    *p = (struct mail_part){
        .parent = (int16_t)i,
        .depth = (uint16_t)(text->depth + 1),
        .type = SPAN("application"),
        .subtype = SPAN("octet-stream"),
        .name = attach_name_cut(name, MAIL_NAME_MAX, b->a),
        .attachment = true,
        .encoding = block->encoding,
        .block = true,
        .body = block->data,
        .first_header = (uint32_t)m->header_total,
    };
    m->odd |= ODD(BLOCK);
    return true;
}

/* Make parts of the blocks in part i, whose decoded bytes these are; returns the text without them. */
static span take_blocks(struct body *b, size_t i, span bytes)
{
    struct block block;
    size_t inside = 0, n = 0, at = 0;
    while (block_next(bytes, at, &block) && add_block(b, i, &block)) {
        inside += block.whole.n;
        at = (size_t)(block.whole.p - bytes.p) + block.whole.n;
    }
    uint8_t *rest = at ? arena_alloc(b->a, bytes.n - inside) : NULL;
    if (!rest) return bytes;
    for (size_t from = 0, end = at; from < end; from = at) {
        block_next(bytes, from, &block);
        at = (size_t)(block.whole.p - bytes.p);
        memcpy(rest + n, bytes.p + from, at - from);
        n += at - from;
        at += block.whole.n;
    }
    memcpy(rest + n, bytes.p + at, bytes.n - at);
    return span_of(rest, n + bytes.n - at);
}

/* --- texts -------------------------------------------------------------------------------------------------------- */

/* A text made shorter by card_join or card_unescape; itself when the arena is full. */
static span card_step(struct body *b, span (*step)(span s, uint8_t *out), span s)
{
    uint8_t *out = arena_alloc(b->a, s.n);
    if (!out) return s;
    span whole = step(s, out);
    arena_trim(b->a, out, whole.n);
    return whole;
}

/* Undo format=flowed, where part p says that it is. */
static span unflow(struct body *b, const struct mail_part *p, span utf8)
{
    size_t i = p->first_header, end = i + p->header_count;
    while (i < end && b->m->headers[i].id != FIELD_CONTENT_TYPE) i++;
    if (i == end || !(b->m->headers[i].letters & param_letter(SPAN("format")))) return utf8;
    span type = span_head(b->m->headers[i].raw, MAIL_FIELD_BYTES_MAX), value, ignored;
    if (!param_get(type, SPAN("format"), b->a, &value, &ignored) || !span_ieq(value, SPAN("flowed"))) return utf8;
    bool delsp = param_get(type, SPAN("delsp"), b->a, &value, &ignored) && span_ieq(value, SPAN("yes"));
    return flow_text(utf8, delsp, b->a);
}

/* Lines of plain text; each '\n' of a flowed one ends a paragraph, of any other it is white space. urls may be NULL. */
static void put_plain(struct body *b, const struct mail_part *p, struct text *t, struct url_list *urls, span utf8)
{
    if (file_is_card(p)) {
        text_put(t, card_step(b, card_unescape, utf8));
        return;
    }
    span flowed = unflow(b, p, utf8);
    if (urls) url_find(urls, flowed, URL_IN_TEXT);
    if (flowed.p == utf8.p) {
        lean_put(t, utf8);
        return;
    }
    for (size_t n; flowed.n; flowed = span_from(flowed, n + 1)) {
        n = span_find(flowed, '\n');
        lean_put(t, span_head(flowed, n));
        text_break(t);
    }
}

/* The transfer encoding of part p undone, at most `cap` bytes and what is left of the budget. */
static span transfer(struct body *b, struct mail_part *p, size_t cap)
{
    struct mail *m = b->m;
    if (cap > b->budget) cap = b->budget;
    span bytes = codec_decode(p->encoding, p->body, cap, b->a, &m->odd);
    p->decoded = bytes.n;
    b->budget -= bytes.n;
    if (bytes.n == cap && p->body.n > cap) m->odd |= ODD(TEXT_LIMIT); /* no encoding makes it shorter */
    return bytes;
}

/* The text without NULs, which no client shows: they would only cut words. */
static span without_nul(span utf8, struct arena *a)
{
    uint8_t *out = arena_alloc(a, utf8.n);
    if (!out) return utf8;
    size_t n = 0;
    for (size_t run; utf8.n; utf8 = span_from(utf8, run + 1)) {
        run = span_find(utf8, 0);
        memcpy(out + n, utf8.p, run);
        n += run;
    }
    arena_trim(a, out, n);
    return span_of(out, n);
}

/* Where the text goes that is not what the reader sees; made when it is first asked for. */
static struct text *other_side(struct body *b)
{
    if (!b->other.p) text_init(&b->other, b->a, MAIL_OTHER_MAX);
    return &b->other;
}

/* Begin to read part p in pieces. False when it cannot be done. */
static bool begin_pieces(struct body *b, const struct mail_part *p, bool html, size_t skip)
{
    return b->pieces.raw && pieces_begin(&b->pieces, p, html, skip);
}

static span next_piece(void *from)
{
    return pieces_next(from, false);
}

static void end_pieces(struct body *b, struct mail_part *p)
{
    p->decoded = b->pieces.bytes;
    b->m->odd |= b->pieces.odd | ODD(TEXT_LIMIT);
}

/* A document that is too long to be decoded at once. False when it cannot be read so. */
static bool show_long_html(struct body *b, struct mail_part *p)
{
    struct mail *m = b->m;
    if (!begin_pieces(b, p, true, 0)) return false;
    struct html_pieces in = {.next = next_piece, .from = &b->pieces, .room = b->pieces.html};
    text_break(&b->visible);
    html_read_pieces(&in, &b->visible, &b->hidden, other_side(b), &b->urls, &m->shape.html, &m->odd);
    text_break(&b->visible);
    end_pieces(b, p);
    return true;
}

/* What stands behind the first `skip` bytes of a plain text. */
static void show_rest(struct body *b, struct mail_part *p, size_t skip)
{
    if (b->visible.full || !begin_pieces(b, p, false, skip)) return;
    for (span piece; !b->visible.full && (piece = pieces_next(&b->pieces, true)).n;) {
        url_find(&b->urls, piece, URL_IN_TEXT);
        lean_put(&b->visible, piece);
    }
    text_break(&b->visible);
    end_pieces(b, p);
}

/* Bytes of a part that may be decoded at once: what they become, converted and without blocks, must leave room. */
static size_t at_once(const struct body *b)
{
    enum { COPIES = DECODE_GROWTH + 2 };
    size_t left = arena_left(b->a), most = b->budget < MAIL_DECODE_MAX ? b->budget : MAIL_DECODE_MAX;
    if (!b->pieces.raw || left / COPIES > MAIL_ARENA_SPARE / COPIES + most) return most;
    return left > MAIL_ARENA_SPARE ? (left - MAIL_ARENA_SPARE) / COPIES : 0;
}

static void show(struct body *b, size_t i, enum part_kind kind)
{
    struct mail *m = b->m;
    size_t most = at_once(b);
    bool whole = m->parts[i].body.n <= most;
    if (!whole && kind == PART_HTML && show_long_html(b, &m->parts[i])) return;
    span bytes = transfer(b, &m->parts[i], most);
    struct scan_census c;
    scan->census(bytes.p, bytes.n, &c);
    if (c.nul) m->odd |= ODD(NUL);
    if (c.bare_cr) m->odd |= ODD(BARE_CR);
    if (m->parts[i].encoding == MAIL_7BIT && c.longest > MAIL_LINE_MAX) m->odd |= ODD(LONG_LINE);
    size_t read = bytes.n;
    if (kind == PART_TEXT) bytes = take_blocks(b, i, bytes);
    bool blocks = bytes.n < read;

    const struct mail_part *p = &m->parts[i];
    if (file_is_card(p)) bytes = card_step(b, card_join, bytes);
    text_break(&b->visible);
    if (kind == PART_FIELDS) {
        fields_put(&b->visible, &b->urls, bytes, p->charset, b->a);
    } else {
        span utf8 = to_utf8(p, kind == PART_HTML, bytes, b->a, &m->odd);
        if (utf8.p != bytes.p) b->budget -= utf8.n < b->budget ? utf8.n : b->budget;
        if (c.nul) utf8 = without_nul(utf8, b->a);
        if (kind == PART_HTML)
            html_read(utf8, &b->visible, &b->hidden, other_side(b), &b->urls, &m->shape.html, &m->odd);
        else
            put_plain(b, p, &b->visible, &b->urls, utf8);
    }
    if (!whole && kind == PART_TEXT && !blocks && !file_is_card(p)) show_rest(b, &m->parts[i], read);
    text_break(&b->visible);
}

/* The same for a part of its own. */
static struct text *open_other(struct body *b, enum part_side side)
{
    struct text *t = other_side(b);
    if (side == SIDE_ASIDE && !b->aside) {
        b->aside = true;
        b->nearer = t->n;
    }
    text_break(t);
    return t;
}

/* A text that is not seen at once: its words alone, and its links when some see it. Links and tricks in what nobody
 * sees are no evidence. */
static void keep(struct body *b, struct mail_part *p, enum part_kind kind, enum part_side side)
{
    struct mail *m = b->m;
    struct url_list none, *urls = side == SIDE_OTHER ? NULL : &b->urls;
    struct text *other = open_other(b, side);
    b->sides |= side != SIDE_ASIDE;
    span bytes = transfer(b, p, kind == PART_HTML || urls ? at_once(b) : MAIL_OTHER_MAX);
    if (file_is_card(p)) bytes = card_step(b, card_join, bytes);
    if (kind == PART_FIELDS) {
        fields_put(other, urls, bytes, p->charset, b->a);
        return;
    }
    span utf8 = to_utf8(p, kind == PART_HTML, bytes, b->a, &m->odd);
    if (kind == PART_HTML) {
        struct text hidden = {0};
        struct html_shape shape = {0};
        uint64_t odd = 0;
        if (!urls) url_list_init(&none, b->a, 0);
        html_read(utf8, other, &hidden, other, urls ? urls : &none, &shape, &odd);
        if (side == SIDE_ASIDE) m->odd |= odd & (ODD(HTML_SCRIPT) | ODD(HTML_FORM) | ODD(URL_MISMATCH));
    } else {
        put_plain(b, p, other, urls, utf8);
    }
}

/* Of the room for what is seen each part leaves a quarter to those behind it, and the last one has some in any case. */
static void show_share(struct body *b, size_t i, enum part_kind kind, bool last)
{
    struct text *t = &b->visible;
    size_t cap = t->cap, most = cap - cap / 16, share = cap - (cap - t->n) / 4;
    if (most > share) most = share;
    if (!last) t->cap = most > t->n ? most : t->n;
    show(b, i, kind);
    b->cut |= t->full;
    if (!last) t->full = false;
    t->cap = cap;
}

void body_add(struct body *b, size_t i, enum part_kind kind, enum part_side side, bool last)
{
    struct mail_part *p = &b->m->parts[i];
    /* Behind a full buffer links count all the same. */
    bool full = side == SIDE_SHOWN ? b->visible.full : side == SIDE_OTHER && b->other.full;
    if (full || (b->budget == 0 && side != SIDE_SHOWN)) {
        b->m->odd |= ODD(TEXT_LIMIT);
        p->decoded = codec_estimate(p->encoding, p->body.n);
    } else if (side == SIDE_SHOWN) {
        show_share(b, i, kind, last);
    } else {
        keep(b, p, kind, side);
    }
}

void body_add_head(struct body *b, size_t i, enum part_side side)
{
    const struct mail *m = b->m;
    const struct mail_part *inner = &m->parts[i + 1];
    struct text *t = side == SIDE_SHOWN ? &b->visible : open_other(b, side);
    text_break(t);
    for (size_t k = inner->first_header; k < inner->first_header + inner->header_count; k++) {
        const struct mail_header *h = &m->headers[k];
        if (h->id != FIELD_FROM && h->id != FIELD_SUBJECT) continue;
        span field = span_of(h->name.p, (size_t)(h->raw.p + h->raw.n - h->name.p));
        fields_put(t, &b->urls, field, inner->charset, b->a);
    }
}

void body_end(struct body *b)
{
    struct mail *m = b->m;
    m->text = text_span(&b->visible);
    m->hidden = text_span(&b->hidden);
    m->other = text_span(&b->other);
    m->nearer = b->aside ? span_head(m->other, b->nearer) : m->other;
    m->urls = b->urls.v;
    m->odd |= b->urls.odd;
    if (b->cut || b->hidden.full || b->other.full) m->odd |= ODD(TEXT_LIMIT);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* feature: one function a view fills its bag; see feature.h. */
#include "worker/token/feature.h"

#include "worker/simd/scan.h"
#include "worker/token/gram.h"
#include "worker/token/shape.h"
#include "worker/token/token.h"

/* How much of a mail is looked at, per view. What comes later in a long mail adds cost, and to 4-grams what does not
 * travel: mail of a source nobody saw is judged better by 1,000 bytes than by 3,000 (docs/scoring.md). */
enum {
    HEAD_GRAM_BYTES = 1000,
    TEXT_GRAM_BYTES = 1500,
    TEXT_GRAM_HOSTS = 500, /* of them, for links at least */
    BODY_GRAM_BYTES = 1000,
    HEAD_WORDS = 40, /* of one field */
    HEAD_FEATURES = 3000,
    TEXT_WORDS = 1000,
    HIDDEN_WORDS = 100,
    OTHER_WORDS = 200,
    TEXT_FEATURES = 6000,
    LINKS = 48,
    LINK_FEATURES = 1200,
    SHAPE_FEATURES = 500,
    RECEIVED_FIELDS = 8,
    SCRATCH_BYTES = HEAD_GRAM_BYTES + TEXT_GRAM_BYTES + BODY_GRAM_BYTES,
};

static uint8_t *append_byte(uint8_t *p, const uint8_t *end, uint8_t c)
{
    if (p < end) *p++ = c;
    return p;
}

/* Copy into [p, end), lower-cased, each run of white space one space. Returns the new p. */
static uint8_t *append_folded(uint8_t *p, const uint8_t *end, span s)
{
    bool space = true;
    p += scan->fold(s.p, s.n, p, (size_t)(end - p), &space);
    return append_byte(p, end, '\n');
}

/* Pieces of a mail on their way to [p, end). What lies in one stretch goes in one step: most headers are a few. */
struct pieces {
    span raw; /* the whole mail */
    uint8_t *p;
    const uint8_t *end;
    span last;
};

static void flush(struct pieces *to)
{
    size_t left = (size_t)(to->end - to->p), n = to->last.n < left ? to->last.n : left;
    if (n) memcpy(to->p, to->last.p, n);
    to->p += n;
    to->last = SPAN_NONE;
}

static void add(struct pieces *to, span s)
{
    if (to->last.n && s.p == to->last.p + to->last.n) {
        to->last.n += s.n;
        return;
    }
    flush(to);
    to->last = s;
}

static void add_byte(struct pieces *to, uint8_t c)
{
    if (to->last.n) {
        const uint8_t *next = to->last.p + to->last.n;
        if (next >= to->raw.p && next < to->raw.p + to->raw.n && *next == c) {
            to->last.n++;
            return;
        }
    }
    flush(to);
    to->p = append_byte(to->p, to->end, c);
}

/* The raw header without ignored fields, then the raw body, as far as HEAD_GRAM_BYTES reach. */
static span head_bytes(const struct mail *m, uint8_t *buf)
{
    struct pieces to = {.raw = m->raw, .p = buf, .end = buf + HEAD_GRAM_BYTES};
    for (size_t i = 0; i < m->header_count && to.last.n < (size_t)(to.end - to.p); i++) {
        const struct mail_header *h = &m->headers[i];
        if (h->id == FIELD_IGNORED) continue;
        add(&to, h->name);
        add_byte(&to, ':');
        add(&to, h->raw);
        add_byte(&to, '\n');
    }
    add_byte(&to, '\n');
    if (m->part_count) add(&to, m->parts[0].body);
    flush(&to);
    return span_of(buf, (size_t)(to.p - buf));
}

static span text_bytes(const struct mail *m, uint8_t *buf)
{
    uint8_t *p = buf, *end = buf + TEXT_GRAM_BYTES, *text_end = end - TEXT_GRAM_HOSTS;
    p = append_folded(p, text_end, m->folded.subject);
    p = append_folded(p, text_end, m->folded.from_name);
    p = append_folded(p, text_end, m->folded.text);
    for (size_t i = 0; i < m->url_count && p < end; i++) {
        size_t j = i;
        while (j && !span_eq(m->urls[j - 1].host, m->urls[i].host)) j--;
        if (!j) p = append_folded(p, end, m->urls[i].host);
    }
    return span_of(buf, (size_t)(p - buf));
}

static span body_bytes(const struct mail *m, uint8_t *buf)
{
    if (!m->part_count) return SPAN_NONE;
    uint8_t *p = append_folded(buf, buf + BODY_GRAM_BYTES, span_head(m->parts[0].body, 8 * BODY_GRAM_BYTES));
    return span_of(buf, (size_t)(p - buf));
}

static void head_tokens(const struct mail *m, struct bag *b)
{
    struct token_stream names, field, t;
    token_begin(&names, b, "header names", TOKEN_SYNTAX, 100);
    token_begin(&field, b, "header", TOKEN_SYNTAX, HEAD_WORDS);
    unsigned received = 0;
    for (size_t i = 0; i < m->header_count; i++) {
        const struct mail_header *h = &m->headers[i];
        if (h->id == FIELD_IGNORED) continue;
        token_word(&names, h->name);
        if (h->id == FIELD_SUBJECT) continue;
        if (h->id == FIELD_RECEIVED && ++received > RECEIVED_FIELDS) continue;
        t = field;
        t.field = h->name;
        t.seed = token_hash(h->name, t.seed);
        token_text(&t, h->id == FIELD_RECEIVED ? h->raw : h->value);
    }
}

/* The words of a text, if there is any. */
static void prose(struct bag *b, const char *field, span text, size_t max)
{
    struct token_stream t;
    if (!text.n) return;
    token_begin(&t, b, field, TOKEN_PROSE, max);
    token_text(&t, text);
}

static void text_tokens(const struct mail *m, struct bag *b)
{
    struct token_stream t;
    prose(b, "subject", m->folded.subject, HEAD_WORDS);
    prose(b, "from name", m->folded.from_name, HEAD_WORDS);
    token_begin(&t, b, "text", TOKEN_PROSE, TEXT_WORDS);
    t.told = b->told;
    token_text(&t, m->folded.text);
    b->told_count = t.told_count;
    prose(b, "hidden", m->folded.hidden, HIDDEN_WORDS);
    prose(b, "other side", m->folded.other, OTHER_WORDS);
}

/* The links that are looked at, those that a reader sees first: others cost nothing to write before them. */
static size_t choose_links(const struct mail *m, const struct url *out[LINKS])
{
    size_t n = 0;
    for (int seen = 1; seen >= 0; seen--)
        for (size_t i = 0; i < m->url_count && n < LINKS; i++)
            if (url_seen(&m->urls[i]) == seen) out[n++] = &m->urls[i];
    return n;
}

static void link_tokens(const struct mail *m, struct bag *b)
{
    struct token_stream t, domain, host, path;
    const struct url *links[LINKS];
    size_t n = choose_links(m, links);
    token_begin(&domain, b, "link domain", TOKEN_PROSE, 1);
    token_begin(&host, b, "link host", TOKEN_PROSE, 12);
    token_begin(&path, b, "link path", TOKEN_SYNTAX, 16);
    for (size_t i = 0; i < n; i++) {
        const struct url *u = links[i];
        t = domain;
        token_word(&t, u->domain);
        t = host;
        span rest = u->host;
        while (rest.n) {
            span label = span_head(rest, span_find(rest, '.'));
            token_word(&t, label);
            rest = span_from(rest, label.n + 1);
        }
        t = path;
        token_text(&t, span_head(u->path, 200));
    }
    for (size_t i = 0; i < m->part_count; i++)
        if (m->parts[i].name.n) {
            token_begin(&t, b, "attachment", TOKEN_SYNTAX, 12);
            token_text(&t, m->parts[i].name);
        }
    token_begin(&t, b, "from domain", TOKEN_PROSE, 1);
    if (m->from_domain.n) token_word(&t, m->from_domain);
}

/* What the bags of one mail are filled with, one after the other. */
struct filling {
    const struct mail *m;
    struct arena *a;
    struct scan_room *room;
    bool named;
    struct features *out;
};

static void grams(const struct filling *f, enum feature_view view, span bytes, size_t cap, uint32_t seed, span field)
{
    struct bag b;
    bag_open(&b, f->a, f->room, cap, f->named);
    gram_add(&b, bytes, seed, field);
    bag_close(&b, f->a, view, f->out);
}

static void words(const struct filling *f, enum feature_view view, void (*tokens)(const struct mail *, struct bag *),
                  size_t cap)
{
    struct bag b;
    uint32_t *told = view == VIEW_TEXT ? arena_alloc(f->a, TEXT_WORDS * sizeof *told) : NULL;
    bag_open(&b, f->a, f->room, cap, f->named);
    b.told = told;
    tokens(f->m, &b);
    bag_close(&b, f->a, view, f->out);
    if (view != VIEW_TEXT) return;
    f->out->told = told;
    f->out->told_count = b.told_count;
}

static bool has(unsigned views, enum feature_view view)
{
    return views >> view & 1;
}

static void extract(const struct mail *m, struct arena *a, unsigned views, struct features *out, bool named)
{
    memset(out, 0, sizeof *out);
    struct filling f = {.m = m, .a = a, .room = bag_room(a), .named = named, .out = out};
    /* Scratch is taken first: a list must be the newest allocation when it is trimmed. */
    uint8_t *scratch = arena_alloc(a, SCRATCH_BYTES);
    if (!scratch) return;
    if (has(views, VIEW_HEAD_GRAM))
        grams(&f, VIEW_HEAD_GRAM, head_bytes(m, scratch), HEAD_GRAM_BYTES, 0x48454144, SPAN("raw"));
    scratch += HEAD_GRAM_BYTES;
    if (has(views, VIEW_TEXT_GRAM))
        grams(&f, VIEW_TEXT_GRAM, text_bytes(m, scratch), TEXT_GRAM_BYTES, 0x54455854, SPAN("text"));
    scratch += TEXT_GRAM_BYTES;
    if (has(views, VIEW_BODY_GRAM))
        grams(&f, VIEW_BODY_GRAM, body_bytes(m, scratch), BODY_GRAM_BYTES, 0x424F4459, SPAN("body"));
    if (has(views, VIEW_HEAD)) words(&f, VIEW_HEAD, head_tokens, HEAD_FEATURES);
    if (has(views, VIEW_TEXT)) words(&f, VIEW_TEXT, text_tokens, TEXT_FEATURES);
    if (has(views, VIEW_LINK)) words(&f, VIEW_LINK, link_tokens, LINK_FEATURES);
    struct bag b; /* in any case: numbers are a by-product */
    bag_open(&b, a, f.room, SHAPE_FEATURES, named);
    shape_extract(m, &b, out->number);
    bag_close(&b, a, VIEW_SHAPE, out);
    out->number[NUMBER_TOKENS] = shape_log(out->view[VIEW_TEXT].n, 13);
}

void features_extract(const struct mail *m, struct arena *a, struct features *out)
{
    extract(m, a, VIEWS_ALL, out, false);
}

void features_extract_views(const struct mail *m, struct arena *a, unsigned views, struct features *out)
{
    extract(m, a, views, out, false);
}

void features_extract_named(const struct mail *m, struct arena *a, struct features *out)
{
    extract(m, a, VIEWS_ALL, out, true);
}

size_t features_count(const struct features *f)
{
    size_t n = 0;
    for (unsigned v = 0; v < VIEW_COUNT; v++) n += f->view[v].n;
    return n;
}

void features_copy(const struct features *f, uint32_t *to, struct features *out)
{
    *out = *f;
    for (unsigned v = 0; v < VIEW_COUNT; v++) {
        if (f->view[v].n) memcpy(to, f->view[v].v, f->view[v].n * sizeof *to);
        out->view[v].v = to;
        out->names[v] = NULL;
        to += f->view[v].n;
    }
}

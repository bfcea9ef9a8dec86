/* SPDX-License-Identifier: Apache-2.0 */
/* shape: facts by name, sizes as powers of two; see shape.h. */
#include "worker/token/shape.h"

#include "worker/mime/auth.h"
#include "worker/simd/scan.h"
#include "worker/token/token.h"

/* floor(log2(1 + n)) */
static unsigned magnitude(uint64_t n)
{
    return 63u - (unsigned)__builtin_clzll(n + 1);
}

float shape_log(uint64_t n, float most)
{
    /* Linear between powers of two: no libm, so the same bits everywhere. */
    unsigned k = magnitude(n);
    float frac = (float)((double)(n + 1 - (UINT64_C(1) << k)) / (double)(UINT64_C(1) << k));
    float x = ((float)k + frac) / most;
    return x > 1 ? 1 : x;
}

/* --- facts ---------------------------------------------------------------------------------------------------------
 * A fact is hashed in two steps, its name and what is said of it. Most names are literals, and what is said of most is a
 * small number or nothing: what these hash to is found once, since hashing them again for each mail cost more than all
 * else here. Several threads may find it at once, and find the same. */

enum { NAME_SEED = 0x5A, NUMBERS = 32 };

/* Hashes are 0 until they are asked for. */
struct fact {
    span name;
    uint32_t hash; /* of its name; of a flag, the whole fact's */
};

struct number {
    struct fact of;
    uint32_t hash[NUMBERS]; /* of the facts that it is 0, 1, ..., NUMBERS - 1 or more */
};

#define LITERAL(name)                                   \
    {                                                   \
        (const uint8_t *)("" name ""), sizeof(name) - 1 \
    }
#define FACT(name)                                    \
    ({                                                \
        static struct fact fact = {LITERAL(name), 0}; \
        &fact;                                        \
    })

static uint32_t name_hash(struct fact *f)
{
    uint32_t h = __atomic_load_n(&f->hash, __ATOMIC_RELAXED);
    if (h) return h;
    h = token_hash(f->name, NAME_SEED);
    __atomic_store_n(&f->hash, h, __ATOMIC_RELAXED);
    return h;
}

static void put(struct bag *b, struct fact *f, span value)
{
    bag_add(b, token_hash(value, name_hash(f)), f->name, value, SPAN_NONE, 0);
}
#define PUT(b, name, value) put(b, FACT(name), value)

static void put_flag(struct bag *b, struct fact *f)
{
    uint32_t h = __atomic_load_n(&f->hash, __ATOMIC_RELAXED);
    if (!h) {
        h = token_hash(SPAN_NONE, token_hash(f->name, NAME_SEED));
        __atomic_store_n(&f->hash, h, __ATOMIC_RELAXED);
    }
    bag_add(b, h, f->name, SPAN_NONE, SPAN_NONE, 0);
}
#define PUT_FLAG(b, name, is)            \
    do {                                 \
        if (is) put_flag(b, FACT(name)); \
    } while (0)

static void put_number(struct bag *b, struct number *f, unsigned n)
{
    static const char digits[] = "0001020304050607080910111213141516171819202122232425262728293031";
    n = n < NUMBERS - 1 ? n : NUMBERS - 1;
    span value = span_of(digits + 2 * n, 2);
    uint32_t h = __atomic_load_n(&f->hash[n], __ATOMIC_RELAXED);
    if (!h) {
        h = token_hash_folded(value, name_hash(&f->of));
        __atomic_store_n(&f->hash[n], h, __ATOMIC_RELAXED);
    }
    bag_add(b, h, f->of.name, value, SPAN_NONE, 0);
}
#define PUT_NUMBER(b, name, n)                                  \
    do {                                                        \
        static struct number fact = {.of = {LITERAL(name), 0}}; \
        put_number(b, &fact, n);                                \
    } while (0)

static void put_pair(struct bag *b, struct fact *f, span first, span second)
{
    bag_add(b, token_hash(second, token_hash(first, name_hash(f))), f->name, first, second, 0);
}
#define PUT_PAIR(b, name, first, second) put_pair(b, FACT(name), first, second)

/* Of what a text is made. */
static void put_form(struct bag *b, struct fact *f, span text, size_t cap)
{
    enum { MOST = 64 };
    uint8_t buf[MOST + 64]; /* as `form` wants it */
    span form = span_of(buf, scan->form(text.p, text.n, buf, cap < MOST ? cap : MOST));
    bag_add(b, token_hash(form, name_hash(f)), f->name, bag_keep(b, form), SPAN_NONE, 0);
}
#define PUT_FORM(b, name, text, cap) put_form(b, FACT(name), text, cap)

/* The part of an address or message id after '@', without '>'. */
static span after_at(span s)
{
    size_t at = s.n;
    while (at && s.p[at - 1] != '@') at--;
    if (!at) return SPAN_NONE;
    span d = span_from(s, at);
    size_t n = 0;
    while (n < d.n && d.p[n] != '>' && !ascii_space(d.p[n])) n++;
    return span_head(d, n);
}

static bool ends_with(span s, span tail)
{
    return tail.n && span_iends(s, tail);
}

static span last_label(span host)
{
    size_t at = host.n;
    while (at && host.p[at - 1] != '.') at--;
    return span_from(host, at);
}

/* The first header field of each kind, or NULL: looking for each takes longer. */
struct fields {
    const struct mail_header *first[FIELD_COUNT];
};

static void find_fields(const struct mail *m, struct fields *out)
{
    memset(out, 0, sizeof *out);
    for (size_t i = m->header_count; i-- > 0;) out->first[m->headers[i].id] = &m->headers[i];
}

static void shape_subject(const struct fields *f, struct bag *b, float *number)
{
    const struct mail_header *h = f->first[FIELD_SUBJECT];
    if (!h) {
        PUT_FLAG(b, "no subject", true);
        return;
    }
    unsigned upper = 0, lower = 0, digit = 0, other = 0, bang = 0, words = 0;
    bool in_word = false;
    for (size_t i = 0; i < h->value.n; i++) {
        uint8_t c = h->value.p[i];
        upper += c >= 'A' && c <= 'Z';
        lower += c >= 'a' && c <= 'z';
        digit += c >= '0' && c <= '9';
        other += c >= 0x80;
        bang += c == '!';
        bool space = ascii_space(c);
        words += !space && !in_word;
        in_word = !space;
    }
    bool re = span_istarts(h->value, SPAN("re:")), fwd = span_istarts(h->value, SPAN("fw"));
    number[NUMBER_CAPITALS] = upper + lower ? (float)upper / (float)(upper + lower) : 0;
    PUT_NUMBER(b, "subject words", words < 12 ? words : 12);
    PUT_NUMBER(b, "subject capitals tenths", (unsigned)(number[NUMBER_CAPITALS] * 10));
    PUT_NUMBER(b, "subject bytes", magnitude(h->value.n));
    PUT_FLAG(b, "subject has digits", digit > 0);
    PUT_FLAG(b, "subject is foreign", other > lower + upper);
    if (bang) PUT_NUMBER(b, "subject !", bang);
    PUT_FLAG(b, "subject re", re);
    PUT_FLAG(b, "subject fwd", fwd);
    PUT_FLAG(b, "subject re without reference", re && number[NUMBER_REPLY] == 0);
    PUT_FLAG(b, "subject no re but reference", !re && number[NUMBER_REPLY] > 0);
    PUT_FLAG(b, "subject starts with [", h->value.n && h->value.p[0] == '[');
    PUT_FLAG(b, "subject encoded needlessly", h->charset.n && !other);
    if (h->charset.n) PUT(b, "subject charset", h->charset);
    size_t tail = h->value.n;
    PUT_FLAG(b, "subject ends with !", tail && h->value.p[tail - 1] == '!');
    PUT_FLAG(b, "subject ends with ?", tail && h->value.p[tail - 1] == '?');
    PUT_FLAG(b, "subject ends with .", tail && h->value.p[tail - 1] == '.');
    PUT_FLAG(b, "subject ends with digit", tail && (unsigned)(h->value.p[tail - 1] - '0') < 10);
}

static void shape_sender(const struct mail *m, const struct fields *f, struct bag *b)
{
    span host = after_at(m->from_addr);
    span local = span_head(m->from_addr, m->from_addr.n - (host.n ? host.n + 1 : 0));
    PUT_FORM(b, "from address form", local, 24);
    PUT_FORM(b, "from name form", m->from_name, 24);
    PUT(b, "from tld", last_label(host));
    PUT_FLAG(b, "from name is an address", span_find(m->from_name, '@') < m->from_name.n);
    PUT_FLAG(b, "from name is the address", m->from_name.n && span_ieq(m->from_name, m->from_addr));
    const struct mail_header *h = f->first[FIELD_MESSAGE_ID];
    if (h) {
        PUT_FORM(b, "message-id form", h->value, 48);
        span id_host = after_at(h->value);
        PUT_FLAG(b, "message-id of from domain", ends_with(id_host, m->from_domain));
        PUT_FLAG(b, "message-id host is bare", id_host.n && span_find(id_host, '.') == id_host.n);
    }
    h = f->first[FIELD_REPLY_TO];
    if (h) {
        span d = after_at(h->value);
        PUT_FLAG(b, "reply-to elsewhere", !ends_with(d, m->from_domain));
        PUT_FLAG(b, "reply-to of from domain", ends_with(d, m->from_domain));
    }
    h = f->first[FIELD_RETURN_PATH];
    if (h) {
        span d = after_at(h->value);
        PUT_FLAG(b, "return-path elsewhere", !ends_with(d, m->from_domain));
        PUT_FLAG(b, "return-path empty", d.n == 0);
        PUT_FLAG(b, "return-path of from domain", ends_with(d, m->from_domain));
    }
    h = f->first[FIELD_SENDER];
    if (h) PUT_FLAG(b, "sender elsewhere", !ends_with(after_at(h->value), m->from_domain));
}

/* Fields that say how much their sender hurries, or what wrote them. */
static void shape_other_field(const struct mail_header *x, struct bag *b)
{
    if (!x->name.n) return;
    switch (ascii_lower(x->name.p[0])) {
    case 'x':
        if (span_istarts(x->name, SPAN("x-priority"))) PUT(b, "x-priority", span_head(x->value, 12));
        PUT_FLAG(b, "has x-mimeole", span_istarts(x->name, SPAN("x-mimeole")));
        break;
    case 'p':
        if (span_istarts(x->name, SPAN("precedence"))) PUT(b, "precedence", span_head(x->value, 12));
        break;
    case 'i':
        if (span_istarts(x->name, SPAN("importance"))) PUT(b, "importance", span_head(x->value, 12));
        break;
    case 'o': PUT_FLAG(b, "has organization", span_istarts(x->name, SPAN("organization"))); break;
    case 'a': PUT_FLAG(b, "auto-submitted", span_istarts(x->name, SPAN("auto-submitted"))); break;
    default: break;
    }
}

/* What stands before " by " in the first line; all but the last 3 bytes when there is neither. */
static span before_by(span received)
{
    static const struct scan_set BLANKS = {.low = {[' ' & 15] = 1 << (' ' >> 4), ['\n'] = 1}};
    struct scan_marks marks = SCAN_NO_MARKS;
    size_t most = received.n > 3 ? received.n - 3 : 0, n = 0;
    while ((n = scan_next(&marks, &BLANKS, received, n)) < most) {
        if (received.p[n] == '\n' || memcmp(received.p + n, " by ", 4) == 0) break;
        n++;
    }
    return span_head(received, n < most ? n : most);
}

static void shape_rest_of_header(const struct mail *m, const struct fields *f, struct bag *b)
{
    const struct mail_header *h = f->first[FIELD_TO];
    if (!h)
        PUT_FLAG(b, "no to", true);
    else {
        unsigned at = 0;
        for (size_t i = 0; i < h->value.n; i++) at += h->value.p[i] == '@';
        PUT_NUMBER(b, "to addresses", at < 4 ? at : 2 + magnitude(at));
        PUT_FLAG(b, "to undisclosed", span_istarts(h->value, SPAN("undisclosed")));
        PUT_FLAG(b, "to has a name", at == 1 && span_find(h->value, '<') < h->value.n);
        PUT_FLAG(b, "to is from", m->from_addr.n && ends_with(span_trim(h->value), m->from_addr));
    }
    PUT_FLAG(b, "has cc", f->first[FIELD_CC] != NULL);
    h = f->first[FIELD_DATE];
    if (h) {
        PUT_FORM(b, "date form", h->value, 48);
        for (size_t i = 0; i + 5 <= h->value.n; i++)
            if (h->value.p[i] == '+' || h->value.p[i] == '-') {
                PUT(b, "time zone", span_head(span_from(h->value, i), 5));
                break;
            }
    }
    h = f->first[FIELD_X_MAILER];
    if (!h) h = f->first[FIELD_USER_AGENT];
    PUT_FLAG(b, "names no mailer", !h);
    if (h) {
        PUT(b, "mailer", span_head(h->value, TOKEN_BYTES_MAX));
        size_t word = 0;
        while (word < h->value.n && h->value.p[word] != ' ' && h->value.p[word] != '/') word++;
        PUT(b, "mailer name", span_head(h->value, word));
    }
    unsigned seen = 0;
    for (size_t i = 0; i < m->header_count && seen < 6; i++) {
        if (m->headers[i].id != FIELD_RECEIVED) continue;
        span by = before_by(span_trim(m->headers[i].raw));
        if (seen)
            PUT_FORM(b, "received from form", by, 40);
        else
            PUT_FORM(b, "received first form", by, 40);
        seen++;
    }
    for (size_t i = 0; i < m->header_count; i++)
        if (m->headers[i].id == FIELD_OTHER) shape_other_field(&m->headers[i], b);
}

static span encoding_name(enum mail_encoding e)
{
    switch (e) {
    case MAIL_7BIT: return SPAN("7bit");
    case MAIL_QP: return SPAN("quoted-printable");
    case MAIL_BASE64: return SPAN("base64");
    case MAIL_UUENCODE: return SPAN("uuencode");
    case MAIL_YENC: return SPAN("yenc");
    case MAIL_ENCODING_UNKNOWN: break;
    }
    return SPAN("unknown");
}

/* What had to be repaired before the text could be read. */
static void shape_repairs(const struct mail *m, struct bag *b)
{
    const struct normal_count *n = &m->shape.repairs;
    if (n->zero_width) PUT_NUMBER(b, "repairs zero-width", magnitude(n->zero_width));
    if (n->bidi) PUT_NUMBER(b, "repairs bidi", magnitude(n->bidi));
    if (n->styled) PUT_NUMBER(b, "repairs styled", magnitude(n->styled));
    if (n->confusables) PUT_NUMBER(b, "repairs confusables", magnitude(n->confusables));
    if (n->marks) PUT_NUMBER(b, "repairs marks", magnitude(n->marks));
    if (n->wide) PUT_NUMBER(b, "repairs full-width", magnitude(n->wide));
}

/* What those found whom we trust; nothing when nobody did. */
static void shape_auth(const struct mail *m, struct bag *b)
{
    for (unsigned k = 0; k < AUTH_METHOD_COUNT; k++)
        if (m->auth.result[k] != AUTH_ABSENT)
            PUT_PAIR(b, "auth", span_cstr(auth_method_word((enum auth_method)k)),
                     span_cstr(auth_result_word(m->auth.result[k])));
    PUT_FLAG(b, "auth spf aligned", m->auth.spf_aligned);
    PUT_FLAG(b, "auth dkim aligned", m->auth.dkim_aligned);
}

static void shape_parts(const struct mail *m, struct bag *b)
{
    for (size_t i = 0; i < m->part_count && i < 24; i++) {
        const struct mail_part *p = &m->parts[i];
        if (i) {
            PUT_PAIR(b, "part type", p->type, p->subtype);
            if (p->charset.n) PUT(b, "part charset", p->charset);
        } else {
            PUT_PAIR(b, "mail type", p->type, p->subtype);
            if (p->charset.n) PUT(b, "mail charset", p->charset);
        }
        PUT_PAIR(b, "encoding", p->subtype, encoding_name(p->encoding));
        if (p->charset.n) PUT_PAIR(b, "charset and encoding", p->charset, encoding_name(p->encoding));
        if (p->parent >= 0) PUT_PAIR(b, "part within", m->parts[p->parent].subtype, p->subtype);
        if (p->attachment) PUT_PAIR(b, "attachment type", p->type, p->subtype);
    }
    PUT_NUMBER(b, "parts", m->part_count < 8 ? (unsigned)m->part_count : 6 + magnitude(m->part_count));
    PUT_NUMBER(b, "attachments", magnitude(m->shape.attachments));
    PUT_NUMBER(b, "raw bytes", magnitude(m->shape.raw_bytes));
    PUT_NUMBER(b, "visible bytes", magnitude(m->shape.visible_bytes));
    PUT_NUMBER(b, "received fields", m->shape.received);
    if (m->shape.hidden_bytes) PUT_NUMBER(b, "hidden bytes", magnitude(m->shape.hidden_bytes));
    if (m->shape.html_parts) {
        const struct html_shape *h = &m->shape.html;
        PUT_NUMBER(b, "html tags", magnitude(h->tags));
        PUT_NUMBER(b, "html links", magnitude(h->links));
        PUT_NUMBER(b, "html images", magnitude(h->images));
        PUT_NUMBER(b, "html tables", magnitude(h->tables));
        PUT_NUMBER(b, "html fonts", magnitude(h->fonts));
        PUT_NUMBER(b, "html styles", magnitude(h->styles));
        PUT_NUMBER(b, "html comments", magnitude(h->comments));
        PUT_FLAG(b, "html forms", h->forms > 0);
        PUT_FLAG(b, "html scripts", h->scripts > 0);
        PUT_NUMBER(b, "html text per tag", magnitude(m->shape.visible_bytes / (h->tags + 1)));
        PUT_FLAG(b, "html and no plain text", m->shape.html_parts >= m->shape.text_parts);
    }
    for (unsigned bit = 0; bit < ODD_COUNT; bit++)
        if (m->odd >> bit & 1) PUT(b, "odd", span_cstr(odd_word((enum odd_bit)bit)));
}

/* How the visible text looks: scripts, quoting, line lengths, punctuation. */
static void shape_text(const struct mail *m, struct bag *b, float *number)
{
    static const struct scan_set LF = {.low = {['\n'] = 1}};
    unsigned lines = 0, quoted = 0;
    size_t longest = 0;
    bool signature = false, patch = false;
    span t = span_head(m->text, 16384);
    struct scan_marks marks = SCAN_NO_MARKS;
    for (size_t at = 0, next; at < t.n; at = next) {
        next = scan_next(&marks, &LF, t, at);
        next += next < t.n; /* its line end */
        lines++;
        if (next - at > longest) longest = next - at;
        span rest = span_from(t, at);
        uint8_t first = *rest.p;
        quoted += first == '>';
        if (first == '-')
            signature |= span_istarts(rest, SPAN("-- ")) || span_istarts(rest, SPAN("--\n"));
        else if (first == '@' || ascii_lower(first) == 'd')
            patch |= span_istarts(rest, SPAN("@@ ")) || span_istarts(rest, SPAN("diff "));
    }
    struct scan_tally n;
    scan->tally(t.p, t.n, &n);
    size_t letters = n.upper + n.lower;
    number[NUMBER_QUOTED] = lines ? (float)quoted / (float)lines : 0;
    number[NUMBER_NON_ASCII] = t.n ? (float)n.high / (float)t.n : 0;
    PUT_NUMBER(b, "text lines", magnitude(lines));
    PUT_NUMBER(b, "text longest line", magnitude(longest));
    PUT_NUMBER(b, "text !", magnitude(n.bangs));
    PUT_NUMBER(b, "text $", magnitude(n.dollars));
    PUT_NUMBER(b, "text digits tenths", t.n ? (unsigned)(10 * n.digits / t.n) : 0);
    PUT_NUMBER(b, "text capitals tenths", letters ? (unsigned)(10 * n.upper / letters) : 0);
    PUT_NUMBER(b, "text quoted tenths", (unsigned)(number[NUMBER_QUOTED] * 10));
    PUT_FLAG(b, "text quotes", quoted > 0);
    PUT_FLAG(b, "text has a signature line", signature);
    PUT_FLAG(b, "text has a patch", patch);
    PUT_NUMBER(b, "text foreign tenths", (unsigned)(number[NUMBER_NON_ASCII] * 10));
    PUT_FLAG(b, "text han without kana", n.han > 8 && n.kana * 20 < n.han);
    PUT_FLAG(b, "text kana", n.kana > 8);
    PUT_FLAG(b, "text cyrillic", n.cyrillic > 16);
}

static void shape_links(const struct mail *m, struct bag *b, float *number)
{
    unsigned by_place[URL_PLACE_COUNT] = {0}, own = 0, digits = 0, domains = 0;
    for (size_t i = 0; i < m->url_count; i++) {
        const struct url *u = &m->urls[i];
        by_place[u->place]++;
        own += m->from_domain.n && span_eq(u->domain, m->from_domain);
        size_t j = 0;
        if (i < 64) {
            while (j < i && !span_eq(m->urls[j].domain, u->domain)) j++;
            domains += j == i;
        }
        if (i >= 16) continue;
        unsigned labels = 1, host_digits = 0;
        for (size_t k = 0; k < u->host.n; k++) {
            labels += u->host.p[k] == '.';
            host_digits += (unsigned)(u->host.p[k] - '0') < 10;
        }
        digits += host_digits > 0;
        PUT_NUMBER(b, "link labels", labels);
        PUT(b, "link tld", last_label(u->host));
        PUT_FORM(b, "link path form", u->path, 24);
        PUT_NUMBER(b, "link path bytes", magnitude(u->path.n));
        PUT_FLAG(b, "link has a query", span_find(u->path, '?') < u->path.n);
        PUT_FLAG(b, "link has a port", u->port != 0);
        PUT_FLAG(b, "link is not ftp or www", !span_istarts(u->host, SPAN("www.")));
    }
    number[NUMBER_URL_DOMAINS] = shape_log(domains, 6);
    PUT_NUMBER(b, "links", magnitude(m->url_count));
    PUT_NUMBER(b, "link domains", magnitude(domains));
    PUT_FLAG(b, "link hosts with digits", digits > 0);
    PUT_FLAG(b, "links to from domain", own > 0);
    PUT_FLAG(b, "links none to from domain", !own && m->url_count);
    PUT_FLAG(b, "links in text only", by_place[URL_IN_TEXT] && !by_place[URL_IN_HREF]);
    PUT_FLAG(b, "links one and little text", m->url_count == 1 && m->text.n < 300);
}

void shape_extract(const struct mail *m, struct bag *b, float number_out[NUMBER_COUNT])
{
    const struct mail_shape *s = &m->shape;
    float *number = number_out;
    struct fields f;
    memset(number, 0, NUMBER_COUNT * sizeof *number);
    find_fields(m, &f);
    uint64_t all_text = (uint64_t)s->visible_bytes + s->hidden_bytes;
    number[NUMBER_RAW_BYTES] = shape_log(s->raw_bytes, 24);
    number[NUMBER_VISIBLE_BYTES] = shape_log(s->visible_bytes, 24);
    number[NUMBER_HIDDEN_SHARE] = all_text ? (float)s->hidden_bytes / (float)all_text : 0;
    number[NUMBER_LINKS] = shape_log(m->url_count, 8);
    number[NUMBER_IMAGES] = shape_log(s->html.images + s->image_parts, 8);
    number[NUMBER_ATTACHMENTS] = shape_log(s->attachments, 4);
    number[NUMBER_RECEIVED] = shape_log(s->received, 5);
    number[NUMBER_ODDITIES] = shape_log((uint64_t)__builtin_popcountll(m->odd), 5);
    number[NUMBER_HTML] = s->html_parts > 0;
    number[NUMBER_REPLY] = f.first[FIELD_IN_REPLY_TO] || f.first[FIELD_REFERENCES];
    number[NUMBER_LIST] = f.first[FIELD_LIST] != NULL;
    PUT_FLAG(b, "is a reply", number[NUMBER_REPLY] > 0);
    PUT_FLAG(b, "is from a list", number[NUMBER_LIST] > 0);
    shape_subject(&f, b, number);
    shape_sender(m, &f, b);
    shape_rest_of_header(m, &f, b);
    shape_parts(m, b);
    shape_repairs(m, b);
    shape_auth(m, b);
    shape_text(m, b, number);
    shape_links(m, b, number);
}

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

static void put(struct bag *b, const char *fact, span value)
{
    span f = span_cstr(fact);
    bag_add(b, token_hash(value, token_hash(f, 0x5A)), f, value, SPAN_NONE, 0);
}

static void put_flag(struct bag *b, const char *fact, bool is)
{
    if (is) put(b, fact, SPAN_NONE);
}

static void put_number(struct bag *b, const char *fact, unsigned n)
{
    static const char digits[] = "0001020304050607080910111213141516171819202122232425262728293031";
    put(b, fact, span_of(digits + 2 * (n < 31 ? n : 31), 2));
}

static void put_pair(struct bag *b, const char *fact, span first, span second)
{
    span f = span_cstr(fact);
    bag_add(b, token_hash(second, token_hash(first, token_hash(f, 0x5A))), f, first, second, 0);
}

/* A text's form: letters become a or A, digits 9, runs count once; other ASCII stays, other bytes become x. */
static span shape_of(span text, uint8_t *buf, size_t cap)
{
    size_t n = 0;
    for (size_t i = 0; i < text.n && n < cap; i++) {
        uint8_t c = text.p[i];
        if (c >= 'a' && c <= 'z')
            c = 'a';
        else if (c >= 'A' && c <= 'Z')
            c = 'A';
        else if (c >= '0' && c <= '9')
            c = '9';
        else if (c >= 0x80)
            c = 'x';
        else if (ascii_space(c))
            c = ' ';
        if (n && buf[n - 1] == c && (c == 'a' || c == 'A' || c == '9' || c == 'x' || c == ' ')) continue;
        buf[n++] = c;
    }
    return span_of(buf, n);
}

static void put_shape(struct bag *b, const char *fact, span text, size_t cap)
{
    uint8_t buf[64];
    span shape = shape_of(text, buf, cap < sizeof buf ? cap : sizeof buf), f = span_cstr(fact);
    bag_add(b, token_hash(shape, token_hash(f, 0x5A)), f, bag_keep(b, shape), SPAN_NONE, 0);
}

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

static void shape_subject(const struct mail *m, struct bag *b, float *number)
{
    const struct mail_header *h = mail_find(m, FIELD_SUBJECT);
    if (!h) {
        put_flag(b, "no subject", true);
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
    put_number(b, "subject words", words < 12 ? words : 12);
    put_number(b, "subject capitals tenths", (unsigned)(number[NUMBER_CAPITALS] * 10));
    put_number(b, "subject bytes", magnitude(h->value.n));
    put_flag(b, "subject has digits", digit > 0);
    put_flag(b, "subject is foreign", other > lower + upper);
    if (bang) put_number(b, "subject !", bang);
    put_flag(b, "subject re", re);
    put_flag(b, "subject fwd", fwd);
    put_flag(b, "subject re without reference", re && number[NUMBER_REPLY] == 0);
    put_flag(b, "subject no re but reference", !re && number[NUMBER_REPLY] > 0);
    put_flag(b, "subject starts with [", h->value.n && h->value.p[0] == '[');
    put_flag(b, "subject encoded needlessly", h->charset.n && !other);
    if (h->charset.n) put(b, "subject charset", h->charset);
    size_t tail = h->value.n;
    put_flag(b, "subject ends with !", tail && h->value.p[tail - 1] == '!');
    put_flag(b, "subject ends with ?", tail && h->value.p[tail - 1] == '?');
    put_flag(b, "subject ends with .", tail && h->value.p[tail - 1] == '.');
    put_flag(b, "subject ends with digit", tail && (unsigned)(h->value.p[tail - 1] - '0') < 10);
}

static void shape_sender(const struct mail *m, struct bag *b)
{
    span host = after_at(m->from_addr);
    span local = span_head(m->from_addr, m->from_addr.n - (host.n ? host.n + 1 : 0));
    put_shape(b, "from address form", local, 24);
    put_shape(b, "from name form", m->from_name, 24);
    put(b, "from tld", last_label(host));
    put_flag(b, "from name is an address", span_find(m->from_name, '@') < m->from_name.n);
    put_flag(b, "from name is the address", m->from_name.n && span_ieq(m->from_name, m->from_addr));
    const struct mail_header *h = mail_find(m, FIELD_MESSAGE_ID);
    if (h) {
        put_shape(b, "message-id form", h->value, 48);
        span id_host = after_at(h->value);
        put_flag(b, "message-id of from domain", ends_with(id_host, m->from_domain));
        put_flag(b, "message-id host is bare", id_host.n && span_find(id_host, '.') == id_host.n);
    }
    h = mail_find(m, FIELD_REPLY_TO);
    if (h) {
        span d = after_at(h->value);
        put_flag(b, "reply-to elsewhere", !ends_with(d, m->from_domain));
        put_flag(b, "reply-to of from domain", ends_with(d, m->from_domain));
    }
    h = mail_find(m, FIELD_RETURN_PATH);
    if (h) {
        span d = after_at(h->value);
        put_flag(b, "return-path elsewhere", !ends_with(d, m->from_domain));
        put_flag(b, "return-path empty", d.n == 0);
        put_flag(b, "return-path of from domain", ends_with(d, m->from_domain));
    }
    h = mail_find(m, FIELD_SENDER);
    if (h) put_flag(b, "sender elsewhere", !ends_with(after_at(h->value), m->from_domain));
}

static void shape_rest_of_header(const struct mail *m, struct bag *b)
{
    const struct mail_header *h = mail_find(m, FIELD_TO);
    if (!h)
        put_flag(b, "no to", true);
    else {
        unsigned at = 0;
        for (size_t i = 0; i < h->value.n; i++) at += h->value.p[i] == '@';
        put_number(b, "to addresses", at < 4 ? at : 2 + magnitude(at));
        put_flag(b, "to undisclosed", span_istarts(h->value, SPAN("undisclosed")));
        put_flag(b, "to has a name", at == 1 && span_find(h->value, '<') < h->value.n);
        put_flag(b, "to is from", m->from_addr.n && ends_with(span_trim(h->value), m->from_addr));
    }
    put_flag(b, "has cc", mail_find(m, FIELD_CC) != NULL);
    h = mail_find(m, FIELD_DATE);
    if (h) {
        put_shape(b, "date form", h->value, 48);
        for (size_t i = 0; i + 5 <= h->value.n; i++)
            if (h->value.p[i] == '+' || h->value.p[i] == '-') {
                put(b, "time zone", span_head(span_from(h->value, i), 5));
                break;
            }
    }
    h = mail_find(m, FIELD_X_MAILER);
    if (!h) h = mail_find(m, FIELD_USER_AGENT);
    put_flag(b, "names no mailer", !h);
    if (h) {
        put(b, "mailer", span_head(h->value, TOKEN_BYTES_MAX));
        size_t word = 0;
        while (word < h->value.n && h->value.p[word] != ' ' && h->value.p[word] != '/') word++;
        put(b, "mailer name", span_head(h->value, word));
    }
    unsigned seen = 0;
    for (size_t i = 0; i < m->header_count && seen < 6; i++) {
        if (m->headers[i].id != FIELD_RECEIVED) continue;
        span v = span_trim(m->headers[i].raw), by;
        size_t n = 0;
        while (n + 4 <= v.n && !(v.p[n] == ' ' && v.p[n + 1] == 'b' && v.p[n + 2] == 'y' && v.p[n + 3] == ' ') &&
               v.p[n] != '\n')
            n++;
        by = span_head(v, n);
        put_shape(b, seen ? "received from form" : "received first form", by, 40);
        seen++;
    }
    for (size_t i = 0; i < m->header_count; i++) {
        const struct mail_header *x = &m->headers[i];
        if (x->id == FIELD_OTHER && span_istarts(x->name, SPAN("x-priority")))
            put(b, "x-priority", span_head(x->value, 12));
        if (x->id == FIELD_OTHER && span_istarts(x->name, SPAN("x-mimeole"))) put_flag(b, "has x-mimeole", true);
        if (x->id == FIELD_OTHER && span_istarts(x->name, SPAN("precedence")))
            put(b, "precedence", span_head(x->value, 12));
        if (x->id == FIELD_OTHER && span_istarts(x->name, SPAN("importance")))
            put(b, "importance", span_head(x->value, 12));
        if (x->id == FIELD_OTHER && span_istarts(x->name, SPAN("organization"))) put_flag(b, "has organization", true);
        if (x->id == FIELD_OTHER && span_istarts(x->name, SPAN("auto-submitted"))) put_flag(b, "auto-submitted", true);
    }
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
    const struct {
        const char *fact;
        uint32_t count;
    } REPAIRS[] = {
        {"repairs zero-width", n->zero_width},   {"repairs bidi", n->bidi},   {"repairs styled", n->styled},
        {"repairs confusables", n->confusables}, {"repairs marks", n->marks}, {"repairs full-width", n->wide},
    };
    for (size_t i = 0; i < sizeof REPAIRS / sizeof *REPAIRS; i++)
        if (REPAIRS[i].count) put_number(b, REPAIRS[i].fact, magnitude(REPAIRS[i].count));
}

/* What those found whom we trust; nothing when nobody did. */
static void shape_auth(const struct mail *m, struct bag *b)
{
    for (unsigned k = 0; k < AUTH_METHOD_COUNT; k++)
        if (m->auth.result[k] != AUTH_ABSENT)
            put_pair(b, "auth", span_cstr(auth_method_word((enum auth_method)k)),
                     span_cstr(auth_result_word(m->auth.result[k])));
    put_flag(b, "auth spf aligned", m->auth.spf_aligned);
    put_flag(b, "auth dkim aligned", m->auth.dkim_aligned);
}

static void shape_parts(const struct mail *m, struct bag *b)
{
    for (size_t i = 0; i < m->part_count && i < 24; i++) {
        const struct mail_part *p = &m->parts[i];
        put_pair(b, i ? "part type" : "mail type", p->type, p->subtype);
        if (p->charset.n) put(b, i ? "part charset" : "mail charset", p->charset);
        put_pair(b, "encoding", p->subtype, encoding_name(p->encoding));
        if (p->charset.n) put_pair(b, "charset and encoding", p->charset, encoding_name(p->encoding));
        if (p->parent >= 0) put_pair(b, "part within", m->parts[p->parent].subtype, p->subtype);
        if (p->attachment) put_pair(b, "attachment type", p->type, p->subtype);
    }
    put_number(b, "parts", m->part_count < 8 ? (unsigned)m->part_count : 6 + magnitude(m->part_count));
    put_number(b, "attachments", magnitude(m->shape.attachments));
    put_number(b, "raw bytes", magnitude(m->shape.raw_bytes));
    put_number(b, "visible bytes", magnitude(m->shape.visible_bytes));
    put_number(b, "received fields", m->shape.received);
    if (m->shape.hidden_bytes) put_number(b, "hidden bytes", magnitude(m->shape.hidden_bytes));
    if (m->shape.html_parts) {
        const struct html_shape *h = &m->shape.html;
        put_number(b, "html tags", magnitude(h->tags));
        put_number(b, "html links", magnitude(h->links));
        put_number(b, "html images", magnitude(h->images));
        put_number(b, "html tables", magnitude(h->tables));
        put_number(b, "html fonts", magnitude(h->fonts));
        put_number(b, "html styles", magnitude(h->styles));
        put_number(b, "html comments", magnitude(h->comments));
        put_flag(b, "html forms", h->forms > 0);
        put_flag(b, "html scripts", h->scripts > 0);
        put_number(b, "html text per tag", magnitude(m->shape.visible_bytes / (h->tags + 1)));
        put_flag(b, "html and no plain text", m->shape.html_parts >= m->shape.text_parts);
    }
    for (unsigned bit = 0; bit < ODD_COUNT; bit++)
        if (m->odd >> bit & 1) put(b, "odd", span_cstr(odd_word((enum odd_bit)bit)));
}

/* How the visible text looks: scripts, quoting, line lengths, punctuation. */
static void shape_text(const struct mail *m, struct bag *b, float *number)
{
    unsigned lines = 0, quoted = 0;
    size_t longest = 0;
    bool signature = false, patch = false;
    span t = span_head(m->text, 16384);
    for (size_t at = 0, length; at < t.n; at += length) {
        span rest = span_from(t, at);
        length = span_find(rest, '\n');
        length += length < rest.n; /* its line end */
        lines++;
        quoted += rest.p[0] == '>';
        signature |= span_istarts(rest, SPAN("-- ")) || span_istarts(rest, SPAN("--\n"));
        patch |= span_istarts(rest, SPAN("@@ ")) || span_istarts(rest, SPAN("diff "));
        if (length > longest) longest = length;
    }
    struct scan_tally n;
    scan->tally(t.p, t.n, &n);
    size_t letters = n.upper + n.lower;
    number[NUMBER_QUOTED] = lines ? (float)quoted / (float)lines : 0;
    number[NUMBER_NON_ASCII] = t.n ? (float)n.high / (float)t.n : 0;
    put_number(b, "text lines", magnitude(lines));
    put_number(b, "text longest line", magnitude(longest));
    put_number(b, "text !", magnitude(n.bangs));
    put_number(b, "text $", magnitude(n.dollars));
    put_number(b, "text digits tenths", t.n ? (unsigned)(10 * n.digits / t.n) : 0);
    put_number(b, "text capitals tenths", letters ? (unsigned)(10 * n.upper / letters) : 0);
    put_number(b, "text quoted tenths", (unsigned)(number[NUMBER_QUOTED] * 10));
    put_flag(b, "text quotes", quoted > 0);
    put_flag(b, "text has a signature line", signature);
    put_flag(b, "text has a patch", patch);
    put_number(b, "text foreign tenths", (unsigned)(number[NUMBER_NON_ASCII] * 10));
    put_flag(b, "text han without kana", n.han > 8 && n.kana * 20 < n.han);
    put_flag(b, "text kana", n.kana > 8);
    put_flag(b, "text cyrillic", n.cyrillic > 16);
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
        put_number(b, "link labels", labels);
        put(b, "link tld", last_label(u->host));
        put_shape(b, "link path form", u->path, 24);
        put_number(b, "link path bytes", magnitude(u->path.n));
        put_flag(b, "link has a query", span_find(u->path, '?') < u->path.n);
        put_flag(b, "link has a port", u->port != 0);
        put_flag(b, "link is not ftp or www", !span_istarts(u->host, SPAN("www.")));
    }
    number[NUMBER_URL_DOMAINS] = shape_log(domains, 6);
    put_number(b, "links", magnitude(m->url_count));
    put_number(b, "link domains", magnitude(domains));
    put_flag(b, "link hosts with digits", digits > 0);
    put_flag(b, "links to from domain", own > 0);
    put_flag(b, "links none to from domain", !own && m->url_count);
    put_flag(b, "links in text only", by_place[URL_IN_TEXT] && !by_place[URL_IN_HREF]);
    put_flag(b, "links one and little text", m->url_count == 1 && m->text.n < 300);
}

void shape_extract(const struct mail *m, struct bag *b, float number_out[NUMBER_COUNT])
{
    const struct mail_shape *s = &m->shape;
    float *number = number_out;
    memset(number, 0, NUMBER_COUNT * sizeof *number);
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
    number[NUMBER_REPLY] = mail_find(m, FIELD_IN_REPLY_TO) || mail_find(m, FIELD_REFERENCES);
    number[NUMBER_LIST] = mail_find(m, FIELD_LIST) != NULL;
    put_flag(b, "is a reply", number[NUMBER_REPLY] > 0);
    put_flag(b, "is from a list", number[NUMBER_LIST] > 0);
    shape_subject(m, b, number);
    shape_sender(m, b);
    shape_rest_of_header(m, b);
    shape_parts(m, b);
    shape_repairs(m, b);
    shape_auth(m, b);
    shape_text(m, b, number);
    shape_links(m, b, number);
}

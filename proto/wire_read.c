/* SPDX-License-Identifier: Apache-2.0 */
/* The reading half of wire.h: the words, a table of keys for each message, and a reader that it drives. */
#include "proto/wire.h"

#include "proto/pack.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>

/* --- the words ---------------------------------------------------------------------------------------------------- */

static const char *const KINDS[] = {"classify", "ping", "stat", "report", NULL};
static const char *const DIRECTIONS[] = {"in", "out", NULL};
static const char *const CLASSES[] = {"ham", "unsure", "spam", NULL};
static const char *const REFUSALS[] = {"busy", "late", "too_big", "bad_request", "denied", "poison", NULL};
static const char *const ANSWERS[] = {"verdict", "refusal", "pong", "stat", "reported", NULL};
static const char *const SAYS[] = {"spam", "ham", "undo", "arf", NULL};
static const char *const KEPT[] = {"stream", "journal", NULL};

const char *wire_kind_name(enum wire_kind k)
{
    return k <= WIRE_REPORT ? KINDS[k] : "?";
}

const char *wire_answer_name(enum wire_answer_type t)
{
    return t <= WIRE_ANSWER_REPORTED ? ANSWERS[t] : "?";
}

const char *wire_class_name(enum wire_class c)
{
    return c <= WIRE_SPAM ? CLASSES[c] : "?";
}

const char *wire_refusal_name(enum wire_refusal r)
{
    return r <= WIRE_POISON ? REFUSALS[r] : "?";
}

const char *wire_say_name(enum wire_say s)
{
    return s <= WIRE_SAY_ARF ? SAYS[s] : "?";
}

const char *wire_kept_name(enum wire_kept k)
{
    return k <= WIRE_KEPT_JOURNAL ? KEPT[k] : "?";
}

/* --- the keys ----------------------------------------------------------------------------------------------------- */

struct field {
    const char *key; /* NULL ends a table */
    enum { UINT32, UINT64, BOOL, REAL, TEXT, TEXTS, WORD, MAP, REASONS } type;
    size_t at;                /* where the value goes */
    size_t count_at;          /* TEXTS, REASONS: where their number goes */
    size_t max;               /* TEXT: bytes; TEXTS, REASONS: elements */
    const char *const *words; /* WORD: an index into this list is stored, as an unsigned */
    const struct field *sub;  /* MAP: its own keys, offsets from the same base */
};

/* What is read before it is known to be right. */
struct request_draft {
    struct wire_request r;
    uint64_t version;
    unsigned kind, direction, says;
};

struct answer_draft {
    struct wire_answer a;
    uint64_t version;
    unsigned kind, klass, why, kept;
};

#define REQ(member)    offsetof(struct request_draft, member)
#define ANS(member)    offsetof(struct answer_draft, member)
#define REQ_TEXT(m)    .type = TEXT, .at = REQ(r.m), .max = WIRE_TEXT_MAX
#define ANS_TEXT(m)    .type = TEXT, .at = ANS(a.m), .max = WIRE_TEXT_MAX
#define ANS_REAL(m)    .type = REAL, .at = ANS(a.verdict.m)
#define ANS_LIST(m, c) .at = ANS(a.verdict.m), .count_at = ANS(a.verdict.c)

static const struct field AUTH[] = {
    {"spf", REQ_TEXT(auth.spf)},
    {"dkim", REQ_TEXT(auth.dkim)},
    {"dmarc", REQ_TEXT(auth.dmarc)},
    {"arc", REQ_TEXT(auth.arc)},
    {"dkim_domain", REQ_TEXT(auth.dkim_domain)},
    {.key = NULL},
};

/* The keys that a message must have come first, so that their bits have names. */
enum { HAS_V = 1 << 0, HAS_KIND = 1 << 1, HAS_ID = 1 << 2, HAS_SAYS = 1 << 3 };
static const struct field REQUEST[] = {
    {"v", .type = UINT64, .at = REQ(version)},
    {"kind", .type = WORD, .at = REQ(kind), .words = KINDS},
    {"id", .type = UINT64, .at = REQ(r.id)},
    {"says", .type = WORD, .at = REQ(says), .words = SAYS},
    {"tenant", REQ_TEXT(tenant)},
    {"direction", .type = WORD, .at = REQ(direction), .words = DIRECTIONS},
    {"client_ip", REQ_TEXT(client_ip)},
    {"helo", REQ_TEXT(helo)},
    {"mail_from", REQ_TEXT(mail_from)},
    {"rcpt_to", .type = TEXTS, .at = REQ(r.rcpt_to), .count_at = REQ(r.rcpt_count), .max = WIRE_RCPT_MAX},
    {"auth_user", REQ_TEXT(auth_user)},
    {"auth", .type = MAP, .sub = AUTH},
    {"deadline_ms", .type = UINT32, .at = REQ(r.deadline_ms)},
    {"explain", .type = BOOL, .at = REQ(r.explain)},
    {"dry_run", .type = BOOL, .at = REQ(r.dry_run)},
    {"reporter", REQ_TEXT(reporter)},
    {"ticket", REQ_TEXT(ticket)},
    {.key = NULL},
};

static const struct field PARTS[] = {
    {"bayes", ANS_REAL(bayes)},           {"linear", ANS_REAL(linear)}, {"net", ANS_REAL(net)},
    {"reputation", ANS_REAL(reputation)}, {"live", ANS_REAL(live)},     {.key = NULL},
};

enum { HAS_CLASS = 1 << 3, HAS_P = 1 << 4, HAS_WHY = 1 << 5, HAS_JSON = 1 << 6, HAS_KEPT = 1 << 7 };
static const struct field ANSWER[] = {
    {"v", .type = UINT64, .at = ANS(version)},
    {"kind", .type = WORD, .at = ANS(kind), .words = ANSWERS},
    {"id", .type = UINT64, .at = ANS(a.id)},
    {"class", .type = WORD, .at = ANS(klass), .words = CLASSES},
    {"p", ANS_REAL(p)},
    {"why", .type = WORD, .at = ANS(why), .words = REFUSALS},
    {"json", .type = TEXT, .at = ANS(a.stat_json), .max = WIRE_STAT_MAX},
    {"kept", .type = WORD, .at = ANS(kept), .words = KEPT},
    {"score", ANS_REAL(score)},
    {"action", ANS_TEXT(verdict.action)},
    {"parts", .type = MAP, .sub = PARTS},
    {"reasons", .type = REASONS, ANS_LIST(reasons, reason_count), .max = WIRE_REASON_MAX},
    {"oddities", .type = TEXTS, ANS_LIST(oddities, oddity_count), .max = WIRE_WORDS_MAX},
    {"degraded", .type = TEXTS, ANS_LIST(degraded, degraded_count), .max = WIRE_WORDS_MAX},
    {"model", ANS_TEXT(verdict.model)},
    {"time_us", .type = UINT32, .at = ANS(a.verdict.time_us)},
    {"ticket", ANS_TEXT(verdict.ticket)},
    {"detail", ANS_TEXT(refusal.detail)},
    {"again", .type = BOOL, .at = ANS(a.reported.again)},
    {.key = NULL},
};

/* --- the reader --------------------------------------------------------------------------------------------------- */

/* A wrong value does not end the walk: the id may come later, and a newer version may be what explains it. The first
 * fault is the one that is told. */
struct reader {
    struct pack pack;
    struct arena *arena;
    const char *outer, *key; /* where the walk is: "auth", "spf"; key is NULL at the top */
    enum err err;
    char *fault_out;
};

static void __attribute__((format(printf, 3, 4))) note(struct reader *r, enum err e, const char *format, ...)
{
    if (r->err != ERR_OK) return;
    r->err = e;
    int n = 0;
    if (r->key)
        n = snprintf(r->fault_out, WIRE_FAULT_MAX, "key '%s%s%s': ", r->outer ? r->outer : "", r->outer ? "." : "",
                     r->key);
    va_list args;
    va_start(args, format);
    vsnprintf(r->fault_out + n, WIRE_FAULT_MAX - (size_t)n, format, args);
    va_end(args);
}

/* Note that the value is not what it should be, and step over it. */
static bool mistyped(struct reader *r, const char *wanted, const struct pack_value *v)
{
    note(r, ERR_SYNTAX, "expected %s, got %s", wanted, pack_type_name(v->type));
    return pack_skip_inside(&r->pack, v);
}

static bool is_text(const struct pack_value *v)
{
    return v->type == PACK_STR || v->type == PACK_BIN;
}

static bool is_number(const struct pack_value *v)
{
    return v->type == PACK_REAL || v->type == PACK_UINT || v->type == PACK_NEGATIVE;
}

static double number_of(const struct pack_value *v)
{
    return v->type == PACK_REAL ? v->real : v->type == PACK_UINT ? (double)v->uint : (double)v->negative;
}

static void check_text(struct reader *r, span s, size_t max)
{
    if (s.n > max) note(r, ERR_TOO_BIG, "%zu bytes; the limit is %zu", s.n, max);
}

static bool read_word(struct reader *r, const struct field *f, const struct pack_value *v, unsigned *out)
{
    if (!is_text(v)) return mistyped(r, "a string", v);
    for (unsigned i = 0; f->words[i]; i++) {
        if (!span_eq(v->bytes, span_cstr(f->words[i]))) continue;
        *out = i;
        return true;
    }
    char shown[32];
    size_t n = v->bytes.n < sizeof shown - 1 ? v->bytes.n : sizeof shown - 1;
    for (size_t i = 0; i < n; i++) shown[i] = v->bytes.p[i] > ' ' && v->bytes.p[i] < 127 ? (char)v->bytes.p[i] : '?';
    shown[n] = 0;
    note(r, ERR_SYNTAX, "'%s' is not one of its words", shown);
    return true;
}

/* The head of a list: true with *out set when it has at most `max` elements and there is room for them; otherwise it
 * has been stepped over and *go_on_out says whether the walk can continue. */
static bool read_list(struct reader *r, const struct field *f, const struct pack_value *v, size_t element_bytes,
                      void **out, bool *go_on_out)
{
    *out = NULL;
    if (v->type != PACK_LIST) {
        *go_on_out = mistyped(r, "a list", v);
    } else if (v->children > f->max) {
        note(r, ERR_TOO_BIG, "%" PRIu64 " elements; the limit is %zu", v->children, f->max);
        *go_on_out = pack_skip(&r->pack, v->children);
    } else if (!(*out = arena_alloc(r->arena, v->children * element_bytes))) {
        note(r, ERR_MEMORY, "no memory for %" PRIu64 " elements", v->children);
        *go_on_out = pack_skip(&r->pack, v->children);
    }
    return *out != NULL;
}

static bool read_texts(struct reader *r, const struct field *f, const struct pack_value *v, span **list_out,
                       size_t *count_out)
{
    void *room;
    bool go_on;
    if (!read_list(r, f, v, sizeof(span), &room, &go_on)) return go_on;
    span *list = room;
    for (uint64_t i = 0; i < v->children; i++) {
        struct pack_value e;
        if (!pack_next(&r->pack, &e)) return false;
        list[i] = is_text(&e) ? e.bytes : SPAN_NONE;
        if (!is_text(&e) && !mistyped(r, "strings in the list", &e)) return false;
        check_text(r, list[i], WIRE_TEXT_MAX);
    }
    *list_out = list;
    *count_out = v->children;
    return true;
}

/* [[what, weight], …] */
static bool read_reasons(struct reader *r, const struct field *f, const struct pack_value *v,
                         struct wire_reason **list_out, size_t *count_out)
{
    void *room;
    bool go_on;
    if (!read_list(r, f, v, sizeof(struct wire_reason), &room, &go_on)) return go_on;
    struct wire_reason *list = room;
    for (uint64_t i = 0; i < v->children; i++) {
        struct pack_value pair, what, weight;
        list[i] = (struct wire_reason){0};
        if (!pack_next(&r->pack, &pair)) return false;
        if (pair.type != PACK_LIST || pair.children != 2) {
            note(r, ERR_SYNTAX, "expected [what, weight] in the list");
            if (!pack_skip_inside(&r->pack, &pair)) return false;
            continue;
        }
        if (!pack_next(&r->pack, &what)) return false;
        if (!is_text(&what) && !mistyped(r, "a string before the weight", &what)) return false;
        if (!pack_next(&r->pack, &weight)) return false;
        if (!is_number(&weight) && !mistyped(r, "a number as weight", &weight)) return false;
        if (is_text(&what)) list[i].what = what.bytes;
        if (is_number(&weight)) list[i].weight = number_of(&weight);
        check_text(r, list[i].what, WIRE_TEXT_MAX);
        if (!isfinite(list[i].weight)) note(r, ERR_SYNTAX, "a weight that is not finite");
    }
    *list_out = list;
    *count_out = v->children;
    return true;
}

static bool read_map(struct reader *r, const struct field *fields, const struct pack_value *map, void *base,
                     uint32_t *seen_out);

/* Read the value of a known key. False when the bytes cannot be followed any further. */
static bool read_value(struct reader *r, const struct field *f, const struct pack_value *v, void *base)
{
    void *to = (char *)base + f->at;
    size_t *count = (size_t *)(void *)((char *)base + f->count_at);
    switch (f->type) {
    case UINT32:
    case UINT64:
        if (v->type != PACK_UINT) return mistyped(r, "an unsigned integer", v);
        if (f->type == UINT64)
            *(uint64_t *)to = v->uint;
        else if (v->uint <= UINT32_MAX)
            *(uint32_t *)to = (uint32_t)v->uint;
        else
            note(r, ERR_SYNTAX, "%" PRIu64 " is over %" PRIu32, v->uint, UINT32_MAX);
        return true;
    case BOOL:
        if (v->type != PACK_BOOL) return mistyped(r, "a boolean", v);
        *(bool *)to = v->yes;
        return true;
    case REAL:
        if (!is_number(v)) return mistyped(r, "a number", v);
        if (!isfinite(number_of(v))) note(r, ERR_SYNTAX, "not a finite number");
        *(double *)to = number_of(v);
        return true;
    case TEXT:
        if (!is_text(v)) return mistyped(r, "a string", v);
        check_text(r, v->bytes, f->max);
        *(span *)to = v->bytes;
        return true;
    case WORD: return read_word(r, f, v, to);
    case TEXTS: return read_texts(r, f, v, to, count);
    case REASONS: return read_reasons(r, f, v, to, count);
    case MAP: {
        if (v->type != PACK_MAP) return mistyped(r, "a map", v);
        uint32_t seen;
        r->outer = f->key;
        bool go_on = read_map(r, f->sub, v, base, &seen);
        r->outer = NULL;
        return go_on;
    }
    }
    return false;
}

/* The field of this name, or NULL. Writers tend to keep the table's order, so the search begins at *next: where it
 * ended before. */
static const struct field *find(const struct field *fields, const struct field **next, span key)
{
    const struct field *from = *next, *f;
    for (f = from; f->key; f++)
        if (span_eq(key, span_cstr(f->key))) goto found;
    for (f = fields; f < from; f++)
        if (span_eq(key, span_cstr(f->key))) goto found;
    return NULL;
found:
    *next = f + 1;
    return f;
}

/* Which keys had a value goes to seen_out, a bit each in the table's order; nil is no value. */
static bool read_map(struct reader *r, const struct field *fields, const struct pack_value *map, void *base,
                     uint32_t *seen_out)
{
    uint32_t met = 0;
    const struct field *next = fields;
    *seen_out = 0;
    for (uint64_t i = 0; i < map->children; i += 2) {
        struct pack_value key, v;
        r->key = NULL;
        if (!pack_next(&r->pack, &key)) return false;
        if (!is_text(&key)) {
            note(r, ERR_SYNTAX, "a key is %s; expected a string", pack_type_name(key.type));
            if (!pack_skip_inside(&r->pack, &key) || !pack_skip(&r->pack, 1)) return false;
            continue;
        }
        const struct field *f = find(fields, &next, key.bytes);
        if (!f) {
            if (!pack_skip(&r->pack, 1)) return false;
            continue;
        }
        uint32_t bit = UINT32_C(1) << (f - fields);
        r->key = f->key;
        if (met & bit) note(r, ERR_SYNTAX, "given twice");
        met |= bit;
        if (!pack_next(&r->pack, &v)) return false;
        if (v.type == PACK_NIL) continue;
        *seen_out |= bit;
        if (!read_value(r, f, &v, base)) return false;
    }
    r->key = NULL;
    return true;
}

/* Walk one message: a map and nothing after it. */
static uint32_t read_message(struct reader *r, span in, const struct field *fields, void *draft)
{
    uint32_t seen = 0;
    struct pack_value top;
    pack_init(&r->pack, in);
    if (pack_next(&r->pack, &top)) {
        if (top.type != PACK_MAP)
            note(r, ERR_SYNTAX, "expected a map, got %s", pack_type_name(top.type));
        else if (read_map(r, fields, &top, draft, &seen) && r->pack.p != r->pack.end)
            note(r, ERR_SYNTAX, "%zu bytes after the map", (size_t)(r->pack.end - r->pack.p));
    }
    if (r->pack.fault) {
        r->outer = r->key = NULL;
        note(r, ERR_SYNTAX, "byte %zu: %s", (size_t)(r->pack.p - r->pack.begin), r->pack.fault);
    }
    return seen;
}

/* What both directions must have. A version that is not ours explains whatever else looked wrong. */
static void check_head(struct reader *r, uint32_t seen, uint64_t version)
{
    r->outer = r->key = NULL;
    if ((seen & HAS_V) && version != WIRE_VERSION) {
        r->err = ERR_OK;
        note(r, ERR_VERSION, "key 'v': version %" PRIu64 "; this side speaks version %d", version, WIRE_VERSION);
    }
    if (!(seen & HAS_V)) note(r, ERR_SYNTAX, "key 'v': missing");
    if (!(seen & HAS_KIND)) note(r, ERR_SYNTAX, "key 'kind': missing");
    if (!(seen & HAS_ID)) note(r, ERR_SYNTAX, "key 'id': missing");
}

enum err wire_parse_request(span in, struct arena *a, struct wire_request *request_out, char *fault_out)
{
    struct request_draft d = {.version = WIRE_VERSION};
    struct reader r = {.arena = a, .fault_out = fault_out};
    fault_out[0] = 0;
    *request_out = d.r;
    if (in.n > WIRE_HEADER_MAX) {
        note(&r, ERR_TOO_BIG, "a header of %zu bytes; the limit is %d", in.n, WIRE_HEADER_MAX);
        return r.err;
    }
    uint32_t seen = read_message(&r, in, REQUEST, &d);
    check_head(&r, seen, d.version);
    if (d.kind == WIRE_REPORT && !(seen & HAS_SAYS)) note(&r, ERR_SYNTAX, "key 'says': missing");
    *request_out = d.r;
    request_out->kind = (enum wire_kind)d.kind;
    request_out->outbound = d.direction == 1;
    request_out->says = (enum wire_say)d.says;
    return r.err;
}

enum err wire_parse_answer(span in, struct arena *a, struct wire_answer *answer_out, char *fault_out)
{
    struct answer_draft d = {.version = WIRE_VERSION};
    struct reader r = {.arena = a, .fault_out = fault_out};
    fault_out[0] = 0;
    uint32_t seen = read_message(&r, in, ANSWER, &d);
    check_head(&r, seen, d.version);
    d.a.type = (enum wire_answer_type)d.kind;
    d.a.verdict.id = d.a.refusal.id = d.a.id;
    d.a.verdict.klass = (enum wire_class)d.klass;
    d.a.refusal.why = (enum wire_refusal)d.why;
    d.a.reported.id = d.a.id;
    d.a.reported.kept = (enum wire_kept)d.kept;
    d.a.reported.ticket = d.a.verdict.ticket;
    if (d.kind == WIRE_ANSWER_VERDICT) {
        if (!(seen & HAS_CLASS)) note(&r, ERR_SYNTAX, "key 'class': missing");
        if (!(seen & HAS_P)) note(&r, ERR_SYNTAX, "key 'p': missing");
        if (!(d.a.verdict.p >= 0 && d.a.verdict.p <= 1)) note(&r, ERR_SYNTAX, "key 'p': not within 0 and 1");
    }
    if (d.kind == WIRE_ANSWER_REFUSAL && !(seen & HAS_WHY)) note(&r, ERR_SYNTAX, "key 'why': missing");
    if (d.kind == WIRE_ANSWER_STAT && !(seen & HAS_JSON)) note(&r, ERR_SYNTAX, "key 'json': missing");
    if (d.kind == WIRE_ANSWER_REPORTED && !(seen & HAS_KEPT)) note(&r, ERR_SYNTAX, "key 'kept': missing");
    *answer_out = d.a;
    return r.err;
}

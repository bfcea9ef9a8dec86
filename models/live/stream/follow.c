/* SPDX-License-Identifier: Apache-2.0 */
/* follow: see follow.h. A reply is [[key, [[id, [name, value, …]], …]]], or nothing when the wait was in vain. */
#include "models/live/stream/follow.h"

#include "proto/base/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    TAG_READ = 1,
    TAG_DEAD,
    TAG_STREAM,
    TAG_BITS = 2,
    ENTRY_BYTES_MAX = FEEDBACK_BYTES_MAX + 512,
    ARENA_BYTES = 1 << 20,
    RETRY_US = 1000000
};

/* As XREAD without waiting, but that of an entry too long for any of ours only its length is told: `long`. */
static const char CAREFULLY[] = "local out = redis.call('XRANGE', KEYS[1], '(' .. ARGV[1], '+', 'COUNT', ARGV[2])\n"
                                "if #out == 0 then return false end\n"
                                "for _, e in ipairs(out) do\n"
                                "  local bytes = 0\n"
                                "  for _, x in ipairs(e[2]) do bytes = bytes + #x + 16 end\n"
                                "  if bytes > tonumber(ARGV[3]) then e[2] = {'long', tostring(bytes)} end\n"
                                "end\n"
                                "return {{KEYS[1], out}}\n";

/* The stream's oldest entry, its newest, how many were ever added (-1: an older Redis), how many it has, and its newest
 * at or before ours. */
static const char STREAM[] =
    "local x, s = redis.pcall('XINFO', 'STREAM', KEYS[1]), {}\n"
    "if x.err then return {'', '', 0, 0, ''} end\n"
    "for i = 1, #x, 2 do s[x[i]] = x[i + 1] end\n"
    "local first = s['first-entry']\n"
    "local b = redis.call('XREVRANGE', KEYS[1], ARGV[1], '-', 'COUNT', 1)\n"
    "return {first and first[1] or '', s['last-generated-id'], s['entries-added'] or -1, s['length'],\n"
    "  b[1] and b[1][1] or ''}\n";

struct follow {
    struct store *store;
    span key, dead_key;
    const struct secret *secret;
    struct follow_state *state;
    struct follow_ops ops;
    struct arena arena;
    unsigned script, carefully;
    bool careful;                    /* the answer to a read got lost: it may have been too long */
    bool asked, held, looked, heard; /* looked: at the stream, before the next read; heard: what it said */
    uint64_t round;                  /* goes up with each hold: what was asked before it is of no use */
    struct follow_stream stream;
    struct follow_place mark;                  /* an entry that is the mark_number-th of all that were added */
    uint64_t mark_number, passed, mark_passed; /* passed: entries, until now, and until the mark */
    bool mark_known, mark_met;
    uint64_t connections;
    int64_t retry_us;
    struct follow_stat stat;
};

/* What an entry should hold. */
struct entry {
    span host, number, previous, record, seal, too_long;
    struct follow_place at;
};

enum err follow_state_open(struct follow_state *s)
{
    *s = (struct follow_state){.hosts_bytes = memo_bytes(FOLLOW_HOSTS_BITS, sizeof(uint64_t))};
    s->hosts_block = calloc(1, s->hosts_bytes);
    if (!s->hosts_block) return ERR_MEMORY;
    memo_init(&s->hosts, s->hosts_block, FOLLOW_HOSTS_BITS, sizeof(uint64_t));
    return ERR_OK;
}

void follow_state_close(struct follow_state *s)
{
    free(s->hosts_block);
    *s = (struct follow_state){0};
}

uint64_t follow_taken(const struct follow_state *s, uint64_t host)
{
    const uint64_t *last = memo_find(&s->hosts, host);
    return last ? *last : 0;
}

enum err follow_open(struct store *s, span key, span dead_key, const struct secret *secret, struct follow_state *state,
                     const struct follow_ops *ops, struct follow **out)
{
    struct follow *f = calloc(1, sizeof *f);
    if (!f) return ERR_MEMORY;
    *f = (struct follow){.store = s, .key = key, .dead_key = dead_key, .secret = secret, .state = state, .ops = *ops};
    f->script = store_script(s, STREAM);
    f->carefully = store_script(s, CAREFULLY);
    if (arena_open(&f->arena, ARENA_BYTES) != ERR_OK) {
        free(f);
        return ERR_MEMORY;
    }
    *out = f;
    return ERR_OK;
}

void follow_close(struct follow *f)
{
    if (!f) return;
    arena_close(&f->arena);
    free(f);
}

void follow_stat(const struct follow *f, struct follow_stat *out)
{
    *out = f->stat;
}

void follow_hold(struct follow *f)
{
    f->held = true;
    f->asked = f->looked = f->heard = false;
    f->mark_met = false; /* the state may go on from elsewhere */
    f->round++;
}

void follow_go(struct follow *f)
{
    f->held = f->looked = false;
    f->round++; /* the state's place may be another one */
}

bool follow_stream(const struct follow *f, struct follow_stream *out)
{
    *out = f->stream;
    return f->heard;
}

uint64_t follow_number(const struct follow *f)
{
    return f->mark_met ? f->mark_number + (f->passed - f->mark_passed) : FOLLOW_UNKNOWN;
}

/* --- reading ------------------------------------------------------------------------------------------------------ */

/* The number at the beginning of s, which goes on behind it; false when there is none, or one over 64 bits. */
static bool take_number(span *s, unsigned base, uint64_t *out)
{
    size_t n = 0;
    *out = 0;
    for (int digit; n < s->n && (digit = ascii_hex(s->p[n])) >= 0 && (unsigned)digit < base; n++) {
        if (*out > (UINT64_MAX - (unsigned)digit) / base) return false;
        *out = *out * base + (unsigned)digit;
    }
    *s = span_from(*s, n);
    return n > 0;
}

static bool whole_number(span s, unsigned base, uint64_t *out)
{
    return take_number(&s, base, out) && s.n == 0;
}

bool follow_place_read(span text, struct follow_place *out)
{
    if (!take_number(&text, 10, &out->ms) || text.n < 2 || text.p[0] != '-') return false;
    return whole_number(span_from(text, 1), 10, &out->n);
}

void follow_place_write(struct follow_place p, char out[FOLLOW_PLACE_TEXT])
{
    snprintf(out, FOLLOW_PLACE_TEXT, "%" PRIu64 "-%" PRIu64, p.ms, p.n);
}

/* How many values v[at] is made of, with all that is in it; 0 when they are not all there. */
static size_t extent(const struct store_reply *r, size_t at)
{
    size_t end = at + 1, open = 1;
    for (size_t i = at; open > 0; i++) {
        if (i >= r->n) return 0;
        open--;
        if (r->v[i].kind == STORE_LIST) open += r->v[i].n;
        end = i + 1;
    }
    return end - at;
}

/* Put what cannot be taken aside, under its own id: of several hosts that do so the first does it. */
static void bury(struct follow *f, const struct entry *e, const char *why)
{
    char id[FOLLOW_PLACE_TEXT];
    f->stat.dead++;
    LOG(LEVEL_WARN, "report_unreadable", L_INT("ms", e->at.ms), L_INT("n", e->at.n), L_STR("why", why),
        L_STR("now", "it lies in the dead letters"));
    follow_place_write(e->at, id);
    span words[] = {SPAN("XADD"),   f->dead_key,
                    SPAN("MAXLEN"), SPAN("~"),
                    SPAN("1000"),   span_cstr(id),
                    SPAN("why"),    span_cstr(why),
                    SPAN("h"),      e->host,
                    SPAN("n"),      e->number,
                    SPAN("r"),      span_head(e->record, FEEDBACK_BYTES_MAX)};
    store_put(f->store, f->dead_key, words, sizeof words / sizeof *words, TAG_DEAD);
}

void follow_seal(const struct secret *s, span host, span number, span previous, span record,
                 char out[SECRET_SEAL_HEX + 1])
{
    const span field[] = {host, number, previous, record};
    struct secret_seal seal;
    secret_seal_init(&seal, s, SPAN("entry"));
    for (size_t i = 0; i < sizeof field / sizeof *field; i++) {
        secret_seal_add(&seal, field[i]);
        secret_seal_add(&seal, SPAN("\n")); /* not in the first three, which are numbers */
    }
    secret_seal_end(&seal, out);
}

static bool is_sealed(const struct follow *f, const struct entry *e)
{
    char seal[SECRET_SEAL_HEX + 1];
    follow_seal(f->secret, e->host, e->number, e->previous, e->record, seal);
    return span_eq(e->seal, span_cstr(seal));
}

/* Is it this entry's turn? Then its host's number is moved on. */
static bool in_turn(struct follow *f, const struct entry *e, const char **why)
{
    uint64_t host, number, previous;
    if (!whole_number(e->host, 16, &host) || !whole_number(e->number, 10, &number) ||
        !whole_number(e->previous, 10, &previous) || host == 0 || number <= previous) {
        *why = "fields h, n or p are missing or no numbers";
        return false;
    }
    if (!is_sealed(f, e)) {
        *why = "its seal is wrong: it is from no host with this secret";
        return false;
    }
    uint64_t *last = memo_find(&f->state->hosts, host);
    if (last && number <= *last) {
        f->stat.doubled++;
        return false;
    }
    if (last && previous > *last) {
        f->stat.early++;
        return false;
    }
    *(uint64_t *)memo_put(&f->state->hosts, host, (int64_t)e->at.ms) = number;
    return true;
}

static void take(struct follow *f, const struct entry *e)
{
    struct feedback r;
    char fault[FEEDBACK_FAULT_MAX];
    const char *why = e->too_long.p ? "longer than any report" : NULL;
    if (!why && in_turn(f, e, &why)) {
        arena_reset(&f->arena);
        if (feedback_unpack(e->record, &f->arena, &r, fault) == ERR_OK) {
            f->stat.taken++;
            f->ops.report(f->ops.ctx, &r, e->at);
        } else {
            why = fault;
        }
    }
    if (why) bury(f, e, why);
    f->state->place = e->at;
    f->passed++;
    if (f->mark_known && !f->mark_met && follow_place_cmp(e->at, f->mark) == 0) {
        f->mark_met = true;
        f->mark_passed = f->passed;
    }
}

/* v[at] is [id, [name, value, …]]. False when it is not: nothing behind it can be trusted. */
static bool take_entry(struct follow *f, const struct store_reply *r, size_t at)
{
    struct entry e = {.at = {0, 0}};
    if (r->v[at].kind != STORE_LIST || r->v[at].n != 2 || r->v[at + 1].kind != STORE_TEXT) return false;
    if (!follow_place_read(r->v[at + 1].text, &e.at)) return false;
    const struct store_value *fields = &r->v[at + 2];
    size_t n = fields->kind == STORE_LIST ? fields->n : 0;
    for (size_t i = 1; i + 1 <= n; i += 2) {
        span name = fields[i].kind == STORE_TEXT ? fields[i].text : SPAN_NONE;
        span value = fields[i + 1].kind == STORE_TEXT ? fields[i + 1].text : SPAN_NONE;
        if (fields[i].kind == STORE_LIST || fields[i + 1].kind == STORE_LIST) return false;
        if (span_eq(name, SPAN("h"))) e.host = value;
        if (span_eq(name, SPAN("n"))) e.number = value;
        if (span_eq(name, SPAN("p"))) e.previous = value;
        if (span_eq(name, SPAN("r"))) e.record = value;
        if (span_eq(name, SPAN("s"))) e.seal = value;
        if (span_eq(name, SPAN("long"))) e.too_long = value;
    }
    take(f, &e);
    return true;
}

static void refused(struct follow *f, const struct store_value *v, int64_t now_us)
{
    char why[96];
    if (v->kind != STORE_ERROR) return;
    snprintf(why, sizeof why, "%.*s", SPAN_ARG(span_head(v->text, sizeof why - 1)));
    LOG(LEVEL_WARN, "reports_unread", L_STR("why", why));
    f->retry_us = now_us + RETRY_US;
}

/* Is the next entry gone? From the beginning nothing is known to be missing but when something was removed. */
static bool is_gap(const struct follow *f)
{
    const struct follow_place *mine = &f->state->place;
    if (follow_place_zero(f->stream.first)) return false;
    return follow_place_zero(*mine) ? !f->stream.whole : follow_place_cmp(f->stream.first, *mine) > 0;
}

static void pass_over_gap(struct follow *f)
{
    struct follow_place *mine = &f->state->place, first = f->stream.first;
    if (f->ops.gap && !f->ops.gap(f->ops.ctx, first)) return;
    if (follow_place_cmp(f->state->missed, first) >= 0) return; /* of a state that begins there, each time */
    f->stat.gaps++;
    LOG(LEVEL_WARN, "reports_missed", L_INT("from_ms", mine->ms), L_INT("to_ms", first.ms),
        L_STR("why", "the stream does not reach back to where this host stopped"));
    memset(f->state->hosts_block, 0, f->state->hosts_bytes);
    f->state->missed = first;
}

/* Of what it does not know at all nothing is known to be lost: it was emptied, or begins behind our place. */
static bool is_lost(const struct follow *f)
{
    return !follow_place_zero(f->stream.upto) && follow_place_cmp(f->stream.upto, f->state->place) != 0;
}

/* [first, last, added, length, the newest at or before ours] */
static void on_stream(struct follow *f, const struct store_reply *r, int64_t now_us)
{
    struct follow_place first = {0, 0}, upto = {0, 0}, last;
    bool sound = r->v[0].kind == STORE_LIST && r->n == 6 && r->v[1].kind == STORE_TEXT && r->v[2].kind == STORE_TEXT &&
                 r->v[5].kind == STORE_TEXT;
    refused(f, &r->v[0], now_us);
    if (!sound || (r->v[1].text.n && !follow_place_read(r->v[1].text, &first)) ||
        (r->v[5].text.n && !follow_place_read(r->v[5].text, &upto))) {
        f->looked = false;
        return;
    }
    int64_t added = r->v[3].integer;
    f->heard = true;
    f->stream = (struct follow_stream){.first = first, .upto = upto, .whole = added < 0 || added == r->v[4].integer};
    if (!f->held && is_lost(f) && f->ops.lost && !f->ops.lost(f->ops.ctx, upto)) return;
    bool passed_by = f->mark_known && !f->mark_met && follow_place_cmp(f->state->place, f->mark) > 0;
    if ((!f->mark_known || passed_by) && added >= 0 && follow_place_read(r->v[2].text, &last)) {
        f->mark_known = true;
        f->mark_met = follow_place_cmp(last, f->state->place) == 0;
        f->mark = last;
        f->mark_number = (uint64_t)added;
        f->mark_passed = f->passed;
    }
    if (!f->held && is_gap(f)) pass_over_gap(f);
}

static size_t on_read(struct follow *f, const struct store_reply *r, int64_t now_us)
{
    f->asked = false;
    f->stat.idle = r->v[0].kind == STORE_NIL;
    f->careful = r->v[0].kind == STORE_LOST;
    refused(f, &r->v[0], now_us);
    /* [[key, [entry, …]]]: 0 the list, 1 the stream's pair, 2 its key, 3 its entries, 4 the first */
    if (r->v[0].kind != STORE_LIST || r->n < 4 || r->v[1].kind != STORE_LIST || r->v[3].kind != STORE_LIST) return 0;
    size_t taken = 0, at = 4;
    for (size_t i = 0; i < r->v[3].n && !f->held; i++) {
        size_t values = at < r->n ? extent(r, at) : 0;
        if (values < 3 || !take_entry(f, r, at)) break;
        at += values;
        taken++;
    }
    f->stat.idle = taken == r->v[3].n && taken < FOLLOW_BATCH;
    return taken;
}

static uint64_t tag_of(const struct follow *f, unsigned what)
{
    return f->round << TAG_BITS | what;
}

static void ask(struct follow *f)
{
    char id[FOLLOW_PLACE_TEXT], count[8], block[8], most[16];
    follow_place_write(f->state->place, id);
    snprintf(count, sizeof count, "%d", FOLLOW_BATCH);
    snprintf(block, sizeof block, "%d", FOLLOW_BLOCK_MS);
    span words[] = {SPAN("XREAD"),    SPAN("COUNT"),   span_cstr(count), SPAN("BLOCK"),
                    span_cstr(block), SPAN("STREAMS"), f->key,           span_cstr(id)};
    snprintf(most, sizeof most, "%d", ENTRY_BYTES_MAX);
    span args[] = {span_cstr(id), span_cstr(count), span_cstr(most)};
    f->asked = f->careful ? store_eval(f->store, f->carefully, &f->key, 1, args, 3, tag_of(f, TAG_READ))
                          : store_put(f->store, f->key, words, sizeof words / sizeof *words, tag_of(f, TAG_READ));
    f->looked = false;
}

/* Before each read, and while held until it has answered. A server that comes back may have lost some. */
static void look(struct follow *f)
{
    struct store_stat s;
    store_stat(f->store, &s);
    if (s.connections != f->connections) f->mark_known = f->mark_met = false;
    f->connections = s.connections;
    if (f->looked) return;
    char place[FOLLOW_PLACE_TEXT];
    follow_place_write(f->state->place, place);
    span arg = span_cstr(place);
    f->looked = store_eval(f->store, f->script, &f->key, 1, &arg, 1, tag_of(f, TAG_STREAM));
}

size_t follow_turn(struct follow *f, int64_t now_us)
{
    struct store_reply r;
    size_t taken = 0;
    store_pump(f->store);
    while (store_next(f->store, &r)) {
        if (r.tag == tag_of(f, TAG_STREAM)) on_stream(f, &r, now_us);
        if (r.tag == tag_of(f, TAG_READ)) taken += on_read(f, &r, now_us);
    }
    if (f->asked || !store_up(f->store) || now_us < f->retry_us) return taken;
    look(f);
    if (!f->held && f->looked) ask(f);
    store_pump(f->store);
    return taken;
}

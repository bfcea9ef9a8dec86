/* SPDX-License-Identifier: Apache-2.0 */
/* follow: see follow.h. A reply is [[key, [[id, [name, value, …]], …]]], or nothing when the wait was in vain. */
#include "models/live/follow.h"

#include "proto/base/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { TAG_READ = 1, TAG_DEAD, TAG_FIRST, ARENA_BYTES = 1 << 20, RETRY_US = 1000000 };

struct follow {
    struct store *store;
    span key, dead_key;
    struct follow_state *state;
    struct follow_ops ops;
    struct arena arena;
    bool asked;
    uint64_t connections; /* when the stream's beginning was last looked at */
    int64_t retry_us;
    struct follow_stat stat;
};

/* What an entry should hold. */
struct entry {
    span host, number, previous, record;
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

enum err follow_open(struct store *s, span key, span dead_key, struct follow_state *state, const struct follow_ops *ops,
                     struct follow **out)
{
    struct follow *f = calloc(1, sizeof *f);
    if (!f) return ERR_MEMORY;
    *f = (struct follow){.store = s, .key = key, .dead_key = dead_key, .state = state, .ops = *ops};
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
    char id[48];
    f->stat.dead++;
    LOG(LEVEL_WARN, "report_unreadable", L_INT("ms", e->at.ms), L_INT("n", e->at.n), L_STR("why", why),
        L_STR("now", "it lies in the dead letters"));
    snprintf(id, sizeof id, "%" PRIu64 "-%" PRIu64, e->at.ms, e->at.n);
    span words[] = {SPAN("XADD"),   f->dead_key,
                    SPAN("MAXLEN"), SPAN("~"),
                    SPAN("1000"),   span_cstr(id),
                    SPAN("why"),    span_cstr(why),
                    SPAN("h"),      e->host,
                    SPAN("n"),      e->number,
                    SPAN("r"),      span_head(e->record, FEEDBACK_BYTES_MAX)};
    store_put(f->store, f->dead_key, words, sizeof words / sizeof *words, TAG_DEAD);
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
    const char *why = NULL;
    if (in_turn(f, e, &why)) {
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
}

/* v[at] is [id, [name, value, …]]. False when it is not: nothing behind it can be trusted. */
static bool take_entry(struct follow *f, const struct store_reply *r, size_t at)
{
    struct entry e = {{0}, {0}, {0}, {0}, {0, 0}};
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

/* [[id, …]]: the oldest entry that the stream still has. */
static void on_first(struct follow *f, const struct store_reply *r)
{
    struct follow_place first, *mine = &f->state->place;
    if (r->n < 3 || r->v[0].kind != STORE_LIST || r->v[1].kind != STORE_LIST || r->v[2].kind != STORE_TEXT) return;
    if (!follow_place_read(r->v[2].text, &first) || (mine->ms == 0 && mine->n == 0)) return;
    if (first.ms < mine->ms || (first.ms == mine->ms && first.n <= mine->n)) return;
    f->stat.gaps++;
    LOG(LEVEL_WARN, "reports_missed", L_INT("from_ms", mine->ms), L_INT("to_ms", first.ms),
        L_STR("why", "the stream does not reach back to where this host stopped"));
    memset(f->state->hosts_block, 0, f->state->hosts_bytes);
}

static size_t on_read(struct follow *f, const struct store_reply *r, int64_t now_us)
{
    f->asked = false;
    f->stat.idle = r->v[0].kind == STORE_NIL;
    refused(f, &r->v[0], now_us);
    /* [[key, [entry, …]]]: 0 the list, 1 the stream's pair, 2 its key, 3 its entries, 4 the first */
    if (r->v[0].kind != STORE_LIST || r->n < 4 || r->v[1].kind != STORE_LIST || r->v[3].kind != STORE_LIST) return 0;
    size_t taken = 0, at = 4;
    for (size_t i = 0; i < r->v[3].n; i++) {
        size_t values = at < r->n ? extent(r, at) : 0;
        if (values < 3 || !take_entry(f, r, at)) break;
        at += values;
        taken++;
    }
    return taken;
}

static void ask(struct follow *f)
{
    char id[48], count[8], block[8];
    const struct follow_place *p = &f->state->place;
    snprintf(id, sizeof id, "%" PRIu64 "-%" PRIu64, p->ms, p->n);
    snprintf(count, sizeof count, "%d", FOLLOW_BATCH);
    snprintf(block, sizeof block, "%d", FOLLOW_BLOCK_MS);
    span words[] = {SPAN("XREAD"),    SPAN("COUNT"),   span_cstr(count), SPAN("BLOCK"),
                    span_cstr(block), SPAN("STREAMS"), f->key,           span_cstr(id)};
    f->asked = store_put(f->store, f->key, words, sizeof words / sizeof *words, TAG_READ);
}

/* After each connection, before anything is read: does the stream still reach back to our place? */
static void ask_first(struct follow *f)
{
    struct store_stat s;
    store_stat(f->store, &s);
    if (s.connections == f->connections) return;
    span words[] = {SPAN("XRANGE"), f->key, SPAN("-"), SPAN("+"), SPAN("COUNT"), SPAN("1")};
    if (store_put(f->store, f->key, words, sizeof words / sizeof *words, TAG_FIRST)) f->connections = s.connections;
}

size_t follow_turn(struct follow *f, int64_t now_us)
{
    struct store_reply r;
    size_t taken = 0;
    store_pump(f->store);
    while (store_next(f->store, &r)) {
        if (r.tag == TAG_FIRST) on_first(f, &r);
        if (r.tag == TAG_READ) taken += on_read(f, &r, now_us);
    }
    if (!f->asked && store_up(f->store) && now_us >= f->retry_us) {
        ask_first(f);
        ask(f);
        store_pump(f->store);
    }
    return taken;
}

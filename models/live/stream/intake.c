/* SPDX-License-Identifier: Apache-2.0 */
/* intake: see intake.h.
 *
 * Entries go to the stream in the order of their numbers over one connection, a window of them at a time. Each names
 * the one sent before it, so that a reader who finds them doubled or out of order (after an error in the middle of a
 * window, or a broken connection) takes each once and in order: docs/feedback.md, "Exactly once".
 *
 * A server that says that it has an entry may still lose it: its file is written and synced some moments later, and a
 * replica hears of it later, too. So the journal keeps entries for SAFE_MS beyond the server's word, and what is younger
 * is sent again over a new connection, but for what the reader of the stream knows to be there. */
#include "models/live/stream/intake.h"

#include "models/live/stream/follow.h"
#include "proto/base/hash.h"
#include "proto/base/log.h"
#include "proto/store/name.h"
#include "proto/store/ticket.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    RETRY_MS = 1000, /* after the stream refused an entry */
    TELL_US = 60 * 1000000,
    BUCKET_BITS = 14, /* reporters and tenants whose rate is remembered */
    ARENA_BYTES = 1 << 20,
    BURST_MINUTES = 1, /* what a limit allows at once */
    SAFE_MS = 5000,    /* appendfsync everysec: written after 2 s at the latest, redis.conf */
    MOMENTS = 8,
};
#define TICKET_TAG (UINT64_C(1) << 61) /* of a LRANGE; the rest is its slot */
_Static_assert((INTAKE_TICKETS_MAX & (INTAKE_TICKETS_MAX - 1)) == 0, "a slot is cut out of a tag");

/* A report that its sender waits for. */
struct pending {
    uint64_t job, id, number;
    int64_t since_us;
    bool synced, again;
    uint8_t ticket_bytes;
    uint8_t ticket[WIRE_TEXT_MAX / 8];
};

/* A report whose ticket is being looked up. */
struct asked {
    bool used;
    uint64_t job, id;
    uint8_t ticket[TICKET_TEXT], name[TICKET_NAME_BYTES];
    struct feedback r; /* without text */
};

struct bucket {
    double left;
    int64_t at_us;
};

struct intake {
    struct journal *journal;
    struct store *store;
    span key;
    struct intake_limits limits;
    struct intake_ops ops;
    struct arena arena;
    struct wire_buf out;
    struct memo rates;
    void *rates_block;

    struct asked asked[INTAKE_TICKETS_MAX];
    uint8_t record[FEEDBACK_BYTES_MAX];
    struct pending pending[INTAKE_PENDING_MAX]; /* a ring, in the order of numbers */
    size_t from, count;
    bool dirty; /* written and not synced */

    uint64_t sending;  /* the newest entry on its way */
    uint64_t previous; /* the one sent before it */
    size_t in_flight;
    bool failed; /* an entry of this window was refused or lost: wait for the rest, then begin again behind `sent` */
    int64_t retry_us, told_us;
    bool held;
    uint64_t known;       /* see intake_known */
    uint64_t cursor;      /* entries up to this one are in the stream, by the server's word */
    uint64_t connections; /* over which entries were sent */
    struct {
        int64_t at_us;
        uint64_t cursor;
    } moment[MOMENTS]; /* a ring: what `cursor` was, each SAFE_MS / (MOMENTS - 1) */
    size_t moments;
    struct intake_stat stat;
};

enum err intake_open(struct journal *j, struct store *s, span key, const struct intake_limits *l,
                     const struct intake_ops *ops, struct intake **out)
{
    struct intake *in = calloc(1, sizeof *in);
    if (!in) return ERR_MEMORY;
    *in = (struct intake){.journal = j, .store = s, .key = key, .limits = *l, .ops = *ops};
    in->cursor = in->sending = in->previous = journal_sent(j);
    in->rates_block = calloc(1, memo_bytes(BUCKET_BITS, sizeof(struct bucket)));
    if (!in->rates_block || arena_open(&in->arena, ARENA_BYTES) != ERR_OK) {
        intake_close(in);
        return ERR_MEMORY;
    }
    memo_init(&in->rates, in->rates_block, BUCKET_BITS, sizeof(struct bucket));
    *out = in;
    return ERR_OK;
}

void intake_close(struct intake *in)
{
    if (!in) return;
    arena_close(&in->arena);
    wire_buf_close(&in->out);
    free(in->rates_block);
    free(in);
}

/* --- answers ------------------------------------------------------------------------------------------------------ */

static void refuse(struct intake *in, uint64_t job, uint64_t id, enum wire_refusal why, const char *detail)
{
    in->stat.refused++;
    wire_put_refusal(&in->out, &(struct wire_refused){id, why, span_cstr(detail)});
    in->ops.answer(in->ops.ctx, job, span_of(in->out.p, in->out.n));
}

static void acknowledge(struct intake *in, const struct pending *p, enum wire_kept kept)
{
    wire_put_reported(&in->out, &(struct wire_reported){p->id, kept, p->again, span_of(p->ticket, p->ticket_bytes)});
    in->ops.answer(in->ops.ctx, p->job, span_of(in->out.p, in->out.n));
}

/* --- taking ------------------------------------------------------------------------------------------------------- */

static uint64_t reporter_rate(uint64_t reporter)
{
    return hash_pair(reporter, 1) | 1;
}

static uint64_t tenant_rate(span tenant)
{
    return hash_pair(hash64(tenant, 0), 2) | 1;
}

/* Tokens in a bucket that fills by `a_minute` a minute. */
static double tokens(const struct bucket *b, double a_minute, int64_t now_us)
{
    double most = a_minute * BURST_MINUTES;
    double left = b && b->at_us ? b->left + (double)(now_us - b->at_us) / 60e6 * a_minute : most;
    return left < most ? left : most;
}

/* Take one; false when it is empty. */
static bool spend(struct intake *in, uint64_t key, double a_minute, int64_t now_us)
{
    if (a_minute <= 0) return true;
    struct bucket *b = memo_put(&in->rates, key, now_us);
    *b = (struct bucket){tokens(b, a_minute, now_us), now_us};
    if (b->left < 1) return false;
    b->left -= 1;
    return true;
}

static bool is_unlimited(const struct intake *in, uint64_t reporter)
{
    for (size_t i = 0; i < in->limits.unlimited_count; i++)
        if (in->limits.unlimited[i] == reporter) return true;
    return false;
}

/* Is somebody over a limit? Then what the refusal says. */
static bool over_limit(struct intake *in, const struct feedback *r, int64_t now_us, char detail[96])
{
    const struct intake_limits *l = &in->limits;
    if (r->kind != FEEDBACK_REPORT || r->trap || is_unlimited(in, r->reporter)) return false;
    if (!spend(in, reporter_rate(r->reporter), l->reporter_a_minute, now_us)) {
        snprintf(detail, 96, "this reporter says more than %g reports a minute", l->reporter_a_minute);
        return true;
    }
    if (!spend(in, tenant_rate(r->tenant), l->tenant_a_minute, now_us)) {
        snprintf(detail, 96, "this tenant's reporters say more than %g reports a minute", l->tenant_a_minute);
        return true;
    }
    return false;
}

void intake_room(const struct intake *in, uint64_t reporter, span tenant, int64_t now_us, struct intake_room *out)
{
    const struct intake_limits *l = &in->limits;
    const struct bucket *own = memo_find(&in->rates, reporter_rate(reporter));
    const struct bucket *all = memo_find(&in->rates, tenant_rate(tenant));
    *out = (struct intake_room){.unlimited = is_unlimited(in, reporter),
                                .reporter_a_minute = l->reporter_a_minute,
                                .reporter_left = tokens(own, l->reporter_a_minute, now_us),
                                .tenant_a_minute = l->tenant_a_minute,
                                .tenant_left = tokens(all, l->tenant_a_minute, now_us)};
}

/* Into the journal; acknowledged by a later turn. */
static void keep(struct intake *in, uint64_t job, uint64_t id, const struct feedback *r, span record,
                 const struct voices *voices, int64_t now_us)
{
    uint64_t number;
    enum err e = journal_append(in->journal, record, &number);
    if (e != ERR_OK) {
        refuse(in, job, id, WIRE_BUSY,
               e == ERR_TOO_BIG ? "the journal of reports is full: Redis has been away for too long"
                                : "the journal of reports cannot be written: is the disk full?");
        return;
    }
    struct pending *p = &in->pending[(in->from + in->count++) % INTAKE_PENDING_MAX];
    *p = (struct pending){.job = job, .id = id, .number = number, .since_us = now_us};
    p->again = voices_heard(voices, r);
    span ticket = span_head(r->ticket, sizeof p->ticket);
    p->ticket_bytes = (uint8_t)ticket.n;
    if (ticket.n) memcpy(p->ticket, ticket.p, ticket.n);
    in->stat.taken += r->kind == FEEDBACK_REPORT;
    in->stat.again += p->again;
    in->dirty = true;
}

/* A report without its mail: what the ticket stands for must be known first. */
static void ask_ticket(struct intake *in, uint64_t job, uint64_t id, const struct feedback *r)
{
    static const char UNKNOWN[] = "ticket: not known, or not any more";
    uint8_t text[TICKET_KEY_BYTES], name[TICKET_NAME_BYTES];
    size_t slot = 0, bytes;
    if (!in->store || !ticket_place(in->limits.prefix, r->ticket, text, &bytes, name)) {
        refuse(in, job, id, WIRE_BAD_REQUEST, UNKNOWN);
        return;
    }
    span key = span_of(text, bytes);
    while (slot < INTAKE_TICKETS_MAX && in->asked[slot].used) slot++;
    span words[] = {SPAN("LRANGE"), key, SPAN("0"), SPAN("-1")};
    if (slot == INTAKE_TICKETS_MAX || !store_up(in->store) ||
        !store_put(in->store, key, words, 4, INTAKE_TAG | TICKET_TAG | slot)) {
        refuse(in, job, id, WIRE_BUSY, "tickets cannot be looked up now: Redis is away");
        return;
    }
    struct asked *a = &in->asked[slot];
    *a = (struct asked){.used = true, .job = job, .id = id, .r = *r};
    memcpy(a->ticket, r->ticket.p, sizeof a->ticket);
    memcpy(a->name, name, sizeof a->name);
}

/* A ticket leaves out the names of its text: they are its bands in hex. */
static void name_bands(struct feedback *r, struct arena *a)
{
    for (size_t i = 0; i < r->alike_count && r->name_count < FEEDBACK_NAMES_MAX; i++) {
        char *hex = arena_alloc(a, 17);
        if (!hex) return;
        snprintf(hex, 17, "%016" PRIx64, r->alike[i]);
        r->names[r->name_count++] = (struct feedback_name){NAME_TEXT, span_of(hex, 16)};
    }
}

static void on_ticket(struct intake *in, size_t slot, const struct store_reply *reply, const struct voices *voices,
                      int64_t now_us)
{
    char fault[FEEDBACK_FAULT_MAX];
    struct asked *a = &in->asked[slot];
    struct feedback r;
    a->used = false;
    arena_reset(&in->arena);
    bool lost = reply->v[0].kind != STORE_LIST;
    span record = SPAN_NONE;
    for (size_t i = 1; i < reply->n && !record.n; i++)
        if (reply->v[i].kind == STORE_TEXT) record = ticket_find(reply->v[i].text, a->name);
    if (!record.n || feedback_unpack(record, &in->arena, &r, fault) != ERR_OK) {
        refuse(in, a->job, a->id, lost ? WIRE_BUSY : WIRE_BAD_REQUEST,
               lost ? "tickets cannot be looked up now: Redis is away" : "ticket: not known, or not any more");
        return;
    }
    r.kind = FEEDBACK_REPORT;
    r.order = SPAN_NONE;
    r.says = a->r.says;
    r.trap = a->r.trap;
    r.reporter = a->r.reporter;
    r.wall_ms = a->r.wall_ms;
    r.ticket = span_of(a->ticket, sizeof a->ticket);
    name_bands(&r, &in->arena);
    size_t n = feedback_pack(&r, in->record, sizeof in->record);
    if (in->count == INTAKE_PENDING_MAX || n == 0)
        refuse(in, a->job, a->id, WIRE_BUSY, "too many reports wait for the disk");
    else
        keep(in, a->job, a->id, &r, span_of(in->record, n), voices, now_us);
}

void intake_take(struct intake *in, uint64_t job, uint64_t id, span record, const struct voices *voices, int64_t now_us)
{
    char fault[FEEDBACK_FAULT_MAX], detail[128];
    struct feedback r;
    arena_reset(&in->arena);
    if (in->count == INTAKE_PENDING_MAX) {
        refuse(in, job, id, WIRE_BUSY, "too many reports wait for the disk");
    } else if (feedback_unpack(record, &in->arena, &r, fault) != ERR_OK) {
        snprintf(detail, sizeof detail, "record of the report: %s", fault);
        refuse(in, job, id, WIRE_BAD_REQUEST, detail);
    } else if (r.kind == FEEDBACK_CONTROL) { /* a worker reads mail: it orders nothing */
        refuse(in, job, id, WIRE_BAD_REQUEST, "record of the report: is none");
    } else if (over_limit(in, &r, now_us, detail)) {
        in->stat.limited++;
        refuse(in, job, id, WIRE_DENIED, detail);
    } else if (r.digest[0] | r.digest[1]) {
        keep(in, job, id, &r, record, voices, now_us);
    } else {
        ask_ticket(in, job, id, &r);
    }
}

enum err intake_order(struct intake *in, span record, uint64_t *number_out)
{
    enum err e = journal_append(in->journal, record, number_out);
    if (e == ERR_OK) in->dirty = true;
    return e;
}

enum intake_stage intake_has(const struct intake *in, uint64_t number)
{
    if (number <= in->cursor) return INTAKE_STREAMED;
    return in->dirty || in->stat.journal_broken ? INTAKE_WRITTEN : INTAKE_SYNCED;
}

void intake_known(struct intake *in, bool sure, uint64_t number)
{
    in->held = !sure;
    in->known = number;
}

void intake_lost(struct intake *in, uint64_t number)
{
    journal_unmark(in->journal, number);
    in->connections = 0; /* as over a new one */
}

/* --- to the stream ------------------------------------------------------------------------------------------------ */

static bool put_entry(struct intake *in, uint64_t number, span record)
{
    char most[24], host[20], now[24], before[24], seal[SECRET_SEAL_HEX + 1];
    snprintf(most, sizeof most, "%" PRIu64, in->limits.stream_max);
    snprintf(host, sizeof host, "%016" PRIx64, journal_host(in->journal));
    snprintf(now, sizeof now, "%" PRIu64, number);
    snprintf(before, sizeof before, "%" PRIu64, in->previous);
    follow_seal(in->limits.secret, span_cstr(host), span_cstr(now), span_cstr(before), record, seal);
    span words[] = {SPAN("XADD"), in->key,         SPAN("MAXLEN"), SPAN("~"),      span_cstr(most), SPAN("*"),
                    SPAN("h"),    span_cstr(host), SPAN("n"),      span_cstr(now), SPAN("p"),       span_cstr(before),
                    SPAN("r"),    record,          SPAN("s"),      span_cstr(seal)};
    return store_put(in->store, in->key, words, sizeof words / sizeof *words, INTAKE_TAG | number);
}

/* What the server has had for long enough leaves the journal. */
static void let_go(struct intake *in, int64_t now_us)
{
    const size_t newest = in->moments % MOMENTS, oldest = (in->moments + 1) % MOMENTS;
    if (now_us - in->moment[newest].at_us < SAFE_MS * 1000 / (MOMENTS - 1)) return;
    in->moments++;
    if (in->moment[oldest].cursor) journal_mark(in->journal, in->moment[oldest].cursor);
    in->moment[oldest].at_us = now_us;
    in->moment[oldest].cursor = in->cursor;
}

/* Begin again behind what is surely there, when an entry failed or the connection is a new one. */
static void begin_again(struct intake *in)
{
    struct store_stat s;
    store_stat(in->store, &s);
    if (s.connections != in->connections) {
        in->connections = s.connections;
        in->cursor = journal_sent(in->journal) > in->known ? journal_sent(in->journal) : in->known;
        memset(in->moment, 0, sizeof in->moment);
        in->failed = true;
    }
    if (!in->failed || in->in_flight) return;
    in->failed = false;
    in->sending = in->cursor;
    /* What lies between is there, or is gone for good: nobody shall wait for it. */
    in->previous = in->known && in->known < in->cursor ? in->known : in->cursor;
}

static void send(struct intake *in, int64_t now_us)
{
    if (!in->store || !store_up(in->store) || in->held) return;
    begin_again(in);
    let_go(in, now_us);
    if (in->failed || now_us < in->retry_us) return;
    uint64_t number;
    span record;
    while (in->in_flight < INTAKE_WINDOW && journal_read(in->journal, in->sending + 1, &number, &record)) {
        if (!put_entry(in, number, record)) break;
        in->previous = in->sending = number;
        in->in_flight++;
    }
    store_pump(in->store);
}

void intake_reply(struct intake *in, const struct store_reply *r, const struct voices *voices, int64_t now_us)
{
    if (r->tag & TICKET_TAG) {
        on_ticket(in, (size_t)(r->tag & (INTAKE_TICKETS_MAX - 1)), r, voices, now_us);
        return;
    }
    uint64_t number = r->tag & ~INTAKE_TAG;
    in->in_flight--;
    if (r->v[0].kind == STORE_TEXT && !in->failed) { /* the entry's id */
        in->cursor = number;
        return;
    }
    in->failed = true;
    if (r->v[0].kind != STORE_ERROR) return;
    in->retry_us = now_us + RETRY_MS * 1000;
    if (in->told_us && now_us - in->told_us < TELL_US) return;
    in->told_us = now_us;
    char why[96];
    snprintf(why, sizeof why, "%.*s", SPAN_ARG(span_head(r->v[0].text, sizeof why - 1)));
    LOG(LEVEL_WARN, "reports_refused", L_STR("by", "redis"), L_STR("why", why),
        L_STR("now", "they stay in the journal"));
}

/* --- a turn ------------------------------------------------------------------------------------------------------- */

static void sync_journal(struct intake *in)
{
    if (!in->dirty) return;
    in->dirty = false;
    bool ok = journal_sync(in->journal) == ERR_OK;
    if (!ok) in->stat.journal_broken = true;
    size_t n = in->count;
    for (size_t i = 0; i < n; i++) {
        struct pending *p = &in->pending[(in->from + i) % INTAKE_PENDING_MAX];
        if (ok) p->synced = true;
    }
    /* Nobody knows what of them is on disk: refused, and sent again they count once. */
    while (!ok && in->count && !in->pending[(in->from + in->count - 1) % INTAKE_PENDING_MAX].synced) {
        const struct pending *p = &in->pending[(in->from + --in->count) % INTAKE_PENDING_MAX];
        refuse(in, p->job, p->id, WIRE_BUSY, "the journal of reports cannot be written: is the disk full?");
    }
}

void intake_turn(struct intake *in, int64_t now_us)
{
    sync_journal(in);
    send(in, now_us);
    while (in->count) {
        const struct pending *p = &in->pending[in->from];
        bool streamed = p->number <= in->cursor;
        bool waits = in->store && store_up(in->store) && now_us - p->since_us < INTAKE_STREAM_MS * 1000;
        if (!streamed && (!p->synced || waits)) break;
        acknowledge(in, p, streamed ? WIRE_KEPT_STREAM : WIRE_KEPT_JOURNAL);
        in->from = (in->from + 1) % INTAKE_PENDING_MAX;
        in->count--;
    }
}

int intake_wish_ms(const struct intake *in, int64_t now_us)
{
    bool behind = in->store && journal_sent(in->journal) + 1 < journal_next(in->journal);
    if (in->count) {
        int64_t left = in->pending[in->from].since_us + INTAKE_STREAM_MS * 1000 - now_us;
        return left < 0 ? 0 : (int)(left / 1000) + 1;
    }
    return behind ? RETRY_MS : -1;
}

void intake_stat(const struct intake *in, struct intake_stat *out)
{
    *out = in->stat;
    out->waiting = journal_next(in->journal) - 1 - in->cursor;
    out->unanswered = in->count;
}

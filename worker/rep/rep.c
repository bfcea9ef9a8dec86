/* SPDX-License-Identifier: Apache-2.0 */
/* rep: batches of look-ups and counts written behind, over a store that may fail at any moment.
 *
 * Each command's tag says what its reply is for. A look-up carries the number of its batch: an answer to a batch that
 * is over is dropped, never mistaken for the present one's. */
#include "worker/rep/rep.h"

#include "proto/base/clock.h"
#include "proto/base/log.h"
#include "proto/store/store.h"
#include "worker/rep/tally.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    FLUSH_STEP = 256, /* keys written at one go, so that look-ups never queue behind a long flush */
    KEY_MAX = 64 + 16 + REP_NAME_MAX,
    STALL_MS = 100,  /* answers late for longer: stop asking until they have come */
    RETRY_MS = 1000, /* after the store refused to write for a reason that may pass */
    CLOSE_MS = 200,
    TELL_MS = 60000, /* between two lines of log about the same trouble */
    TICK_MS = 20,    /* while something is under way */
};
#define VOLUME_TTL "2592000" /* seconds, 30 days: a name that no mail brought for so long is forgotten */

enum due_kind { DUE_READ, DUE_WRITE, DUE_EXPIRE };

/* What a reply still to come is for: a command's tag. */
struct due {
    uint8_t kind;
    uint8_t slot, key; /* DUE_READ */
    uint16_t entry;    /* DUE_WRITE: of the tally in flight */
    uint32_t batch;    /* DUE_READ */
};

struct slot {
    const struct rep_keys *keys; /* lent until the batch's rep_result; NULL: nothing was asked */
    size_t missing;              /* answers outstanding */
    bool failed;                 /* an answer was an error that says nothing about the key */
    struct rep_counts counts[REP_KEYS_MAX];
};

struct rep {
    bool off;
    struct store *store; /* NULL when off */
    char prefix[64];
    int flush_ms;

    uint32_t batch;
    bool batch_open;      /* between rep_begin and the end of rep_collect */
    size_t batch_missing; /* answers outstanding for the present batch */
    size_t late;          /* answers outstanding for batches that are over */
    struct slot slot[REP_BATCH_MAX];

    bool told;             /* the log said that it is away */
    int64_t late_since_us; /* 0: nothing is late */

    struct tally *filling, *flight; /* counts that come in; counts being written */
    size_t flight_next;             /* first entry of `flight` not sent yet */
    size_t writes_due;
    int64_t flush_at_us;

    int64_t refusal_told_us, drop_told_us;
    struct rep_stat stat;
};

/* --- the connection's life ---------------------------------------------------------------------------------------- */

static void say_away(struct rep *r, const char *why)
{
    if (!r->told) LOG(LEVEL_WARN, "reputation_away", L_STR("why", why));
    r->told = true;
}

static void say_back(struct rep *r)
{
    if (r->told) LOG(LEVEL_NOTE, "reputation_back");
    r->told = false;
}

/* May this be said again? */
static bool worth_telling(int64_t *told_us)
{
    int64_t now_us = clock_us();
    if (*told_us && now_us - *told_us < (int64_t)TELL_MS * 1000) return false;
    *told_us = now_us;
    return true;
}

static uint64_t tag_of(struct due d)
{
    return (uint64_t)d.kind << 56 | (uint64_t)d.slot << 48 | (uint64_t)d.key << 40 |
           (uint64_t)(d.batch & 0xFFFFFF) << 16 | d.entry;
}

static struct due due_of(uint64_t tag)
{
    return (struct due){.kind = (uint8_t)(tag >> 56),
                        .slot = (uint8_t)(tag >> 48),
                        .key = (uint8_t)(tag >> 40),
                        .batch = tag >> 16 & 0xFFFFFF,
                        .entry = (uint16_t)tag};
}

static bool push(struct rep *r, struct due d, const span *words, size_t n)
{
    return store_put(r->store, words[1], words, n, tag_of(d));
}

/* Is it worth asking? Not while the store is away, nor while it owes answers for longer than a hiccup. */
static bool ready(const struct rep *r, int64_t now_us)
{
    if (!store_up(r->store)) return false;
    return r->late_since_us == 0 || now_us - r->late_since_us < STALL_MS * 1000;
}

/* A counter as the store holds it: a number not below 0; anything else is no count. */
static double count_of(const struct store_reply *reply, size_t i)
{
    char text[32], *end;
    if (reply->v[0].kind != STORE_LIST || i + 1 >= reply->n || reply->v[i + 1].kind != STORE_TEXT) return 0;
    span s = reply->v[i + 1].text;
    if (s.n == 0 || s.n >= sizeof text) return 0;
    memcpy(text, s.p, s.n);
    text[s.n] = 0;
    double x = strtod(text, &end);
    if (*end || !isfinite(x) || x < 0) return 0;
    return fmin(x, 1e9);
}

static void on_read(struct rep *r, struct due d, const struct store_reply *reply)
{
    if (!r->batch_open || d.batch != (r->batch & 0xFFFFFF)) {
        r->stat.late++;
        if (r->late > 0) r->late--;
        if (r->late == 0) r->late_since_us = 0;
        return;
    }
    struct slot *s = &r->slot[d.slot];
    assert(s->missing > 0 && r->batch_missing > 0);
    s->missing--;
    r->batch_missing--;
    if (reply->passing) s->failed = true;
    s->counts[d.key] = (struct rep_counts){.ham = count_of(reply, 0), .spam = count_of(reply, 1)};
}

static void on_write(struct rep *r, struct due d, const struct store_reply *reply)
{
    if (reply->passing) return; /* stays, is sent again */
    if (reply->v[0].kind == STORE_ERROR) r->stat.dropped += tally_at(r->flight, d.entry)->count;
    tally_done(r->flight, d.entry);
}

/* Write and read what the store allows, and sort the answers that came. */
static void pump(struct rep *r)
{
    struct store_reply reply;
    if (r->off) return;
    store_pump(r->store);
    while (store_next(r->store, &reply)) {
        struct due d = due_of(reply.tag);
        if (reply.v[0].kind == STORE_ERROR) {
            r->stat.refused++;
            if (worth_telling(&r->refusal_told_us))
                LOG(LEVEL_WARN, "reputation_refused", L_SPAN("why", reply.v[0].text));
        }
        if (d.kind == DUE_READ) on_read(r, d, &reply);
        if (d.kind == DUE_WRITE) on_write(r, d, &reply);
        if (d.kind == DUE_WRITE || d.kind == DUE_EXPIRE) r->writes_due--;
    }
    if (!store_up(r->store) && *store_why(r->store)) say_away(r, store_why(r->store));
    if (ready(r, clock_us()) && r->late == 0) say_back(r);
}

enum err rep_open(const char *where, const char *prefix, int flush_ms, struct rep **rep_out)
{
    struct rep *r = calloc(1, sizeof *r);
    enum err e = ERR_MEMORY;
    if (!r) return ERR_MEMORY;
    snprintf(r->prefix, sizeof r->prefix, "%s", prefix);
    r->flush_ms = flush_ms;
    r->off = strcmp(where, "off") == 0;
    if (!r->off) {
        if ((e = tally_open(&r->filling)) != ERR_OK) goto fail;
        if ((e = tally_open(&r->flight)) != ERR_OK) goto fail;
        if ((e = store_open(&(struct store_options){.where = where}, &r->store)) != ERR_OK) goto fail;
        r->flush_at_us = clock_us() + (int64_t)flush_ms * 1000;
    }
    *rep_out = r;
    return ERR_OK;
fail:
    tally_close(r->filling);
    tally_close(r->flight);
    free(r);
    return e;
}

void rep_warm(struct rep *r, int timeout_ms)
{
    int64_t until_us = clock_us() + (int64_t)timeout_ms * 1000, left_us;
    while (!r->off && !store_up(r->store) && (left_us = until_us - clock_us()) > 0) {
        rep_tick(r);
        if (!store_up(r->store)) store_wait(r->store, left_us);
    }
}

void rep_close(struct rep *r)
{
    if (!r) return;
    int64_t until_us = clock_us() + CLOSE_MS * 1000, left_us;
    while (!r->off && store_up(r->store) && (left_us = until_us - clock_us()) > 0) {
        r->flush_at_us = 0;
        rep_tick(r);
        if (tally_count(r->filling) == 0 && tally_count(r->flight) == 0) break;
        if (store_up(r->store)) store_wait(r->store, left_us);
    }
    store_close(r->store);
    tally_close(r->filling);
    tally_close(r->flight);
    free(r);
}

int rep_fd(const struct rep *r)
{
    return r->off ? -1 : store_fd(r->store);
}

/* --- reading ------------------------------------------------------------------------------------------------------ */

/* "PREFIX:1:KIND:NAME" */
static span key_name(const struct rep *r, enum rep_kind kind, span name, char *buf)
{
    assert(name.n <= REP_NAME_MAX);
    int n = snprintf(buf, KEY_MAX, "%s:1:%s:", r->prefix, rep_kind_word(kind));
    memcpy(buf + n, name.p, name.n);
    return span_of(buf, (size_t)n + name.n);
}

void rep_begin(struct rep *r)
{
    r->batch++;
    r->batch_open = true;
    r->batch_missing = 0;
    for (size_t i = 0; i < REP_BATCH_MAX; i++) r->slot[i].keys = NULL;
    pump(r); /* answers to earlier batches that are here already */
}

void rep_ask(struct rep *r, size_t slot, const struct rep_keys *keys)
{
    struct slot *s = &r->slot[slot];
    assert(r->batch_open && slot < REP_BATCH_MAX && !s->keys);
    if (r->off || !ready(r, clock_us())) return;
    s->keys = keys;
    s->missing = 0;
    s->failed = false;
    for (size_t i = 0; i < keys->n; i++) {
        char name[KEY_MAX];
        span words[] = {SPAN("HMGET"), key_name(r, keys->v[i].kind, keys->v[i].name, name), SPAN("ham"), SPAN("spam")};
        struct due d = {.kind = DUE_READ, .slot = (uint8_t)slot, .key = (uint8_t)i, .batch = r->batch};
        if (!push(r, d, words, 4)) {
            s->failed = true;
            return;
        }
        s->missing++;
        r->batch_missing++;
    }
}

void rep_send(struct rep *r)
{
    pump(r);
}

void rep_collect(struct rep *r, int64_t deadline_us)
{
    int64_t left_us;
    pump(r);
    while (r->batch_missing > 0 && (left_us = deadline_us - clock_us()) > 0) {
        store_wait(r->store, left_us);
        pump(r);
    }
    r->batch_open = false;
    if (r->batch_missing == 0) return;
    r->late += r->batch_missing;
    if (r->late_since_us == 0) r->late_since_us = clock_us();
}

void rep_result(const struct rep *r, size_t slot, struct rep_score *out)
{
    const struct slot *s = &r->slot[slot];
    *out = (struct rep_score){.known = r->off};
    if (s->keys && s->missing == 0 && !s->failed) rep_score(s->keys, s->counts, out);
}

/* --- writing behind ----------------------------------------------------------------------------------------------- */

static void drop_count(struct rep *r)
{
    r->stat.dropped++;
    if (worth_telling(&r->drop_told_us))
        LOG(LEVEL_WARN, "reputation_dropped", L_INT("counts", r->stat.dropped), L_STR("why", "too many names wait"));
}

void rep_count(struct rep *r, const struct rep_keys *keys)
{
    if (r->off) return;
    for (size_t i = 0; i < keys->n; i++)
        if (!tally_add(r->filling, (uint8_t)keys->v[i].kind, keys->v[i].name, 1)) drop_count(r);
}

static bool send_count(struct rep *r, size_t i)
{
    char name[KEY_MAX], amount[16];
    const struct tally_entry *e = tally_at(r->flight, i);
    span key = key_name(r, (enum rep_kind)e->kind, tally_name(r->flight, i), name);
    snprintf(amount, sizeof amount, "%u", (unsigned)e->count);
    span add[] = {SPAN("HINCRBY"), key, SPAN("vol"), span_cstr(amount)};
    span expire[] = {SPAN("EXPIRE"), key, SPAN(VOLUME_TTL)};
    if (!push(r, (struct due){.kind = DUE_WRITE, .entry = (uint16_t)i}, add, 4)) return false;
    r->writes_due++;
    if (push(r, (struct due){.kind = DUE_EXPIRE}, expire, 3)) r->writes_due++;
    return true;
}

static bool anything_left(const struct tally *t)
{
    for (size_t i = 0; i < tally_count(t); i++)
        if (tally_at(t, i)->count) return true;
    return false;
}

/* A table of counts goes out in steps; when all answers are here, what was refused goes again, else the next one. */
static void flush(struct rep *r, int64_t now_us)
{
    if (r->late > 0 || now_us < r->flush_at_us) return;
    if (tally_count(r->flight) == 0) {
        if (tally_count(r->filling) == 0) return;
        struct tally *full = r->filling;
        r->filling = r->flight;
        r->flight = full;
        r->flight_next = 0;
    }
    for (size_t step = 0; step < FLUSH_STEP && r->flight_next < tally_count(r->flight); r->flight_next++) {
        if (tally_at(r->flight, r->flight_next)->count == 0) continue;
        if (!send_count(r, r->flight_next)) break;
        step++;
    }
    if (r->flight_next < tally_count(r->flight) || r->writes_due > 0) return;
    r->flight_next = 0;
    if (anything_left(r->flight)) {
        r->flush_at_us = now_us + RETRY_MS * 1000;
        return;
    }
    tally_reset(r->flight);
    r->flush_at_us = now_us + (int64_t)r->flush_ms * 1000;
}

int rep_tick(struct rep *r)
{
    if (r->off) return -1;
    int64_t now_us = clock_us();
    pump(r);
    if (!ready(r, now_us) && store_up(r->store)) say_away(r, "answers are late");
    if (store_up(r->store)) {
        flush(r, now_us);
        pump(r);
    }
    int wish_ms = store_wish_ms(r->store);
    if (store_up(r->store) && (wish_ms < 0 || wish_ms > r->flush_ms)) wish_ms = r->flush_ms;
    return wish_ms;
}

void rep_stat(const struct rep *r, struct rep_stat *out)
{
    *out = r->stat;
    struct store_stat store = {0};
    if (!r->off) store_stat(r->store, &store);
    out->connections = store.connections;
    out->away = !r->off && !ready(r, clock_us());
    out->waiting = r->off ? 0 : tally_count(r->filling) + tally_count(r->flight);
}

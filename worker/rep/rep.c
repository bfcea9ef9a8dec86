/* SPDX-License-Identifier: Apache-2.0 */
/* rep: batches of look-ups through a small cache, over a store that may fail at any moment.
 *
 * What a mail asks for is an entry of the cache; one that is not fresh joins the batch's list, and the list goes out as
 * one MGET (one a group, in a cluster). A command's tag carries the number of its batch: an answer to a batch that is
 * over is dropped, never mistaken for the present one's. */
#include "worker/rep/rep.h"

#include "proto/base/clock.h"
#include "proto/base/hash.h"
#include "proto/base/log.h"
#include "proto/store/counters.h"
#include "worker/rep/behind.h"
#include "worker/rep/cache.h"
#include "worker/rep/campaigns.h"
#include "worker/rep/crowd.h"
#include "worker/rep/memory.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

enum {
    VAIN_BATCHES = 2, /* so many wait in vain: then none waits for … */
    HURRY_FOLD = 4, /* … so many times as long as the last one did. A slow server takes a fifth of our time at most */
    STALL_MS = 100, /* a server's answers late for longer: stop asking it until they have come */
    CLOSE_MS = 200,
    TELL_MS = 60000, /* between two lines of log about the same trouble */
    ASK_MAX = 1024,  /* keys in one MGET */
    STEP_US = 5000,  /* between two times that … */
    STEP_CROWD = 16, /* … so many names' crowds are written */
    STEP_SETS = 2,   /* … and so many of the campaigns' sets */
};

/* What a reply is for: the top byte of a tag. Of a READ: batch << 32, first << 16, count. */
#define TAG_WRITE  ((uint64_t)1 << 56)
#define TAG_CROWD  ((uint64_t)1 << 57)
#define TAG_TICKET ((uint64_t)1 << 58)
#define TAG_SILENT ((uint64_t)1 << 59) /* nobody waits for it */
enum { BATCH_BITS = 0xFFFFFF };

struct slot {
    const struct rep_names *names; /* lent until the batch's rep_result; NULL: nothing was asked */
    size_t asked;                  /* of them */
    bool failed;                   /* no answer, or none that says anything */
    bool tenant;                   /* own[] is asked as well */
    int16_t all[REP_NAMES_MAX];    /* entries of the cache: everybody's records */
    int16_t own[REP_NAMES_MAX];    /* the tenant's */
};

struct asked {
    uint32_t group; /* what can be asked in one command */
    uint16_t entry; /* of the cache */
};

struct rep {
    bool off;
    struct store *store; /* NULL when off */
    struct counters counters;
    struct cache *cache;
    struct behind *behind;
    struct crowd *crowd;
    struct campaigns *campaigns;
    struct memory memory;                 /* of tickets */
    int64_t crowd_at_us, campaigns_at_us; /* next flush */
    struct secret secret;
    char prefix[NAME_PREFIX_BYTES + 1];
    int flush_ms;
    int64_t cache_us;

    uint32_t batch;
    bool batch_open;      /* between rep_begin and the end of rep_collect */
    int64_t batch_us;     /* when it began */
    size_t batch_missing; /* replies outstanding for the present batch */
    unsigned vain;        /* batches in a row that waited in vain */
    int64_t hurry_us;     /* until then no batch waits */
    size_t late;          /* replies outstanding for batches that are over */
    struct slot slot[REP_BATCH_MAX];
    struct asked ask[CACHE_ENTRIES]; /* what the present batch asks for */
    size_t asks, sent;               /* of them */

    bool told; /* the log said that it is away */
    int64_t refusal_told_us, drop_told_us;
    struct rep_stat stat;
};

/* --- the store's moods -------------------------------------------------------------------------------------------- */

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

static void drop(struct rep *r, uint64_t counts, const char *why)
{
    r->stat.dropped += counts;
    if (counts && worth_telling(&r->drop_told_us))
        LOG(LEVEL_WARN, "reputation_dropped", L_INT("counts", r->stat.dropped), L_STR("why", why));
}

/* A record that was read again may lack what this worker has not written yet: it knows of no fewer mails than before. */
static void keep_since(const struct rep *r, struct cache_entry *e, struct record was)
{
    record_decay(&was, e->record.minute, &r->counters.lives);
    double more = was.sum[RECORD_FAST][SUM_VOLUME] + e->since - e->record.sum[RECORD_FAST][SUM_VOLUME];
    e->since = more > 0 ? (uint32_t)(more + 0.5) : 0;
}

/* One value of an answer, as the store has it; what is no record is none. */
static void land(struct rep *r, int at, const struct store_value *v)
{
    struct cache_entry *e = cache_at(r->cache, at);
    if (e->state != CACHE_ASKED) return;
    struct record was = e->record;
    record_read(v && v->kind == STORE_TEXT ? v->text : SPAN_NONE, &e->record);
    e->state = CACHE_READ;
    e->read_us = r->batch_us;
    if (e->since) keep_since(r, e, was);
}

static void on_read(struct rep *r, const struct store_reply *reply)
{
    size_t first = reply->tag >> 16 & 0xFFFF, n = reply->tag & 0xFFFF;
    if (!r->batch_open || (reply->tag >> 32 & BATCH_BITS) != (r->batch & BATCH_BITS)) {
        r->stat.late++;
        if (r->late > 0) r->late--;
        return;
    }
    assert(r->batch_missing > 0 && first + n <= r->asks);
    r->batch_missing--;
    bool list = reply->v[0].kind == STORE_LIST && reply->v[0].n == n;
    for (size_t i = 0; i < n; i++) {
        if (list)
            land(r, r->ask[first + i].entry, i + 1 < reply->n ? &reply->v[i + 1] : NULL);
        else
            cache_at(r->cache, r->ask[first + i].entry)->state = CACHE_FAILED;
    }
}

/* Write and read what the store allows, and sort the answers that came. */
static void pump(struct rep *r)
{
    struct store_reply reply;
    if (r->off) return;
    store_pump(r->store);
    while (store_next(r->store, &reply)) {
        if (reply.v[0].kind == STORE_ERROR) {
            r->stat.refused++;
            if (worth_telling(&r->refusal_told_us))
                LOG(LEVEL_WARN, "reputation_refused", L_SPAN("why", reply.v[0].text));
        }
        if (reply.tag & TAG_WRITE)
            drop(r, behind_reply(r->behind, &reply), "refused");
        else if (reply.tag & TAG_CROWD)
            crowd_reply(r->crowd, &reply);
        else if (!(reply.tag & (TAG_TICKET | TAG_SILENT)))
            on_read(r, &reply);
    }
    struct store_stat st;
    store_stat(r->store, &st); /* of a cluster, some may be away */
    if (st.away > 0 && *store_why(r->store)) say_away(r, store_why(r->store));
    if (st.away == 0 && r->late == 0 && store_up(r->store)) say_back(r);
}

/* --- a life ------------------------------------------------------------------------------------------------------- */

enum err rep_open(const struct rep_options *o, struct rep **rep_out)
{
    uint64_t seed = (uint64_t)clock_wall_us();
    struct rep *r = calloc(1, sizeof *r);
    enum err e = ERR_MEMORY;
    if (!r) return ERR_MEMORY;
    snprintf(r->prefix, sizeof r->prefix, "%s", o->prefix);
    r->flush_ms = o->flush_ms;
    r->secret = *o->secret;
    r->cache_us = (int64_t)o->cache_ms * 1000;
    r->off = strcmp(o->store.where, "off") == 0;
    *rep_out = r;
    if (r->off) return ERR_OK;
    if (getrandom(&seed, sizeof seed, GRND_NONBLOCK) != sizeof seed) seed ^= (uint64_t)(uintptr_t)r;
    if ((e = cache_open(seed, &r->cache)) != ERR_OK) goto fail;
    struct store_options store = o->store;
    store.stall_ms = STALL_MS;
    if ((e = store_open(&store, &r->store)) != ERR_OK) goto fail;
    counters_init(&r->counters, r->store, &o->lives);
    if ((e = behind_open(&r->counters, o->flush_ms, seed, &r->behind)) != ERR_OK) goto fail;
    if ((e = crowd_open(&r->counters, &r->crowd)) != ERR_OK) goto fail;
    if ((e = campaigns_open(r->store, r->prefix, &o->lives, &r->campaigns)) != ERR_OK) goto fail;
    memory_init(&r->memory, r->store, r->prefix, TAG_TICKET);
    return ERR_OK;
fail:
    crowd_close(r->crowd);
    behind_close(r->behind);
    store_close(r->store);
    cache_close(r->cache);
    free(r);
    *rep_out = NULL;
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

static size_t waiting(const struct rep *r)
{
    return behind_waiting(r->behind) + crowd_waiting(r->crowd);
}

void rep_close(struct rep *r)
{
    if (!r) return;
    int64_t until_us = clock_us() + CLOSE_MS * 1000, left_us;
    if (!r->off && store_up(r->store)) campaigns_flush(r->campaigns, CAMPAIGNS_SETS, TAG_SILENT);
    while (!r->off && store_up(r->store) && waiting(r) > 0 && (left_us = until_us - clock_us()) > 0) {
        behind_flush(r->behind, clock_us(), TAG_WRITE, true);
        crowd_flush(r->crowd, CROWD_NAMES, clock_wall_us(), TAG_CROWD);
        pump(r);
        if (behind_busy(r->behind) || crowd_waiting(r->crowd) > 0) store_wait(r->store, left_us);
        pump(r);
    }
    store_close(r->store);
    behind_close(r->behind);
    crowd_close(r->crowd);
    campaigns_close(r->campaigns);
    cache_close(r->cache);
    free(r);
}

int rep_fd(const struct rep *r)
{
    return r->off ? -1 : store_fd(r->store);
}

void rep_people(const struct rep *r, struct rep_names *names, span user, const span *rcpt, size_t rcpts)
{
    rep_names_people(names, &r->secret, user, rcpt, rcpts);
}

/* --- reading ------------------------------------------------------------------------------------------------------ */

void rep_begin(struct rep *r)
{
    if (++r->batch == 0) r->batch = 1; /* entries that nobody used yet have 0 */
    r->batch_open = true;
    r->batch_us = clock_us();
    r->batch_missing = r->asks = r->sent = 0;
    for (size_t i = 0; i < REP_BATCH_MAX; i++) r->slot[i].names = NULL;
    pump(r); /* answers to earlier batches that are here already */
}

/* The cache's entry of a name, asked for unless it is fresh. -1: no room. */
static int look_up(struct rep *r, span tenant, enum name_kind kind, span name)
{
    uint8_t text[NAME_KEY_BYTES];
    span key = name_key(r->prefix, tenant, kind, name, text);
    int at = cache_find(r->cache, key, r->batch, r->batch_us - r->cache_us);
    if (at < 0) return -1;
    struct cache_entry *e = cache_at(r->cache, at);
    if (e->state != CACHE_NEW) {
        r->stat.kept += e->state == CACHE_READ;
        return at;
    }
    e->state = CACHE_ASKED;
    r->ask[r->asks++] = (struct asked){.group = store_group(r->store, key), .entry = (uint16_t)at};
    r->stat.asked++;
    return at;
}

/* Have people of this tenant ever reported anything, as far as was known at the last batch? Only then are its own
 * records worth asking for. */
static bool has_own(struct rep *r, span tenant)
{
    if (tenant.n == 0 || tenant.n > REP_SEEN_BYTES) return false;
    int at = look_up(r, tenant, NAME_TENANT, SPAN("all"));
    return at >= 0 && cache_at(r->cache, at)->record.minute > 0;
}

void rep_ask(struct rep *r, size_t slot, span tenant, const struct rep_names *names)
{
    struct slot *s = &r->slot[slot];
    assert(r->batch_open && slot < REP_BATCH_MAX && (!s->names || s->names == names));
    if (r->off || !store_up(r->store)) return;
    if (!s->names) {
        s->names = names;
        s->asked = 0;
        s->failed = false;
        s->tenant = has_own(r, tenant);
    }
    for (; s->asked < names->n; s->asked++) {
        const struct rep_name *n = &names->v[s->asked];
        bool theirs = n->kind >= NAME_USER; /* users are their tenant's alone */
        int all = look_up(r, theirs ? tenant : SPAN_NONE, n->kind, n->name), own = all;
        if (s->tenant && !theirs) own = look_up(r, tenant, n->kind, n->name);
        if (all < 0 || own < 0) s->failed = true;
        s->all[s->asked] = (int16_t)all;
        s->own[s->asked] = (int16_t)own;
    }
}

static int by_group(const void *a, const void *b)
{
    const struct asked *x = a, *y = b;
    return x->group < y->group ? -1 : x->group > y->group;
}

/* One MGET for the longest run of one group from r->sent on. In a cluster one server may be away and others not: then
 * only what was asked of it is missing. */
static void send_run(struct rep *r)
{
    span words[1 + ASK_MAX] = {SPAN("MGET")};
    size_t n = 0, first = r->sent;
    for (; first + n < r->asks && n < ASK_MAX && r->ask[first + n].group == r->ask[first].group; n++) {
        const struct cache_entry *e = cache_at(r->cache, r->ask[first + n].entry);
        words[1 + n] = span_of(e->key, e->bytes);
    }
    uint64_t tag = (uint64_t)(r->batch & BATCH_BITS) << 32 | (uint64_t)first << 16 | n;
    r->sent += n;
    if (store_put(r->store, words[1], words, 1 + n, tag))
        r->batch_missing++;
    else
        for (size_t i = first; i < r->sent; i++) cache_at(r->cache, r->ask[i].entry)->state = CACHE_FAILED;
}

void rep_send(struct rep *r)
{
    bool groups = false;
    if (r->off) return;
    for (size_t i = r->sent + 1; i < r->asks; i++) groups = groups || r->ask[i].group != r->ask[i - 1].group;
    if (groups) qsort(r->ask + r->sent, r->asks - r->sent, sizeof *r->ask, by_group);
    while (r->sent < r->asks) send_run(r);
    pump(r);
}

void rep_collect(struct rep *r, int64_t deadline_us)
{
    int64_t left_us, begun_us = clock_us();
    bool hurry = begun_us < r->hurry_us;
    rep_send(r);
    if (hurry && r->batch_missing > 0) {
        pump(r);
        r->stat.hurried++;
    }
    while (!hurry && r->batch_missing > 0 && (left_us = deadline_us - clock_us()) > 0) {
        store_wait(r->store, left_us);
        pump(r);
    }
    if (r->batch_missing == 0)
        r->vain = 0;
    else if (!hurry && ++r->vain >= VAIN_BATCHES)
        r->hurry_us = clock_us() + HURRY_FOLD * (clock_us() - begun_us);
    r->batch_open = false;
    r->late += r->batch_missing;
}

/* A tenant's reports count fully in its own record and a share of them in everybody's: together once. */
static void add_own(struct record *all, const struct record *own)
{
    for (int speed = 0; speed < RECORD_SPEEDS; speed++)
        for (int k = SUM_SAID_HAM; k <= SUM_SAID_SPAM; k++)
            all->sum[speed][k] += own->sum[speed][k] * (1 - RECORD_TENANT_SHARE);
}

/* The record of an entry, faded to `minute`; false when it has not come. */
static bool read_entry(const struct rep *r, int at, uint32_t minute, struct record *out)
{
    const struct cache_entry *e = cache_at(r->cache, at);
    *out = e->state == CACHE_READ ? e->record : (struct record){0};
    record_decay(out, minute, &r->counters.lives);
    return e->state == CACHE_READ;
}

/* What has not come is no evidence, and the rest is: one server of a cluster may be away. */
void rep_result(struct rep *r, size_t slot, struct rep_score *out)
{
    struct record records[REP_NAMES_MAX], own;
    const struct slot *s = &r->slot[slot];
    *out = (struct rep_score){.known = r->off};
    if (!s->names || s->failed || s->asked < s->names->n) return;
    uint32_t minute = record_minute(clock_wall_us());
    size_t missing = 0;
    bool links = true;
    for (size_t i = 0; i < s->names->n; i++) {
        bool read = read_entry(r, s->all[i], minute, &records[i]);
        if (s->own[i] != s->all[i]) {
            read = read_entry(r, s->own[i], minute, &own) && read;
            add_own(&records[i], &own);
        }
        missing += !read;
        links = links && (read || s->names->v[i].kind != NAME_URL);
    }
    if (missing > 0 && missing == s->names->n) return;
    struct rep_names some;
    const struct rep_names *names = s->names;
    if (!links) { /* the bad one may be among those unseen */
        some = *names;
        some.urls_cut = true;
        names = &some;
    }
    rep_score(names, records, &r->counters.lives, out);
    out->known = missing == 0;
}

/* --- writing ------------------------------------------------------------------------------------------------------ */

/* Whom a text goes to is worth counting once it was met before; whom a user writes to, always. */
static void count_people(struct rep *r, const struct rep_names *names, size_t i, span key, bool met)
{
    bool fine = true;
    if (names->v[i].kind == NAME_TEXT && names->rcpt_count && met)
        crowd_add(r->crowd, key, CROWD_SILENT, names->rcpt, names->rcpt_count); /* of a flood of texts, of some */
    if (names->v[i].kind == NAME_RCPTS) fine = crowd_add(r->crowd, key, CROWD_DAY, names->rcpt, names->rcpt_count);
    if (names->v[i].kind == NAME_NETS && names->net) fine = crowd_add(r->crowd, key, CROWD_EVER, &names->net, 1);
    if (!fine) drop(r, 1, "too many people wait");
}

void rep_count(struct rep *r, size_t slot, span tenant, const struct rep_names *names, struct tally_seen seen)
{
    uint8_t text[NAME_KEY_BYTES];
    const struct slot *s = &r->slot[slot];
    if (r->off) return;
    for (size_t i = 0; i < names->n; i++) {
        enum name_kind kind = names->v[i].kind;
        bool known = s->names == names && s->asked > i && s->all[i] >= 0;
        const struct cache_entry *e = known ? cache_at(r->cache, s->all[i]) : NULL;
        span key = e ? span_of(e->key, e->bytes)
                     : name_key(r->prefix, kind >= NAME_USER ? tenant : SPAN_NONE, kind, names->v[i].name, text);
        if (kind <= NAME_USER && !behind_add(r->behind, key, seen)) drop(r, 1, "too many names wait");
        if (kind >= NAME_TEXT) count_people(r, names, i, key, e && e->record.minute > 0);
    }
}

/* The bands of a slot's mail that several mails of the last hours have: as was read, and this worker's since then, so
 * that a burst is seen before it was written and read again. */
static void find_bands(struct rep *r, const struct slot *s, uint32_t minute, struct campaigns_mail *out)
{
    for (size_t i = 0; i < s->asked; i++) {
        if (s->names->v[i].kind != NAME_TEXT || s->all[i] < 0) continue;
        struct cache_entry *e = cache_at(r->cache, s->all[i]);
        if (e->record.sum[RECORD_FAST][SUM_VOLUME] + ++e->since < CAMPAIGNS_LEAST) continue;
        struct record now = e->record;
        struct campaigns_band *b = &out->v[out->n];
        record_decay(&now, minute, &r->counters.lives);
        b->mails = now.sum[RECORD_FAST][SUM_VOLUME] + e->since;
        if (campaign_band(s->names->v[i].name, &b->band)) out->n++;
    }
}

void rep_note(struct rep *r, size_t slot, span tenant, const struct rep_names *names, struct tally_seen seen,
              const struct rep_sample *sample)
{
    const struct slot *s = &r->slot[slot];
    if (r->off || s->names != names) return;
    struct campaigns_mail m = {.seen = seen, .tenant = tenant, .subject = sample->subject, .shared = sample->shared};
    find_bands(r, s, record_minute(clock_wall_us()), &m);
    if (m.n == 0) return;
    for (size_t i = 0; i < names->n; i++)
        if (names->v[i].kind == NAME_NET) m.net = secret_number(&r->secret, SPAN("net"), names->v[i].name);
    campaigns_note(r->campaigns, &m);
}

void rep_remember(struct rep *r, span ticket, span record, int ttl_s)
{
    if (!r->off && store_up(r->store)) memory_add(&r->memory, ticket, record, ttl_s);
}

/* Write what is due, a little at a time, so that no look-up waits long for the server. Returns in how many ms more is. */
static int write_some(struct rep *r)
{
    int64_t now_us = clock_us(), flush_us = (int64_t)r->flush_ms * 1000, next_us = now_us + flush_us;
    behind_flush(r->behind, now_us, TAG_WRITE, false);
    if (behind_waiting(r->behind) > 0) next_us = now_us + behind_wish_ms(r->behind) * 1000;
    if (crowd_waiting(r->crowd) > 0) {
        if (now_us >= r->crowd_at_us) {
            bool more = crowd_flush(r->crowd, STEP_CROWD, clock_wall_us(), TAG_CROWD);
            r->crowd_at_us = now_us + (more ? STEP_US : flush_us);
        }
        if (r->crowd_at_us < next_us) next_us = r->crowd_at_us;
    }
    if (campaigns_waiting(r->campaigns) > 0) {
        if (now_us >= r->campaigns_at_us) {
            bool more = campaigns_flush(r->campaigns, STEP_SETS, TAG_SILENT);
            r->campaigns_at_us = now_us + (more ? STEP_US : CAMPAIGNS_EVERY * flush_us);
        }
        if (r->campaigns_at_us < next_us) next_us = r->campaigns_at_us;
    }
    return (int)((next_us - now_us + 999) / 1000);
}

int rep_tick(struct rep *r)
{
    int write_ms = r->flush_ms;
    if (r->off) return -1;
    memory_send(&r->memory);
    pump(r);
    if (store_up(r->store) && r->late == 0) {
        write_ms = write_some(r);
        pump(r);
    }
    int wish_ms = store_wish_ms(r->store);
    return wish_ms < 0 || write_ms < wish_ms ? write_ms : wish_ms;
}

void rep_stat(const struct rep *r, struct rep_stat *out)
{
    *out = r->stat;
    if (r->off) return;
    struct store_stat store;
    store_stat(r->store, &store);
    out->connections = store.connections;
    out->away = store.away > 0 || !store_up(r->store);
    out->waiting = waiting(r);
    out->once = behind_once(r->behind);
}

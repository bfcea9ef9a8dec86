/* SPDX-License-Identifier: Apache-2.0 */
/* relay: see relay.h. */
#include "models/live/stream/relay.h"

#include "proto/base/clock.h"
#include "proto/base/log.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    RETRY_US = 500000, /* after a word was refused or lost */
    TELL_US = 60 * 1000000,
    LOOK_US = 10 * 1000000, /* between two looks at what all buckets have */
    BUCKET_BITS = 6,
    ROUND_MASK = (1 << 20) - 1, /* of a round, what a tag holds */
    DAY_MS = 86400000,
    WORDS_A_REPORT = 4 * FEEDBACK_NAMES_MAX + 1, /* taken back and said, the tenant's and everybody's */
};

_Static_assert(NAME_BUCKETS == 1 << BUCKET_BITS, "a tag holds a bucket");

struct waiting {
    struct said_word word; /* `key` is not set */
    uint16_t key_bytes;
    uint8_t bucket;
    uint8_t key[NAME_KEY_BYTES];
};

struct relay {
    struct store *store;
    struct said said;
    struct relay_options options;
    struct waiting queue[RELAY_WORDS_MAX]; /* a ring */
    size_t from, count;
    size_t batch;              /* words at its head that are being sent; 0: none */
    bool open[NAME_BUCKETS];   /* buckets of the batch that are not confirmed yet */
    bool flight[NAME_BUCKETS]; /* those that an answer is owed for */
    bool look[NAME_BUCKETS];   /* which is only about what it has */
    int64_t look_us;           /* when they were asked */
    uint64_t round;            /* goes up with each relay_drop: what was sent before it confirms nothing */
    struct said_place has[NAME_BUCKETS],
        sent[NAME_BUCKETS]; /* newest entry: acknowledged; of what an answer is owed for */
    bool missing;
    struct said_place missing_upto;
    uint64_t told;
    int64_t retry_us, told_us, strange_us; /* the last two: when the log was told */
};

enum err relay_open(struct store *s, const struct relay_options *o, struct relay **out)
{
    struct relay *r = calloc(1, sizeof *r);
    if (!r) return ERR_MEMORY;
    r->store = s;
    r->options = *o;
    said_init(&r->said, s, &o->lives);
    *out = r;
    return ERR_OK;
}

void relay_close(struct relay *r)
{
    free(r);
}

size_t relay_waiting(const struct relay *r)
{
    return r->count;
}

uint64_t relay_told(const struct relay *r)
{
    return r->told;
}

/* Answers that are owed are waited for: a bucket's next words go behind them. */
void relay_drop(struct relay *r)
{
    r->from = r->count = r->batch = 0;
    memset(r->open, 0, sizeof r->open);
    r->round++;
    relay_go_on(r);
}

bool relay_missing(const struct relay *r, struct follow_place *upto_out)
{
    *upto_out = (struct follow_place){r->missing_upto.ms, r->missing_upto.n};
    return r->missing;
}

void relay_go_on(struct relay *r)
{
    memset(r->has, 0, sizeof r->has);
    r->missing = false;
}

bool relay_room(const struct relay *r)
{
    return r->count + WORDS_A_REPORT <= RELAY_WORDS_MAX;
}

/* --- in ----------------------------------------------------------------------------------------------------------- */

static void queue(struct relay *r, span tenant, const struct feedback_name *name, struct follow_place at, int64_t at_ms,
                  double ham, double spam)
{
    struct waiting *w = &r->queue[(r->from + r->count++) % RELAY_WORDS_MAX];
    span key = name_key(r->options.prefix, tenant, (enum name_kind)name->kind, name->name, w->key);
    w->key_bytes = (uint16_t)key.n;
    w->bucket = (uint8_t)said_bucket(key);
    w->word = (struct said_word){
        .ms = at.ms, .n = at.n, .minute = record_minute(at_ms * 1000), .ham = (float)ham, .spam = (float)spam};
}

static void say(struct relay *r, const struct feedback *f, struct follow_place at, const struct voices_word *w,
                double sign)
{
    for (size_t i = 0; i < f->name_count; i++) {
        double x = sign * w->amount[i];
        if (x == 0 || f->names[i].kind >= NAME_KIND_COUNT || f->names[i].name.n > NAME_MAX_BYTES) continue;
        double ham = w->spam ? 0 : x, spam = w->spam ? x : 0, share = RECORD_TENANT_SHARE;
        queue(r, f->tenant, &f->names[i], at, w->at_ms, ham, spam);
        if (f->tenant.n) queue(r, SPAN_NONE, &f->names[i], at, w->at_ms, share * ham, share * spam);
    }
}

/* A tenant that has said anything is known by a record of its own (worker/rep looks there first). */
static void mark_tenant(struct relay *r, const struct feedback *f, struct follow_place at, const struct voices_word *w)
{
    static const struct feedback_name ALL = {NAME_TENANT, {(const uint8_t *)"all", 3}};
    if (f->tenant.n) queue(r, f->tenant, &ALL, at, w->at_ms, w->spam ? 0 : 1, w->spam ? 1 : 0);
}

void relay_add(struct relay *r, const struct feedback *f, struct follow_place at, const struct voices_effect *e)
{
    assert(relay_room(r));
    if (e->has_back) say(r, f, at, &e->back, -1);
    if (!e->has_now) return;
    say(r, f, at, &e->now, 1);
    mark_tenant(r, f, at, &e->now);
}

/* --- out ---------------------------------------------------------------------------------------------------------- */

/* The words of one bucket of the batch, in order, and their keys, each once. */
struct call {
    struct said_word word[RELAY_BATCH];
    span key[SAID_KEYS_MAX];
    size_t words, keys;
};

/* Put the next word of the queue into a call; false when its keys are too many. */
static bool add_word(struct call *c, const struct waiting *w)
{
    span key = span_of(w->key, w->key_bytes);
    size_t k = 0;
    while (k < c->keys && !span_eq(c->key[k], key)) k++;
    if (k == SAID_KEYS_MAX) return false;
    if (k == c->keys) c->key[c->keys++] = key;
    c->word[c->words] = w->word;
    c->word[c->words++].key = (uint32_t)k;
    return true;
}

static const struct waiting *waiting_at(const struct relay *r, size_t i)
{
    return &r->queue[(r->from + i) % RELAY_WORDS_MAX];
}

static void gather(const struct relay *r, unsigned bucket, size_t words, struct call *c)
{
    c->words = c->keys = 0;
    for (size_t i = 0; i < words; i++) {
        const struct waiting *w = waiting_at(r, i);
        if (w->bucket == bucket && !add_word(c, w)) assert(!"a batch is cut before a bucket has too many keys");
    }
}

/* How many words at the head of the queue make a batch: no bucket may have more words than keys fit in a call. */
static size_t batch_of(const struct relay *r)
{
    size_t in_bucket[NAME_BUCKETS] = {0}, n = 0;
    while (n < r->count && n < RELAY_BATCH && in_bucket[waiting_at(r, n)->bucket] < SAID_KEYS_MAX)
        in_bucket[waiting_at(r, n++)->bucket]++;
    return n;
}

/* What a bucket must have, to be told more: a quiet one forgets, after long. */
static struct said_place known(const struct relay *r, unsigned bucket, struct said_place next)
{
    struct said_place has = r->has[bucket];
    bool old = next.ms > has.ms + SAID_KEPT_MS - DAY_MS;
    return old ? (struct said_place){0, 0} : has;
}

static uint64_t tag(const struct relay *r, unsigned bucket)
{
    return RELAY_TAG | (r->round & ROUND_MASK) << BUCKET_BITS | bucket;
}

/* What the buckets have: at first to know it, then to see that they still have it. */
static void look(struct relay *r)
{
    struct said_place now = {(uint64_t)clock_wall_us() / 1000, 0};
    for (unsigned b = 0; b < NAME_BUCKETS; b++) {
        if (r->flight[b]) continue;
        r->sent[b] = (struct said_place){0, 0};
        r->look[b] = r->flight[b] = said_look(&r->said, r->options.prefix, b, known(r, b, now), tag(r, b));
    }
}

void relay_turn(struct relay *r, int64_t now_us)
{
    static struct call c;
    if (r->missing || now_us < r->retry_us || !store_up(r->store)) return;
    if (!r->look_us || now_us - r->look_us > LOOK_US) {
        look(r);
        r->look_us = now_us;
    }
    if (r->batch == 0) {
        r->batch = batch_of(r);
        for (size_t i = 0; i < r->batch; i++) r->open[waiting_at(r, i)->bucket] = true;
    }
    for (unsigned b = 0; b < NAME_BUCKETS; b++) {
        if (!r->open[b] || r->flight[b]) continue;
        gather(r, b, r->batch, &c);
        const struct said_word *last = &c.word[c.words - 1];
        r->sent[b] = (struct said_place){last->ms, last->n};
        r->flight[b] = said_put(&r->said, c.key, c.keys, c.word, c.words, known(r, b, r->sent[b]), tag(r, b));
    }
    store_pump(r->store);
}

static int cmp(struct said_place a, struct said_place b)
{
    return a.ms != b.ms ? (a.ms > b.ms ? 1 : -1) : (a.n > b.n) - (a.n < b.n);
}

/* What a bucket has now, and what it had before. */
static void learn(struct relay *r, unsigned bucket, const struct said_answer *a, int64_t now_us)
{
    if (a->strange && (!r->strange_us || now_us - r->strange_us > TELL_US)) {
        LOG(LEVEL_WARN, "guard_refused", L_INT("bucket", bucket), L_STR("why", "of a time to come, or none at all"),
            L_STR("now", "it is written anew; see who else writes into this Redis"));
        r->strange_us = now_us;
    }
    if (a->outcome == SAID_DONE) {
        r->has[bucket] = cmp(a->had, r->sent[bucket]) > 0 ? a->had : r->sent[bucket];
    } else if (a->outcome == SAID_MISSING) {
        if (!r->missing || cmp(a->had, r->missing_upto) < 0) r->missing_upto = a->had;
        r->missing = true;
    }
}

void relay_reply(struct relay *r, const struct store_reply *reply, int64_t now_us)
{
    unsigned b = (unsigned)(reply->tag & (NAME_BUCKETS - 1));
    bool refused = reply->v[0].kind == STORE_ERROR, looked = r->look[b];
    struct said_answer a;
    r->flight[b] = r->look[b] = false;
    if ((reply->tag & ~RELAY_TAG) >> BUCKET_BITS != (r->round & ROUND_MASK)) return;
    if (refused && (!r->told_us || now_us - r->told_us > TELL_US)) {
        char why[96];
        snprintf(why, sizeof why, "%.*s", SPAN_ARG(span_head(reply->v[0].text, sizeof why - 1)));
        LOG(LEVEL_WARN, "reputation_refused", L_STR("why", why), L_STR("now", "what reports say waits"));
        r->told_us = now_us;
    }
    said_read(reply, &a);
    learn(r, b, &a, now_us);
    if (a.outcome == SAID_LATER) r->retry_us = now_us + RETRY_US;
    if (looked || a.outcome != SAID_DONE) return;
    r->told++;
    r->open[b] = false;
    for (b = 0; b < NAME_BUCKETS; b++)
        if (r->open[b]) return;
    r->from = (r->from + r->batch) % RELAY_WORDS_MAX;
    r->count -= r->batch;
    r->batch = 0;
}

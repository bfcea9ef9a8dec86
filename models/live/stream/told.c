/* SPDX-License-Identifier: Apache-2.0 */
/* told: see told.h. Both keys are in one slot, so the question is one script and has one answer. */
#include "models/live/stream/told.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { LIVE_S = 90 * 86400, RETRY_US = 500000 };
#define ASKED_TAG (UINT64_C(1) << 56) /* else written */

/* How far it was told, and the stream's newest entry at or before ours; each may be empty. */
static const char SCRIPT[] = "local b = redis.call('XREVRANGE', KEYS[1], ARGV[1], '-', 'COUNT', 1)\n"
                             "return {redis.call('GET', KEYS[2]) or '', b[1] and b[1][1] or ''}\n";

struct told {
    struct store *store;
    span key;
    char mine[128];
    unsigned script;
    struct follow_place place, written, upto; /* ours; acknowledged; see told_known */
    uint64_t calls, calls_written;            /* acknowledged until now, and when that was written down */
    uint64_t connections;                     /* of the store, when it was asked */
    uint32_t number;                          /* of the question or writing that counts */
    bool asked, sure, lost, writing;
    int64_t retry_us;
};

enum err told_open(struct store *s, span key, uint64_t host, struct follow_place begin, struct told **out)
{
    struct told *t = calloc(1, sizeof *t);
    if (!t) return ERR_MEMORY;
    *t = (struct told){.store = s, .key = key, .written = begin, .script = store_script(s, SCRIPT)};
    snprintf(t->mine, sizeof t->mine, "%.*s:told:%016" PRIx64, SPAN_ARG(key), host);
    *out = t;
    return ERR_OK;
}

void told_close(struct told *t)
{
    free(t);
}

void told_begin(struct told *t, struct follow_place at)
{
    t->written = at;
    t->calls_written = t->calls;
    t->asked = t->sure = t->lost = t->writing = false;
    t->number++; /* what is on its way is of the former state */
}

bool told_sure(const struct told *t)
{
    struct store_stat s;
    store_stat(t->store, &s);
    return t->sure && s.connections == t->connections && store_up(t->store);
}

struct follow_place told_written(const struct told *t)
{
    return t->written;
}

bool told_lost(const struct told *t)
{
    return t->lost;
}

bool told_known(const struct told *t, struct follow_place *upto_out)
{
    *upto_out = t->upto;
    return t->lost || told_sure(t);
}

static void ask(struct told *t, uint64_t connections)
{
    char place[FOLLOW_PLACE_TEXT];
    span keys[] = {t->key, span_cstr(t->mine)};
    follow_place_write(t->place, place);
    span arg = span_cstr(place);
    t->number++;
    t->sure = t->writing = false;
    t->asked = store_eval(t->store, t->script, keys, 2, &arg, 1, TOLD_TAG | ASKED_TAG | t->number);
    t->connections = connections;
}

static void write_down(struct told *t)
{
    char place[FOLLOW_PLACE_TEXT], live[16];
    follow_place_write(t->place, place);
    snprintf(live, sizeof live, "%d", LIVE_S);
    span mine = span_cstr(t->mine);
    span words[] = {SPAN("SET"), mine, span_cstr(place), SPAN("EX"), span_cstr(live)};
    t->number++;
    t->writing = store_put(t->store, t->key, words, sizeof words / sizeof *words, TOLD_TAG | t->number);
}

void told_turn(struct told *t, struct follow_place place, bool done, uint64_t calls, int64_t now_us)
{
    struct store_stat s;
    store_stat(t->store, &s);
    t->calls = calls;
    if (t->lost || !store_up(t->store) || now_us < t->retry_us) return;
    if (s.connections != t->connections || (!t->sure && !t->asked)) {
        t->place = place;
        ask(t, s.connections);
    } else if (t->sure && done && !t->writing && follow_place_cmp(t->written, place) < 0) {
        t->place = place;
        write_down(t);
    } else {
        return;
    }
    store_pump(t->store);
}

/* [how far, the stream's newest entry at or before ours] */
static bool on_answer(struct told *t, const struct store_reply *r)
{
    struct follow_place there = {0, 0}, before = {0, 0};
    if (r->v[0].kind != STORE_LIST || r->n != 3 || r->v[1].kind != STORE_TEXT || r->v[2].kind != STORE_TEXT)
        return false;
    if (r->v[1].text.n && !follow_place_read(r->v[1].text, &there))
        there = (struct follow_place){0, 0}; /* a stranger's */
    if (r->v[2].text.n && !follow_place_read(r->v[2].text, &before)) return false;
    /* Words that were acknowledged since it was last written down are nowhere but there. A server that this host never
     * told anything: the state came from another one. */
    struct follow_place least = t->calls == t->calls_written ? t->written : t->place;
    if (follow_place_zero(there)) there = least = before;
    bool behind = follow_place_cmp(there, least) < 0 || follow_place_cmp(before, t->place) != 0;
    /* Nothing at or before our place: the stream is empty, or begins behind it. There is nothing to go back to. */
    t->lost = !follow_place_zero(before) && behind;
    t->upto = follow_place_cmp(there, before) < 0 ? there : before;
    t->sure = !t->lost;
    return true;
}

void told_reply(struct told *t, const struct store_reply *r, int64_t now_us)
{
    if ((uint32_t)r->tag != t->number) return;
    bool asked = r->tag & ASKED_TAG, fine;
    if (asked) {
        t->asked = false;
        fine = on_answer(t, r);
    } else {
        t->writing = false;
        fine = r->v[0].kind != STORE_ERROR && r->v[0].kind != STORE_LOST;
        if (fine) t->written = t->place, t->calls_written = t->calls;
    }
    if (!fine) t->retry_us = now_us + RETRY_US;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* behind: two tables, one filling, one in flight; see behind.h. */
#include "worker/rep/behind.h"

#include "proto/base/clock.h"
#include "proto/store/name.h"
#include "worker/rep/doorkeeper.h"

#include <assert.h>
#include <stdlib.h>

enum {
    STEP_KEYS = 32,  /* written at one go while there is time: some 0.15 ms of the server */
    STEP_MOST = 256, /* and when there is none */
    RETRY_MS = 1000, /* after the store refused to write for a reason that may pass */
};

/* A key in flight, and the group that it can be sent with. */
struct turn {
    uint32_t group;
    uint16_t entry;
};

struct behind {
    const struct counters *counters;
    int flush_ms;
    struct tally *filling, *flight;
    struct doorkeeper door;
    struct turn turn[TALLY_KEYS];
    size_t turns, next;            /* of them; the first not sent yet */
    size_t due;                    /* replies */
    int64_t flush_at_us, taken_us; /* the next flush; the beginning of the last */
};

enum err behind_open(const struct counters *c, int flush_ms, uint64_t seed, struct behind **out)
{
    struct behind *b = calloc(1, sizeof *b);
    if (!b) return ERR_MEMORY;
    b->counters = c;
    b->flush_ms = flush_ms;
    b->taken_us = clock_us();
    b->door.seed = seed;
    if (tally_open(&b->filling) != ERR_OK || tally_open(&b->flight) != ERR_OK) {
        behind_close(b);
        return ERR_MEMORY;
    }
    *out = b;
    return ERR_OK;
}

void behind_close(struct behind *b)
{
    if (!b) return;
    tally_close(b->filling);
    tally_close(b->flight);
    free(b);
}

/* Into the table, or to the door. False when it was at the door and there is no room for it. */
static bool keep(struct behind *b, span key, struct tally_seen seen, bool crowded)
{
    if (!crowded && tally_add(b->filling, key, seen, false)) return true;
    return !doorkeeper_met(&b->door, key, &seen) || tally_add(b->filling, key, seen, true);
}

bool behind_add(struct behind *b, span key, struct tally_seen mail)
{
    return keep(b, key, mail, false);
}

static int by_group(const void *a, const void *b)
{
    const struct turn *x = a, *y = b;
    if (x->group != y->group) return x->group < y->group ? -1 : 1;
    return x->entry < y->entry ? -1 : 1;
}

/* The full table goes; of what it holds, what is worth writing now has its turn, and the rest waits in the other. */
static void take_off(struct behind *b, int64_t now_us, bool all)
{
    struct tally *full = b->filling;
    int64_t flushes = (now_us - b->taken_us) / ((int64_t)b->flush_ms * 1000); /* many, after an outage */
    size_t singles = all || flushes > TALLY_KEYS / BEHIND_SINGLES ? TALLY_KEYS : BEHIND_SINGLES * (size_t)(flushes + 1);
    bool groups = false;
    b->taken_us = now_us;
    b->filling = b->flight;
    b->flight = full;
    b->turns = b->next = 0;
    for (size_t i = 0; i < tally_count(full); i++) {
        span key = tally_key(full, i);
        if (tally_at(full, i).mails == 1) {
            if (singles > 0) {
                singles--;
            } else {
                keep(b, key, tally_at(full, i), tally_count(b->filling) >= BEHIND_KEPT);
                tally_done(full, i);
                continue;
            }
        }
        unsigned group = store_group(b->counters->store, key);
        groups |= group != 0;
        b->turn[b->turns++] = (struct turn){.group = group, .entry = (uint16_t)i};
    }
    if (groups) qsort(b->turn, b->turns, sizeof *b->turn, by_group);
}

/* Send the turns from b->next on, up to `end`, that can go together. False when the store takes no more. */
static bool send_some(struct behind *b, size_t end, uint64_t tag)
{
    span keys[STEP_KEYS];
    struct counters_add add[STEP_KEYS];
    size_t from = b->next, to = from, n = 0;
    for (; to < end && to - from < STEP_KEYS && b->turn[to].group == b->turn[from].group; to++) {
        struct tally_seen seen = tally_at(b->flight, b->turn[to].entry);
        if (seen.mails == 0) continue;
        keys[n] = tally_key(b->flight, b->turn[to].entry);
        bool keep = span_eq(name_key_word(keys[n]), SPAN("user"));
        add[n++] = (struct counters_add){
            .keep = keep,
            .sum = {[SUM_VOLUME] = (float)seen.mails, [SUM_HAM] = (float)seen.ham, [SUM_SPAM] = (float)seen.spam}};
    }
    if (n > 0) {
        if (!counters_put(b->counters, keys, add, n, tag | (uint64_t)from << 16 | (to - from))) return false;
        b->due++;
    }
    b->next = to;
    return true;
}

/* How many of the turns may have gone by now: they are spread over half of the time between two flushes. */
static size_t turns_due(const struct behind *b, int64_t now_us)
{
    int64_t gone_us = now_us - b->taken_us, spread_us = (int64_t)b->flush_ms * 1000 / 2;
    return gone_us >= spread_us ? b->turns : b->turns * (size_t)gone_us / (size_t)spread_us;
}

void behind_flush(struct behind *b, int64_t now_us, uint64_t tag, bool all)
{
    if (now_us < b->flush_at_us && !all) return;
    if (b->turns == 0) {
        if (tally_count(b->filling) == 0) return;
        take_off(b, now_us, all);
    }
    size_t due = all ? b->turns : turns_due(b, now_us), end = b->next + STEP_MOST;
    while (b->next < due && b->next < end && (due == b->turns || due - b->next >= STEP_KEYS))
        if (!send_some(b, due, tag)) break;
    if (b->next < b->turns || b->due > 0) return;
    b->next = 0;
    bool left = false;
    for (size_t i = 0; i < b->turns && !left; i++) left = tally_at(b->flight, b->turn[i].entry).mails > 0;
    if (left) { /* refused: all that was is sent again */
        b->flush_at_us = now_us + (int64_t)RETRY_MS * 1000;
        return;
    }
    b->turns = 0;
    tally_reset(b->flight);
    b->flush_at_us = now_us + (int64_t)b->flush_ms * 1000;
}

uint64_t behind_reply(struct behind *b, const struct store_reply *reply)
{
    size_t from = reply->tag >> 16 & 0xFFFF, n = reply->tag & 0xFFFF;
    uint64_t refused = 0;
    assert(b->due > 0 && from + n <= b->turns);
    b->due--;
    if (reply->passing) return 0; /* stays, is sent again */
    for (size_t i = from; i < from + n; i++) {
        if (reply->v[0].kind == STORE_ERROR) refused += tally_at(b->flight, b->turn[i].entry).mails;
        tally_done(b->flight, b->turn[i].entry);
    }
    return refused;
}

int behind_wish_ms(const struct behind *b)
{
    if (b->next >= b->turns) return b->flush_ms;
    return 1 + (int)((size_t)b->flush_ms / 2 * STEP_KEYS / b->turns);
}

bool behind_busy(const struct behind *b)
{
    return b->next > 0 || b->due > 0;
}

size_t behind_waiting(const struct behind *b)
{
    return tally_count(b->filling) + b->turns;
}

uint64_t behind_once(const struct behind *b)
{
    return b->door.forgotten;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* crowd: a small table of what waits, and the script; see crowd.h.
 *
 * KEYS are the HyperLogLog and the record; the argument is three words (seconds to live of the one and the other; 1: count
 * in the record), two singles (half-lives in minutes), then 8 bytes a member. */
#include "worker/rep/crowd.h"

#include "proto/base/hash.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

enum { HEAD_BYTES = 20, MEMBER_BYTES = 8, DAY_S = 86400 };

static const char SCRIPT[] =
    "local arg = ARGV[1]\n"
    "local now = math.floor((redis.call('TIME')[1] - 1577836800) / 60)\n"
    "local ttl, keep, counted, fast, slow, at = struct.unpack('<I4I4I4ff', arg)\n"
    "local kind = redis.call('TYPE', KEYS[1]).ok\n"
    "if kind ~= 'string' and kind ~= 'none' then redis.call('DEL', KEYS[1]) end\n"
    "local before, members = 0, {}\n"
    "for i = at, #arg, 8 do members[#members + 1] = string.sub(arg, i, i + 7) end\n"
    "if counted == 1 then before = redis.call('PFCOUNT', KEYS[1]) end\n"
    "redis.call('PFADD', KEYS[1], unpack(members))\n"
    "redis.call('EXPIRE', KEYS[1], ttl)\n"
    "if counted == 0 then return 0 end\n"
    "local more = math.max(redis.call('PFCOUNT', KEYS[1]) - before, 0)\n"
    "local a, b, c, d, e, a2, b2, c2, d2, e2, head = more, 0, 0, 0, 0, more, 0, 0, 0, 0, now\n"
    "local v = redis.pcall('GET', KEYS[2])\n"
    "if type(v) == 'string' and #v == 44 and string.byte(v, 4) == 2 then\n"
    "  local h, u1, u2, u3, u4, u5, w1, w2, w3, w4, w5 = struct.unpack('<I4ffffffffff', v)\n"
    "  head = h % 16777216\n"
    "  local age = math.max(now - head, 0)\n"
    "  local f, s = 2 ^ (-age / fast), 2 ^ (-age / slow)\n"
    "  a, b, c, d, e = a + u1 * f, u2 * f, u3 * f, u4 * f, u5 * f\n"
    "  a2, b2, c2, d2, e2 = a2 + w1 * s, w2 * s, w3 * s, w4 * s, w5 * s\n"
    "end\n"
    "v = struct.pack('<I4ffffffffff', 33554432 + math.max(now, head), a, b, c, d, e, a2, b2, c2, d2, e2)\n"
    "redis.call('SET', KEYS[2], v, 'EX', keep)\n"
    "return more\n";

struct waiting {
    enum { FREE, WAITS, SENT } state;
    enum crowd_span kind;
    uint32_t hash; /* of the key */
    uint16_t bytes, n;
    uint8_t key[NAME_KEY_BYTES];
    uint64_t member[CROWD_MEMBERS];
};

struct crowd {
    const struct counters *counters;
    unsigned script;
    size_t used; /* entries from here on were never used */
    struct waiting entry[CROWD_NAMES];
};

enum err crowd_open(const struct counters *counters, struct crowd **out)
{
    struct crowd *c = calloc(1, sizeof *c);
    if (!c) return ERR_MEMORY;
    c->counters = counters;
    c->script = store_script(counters->store, SCRIPT);
    *out = c;
    return ERR_OK;
}

void crowd_close(struct crowd *c)
{
    free(c);
}

static bool put_member(struct waiting *w, uint64_t member)
{
    for (size_t i = 0; i < w->n; i++)
        if (w->member[i] == member) return true;
    if (w->n == CROWD_MEMBERS) return false;
    w->member[w->n++] = member;
    return true;
}

/* What waits for this key, or a free place for it; NULL when there is neither. */
static struct waiting *place(struct crowd *c, span key, enum crowd_span kind)
{
    uint32_t hash = (uint32_t)hash64(key, kind);
    struct waiting *room = NULL;
    for (size_t i = 0; i < c->used; i++) {
        struct waiting *w = &c->entry[i];
        if (w->state == FREE) room = room ? room : w;
        if (w->state != WAITS || w->hash != hash || w->kind != kind || w->n == CROWD_MEMBERS) continue;
        if (span_eq(span_of(w->key, w->bytes), key)) return w;
    }
    if (!room && c->used < CROWD_NAMES) room = &c->entry[c->used++];
    if (!room) return NULL;
    *room = (struct waiting){.state = WAITS, .kind = kind, .hash = hash, .bytes = (uint16_t)key.n};
    memcpy(room->key, key.p, key.n);
    return room;
}

bool crowd_add(struct crowd *c, span key, enum crowd_span kind, const uint64_t *member, size_t n)
{
    assert(key.n <= NAME_KEY_BYTES);
    for (size_t i = 0; i < n;) {
        struct waiting *w = place(c, key, kind);
        if (!w) return false;
        while (i < n && put_member(w, member[i])) i++;
    }
    return true;
}

static uint8_t *put_bits(uint8_t *p, const void *value)
{
    uint32_t x;
    memcpy(&x, value, sizeof x);
    for (int i = 0; i < 4; i++) *p++ = (uint8_t)(x >> (8 * i));
    return p;
}

static bool send(const struct crowd *c, const struct waiting *w, int64_t wall_us, uint64_t tag)
{
    uint8_t arg[HEAD_BYTES + CROWD_MEMBERS * MEMBER_BYTES], *p = arg;
    char hll[NAME_KEY_BYTES + 24];
    const struct record_lives *l = &c->counters->lives;
    float fast = (float)l->minutes[RECORD_FAST], slow = (float)l->minutes[RECORD_SLOW];
    uint32_t counted = w->kind != CROWD_SILENT;
    uint32_t keep = c->counters->said_s;
    uint32_t ttl = w->kind == CROWD_SILENT ? c->counters->seen_s : w->kind == CROWD_DAY ? 2 * DAY_S : keep;
    int n = snprintf(hll, sizeof hll, "%.*s#", (int)w->bytes, (const char *)w->key);
    if (w->kind == CROWD_DAY)
        n += snprintf(hll + n, sizeof hll - (size_t)n, "%lld", (long long)(wall_us / 1000000 / DAY_S));
    p = put_bits(put_bits(put_bits(p, &ttl), &keep), &counted);
    p = put_bits(put_bits(p, &fast), &slow);
    for (size_t i = 0; i < w->n; i++, p += MEMBER_BYTES) memcpy(p, &w->member[i], MEMBER_BYTES);
    span keys[] = {span_of(hll, (size_t)n), span_of(w->key, w->bytes)}, blob = span_of(arg, (size_t)(p - arg));
    return store_eval(c->counters->store, c->script, keys, 2, &blob, 1, tag);
}

bool crowd_flush(struct crowd *c, size_t most, int64_t wall_us, uint64_t tag)
{
    bool more = false;
    for (size_t i = 0; i < c->used; i++) {
        struct waiting *w = &c->entry[i];
        if (w->state != WAITS) continue;
        if (most == 0) {
            more = true;
            break;
        }
        most--;
        if (send(c, w, wall_us, tag | i)) w->state = SENT;
    }
    while (c->used > 0 && c->entry[c->used - 1].state == FREE) c->used--;
    return more;
}

void crowd_reply(struct crowd *c, const struct store_reply *reply)
{
    size_t i = reply->tag & 0xFFFF;
    assert(i < CROWD_NAMES && c->entry[i].state == SENT);
    c->entry[i].state = reply->passing ? WAITS : FREE;
}

size_t crowd_waiting(const struct crowd *c)
{
    size_t n = 0;
    for (size_t i = 0; i < c->used; i++) n += c->entry[i].state != FREE;
    return n;
}

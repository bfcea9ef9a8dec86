/* SPDX-License-Identifier: Apache-2.0 */
/* said: the script, and its packed arguments; see said.h.
 *
 * The first argument is two words (seconds to live of a record, and of the guard), two singles (half-lives in minutes),
 * and the place that is known, a double (-1: none) and a word; the second a double, a word, a word, a word and two
 * singles for each struct said_word, little-endian. The answer: how many were new, or -1 when some are missing; the
 * place that the guard had, of which the first number is -1 when it had none and -2 when that was not believed. */
#include "proto/store/said.h"

#include <assert.h>
#include <stdio.h>

enum { LIVES = 2, HEAD_BYTES = 28, WORD_BYTES = 28, NO_GUARD = -1, STRANGE_GUARD = -2 };
static const char TAIL[] = "said"; /* no name's key: those have a tenant and a kind there */
_Static_assert(SAID_AHEAD_MS == 600000 && WORD_BYTES == 28, "the script says so too");

/* The guard is KEYS[1], the records follow. What a word adds has faded since its minute, for each half-life; a sum
 * never goes below 0. Entries have the time of the stream's server, or that of the entry before when its clock was set
 * back: a guard beyond both, by more than clocks differ, is no entry's (and one that is no number neither). */
static const char SCRIPT[] =
    "local time = redis.call('TIME')[1]\n"
    "local now = math.floor((time - 1577836800) / 60)\n"
    "local live, guard, fast, slow, km, kn = struct.unpack('<I4I4ffdI4', ARGV[1])\n"
    "local g, gm, gn = redis.pcall('GET', KEYS[1]), -2, 0\n"
    "if not g then gm = -1 elseif type(g) == 'string' and #g == 12 then gm, gn = struct.unpack('<dI4', g) end\n"
    "local newest = #ARGV[2] > 0 and struct.unpack('<d', ARGV[2], #ARGV[2] - 27) or 0\n"
    "local had = gm\n"
    "if not (gm >= -1 and gm <= math.max(time * 1000, newest) + 600000) then gm, gn, had = km, kn, -2 end\n"
    "if gm < km or (gm == km and gn < kn) then return {-1, had, gn} end\n"
    "local had_n = gn\n"
    "local add, order, taken, at, m, n = {}, {}, 0, 1, gm, gn\n"
    "while at <= #ARGV[2] do\n"
    "  local ms, no, minute, key, ham, spam\n"
    "  ms, no, minute, key, ham, spam, at = struct.unpack('<dI4I4I4ff', ARGV[2], at)\n"
    "  if ms > gm or (ms == gm and no > gn) then\n"
    "    local age = math.max(now - minute, 0)\n"
    "    local f, s, a = 2 ^ (-age / fast), 2 ^ (-age / slow), add[key]\n"
    "    if not a then a = {0, 0, 0, 0}; add[key] = a; order[#order + 1] = key end\n"
    "    a[1], a[2], a[3], a[4] = a[1] + ham * f, a[2] + spam * f, a[3] + ham * s, a[4] + spam * s\n"
    "    m, n, taken = ms, no, taken + 1\n"
    "  end\n"
    "end\n"
    "for _, key in ipairs(order) do\n"
    "  local a, v, head = add[key], redis.pcall('GET', KEYS[key + 2]), now\n"
    "  local r = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0}\n"
    "  if type(v) == 'string' and #v == 44 and string.byte(v, 4) == 2 then\n"
    "    local h = struct.unpack('<I4', v)\n"
    "    head = h % 16777216\n"
    "    local age = math.max(now - head, 0)\n"
    "    local f, s = 2 ^ (-age / fast), 2 ^ (-age / slow)\n"
    "    r = {struct.unpack('<ffffffffff', v, 5)}\n"
    "    for i = 1, 10 do r[i] = r[i] * (i <= 5 and f or s) end\n"
    "  end\n"
    "  r[4], r[5] = math.max(r[4] + a[1], 0), math.max(r[5] + a[2], 0)\n"
    "  r[9], r[10] = math.max(r[9] + a[3], 0), math.max(r[10] + a[4], 0)\n"
    "  v = struct.pack('<I4ffffffffff', 33554432 + math.max(now, head), unpack(r, 1, 10))\n"
    "  redis.call('SET', KEYS[key + 2], v, 'EX', live)\n"
    "end\n"
    "if taken > 0 then redis.call('SET', KEYS[1], struct.pack('<dI4', m, n), 'EX', guard) end\n"
    "return {taken, had, had_n}\n";

void said_init(struct said *s, struct store *store, const struct record_lives *lives)
{
    *s = (struct said){.store = store, .script = store_script(store, SCRIPT), .lives = *lives};
    s->said_s = (uint32_t)(LIVES * 60 * lives->minutes[RECORD_SLOW]);
}

static uint8_t *put_bits(uint8_t *p, const void *value, size_t bytes)
{
    uint64_t x = 0;
    memcpy(&x, value, bytes);
    for (size_t i = 0; i < bytes; i++) *p++ = (uint8_t)(x >> (8 * i));
    return p;
}

static uint8_t *put_word(uint8_t *p, uint32_t x)
{
    return put_bits(p, &x, 4);
}

/* Where in the key the two digits of its bucket stand: behind the first '{'. */
static size_t bucket_at(span key)
{
    size_t at = span_find(key, '{');
    assert(at + 4 <= key.n);
    return at + 1;
}

unsigned said_bucket(span key)
{
    size_t at = bucket_at(key);
    return (unsigned)(ascii_hex(key.p[at]) << 4 | ascii_hex(key.p[at + 1]));
}

static uint8_t *put_place(uint8_t *p, uint64_t ms, uint64_t n, bool none)
{
    double time = none ? NO_GUARD : (double)ms; /* exact: below 2^53 */
    return put_word(put_bits(p, &time, 8), (uint32_t)n);
}

/* keys[0] is the guard. */
static bool call(const struct said *s, const span *keys, size_t n, span blob, struct said_place known, uint64_t tag)
{
    uint8_t head[HEAD_BYTES], *p;
    float fast = (float)s->lives.minutes[RECORD_FAST], slow = (float)s->lives.minutes[RECORD_SLOW];
    p = put_bits(put_bits(put_word(put_word(head, s->said_s), SAID_KEPT_MS / 1000), &fast, 4), &slow, 4);
    put_place(p, known.ms, known.n, known.ms == 0 && known.n == 0);
    span args[] = {span_of(head, sizeof head), blob};
    return store_eval(s->store, s->script, keys, n, args, 2, tag);
}

bool said_put(const struct said *s, const span *keys, size_t n, const struct said_word *words, size_t word_count,
              struct said_place known, uint64_t tag)
{
    uint8_t blob[SAID_WORDS_MAX * WORD_BYTES], guard[NAME_KEY_BYTES], *p = blob;
    span all[SAID_KEYS_MAX + 1];
    assert(n > 0 && n <= SAID_KEYS_MAX && word_count <= SAID_WORDS_MAX);
    for (size_t i = 0; i < word_count; i++) {
        const struct said_word *w = &words[i];
        p = put_word(put_word(put_place(p, w->ms, w->n, false), w->minute), w->key);
        p = put_bits(put_bits(p, &w->ham, 4), &w->spam, 4);
    }
    size_t cut = bucket_at(keys[0]) + 4; /* "…{BB}:" */
    memcpy(guard, keys[0].p, cut);
    memcpy(guard + cut, TAIL, sizeof TAIL - 1);
    all[0] = span_of(guard, cut + sizeof TAIL - 1);
    memcpy(all + 1, keys, n * sizeof *keys);
    return call(s, all, n + 1, span_of(blob, (size_t)(p - blob)), known, tag);
}

bool said_look(const struct said *s, const char *prefix, unsigned bucket, struct said_place known, uint64_t tag)
{
    char text[NAME_KEY_BYTES];
    snprintf(text, sizeof text, "%s:2:{%02x}:%s", prefix, bucket, TAIL);
    span guard = span_cstr(text);
    return call(s, &guard, 1, SPAN_NONE, known, tag);
}

void said_read(const struct store_reply *r, struct said_answer *out)
{
    *out = (struct said_answer){.outcome = SAID_LATER};
    if (r->v[0].kind != STORE_LIST || r->n != 4) return;
    for (size_t i = 1; i < 4; i++)
        if (r->v[i].kind != STORE_INTEGER) return;
    int64_t taken = r->v[1].integer, ms = r->v[2].integer, n = r->v[3].integer;
    out->outcome = taken < 0 ? SAID_MISSING : SAID_DONE;
    out->taken = taken < 0 ? 0 : (uint64_t)taken;
    out->strange = ms == STRANGE_GUARD;
    if (ms > 0) out->had = (struct said_place){(uint64_t)ms, (uint64_t)n};
}

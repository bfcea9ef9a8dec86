/* SPDX-License-Identifier: Apache-2.0 */
/* said: the script, and its packed arguments; see said.h.
 *
 * The first argument is two words (seconds to live of a record, and of the guard) and two singles (half-lives in
 * minutes); the second a double, a word, a word, a word and two singles for each struct said_word, little-endian. */
#include "proto/store/said.h"

#include <assert.h>

enum { LIVES = 2, GUARD_S = 90 * 86400, HEAD_BYTES = 16, WORD_BYTES = 28 };

/* The guard is KEYS[1], the records follow. What a word adds has faded since its minute, for each half-life; a sum
 * never goes below 0. */
static const char SCRIPT[] =
    "local now = math.floor((redis.call('TIME')[1] - 1577836800) / 60)\n"
    "local live, guard, fast, slow = struct.unpack('<I4I4ff', ARGV[1])\n"
    "local g, gm, gn = redis.pcall('GET', KEYS[1]), -1, -1\n"
    "if type(g) == 'string' and #g == 12 then gm, gn = struct.unpack('<dI4', g) end\n"
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
    "return taken\n";

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

bool said_put(const struct said *s, const span *keys, size_t n, const struct said_word *words, size_t word_count,
              uint64_t tag)
{
    static const char TAIL[] = "said"; /* no name's key: those have a tenant and a kind there */
    uint8_t head[HEAD_BYTES], blob[SAID_WORDS_MAX * WORD_BYTES], guard[NAME_KEY_BYTES], *p;
    span all[SAID_KEYS_MAX + 1];
    assert(n > 0 && n <= SAID_KEYS_MAX && word_count <= SAID_WORDS_MAX);
    float fast = (float)s->lives.minutes[RECORD_FAST], slow = (float)s->lives.minutes[RECORD_SLOW];
    put_bits(put_bits(put_word(put_word(head, s->said_s), GUARD_S), &fast, 4), &slow, 4);
    p = blob;
    for (size_t i = 0; i < word_count; i++) {
        const struct said_word *w = &words[i];
        double ms = (double)w->ms; /* exact: below 2^53 */
        p = put_word(put_word(put_word(put_bits(p, &ms, 8), (uint32_t)w->n), w->minute), w->key);
        p = put_bits(put_bits(p, &w->ham, 4), &w->spam, 4);
    }
    size_t cut = bucket_at(keys[0]) + 4; /* "…{BB}:" */
    memcpy(guard, keys[0].p, cut);
    memcpy(guard + cut, TAIL, sizeof TAIL - 1);
    all[0] = span_of(guard, cut + sizeof TAIL - 1);
    memcpy(all + 1, keys, n * sizeof *keys);
    span args[] = {span_of(head, sizeof head), span_of(blob, (size_t)(p - blob))};
    return store_eval(s->store, s->script, all, n + 1, args, 2, tag);
}

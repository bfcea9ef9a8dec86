/* SPDX-License-Identifier: Apache-2.0 */
/* counters: the script, and its packed argument; see counters.h.
 *
 * The argument is two words (seconds to live of a name that was only seen, and of one that people spoke about), two
 * singles (half-lives in minutes), then five singles a key, little-endian as in a record, and a byte: 1 keeps it as
 * if people had spoken about it. */
#include "proto/store/counters.h"

#include <assert.h>

enum { LIVES = 2, SEEN_SHARE = 6, HEAD_BYTES = 16, ADD_BYTES = 4 * SUM_COUNT + 1 };

/* TIME comes first, by itself: every record of a call has the same minute, and a factor is computed once for all
 * records that were last changed in one minute. */
static const char SCRIPT[] =
    "local arg = ARGV[1]\n"
    "local now = math.floor((redis.call('TIME')[1] - 1577836800) / 60)\n"
    "local seen, said, fast, slow, at = struct.unpack('<I4I4ff', arg)\n"
    "local minute, f, s = now, 1, 1\n"
    "local have = redis.call('MGET', unpack(KEYS))\n"
    "for i, key in ipairs(KEYS) do\n"
    "  local a, b, c, d, e, keep\n"
    "  a, b, c, d, e, keep, at = struct.unpack('<fffffB', arg, at)\n"
    "  local v = have[i]\n"
    "  local a2, b2, c2, d2, e2 = a, b, c, d, e\n"
    "  local head = now\n"
    "  if v and #v == 44 and string.byte(v, 4) == 2 then\n"
    "    local h, u1, u2, u3, u4, u5, w1, w2, w3, w4, w5 = struct.unpack('<I4ffffffffff', v)\n"
    "    head = h % 16777216\n"
    "    if head ~= minute then\n"
    "      local age = math.max(now - head, 0)\n"
    "      minute, f, s = head, 2 ^ (-age / fast), 2 ^ (-age / slow)\n"
    "    end\n"
    "    a, b, c, d, e = a + u1 * f, b + u2 * f, c + u3 * f, d + u4 * f, e + u5 * f\n"
    "    a2, b2, c2, d2, e2 = a2 + w1 * s, b2 + w2 * s, c2 + w3 * s, d2 + w4 * s, e2 + w5 * s\n"
    "  end\n"
    "  v = struct.pack('<I4ffffffffff', 33554432 + math.max(now, head), a, b, c, d, e, a2, b2, c2, d2, e2)\n"
    "  redis.call('SET', key, v, 'EX', d2 + e2 + keep > 0 and said or seen)\n"
    "end\n"
    "return #KEYS\n";

void counters_init(struct counters *c, struct store *s, const struct record_lives *lives)
{
    *c = (struct counters){.store = s, .script = store_script(s, SCRIPT), .lives = *lives};
    c->said_s = (uint32_t)(LIVES * 60 * lives->minutes[RECORD_SLOW]);
    c->seen_s = c->said_s / SEEN_SHARE;
}

static uint8_t *put_bits(uint8_t *p, const void *value)
{
    uint32_t x;
    memcpy(&x, value, sizeof x);
    for (int i = 0; i < 4; i++) *p++ = (uint8_t)(x >> (8 * i));
    return p;
}

bool counters_put(const struct counters *c, const span *keys, const struct counters_add *add, size_t n, uint64_t tag)
{
    uint8_t arg[HEAD_BYTES + COUNTERS_BATCH * ADD_BYTES], *p = arg;
    float fast = (float)c->lives.minutes[RECORD_FAST], slow = (float)c->lives.minutes[RECORD_SLOW];
    assert(n > 0 && n <= COUNTERS_BATCH);
    p = put_bits(put_bits(p, &c->seen_s), &c->said_s);
    p = put_bits(put_bits(p, &fast), &slow);
    for (size_t i = 0; i < n; i++) {
        for (int k = 0; k < SUM_COUNT; k++) p = put_bits(p, &add[i].sum[k]);
        *p++ = add[i].keep;
    }
    span blob = span_of(arg, (size_t)(p - arg));
    return store_eval(c->store, c->script, keys, n, &blob, 1, tag);
}

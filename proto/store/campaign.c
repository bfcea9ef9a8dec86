/* SPDX-License-Identifier: Apache-2.0 */
/* campaign: the script, its packed arguments, and what it leaves; see campaign.h.
 *
 * An entry is a record (record.h; nothing said), the minute of the first mail, a byte and so many bands of 8 bytes, then
 * the subject. The first argument is two words (seconds to live, entries kept) and two singles (half-lives in minutes);
 * then one an entry: a byte (1 may make it), three singles, a byte and so many bands, a byte and so many networks, the
 * subject. KEYS are the index and two an entry. */
#include "proto/store/campaign.h"

#include "proto/base/hash.h"
#include "proto/base/utf8.h"

#include <assert.h>

enum { LIVES = 4, HEAD_BYTES = 16, FIRST_BYTES = RECORD_BYTES + 5 };
enum { ARG_BYTES = 15 + 8 * CAMPAIGN_WITH + 8 * CAMPAIGN_NETS + CAMPAIGN_SUBJECT_BYTES };

/* Entries are ranked by mails above the usual: a large sender's daily letter must not push out what is new. What falls
 * out of the index goes with its keys, which are of the index's slot. */
static const char SCRIPT[] =
    "local ttl, kept, fast, slow = struct.unpack('<I4I4ff', ARGV[1])\n"
    "local now = math.floor((redis.call('TIME')[1] - 1577836800) / 60)\n"
    "local index, done = KEYS[1], 0\n"
    "for i = 2, #ARGV do\n"
    "  local entry, nets, arg = KEYS[2 * i - 2], KEYS[2 * i - 1], ARGV[i]\n"
    "  local makes, a, b, c, n, at = struct.unpack('<BfffB', arg)\n"
    "  local with = string.sub(arg, at, at + 8 * n - 1)\n"
    "  n, at = struct.unpack('B', arg, at + 8 * n)\n"
    "  local members = {}\n"
    "  for k = at, at + 8 * n - 1, 8 do members[#members + 1] = string.sub(arg, k, k + 7) end\n"
    "  local subject = string.sub(arg, at + 8 * n)\n"
    "  local a2, b2, c2, head, first = a, b, c, now, now\n"
    "  local v = redis.pcall('GET', entry)\n"
    "  if type(v) == 'string' and #v >= 49 and string.byte(v, 4) == 2 then\n"
    "    local h, u1, u2, u3, u4, u5, w1, w2, w3, w4, w5, born, m, p = struct.unpack('<I4ffffffffffI4B', v)\n"
    "    local f, s\n"
    "    head, first, makes = h % 16777216, born, 1\n"
    "    f = 2 ^ (-math.max(now - head, 0) / fast)\n"
    "    s = 2 ^ (-math.max(now - head, 0) / slow)\n"
    "    a, b, c, a2, b2, c2 = a + u1 * f, b + u2 * f, c + u3 * f, a2 + w1 * s, b2 + w2 * s, c2 + w3 * s\n"
    "    with = with .. string.sub(v, p, p + 8 * m - 1)\n"
    "    if p + 8 * m <= #v then subject = string.sub(v, p + 8 * m) end\n"
    "  end\n"
    "  if makes == 1 then\n"
    "    local bands, met = {}, {}\n"
    "    for k = 1, #with - 7, 8 do\n"
    "      local w = string.sub(with, k, k + 7)\n"
    "      if not met[w] and #bands < 8 then met[w], bands[#bands + 1] = true, w end\n"
    "    end\n"
    "    v = struct.pack('<I4ffffffffffI4B', 33554432 + math.max(now, head), a, b, c, 0, 0, a2, b2, c2, 0, 0, first, "
    "#bands)\n"
    "    redis.call('SET', entry, v .. table.concat(bands) .. subject, 'EX', ttl)\n"
    "    local rank = math.log(math.max(a - a2 * fast / slow, 0.01)) / math.log(2) + math.max(now, head) / fast\n"
    "    redis.call('ZADD', index, rank, string.sub(entry, -16))\n"
    "    if #members > 0 and type(redis.pcall('PFADD', nets, unpack(members))) == 'number' then\n"
    "      redis.call('EXPIRE', nets, ttl)\n"
    "    end\n"
    "    done = done + 1\n"
    "  end\n"
    "end\n"
    "if done > 0 then\n"
    "  for _, band in ipairs(redis.call('ZRANGE', index, 0, -kept - 1)) do\n"
    "    redis.call('ZREM', index, band)\n"
    "    redis.call('DEL', index .. ':' .. band, index .. ':' .. band .. '#')\n"
    "  end\n"
    "  redis.call('EXPIRE', index, ttl)\n"
    "end\n"
    "return done\n";

static uint8_t *put32(uint8_t *p, uint32_t x)
{
    for (int i = 0; i < 4; i++) *p++ = (uint8_t)(x >> (8 * i));
    return p;
}

static uint8_t *put_single(uint8_t *p, double value)
{
    float x = (float)value;
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return put32(p, bits);
}

static uint8_t *put_list(uint8_t *p, const uint64_t *v, size_t n)
{
    *p++ = (uint8_t)n;
    for (size_t i = 0; i < n; i++)
        for (int k = 0; k < 8; k++) *p++ = (uint8_t)(v[i] >> (56 - 8 * k));
    return p;
}

static uint64_t get64(const uint8_t *p)
{
    uint64_t x = 0;
    for (int k = 0; k < 8; k++) x = x << 8 | p[k];
    return x;
}

bool campaign_read(span bytes, struct campaign *out)
{
    uint64_t band = out->band;
    *out = (struct campaign){.band = band};
    if (bytes.n < FIRST_BYTES || bytes.n > CAMPAIGN_BYTES) return false;
    size_t n = bytes.p[FIRST_BYTES - 1];
    if (n > CAMPAIGN_WITH || bytes.n < FIRST_BYTES + 8 * n) return false;
    if (!record_read(span_head(bytes, RECORD_BYTES), &out->seen)) return false;
    const uint8_t *first = bytes.p + RECORD_BYTES;
    out->first = (uint32_t)first[0] | (uint32_t)first[1] << 8 | (uint32_t)first[2] << 16 | (uint32_t)first[3] << 24;
    for (size_t i = 0; i < n; i++) out->with[i] = get64(bytes.p + FIRST_BYTES + 8 * i);
    out->with_count = n;
    out->subject = span_head(span_from(bytes, FIRST_BYTES + 8 * n), CAMPAIGN_SUBJECT_BYTES);
    return true;
}

/* --- keys --------------------------------------------------------------------------------------------------------- */

void campaign_digits(uint64_t band, uint8_t out[CAMPAIGN_DIGITS])
{
    for (int d = 0; d < CAMPAIGN_DIGITS; d++) out[d] = (uint8_t) "0123456789abcdef"[band >> (60 - 4 * d) & 15];
}

bool campaign_band(span digits, uint64_t *out)
{
    uint64_t x = 0;
    if (digits.n != CAMPAIGN_DIGITS) return false;
    for (size_t i = 0; i < digits.n; i++) {
        int d = ascii_hex(digits.p[i]);
        if (d < 0) return false;
        x = x << 4 | (uint64_t)d;
    }
    *out = x;
    return true;
}

span campaign_index(const char *prefix, span tenant, uint8_t out[CAMPAIGN_INDEX_BYTES])
{
    static const char TAIL[] = ":campaign", HEX[] = "0123456789abcdef";
    size_t head = strlen(prefix);
    assert(head <= NAME_PREFIX_BYTES);
    memcpy(out, prefix, head);
    memcpy(out + head, ":2:{00}:", 8);
    uint8_t *bucket = out + head + 4, *hashed = out + head + 8;
    size_t n = name_tenant(tenant, hashed);
    memcpy(hashed + n, TAIL, sizeof TAIL - 1);
    n += sizeof TAIL - 1;
    uint64_t at = hash64(span_of(hashed, n), 0) % NAME_BUCKETS;
    bucket[0] = (uint8_t)HEX[at >> 4];
    bucket[1] = (uint8_t)HEX[at & 15];
    return span_of(out, head + 8 + n);
}

span campaign_key(span index, uint64_t band, uint8_t out[CAMPAIGN_KEY_BYTES])
{
    memcpy(out, index.p, index.n);
    out[index.n] = ':';
    campaign_digits(band, out + index.n + 1);
    return span_of(out, index.n + 1 + CAMPAIGN_DIGITS);
}

span campaign_nets(span index, uint64_t band, uint8_t out[CAMPAIGN_KEY_BYTES])
{
    span key = campaign_key(index, band, out);
    out[key.n] = '#';
    return span_of(out, key.n + 1);
}

/* --- what is written ---------------------------------------------------------------------------------------------- */

size_t campaign_subject(span text, uint8_t out[CAMPAIGN_SUBJECT_BYTES])
{
    size_t n = 0;
    bool gap = false;
    for (size_t i = 0; i < text.n;) {
        span rest = span_from(text, i);
        size_t bytes = utf8_len(rest);
        uint32_t c = 0;
        if (bytes) utf8_get(rest, &c);
        i += bytes ? bytes : 1;
        if (c == ' ' || !utf8_harmless(c)) {
            gap = n > 0;
            continue;
        }
        if (n + gap + bytes > CAMPAIGN_SUBJECT_BYTES) break;
        if (gap) out[n++] = ' ';
        gap = false;
        memcpy(out + n, rest.p, bytes);
        n += bytes;
    }
    return n;
}

void campaigns_writer_init(struct campaigns_writer *w, struct store *s, const struct record_lives *lives)
{
    *w = (struct campaigns_writer){.store = s, .script = store_script(s, SCRIPT), .lives = *lives};
    w->ttl_s = (uint32_t)(LIVES * 60 * lives->minutes[RECORD_FAST]);
}

bool campaigns_put(const struct campaigns_writer *w, span index, const struct campaign_more *more, size_t n,
                   uint64_t tag)
{
    uint8_t key[CAMPAIGN_BATCH][2][CAMPAIGN_KEY_BYTES], arg[CAMPAIGN_BATCH][ARG_BYTES], head[HEAD_BYTES];
    span keys[1 + 2 * CAMPAIGN_BATCH] = {index}, args[1 + CAMPAIGN_BATCH] = {span_of(head, sizeof head)};
    assert(n > 0 && n <= CAMPAIGN_BATCH);
    put_single(put_single(put32(put32(head, w->ttl_s), CAMPAIGN_KEPT), w->lives.minutes[RECORD_FAST]),
               w->lives.minutes[RECORD_SLOW]);
    for (size_t i = 0; i < n; i++) {
        const struct campaign_more *m = &more[i];
        uint8_t *p = arg[i];
        assert(m->with_count <= CAMPAIGN_WITH && m->net_count <= CAMPAIGN_NETS &&
               m->subject.n <= CAMPAIGN_SUBJECT_BYTES);
        *p++ = m->makes;
        p = put_single(put_single(put_single(p, m->mails), m->ham), m->spam);
        p = put_list(put_list(p, m->with, m->with_count), m->net, m->net_count);
        if (m->subject.n) memcpy(p, m->subject.p, m->subject.n);
        args[1 + i] = span_of(arg[i], (size_t)(p - arg[i]) + m->subject.n);
        keys[1 + 2 * i] = campaign_key(index, m->band, key[i][0]);
        keys[2 + 2 * i] = campaign_nets(index, m->band, key[i][1]);
    }
    return store_eval(w->store, w->script, keys, 1 + 2 * n, args, 1 + n, tag);
}

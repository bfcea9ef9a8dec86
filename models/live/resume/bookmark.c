/* SPDX-License-Identifier: Apache-2.0 */
/* bookmark: see bookmark.h. One script sets and cuts, so that no group moves in between. */
#include "models/live/resume/bookmark.h"

#include "proto/base/clock.h"
#include "proto/base/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { RETRY_US = 2000000, TELL_US = 60 * 1000000, PRESS_US = 1000000, DAY_MS = 86400000 };

/* Time is the stream's: that of its newest entry. Groups that are not named as hosts are hold as hosts do, and stay. One
 * that comes new cuts nothing: it may still want all of it. */
static const char SCRIPT[] =
    "local key, group, place, number = KEYS[1], ARGV[1], ARGV[2], tonumber(ARGV[3])\n"
    "local keep, hold, gone, most = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])\n"
    "local function info()\n"
    "  local x, s = redis.pcall('XINFO', 'STREAM', key), {}\n"
    "  if not x.err then for i = 1, #x, 2 do s[x[i]] = x[i + 1] end end\n"
    "  return s\n"
    "end\n"
    "local function say(verb, ...)\n"
    "  local words = {'XGROUP', verb, key, group, place, ...}\n"
    "  local added = info()['entries-added']\n"
    "  if number and added then\n"
    "    words[#words + 1] = 'ENTRIESREAD'; words[#words + 1] = math.min(number, added)\n"
    "  end\n"
    "  return redis.pcall(unpack(words))\n"
    "end\n"
    "local r = say('SETID')\n"
    "if r.err then r = say('CREATE', 'MKSTREAM') end\n"
    "if r.err then return r end\n"
    "local used = redis.pcall('MEMORY', 'USAGE', key, 'SAMPLES', 20)\n"
    "if type(used) == 'number' and used > most then\n"
    "  redis.call('XTRIM', key, 'MAXLEN', '~', math.floor(redis.call('XLEN', key) * most / used))\n"
    "end\n"
    "if place == '0-0' then return 0 end\n"
    "local newest = tonumber(string.match(info()['last-generated-id'], '^%d+'))\n"
    "local cut = newest - keep\n"
    "for _, g in ipairs(redis.call('XINFO', 'GROUPS', key)) do\n"
    "  local f = {}\n"
    "  for i = 1, #g, 2 do f[g[i]] = g[i + 1] end\n"
    "  local at = tonumber(string.match(f['last-delivered-id'], '^%d+'))\n"
    "  local behind = newest - at\n"
    "  if behind > gone and f.name ~= group and string.match(f.name, '^%x+$') and #f.name == 16 then\n"
    "    redis.call('XGROUP', 'DESTROY', key, f.name)\n"
    "  elseif behind <= hold then\n"
    "    cut = math.min(cut, at)\n"
    "  end\n"
    "end\n"
    "if cut <= 0 then return 0 end\n"
    "return redis.call('XTRIM', key, 'MINID', '~', string.format('%.0f', cut))\n";

struct bookmark {
    struct store *store;
    span key;
    unsigned script;
    char host[24];
    uint64_t keep_ms, bytes_max, connections;
    struct follow_place told; /* what the server was told last */
    bool asked, known, pressed;
    int64_t told_us, retry_us, warned_us;
};

enum err bookmark_open(struct store *s, span key, uint64_t host, unsigned keep_days, uint64_t bytes_max,
                       struct bookmark **out)
{
    struct bookmark *b = calloc(1, sizeof *b);
    if (!b) return ERR_MEMORY;
    *b = (struct bookmark){.store = s, .key = key, .keep_ms = (uint64_t)keep_days * DAY_MS, .bytes_max = bytes_max};
    b->script = store_script(s, SCRIPT);
    snprintf(b->host, sizeof b->host, "%016" PRIx64, host);
    *out = b;
    return ERR_OK;
}

void bookmark_close(struct bookmark *b)
{
    free(b);
}

void bookmark_press(struct bookmark *b)
{
    b->pressed = true;
}

static bool is_due(const struct bookmark *b, struct follow_place at, int64_t now_us)
{
    struct store_stat s;
    store_stat(b->store, &s);
    if (b->asked || !store_up(b->store) || now_us < b->retry_us) return false;
    bool again = now_us - b->told_us > (int64_t)BOOKMARK_EVERY_S * 1000000;
    bool press = b->pressed && now_us - b->told_us > PRESS_US;
    return !b->known || s.connections != b->connections || follow_place_cmp(at, b->told) != 0 || again || press;
}

void bookmark_turn(struct bookmark *b, struct follow_place at, uint64_t number, int64_t now_us)
{
    char place[FOLLOW_PLACE_TEXT], count[24] = "", keep[24], hold[24], gone[24], most[24];
    struct store_stat s;
    if (!is_due(b, at, now_us)) return;
    follow_place_write(at, place);
    if (number != FOLLOW_UNKNOWN) snprintf(count, sizeof count, "%" PRIu64, number);
    snprintf(keep, sizeof keep, "%" PRIu64, b->pressed ? 0 : b->keep_ms);
    snprintf(hold, sizeof hold, "%" PRIu64, (uint64_t)BOOKMARK_HOLD_DAYS * DAY_MS);
    snprintf(gone, sizeof gone, "%" PRIu64, (uint64_t)BOOKMARK_GONE_DAYS * DAY_MS);
    snprintf(most, sizeof most, "%" PRIu64, b->bytes_max);
    span args[] = {span_cstr(b->host), span_cstr(place), span_cstr(count), span_cstr(keep),
                   span_cstr(hold),    span_cstr(gone),  span_cstr(most)};
    b->asked = store_eval(b->store, b->script, &b->key, 1, args, sizeof args / sizeof *args, BOOKMARK_TAG);
    if (!b->asked) return;
    store_stat(b->store, &s);
    b->connections = s.connections;
    b->told = at;
    b->told_us = now_us;
    b->pressed = false;
    store_pump(b->store);
}

void bookmark_reply(struct bookmark *b, const struct store_reply *r, int64_t now_us)
{
    b->asked = false;
    b->known = r->v[0].kind == STORE_INTEGER;
    if (b->known) {
        if (r->v[0].integer > 0) LOG(LEVEL_DEBUG, "stream_cut", L_INT("entries", r->v[0].integer));
        return;
    }
    b->retry_us = now_us + RETRY_US;
    if (r->v[0].kind != STORE_ERROR || (b->warned_us && now_us - b->warned_us < TELL_US)) return;
    b->warned_us = now_us;
    char why[96];
    snprintf(why, sizeof why, "%.*s", SPAN_ARG(span_head(r->v[0].text, sizeof why - 1)));
    LOG(LEVEL_WARN, "bookmark_refused", L_STR("why", why), L_STR("now", "the stream is cut by its length alone"));
}

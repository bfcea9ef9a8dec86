/* SPDX-License-Identifier: Apache-2.0 */
/* offer: see offer.h. One chunk at a time, so that nothing else waits long behind it. */
#include "models/live/resume/offer.h"

#include "proto/base/clock.h"
#include "proto/base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WRITING_S = 3600 }; /* chunks without a note go after that */
static const int64_t TELL_US = 3600 * INT64_C(1000000);

/* Is a snapshot (ms, n, whole) worth more than the one that the note at KEYS[1] is of? When it is the same, its time to
 * live is renewed by the day. */
#define BETTER                                                                                      \
    "local function better(ms, n, whole, live)\n"                                                   \
    "  local m = redis.pcall('GET', KEYS[1])\n"                                                     \
    "  if type(m) ~= 'string' then return true, '' end\n"                                           \
    "  local function has(key) return tonumber(string.match(m, '\\n' .. key .. '=(%d+)\\n')) end\n" \
    "  local oms, on, owhole = has('ms'), has('n'), has('whole')\n"                                 \
    "  if not (oms and on and owhole) then return true, m end\n"                                    \
    "  if whole ~= owhole then return whole > owhole, m end\n"                                      \
    "  if ms ~= oms then return ms > oms, m end\n"                                                  \
    "  if n ~= on then return n > on, m end\n"                                                      \
    "  return redis.call('TTL', KEYS[1]) < live - 86400, m\n"                                       \
    "end\n"

/* KEYS: note, lock. ARGV: ms, n, whole, live; host, every_s. */
static const char WANT[] = BETTER
    "if not better(tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])) then return 0 end\n"
    "return redis.call('SET', KEYS[2], ARGV[5], 'NX', 'EX', ARGV[6]) and 1 or 0\n";

/* KEYS: note, and all chunks. ARGV: ms, n, whole, live; the new note, or nothing: then the chunks go. The older note
 * names its chunks by the beginning of ours up to the host's name. */
static const char PUBLISH[] =
    BETTER "local good, old = better(tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]))\n"
           "if old ~= '' and old == ARGV[5] then return 1 end\n"
           "if not good or ARGV[5] == '' then\n"
           "  for i = 2, #KEYS do redis.call('UNLINK', KEYS[i]) end\n"
           "  return 0\n"
           "end\n"
           "for i = 2, #KEYS do\n"
           "  if redis.call('EXPIRE', KEYS[i], ARGV[4]) == 0 then return 0 end\n"
           "end\n"
           "redis.call('SET', KEYS[1], ARGV[5], 'EX', ARGV[4])\n"
           "local host, made = string.match(old, '\\nhost=(%x+)\\n'), string.match(old, '\\nmade_ms=(%d+)\\n')\n"
           "local bytes = tonumber(string.match(old, '\\nbytes=(%d+)\\n'))\n"
           "if host and made and bytes and bytes <= 1073741824 then\n"
           "  local base = KEYS[1] .. ':' .. host .. '-' .. made .. ':'\n"
           "  for i = 0, math.ceil(bytes / 262144) - 1 do redis.call('UNLINK', base .. i) end\n"
           "end\n"
           "return 1\n";
_Static_assert(NOTE_CHUNK == 262144 && NOTE_BYTES_MAX == 1073741824, "as the script has them");

enum step { IDLE, ASKING, CHUNKS, PUBLISHING };

struct offer {
    struct store *store;
    struct offer_options options;
    unsigned want, publish;
    const char *path; /* of what is offered; NULL: nothing */
    struct follow_place at;
    bool whole;
    enum step step;
    bool flight; /* an answer is owed */
    uint64_t round;
    int64_t ask_us, told_us;
    int fd;
    struct note note;
    size_t chunk;
    struct secret_seal seal;
    size_t chunk_bytes;
    uint8_t bytes[NOTE_CHUNK];
};

enum err offer_open(struct store *s, const struct offer_options *o, struct offer **out)
{
    struct offer *f = calloc(1, sizeof *f);
    if (!f) return ERR_MEMORY;
    f->store = s;
    f->options = *o;
    f->fd = -1;
    f->want = store_script(s, WANT);
    f->publish = store_script(s, PUBLISH);
    *out = f;
    return ERR_OK;
}

void offer_close(struct offer *f)
{
    if (!f) return;
    if (f->fd >= 0) close(f->fd);
    free(f);
}

bool offer_busy(const struct offer *f)
{
    return f->step == CHUNKS || f->step == PUBLISHING;
}

void offer_give(struct offer *f, const char *path, struct follow_place at, bool whole)
{
    f->path = path;
    f->at = at;
    f->whole = whole;
}

static void tell(struct offer *f, const char *why, int64_t now_us)
{
    if (f->told_us && now_us - f->told_us < TELL_US) return;
    f->told_us = now_us;
    LOG(LEVEL_WARN, "snapshot_not_shared", L_STR("why", why));
}

/* --- steps -------------------------------------------------------------------------------------------------------- */

static uint64_t tag_of(const struct offer *f)
{
    return OFFER_TAG | f->round;
}

/* What a snapshot is compared by, as the scripts want it. */
struct worth {
    char ms[24], n[24], live[16];
};

static size_t worth_args(struct follow_place at, bool whole, struct worth *w, span out[4])
{
    snprintf(w->ms, sizeof w->ms, "%" PRIu64, at.ms);
    snprintf(w->n, sizeof w->n, "%" PRIu64, at.n);
    snprintf(w->live, sizeof w->live, "%d", OFFER_LIVE_S);
    out[0] = span_cstr(w->ms);
    out[1] = span_cstr(w->n);
    out[2] = whole ? SPAN("1") : SPAN("0");
    out[3] = span_cstr(w->live);
    return 4;
}

static void ask(struct offer *f, int64_t now_us)
{
    char note[NOTE_KEY_BYTES], lock[NOTE_KEY_BYTES + 8], host[24], every[16];
    struct worth w;
    span keys[2] = {note_key(f->options.prefix, note)}, args[6];
    keys[1] = span_of(lock, (size_t)snprintf(lock, sizeof lock, "%.*s:lock", SPAN_ARG(keys[0])));
    size_t n = worth_args(f->at, f->whole, &w, args);
    snprintf(host, sizeof host, "%016" PRIx64, f->options.host);
    snprintf(every, sizeof every, "%u", f->options.every_s);
    args[n++] = span_cstr(host);
    args[n++] = span_cstr(every);
    f->flight = store_eval(f->store, f->want, keys, 2, args, n, tag_of(f));
    if (!f->flight) return;
    f->step = ASKING;
    f->ask_us = now_us + (int64_t)f->options.every_s * 1000000;
}

static void stop(struct offer *f)
{
    if (f->fd >= 0) close(f->fd);
    f->fd = -1;
    f->step = IDLE;
    f->round++;
}

static void begin(struct offer *f, int64_t now_us)
{
    struct stat s;
    f->fd = open(f->path, O_RDONLY | O_CLOEXEC);
    if (f->fd < 0 || fstat(f->fd, &s) != 0) {
        tell(f, strerror(errno), now_us);
        stop(f);
        return;
    }
    if ((uint64_t)s.st_size > f->options.bytes_max || s.st_size > NOTE_BYTES_MAX || s.st_size == 0) {
        tell(f, "it is longer than [reports] share_mb allows", now_us);
        stop(f);
        return;
    }
    f->note = (struct note){.host = f->options.host,
                            .made_ms = (uint64_t)clock_wall_us() / 1000,
                            .at = f->at,
                            .whole = f->whole,
                            .bytes = (uint64_t)s.st_size};
    note_seal(&f->note, f->options.secret, &f->seal);
    f->chunk = 0;
    f->step = CHUNKS;
}

/* The bytes of the present chunk; 0 when they cannot be read. */
static size_t read_chunk(struct offer *f)
{
    uint64_t from = (uint64_t)f->chunk * NOTE_CHUNK, left = f->note.bytes - from;
    size_t want = left < NOTE_CHUNK ? (size_t)left : NOTE_CHUNK, n = 0;
    while (n < want) {
        ssize_t got = pread(f->fd, f->bytes + n, want - n, (off_t)(from + n));
        if (got <= 0) return 0;
        n += (size_t)got;
    }
    return n;
}

static void put_chunk(struct offer *f, int64_t now_us)
{
    char key[NOTE_KEY_BYTES], live[16];
    f->chunk_bytes = read_chunk(f);
    if (f->chunk_bytes == 0) {
        tell(f, "it cannot be read", now_us);
        stop(f);
        return;
    }
    snprintf(live, sizeof live, "%d", WRITING_S);
    span k = note_chunk_key(f->options.prefix, &f->note, f->chunk, key);
    span words[] = {SPAN("SET"), k, span_of(f->bytes, f->chunk_bytes), SPAN("EX"), span_cstr(live)};
    f->flight = store_put(f->store, k, words, sizeof words / sizeof *words, tag_of(f));
}

/* With the note, or, after a failure, without: the chunks are removed. */
static void publish(struct offer *f, bool good)
{
    size_t chunks = good ? note_chunks(&f->note) : f->chunk + 1, n;
    char(*text)[NOTE_KEY_BYTES] = malloc((chunks + 1) * sizeof *text);
    span *keys = malloc((chunks + 1) * sizeof *keys), args[5];
    struct pairs note = {0};
    struct worth w;
    if (text && keys) {
        keys[0] = note_key(f->options.prefix, text[0]);
        for (size_t i = 0; i < chunks; i++) keys[i + 1] = note_chunk_key(f->options.prefix, &f->note, i, text[i + 1]);
        if (good) note_write(&f->note, &note);
        n = worth_args(f->note.at, f->note.whole, &w, args);
        args[n++] = span_of(note.p, note.n);
        f->flight = store_eval(f->store, f->publish, keys, chunks + 1, args, n, tag_of(f));
        if (f->flight) f->step = PUBLISHING;
    }
    pairs_close(&note);
    free(text);
    free(keys);
}

void offer_turn(struct offer *f, int64_t now_us)
{
    if (f->flight || !store_up(f->store)) return;
    switch (f->step) {
    case IDLE:
        if (f->path && now_us >= f->ask_us) ask(f, now_us);
        break;
    case CHUNKS: put_chunk(f, now_us); break;
    case PUBLISHING: publish(f, true); break;
    case ASKING: break;
    }
    if (f->flight) store_pump(f->store);
}

static void on_chunk(struct offer *f, const struct store_value *v, int64_t now_us)
{
    if (v->kind != STORE_TEXT) { /* "OK" */
        char why[96] = "the connection to Redis broke";
        if (v->kind == STORE_ERROR) snprintf(why, sizeof why, "%.*s", SPAN_ARG(span_head(v->text, sizeof why - 1)));
        tell(f, why, now_us);
        f->round++;
        publish(f, false); /* best effort: else they go by themselves */
        f->flight = false;
        stop(f);
        return;
    }
    secret_seal_add(&f->seal, span_of(f->bytes, f->chunk_bytes));
    if (++f->chunk < note_chunks(&f->note)) return;
    secret_seal_end(&f->seal, f->note.seal);
    f->step = PUBLISHING;
}

void offer_reply(struct offer *f, const struct store_reply *r, int64_t now_us)
{
    const struct store_value *v = &r->v[0];
    if (r->tag != tag_of(f)) return;
    f->flight = false;
    switch (f->step) {
    case ASKING:
        f->step = IDLE;
        if (v->kind == STORE_INTEGER && v->integer == 1) begin(f, now_us);
        break;
    case CHUNKS: on_chunk(f, v, now_us); break;
    case PUBLISHING:
        if (v->kind == STORE_LOST) break; /* asked again: to do it twice does no harm */
        if (v->kind == STORE_INTEGER && v->integer == 1)
            LOG(LEVEL_NOTE, "snapshot_shared", L_INT("bytes", f->note.bytes), L_INT("up_to_ms", f->note.at.ms));
        stop(f);
        break;
    case IDLE: break;
    }
}

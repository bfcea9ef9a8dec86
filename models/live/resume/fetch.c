/* SPDX-License-Identifier: Apache-2.0 */
/* fetch: see fetch.h. */
#include "models/live/resume/fetch.h"

#include "proto/base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    TRIES = 3, /* another host may replace it while it is read */
    RETRY_US = 500000,
};

enum step { IDLE, NOTE, CHUNKS };

struct fetch {
    struct store *store;
    struct fetch_options options;
    struct follow_place behind;
    bool whole;
    enum fetch_state state;
    enum step step;
    bool flight; /* an answer is owed */
    uint64_t round;
    unsigned tries;
    int64_t retry_us;
    int fd;
    struct note note;
    size_t chunk;
    struct secret_seal seal;
};

enum err fetch_open(struct store *s, const struct fetch_options *o, struct fetch **out)
{
    struct fetch *f = calloc(1, sizeof *f);
    if (!f) return ERR_MEMORY;
    *f = (struct fetch){.store = s, .options = *o, .state = FETCH_NONE, .fd = -1};
    *out = f;
    return ERR_OK;
}

static void end(struct fetch *f, enum fetch_state state)
{
    if (f->fd >= 0) close(f->fd);
    if (f->fd >= 0 && state != FETCH_THERE) unlink(f->options.path);
    f->fd = -1;
    f->state = state;
    f->step = IDLE;
    f->flight = false;
    f->round++;
}

void fetch_close(struct fetch *f)
{
    if (!f) return;
    end(f, FETCH_NONE);
    free(f);
}

void fetch_begin(struct fetch *f, struct follow_place behind, bool whole)
{
    end(f, FETCH_BUSY);
    f->behind = behind;
    f->whole = whole;
    f->tries = 0;
    f->step = NOTE;
}

enum fetch_state fetch_state(const struct fetch *f, struct note *out)
{
    *out = f->note;
    return f->state;
}

static void refuse(struct fetch *f, const char *why)
{
    LOG(LEVEL_WARN, "shared_snapshot_refused", L_STR("why", why), L_STR("now", "this host goes on without it"));
    end(f, FETCH_NONE);
}

/* --- out ---------------------------------------------------------------------------------------------------------- */

void fetch_turn(struct fetch *f, int64_t now_us)
{
    char key[NOTE_KEY_BYTES];
    if (f->step == IDLE || f->flight || now_us < f->retry_us || !store_up(f->store)) return;
    span k =
        f->step == NOTE ? note_key(f->options.prefix, key) : note_chunk_key(f->options.prefix, &f->note, f->chunk, key);
    span words[] = {SPAN("GET"), k};
    f->flight = store_put(f->store, k, words, 2, FETCH_TAG | f->round);
    if (f->flight) store_pump(f->store);
}

/* --- in ----------------------------------------------------------------------------------------------------------- */

static void on_note(struct fetch *f, span text)
{
    char fault[NOTE_FAULT_MAX];
    if (note_read(text, &f->note, fault) != ERR_OK) {
        refuse(f, fault);
        return;
    }
    if (follow_place_cmp(f->note.at, f->behind) <= 0 || (f->whole && !f->note.whole)) {
        end(f, FETCH_NONE);
        return;
    }
    if (f->note.bytes > f->options.bytes_max) {
        refuse(f, "it is longer than [reports] share_mb allows");
        return;
    }
    if (f->fd < 0) f->fd = open(f->options.path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (f->fd < 0 || ftruncate(f->fd, 0) != 0) {
        refuse(f, strerror(errno));
        return;
    }
    f->chunk = 0;
    f->step = CHUNKS;
    note_seal(&f->note, f->options.secret, &f->seal);
}

static bool write_at(int fd, span s, uint64_t at)
{
    while (s.n) {
        ssize_t n = pwrite(fd, s.p, s.n, (off_t)at);
        if (n <= 0) return false;
        s = span_from(s, (size_t)n);
        at += (size_t)n;
    }
    return true;
}

static void on_chunk(struct fetch *f, span bytes)
{
    char seal[SECRET_SEAL_HEX + 1];
    uint64_t from = (uint64_t)f->chunk * NOTE_CHUNK, left = f->note.bytes - from;
    if (bytes.n != (left < NOTE_CHUNK ? left : NOTE_CHUNK)) {
        refuse(f, "a chunk has another size than its note says");
        return;
    }
    if (!write_at(f->fd, bytes, from)) {
        refuse(f, strerror(errno));
        return;
    }
    secret_seal_add(&f->seal, bytes);
    if (++f->chunk < note_chunks(&f->note)) return;
    secret_seal_end(&f->seal, seal);
    if (strcmp(seal, f->note.seal) != 0)
        refuse(f, "its seal is not of this installation's secret, or its bytes are damaged");
    else if (fsync(f->fd) != 0)
        refuse(f, strerror(errno));
    else
        end(f, FETCH_THERE);
}

/* It is not there (any more): perhaps another one is. */
static void on_nothing(struct fetch *f)
{
    if (f->step == NOTE)
        end(f, FETCH_NONE);
    else if (++f->tries == TRIES)
        refuse(f, "chunks of it are missing");
    else
        f->step = NOTE;
}

void fetch_reply(struct fetch *f, const struct store_reply *r, int64_t now_us)
{
    const struct store_value *v = &r->v[0];
    if (r->tag != (FETCH_TAG | f->round)) return;
    f->flight = false;
    if (v->kind == STORE_NIL) {
        on_nothing(f);
    } else if (v->kind == STORE_TEXT && f->step == NOTE) {
        on_note(f, v->text);
    } else if (v->kind == STORE_TEXT) {
        on_chunk(f, v->text);
    } else if (r->passing) {
        f->retry_us = now_us + RETRY_US;
    } else {
        refuse(f, "what stands under its key is of another type");
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
/* follow: the stream of reports, entry by entry, in the order that all hosts see.
 *
 * An entry holds which host's journal it is from (h), its number there (n), that of the one sent before it (p), the
 * report (r, proto/feedback.h), and a seal on all of these (s), which only hosts that have the secret can make. It is taken when its predecessor is the last that was taken from that host: so entries
 * that come twice, or too early, are passed over, and each report counts exactly once. What cannot be read goes to a
 * stream of its own, with the reason; the learner goes on. Before each read the stream says where it begins: when it
 * has lost what should come next (this host was away for longer than the stream remembers) whoever follows decides what
 * then. docs/feedback.md. */
#ifndef FURUI_STREAM_FOLLOW_H
#define FURUI_STREAM_FOLLOW_H

#include "models/live/state/memo.h"
#include "proto/feedback.h"
#include "proto/store/secret.h"
#include "proto/store/store.h"

enum {
    FOLLOW_HOSTS_BITS = 8, /* hosts whose numbers are remembered */
    FOLLOW_BATCH = 12,     /* entries asked for at a time: with the largest record still under STORE_REPLY_BYTES */
    FOLLOW_BLOCK_MS = 1000,
};

/* Where in the stream: an entry's id. */
struct follow_place {
    uint64_t ms, n;
};

/* Below 0, 0, above 0: a is before b, is b, is behind b. */
static inline int follow_place_cmp(struct follow_place a, struct follow_place b)
{
    if (a.ms != b.ms) return a.ms < b.ms ? -1 : 1;
    return (a.n > b.n) - (a.n < b.n);
}

static inline bool follow_place_zero(struct follow_place p)
{
    return p.ms == 0 && p.n == 0;
}

/* What decides how the stream is taken: part of the state that snapshots hold. */
struct follow_state {
    struct follow_place place;
    struct follow_place
        missed;        /* where something was passed over, so that the state is not the other hosts'; 0-0: none */
    struct memo hosts; /* number of the last entry taken, by host */
    void *hosts_block; /* owned */
    size_t hosts_bytes;
};

enum err follow_state_open(struct follow_state *s);
void follow_state_close(struct follow_state *s);

/* The number of the last entry that was taken from a host; 0: none, or it is forgotten. */
uint64_t follow_taken(const struct follow_state *s, uint64_t host);

struct follow_ops {
    void *ctx;
    /* A report, in its turn; lent. */
    void (*report)(void *ctx, const struct feedback *r, struct follow_place at);
    /* The stream begins at `first`, behind what should come next. True: go on from there, which is remembered in the
     * state; false: this has called follow_hold. NULL: go on. */
    bool (*gap)(void *ctx, struct follow_place first);
    /* The server does not know the state's place any more, and has what came before it up to `upto`: it lost something.
     * False: this has called follow_hold. NULL: go on. */
    bool (*lost)(void *ctx, struct follow_place upto);
};

struct follow;

/* The seal of an entry with these fields, as text. */
void follow_seal(const struct secret *s, span host, span number, span previous, span record,
                 char out[SECRET_SEAL_HEX + 1]);

/* `key`, `dead_key`: of the stream and of that for entries that cannot be read; lent, as the rest. The store is one of
 * its own, just opened: a read waits in it until an entry comes. ERR_MEMORY. */
enum err follow_open(struct store *s, span key, span dead_key, const struct secret *secret, struct follow_state *state,
                     const struct follow_ops *ops, struct follow **out);
void follow_close(struct follow *f);

/* Ask for more when nothing is asked for, and take what has come. Returns how many entries were taken. */
size_t follow_turn(struct follow *f, int64_t now_us);

/* Take nothing more until follow_go: what is on its way is dropped, and asked for again from the state's place. May be
 * called by ops, and again. */
void follow_hold(struct follow *f);
void follow_go(struct follow *f);

/* What the stream said of itself. */
struct follow_stream {
    struct follow_place first; /* its oldest entry; 0-0: it is empty */
    struct follow_place upto;  /* its newest entry at or before the state's place; 0-0: it begins behind it */
    bool whole;                /* nothing was ever removed from it */
};

/* False when it has said nothing since the last follow_hold; it is asked even while held. */
bool follow_stream(const struct follow *f, struct follow_stream *out);

/* How many entries were ever added up to the state's place; FOLLOW_UNKNOWN before that is known (Redis 7 counts). */
#define FOLLOW_UNKNOWN UINT64_MAX
uint64_t follow_number(const struct follow *f);

struct follow_stat {
    uint64_t taken, doubled, early, dead, gaps;
    bool idle; /* the last read came to the stream's end: all that was there is taken */
};
void follow_stat(const struct follow *f, struct follow_stat *out);

/* "MS-N" to a place; false when it is none. And back. */
bool follow_place_read(span text, struct follow_place *out);
enum { FOLLOW_PLACE_TEXT = 48 };
void follow_place_write(struct follow_place p, char out[FOLLOW_PLACE_TEXT]);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* course: the learner's way through the stream: where it begins, what it keeps of it, and how it goes back.
 *
 * It begins at its last snapshot; without one, or when the stream does not reach back to it, at that which hosts share
 * (fetch.h), and only then with what the stream has. It saves the state now and then, and each time moves its bookmark
 * (bookmark.h), offers the snapshot to others (offer.h) and keeps one of each hour and day (series.h). When a rewind is
 * ordered it begins again at one of these, and comes back to where it was with the skips that it has been told: the
 * state is the same as on every other host, whatever snapshot that was. One that cannot go back far enough says so,
 * keeps its state, and takes over the shared one as soon as that is past the order. When the server has lost what it had
 * acknowledged (told.h), or one of several the words about names (relay.h), it goes back as well, to before that.
 * docs/decisions/0019, 0024. */
#ifndef FURUI_LIVE_COURSE_H
#define FURUI_LIVE_COURSE_H

#include "models/live/live.h"
#include "proto/store/secret.h"

struct course_options {
    const char *dir; /* exists; holds snapshot, shared, old/ */
    span key, dead_key;
    const char *prefix;
    const struct secret *secret; /* lent, as the rest */
    uint64_t host;
    unsigned save_s;       /* between snapshots */
    unsigned rewind_days;  /* that one can go back */
    uint64_t stream_bytes; /* of the server's memory that the stream may fill */
    unsigned share_s;      /* between snapshots that hosts share, of all hosts together; 0: none is */
    uint64_t share_bytes;  /* a longer one is not */
};

struct course_ops {
    void *ctx;
    /* A report, in its turn; lent. */
    void (*report)(void *ctx, const struct feedback *r, struct follow_place at);
    /* Has Redis been told all that followed from the reports so far? */
    bool (*told)(void *ctx);
    uint64_t (*calls)(void *ctx); /* with words about names, that it has acknowledged */
    /* The server lost something, and the state has gone back: what it was not told yet counts no more. */
    void (*lost)(void *ctx);
    /* A bucket of words about names lacks some that it had acknowledged (relay_missing). */
    bool (*missing)(void *ctx, struct follow_place *upto_out);
    /* What to do about that: tell all again, as the state goes back (what waits counts no more), or go on. */
    void (*again)(void *ctx, bool all);
    /* The state has become another than what the reports since have made of it. NULL: nobody wants to know. */
    void (*changed)(void *ctx);
};

struct course;

/* Read the last snapshot, and begin. The stores were just opened and are lent; the reader is the course's alone. Both
 * are NULL when Redis is off. ERR_MEMORY. */
enum err course_open(struct live *l, struct store *s, struct store *reader, const struct course_options *o,
                     const struct course_ops *ops, struct course **out);
void course_close(struct course *c);

/* Take what has come, save what is due. True when reports were taken: more may be there. */
bool course_turn(struct course *c, int64_t now_us);

/* A reply of the store to a command of ours. */
bool course_owns(uint64_t tag);
void course_reply(struct course *c, const struct store_reply *r, int64_t now_us);

/* A rewind to `to` stands at `at`, the entry that is being reported; the live state has taken down what it skips. */
void course_rewind(struct course *c, struct follow_place at, struct follow_place to);

/* Could it be done, as far as is known? NULL, or why not, static. */
const char *course_can_rewind(const struct course *c, struct follow_place to);

/* The oldest place that could be gone back to, as far as is known. False: none, or Redis is away. */
bool course_oldest(const struct course *c, struct follow_place *out);

/* On the way back to where it was: the state is not to be shown. */
bool course_replays(const struct course *c);

/* Does the server have all that is known here? Before that nothing may be told to it. */
bool course_sure(const struct course *c);

/* Up to which of this host's entries the server has all; 0: nothing is known. False while that is being found out. */
bool course_taken(const struct course *c, uint64_t *number_out);

/* Is what stands there met again, on that way? Redis knows what follows from it. */
bool course_again(const struct course *c, struct follow_place at);

/* Save soon, for the last time: true when that is done, or not to be done now. */
bool course_leave(struct course *c);

/* Memory is short at the store. */
void course_press(struct course *c);

struct course_stat {
    struct follow_stat follow;
    bool replays;
    uint64_t rewound, rewinds_failed, taken_over; /* snapshots of others */
    uint64_t lost, words_lost;                    /* how often a server had lost something, or only words */
};
void course_stat(const struct course *c, struct course_stat *out);

#endif

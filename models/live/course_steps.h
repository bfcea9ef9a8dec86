/* SPDX-License-Identifier: Apache-2.0 */
/* course_steps: what course.c and course_back.c share. Nobody else calls these. */
#ifndef FURUI_LIVE_COURSE_STEPS_H
#define FURUI_LIVE_COURSE_STEPS_H

#include "models/live/course.h"
#include "models/live/resume/series.h"

struct bookmark;
struct told;
struct offer;
struct fetch;

struct course {
    struct live *live;
    struct course_options options;
    struct course_ops ops;
    struct follow *follow;
    struct bookmark *bookmark;
    struct told *told;
    struct offer *offer; /* NULL: nothing is shared */
    struct fetch *fetch; /* NULL: neither */
    char snapshot[SERIES_PATH_BYTES], shared[SERIES_PATH_BYTES], old[SERIES_PATH_BYTES];

    struct follow_place saved_at; /* where the snapshot on disk ends; 0-0: there is none */
    uint64_t saved_number;
    int64_t saved_us;
    bool save_due;

    bool seeks;      /* a shared snapshot: held until it is there, or known not to be */
    bool seeks_on;   /* the same for a state that missed something: not held */
    bool sought;     /* in vain: what the stream has must do */
    int64_t seek_us; /* when the next one may be sought */

    struct {
        bool ordered, replays;
        struct follow_place at, to;
    } rewind;
    bool lost;                      /* the server lost something: held until it is known what */
    struct follow_place lost_until; /* until then the state is an old one */
    bool words_lost;                /* a bucket lost words: held until the stream has said how far it reaches */
    int64_t words_us;               /* when words were told again; 0: never */
    struct course_stat stat;
};

/* The place before p. */
struct follow_place course_before(struct follow_place p);

/* Does the stream still have all that came behind this place? */
bool course_reaches(const struct follow_stream *s, struct follow_place at);

/* Each in its turn, while it has to do with the matter: a rewind that was ordered; the end of its way back; a server that
 * lost something; a bucket that lost words. */
void course_rewind_turn(struct course *c);
void course_end_replay(struct course *c);
void course_lost_turn(struct course *c);
void course_words_turn(struct course *c, int64_t now_us);

/* follow_ops.lost; ctx is the course. */
bool course_on_lost(void *ctx, struct follow_place upto);

#endif

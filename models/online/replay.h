/* SPDX-License-Identifier: Apache-2.0 */
/* replay: mails that are learnt again: the last so many that were kept, one drawn at a time by a fixed sequence.
 *
 * A single pass that repeats does what several passes do for a batch (Lin, Machine Learning 8, 1992). */
#ifndef FURUI_ONLINE_REPLAY_H
#define FURUI_ONLINE_REPLAY_H

#include "proto/base/err.h"
#include "worker/token/feature.h"

struct replay_mail {
    struct features f; /* lists in one owned block, at `block` */
    void *block;
    bool spam;
};

struct replay {
    struct replay_mail *mail; /* owned; a ring of `max` */
    size_t max, count, next;
    uint64_t random;
};

/* ERR_MEMORY. */
enum err replay_open(struct replay *r, size_t max, uint64_t seed);
void replay_close(struct replay *r);

/* Keep a copy, 20 KB; the oldest goes when there is no room. ERR_MEMORY. */
enum err replay_keep(struct replay *r, const struct features *f, bool spam);

/* One of those kept, each as likely; NULL when there is none. Lent until the next replay_keep. */
const struct replay_mail *replay_draw(struct replay *r);

#endif

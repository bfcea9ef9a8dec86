/* SPDX-License-Identifier: Apache-2.0 */
/* live: all that the reports so far have led to, and the place in the stream that it has come to.
 *
 * The same stream gives the same state on every host, byte by byte; a snapshot holds all of it. */
#ifndef FURUI_LIVE_LIVE_H
#define FURUI_LIVE_LIVE_H

#include "models/live/state/guard.h"
#include "models/live/state/learn.h"
#include "models/live/state/snapshot.h"
#include "models/live/state/voices.h"
#include "models/live/stream/control.h"
#include "models/live/stream/follow.h"

/* What the owner decides; hosts that decide alike end alike. */
struct live_rules {
    struct voices_rules voices;
    struct guard_rules guard;
    unsigned bits; /* log2 of the content model's cells; 0: reports teach nothing about content */
};

struct live {
    struct live_rules rules;
    struct voices voices;
    struct follow_state follow;
    struct control control;
    struct learn learn;
    struct guard guard;
    uint64_t reports, again, samples; /* taken from the stream; of the reports, that changed nothing */
};

/* ERR_MEMORY. */
enum err live_open(struct live *l, const struct live_rules *rules);
void live_close(struct live *l);

/* Take in a report, or a sample: what follows from it. True: the guard has frozen the content model (control.freeze
 * says why). */
bool live_take(struct live *l, const struct feedback *r, struct follow_place at, struct voices_effect *out);

/* Obey an operator's order; what it said. `order_out` and `why_out` as control_take and control_parse have them. */
enum control_outcome live_obey(struct live *l, const struct feedback *r, struct follow_place at,
                               struct control_order *order_out, char *why_out);

/* As live_open left it. */
void live_reset(struct live *l);

/* Write it all to a file; read it back. As snapshot_write and snapshot_read; after an error of live_load the state is
 * an empty one. */
enum err live_save(const struct live *l, const char *path, char *fault_out);
enum err live_load(struct live *l, const char *path, char *fault_out);

/* Would live_load do, and give a state that ends at `at`? Changes nothing. As live_load, and ERR_SYNTAX. */
enum err live_check(const struct live *l, const char *path, struct follow_place at, char *fault_out);

#endif

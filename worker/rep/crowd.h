/* SPDX-License-Identifier: Apache-2.0 */
/* crowd: how many different ones: recipients of a text, recipients and networks of a user; counted behind.
 *
 * A HyperLogLog of Redis (Flajolet, Fusy, Gandouet, Meunier, AOFA 2007) stands beside the record of a name, at its key
 * and a '#'. Whoever is new in it adds one to the record's mails, so that a record says how many new ones came lately,
 * and how many usually come. Members are hashes under the installation's secret. Adding again changes nothing, so what
 * was not confirmed is simply sent again. */
#ifndef FURUI_REP_CROWD_H
#define FURUI_REP_CROWD_H

#include "proto/store/counters.h"
#include "proto/store/name.h"

enum {
    CROWD_MEMBERS = 128, /* added to one name at once */
    CROWD_NAMES = 256,   /* that wait to be written */
};

struct crowd;

/* Makes a script known: before the store is first pumped. *c is lent until crowd_close. ERR_MEMORY. */
enum err crowd_open(const struct counters *c, struct crowd **out);
void crowd_close(struct crowd *c);

enum crowd_span {
    CROWD_DAY,    /* counts anew each day (UTC) */
    CROWD_EVER,   /* for as long as the name lives */
    CROWD_SILENT, /* the same, and adds nothing to the record: who wants the number asks PFCOUNT */
};

/* Add members to the crowd at a record's key. False when there is no room. */
bool crowd_add(struct crowd *c, span key, enum crowd_span kind, const uint64_t *member, size_t n);

/* Send what waits and is not on its way, `most` names at most: some 10 us of the server each. True: there is more.
 * `tag` goes into each command's, in whose low 16 bits the rest is ours. */
bool crowd_flush(struct crowd *c, size_t most, int64_t wall_us, uint64_t tag);
void crowd_reply(struct crowd *c, const struct store_reply *reply);

size_t crowd_waiting(const struct crowd *c);

#endif

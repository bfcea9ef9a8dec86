/* SPDX-License-Identifier: Apache-2.0 */
/* campaigns: mails that are like others, summed up by text until they are written into the indexes of campaigns.
 *
 * A mail counts once in each index, for that band of its text which most mails have, so that copies with other words
 * count together and unrelated texts are not chained by what each shares with the next. Bounded memory: sets of eight, in
 * which the text with the fewest mails makes room (Metwally, Agrawal, El Abbadi, "Space-Saving", ICDT 2005, without
 * inheriting counts). Best effort: what finds no room, or no store, is not in the index; its names are counted all the
 * same (behind.h). */
#ifndef FURUI_REP_CAMPAIGNS_H
#define FURUI_REP_CAMPAIGNS_H

#include "proto/base/err.h"
#include "proto/store/campaign.h"
#include "worker/rep/fingerprint.h"
#include "worker/rep/tally.h"

enum {
    CAMPAIGNS_LEAST = 3, /* mails of the last hours that have a band in common: then it is a campaign's */
    CAMPAIGNS_WAYS = 8,
    CAMPAIGNS_SETS = 64,
    CAMPAIGNS_EVERY = 5, /* flushes of counts to one of campaigns */
};

struct campaigns;

/* Makes a script known: before the store is first pumped. prefix: lent. ERR_MEMORY. */
enum err campaigns_open(struct store *s, const char *prefix, const struct record_lives *lives, struct campaigns **out);
void campaigns_close(struct campaigns *c);

/* A mail, and how often each band of its text came in the last hours, this mail with it. */
struct campaigns_mail {
    struct campaigns_band {
        uint64_t band;
        double mails;
    } v[FINGERPRINT_MAX];
    size_t n;
    struct tally_seen seen;
    uint64_t net; /* hash of the client's network; 0: none */
    span tenant;
    span subject; /* that the tenant may see; empty: none */
    bool shared;  /* and everybody */
};

/* The band that a mail counts for: of those that nearly as many mails have as the commonest, the least, so that copies
 * agree on one while counts are still on their way. -1 when none has CAMPAIGNS_LEAST. */
int campaigns_leader(const struct campaigns_mail *m);

/* Count a mail, in everybody's index and its tenant's. */
void campaigns_note(struct campaigns *c, const struct campaigns_mail *m);

/* Send and forget what is in the next `sets`. True until all have had their turn. `tag` goes into each command's; replies
 * say nothing. */
bool campaigns_flush(struct campaigns *c, size_t sets, uint64_t tag);

size_t campaigns_waiting(const struct campaigns *c);

#endif

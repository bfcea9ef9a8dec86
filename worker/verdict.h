/* SPDX-License-Identifier: Apache-2.0 */
/* verdict: from what the parts found out about a mail to the words of its answer.
 *
 * Pure: no clock, no socket. Class and action come from the tenant's policy; docs/scoring.md and docs/reputation.md
 * have the way from scores to a probability. */
#ifndef FURUI_WORKER_VERDICT_H
#define FURUI_WORKER_VERDICT_H

#include "proto/config.h"
#include "proto/store/campaign.h"
#include "proto/wire.h"
#include "worker/rep/rep.h"
#include "worker/score/model.h"

enum {
    TICKET_BYTES = 32, /* of text */
    REP_REASON_BYTES = NAME_MAX_BYTES + 192,
};

/* What is kept of a mail when the mail itself is forgotten. */
struct judged {
    uint64_t id;
    span tenant; /* lent by the request's frame */
    bool explain, dry_run;
    uint64_t odd; /* ODD bits */
    struct scores scores;
    double live;   /* log-odds that reports have lately taught; 0: nothing */
    bool shadowed; /* a candidate has scored it, too */
    struct scores candidate;
    struct model_reason reasons[2 * WIRE_REASON_MAX]; /* the bundle's and the live model's; text in the batch's arena */
    size_t reason_count;
    char ticket[TICKET_BYTES];
    int64_t begun_us;
    struct rep_names names;
    uint8_t subject[CAMPAIGN_SUBJECT_BYTES]; /* to be shown with campaigns, if the tenant lets us */
    size_t subject_bytes;
};

/* Where a verdict's lists and words live. */
struct verdict_space {
    span oddities[ODD_COUNT];
    span degraded[1];
    struct wire_reason reasons[WIRE_REASON_MAX];
    char rep_reason[NAME_KIND_COUNT][REP_REASON_BYTES];
};

/* What reputation counts of a mail: what the bundle alone makes of it by everybody's policy, so that neither reputation
 * nor reports feed themselves. */
struct tally_seen verdict_seen(const struct config *c, const struct scores *s);

/* The probability that content, what reports have lately taught about it, and reputation give together; the class that a
 * tenant's policy makes of it. */
double verdict_p(const struct scores *s, double live, const struct rep_score *rep);
enum wire_class verdict_class(const struct config *c, span tenant, const struct scores *s, double live,
                              const struct rep_score *rep);

/* Put the answer together. Everything in `out` is lent by the arguments; nothing allocates, nothing fails. */
void verdict_build(const struct judged *j, const struct rep_score *rep, const struct config *c, const char *model_id,
                   int64_t now_us, struct verdict_space *space, struct wire_verdict *out);

/* The name of a mail in later reports: base32 (RFC 4648, lower case) of 20 bytes: XXH3-128 of the raw mail, then the
 * moment of its verdict (proto/store/ticket.h: 16ths of a second since 1970, modulo 2^32), each big-endian. The same mail
 * twice in a moment is the same ticket. Names, does not prove: whoever has the mail can make it. Not NUL-terminated.
 * O(mail). */
void ticket_make(span mail, int64_t wall_us, char out[TICKET_BYTES]);

#endif

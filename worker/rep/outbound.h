/* SPDX-License-Identifier: Apache-2.0 */
/* outbound: does somebody else send in this user's name? Bursts against the user's own history.
 *
 * Three records a user: mails (and which of them content called spam), recipients that were new that day, networks never
 * sent from before. Of each what came in the last hours is set against what the weeks let expect. Pure;
 * docs/reputation.md has the formula. */
#ifndef FURUI_REP_OUTBOUND_H
#define FURUI_REP_OUTBOUND_H

#include "proto/store/record.h"

enum outbound_sign { OUT_MAILS, OUT_SPAM, OUT_RECIPIENTS, OUT_NETWORKS, OUT_SIGNS };

struct outbound {
    double log_odds; /* sum of the signs', bounded; never below 0: no history speaks for a mail */
    double by_sign[OUT_SIGNS];
    double now[OUT_SIGNS], usual[OUT_SIGNS]; /* of the fast half-life: what came, what the weeks let expect */
};

/* Records are faded to the present; all zero for a user whom nobody knows. */
void outbound_score(const struct record *mails, const struct record *recipients, const struct record *networks,
                    const struct record_lives *lives, struct outbound *out);

#endif

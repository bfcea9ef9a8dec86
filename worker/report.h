/* SPDX-License-Identifier: Apache-2.0 */
/* report: what somebody says of a mail, made into the record that the learner keeps (proto/feedback.h).
 *
 * Only here the reported mail is read: its bytes are as hostile as any. */
#ifndef FURUI_WORKER_REPORT_H
#define FURUI_WORKER_REPORT_H

#include "proto/config.h"
#include "proto/feedback.h"
#include "proto/store/secret.h"
#include "worker/rep/rep.h"
#include "worker/score/model.h"

/* What making records needs; all lent. */
struct report_maker {
    const struct config *config;
    const struct model *model;
    const struct secret *secret;
};

/* Make the record of a report.
 *
 *   q        the request; kind REPORT
 *   c        what is known of the mail beside its bytes, as when it is judged
 *   raw      the mail, or a feedback report; empty when there is only a ticket
 *   out      packed; in the arena
 *
 * Returns what is wrong with the report, in a sentence (static), or NULL. */
const char *report_make(const struct report_maker *m, const struct wire_request *q, const struct mail_context *c,
                        span raw, struct arena *a, span *out);

/* A record of a mail of the traffic, for the learner to watch itself by: features of some views, digest and score; no names,
 * nobody's word. False when it does not fit into the arena. */
bool report_sample(const struct mail *m, unsigned views, double score, struct arena *a, span *out);

/* What a ticket stands for: the record without what is said and without features, in to[REPORT_TICKET_MAX]. Returns its
 * bytes; 0 when they do not fit. */
enum { REPORT_TICKET_MAX = 4096 };
size_t report_ticket(const struct mail *m, const struct rep_names *names, const struct fingerprint *print, double score,
                     span tenant, uint8_t *to);

/* Did the mail come to a trap, an address that nobody uses? */
bool report_is_trap(const struct config *c, const span *rcpt_to, size_t n);

#endif

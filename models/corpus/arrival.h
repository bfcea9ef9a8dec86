/* SPDX-License-Identifier: Apache-2.0 */
/* arrival: when a mail came and to whom, as far as its header tells; no model looks at it. */
#ifndef FURUI_CORPUS_ARRIVAL_H
#define FURUI_CORPUS_ARRIVAL_H

#include "worker/mime/mail.h"

/* Seconds since 1970: of the topmost Received field, which the receiver's own server wrote, else of Date. False when
 * neither has a date. */
bool arrival_time(const struct mail *m, int64_t *time_out);

/* The date and time at the end of a Received field, or of a Date field (RFC 5322 3.3, obsolete zones and two-digit
 * years included). False when there is none. */
bool arrival_parse(span field, int64_t *time_out);

/* The first address of Delivered-To, X-Original-To, Envelope-To, To or Cc, whichever comes first in this list; lower
 * case, in the arena; empty when there is none. */
span arrival_address(const struct mail *m, struct arena *a);

#endif

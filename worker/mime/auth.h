/* SPDX-License-Identifier: Apache-2.0 */
/* auth: who vouches for the sender: SPF, DKIM, DMARC and ARC results of those we trust.
 *
 * A mail proves nothing about itself: Authentication-Results of an authserv-id that is not in the context's list of
 * trusted ones is ignored, wherever it stands. Sources: RFC 8601; RFC 7489 3.1 for alignment. */
#ifndef FURUI_MIME_AUTH_H
#define FURUI_MIME_AUTH_H

#include "worker/mime/mail.h"

/* Fill m->auth from the context and from the fields of m (with m->from_domain already known); adds ODD(AUTH_FAIL) and
 * ODD(UNALIGNED). What the gateway says goes before what a header says. O(those fields). */
void auth_read(struct mail *m, const struct mail_context *c, struct arena *a);

#endif

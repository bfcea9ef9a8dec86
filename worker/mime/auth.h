/* SPDX-License-Identifier: Apache-2.0 */
/* auth: who vouches for the sender: SPF, DKIM, DMARC and ARC results of those we trust.
 *
 * A mail proves nothing about itself. Whoever writes a mail can write an Authentication-Results field into it, with our
 * own host's name, and RFC 8601 5 asks the border host to take such fields out; not all do. So a field is believed when
 * two things hold:
 *
 *   1. its authserv-id is one of the context's list (equal but for ASCII case);
 *   2. it stands above the Received field number own_received + 1, counted from the top. Each host puts its Received
 *      field on top of what it was given, so what a stranger wrote stands below the first host of ours. own_received is
 *      0 where results stand above all Received fields: RFC 8601's own examples, Exim's :at_start:, a milter's that
 *      runs before us in the same session. It is 1 where the host that wrote them put its Received field above them
 *      (milters that insert at index 1, as OpenDKIM and OpenDMARC did until 2026, once the mail is in the queue), and
 *      more where inner hosts added theirs (Gmail: 2). One too many and a stranger's field is within reach: when in
 *      doubt, fewer.
 *
 * Where results come before any Received field of ours (a milter's, own_received 1), position cannot tell a forged
 * field right below them; then only that host's own removing helps, and the rule that of each method the topmost result
 * wins.
 *
 * A field that breaks the grammar is believed up to there, and nothing below it is: a gateway that lets a sender's
 * address break its field must not hand the word to what the sender wrote further down.
 *
 * Sources: RFC 8601 2.2, 4.1, 5, 7.1; RFC 8617 4.1.1; RFC 7489 3.1 for alignment. */
#ifndef FURUI_MIME_AUTH_H
#define FURUI_MIME_AUTH_H

#include "worker/mime/mail.h"

enum { AUTH_RESULTS_MAX = 128 }; /* results of one mail that are read */

/* Fill m->auth from the context and from the message's own fields (m->from_domain is known already); adds
 * ODD(AUTH_FAIL) and ODD(UNALIGNED).
 *
 * Per method: the gateway's word in the context; else the topmost believed Authentication-Results that names it; else
 * the topmost ARC-Authentication-Results, if it is believed and its instance is the highest of the mail. Of several
 * results in one field an aligned pass wins, then a pass, then the first; an SPF result for MAIL FROM goes before one
 * for HELO. A DMARC result for another domain than From's is nobody's. Words that RFC 8601 does not know are ABSENT.
 * Nothing is aligned when From names several mailboxes or comes twice. O(header). */
void auth_read(struct mail *m, const struct mail_context *c, struct arena *a);

/* The words of RFC 8601; "" and "?" for what is none. Static. */
const char *auth_method_word(enum auth_method k);
const char *auth_result_word(enum auth_result r);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* arf: a feedback report (RFC 5965) taken apart: what it says, of which mail, and who says so.
 *
 * multipart/report of three parts: words for people, message/feedback-report with fields, and the mail (message/rfc822)
 * or its header (text/rfc822-headers). As mail clients and providers write them: parts in any order, encoded or not. */
#ifndef FURUI_WORKER_ARF_H
#define FURUI_WORKER_ARF_H

#include "proto/wire.h"
#include "worker/mime/mail.h"

struct arf {
    enum wire_say says; /* SPAM or HAM */
    span mail;          /* that it is about; at least its header */
    bool whole;         /* with its body */
    span reporter;      /* Original-Rcpt-To: the mailbox whose owner complains; may be empty */
    span client_ip;     /* Source-IP; may be empty */
    span mail_from;     /* Original-Mail-From, without < and >; may be empty */
};

/* What is wrong with it, in a sentence (static), or NULL and out is filled; text points into the report or the arena. */
const char *arf_read(const struct mail *report, struct arena *a, struct arf *out);

#endif

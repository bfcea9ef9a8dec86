/* SPDX-License-Identifier: Apache-2.0 */
/* block: files written into a text, as people did before MIME: uuencode (POSIX) and yEnc (yenc.org, draft 1.3).
 *
 * Mail clients take them out and show an attachment, so what is inside is no text, and a program can travel there. */
#ifndef FURUI_MIME_BLOCK_H
#define FURUI_MIME_BLOCK_H

#include "worker/mime/mail.h"

enum {
    BLOCK_STRAY_LINES = 8,  /* damaged lines in a row after which a block is over */
    BLOCK_NAME_MAX = 1024,  /* bytes of a name; a longer one is none */
    BLOCK_LINE_MAX = 10000, /* bytes of a yEnc line; the format says some 1000 at most */
};

struct block {
    enum mail_encoding encoding; /* MAIL_UUENCODE, MAIL_YENC, or MAIL_BASE64 (begin-base64) */
    span name;                   /* as written; may be empty */
    span whole;                  /* from its first line to its last, line ends included */
    span data;                   /* what codec_decode is to be given */
};

/* The first block in a decoded text at or after `at`, which is the start of a line.
 *
 * It must be sure: a "begin 644 name" needs a line of exactly the length that its first byte says, and behind it
 * another or the end; "=ybegin" needs a line of the length that it declares, and bytes that no text has. One that is
 * cut short ends with its last sound line. False when there is none. O(text.n - at), over all calls too. */
bool block_next(span text, size_t at, struct block *out);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* charset: bytes in any encoding to UTF-8, by iconv; labels that lie are found out and repaired.
 *
 * iconv.h is seen by charset.c alone. Descriptors are opened at first use of a charset by this thread and kept, a small
 * cache, so that the way of a message opens none in the steady state. */
#ifndef FURUI_TEXT_CHARSET_H
#define FURUI_TEXT_CHARSET_H

#include "proto/base/arena.h"
#include "proto/base/span.h"

enum {
    CHARSET_LABEL_MAX = 48,    /* bytes of a label that are read */
    CHARSET_ERRORS_MAX = 1000, /* broken characters of one text that are looked at one by one */
};

/* Open what this thread may need (some 30 iconv descriptors) now and not on a message's way: before a worker gives up
 * the right to open files. Without it each is opened at first use. */
void charset_warm(void);

/* Close what this thread opened. */
void charset_close(void);

/* Convert to UTF-8.
 *
 *   in      the bytes; lent. A valid UTF-8 or ASCII input comes back as itself, without a copy
 *   label   the declared charset in any case, or empty
 *   a       for the result, which is then the newest allocation; what does not fit is left out
 *   odd     ODD bits are added: WRONG_CHARSET (text is not what its label says and was read as what it is), NO_CHARSET
 *           (8-bit text without a label), BAD_CHARSET (nobody knows the label; guessed)
 *
 * Bytes that no guess explains become U+FFFD; after CHARSET_ERRORS_MAX of them, one for a run. Valid UTF-8. O(in.n). */
span charset_to_utf8(span in, span label, struct arena *a, uint64_t *odd);

/* Valid UTF-8 from end to end (RFC 3629: no surrogates, no overlong forms)? */
bool utf8_valid(span s);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* charset: bytes in any encoding to UTF-8; labels that lie are found out and repaired.
 *
 * Most mail is ASCII or UTF-8 and goes through untouched. Else the label is believed as far as the bytes allow: valid
 * UTF-8 is UTF-8, escape sequences are ISO-2022, and of the rest guess.c has the last word where a label is missing or
 * does not fit. */
#ifndef FURUI_TEXT_CHARSET_H
#define FURUI_TEXT_CHARSET_H

#include "proto/base/arena.h"
#include "proto/base/span.h"

enum {
    CHARSET_LABEL_MAX = 48, /* bytes of a label that are read */
};

/* Fill the tables and open what this thread may need of iconv now and not on a message's way: before a worker gives up
 * the right to open files. Without it each is got at first use. */
void charset_warm(void);

/* Close what this thread opened. */
void charset_close(void);

/* Convert to UTF-8.
 *
 *   in      the bytes; lent. A valid UTF-8 or ASCII input comes back as itself, without a copy; one cut within its last
 *           character comes back without that
 *   label   the declared charset in any case, or empty
 *   a       for the result, which is then the newest allocation; what does not fit is left out
 *   odd     ODD bits are added: WRONG_CHARSET (text is not what its label says and was read as what it is), NO_CHARSET
 *           (8-bit text without a label), BAD_CHARSET (nobody knows the label; guessed), BROKEN_ESCAPE (ISO-2022 with
 *           damaged escapes or 8-bit bytes)
 *
 * Bytes that no guess explains become U+FFFD. Valid UTF-8. O(in.n). */
span charset_to_utf8(span in, span label, struct arena *a, uint64_t *odd);

/* The same for a few words of a header, which are too short to judge by themselves: `beside` is what the mail is in
 * elsewhere (charset_name of its text), or empty, and breaks ties. */
span charset_words(span in, span label, span beside, struct arena *a, uint64_t *odd);

/* A label of the charset that a text really is in, whatever `label` says: static; empty for 7-bit text and when nobody
 * can tell. O(in.n). */
span charset_name(span in, span label);

/* Is `label` ISO-2022-JP's? Then "$B" in a 7-bit text may be kanji whose escapes were lost. */
bool charset_by_escapes(span label);

/* Valid UTF-8 from end to end (RFC 3629: no surrogates, no overlong forms)? */
bool utf8_valid(span s);

#endif

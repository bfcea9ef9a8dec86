/* SPDX-License-Identifier: Apache-2.0 */
/* word: header values to UTF-8: unfolding, RFC 2047 encoded words, raw 8-bit bytes (RFC 6532, or older habits).
 *
 * Adjacent encoded words of one charset are joined before they are converted, for mailers split characters across
 * them. A broken word stays as it is written, as mail clients show it. */
#ifndef FURUI_MIME_WORD_H
#define FURUI_MIME_WORD_H

#include "proto/base/arena.h"
#include "proto/base/span.h"

enum { WORD_CHARSET_MAX = 64 }; /* bytes of a charset's name; a longer one is no encoded word */

/* What a reader sees of a header value.
 *
 *   raw           after the colon, folds and all; lent
 *   hint          charset that the mail is in elsewhere (hint_charset): tried first for raw 8-bit bytes, and favoured
 *                 where an encoded word lies; or empty
 *   a             for the result, when it is not the raw bytes themselves; what does not fit is left out
 *   odd           ODD bits are added: BAD_WORD, RAW_8BIT, NUL, and of encoded words WRONG_CHARSET, BAD_CHARSET,
 *                 BROKEN_ESCAPE
 *   charset_out   charset of the first encoded word as written, a span within raw or the arena; may be NULL
 *
 * Valid UTF-8 without line ends and control characters, trimmed. O(raw.n). */
span word_decode(span raw, span hint, struct arena *a, uint64_t *odd, span *charset_out);

/* Is there nothing in a header block but ASCII, line ends and white space (tabs where a line begins or ends alone), and
 * nothing that may be an encoded word? Then word_decode of a value is span_trim when it stands on one line, else
 * word_unfold, whatever the hint. O(header.n). */
bool word_tame(span header);

/* A value without its line ends, tabs made spaces, trimmed. O(raw.n). */
span word_unfold(span raw, struct arena *a);

/* May an encoded word begin in it: does "=?" stand there? O(raw.n). */
bool word_begins(span raw);

#endif

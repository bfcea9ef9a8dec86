/* SPDX-License-Identifier: Apache-2.0 */
/* codec: Content-Transfer-Encoding undone (RFC 2045 section 6; uuencode by POSIX; yEnc).
 *
 * Base64 and quoted-printable are kernels of worker/simd/scan.h; this is the door to them. */
#ifndef FURUI_MIME_CODEC_H
#define FURUI_MIME_CODEC_H

#include "proto/base/arena.h"
#include "worker/mime/mail.h"

/* Undo an encoding.
 *
 *   in    the encoded bytes; lent
 *   cap   decoded bytes wanted at most; a longer result is cut there
 *   a     for the result; what does not fit is left out and the arena remembers it
 *   odd   ODD bits are added: BAD_BASE64, BAD_QP
 *
 * Returns decoded bytes; for encodings that change nothing, and for unknown ones, `in` itself without a copy.
 * O(min(in.n, cap)). */
span codec_decode(enum mail_encoding e, span in, size_t cap, struct arena *a, uint64_t *odd);

/* Bytes that `in` would decode to, by its length alone, for parts that nobody decodes. */
size_t codec_estimate(enum mail_encoding e, size_t bytes);

/* The encoding that a Content-Transfer-Encoding value names; empty is MAIL_7BIT. `odd` gets BAD_ENCODING when nobody
 * knows it, and when it is read only as some mail clients do: x- before it, no hyphen, other marks around it. */
enum mail_encoding codec_by_name(span name, uint64_t *odd);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* cms: what an opaquely signed message says.
 *
 * application/pkcs7-mime of the kind signed-data holds the mail in the clear, wrapped in ASN.1: mail clients show it,
 * and whoever has any certificate can send it. Source: RFC 5652 5.1, 5.2 (CMS), RFC 8551 3.5.2 (S/MIME), X.690 8.1
 * (BER). */
#ifndef FURUI_MIME_CMS_H
#define FURUI_MIME_CMS_H

#include "proto/base/arena.h"
#include "proto/base/span.h"

enum { CMS_HEAD = 256 }; /* bytes in which signed content begins, if it does at all */

/* Does signed content begin in these first bytes (CMS_HEAD are enough)? */
bool cms_signed(span ber);

/* The signed content: a MIME entity. Within `ber`, or where that has it in pieces, joined in the arena; empty when
 * there is none. O(ber.n). */
span cms_content(span ber, struct arena *a);

#endif

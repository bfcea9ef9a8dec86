/* SPDX-License-Identifier: Apache-2.0 */
/* hint: which charset does a mail speak? Its header's few words are judged by its text. */
#ifndef FURUI_MIME_HINT_H
#define FURUI_MIME_HINT_H

#include "worker/mime/mail.h"

enum { HINT_BYTES = 2048, HINT_PARTS = 4 }; /* of a text, and how many texts, that are looked into */

/* The charset to try first for words of the header: what the first text over 7 bits is in, whatever its label says,
 * else the first label. A label: lent from the mail, or static; empty when nothing tells. Texts are looked into only
 * when the header has something to decode, which a tame one (word.h) has not. Leaves nothing in the arena. After
 * walk_mail. O(header). */
span hint_charset(const struct mail *m, bool tame, struct arena *a);

#endif

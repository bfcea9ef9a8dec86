/* SPDX-License-Identifier: Apache-2.0 */
/* blame: the mails that workers died of, remembered by length and hash.
 *
 * Gateways try again, so the mail that killed two workers comes back. While something is remembered a mail of the
 * very same length is hashed as it comes in; any other passes untouched. Entries age out, the oldest makes room, and
 * a new model or config wipes the slate: what killed the old worker may suit the new one. */
#ifndef FURUI_ENGINE_BLAME_H
#define FURUI_ENGINE_BLAME_H

#include "proto/base/span.h"

enum {
    BLAME_MAX = 256,
    BLAME_S = 3600, /* how long it is held against a mail */
};

enum blame_kind {
    BLAME_NONE,
    BLAME_SUSPECT, /* was in hand when a worker died, and nobody waited for a second try: try it alone */
    BLAME_POISON,  /* killed a worker that had nothing else in hand: refuse it */
};

struct blame {
    struct blame_entry {
        enum blame_kind kind;
        size_t bytes;
        uint64_t hash;
        int64_t until_us;
    } entry[BLAME_MAX];
    size_t used, next;
};

void blame_note(struct blame *b, span mail, enum blame_kind kind, int64_t now_us);
/* BLAME_NONE in O(1) while nothing is remembered. */
enum blame_kind blame_find(const struct blame *b, span mail, int64_t now_us);
/* It did no harm. */
void blame_forget(struct blame *b, span mail);
void blame_reset(struct blame *b);

#endif

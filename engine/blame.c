/* SPDX-License-Identifier: Apache-2.0 */
/* blame: the mails that workers died of, remembered by length and hash; see blame.h. */
#include "engine/blame.h"

#include "proto/base/hash.h"

void blame_reset(struct blame *b)
{
    b->used = b->next = 0;
}

/* Its entry, or b->used. Only mails of the same length are hashed. */
static size_t find(const struct blame *b, span mail)
{
    uint64_t hash = 0;
    bool hashed = false;
    for (size_t i = 0; i < b->used; i++) {
        if (b->entry[i].kind == BLAME_NONE || b->entry[i].bytes != mail.n) continue;
        if (!hashed) hash = hash64(mail, 0);
        hashed = true;
        if (b->entry[i].hash == hash) return i;
    }
    return b->used;
}

void blame_note(struct blame *b, span mail, enum blame_kind kind, int64_t now_us)
{
    size_t at = find(b, mail);
    if (at == b->used) {
        at = b->next;
        b->next = (b->next + 1) % BLAME_MAX;
        if (b->used < BLAME_MAX) b->used++;
    }
    b->entry[at] = (struct blame_entry){kind, mail.n, hash64(mail, 0), now_us + (int64_t)BLAME_S * 1000000};
}

void blame_forget(struct blame *b, span mail)
{
    size_t at = find(b, mail);
    if (at < b->used) b->entry[at].kind = BLAME_NONE;
}

enum blame_kind blame_find(const struct blame *b, span mail, int64_t now_us)
{
    size_t at = find(b, mail);
    return at < b->used && b->entry[at].until_us > now_us ? b->entry[at].kind : BLAME_NONE;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* blame: the mails that workers died of, remembered by length and hash; see blame.h. */
#include "engine/blame.h"

#include "proto/base/hash.h"

void blame_reset(struct blame *b)
{
    b->used = b->next = 0;
}

void blame_note(struct blame *b, span mail, enum blame_kind kind, int64_t now_us)
{
    uint64_t hash = hash64(mail, 0);
    size_t at = 0;
    while (at < b->used && !(b->entry[at].bytes == mail.n && b->entry[at].hash == hash)) at++;
    if (at == b->used) {
        at = b->next;
        b->next = (b->next + 1) % BLAME_MAX;
        if (b->used < BLAME_MAX) b->used++;
    }
    b->entry[at] = (struct blame_entry){kind, mail.n, hash, now_us + (int64_t)BLAME_S * 1000000};
}

enum blame_kind blame_find(const struct blame *b, span mail, int64_t now_us)
{
    uint64_t hash = 0;
    bool hashed = false;
    for (size_t i = 0; i < b->used; i++) {
        if (b->entry[i].bytes != mail.n || b->entry[i].until_us <= now_us) continue;
        if (!hashed) hash = hash64(mail, 0);
        hashed = true;
        if (b->entry[i].hash == hash) return b->entry[i].kind;
    }
    return BLAME_NONE;
}

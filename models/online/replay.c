/* SPDX-License-Identifier: Apache-2.0 */
/* replay: a ring of copies and a linear congruential generator; see replay.h. */
#include "models/online/replay.h"

#include <stdlib.h>

enum err replay_open(struct replay *r, size_t max, uint64_t seed)
{
    *r = (struct replay){.mail = calloc(max, sizeof *r->mail), .max = max, .random = seed};
    return r->mail ? ERR_OK : ERR_MEMORY;
}

void replay_close(struct replay *r)
{
    for (size_t i = 0; i < r->count; i++) free(r->mail[i].block);
    free(r->mail);
    *r = (struct replay){0};
}

enum err replay_keep(struct replay *r, const struct features *f, bool spam)
{
    uint32_t *to = malloc((features_count(f) + 1) * sizeof *to);
    if (!to) return ERR_MEMORY;
    struct replay_mail *m = &r->mail[r->next];
    free(m->block);
    *m = (struct replay_mail){.block = to, .spam = spam};
    features_copy(f, to, &m->f);
    r->next = (r->next + 1) % r->max;
    if (r->count < r->max) r->count++;
    return ERR_OK;
}

const struct replay_mail *replay_draw(struct replay *r)
{
    if (!r->count) return NULL;
    r->random = r->random * 6364136223846793005u + 1442695040888963407u;
    return &r->mail[(r->random >> 33) % r->count];
}

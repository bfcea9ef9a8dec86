/* SPDX-License-Identifier: Apache-2.0 */
/* kept: places go round, and so do bytes; a record never wraps. See kept.h. */
#include "models/live/state/kept.h"

#include <stdlib.h>

struct kept_head {
    uint64_t first, count; /* the oldest place; how many */
    uint64_t end;          /* where the next record goes */
};

enum err kept_open(struct kept *k, size_t most, size_t room)
{
    *k = (struct kept){.most = most, .room = room};
    k->bytes = sizeof *k->head + most * sizeof *k->mail + room;
    k->block = calloc(1, k->bytes);
    if (!k->block) return ERR_MEMORY;
    k->head = k->block;
    k->mail = (struct kept_mail *)(k->head + 1);
    k->record = (uint8_t *)(k->mail + most);
    return ERR_OK;
}

void kept_close(struct kept *k)
{
    free(k->block);
    *k = (struct kept){0};
}

void kept_clear(struct kept *k)
{
    memset(k->block, 0, k->bytes);
}

/* The head may be a stranger's. */
static bool sound(const struct kept *k)
{
    const struct kept_head *h = k->head;
    return h->first < k->most && h->count <= k->most && h->end <= k->room;
}

size_t kept_count(const struct kept *k)
{
    return sound(k) ? k->head->count : 0;
}

struct kept_mail *kept_at(const struct kept *k, size_t i)
{
    return &k->mail[(k->head->first + i) % k->most];
}

struct kept_mail *kept_find(const struct kept *k, uint64_t key)
{
    for (size_t i = kept_count(k); i-- > 0;)
        if (kept_at(k, i)->key == key) return kept_at(k, i);
    return NULL;
}

static void drop_oldest(struct kept *k)
{
    struct kept_mail *m = kept_at(k, 0);
    *m = (struct kept_mail){0};
    k->head->first = (k->head->first + 1) % k->most;
    k->head->count--;
}

/* Are there bytes of a mail within [at, at + n)? Places stand in the order of their bytes, so it is enough to look at
 * the oldest. */
static bool in_the_way(const struct kept *k, size_t at, size_t n)
{
    if (k->head->count == 0) return false;
    const struct kept_mail *m = kept_at(k, 0);
    return m->at < at + n && at < (size_t)m->at + m->bytes;
}

struct kept_mail *kept_put(struct kept *k, const struct feedback *r, const struct kept_mail *about)
{
    static uint8_t packed[FEEDBACK_BYTES_MAX];
    struct feedback kept = {.learns = true, .score = r->score, .features = r->features, .tenant = r->tenant};
    memcpy(kept.view, r->view, sizeof kept.view);
    kept.view_count = r->view_count;
    size_t n = feedback_pack(&kept, packed, sizeof packed);
    if (n == 0 || n > k->room) return NULL;
    if (!sound(k)) kept_clear(k);
    size_t at = k->head->end;
    if (at + n > k->room) {
        /* What lies behind the last record is the oldest: it goes before the ring begins anew. */
        while (k->head->count && kept_at(k, 0)->at >= at) drop_oldest(k);
        at = 0;
    }
    while (k->head->count == k->most || in_the_way(k, at, n)) drop_oldest(k);
    memcpy(k->record + at, packed, n);
    k->head->end = at + n;
    struct kept_mail *m = kept_at(k, k->head->count++);
    *m = *about;
    m->at = (uint32_t)at;
    m->bytes = (uint32_t)n;
    return m;
}

bool kept_read(const struct kept *k, const struct kept_mail *m, struct arena *a, struct feedback *out)
{
    char fault[FEEDBACK_FAULT_MAX];
    if (m->at > k->room || m->bytes > k->room - m->at) return false;
    return feedback_unpack(span_of(k->record + m->at, m->bytes), a, out, fault) == ERR_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* campaigns: see campaigns.h. */
#include "worker/rep/campaigns.h"

#include "proto/base/hash.h"

#include <stdlib.h>

/* A band that at least an eighth of the mails have goes with it; one that seven eighths have is as common. */
static const double WITH_SHARE = 1.0 / 8, SAME_SHARE = 7.0 / 8;

struct text {
    uint8_t index[CAMPAIGN_INDEX_BYTES];
    size_t index_bytes;
    double with_mails[CAMPAIGN_WITH];
    uint8_t subject[CAMPAIGN_SUBJECT_BYTES];
    struct campaign_more more; /* mails == 0: free */
};

struct campaigns {
    struct campaigns_writer writer;
    const char *prefix;
    size_t waiting;
    size_t turn; /* the set that is written next */
    struct text text[CAMPAIGNS_SETS][CAMPAIGNS_WAYS];
};

enum err campaigns_open(struct store *s, const char *prefix, const struct record_lives *lives, struct campaigns **out)
{
    struct campaigns *c = calloc(1, sizeof *c);
    if (!c) return ERR_MEMORY;
    c->prefix = prefix;
    campaigns_writer_init(&c->writer, s, lives);
    *out = c;
    return ERR_OK;
}

void campaigns_close(struct campaigns *c)
{
    free(c);
}

size_t campaigns_waiting(const struct campaigns *c)
{
    return c->waiting;
}

int campaigns_leader(const struct campaigns_mail *m)
{
    double most = 0;
    int leader = -1;
    for (size_t i = 0; i < m->n; i++)
        if (m->v[i].mails > most) most = m->v[i].mails;
    if (most < CAMPAIGNS_LEAST) return -1;
    for (size_t i = 0; i < m->n; i++)
        if (m->v[i].mails >= most * SAME_SHARE && (leader < 0 || m->v[i].band < m->v[leader].band)) leader = (int)i;
    return leader;
}

/* The place of a text in an index; who has the fewest mails makes room. */
static struct text *place(struct campaigns *c, span index, uint64_t band)
{
    struct text *set = c->text[hash_pair(hash64(index, 0), band) % CAMPAIGNS_SETS], *room = set;
    for (struct text *t = set; t < set + CAMPAIGNS_WAYS; t++) {
        if (t->more.mails && t->more.band == band && span_eq(span_of(t->index, t->index_bytes), index)) return t;
        if (t->more.mails < room->more.mails) room = t;
    }
    c->waiting += room->more.mails == 0;
    room->more = (struct campaign_more){.band = band};
    room->index_bytes = index.n;
    memcpy(room->index, index.p, index.n);
    return room;
}

static void add_with(struct text *t, uint64_t band, double mails)
{
    struct campaign_more *m = &t->more;
    size_t at = 0, least = 0;
    for (; at < m->with_count && m->with[at] != band; at++)
        if (t->with_mails[at] < t->with_mails[least]) least = at;
    if (at == CAMPAIGN_WITH) {
        if (mails <= t->with_mails[least]) return;
        at = least;
    }
    m->with_count += at == m->with_count;
    m->with[at] = band;
    t->with_mails[at] = mails;
}

static void add_net(struct campaign_more *m, uint64_t net)
{
    for (size_t i = 0; i < m->net_count; i++)
        if (m->net[i] == net) return;
    if (net && m->net_count < CAMPAIGN_NETS) m->net[m->net_count++] = net;
}

static void note(struct campaigns *c, const struct campaigns_mail *m, size_t leader, span tenant, span subject)
{
    uint8_t text[CAMPAIGN_INDEX_BYTES];
    struct text *t = place(c, campaign_index(c->prefix, tenant, text), m->v[leader].band);
    t->more.mails += m->seen.mails;
    t->more.ham += m->seen.ham;
    t->more.spam += m->seen.spam;
    for (size_t i = 0; i < m->n; i++)
        if (i != leader && m->v[i].mails >= CAMPAIGNS_LEAST && m->v[i].mails >= m->v[leader].mails * WITH_SHARE)
            add_with(t, m->v[i].band, m->v[i].mails);
    add_net(&t->more, m->net);
    if (t->more.subject.n || !subject.n) return;
    subject = span_head(subject, sizeof t->subject);
    memcpy(t->subject, subject.p, subject.n);
    t->more.subject = span_of(t->subject, subject.n);
}

void campaigns_note(struct campaigns *c, const struct campaigns_mail *m)
{
    int leader = campaigns_leader(m);
    if (leader < 0) return;
    note(c, m, (size_t)leader, SPAN_NONE, m->shared ? m->subject : SPAN_NONE);
    if (m->tenant.n) note(c, m, (size_t)leader, m->tenant, m->subject);
}

static int by_index(const void *a, const void *b)
{
    const struct text *x = *(const struct text *const *)a, *y = *(const struct text *const *)b;
    if (x->index_bytes != y->index_bytes) return x->index_bytes < y->index_bytes ? -1 : 1;
    return memcmp(x->index, y->index, x->index_bytes);
}

/* Send the first n, all of one index. Everybody's has what is in it because others of the last hours were like it; a
 * tenant's, only what the tenant itself has got several of. */
static void send(struct campaigns *c, struct text **v, size_t n, uint64_t tag)
{
    struct campaign_more more[CAMPAIGN_BATCH];
    uint8_t text[CAMPAIGN_INDEX_BYTES];
    span index = span_of(v[0]->index, v[0]->index_bytes);
    bool everybody = span_eq(index, campaign_index(c->prefix, SPAN_NONE, text));
    for (size_t i = 0; i < n; i++) {
        more[i] = v[i]->more;
        more[i].makes = everybody || more[i].mails >= CAMPAIGNS_LEAST;
    }
    campaigns_put(&c->writer, index, more, n, tag);
}

bool campaigns_flush(struct campaigns *c, size_t sets, uint64_t tag)
{
    struct text *v[CAMPAIGNS_SETS * CAMPAIGNS_WAYS];
    size_t n = 0;
    for (; sets > 0 && c->turn < CAMPAIGNS_SETS; sets--, c->turn++)
        for (size_t w = 0; w < CAMPAIGNS_WAYS; w++)
            if (c->text[c->turn][w].more.mails) v[n++] = &c->text[c->turn][w];
    qsort(v, n, sizeof *v, by_index);
    for (size_t from = 0, to; from < n; from = to) {
        for (to = from + 1; to < n && to - from < CAMPAIGN_BATCH && by_index(&v[from], &v[to]) == 0;) to++;
        send(c, v + from, to - from, tag);
    }
    for (size_t i = 0; i < n; i++) v[i]->more.mails = 0;
    c->waiting -= n;
    if (c->turn < CAMPAIGNS_SETS) return true;
    c->turn = 0;
    return false;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* campaign: an index of the texts that several mails share, so that somebody can ask which of them grow.
 *
 * Each mail that is like others is counted for one band of its fingerprint, the one met most often; the others stand
 * beside it, so that bands which come together can be shown as one. An index is a sorted set by growth, cut to
 * CAMPAIGN_KEPT; each text in it has an entry and a HyperLogLog of networks. Everybody has one, and each tenant: all of its
 * keys are in one slot of a cluster, and changed by one script. Ranks by forward decay (Cormode, Shkapenyuk, Srivastava,
 * Xu, ICDE 2009) do not change while time goes on. docs/reputation.md, "Campaigns" */
#ifndef FURUI_STORE_CAMPAIGN_H
#define FURUI_STORE_CAMPAIGN_H

#include "proto/store/name.h"
#include "proto/store/record.h"
#include "proto/store/store.h"

enum {
    CAMPAIGN_WITH = 8,            /* bands beside its own that an entry has */
    CAMPAIGN_NETS = 64,           /* networks added to one entry at once */
    CAMPAIGN_SUBJECT_BYTES = 100, /* of UTF-8 */
    CAMPAIGN_KEPT = 512,          /* entries of one index */
    CAMPAIGN_BATCH = 16,          /* entries changed in one call */
    CAMPAIGN_BYTES = RECORD_BYTES + 5 + 8 * CAMPAIGN_WITH + CAMPAIGN_SUBJECT_BYTES,
    CAMPAIGN_DIGITS = 16,
    CAMPAIGN_INDEX_BYTES = NAME_PREFIX_BYTES + 8 + NAME_TENANT_BYTES + 16,
    CAMPAIGN_KEY_BYTES = CAMPAIGN_INDEX_BYTES + 1 + CAMPAIGN_DIGITS + 1,
};

/* An entry. */
struct campaign {
    uint64_t band;
    struct record seen;           /* mails counted for this band, and what content called them; nobody's reports */
    uint32_t first;               /* minute of the first */
    uint64_t with[CAMPAIGN_WITH]; /* bands that such mails had as well, the latest first */
    size_t with_count;
    span subject; /* of one of them; empty: none, or nobody may know. Lent by the bytes */
};

/* What an entry at a key has; `band` is the caller's. False when these are no entry. Subjects come as they are stored:
 * whoever shows one treats it as a stranger's bytes. */
bool campaign_read(span bytes, struct campaign *out);

/* Keys: of a tenant's index (empty: everybody's), of an entry of it, of the entry's networks. */
span campaign_index(const char *prefix, span tenant, uint8_t out[CAMPAIGN_INDEX_BYTES]);
span campaign_key(span index, uint64_t band, uint8_t out[CAMPAIGN_KEY_BYTES]);
span campaign_nets(span index, uint64_t band, uint8_t out[CAMPAIGN_KEY_BYTES]);

/* 16 hex digits, as in keys and in names of kind text. */
void campaign_digits(uint64_t band, uint8_t out[CAMPAIGN_DIGITS]);
bool campaign_band(span digits, uint64_t *out);

/* Texts in a form that can be shown: valid UTF-8 without controls and without marks that turn direction, each run of
 * these one space, at most CAMPAIGN_SUBJECT_BYTES. Returns how many. */
size_t campaign_subject(span text, uint8_t out[CAMPAIGN_SUBJECT_BYTES]);

struct campaigns_writer {
    struct store *store;
    unsigned script;
    struct record_lives lives;
    uint32_t ttl_s; /* an entry lives so long after the last mail: four fast half-lives */
};

/* Make the script known to a store that was just opened. */
void campaigns_writer_init(struct campaigns_writer *w, struct store *s, const struct record_lives *lives);

/* Mails to be added to an entry. */
struct campaign_more {
    uint64_t band;
    bool makes; /* the entry, when there is none; else these go uncounted then */
    uint32_t mails, ham, spam;
    uint64_t with[CAMPAIGN_WITH];
    size_t with_count;
    uint64_t net[CAMPAIGN_NETS]; /* hashes of clients' networks */
    size_t net_count;
    span subject; /* kept if the entry has none */
};

/* Add to n <= CAMPAIGN_BATCH entries of one index. False as store_put. */
bool campaigns_put(const struct campaigns_writer *w, span index, const struct campaign_more *more, size_t n,
                   uint64_t tag);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* rep: reputation: what was counted about the names in a mail, read for a whole batch in one round trip.
 *
 * Records live in Redis (proto/store/record.h). Reading has a deadline of its own; what has not come by then is missing
 * evidence, never a delay. Writing is behind: counts are summed up in the worker (behind.h) and sent now and then,
 * without waiting for the answer. docs/reputation.md: names, records, and the way to log-odds. */
#ifndef FURUI_REP_REP_H
#define FURUI_REP_REP_H

#include "proto/base/err.h"
#include "proto/store/name.h"
#include "proto/store/record.h"
#include "proto/store/secret.h"
#include "proto/store/store.h"
#include "worker/mime/mail.h"
#include "worker/rep/crowd.h"
#include "worker/rep/fingerprint.h"
#include "worker/rep/outbound.h"
#include "worker/rep/tally.h"

enum {
    REP_URLS_MAX = 14,
    REP_FILES_MAX = 4,
    REP_NAMES_MAX = 8 + REP_URLS_MAX + REP_FILES_MAX + FINGERPRINT_MAX,
    REP_BATCH_MAX = 64,   /* mails in one batch */
    REP_SEEN_BYTES = 256, /* of a tenant's name; a longer one has everybody's reputation */
};

struct rep_name {
    enum name_kind kind;
    span name; /* canonical: "192.0.2.1", "example.org" */
};

/* The names of one mail, with the text they point to: a copy that outlives the mail. Not to be moved. */
struct rep_names {
    struct rep_name v[REP_NAMES_MAX];
    size_t n;
    bool urls_cut;                     /* the mail links to more domains than are looked up: good ones prove nothing */
    bool from_proven;                  /* a trusted host found that the From domain's owner sent it (DMARC pass) */
    bool sender_proven;                /* and that the envelope sender's domain lets the client send (SPF pass) */
    bool outbound;                     /* a user of ours sends it: NAME_USER, NAME_RCPTS and NAME_NETS are there */
    uint64_t rcpt[CROWD_MEMBERS], net; /* recipients, and the client's network, as hashes under the secret */
    size_t rcpt_count;
    size_t used;
    uint8_t text[REP_NAMES_MAX * NAME_MAX_BYTES];
};

/* Find a mail's names: client, network, domains and files, each once. A name that could not be one is left out, so
 * nothing that a mail says can forge a key. */
void rep_names(const struct mail *m, span client_ip, span mail_from, struct rep_names *out);

/* Add the bands of its fingerprint, which is known later. */
void rep_names_text(struct rep_names *names, const struct fingerprint *f);

/* Add who sends it and to whom. user: who logged in to send it, empty when it comes from the world. */
void rep_names_people(struct rep_names *names, const struct secret *secret, span user, const span *rcpt, size_t rcpts);

struct rep; /* one worker's connection, cache, and counts still to be written */

struct rep_options {
    struct store_options store; /* store.where may be "off" */
    const char *prefix;         /* of all keys */
    int flush_ms;               /* counts are written this often */
    int cache_ms;               /* what was read so long ago is believed */
    struct record_lives lives;
    const struct secret *secret; /* copied; people's names are hashed under it */
};

/* Resolves the host once, here; connects on its own from then on, again and again with back-off, never blocking a
 * caller beyond its deadline. Errors as store_open. */
enum err rep_open(const struct rep_options *o, struct rep **rep_out);
/* Give the store up to `timeout_ms` to answer for the first time, so that the first mails are not judged without it. */
void rep_warm(struct rep *r, int timeout_ms);
void rep_close(struct rep *r); /* sends what is still to be written, for at most 200 ms */

/* rep_names_people with this installation's secret. */
void rep_people(const struct rep *r, struct rep_names *names, span user, const span *rcpt, size_t rcpts);

/* One batch: begin, ask for each mail (slot below REP_BATCH_MAX), send without waiting so that the CPU can score
 * meanwhile, then collect until all answers are there or `deadline_us` (clock_us) has passed. Answers that come for an
 * earlier batch are recognised and dropped. While the store is away or stalled, all of these return at once.
 *
 * rep_ask may be called again for a slot whose `names` have grown, and asks for the new ones. */
void rep_begin(struct rep *r);
void rep_ask(struct rep *r, size_t slot, span tenant, const struct rep_names *names);
void rep_send(struct rep *r);
void rep_collect(struct rep *r, int64_t deadline_us);

struct rep_score {
    bool known;      /* the store answered in time (or is off by choice) */
    double log_odds; /* sum of what the records say, bounded; 0 when nothing was ever reported, and little was seen */
    double by_kind[NAME_KIND_COUNT];
    struct { /* what spoke for each kind; meaningless where by_kind is 0 */
        size_t name;
        struct record record;
    } from[NAME_KIND_COUNT];
    struct outbound outbound; /* of a user of ours */
};

/* What was collected for a slot, until the next rep_begin. */
void rep_result(struct rep *r, size_t slot, struct rep_score *out);

/* From records (faded to the present) to log-odds: records[i] belongs to names->v[i]. Pure; docs/reputation.md has the
 * formula. */
void rep_score(const struct rep_names *names, const struct record *records, const struct record_lives *lives,
               struct rep_score *out);

/* Count the mail of a slot for its names, before the next rep_begin; summed up in memory and written behind by
 * rep_tick. */
void rep_count(struct rep *r, size_t slot, span tenant, const struct rep_names *names, struct tally_seen seen);

/* What may be shown of a mail to those who ask for campaigns. */
struct rep_sample {
    span subject; /* that the mail's tenant may see (campaign_subject); empty: none. Lent */
    bool shared;  /* and everybody */
};

/* Note the mail of a slot in the indexes of campaigns, if others of the last hours were like it; before the next
 * rep_begin. */
void rep_note(struct rep *r, size_t slot, span tenant, const struct rep_names *names, struct tally_seen seen,
              const struct rep_sample *sample);

/* Keep what a ticket stands for, for `ttl_s`; sent with the next counts. Best effort: while the store is away it is not
 * kept. */
void rep_remember(struct rep *r, span ticket, span record, int ttl_s);

/* Call each loop: reads late answers, flushes, reconnects. Never waits. Returns in how many ms it wants to be called
 * again at the latest; -1: no wish. */
int rep_tick(struct rep *r);

/* The descriptor to watch for readability, or -1. */
int rep_fd(const struct rep *r);

/* What a person looking at this worker may want to know. */
struct rep_stat {
    bool away;            /* not answering, though it should */
    uint64_t late;        /* answers that came after their batch */
    uint64_t hurried;     /* batches that did not wait, since those before them had waited in vain */
    uint64_t refused;     /* commands that the store answered with an error */
    uint64_t connections; /* how often a connection was made */
    uint64_t waiting;     /* keys with counts still to be written */
    uint64_t dropped;     /* counts dropped because the table was full or the store refuses the key */
    uint64_t once;        /* names met once and let go unwritten (behind.h) */
    uint64_t asked, kept; /* names looked up in the store; names that the cache knew */
};
void rep_stat(const struct rep *r, struct rep_stat *out);

#endif

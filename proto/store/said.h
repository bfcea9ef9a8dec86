/* SPDX-License-Identifier: Apache-2.0 */
/* said: what people say of names, added to their records exactly once, by as many hosts as like.
 *
 * All hosts read the same stream of reports from its beginning, and each adds what the reports say, again when an answer
 * got lost. A key of each bucket remembers the newest entry whose words were added there, in the same step as the
 * records change: what is not newer is passed over. Since every host goes in the stream's order, nothing is left out.
 * Taking back subtracts what has faded since it was said. docs/feedback.md, "Exactly once".
 *
 * A server that was emptied, or a replica that lacked the last seconds, remembers less than the sender knows: then
 * nothing is added, and the sender is told, so that it can begin again there. And who can write into Redis could have it
 * remember an entry of next year, so that no word counts until then: what is of a time to come is not believed. */
#ifndef FURUI_STORE_SAID_H
#define FURUI_STORE_SAID_H

#include "proto/store/name.h"
#include "proto/store/record.h"
#include "proto/store/store.h"

enum {
    SAID_KEYS_MAX = 64,
    SAID_WORDS_MAX = 256,            /* both in one call */
    SAID_KEPT_MS = 90 * 86400000ULL, /* a bucket that takes no word for so long forgets which it had */
    SAID_AHEAD_MS = 600000,          /* that the clocks of servers may be apart */
};

struct said {
    struct store *store;
    unsigned script;
    struct record_lives lives;
    uint32_t said_s; /* after so long without an addition a name is forgotten */
};

/* Words about one name, of one entry of the stream. */
struct said_word {
    uint64_t ms, n;  /* the entry's id */
    uint32_t minute; /* when it was said (record_minute) */
    uint32_t key;    /* index among the keys */
    float ham, spam; /* below 0: taken back */
};

/* Make the script known to a store that was just opened. */
void said_init(struct said *s, struct store *store, const struct record_lives *lives);

/* Newest entry whose words a bucket has. */
struct said_place {
    uint64_t ms, n; /* 0, 0: none */
};

/* Add words, in the order of the stream, to the records at n <= SAID_KEYS_MAX keys (name_key) of one bucket; nothing is
 * done if it has not all words up to `known`. False as store_put. */
bool said_put(const struct said *s, const span *keys, size_t n, const struct said_word *words, size_t word_count,
              struct said_place known, uint64_t tag);

/* Ask a bucket of these whether it has all up to `known`, and what it has. */
bool said_look(const struct said *s, const char *prefix, unsigned bucket, struct said_place known, uint64_t tag);

enum said_outcome {
    SAID_LATER, /* refused, or nobody knows: put it again */
    SAID_DONE,
    SAID_MISSING, /* nothing was done: it lacks words */
};

struct said_answer {
    enum said_outcome outcome;
    struct said_place had; /* before */
    uint64_t taken;        /* words that were new */
    bool strange;          /* what it remembered was not believed, but what was known; `had` is none */
};

/* The reply to either. */
void said_read(const struct store_reply *r, struct said_answer *out);

/* The bucket that a key is of. */
unsigned said_bucket(span key);

#endif

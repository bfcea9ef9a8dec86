/* SPDX-License-Identifier: Apache-2.0 */
/* said: what people say of names, added to their records exactly once, by as many hosts as like.
 *
 * All hosts read the same stream of reports from its beginning, and each adds what the reports say, again when an answer
 * got lost. A key of each bucket remembers the newest entry whose words were added there, in the same step as the
 * records change: what is not newer is passed over. Since every host goes in the stream's order, nothing is left out.
 * Taking back subtracts what has faded since it was said. docs/feedback.md, "Exactly once". */
#ifndef FURUI_STORE_SAID_H
#define FURUI_STORE_SAID_H

#include "proto/store/name.h"
#include "proto/store/record.h"
#include "proto/store/store.h"

enum { SAID_KEYS_MAX = 64, SAID_WORDS_MAX = 256 }; /* in one call */

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

/* Add words, in the order of the stream, to the records at n <= SAID_KEYS_MAX keys (name_key) of one bucket. The reply
 * is the number of words that were new. False as store_put. */
bool said_put(const struct said *s, const span *keys, size_t n, const struct said_word *words, size_t word_count,
              uint64_t tag);

/* The bucket that a key is of. */
unsigned said_bucket(span key);

#endif

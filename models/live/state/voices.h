/* SPDX-License-Identifier: Apache-2.0 */
/* voices: who said what of which mail, how much that is believed, and what follows from a new word.
 *
 * Each reporter starts with little weight and earns more by agreeing with what is settled about a mail: by the weighed
 * words of others, by the content's own verdict, by traps. One who disagrees loses faster than one who agrees gains.
 * The same word twice counts once; `undo` takes exactly back what was given. Strangers together move a name no further
 * than one trusted reporter does, and nobody moves one name far alone, however many mails he reports.
 *
 * Logic only, and nothing but what the stream holds decides: the same records at the same times give the same voices,
 * byte by byte, on every host. Everything is bounded (memo.h): what was said longest ago is forgotten. Formulas:
 * docs/feedback.md. */
#ifndef FURUI_STATE_VOICES_H
#define FURUI_STATE_VOICES_H

#include "models/live/state/memo.h"
#include "proto/feedback.h"

enum {
    VOICES_WORD_BITS = 16,  /* words remembered: of a reporter about a mail */
    VOICES_MAIL_BITS = 16,  /* mails spoken about */
    VOICES_ALIKE_BITS = 17, /* fingerprints of these */
    VOICES_WHO_BITS = 16,   /* reporters */
    VOICES_NAME_BITS = 17,  /* names, and pairs of a reporter and a name */
    VOICES_KEPT_MAX = 16,   /* of one mail, whose agreement is judged again when opinion turns */
};

/* What the owner decides. */
struct voices_rules {
    const uint64_t *trusted; /* reporters whose word counts fully from the first; ascending; lent */
    size_t trusted_count;
    bool equal; /* each word weighs 1, but a trap's: to measure what the weighing does */
};

struct voices {
    void *block; /* owned */
    size_t bytes;
    struct memo words, mails, alike, who, names;
    struct voices_rules rules;
};

/* ERR_MEMORY; 44 MB, touched as they are used. */
enum err voices_open(struct voices *v, const struct voices_rules *rules);
void voices_close(struct voices *v);

/* A word's weight, and what it gives the names of its mail. Amounts are in trusted reports: 1 is one person who is
 * believed. */
struct voices_word {
    bool spam;
    int64_t at_ms; /* when it was said */
    double amount[FEEDBACK_NAMES_MAX];
    double learn; /* the weight that the content is learnt with; 0: not at all */
};

/* What follows from a word: an earlier one is taken back, a new one counts. */
struct voices_effect {
    bool again; /* nothing: it was said before, or there is nothing to undo */
    bool has_back, has_now;
    struct voices_word back, now;
};

/* Take in a record.
 *
 *   z        log-odds of spam that bundle and live model together give the mail before they learn this
 *   now_ms   time of the stream's entry */
void voices_take(struct voices *v, const struct feedback *r, double z, int64_t now_ms, struct voices_effect *out);

/* Has this reporter said this of this mail before, and not taken it back? */
bool voices_heard(const struct voices *v, const struct feedback *r);

/* What is known of a reporter. */
struct voices_who {
    double agreed, disagreed; /* settled mails, the older the less */
    double weight;            /* of the next word, 0 to 1 */
    int64_t first_ms, last_ms;
    uint64_t words;         /* in all */
    bool trusted, stranger; /* by the rules; strangers together say no more than one who is believed */
};

/* False when nothing is; the weight of a newcomer then. */
bool voices_who(const struct voices *v, uint64_t reporter, struct voices_who *out);
/* How the weight of one who is not trusted from the first comes about: the formula with his numbers. */
void voices_how(const struct voices_who *w, char *out, size_t cap);

#endif

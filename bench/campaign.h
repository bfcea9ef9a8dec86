/* SPDX-License-Identifier: Apache-2.0 */
/* campaign: how well fingerprints tell what is nearly the same from what is not, on the mails of an index.
 *
 * Two questions: how many good mails share a band with any spam of the index though they share few words with it, and of a
 * campaign made of a spam of the index (words replaced by words of other mails, others put behind) how many copies share
 * a band with one of three reported before. */
#ifndef FURUI_BENCH_CAMPAIGN_H
#define FURUI_BENCH_CAMPAIGN_H

#include "models/corpus/index.h"

enum {
    CAMPAIGN_LEVELS = 6,
    CAMPAIGN_COPIES = 20,
    CAMPAIGN_TEMPLATES = 200,
    CAMPAIGN_FAR = 15 /* hundredths of J: unrelated */
};

/* Hundredths of a template's words that are replaced, and that are put behind it. */
struct campaign_level {
    unsigned replaced, added;
};
extern const struct campaign_level CAMPAIGN_LEVEL[CAMPAIGN_LEVELS];

struct campaign {
    size_t mails, printed; /* of these, that have a fingerprint */
    size_t ham, ham_met;   /* with a fingerprint; that share a band with a spam */
    size_t ham_far;        /* of these, whose J with every such spam is under CAMPAIGN_FAR hundredths */
    size_t spam, spam_met; /* that share a band with an earlier spam */
    size_t templates;
    struct {
        double j;          /* mean of neighbours among the copies */
        double one, three; /* shares of copies that meet the one before; one of the first three */
    } level[CAMPAIGN_LEVELS];
};

/* ERR_MEMORY, or what reading the index gave, with words in fault_out (INDEX_FAULT_BYTES). */
enum err campaign_measure(const struct mail_index *x, struct campaign *out, char *fault_out);

#endif

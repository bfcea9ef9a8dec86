/* SPDX-License-Identifier: Apache-2.0 */
/* inproc: what judging costs without a service around it: each mail read, its features extracted and scored as a worker
 * does it, by one thread, out of memory.
 *
 * No clock runs inside the reader. What a stage costs is found by judging all mails again with that stage done once
 * more behind each, on the very input that it had. */
#ifndef FURUI_BENCH_INPROC_H
#define FURUI_BENCH_INPROC_H

#include "bench/mails.h"
#include "worker/score/livesum.h"

#define INPROC_STAGE_LIST(X)                                                    \
    X(WALK, "walk")     /* header fields and MIME parts found */                \
    X(DECODE, "decode") /* transfer encoding and charset of the texts undone */ \
    X(TEXT, "text")     /* HTML and plain text to what a reader sees */         \
    X(URLS, "urls")     /* links found, taken apart, kept */                    \
    X(NORMAL, "normal") /* normal form */                                       \
    X(OTHER, "other")   /* the rest of mail_read: header values, From, files */ \
    X(TOKENS, "tokens") /* features_extract: 4-grams, words, pairs, shape */    \
    X(SCORE, "score")   /* model_score: table, net, calibration */              \
    X(LIVE, "live")     /* livesum_score; nothing without a live model */

enum inproc_stage {
#define X(name, word) INPROC_##name,
    INPROC_STAGE_LIST(X)
#undef X
        INPROC_STAGES
};

extern const char *const INPROC_STAGE_NAME[INPROC_STAGES];

struct inproc {
    size_t rounds;
    double best_s, median_s;       /* CPU seconds of a round: all mails judged once */
    double stage_s[INPROC_STAGES]; /* of a round; they add up to what reading, features and score take by themselves */
    uint64_t features;             /* of all mails */
    uint64_t check; /* of all features and scores, whatever the order of features: equal for builds that judge alike; of
                     * live log-odds too, when something was learnt */
};

/* What judges. */
struct inproc_by {
    const struct model *model;
    struct livesum *live; /* all zeros: nothing was learnt from reports */
    span tenant;
};

/* Measure. `stages`: also what each costs (about twice the time). False when there is no memory for an arena. */
bool inproc_measure(const struct mails *mails, const struct inproc_by *by, size_t rounds, bool stages,
                    struct inproc *out);

#endif

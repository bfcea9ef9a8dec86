/* SPDX-License-Identifier: Apache-2.0 */
/* feature: what the models look at: hashed tokens, hashed byte 4-grams, and numbers about a mail's shape.
 *
 * A mail is looked at through several views, each with a model of its own: what is told by raw header bytes within one
 * source misleads about another, so no view may drown the others. docs/scoring.md lists every feature. Whatever changes
 * a hash or a number here changes FEATURE_VERSION, and bundles made for another version are refused. */
#ifndef FURUI_TOKEN_FEATURE_H
#define FURUI_TOKEN_FEATURE_H

#include "proto/base/arena.h"
#include "worker/mime/mail.h"

enum {
    FEATURE_VERSION = 4,
    FEATURE_TELLING = 5, /* bytes of a word that may tell what a text is about (worker/rep/fingerprint.h) */
};

enum feature_view {
    VIEW_HEAD_GRAM, /* byte 4-grams of the raw header and the first raw body bytes */
    VIEW_TEXT_GRAM, /* byte 4-grams of what the reader sees: Subject, From, text in normal form; link hosts */
    VIEW_BODY_GRAM, /* byte 4-grams of the raw body, markup and part headers included; lower case */
    VIEW_HEAD,      /* tokens and their pairs in header fields, tagged by field; header names and their order */
    VIEW_TEXT,      /* tokens and their pairs in Subject, From name, visible, hidden and alternative text */
    VIEW_LINK,      /* hosts, domains, labels and paths of links; attachment names */
    VIEW_SHAPE,     /* facts that no sender's name is in: MIME tree, oddities, repairs, sizes, forms of addresses... */
    VIEW_COUNT
};
enum { VIEWS_ALL = (1u << VIEW_COUNT) - 1 };

/* Numbers about a mail's shape, each in [0, 1], for the fusion. */
#define FEATURE_NUMBER_LIST(X)                                                               \
    X(RAW_BYTES)     /* log2(1 + bytes) / 24 */                                              \
    X(VISIBLE_BYTES) /* the same of visible text */                                          \
    X(HIDDEN_SHARE)  /* hidden bytes of all text */                                          \
    X(LINKS)         /* log2(1 + links) / 8 */                                               \
    X(IMAGES)        /* log2(1 + images) / 8 */                                              \
    X(ATTACHMENTS)   /* log2(1 + attachments) / 4 */                                         \
    X(RECEIVED)      /* log2(1 + Received fields) / 5 */                                     \
    X(ODDITIES)      /* log2(1 + oddities) / 5 */                                            \
    X(HTML)          /* 1 when an HTML part is shown */                                      \
    X(REPLY)         /* 1 when In-Reply-To or References is there */                         \
    X(LIST)          /* 1 when any List-* field is there */                                  \
    X(QUOTED)        /* share of text lines that begin with '>' */                           \
    X(NON_ASCII)     /* share of visible bytes over 127 */                                   \
    X(CAPITALS)      /* share of capitals among the Subject's letters */                     \
    X(TOKENS)        /* log2(1 + features in VIEW_TEXT) / 13: how much there was to judge */ \
    X(URL_DOMAINS)   /* log2(1 + registrable domains linked) / 6 */

enum feature_number {
#define X(name) NUMBER_##name,
    FEATURE_NUMBER_LIST(X)
#undef X
        NUMBER_COUNT
};

struct feature_list {
    const uint32_t *v; /* hashes; none twice, none 0 */
    size_t n;
};

/* What a feature was made of. Pairs have two words, and `gap` words between them. */
struct feature_name {
    span field; /* "subject", "link host"…, or a header field's own name */
    span first, second;
    uint8_t gap;
};

struct features {
    struct feature_list view[VIEW_COUNT];
    const struct feature_name *names[VIEW_COUNT]; /* beside view[].v; NULL unless asked for */
    float number[NUMBER_COUNT];
    const uint32_t *told; /* the visible text's words of FEATURE_TELLING bytes or more, hashed, as they come */
    size_t told_count;
};

/* Turn a mail into features. Fields in FIELD_IGNORED are never looked at.
 *
 *   m   lent
 *   a   holds everything that out points to
 *
 * Cannot fail; a full arena gives fewer features. O(head + text), both bounded: under 300 KB of arena. */
void features_extract(const struct mail *m, struct arena *a, struct features *out);

/* The same for those who look at some views only, a bit for each (1u << VIEW_...); the others come out empty. Without
 * VIEW_TEXT NUMBER_TOKENS, which counts it, is 0. */
void features_extract_views(const struct mail *m, struct arena *a, unsigned views, struct features *out);

/* The same with names, for explanations. 4-grams are named too: `first` is where the gram stood. */
void features_extract_named(const struct mail *m, struct arena *a, struct features *out);

/* How many hashes all lists hold together. */
size_t features_count(const struct features *f);

/* A copy whose lists lie in to[features_count(f)], without names. */
void features_copy(const struct features *f, uint32_t *to, struct features *out);

#endif

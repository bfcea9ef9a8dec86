/* SPDX-License-Identifier: Apache-2.0 */
/* judged: what an evaluation found out: one entry for each mail, in the order in which they were judged.
 *
 * Filled by judge.h, read by whatever makes figures, tables, plots and comparisons of it: those know nothing about how a
 * mail came to its score. */
#ifndef FURUI_MODELS_JUDGED_H
#define FURUI_MODELS_JUDGED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct judged_mail {
    const char *path; /* as the index has it; lent by the index */
    uint32_t line;    /* in the index file, from 1 */
    uint32_t source;  /* which index */
    double score;     /* calibrated log-odds of spam, before the mail was learnt */
    bool spam;        /* its true label */
    bool excluded;    /* judged, and learnt, but not counted in figures */
    uint8_t language; /* of its text: enum judged_language */
    uint8_t kind;     /* of mail: enum judged_kind */
};

struct judged {
    struct judged_mail *v; /* owned */
    size_t n;
    const char *const *source; /* [sources], names of the indexes; lent */
    size_t sources;
};

/* By the script that most letters of the visible text have; Latin by its commonest small words. */
#define JUDGED_LANGUAGES(X)                                                                                         \
    X(NONE, "no text")                                                                                              \
    X(ENGLISH, "English") X(LATIN, "other Latin") X(JAPANESE, "Japanese") X(CHINESE, "Chinese") X(KOREAN, "Korean") \
        X(CYRILLIC, "Cyrillic") X(ARABIC, "Arabic") X(HEBREW, "Hebrew") X(THAI, "Thai") X(OTHER, "other")

/* The first that holds, in this order. */
#define JUDGED_KINDS(X)                                                                    \
    X(BOUNCE, "delivery report")                                                           \
    X(CALENDAR, "invitation") X(LIST, "list or newsletter") X(ATTACHED, "with attachment") \
        X(PICTURES, "pictures, hardly text") X(SHORT, "under 20 words") X(HTML, "HTML") X(PLAIN, "plain text")

enum judged_language {
#define X(id, name) JUDGED_##id,
    JUDGED_LANGUAGES(X) JUDGED_LANGUAGE_COUNT
#undef X
};
enum judged_kind {
#define X(id, name) JUDGED_KIND_##id,
    JUDGED_KINDS(X) JUDGED_KIND_COUNT
#undef X
};

const char *judged_language_name(enum judged_language l); /* static */
const char *judged_kind_name(enum judged_kind k);         /* static */

void judged_close(struct judged *j);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* judged: what an evaluation found out: one entry for each mail, in the order in which they were judged.
 *
 * Filled by judge.h, read by whatever makes figures, tables, plots and comparisons of it: those know nothing about how
 * a mail came to its score. */
#ifndef FURUI_FIGURES_JUDGED_H
#define FURUI_FIGURES_JUDGED_H

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
    char model[17];         /* the id of the bundle that judged, as model_id; "" when there was none */
    bool trained_alike;     /* that bundle was trained on just as many ham and spam: on these mails, most likely */
    size_t learnt, flipped; /* mails learnt on the way or before, and those of them under the wrong label */
};

/* By the script that most letters of the visible text have; Latin by its commonest small words. */
enum judged_language {
    JUDGED_NO_TEXT,
    JUDGED_ENGLISH,
    JUDGED_LATIN, /* another language in Latin letters */
    JUDGED_JAPANESE,
    JUDGED_CHINESE,
    JUDGED_KOREAN,
    JUDGED_CYRILLIC,
    JUDGED_ARABIC,
    JUDGED_HEBREW,
    JUDGED_THAI,
    JUDGED_OTHER,
    JUDGED_LANGUAGES
};

/* The first that holds. */
enum judged_kind {
    JUDGED_BOUNCE, /* a delivery report */
    JUDGED_INVITATION,
    JUDGED_LIST, /* a list's or a newsletter's */
    JUDGED_ATTACHED,
    JUDGED_PICTURES, /* and hardly text */
    JUDGED_SHORT,    /* under 20 words */
    JUDGED_HTML,
    JUDGED_PLAIN,
    JUDGED_KINDS
};

const char *judged_language_name(enum judged_language l); /* static */
const char *judged_kind_name(enum judged_kind k);         /* static */

void judged_close(struct judged *j);

#endif

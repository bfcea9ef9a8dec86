/* SPDX-License-Identifier: Apache-2.0 */
/* signs: single facts about headers that alone give a label away, or a source.
 *
 * When ham came from one server and spam from another, any filter is nearly perfect on such mail and worth nothing on
 * any other: its accuracy is an artefact of how the corpus was collected. So each fact is tried as a filter alone. */
#ifndef FURUI_AUDIT_SIGNS_H
#define FURUI_AUDIT_SIGNS_H

#include "models/corpus/corpus.h"
#include "models/corpus/gather.h"

enum sign_kind {
    SIGN_FIELD,     /* a header field of that name is there */
    SIGN_RECEIVED,  /* "by" a host in some Received field */
    SIGN_MAILER,    /* X-Mailer or User-Agent, up to its version */
    SIGN_CHARSET,   /* declared by some part */
    SIGN_LIST,      /* in List-Id */
    SIGN_RECIPIENT, /* a host in To, Cc or Delivered-To */
    SIGN_ID,        /* the host in Message-ID */
    SIGN_DATE,      /* came from one day to another */
    SIGN_SOURCE,    /* is of that source */
    SIGN_KINDS
};

struct sign {
    enum sign_kind kind;
    char *what; /* a name, host, ...; a stranger's bytes; owned */
    /* Two classes of mail are told apart by it: ham (0) and spam (1), or mails of a source (1) and all others (0). */
    bool by_source;
    uint32_t source;   /* by_source: that is told; else: within that, or SIGNS_ALL */
    size_t with[2];    /* mails of each class that have it */
    size_t of[2];      /* mails of each class */
    double right;      /* balanced accuracy of a filter that knows nothing else: 0.5 is a coin, 1 is never wrong */
    bool speaks_for_1; /* for class 1: it is commoner there */
};
#define SIGNS_ALL UINT32_MAX

enum {
    SIGNS_LEAST = 20,       /* mails of each class; fewer tell nothing */
    SIGNS_EACH = 5,         /* of one comparison that are kept, the best */
    SIGNS_SOURCES_MAX = 64, /* sources that are looked at one by one; of more, only all together */
};
#define SIGNS_LABEL  0.80 /* `right` from which a sign of the label is kept */
#define SIGNS_SOURCE 0.95 /* ... of a source */
#define SIGNS_ALONE  0.95 /* from which a corpus is given away */

struct signs {
    struct sign *v; /* owned: those of labels first, then of sources; within a comparison the best first */
    size_t n;
    size_t read;   /* mails whose header was looked at: those that came as mails, not as counts */
    size_t *first; /* [g->inputs + 1]: where the mails of each input begin in the corpus; 0 for counts; owned */
};

/* Read the header of each mail that `g` names as a mail, once more, and find the signs. `c` is what gather() made of
 * `g`: mails behind counts, in their order. Dates and sources are known of all mails.
 *
 * Memory holds what 1 of 100 mails of a source and label have; O(mails). Errors as each_mail. */
enum err signs_open(const struct corpus *c, const struct gather *g, struct signs *out, char *fault_out);
void signs_close(struct signs *s);

/* "header field"...; static. */
const char *sign_word(enum sign_kind k);

#endif

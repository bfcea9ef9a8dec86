/* SPDX-License-Identifier: Apache-2.0 */
/* show: what the engine saw in a mail, for people and for programs. docs/show.md describes both forms. */
#ifndef FURUI_SHOW_SHOW_H
#define FURUI_SHOW_SHOW_H

#include "proto/config.h"
#include "worker/score/weigh.h"

#include <stdio.h>

enum {
    SHOW_WEIGHTS = 20,      /* shares that are listed, unless all are wanted */
    SHOW_TEXT_BYTES = 2000, /* of each text */
    SHOW_VALUE_BYTES = 300, /* of a header field, a link, a name */
    SHOW_TAIL_BYTES = 60,   /* so much more is not worth a cut */
    SHOW_LINKS = 30,
    SHOW_PARTS = 100,
    SHOW_FIELDS = 60,
    SHOW_RESULTS = 10,           /* Authentication-Results */
    SHOW_ARENA_BYTES = 32 << 20, /* weights and words of one mail */
};

struct show {
    const char *path;
    size_t number; /* within an mbox, from 1; 0: the file is one mail */
    const char *bundle, *model_id;
    const struct mail *m;
    const struct mail_context *context; /* that it was read with */
    const struct scores *scores;        /* as the service has them */
    const struct weighing *w;
    enum wire_class klass;
    double unsure_at, spam_at;
    uint64_t odd;
    bool all;        /* nothing is cut */
    struct arena *a; /* for words that are made up */
};

void show_text(FILE *to, const struct show *s);

/* One object on one line; nothing is cut. ERR_MEMORY is not told: json.h ends the program. */
void show_json(FILE *to, const struct show *s);

/* What neither weights nor base tell of the score; 0 when it is under the last digit shown. */
double show_rest(const struct show *s);

/* --- what both speak of ------------------------------------------------------------------------------------------- */

/* "raw-bytes"...: the name of a number of the mail's shape; static. */
const char *show_number_word(enum feature_number n);

/* Facts about the mail's shape that are counts: name and value; false past the last. */
bool show_count(const struct mail *m, size_t i, const char **name_out, uint64_t *value_out);

/* "7bit", "base64"...; static. */
const char *show_encoding_word(enum mail_encoding e);

/* "text", "href"...; static. */
const char *show_place_word(enum url_place p);

/* Authentication-Results and ARC's: whose each is, and why it counts or does not. Call with a zeroed struct first;
 * false past the last. */
struct show_results {
    size_t next;       /* the field to go on with */
    unsigned received; /* Received fields above */
    bool arc, trusted;
    span id;              /* empty when the field is malformed or names nobody */
    const char *standing; /* in words */
};
bool show_results(const struct show *s, struct show_results *r);

/* The texts of a mail beside what models read of them, normalised; false past the last. */
struct show_side {
    const char *name, *title; /* for JSON and for people */
    span plain, folded;
    bool body; /* shown in a section of its own; else it stands in the header */
};
bool show_side(const struct mail *m, size_t i, struct show_side *out);

#endif

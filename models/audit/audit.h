/* SPDX-License-Identifier: Apache-2.0 */
/* audit: what is wrong with the labels of a corpus, before a model is trained on them.
 *
 * Three looks: labels that models dispute which saw neither the mail nor one like it; mails that say the same under
 * both labels; facts about the header that alone give the label away. docs/measuring.md says how much each finds. */
#ifndef FURUI_AUDIT_AUDIT_H
#define FURUI_AUDIT_AUDIT_H

#include "models/audit/signs.h"
#include "models/audit/twins.h"
#include "models/corpus/gather.h"
#include "models/train/fit.h"

#include <stdio.h>

enum { AUDIT_FOLDS = 5, AUDIT_FAULT_BYTES = FIT_FAULT_BYTES };

/* A label less probable than this is disputed. */
#define AUDIT_DOUBT 0.2
enum { AUDIT_SURE = 3 };

struct audit {
    const struct corpus *c; /* lent */
    const struct gather *g; /* lent */
    double *score;          /* [n]: calibrated log-odds of spam; owned */
    uint32_t *disputed;     /* mails, most first; owned */
    size_t disputes;
    struct twins twins;
    uint32_t *member; /* [n]: mails by group, each group's first mail first; owned */
    size_t *contrary; /* where in `member` the groups with both labels begin, the largest first; owned */
    size_t contraries;
    struct signs signs;
    struct fit_report held; /* how good the judgements are */
};

/* Look at a corpus that gather() made of `g`.
 *
 *   fault_out  on error, one line; AUDIT_FAULT_BYTES
 *
 * ERR_MODEL: one class only, or too few mails that differ. Else errors as gather. Costs about a training; 160 bytes a
 * mail beside theirs. */
enum err audit_open(const struct corpus *c, const struct gather *g, const struct fit_plan *p, struct audit *out,
                    char *fault_out);
void audit_close(struct audit *a);

/* Log-odds against the label of mail i: positive where it is disputed. */
double audit_dispute(const struct audit *a, size_t i);

/* The group that begins at member[at]: its mails, and how many of them are ham and spam. */
size_t audit_group(const struct audit *a, size_t at, size_t count_out[2]);

/* --- audit_show.c ------------------------------------------------------------------------------------------------- */

/* A report for people, the worst `most` of each kind; a report for programs, on one line, whole. */
void audit_text(FILE *to, const struct audit *a, size_t most);
void audit_json(FILE *to, const struct audit *a);

/* The doubtful mails of input k of `g`, which is an index, as `furui eval --exclude` takes them: those that are
 * disputed, and those of groups with both labels, but the label that AUDIT_SURE times as many of a group have. */
void audit_list(FILE *to, const struct audit *a, size_t k);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* judge: scores for all mails of some indexes: by a bundle, by a filter that learns on the way, or by models that are
 * trained on other mails of them.
 *
 * The protocols are those of the TREC spam track (Cormack, TREC 2006 and 2007 Spam Track Overviews) and what a data
 * team adds: folds, and a day on which training ends. docs/measuring.md says what each of them is good for. */
#ifndef FURUI_EVAL_JUDGE_H
#define FURUI_EVAL_JUDGE_H

#include "models/corpus/index.h"
#include "models/figures/judged.h"
#include "models/train/fit.h"
#include "worker/score/model.h"

enum { JUDGE_FAULT_BYTES = 1024, JUDGE_LATE_MAX = 100000, JUDGE_FOLDS_MAX = 100 };

/* What is to be judged: the mails of each index, one index after the other. Lent. */
struct judge_mails {
    const struct mail_index *index; /* [sources] */
    const char *const *source;      /* [sources], their names */
    size_t sources;
    const struct mail_context *context; /* what else is known of each mail, or NULL */
};

enum judge_way {
    JUDGE_BY_MODEL,  /* an open model; nothing is learnt */
    JUDGE_IMMEDIATE, /* each mail is judged, then learnt */
    JUDGE_DELAYED,   /* the label of a mail arrives when `n` more were judged; up to JUDGE_LATE_MAX */
    JUDGE_FIRST,     /* labels for the first `n` mails only */
    JUDGE_PARTIAL,   /* labels for mails to some addresses only, `share` of them */
    JUDGE_ACTIVE,    /* labels for `n` mails, of the filter's own choice */
    JUDGE_FOLDS,     /* `n` parts, equal bodies in one; each is judged by a model trained on the others; 2 or more */
    JUDGE_SHARE,     /* the rest of each index by a model trained on its first `share` */
    JUDGE_UNTIL,     /* what came from `until` on by a model trained on what came before */
};

struct judge_plan {
    enum judge_way way;
    size_t n;
    double share;        /* in (0, 1) */
    int64_t until;       /* seconds since 1970 */
    double flip;         /* share of labels that are learnt wrong, in [0, 1]; those judged by stay */
    struct fit_plan fit; /* how models are trained */
};

/* Judge all mails, or those that the plan leaves for judging, in the order of their indexes.
 *
 *   model      for JUDGE_BY_MODEL; else NULL
 *   out        owned by the caller: judged_close(), failed or not; lends the indexes' paths and the sources' names
 *   fault_out  on error, one line; JUDGE_FAULT_BYTES
 *
 * Errors as index_read; ERR_MODEL: these mails cannot be trained on; ERR_CLOSED: a model could not be stored in
 * TMPDIR while it is used; ERR_MEMORY. Mails are read by all cores. Holds 48 bytes a mail; DELAYED 20 KB for each that
 * waits; the last three what fit_bundle needs. */
enum err judge(const struct judge_plan *p, const struct model *model, const struct judge_mails *mails,
               struct judged *out, char *fault_out);

/* Is the label of this mail learnt wrong? The same mails are in every protocol, by a fixed seed. */
bool judge_flips(double flip, uint32_t source, const char *path, uint32_t line);

#endif

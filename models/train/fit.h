/* SPDX-License-Identifier: Apache-2.0 */
/* fit: a bundle from a labelled corpus: models on all of it; fusion and calibration from mails they had not seen.
 *
 * Folds are sources when there are several (what is learnt then holds for mail from elsewhere), groups of like bodies
 * when there is one. For each fold the models are trained on the others and judge it; the net learns to weigh those
 * judgements, and the line of calibration is fitted to judgements of nets that had not seen the fold either. */
#ifndef FURUI_TRAIN_FIT_H
#define FURUI_TRAIN_FIT_H

#include "models/corpus/corpus.h"
#include "models/corpus/trust.h"

enum { FIT_FAULT_BYTES = 512, FIT_FOLDS_MAX = 8 };

struct fit_plan {
    unsigned table_bits;     /* log2 of the frozen table's slots; 4 bytes each */
    unsigned epochs;         /* passes of the linear models over the corpus */
    unsigned half_life_days; /* a mail so much older than the newest weighs half; 0: all weigh alike */
    bool quiet;              /* no lines of progress */
    struct trust trust;      /* with which the corpus was read; named in the manifest when it names anybody */
};

struct fit_report {
    unsigned folds;
    bool by_source;
    double held_roca_pct, held_log_loss; /* of out-of-fold, fused and calibrated scores */
    char id[17];
};

void fit_plan_init(struct fit_plan *p);

/* Train and write a bundle to `path`.
 *
 *   report_out  may be NULL
 *   fault_out   on error, one line; FIT_FAULT_BYTES
 *
 * ERR_MODEL (one class only, or one mail of it), ERR_MEMORY, ERR_IO. On error what stood at `path` still stands. */
enum err fit_bundle(const struct corpus *c, const struct fit_plan *p, const char *path, struct fit_report *report_out,
                    char *fault_out);

/* Let models judge mails that they have not seen: for each fold those that fit_bundle would train on the others, of all
 * views; the net and the calibration as well.
 *
 *   fold[n]     below `folds`, which is 2 to FIT_FOLDS_MAX
 *   score_out   [n], calibrated log-odds of spam
 *   report_out  may be NULL; no id
 *
 * Errors as fit_bundle. */
enum err fit_held(const struct corpus *c, const struct fit_plan *p, const uint8_t *fold, unsigned folds,
                  double *score_out, struct fit_report *report_out, char *fault_out);

#endif

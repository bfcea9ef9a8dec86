/* SPDX-License-Identifier: Apache-2.0 */
/* fit_steps: the steps of fit.c that have a file of their own, and what they share.
 *
 * fit_learn.c trains the models outside a fold; fit_fuse.c weighs what they say and calibrates it. Nobody but fit.c
 * calls them, those that take a fold from several threads at once, each with another. */
#ifndef FURUI_TRAIN_FIT_STEPS_H
#define FURUI_TRAIN_FIT_STEPS_H

#include "models/train/dropout.h"
#include "models/train/fit.h"
#include "models/train/vocabulary.h"
#include "proto/cli/cli.h"
#include "worker/score/part.h"

#include <pthread.h>

enum { FOLDS_MAX = FIT_FOLDS_MAX };
/* The views whose models hold for mail from elsewhere: four witnesses, of which one, the text, speaks in two ways. */
static const struct {
    enum feature_view view;
    float weight;
} portable[] = {{VIEW_HEAD_GRAM, 0.25f},
                {VIEW_TEXT_GRAM, 0.125f},
                {VIEW_BODY_GRAM, 0.25f},
                {VIEW_TEXT, 0.125f},
                {VIEW_SHAPE, 0.25f}};
enum { PORTABLE = sizeof portable / sizeof *portable };

/* Everything that is known about the corpus while a bundle is made. */
struct fit {
    const struct corpus *c;
    const struct fit_plan *plan;
    unsigned folds;
    bool by_source;         /* each fold is a source */
    bool judges[FOLDS_MAX]; /* folds whose mails are judged and calibrate */
    uint8_t *fold;          /* [n] */
    float *age;             /* [n]: what a mail's age leaves of its weight; 1 without a half-life */
    double *given;          /* [sources]: log-odds of spam in a source, before anything of a mail is looked at */
    float *weight;          /* [n], of a mail in the net and in calibration */
    uint32_t *order;        /* [n], the order in which the models learn */
    float *x;               /* [n][PART_INPUTS]: what models that had not seen a mail say of it */
    double *held;           /* [n]: what a net that had not seen its fold makes of that */
    struct vocabulary words;
    struct dropout facts, numbers; /* what is not known of every other mail: as hashes, and as words' numbers */
    pthread_mutex_t lock;          /* of what follows */
    struct progress bar;
    size_t told;
};

/* How often each mail is learnt. */
unsigned fit_passes(const struct fit *t);

/* So many mails more are learnt; for the progress bar, from any thread. */
void fit_tell(struct fit *t, size_t mails);

/* Train on all mails outside fold `f` (all, with f = folds) and freeze; the caller owns table_out. ERR_MEMORY. */
enum err fit_table(struct fit *t, unsigned f, span *table_out);

/* Let models that have not seen fold `f` judge it: fills t->x. ERR_MEMORY. */
enum err fit_judge(struct fit *t, unsigned f);

/* Train the net on rows of t->x outside fold `f`; section_out is owned by the caller. ERR_MEMORY, ERR_MODEL. */
enum err fit_net(struct fit *t, unsigned f, span *section_out, const char **why_out);

/* Let a net that has not seen fold `f` judge it: fills t->held. Errors as fit_net. */
enum err fit_judge_net(struct fit *t, unsigned f, const char **why_out);

/* The line of calibration, from t->held of the folds that judge; r->held_* say how good it is. ERR_MEMORY. */
enum err fit_calibration(struct fit *t, span *section_out, struct fit_report *r);

#endif

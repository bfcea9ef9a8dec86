/* SPDX-License-Identifier: Apache-2.0 */
/* train_run: what `furui train` and `furui model merge` share: gather, fit, tell. */
#ifndef FURUI_MODELS_TRAIN_RUN_H
#define FURUI_MODELS_TRAIN_RUN_H

#include "models/corpus/gather.h"
#include "models/train/fit.h"

struct train_run {
    const char *verb; /* for complaints */
    struct gather gather;
    struct fit_plan plan;
    const char *output; /* the bundle, or NULL: counts alone */
    const char *old;    /* a bundle whose counts the first of gather.input must be, or NULL */
    bool audit, json;   /* instead of training look at the labels; and say it as JSON */
};

/* Do it; returns the exit status. */
int train_run(struct train_run *t);

/* Do the file's first 8 bytes say that it is of this kind (BUNDLE_MAGIC, COUNTS_MAGIC)? */
bool train_begins(const char *path, const char *magic);

/* Options that both have. Ids from 512; false after a complaint. */
enum { TRAIN_OPT_BITS = 512, TRAIN_OPT_EPOCHS, TRAIN_OPT_HALF_LIFE, TRAIN_OPT_THREADS };
#define TRAIN_OPTIONS                                                                                               \
    {"table-bits", required_argument, NULL, TRAIN_OPT_BITS}, {"epochs", required_argument, NULL, TRAIN_OPT_EPOCHS}, \
        {"half-life", required_argument, NULL, TRAIN_OPT_HALF_LIFE},                                                \
    {                                                                                                               \
        "threads", required_argument, NULL, TRAIN_OPT_THREADS                                                       \
    }
#define TRAIN_HELP                                                                                                    \
    "      --half-life DAYS  a mail so many days older than the newest counts half, twice as old a quarter, …\n"    \
    "      --table-bits N    log2 of the feature table's slots, 4 bytes each (default 20: 4 MB, at most 24: 64 MB)\n" \
    "      --epochs N        passes of the linear models over the corpus (default 1)\n"                               \
    "      --threads N       at most so many at a time (default: one a core); the bundle is the same\n"
bool train_option(struct fit_plan *p, const char *verb, int option, const char *text);

#endif

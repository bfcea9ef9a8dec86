/* SPDX-License-Identifier: Apache-2.0 */
/* calibrate: learns the rising line from fused scores to log-odds that hold (worker/score/calib.h).
 *
 * Scores are cut into bins of equal weight, neighbours that fall instead of rising are merged (pool adjacent violators:
 * Ayer et al. 1955), and each bin says its smoothed log-odds. */
#ifndef FURUI_TRAIN_CALIBRATE_H
#define FURUI_TRAIN_CALIBRATE_H

#include "proto/base/err.h"
#include "proto/base/span.h"

struct calibrate_row {
    double score, weight;
    bool spam;
};

/* Fit on rows[n] (sorted in place) and write a section; owned by the caller, free() its p. ERR_MEMORY; ERR_MODEL when
 * one class is missing. */
enum err calibrate_fit(struct calibrate_row *rows, size_t n, span *section_out);

#endif

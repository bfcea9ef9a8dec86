/* SPDX-License-Identifier: Apache-2.0 */
/* calib: from a fused score to calibrated log-odds: a rising line with knots.
 *
 * Learnt on mails that the models had not seen (models/train/calibrate.h). Beyond its ends it goes on with slope 1, so
 * that no two scores become one and ranks are kept.
 *
 * A section of a bundle: "FCAL", version 1, knots (2 to CALIB_KNOTS_MAX), a zero word; then double x[knots], y[knots],
 * both rising. */
#ifndef FURUI_SCORE_CALIB_H
#define FURUI_SCORE_CALIB_H

#include "proto/base/err.h"
#include "proto/base/span.h"

enum { CALIB_MAGIC = 0x4C414346, CALIB_VERSION = 1, CALIB_KNOTS_MAX = 64, CALIB_HEAD_WORDS = 4 };

struct calib {
    uint32_t knots;
    const double *x, *y;
};

/* Read it from a section (8-byte aligned); lent. ERR_MODEL with *why_out (static). */
enum err calib_load(span section, struct calib *c_out, const char **why_out);

double calib_at(const struct calib *c, double x);

#endif

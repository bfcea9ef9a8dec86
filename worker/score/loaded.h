/* SPDX-License-Identifier: Apache-2.0 */
/* loaded: the inside of an open model, for the two files that share it: model.c and explain.c. */
#ifndef FURUI_SCORE_LOADED_H
#define FURUI_SCORE_LOADED_H

#include "worker/score/bundle.h"
#include "worker/score/calib.h"
#include "worker/score/model.h"
#include "worker/score/net.h"
#include "worker/score/table.h"

struct model {
    struct bundle bundle;
    struct table table; /* all three point into the bundle */
    struct net net;
    struct calib calib;
};

#endif

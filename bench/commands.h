/* SPDX-License-Identifier: Apache-2.0 */
/* commands: what `furui bench WHAT` runs, a file each; cmd_bench.c lists them. */
#ifndef FURUI_BENCH_COMMANDS_H
#define FURUI_BENCH_COMMANDS_H

#include "proto/cli/cli.h"

extern const struct verb verb_bench_campaign, verb_bench_hostile, verb_bench_inproc, verb_bench_kernels,
    verb_bench_live, verb_bench_load, verb_bench_peers, verb_bench_report, verb_bench_scale, verb_bench_soak,
    verb_bench_yardstick;

#endif

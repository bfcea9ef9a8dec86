/* SPDX-License-Identifier: Apache-2.0 */
/* live_random: a live model's table full of chance, to measure what reading one costs. */
#ifndef FURUI_BENCH_LIVE_RANDOM_H
#define FURUI_BENCH_LIVE_RANDOM_H

/* A descriptor to read a table of the default size from, which knows all tenants; always the same cells. -1 with errno. */
int live_random(void);

#endif

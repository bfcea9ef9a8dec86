/* SPDX-License-Identifier: Apache-2.0 */
/* clock: the two clocks of a server: one that only goes forward, one that people read. */
#ifndef FURUI_BASE_CLOCK_H
#define FURUI_BASE_CLOCK_H

#include <stdint.h>

/* Microseconds on CLOCK_MONOTONIC; comparable between processes of one machine. */
int64_t clock_us(void);

/* Microseconds since 1970 (CLOCK_REALTIME); may jump. */
int64_t clock_wall_us(void);

#endif

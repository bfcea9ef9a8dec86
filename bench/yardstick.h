/* SPDX-License-Identifier: Apache-2.0 */
/* yardstick: a fixed piece of work, so that figures of two moments or two machines can be compared by what it cost then.
 *
 * Of the kind that judging a mail is: a table look-up and a branch for each byte, a multiplication for each letter, a
 * read from 4 MB for each word. It must stay as it is: a change makes all older figures incomparable. */
#ifndef FURUI_BENCH_YARDSTICK_H
#define FURUI_BENCH_YARDSTICK_H

/* CPU nanoseconds a byte, the best of many passes; 0.1 s in all. */
double yardstick_ns(void);

#endif

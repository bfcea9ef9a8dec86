/* SPDX-License-Identifier: Apache-2.0 */
/* threads: numbered jobs on all cores. Jobs share nothing but what they only read, so results do not depend on how many
 * threads there are. */
#ifndef FURUI_BASE_THREADS_H
#define FURUI_BASE_THREADS_H

#include <stddef.h>

enum { THREADS_MAX = 64 };

/* How many there may be; 0: as many as there are cores. Before any work. */
void threads_limit(unsigned n);
unsigned threads_count(void);

/* Call fn(arg, 0), fn(arg, 1), … fn(arg, jobs - 1), on up to threads_count() threads, and wait for all. They begin in
 * this order: put the longest first. */
void threads_run(size_t jobs, void (*fn)(void *arg, size_t job), void *arg);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* cpus: lists of CPUs as people and the kernel write them ("0-3,8"), and staying on one of them.
 *
 * A list may name a CPU twice: two workers then share it. */
#ifndef FURUI_BASE_CPUS_H
#define FURUI_BASE_CPUS_H

#include <stdbool.h>

enum { CPUS_MAX = 1024 /* a CPU's number is below this */ };

/* How many CPUs a list names; 0: it is empty; -1: it is no such list. */
int cpus_count(const char *list);

/* The CPU at place n of a list that is not empty, around and around. */
int cpus_at(const char *list, int n);

/* Keep this thread, and threads that it starts, on the CPU at place n. False when the list names a CPU that this process
 * may not use: *bad_out is the first of them. */
bool cpus_pin(const char *list, int n, int *bad_out);

#endif

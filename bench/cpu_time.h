/* SPDX-License-Identifier: Apache-2.0 */
/* cpu_time: how much CPU a process and all that it started have used, by program.
 *
 * From /proc/PID/stat (proc(5)): user and system time of all threads, in clock ticks of 10 ms. */
#ifndef FURUI_BENCH_CPU_TIME_H
#define FURUI_BENCH_CPU_TIME_H

#include "proto/base/err.h"

#include <stdint.h>
#include <sys/types.h>

enum { CPU_TIME_PROCS = 512, CPU_TIME_NAMES = 16 };

struct cpu_proc {
    pid_t pid, parent;
    char name[20]; /* of the program, at most 15 letters (comm) */
    uint64_t ticks;
};

/* One moment's list of a process (first) and all below it. */
struct cpu_snap {
    struct cpu_proc proc[CPU_TIME_PROCS];
    size_t n;
};

/* ERR_IO: no such process, or no /proc. ERR_TOO_BIG: more than CPU_TIME_PROCS processes below it. */
enum err cpu_snap(pid_t root, struct cpu_snap *out);

/* The same processes at this moment, without those that have ended: some 15 us each, where cpu_snap reads of every
 * process of the machine. ERR_IO: the first has ended. */
enum err cpu_reread(struct cpu_snap *s);

struct cpu_used {
    char name[20];
    int procs; /* running at the end */
    double seconds;
};

/* What was used from `before` to `after`, summed by program in order of first appearance; a process that ended in
 * between is missing from it. Returns how many programs, at most CPU_TIME_NAMES. */
size_t cpu_used(const struct cpu_snap *before, const struct cpu_snap *after, struct cpu_used *out);

/* CPU seconds of the calling thread. A system call: some 0.3 us. */
double cpu_thread_s(void);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* memory: what a process has in memory, from /proc/PID/smaps_rollup (proc(5)). */
#ifndef FURUI_BENCH_MEMORY_H
#define FURUI_BENCH_MEMORY_H

#include "proto/base/err.h"

#include <stdint.h>
#include <sys/types.h>

struct memory {
    uint64_t rss_kb;     /* all that is present, shared or not */
    uint64_t private_kb; /* of that, pages that no other process maps */
};

/* ERR_IO: the process is gone, or not ours to look at. Some 60 us: the kernel walks
 * through its page tables. */
enum err memory_of(pid_t pid, struct memory *out);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* own_service: a furuid for the time of a measurement, in a temporary directory of its own and on a Unix socket, so that
 * it meets no other service; as configured by default but for what is said here. */
#ifndef FURUI_BENCH_OWN_SERVICE_H
#define FURUI_BENCH_OWN_SERVICE_H

#include "proto/base/err.h"

#include <stdbool.h>
#include <sys/types.h>

enum { OWN_SERVICE_PATH_MAX = 256, OWN_SERVICE_FAULT_MAX = 1024 };

struct own_service_options {
    int workers;        /* 0: one a CPU */
    const char *bundle; /* NULL: furuid's default */
    bool null_workers;  /* workers that answer at once and look at nothing (bench/null); without Redis */
};

struct own_service {
    pid_t pid; /* of furuid; 0: none runs */
    char dir[OWN_SERVICE_PATH_MAX], endpoint[OWN_SERVICE_PATH_MAX + 16];
};

/* Start it and wait until it serves. The program is looked for beside this one, in null/ when its workers are null.
 * ERR_IO with a line in fault_out[OWN_SERVICE_FAULT_MAX]; nothing is left behind then. */
enum err own_service_start(struct own_service *s, const struct own_service_options *o, char *fault_out);

/* Stop it and remove what it wrote. Safe on one that never ran. */
void own_service_stop(struct own_service *s);

#endif

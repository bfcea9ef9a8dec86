/* SPDX-License-Identifier: Apache-2.0 */
/* target: the service that is measured: one that runs, or one of our own for as long as it takes. */
#ifndef FURUI_BENCH_TARGET_H
#define FURUI_BENCH_TARGET_H

#include "bench/own_service.h"
#include "proto/config.h"

#include <signal.h>

struct target_options {
    const char *verb;     /* for complaints */
    const char *endpoint; /* of one that runs; NULL: our own */
    long pid;             /* of that one's furuid; 0: asked of it */
    int workers;          /* of our own, as are the following */
    const char *bundle;
    bool null;
};

struct target {
    struct own_service own;
    char endpoint[CONFIG_TEXT_MAX];
    pid_t pid;   /* of furuid; 0: not known, or not on this machine */
    int workers; /* 0: not known */
    bool null;
};

/* CLI_OK, or an exit status after one line that says why. From here on Ctrl-C and SIGTERM set target_stopped. Close it
 * in any case. */
int target_open(struct target *t, const struct target_options *o);
void target_close(struct target *t);

extern volatile sig_atomic_t target_stopped;

#endif

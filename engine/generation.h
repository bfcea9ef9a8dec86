/* SPDX-License-Identifier: Apache-2.0 */
/* generation: what a worker is started with: its settings as text and its bundle, both as open files.
 *
 * Frozen when it is made: the settings are a sealed memfd, the bundle is held open, so a worker that is restarted
 * next week maps the very file that its neighbours map, whatever became of the path. */
#ifndef FURUI_ENGINE_GENERATION_H
#define FURUI_ENGINE_GENERATION_H

#include "proto/config.h"

#include <sys/stat.h>

struct generation {
    uint64_t number;
    int config_fd, bundle_fd;
    char *text; /* owned: what config_fd holds */
    size_t text_bytes;
    char bundle[CONFIG_TEXT_MAX]; /* the path as configured, for messages */
    struct stat bundle_stat;
    bool proven; /* a worker of it has become ready */
    int users;   /* workers, and the pool itself */
};

/* Freeze a config.
 *
 *   redis      what workers connect to ("unix:…", "tcp:…", "off"), in place of "private"
 *   fault_out  one line on error; CONFIG_FAULT_MAX bytes
 *
 * Owned: one use, given back by generation_drop. NULL when the bundle cannot be opened. */
struct generation *generation_new(const struct config *c, const char *redis, char *fault_out);
void generation_hold(struct generation *g);
void generation_drop(struct generation *g);

/* Would workers of one do the same as workers of the other? */
bool generation_same(const struct generation *a, const struct generation *b);

/* Put the bundle's true path in place of the name that workers know it by; `text` of `cap` bytes is changed. */
void generation_name_bundle(const struct generation *g, char *text, size_t cap);

#endif

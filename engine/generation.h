/* SPDX-License-Identifier: Apache-2.0 */
/* generation: what a worker is started with: its settings as text and its bundle, both as open files; and, while a
 * candidate is in shadow, that one's bundle.
 *
 * Frozen when it is made: the settings are a sealed memfd, the bundle is held open, so a worker that is restarted
 * next week maps the very file that its neighbours map, whatever became of the path. */
#ifndef FURUI_ENGINE_GENERATION_H
#define FURUI_ENGINE_GENERATION_H

#include "proto/config.h"

#include <sys/stat.h>

/* Which bundles. A path is for messages when there is an open file for it. */
struct generation_models {
    const char *bundle; /* NULL: as configured, and opened by its path */
    int bundle_fd;      /* lent */
    const char *candidate;
    int candidate_fd; /* lent; only with a candidate */
    uint64_t candidate_number;
    uint32_t share_ppm;
};

struct generation {
    uint64_t number;
    int config_fd, bundle_fd, candidate_fd; /* candidate_fd: -1 when there is none */
    uint64_t candidate_number;              /* of its row in the history; 0: none */
    uint32_t share_ppm;
    char *text; /* owned: what config_fd holds */
    size_t text_bytes;
    char bundle[CONFIG_TEXT_MAX]; /* the path as configured, for messages */
    char candidate[CONFIG_TEXT_MAX];
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
struct generation *generation_new(const struct config *c, const char *redis, const struct generation_models *m,
                                  char *fault_out);
/* What [redis] names outside of its settings (hosts, files with a password or certificates) is to be read anew: from now
 * on a config that names such things is another one than before. */
void generation_read_anew(void);

void generation_hold(struct generation *g);
void generation_drop(struct generation *g);

/* Would workers of one do the same as workers of the other? */
bool generation_same(const struct generation *a, const struct generation *b);

/* Put a bundle's true path in place of the name that workers know it by; `text` of `cap` bytes is changed. */
void generation_name_bundle(const struct generation *g, char *text, size_t cap);

#endif

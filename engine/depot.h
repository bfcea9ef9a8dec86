/* SPDX-License-Identifier: Apache-2.0 */
/* depot: the directory that keeps pushed bundles and their history, written so that a crash leaves the old or the new.
 *
 *     history      ledger.h's text; replaced by rename. history.old is the one before
 *     N-ID.bundle  bundle of row N; never written once it has that name
 *     incoming     a bundle that is arriving
 *     lock         locked (flock) while an engine runs
 *
 * What waits for a disk is done by children, since mail must not: the copy is made, synced and verified by
 * `furui-worker --admit` (proto/backend.h), so that hostile bytes meet a parser there and not in the engine; the
 * history is written and synced by a short-lived fork. What the engine does itself is open, rename and look up
 * names. */
#ifndef FURUI_ENGINE_DEPOT_H
#define FURUI_ENGINE_DEPOT_H

#include "engine/ledger.h"
#include "engine/state.h"

#include <sys/types.h>

enum { DEPOT_SAID_MAX = 16384 };

struct depot {
    char dir[STATE_PATH_MAX];
    int fd, lock_fd; /* -1: not open */
};

/* What --admit found out about a copy. */
struct depot_copy {
    char id[ADMIN_ID_MAX], why[ADMIN_WHY_MAX]; /* why: not "": it is no good */
    uint64_t size;
    char manifest[LEDGER_MANIFEST_MAX];
};

/* Make the directory if need be, lock it, read the history, and remove files that it does not know.
 *
 *   dir        "" is the folder `models` in the state directory
 *   fault_out  one line on error; CONFIG_FAULT_MAX bytes
 *
 * A damaged history is set aside as history.damaged and history.old is read; with neither it is empty. What was in
 * shadow when the engine ended is refused. ERR_BUSY: another engine has it; ERR_IO. */
enum err depot_open(struct depot *d, const char *dir, const struct state *s, struct ledger *l, char *fault_out);
void depot_close(struct depot *d);

/* A row's bundle: its path, for messages; an open file, -1 with errno. */
void depot_path(const struct depot *d, const struct ledger_row *r, char path_out[STATE_PATH_MAX]);
int depot_bundle(const struct depot *d, const struct ledger_row *r);

/* Start to copy what `source_fd` holds (from its beginning, whatever its offset) to `incoming`.
 *
 *   said_fd_out  what the child says; non-blocking; owned. DEPOT_SAID_MAX bytes fit a pipe: it never waits for us
 *
 * The child's pid, or -1 with errno. */
pid_t depot_copy(const struct depot *d, const char *worker_program, int source_fd, int *said_fd_out);
/* The child has ended: what it found out. Takes said_fd. */
void depot_copied(int said_fd, int wait_status, struct depot_copy *out);
/* Give the copy the name of its row. False with errno. */
bool depot_adopt(const struct depot *d, const struct ledger_row *r);
/* There will be no copy. */
void depot_discard(const struct depot *d);
/* Remove a row's bundle. */
void depot_remove(const struct depot *d, const struct ledger_row *r);

/* Start to write the history; when it is written, the bundles of rows that are not kept are removed, those of an
 * earlier history that could not be written too. The child's pid, or -1 with errno; depot_saved says what its end
 * means: 0, or an errno. */
pid_t depot_save(const struct depot *d, const struct ledger *l);
int depot_saved(int wait_status);

#endif

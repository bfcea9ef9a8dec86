/* SPDX-License-Identifier: Apache-2.0 */
/* bundle_write: puts a model bundle on disk, whole or not at all.
 *
 * Written beside its place under a temporary name, synced, then renamed: at each moment the path names the old bundle
 * or the new one. The same sections give the same bytes: nothing here reads a clock. worker/score/bundle.h: layout. */
#ifndef FURUI_TRAIN_BUNDLE_WRITE_H
#define FURUI_TRAIN_BUNDLE_WRITE_H

#include "worker/score/bundle.h"

/* The text of the manifest, growing. */
struct manifest {
    char *text; /* owned */
    size_t n, cap;
};

/* Add `key=value`; a key is of [a-z0-9_.-]; bytes of the value that are not printable ASCII become \xNN, and a
 * backslash becomes \x5c. Out of memory is an assert: this runs in tools, not in a server. */
void manifest_put(struct manifest *m, const char *key, const char *format, ...) __attribute__((format(printf, 3, 4)));
void manifest_close(struct manifest *m);

struct bundle_part {
    const char *name; /* [a-z0-9_.-], 1 to BUNDLE_NAME_MAX, no two alike */
    span bytes;
};

/* Could a bundle be written to `path`? Asked before the work: ERR_IO, ERR_MEMORY, as bundle_write. */
enum err bundle_place(const char *path, char *fault_out);

/* Write a bundle of `m` (as section "manifest", first) and parts[n] to `path`.
 *
 *   id_out     17 bytes, the new bundle's id; may be NULL
 *   fault_out  on error: path and reason in one line; BUNDLE_FAULT_BYTES
 *
 * ERR_IO, ERR_MEMORY, ERR_TOO_BIG. On error whatever stood at `path` still stands, and no temporary file is left. */
enum err bundle_write(const char *path, uint32_t feature_version, const struct manifest *m,
                      const struct bundle_part *parts, size_t n, char *id_out, char *fault_out);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* snapshot: blocks of memory in a file, to begin again from.
 *
 * Words of zeros are left out: a state of 82 MB is a file of 22 after 4,000 reports. A checksum stands behind all.
 * Written beside its place, synced and renamed: what is there is whole. The same blocks give the same file, byte by
 * byte. */
#ifndef FURUI_STATE_SNAPSHOT_H
#define FURUI_STATE_SNAPSHOT_H

#include "proto/base/err.h"
#include "proto/base/span.h"

enum { SNAPSHOT_BLOCKS_MAX = 16, SNAPSHOT_FAULT_MAX = 300 };

struct snapshot_block {
    void *p;
    size_t n;
};

/* Write blocks to `path`. fault_out: one line on error. ERR_IO. */
enum err snapshot_write(const char *path, const struct snapshot_block *b, size_t count, char *fault_out);

/* Read them back into blocks of the same number and sizes; one whose p is NULL is only checked. ERR_IO (errno ENOENT:
 * there is none), ERR_VERSION (made for other sizes), ERR_SYNTAX (damaged): the blocks' content is then undefined. */
enum err snapshot_read(const char *path, const struct snapshot_block *b, size_t count, char *fault_out);

#endif

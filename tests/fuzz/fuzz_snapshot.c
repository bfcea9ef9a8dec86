/* SPDX-License-Identifier: Apache-2.0 */
/* Snapshots, as a disk or another host hands them over, with a checksum that is right: no bytes write outside of the
 * blocks, and what is read is written to a file that reads back as the same. */
#define _GNU_SOURCE
#include "models/live/state/snapshot.h"
#include "proto/base/hash.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t one[5001], two[4096], again_one[5001], again_two[4096];
    static const struct snapshot_block B[] = {{one, sizeof one}, {two, sizeof two}};
    static const struct snapshot_block AGAIN[] = {{again_one, sizeof again_one}, {again_two, sizeof again_two}};
    static const struct snapshot_block CHECK[] = {{NULL, sizeof one}, {NULL, sizeof two}};
    char path[32], fault[SNAPSHOT_FAULT_MAX], beside[] = "/tmp/furui-fuzz-snapshot.XXXXXX";
    uint64_t sum[2];
    int fd = memfd_create("snapshot", 0);
    hash128(span_of(data, size), sum);
    if (fd < 0 || write(fd, data, size) != (ssize_t)size || write(fd, sum, sizeof sum) != sizeof sum) abort();
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    enum err e = snapshot_read(path, B, 2, fault);
    assert((e == ERR_OK) == (fault[0] == 0));
    assert(snapshot_read(path, CHECK, 2, fault) == e);
    close(fd);
    if (e != ERR_OK) return 0;
    fd = mkstemp(beside);
    if (fd < 0 || snapshot_write(beside, B, 2, fault) != ERR_OK || snapshot_read(beside, AGAIN, 2, fault) != ERR_OK)
        abort();
    assert(memcmp(one, again_one, sizeof one) == 0 && memcmp(two, again_two, sizeof two) == 0);
    close(fd);
    unlink(beside);
    return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* live_random: a memfd filled by hash_mix32; see live_random.h. */
#define _GNU_SOURCE
#include "bench/live_random.h"

#include "proto/livetable.h"
#include "worker/token/feature.h"

#include <sys/mman.h>
#include <unistd.h>

enum { BITS = 21 };

int live_random(void)
{
    int fd = memfd_create("random", MFD_CLOEXEC);
    if (fd < 0 || ftruncate(fd, (off_t)livetable_bytes(BITS)) != 0) return -1;
    struct livetable *t = mmap(NULL, livetable_bytes(BITS), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (t == MAP_FAILED) return -1;
    t->magic = LIVETABLE_MAGIC;
    t->version = LIVETABLE_VERSION;
    t->bits = BITS;
    t->features = FEATURE_VERSION;
    t->step = 0x1p-11f;
    t->learnt = 1;
    for (int i = 0; i < LIVETABLE_TENANT_BITS / 64; i++) t->tenant[i] = UINT64_MAX;
    for (uint32_t i = 0; i < 1u << BITS; i++) t->cell[i] = (int16_t)(hash_mix32(i) >> 24) - 128;
    munmap(t, livetable_bytes(BITS));
    return fd;
}

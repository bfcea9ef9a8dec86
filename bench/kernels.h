/* SPDX-License-Identifier: Apache-2.0 */
/* kernels: how fast each variant of each kernel of worker/simd/scan.h is, in cache, beside memcpy and XXH3 on the same
 * bytes. */
#ifndef FURUI_BENCH_KERNELS_H
#define FURUI_BENCH_KERNELS_H

#include <stddef.h>

struct kernel_speed {
    const char *kernel, *input; /* what ran, over what kind of bytes */
    const char *variant;        /* of the kernel; "" for memcpy and XXH3 */
    double ns_per_byte;         /* of input; the best of many runs */
};

/* Time all, and tell each to `got`, which is lent it for the call. About a second a variant. */
void kernels_measure(void (*got)(const struct kernel_speed *, void *to), void *to);

#endif

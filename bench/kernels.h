/* SPDX-License-Identifier: Apache-2.0 */
/* kernels: how fast each variant of each kernel of worker/simd/scan.h is, and of what is built on them, in cache, beside
 * memcpy and XXH3 on the same bytes. */
#ifndef FURUI_BENCH_KERNELS_H
#define FURUI_BENCH_KERNELS_H

#include "bench/kernel_input.h"

struct kernel_speed {
    const char *kernel, *input; /* what ran, over what kind of bytes */
    const char *variant;        /* of the kernel; "" for memcpy and XXH3 */
    double ns_per_byte;         /* of input; the fifth best of 50 rounds */
    double times_scalar;        /* how much faster than the scalar variant; 0 for memcpy and XXH3 */
};

/* Time all that there is input for, and tell each to `got`, which is lent it for the call. About a second a variant.
 * False when there is no memory for an arena. */
bool kernels_measure(const struct kernel_inputs *k, void (*got)(const struct kernel_speed *, void *to), void *to);

#endif

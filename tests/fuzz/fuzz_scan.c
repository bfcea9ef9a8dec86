/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_scan: each kernel of each variant that this CPU can run beside the scalar one, on any bytes.
 *
 * The first two bytes pick how much room there is and what else there is to choose. */
#include <assert.h>
#include <stdio.h>

#include "tests/unit/agree.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2 || size > AGREE_MOST) return 0;
    size_t n = size - 2, cap = data[0] < 128 ? n : data[0] < 192 ? n * (data[0] - 128u) / 64 : data[0] - 192u;
    const struct scan_ops *ops;
    for (size_t i = 0; (ops = scan_variant(i)); i++) {
        if (!cpu_has(ops->level)) continue;
        const char *kernel = agree(ops, data + 2, n, cap, data[1]);
        if (kernel) fprintf(stderr, "%s: %s differs from scalar\n", kernel, cpu_level_name(ops->level));
        assert(!kernel);
    }
    return 0;
}
